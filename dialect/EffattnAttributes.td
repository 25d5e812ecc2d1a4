//===- EffattnAttributes.td - sizes, results of analysis --*- tablegen -*-===//
#ifndef EFFATTN_ATTRIBUTES
#define EFFATTN_ATTRIBUTES

include "EffattnDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

class Effattn_Attr<string name, string attrMnemonic>
    : AttrDef<Effattn_Dialect, name> {
  let mnemonic = attrMnemonic;
}

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

def Effattn_DimKind : I32Enum<"DimKind", "the outermost operation of a size", [
    I32EnumCase<"Constant", 0, "constant">, I32EnumCase<"Symbol", 1, "symbol">,
    I32EnumCase<"Add", 2, "add">, I32EnumCase<"Mul", 3, "mul">,
    I32EnumCase<"FloorDiv", 4, "floordiv">,
    I32EnumCase<"CeilDiv", 5, "ceildiv">, I32EnumCase<"Mod", 6, "mod">,
    I32EnumCase<"Min", 7, "min">, I32EnumCase<"Max", 8, "max">]> {
  let cppNamespace = "::effattn::ir";
}

def Effattn_DimAttr : Effattn_Attr<"Dim", "dim"> {
  let summary = "a size: an integer expression over names bound at launch";
  let description = [{
    Kept in a normal form, a sum of products with sorted terms, so that two
    sizes that are equal as polynomials are the same attribute: `N + M` and
    `M + N`, `2 * (N + 1)` and `2 * N + 2`. Divisions (`floordiv`, `ceildiv`,
    `mod`), `min` and `max` are atoms of the sum, save that divisions without
    remainder are carried out.

    Syntax: `4 * N + 1`, `N ceildiv 64`, `max(N, M) + 2`, parentheses.
  }];
  let parameters = (ins
    EnumParameter<Effattn_DimKind>:$kind,
    "int64_t":$value,
    "::mlir::StringAttr":$symbol,
    ArrayRefParameter<"DimAttr">:$operands
  );
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    /// The normal form of an expression over Constant and Dimension nodes and
    /// the operations of DimKind. Null where it holds another node, overflows
    /// 64 bits, or has more than 64 terms.
    static DimAttr from(::mlir::MLIRContext *context,
                        const ::effattn::ScalarRef &expression);
    static DimAttr constant(::mlir::MLIRContext *context, int64_t value);

    ::effattn::ScalarRef toScalar() const;

    bool isConstant() const { return getKind() == DimKind::Constant; }
    /// True unless the two differ by a constant other than zero: sizes with
    /// different names may be equal at launch.
    bool mayEqual(DimAttr other) const;

    /// Without `#effattn.dim<>` around it.
    static DimAttr parseExpression(::mlir::AsmParser &parser);
    void printExpression(::llvm::raw_ostream &os) const;
  }];
}

//===----------------------------------------------------------------------===//
// Results of analysis
//===----------------------------------------------------------------------===//

def Effattn_CaseAttr : Effattn_Attr<"Case", "case"> {
  let summary = "the columns of a row tile for one choice of set memberships";
  let description = [{
    `keys` and `queries` are bit sets: bit k says that the column (the row) is
    in the index set number k. The sets are isl text over the parameters of the
    facts and `t`, the number of the tile (`i`, the row, in `row`):

    * `touch`: some row of the tile sees the column,
    * `full`: every row does,
    * `partial`: `touch` without `full`,
    * `row`: the columns that one row sees.
  }];
  let parameters = (ins "uint32_t":$keys, "uint32_t":$queries,
    StringRefParameter<>:$touch, StringRefParameter<>:$full,
    StringRefParameter<>:$partial, StringRefParameter<>:$row);
  let assemblyFormat = [{
    `<` `keys` `=` $keys `,` `queries` `=` $queries `,` `touch` `=` $touch
    `,` `full` `=` $full `,` `partial` `=` $partial `,` `row` `=` $row `>`
  }];
}

def Effattn_ParameterKind : I32Enum<"ParameterKind", "what a parameter is", [
    I32EnumCase<"Variable", 0, "variable">,
    I32EnumCase<"Dimension", 1, "dimension">,
    I32EnumCase<"Argument", 2, "argument">]> {
  let cppNamespace = "::effattn::ir";
}

def Effattn_ParameterAttr : Effattn_Attr<"Parameter", "parameter"> {
  let summary = "a parameter of the sets of an attend";
  let description = [{
    `name` stands in the sets; its value is the variable (N, M, q0, b, h), the
    dimension or the scalar argument `symbol`.
  }];
  let parameters = (ins StringRefParameter<>:$name,
    EnumParameter<Effattn_ParameterKind>:$kind, StringRefParameter<>:$symbol);
  let assemblyFormat = "`<` $name `is` $kind $symbol `>`";
}

def Effattn_FactsAttr : Effattn_Attr<"Facts", "facts"> {
  let summary = "what is known exactly about the pattern of an attend";
  let description = [{
    Mirrors `PatternFacts` of `lib/Analysis/Analysis.h`. The sets are those of
    tiles of `tile_rows` rows. `key_sets` and
    `query_sets` are numbers of index sets of the attend (those of
    `dialect/Convert.h`); bit k of a case is the k-th of them, and cases are
    numbered `queries * 2^(number of key sets) + keys`. `moduli` are the
    constants by which the pattern divides; with them and a set's text the
    loops over the set are built again. `pieces` are the pieces of the count,
    eleven numbers each.
  }];
  let parameters = (ins
    "int64_t":$tileRows,
    ArrayRefParameter<"ParameterAttr">:$parameters,
    "::mlir::DenseI64ArrayAttr":$moduli,
    "::mlir::DenseI64ArrayAttr":$keySets,
    "::mlir::DenseI64ArrayAttr":$querySets,
    StringRefParameter<>:$hullLower, StringRefParameter<>:$hullUpper,
    "::mlir::BoolAttr":$pairCausal, StringRefParameter<>:$counterexample,
    "::mlir::BoolAttr":$countExact, StringRefParameter<>:$count,
    "::mlir::DenseI64ArrayAttr":$pieces,
    "::mlir::BoolAttr":$empty, "::mlir::BoolAttr":$dense,
    ArrayRefParameter<"CaseAttr">:$cases);
  let assemblyFormat = [{
    `<` `tile_rows` `=` $tileRows
    `,` `parameters` `=` `[` $parameters `]` `,` `moduli` `=` $moduli
    `,` `key_sets` `=` $keySets `,` `query_sets` `=` $querySets
    `,` `hull` `=` `[` $hullLower `,` $hullUpper `]`
    `,` `pair_causal` `=` $pairCausal `,` `counterexample` `=` $counterexample
    `,` `count_exact` `=` $countExact `,` `count` `=` $count
    `,` `pieces` `=` $pieces `,` `empty` `=` $empty `,` `dense` `=` $dense
    `,` `cases` `=` `[` $cases `]` `>`
  }];
  let genVerifyDecl = 1;
}

def Effattn_RowOrder : I32Enum<"RowOrder", "which rows form a tile", [
    I32EnumCase<"Contiguous", 0, "contiguous">]> {
  let cppNamespace = "::effattn::ir";
}

def Effattn_TilingAttr : Effattn_Attr<"Tiling", "tiling"> {
  let summary = "how an attend is cut into row tiles";
  let description = [{
    One band that holds the whole pattern, its row order, and the numbers of
    the target's `Strategy`: query rows of a tile, columns that a kernel takes
    at once, most columns of one kernel call.
  }];
  let parameters = (ins
    EnumParameter<Effattn_RowOrder>:$order,
    "int64_t":$rows, "int64_t":$columnBlock, "int64_t":$columnChunk);
  let assemblyFormat = [{
    `<` `order` `=` $order `,` `rows` `=` $rows `,` `column_block` `=`
    $columnBlock `,` `column_chunk` `=` $columnChunk `>`
  }];
  let genVerifyDecl = 1;
}

#endif // EFFATTN_ATTRIBUTES
