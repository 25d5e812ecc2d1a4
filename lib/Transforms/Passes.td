//===- Passes.td - the passes from simplify to tile ---*- tablegen -*-===//
//
// The example of each pass is in test/Transforms, in the file of its name.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_TRANSFORMS_PASSES
#define EFFATTN_TRANSFORMS_PASSES

include "mlir/Pass/PassBase.td"

def EffattnSimplify : Pass<"effattn-simplify", "::mlir::ModuleOp"> {
  let summary = "the algebra of patterns, folding of steps, dead values";
  let description = [{
    Assumes: a module of kernels, as the importer makes it.

    Does: shares equal operations and applies the identities of the dialect
    (`dialect/Canonicalize.td`) until none applies. Each holds exactly: for
    every size and every input, bit by bit. A merge in which keys count once,
    of attends that differ in their patterns only, becomes one attend over the
    union of the patterns.

    Leaves: patterns as a tree of operations without the constants `all` and
    `none` inside unions, intersections and differences, without double
    complements and without operations that nothing uses.

    ```mlir
    %w = effattn.window %c256, %c256, %c1
    %c = effattn.causal
    %p = effattn.intersect %w, %c
    // becomes
    %p = effattn.window %c256, %c0, %c1
    ```
  }];
  let statistics = [
    Statistic<"numBefore", "patterns-before", "pattern operations before">,
    Statistic<"numAfter", "patterns-after", "pattern operations after">
  ];
}

def EffattnMakeTables : Pass<"effattn-make-tables", "::mlir::ModuleOp"> {
  let summary = "tables of orders and of drawn blocks";
  let description = [{
    Assumes: a simplified module.

    Does: gives each `effattn.order` its tables of tokens and of ranks
    (`effattn.order_tables`), and each `effattn.random_blocks` the table of the
    blocks that are drawn for the sizes of the attend that uses it
    (`effattn.draw_blocks`), with the set of the blocks that `outside` touches;
    where tables decide it, the set is left to the launch, and a table whose
    `outside` differs by batch entry has an axis for them. Attends that draw
    alike share one table. Sizes of orders are expressions of dimensions; size,
    count and seed of random blocks are constants. Anything else is an error
    there. Index sets inside `effattn.in_order`, which hold ranks, become sets of tokens
    (`effattn.set_tokens`).

    Leaves: patterns each of which has a predicate (`lib/Pattern`).

    ```mlir
    %s = effattn.order sort table(%t : !effattn.tensor<[N] x i32>)
    // becomes
    %tokens, %ranks = effattn.order_tables sort
        table(%t : !effattn.tensor<[N] x i32>)
        -> !effattn.tensor<[N] x i32>, !effattn.tensor<[N] x i32>
    %s = effattn.order sort table(%t : !effattn.tensor<[N] x i32>)
        tables(%tokens, %ranks : ...)
    ```
  }];
  let options = [
    Option<"maxOperations", "max-operations", "uint64_t", "4000000",
           "bound on the work for one pattern">
  ];
}

def EffattnAnalyse : Pass<"effattn-analyse", "::mlir::ModuleOp"> {
  let summary = "exact facts about the pattern of each attend";
  let description = [{
    Assumes: a simplified module whose tables have been made.

    Does: writes the whole pattern of each `effattn.attend` and
    `effattn.column_sums` as one predicate in its frame (`Frame.h`: tokens,
    coordinates of a grid, or ranks of an order), has `lib/Analysis` find the
    columns of a row, how many pairs there are and whether they look ahead, and
    keeps that in the attribute `facts`. Whether pairs look ahead is a matter of
    tokens, whatever the frame.

    A pattern whose columns cannot be bounded, neither as a whole nor its parts
    (heads, terms of a union) each by itself, is an error that says why, or with
    `allow-dense` a warning with its cost in pairs: each row then visits every
    column and the predicate decides pair by pair [S10]. So is a pattern on
    which the bound on the work is reached.

    Leaves: each attend with `facts`.

    ```mlir
    %o, %lse = effattn.attend ... pattern(%p) ...
    // becomes
    %o, %lse = effattn.attend ... pattern(%p) {facts = #effattn.facts<...>} ...
    ```
  }];
  let options = [
    Option<"allowDense", "allow-dense", "bool", "false",
           "visit every column where columns cannot be bounded">,
    Option<"maxOperations", "max-operations", "uint64_t", "4000000",
           "bound on the work for one pattern">
  ];
  let statistics = [
    Statistic<"numAnalysed", "patterns-analysed", "patterns analysed">,
    Statistic<"numShared", "patterns-shared",
              "patterns whose facts were known from an equal one">
  ];
}

def EffattnTile : Pass<"effattn-tile", "::mlir::ModuleOp"> {
  let summary = "bands, row orders and tile shapes of each attend";
  let description = [{
    Assumes: each attend has `facts`.

    Does: splits the pattern of each `effattn.attend` by ranges of heads
    (`effattn.heads`), then tries to split each union into bands, groups of its
    terms without the pairs of the bands before. For each band the cheapest of
    the candidate row orders and numbers of tile rows counts; the cheapest split
    is taken, at the sizes of the kernel's `example` (or 8192 tokens). Costs are
    exact numbers of computed pairs and tiles, weighted by the target's
    `Strategy`. An attend that is split becomes an `effattn.merge` of attends,
    one a band, and an `effattn.by_heads` over ranges of heads. Attends that
    select their best pairs, and `effattn.column_sums`, are one band.

    Leaves: each attend with `facts` and `tiling` of its own pattern, all that
    lowering needs; bands of one merge share no pair; no pattern of an
    `effattn.attend` holds `effattn.heads`.

    ```mlir
    %p = effattn.union %window, %stride
    %o, %lse = effattn.attend ... pattern(%p) ...
    // becomes
    %rest = effattn.difference %stride, %window
    %o0, %lse0 = effattn.attend ... pattern(%window)
        {tiling = #effattn.tiling<order = contiguous, ...>} ...
    %o1, %lse1 = effattn.attend ... pattern(%rest)
        {tiling = #effattn.tiling<order = residues, ...>} ...
    %o, %lse = effattn.merge(%o0, %o1) lse(%lse0, %lse1) ...
    ```
  }];
  let options = [
    ListOption<"rows", "rows", "int64_t",
               "choices of query rows of a tile (16)">,
    Option<"columnBlock", "column-block", "int64_t", "8",
           "columns that a kernel takes at once">,
    Option<"columnChunk", "column-chunk", "int64_t", "384",
           "most columns of one kernel call">,
    Option<"remarks", "remarks", "bool", "false",
           "say what was compared, as remarks">
  ];
}

def EffattnCausality : Pass<"effattn-causality", "::mlir::ModuleOp"> {
  let summary = "what each result of a kernel reads of later tokens";
  let description = [{
    Assumes: patterns have their tables; before tiling, while attends are as
    they were written. Facts of attends are not needed.

    Does: follows the reach of each value (the greatest token that slot t
    reads) through attends, steps and choices, and proves at each attend that no
    query reads a token after it, given any values of the tables [S9]. Keeps in
    the attribute `effattn.causality` of each kernel the level of each result
    and the shortest reason why it is not the next one. A pattern that says
    `causal` over keys that read later tokens is an error that names the step.

    Leaves: the module as it was, with that attribute.

    ```mlir
    effattn.kernel @k(...) attributes {effattn.causality =
        [{level = "pair-causal", reason = "..."}, ...]} { ... }
    ```
  }];
  let options = [
    Option<"maxOperations", "max-operations", "uint64_t", "4000000",
           "bound on the work for one pattern">
  ];
}

def EffattnVerifyStage : Pass<"effattn-verify-stage", "::mlir::ModuleOp"> {
  let summary = "rejects what a stage should have removed or added";
  let description = [{
    Assumes: the stage named by the option has run. Does: checks its promise and
    names the first operation that breaks it. Leaves: the module as it was.
  }];
  let options = [
    Option<"stage", "stage", "std::string", "\"simplify\"",
           "simplify, make-tables, analyse or tile">
  ];
}

#endif // EFFATTN_TRANSFORMS_PASSES
