//===- Passes.td - the passes of simplify, analyse and tile ---*- tablegen -*-===//
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
    every size and every input, bit by bit.

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

def EffattnAnalyse : Pass<"effattn-analyse", "::mlir::ModuleOp"> {
  let summary = "exact facts about the pattern of each attend";
  let description = [{
    Assumes: a simplified module.

    Does: writes the pattern of each `effattn.attend` and `effattn.column_sums`
    as one predicate, has `lib/Analysis` find what a row tile touches and sees
    whole, how many pairs there are and whether they look ahead, and keeps that
    in the attribute `facts`. What the analysis cannot do yet is an error at the
    operation that asks for it. A predicate whose columns cannot be bounded is
    an error that names its cost, or with `allow-dense` a warning: each row then
    visits every column and the predicate decides pair by pair [S10].

    Leaves: each attend with `facts`; bounds for one number of tile rows, that
    of the option `tile-rows`.

    ```mlir
    %o, %lse = effattn.attend ... pattern(%p) ...
    // becomes
    %o, %lse = effattn.attend ... pattern(%p) {facts = #effattn.facts<...>} ...
    ```
  }];
  let options = [
    Option<"tileRows", "tile-rows", "int64_t", "16", "query rows of a tile">,
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
  let summary = "row order and tile shape of each attend";
  let description = [{
    Assumes: each attend has `facts` for as many tile rows as `rows`.

    Does: puts the whole pattern in one band of contiguous rows and writes the
    numbers of the target's strategy down in the attribute `tiling`.

    Leaves: each attend with `facts` and `tiling`, all that lowering needs.

    ```mlir
    {facts = #effattn.facts<...>}
    // becomes
    {facts = #effattn.facts<...>,
     tiling = #effattn.tiling<order = contiguous, rows = 16,
                              column_block = 8, column_chunk = 384>}
    ```
  }];
  let options = [
    Option<"rows", "rows", "int64_t", "16", "query rows of a tile">,
    Option<"columnBlock", "column-block", "int64_t", "8",
           "columns that a kernel takes at once">,
    Option<"columnChunk", "column-chunk", "int64_t", "384",
           "most columns of one kernel call">
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
           "simplify, analyse or tile">
  ];
}

#endif // EFFATTN_TRANSFORMS_PASSES
