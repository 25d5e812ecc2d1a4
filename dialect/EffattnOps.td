//===- EffattnOps.td - kernels and their tensor operations -*- tablegen -*-===//
#ifndef EFFATTN_OPS
#define EFFATTN_OPS

include "EffattnPatternOps.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

def Effattn_KernelOp : Effattn_Op<"kernel",
    [Symbol, IsolatedFromAbove,
     SingleBlock,
     Effattn_NamesArguments]> {
  let summary = "a function from tensors to tensors";
  let description = [{
    Arguments are tensors, index sets and scalars (`i64`, `f32`), each with the
    name that a caller sees. `dimensions` are the sizes bound at launch, in the
    order of first use; `example` holds default sizes; `ragged` maps a ragged
    tensor argument to the argument with its offsets [S6].

    ```mlir
    effattn.kernel @copy("x" %x: !effattn.tensor<[N, 8] x f32>)
        -> (!effattn.tensor<[N, 8] x f32>)
        dimensions ["N"] example {N = 16 : i64} {
      effattn.return %x : !effattn.tensor<[N, 8] x f32>
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name,
                       StrArrayAttr:$argument_names,
                       TypeArrayAttr:$result_types,
                       StrArrayAttr:$dimensions,
                       OptionalAttr<DictionaryAttr>:$example,
                       OptionalAttr<DictionaryAttr>:$ragged);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::Block &getEntry() { return getBody().front(); }
    /// Name of argument `number`, as the caller sees it.
    ::llvm::StringRef getArgumentName(unsigned number);
  }];
}

def Effattn_RequireOp : Effattn_Op<"require", [HasParent<"KernelOp">]> {
  let summary = "a condition that is checked at launch";
  let arguments = (ins I1:$condition, StrAttr:$message);
  let assemblyFormat = "$condition `,` $message attr-dict";
}

def Effattn_ReturnOp : Effattn_Op<"return",
    [Pure, Terminator, HasParent<"KernelOp">]> {
  let summary = "the results of a kernel";
  let arguments = (ins Variadic<Effattn_AnyTable>:$results);
  let assemblyFormat = "attr-dict ($results^ `:` qualified(type($results)))?";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

def Effattn_AttendOp : Effattn_Op<"attend", [Pure, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<OpAsmOpInterface,
      ["getAsmBlockArgumentNames", "getAsmResultNames"]>]> {
  let summary = "softmax attention over the pairs of a pattern";
  let description = [{
    O[i] = sum_j P[i, j] v[j] / sum_j P[i, j] and LSE[i] = ln sum_j P[i, j]
    with P[i, j] = exp(score(scale * q[i] . k[j])) for the pairs of the
    pattern. A row without keys gives O = 0 and LSE = -inf [S3]; the score
    applies after scaling, before softmax [S4].

    `score` is a region over (s, b, h, i, j), s the scaled logit; `logits` is a
    region over (b, h, i, j) in place of q and k. `q0` is M - N where it is
    absent, `scale` 1/sqrt(D). `facts` is set by analysis, `tiling` by tiling.
    With `heads` [low, high] only those heads are computed; the others of the
    results hold nothing.
  }];
  let arguments = (ins Optional<Effattn_Tensor>:$q, Optional<Effattn_Tensor>:$k,
                       Effattn_Tensor:$v, Effattn_Pattern:$pattern,
                       Optional<F64>:$scale, Optional<I64>:$q0,
                       OptionalAttr<I64Attr>:$select_top,
                       OptionalAttr<DenseI64ArrayAttr>:$heads,
                       OptionalAttr<Effattn_FactsAttr>:$facts,
                       OptionalAttr<Effattn_TilingAttr>:$tiling);
  let results = (outs Effattn_Tensor:$output, Effattn_Tensor:$lse);
  let regions = (region AnyRegion:$score, AnyRegion:$logits);
  let assemblyFormat = [{
    (`q` `(` $q^ `:` qualified(type($q)) `)`)?
    (`k` `(` $k^ `:` qualified(type($k)) `)`)?
    `v` `(` $v `:` qualified(type($v)) `)` `pattern` `(` $pattern `)`
    (`scale` `(` $scale^ `)`)? (`q0` `(` $q0^ `)`)?
    (`score` $score^)? (`logits` $logits^)? attr-dict
    `->` qualified(type($output)) `,` qualified(type($lse))
  }];
  let hasVerifier = 1;
}

def Effattn_ColumnSumsOp : Effattn_Op<"column_sums",
    [Pure, AttrSizedOperandSegments,
     Effattn_NamesArguments]> {
  let summary = "attention probabilities summed over queries";
  let arguments = (ins Effattn_Tensor:$q, Effattn_Tensor:$k,
                       Effattn_Pattern:$pattern,
                       Optional<F64>:$scale, Optional<I64>:$q0,
                       OptionalAttr<Effattn_FactsAttr>:$facts,
                       OptionalAttr<Effattn_TilingAttr>:$tiling);
  let results = (outs Effattn_Tensor:$output);
  let regions = (region AnyRegion:$score);
  let assemblyFormat = [{
    `q` `(` $q `:` qualified(type($q)) `)`
    `k` `(` $k `:` qualified(type($k)) `)`
    `pattern` `(` $pattern `)`
    (`scale` `(` $scale^ `)`)? (`q0` `(` $q0^ `)`)?
    (`score` $score^)? attr-dict `->` qualified(type($output))
  }];
  let hasVerifier = 1;
}

def Effattn_MergeOp : Effattn_Op<"merge", [Pure, SameVariadicOperandSize,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let summary = "one softmax over the keys of all parts";
  let description = [{
    LSE = ln sum_r exp(LSE_r), O = sum_r exp(LSE_r - LSE) O_r: the softmax over
    the concatenated keys, to rounding [S5]. A key in two parts counts twice,
    once with `duplicates_once`.
  }];
  let arguments = (ins Variadic<Effattn_Tensor>:$outputs,
                       Variadic<Effattn_Tensor>:$lses,
                       UnitAttr:$duplicates_once);
  let results = (outs Effattn_Tensor:$output, Effattn_Tensor:$lse);
  let assemblyFormat = [{
    `(` $outputs `)` `lse` `(` $lses `)` (`duplicates_once` $duplicates_once^)?
    attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Effattn_ByHeadsOp : Effattn_Op<"by_heads", [Pure, SameVariadicOperandSize,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let summary = "each range of heads from a part of its own";
  let description = [{
    `bounds` are lo0, hi0, lo1, hi1, ...: ranges that follow each other without
    a gap from head 0. Heads lo..hi of the results are those of the part; its
    other heads are not looked at. There are exactly as many heads.
  }];
  let arguments = (ins DenseI64ArrayAttr:$bounds,
                       Variadic<Effattn_Tensor>:$outputs,
                       Variadic<Effattn_Tensor>:$lses);
  let results = (outs Effattn_Tensor:$output, Effattn_Tensor:$lse);
  let assemblyFormat = [{
    $bounds `(` $outputs `)` `lse` `(` $lses `)` attr-dict `:`
    functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def Effattn_RowsOp : Effattn_Op<"rows", [Pure, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let summary = "one value for the rows in a set, another for the others";
  let description = [{
    Only the rows that are taken need be computed. Without `else` the other
    rows are 0, with LSE = -inf [S3]. The LSE result exists where each part
    has one.
  }];
  let arguments = (ins Effattn_IndexSet:$set,
                       Effattn_Tensor:$then_output,
                       Optional<Effattn_Tensor>:$then_lse,
                       Optional<Effattn_Tensor>:$else_output,
                       Optional<Effattn_Tensor>:$else_lse);
  let results = (outs Effattn_Tensor:$output, Optional<Effattn_Tensor>:$lse);
  let assemblyFormat = [{
    $set `then` `(` $then_output (`lse` $then_lse^)? `)`
    (`else` `(` $else_output^ (`lse` $else_lse^)? `)`)?
    attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def Effattn_AverageOp : Effattn_Op<"average", [Pure]> {
  let summary = "the mean over the parts whose set has the row";
  let description = [{
    0 where no part has the row; a row that a part covers without keys counts
    as 0. Parts are results of `effattn.rows` without `else`.
  }];
  let arguments = (ins Variadic<Effattn_Tensor>:$parts);
  let results = (outs Effattn_Tensor:$output);
  let assemblyFormat =
    "`(` $parts `)` attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Effattn_LinearAttendOp : Effattn_Op<"linear_attend", [Pure]> {
  let summary = "attention by feature maps";
  let description = [{
    O[i] = sum_j (fq[i] . fk[j]) v[j] over the pairs of the pattern, divided by
    sum_j fq[i] . fk[j] + eps with `normalize`.
  }];
  let arguments = (ins Effattn_Tensor:$fq, Effattn_Tensor:$fk,
                       Effattn_Tensor:$v, Effattn_Pattern:$pattern,
                       DefaultValuedAttr<F64Attr, "1.0e-6">:$eps,
                       DefaultValuedAttr<BoolAttr, "true">:$normalize);
  let results = (outs Effattn_Tensor:$output);
  let assemblyFormat = [{
    $fq `,` $fk `,` $v `,` $pattern attr-dict `:`
    functional-type(operands, results)
  }];
}

//===----------------------------------------------------------------------===//
// Dense steps
//===----------------------------------------------------------------------===//

def Effattn_StepOp : Effattn_Op<"step", [Pure]> {
  let summary = "a row of the table of steps";
  let description = [{
    `matmul`, `transpose`, `softmax`, ..., and elementwise `add`, `sub`, `mul`,
    `div`, `neg`, ... with broadcasting from the right. `integers` and `reals`
    are the constant arguments of the step.

    ```mlir
    %y = effattn.step "matmul"(%e, %k)
      : (!effattn.tensor<[K, M] x f32>, !effattn.tensor<[B, H, M, 64] x f32>)
      -> !effattn.tensor<[B, H, K, 64] x f32>
    ```
  }];
  let arguments = (ins StrAttr:$name, Variadic<Effattn_AnyTable>:$inputs,
                       OptionalAttr<DenseI64ArrayAttr>:$integers,
                       OptionalAttr<DenseF64ArrayAttr>:$reals);
  let results = (outs Variadic<Effattn_AnyTable>:$results);
  let assemblyFormat = [{
    $name `(` $inputs `)` (`integers` $integers^)? (`reals` $reals^)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def Effattn_ConstantOp : Effattn_Op<"constant", [Pure]> {
  let summary = "a number that broadcasts";
  let arguments = (ins F64Attr:$value);
  let results = (outs Effattn_Tensor:$result);
  let assemblyFormat = "$value attr-dict `->` qualified(type($result))";
  let hasVerifier = 1;
}

def Effattn_SplatOp : Effattn_Op<"splat", [Pure]> {
  let summary = "a scalar expression as a tensor that broadcasts";
  let arguments = (ins Effattn_Scalar:$value);
  let results = (outs Effattn_Tensor:$result);
  let assemblyFormat =
    "$value attr-dict `:` type($value) `->` qualified(type($result))";
}

//===----------------------------------------------------------------------===//
// Tables of patterns
//===----------------------------------------------------------------------===//

def Effattn_OrderTablesOp : Effattn_Op<"order_tables",
    [Pure, AttrSizedOperandSegments,
     DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let summary = "the token of each rank and the rank of each token";
  let description = [{
    Of the order that `effattn.order` with the same kind, table and sizes
    describes. A given table is checked to hold each token once.

    ```mlir
    %tokens, %ranks = effattn.order_tables sort
        table(%t : !effattn.tensor<[N] x i32>)
        -> !effattn.tensor<[N] x i32>, !effattn.tensor<[N] x i32>
    ```
  }];
  let arguments = (ins Effattn_OrderKindAttr:$kind,
                       Optional<Effattn_Tensor>:$table,
                       Variadic<I64>:$sizes);
  let results = (outs Effattn_Tensor:$tokens, Effattn_Tensor:$ranks);
  let assemblyFormat = [{
    `` $kind (`table` `(` $table^ `:` qualified(type($table)) `)`)?
    (`sizes` `(` $sizes^ `)`)? attr-dict
    `->` qualified(type($tokens)) `,` qualified(type($ranks))
  }];
  let hasVerifier = 1;
}

def Effattn_SetTokensOp : Effattn_Op<"set_tokens", [Pure]> {
  let summary = "the tokens whose ranks are in an index set";
  let description = [{
    `tokens` is the token of each rank (`effattn.order_tables`). The batch and
    the heads of the result are those of the set and of the table. A single
    leading axis is that of the heads; of the batch with `set_by_batch`,
    `order_by_batch`.

    ```mlir
    %s = effattn.set_tokens %g, %tokens order_by_batch
        : !effattn.index_set<[H, G] in N>, !effattn.tensor<[B, N] x i32>
        -> !effattn.index_set<[B, H, G] in N>
    ```
  }];
  let arguments = (ins Effattn_IndexSet:$set, Effattn_Tensor:$tokens,
                       UnitAttr:$set_by_batch, UnitAttr:$order_by_batch);
  let results = (outs Effattn_IndexSet:$result);
  let assemblyFormat = [{
    $set `,` $tokens (`set_by_batch` $set_by_batch^)?
    (`order_by_batch` $order_by_batch^)? attr-dict `:` qualified(type($set)) `,`
    qualified(type($tokens)) `->` qualified(type($result))
  }];
  let extraClassDeclaration = [{
    /// Axes in front of the members of the result: null where there is none.
    static DimAttr batchOf(::llvm::ArrayRef<DimAttr> shape, bool byBatch);
    static DimAttr headsOf(::llvm::ArrayRef<DimAttr> shape, bool byBatch);
    /// Of a set through an order.
    static IndexSetType typeOf(IndexSetType set, TensorType tokens,
                               bool setByBatch, bool orderByBatch);
  }];
  let hasVerifier = 1;
}

def Effattn_DrawBlocksOp : Effattn_Op<"draw_blocks",
    [Pure, AttrSizedOperandSegments]> {
  let summary = "the key blocks that random_blocks draws";
  let description = [{
    For an attend of `queries` queries and `keys` keys: entry [h, u, c] of the
    i32 result is the block that head h drew as number c for query block
    q0 div size + u, or -1 where no block was left [S7]; with four axes, entry
    [b, h, u, c]. `outside` is the pattern whose blocks are not drawn. Where
    tables do not decide it, `touched` are these blocks; else `facts`, set by
    analysis, are those of `outside`, and a launch finds the blocks. `q0` is
    keys - queries where it is absent.
  }];
  let arguments = (ins I64Attr:$size, I64Attr:$count, I64Attr:$seed,
                       Effattn_DimAttr:$queries, Effattn_DimAttr:$keys,
                       Optional<I64>:$q0, Optional<Effattn_Pattern>:$outside,
                       OptionalAttr<Effattn_TouchedAttr>:$touched,
                       OptionalAttr<Effattn_FactsAttr>:$facts);
  let results = (outs Effattn_Tensor:$result);
  let assemblyFormat = [{
    `size` $size `count` $count `seed` $seed `queries` $queries `keys` $keys
    (`q0` `(` $q0^ `)`)? (`outside` `(` $outside^ `)`)?
    (`touched` $touched^)? attr-dict `->` qualified(type($result))
  }];
  let hasVerifier = 1;
}

#endif // EFFATTN_OPS
