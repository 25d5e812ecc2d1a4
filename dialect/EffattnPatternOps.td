//===- EffattnPatternOps.td - patterns ---------------------*- tablegen -*-===//
//
// Position operations compare p = i + q0 with j; comprehensions see the raw
// indices.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_PATTERN_OPS
#define EFFATTN_PATTERN_OPS

include "EffattnScalarOps.td"

class Effattn_PatternOp<string mnemonic, list<Trait> traits = []>
    : Effattn_Op<mnemonic, !listconcat([Pure], traits)> {
  let results = (outs Effattn_Pattern:$result);
}

//===----------------------------------------------------------------------===//
// Built in
//===----------------------------------------------------------------------===//

def Effattn_AllOp : Effattn_PatternOp<"all"> {
  let summary = "every pair";
  let assemblyFormat = "attr-dict";
}

def Effattn_NoneOp : Effattn_PatternOp<"none"> {
  let summary = "no pair";
  let assemblyFormat = "attr-dict";
}

def Effattn_CausalOp : Effattn_PatternOp<"causal"> {
  let summary = "j <= p";
  let assemblyFormat = "attr-dict";
}

def Effattn_WindowOp : Effattn_PatternOp<"window"> {
  let summary = "-r*d <= p - j <= l*d and (p - j) mod d == 0";
  let arguments = (ins I64:$left, I64:$right, I64:$dilation);
  let assemblyFormat = "$left `,` $right `,` $dilation attr-dict";
  let hasVerifier = 1;
}

def Effattn_StrideOp : Effattn_PatternOp<"stride"> {
  let summary = "(p - j) mod m == 0";
  let arguments = (ins I64:$modulus);
  let assemblyFormat = "$modulus attr-dict";
  let hasVerifier = 1;
}

def Effattn_SameBlockOp : Effattn_PatternOp<"same_block"> {
  let summary = "-ahead <= p div s - j div s <= back";
  let arguments = (ins I64:$size, I64:$back, I64:$ahead);
  let assemblyFormat = "$size `,` $back `,` $ahead attr-dict";
  let hasVerifier = 1;
}

def Effattn_PrefixOp : Effattn_PatternOp<"prefix"> {
  let summary = "j < length or j <= p";
  let arguments = (ins I64:$length);
  let assemblyFormat = "$length attr-dict";
}

def Effattn_SegmentsOp : Effattn_PatternOp<"segments"> {
  let summary = "t[i] == t[j]";
  let arguments = (ins Effattn_Tensor:$table);
  let assemblyFormat = "$table attr-dict `:` qualified(type($table))";
  let hasVerifier = 1;
}

def Effattn_BlocksOp : Effattn_PatternOp<"blocks"> {
  let summary = "t[p div s, j div s]";
  let arguments = (ins Effattn_Tensor:$table, I64:$size);
  let assemblyFormat = "$table `,` $size attr-dict `:` qualified(type($table))";
  let hasVerifier = 1;
}

def Effattn_RandomBlocksOp : Effattn_PatternOp<"random_blocks",
                                               [AttrSizedOperandSegments]> {
  let summary = "`count` drawn key blocks for each query block and head";
  let description = [{
    Drawn by counter from (seed, head, block) [S7] among the blocks that
    `outside` does not touch; fewer where fewer are left. `drawn` is their
    table, made by `effattn.draw_blocks`: entry [h, p div s - q0 div s, c], or
    [b, h, p div s - q0 div s, c], is a key block, or -1.
  }];
  let arguments = (ins I64:$size, I64:$count, I64:$seed,
                       Optional<Effattn_Pattern>:$outside,
                       Optional<Effattn_Tensor>:$drawn);
  let assemblyFormat = [{
    $size `,` $count `,` $seed (`outside` $outside^)?
    (`drawn` `(` $drawn^ `:` qualified(type($drawn)) `)`)? attr-dict
  }];
  let hasVerifier = 1;
}

class Effattn_SetPatternOp<string mnemonic, string index>
    : Effattn_PatternOp<mnemonic> {
  let summary = index # " in S";
  let description = [{
    Inside `effattn.in_order` the set holds ranks, and tokens where `tokens` is
    given (`effattn.set_tokens`).
  }];
  let arguments = (ins Effattn_IndexSet:$set, UnitAttr:$tokens);
  let assemblyFormat =
    "(`tokens` $tokens^)? $set attr-dict `:` qualified(type($set))";
}
def Effattn_QueriesOp : Effattn_SetPatternOp<"queries", "i">;
def Effattn_KeysOp : Effattn_SetPatternOp<"keys", "j">;

//===----------------------------------------------------------------------===//
// Predicates
//===----------------------------------------------------------------------===//

class Effattn_PredicateOp<string mnemonic> : Effattn_PatternOp<mnemonic,
    [SingleBlock,
     Effattn_NamesArguments]> {
  let regions = (region SizedRegion<1>:$body);
  let hasVerifier = 1;
}

def Effattn_ComprehensionOp : Effattn_PredicateOp<"comprehension"> {
  let summary = "the pairs for which the region yields true";
  let description = [{
    The region's arguments are b, h, i, j, raw indices of type `i64`.

    ```mlir
    // { (i, j) : 0 <= i - j }
    %p = effattn.comprehension {
    ^bb0(%b: i64, %h: i64, %i: i64, %j: i64):
      %d = arith.subi %i, %j : i64
      %c = arith.cmpi sge, %d, %c0 : i64
      effattn.yield %c : i1
    }
    ```
  }];
  let assemblyFormat = "$body attr-dict";
}

def Effattn_OnGridOp : Effattn_PredicateOp<"on_grid"> {
  let summary = "a predicate over row-major coordinates of the raw indices";
  let description = [{
    `extents` are the sizes of the grid, slowest first, with two or three axes
    (y, x or z, y, x); N == M == their product. The region sees the coordinates
    as `effattn.variable "i.y"` and so on.
  }];
  let arguments = (ins Variadic<I64>:$extents);
  let assemblyFormat = "`(` $extents `)` $body attr-dict";
}

//===----------------------------------------------------------------------===//
// Orders and heads
//===----------------------------------------------------------------------===//

def Effattn_OrderKind : I32Enum<"OrderKind", "a permutation of the tokens", [
    I32EnumCase<"Sort", 0, "sort">,
    I32EnumCase<"BlockRaster", 1, "block_raster">,
    I32EnumCase<"ColumnMajor", 2, "column_major">,
    I32EnumCase<"Given", 3, "given">]> {
  let cppNamespace = "::effattn::ir";
}
def Effattn_OrderKindAttr : EnumAttr<Effattn_Dialect, Effattn_OrderKind,
                                     "order_kind">;

def Effattn_Order : Effattn_Type<"Order", "order"> {
  let summary = "a permutation of the tokens";
}

def Effattn_OrderOp : Effattn_Op<"order", [Pure, AttrSizedOperandSegments]> {
  let summary = "a permutation of the tokens";
  let description = [{
    `sort` by the values of a table (stable), a `given` table of ranks,
    `block_raster` of (Y, X) in blocks of (y, x), `column_major` of (Y, X).
    `tables` are those of `effattn.order_tables`, where they have been made:
    the token of each rank, and the rank of each token. A leading axis is that
    of the heads, with `by_batch` that of the batch.

    ```mlir
    %p = effattn.order sort table(%t : !effattn.tensor<[N] x i32>)
    %r = effattn.order column_major sizes(%y, %x)
    ```
  }];
  let arguments = (ins Effattn_OrderKindAttr:$kind,
                       Optional<Effattn_Tensor>:$table,
                       Variadic<I64>:$sizes,
                       Optional<Effattn_Tensor>:$tokens,
                       Optional<Effattn_Tensor>:$ranks, UnitAttr:$by_batch);
  let results = (outs Effattn_Order:$result);
  let assemblyFormat = [{
    `` $kind (`by_batch` $by_batch^)? (`table` `(` $table^ `:` qualified(type($table)) `)`)?
    (`sizes` `(` $sizes^ `)`)?
    (`tables` `(` $tokens^ `,` $ranks `:` qualified(type($tokens)) `,`
     qualified(type($ranks)) `)`)? attr-dict
  }];
  let hasVerifier = 1;
}

def Effattn_InOrderOp : Effattn_PatternOp<"in_order"> {
  let summary = "a pattern of ranks in permutations of the tokens";
  let arguments = (ins Effattn_Order:$query_order, Effattn_Order:$key_order,
                       Effattn_Pattern:$pattern);
  let assemblyFormat = "$query_order `,` $key_order `,` $pattern attr-dict";
}

def Effattn_HeadsOp : Effattn_PatternOp<"heads"> {
  let summary = "a pattern for each range of heads";
  let description = [{
    `bounds` are lo0, hi0, lo1, hi1, ...: ranges that follow each other without
    a gap from head 0; the kernel then has exactly as many heads.

    ```mlir
    %p = effattn.heads [0, 4, 4, 8] %a, %b
    ```
  }];
  let arguments = (ins DenseI64ArrayAttr:$bounds,
                       Variadic<Effattn_Pattern>:$patterns);
  let assemblyFormat = "$bounds $patterns attr-dict";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Algebra
//===----------------------------------------------------------------------===//

class Effattn_SetOp<string mnemonic, list<Trait> traits = []>
    : Effattn_PatternOp<mnemonic, traits> {
  let arguments = (ins Effattn_Pattern:$lhs, Effattn_Pattern:$rhs);
  let assemblyFormat = "$lhs `,` $rhs attr-dict";
}

def Effattn_UnionOp : Effattn_SetOp<"union", [Commutative]> {
  let summary = "pairs in one of two patterns [S2]";
}

def Effattn_IntersectOp : Effattn_SetOp<"intersect", [Commutative]> {
  let summary = "pairs in both patterns";
}

def Effattn_DifferenceOp : Effattn_SetOp<"difference"> {
  let summary = "pairs in the first pattern and not in the second";
}

def Effattn_ComplementOp : Effattn_PatternOp<"complement"> {
  let summary = "pairs of [0, N) x [0, M) that are not in the pattern";
  let arguments = (ins Effattn_Pattern:$pattern);
  let assemblyFormat = "$pattern attr-dict";
}

#endif // EFFATTN_PATTERN_OPS
