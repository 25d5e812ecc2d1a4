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

def Effattn_ParameterKind : I32Enum<"ParameterKind", "what a parameter is", [
    I32EnumCase<"Variable", 0, "variable">,
    I32EnumCase<"Dimension", 1, "dimension">,
    I32EnumCase<"Argument", 2, "argument">,
    I32EnumCase<"Extent", 3, "extent">,
    I32EnumCase<"Extra", 4, "extra">]> {
  let cppNamespace = "::effattn::ir";
}

def Effattn_ParameterAttr : Effattn_Attr<"Parameter", "parameter"> {
  let summary = "a parameter of the sets of an attend";
  let description = [{
    `name` stands in the sets; its value is the variable (N, M, q0, b, h), the
    dimension or the scalar argument `symbol`, or the extent (of the grid of the
    pattern, slowest first) or extra (look-up by b and h, as
    `lib/Analysis/Atoms.h` numbers them) of that number.
  }];
  let parameters = (ins StringRefParameter<>:$name,
    EnumParameter<Effattn_ParameterKind>:$kind, StringRefParameter<>:$symbol);
  let assemblyFormat = "`<` $name `is` $kind $symbol `>`";
}

def Effattn_FactsAttr : Effattn_Attr<"Facts", "facts"> {
  let summary = "what is known exactly about the pattern of an attend";
  let description = [{
    Mirrors `PatternFacts` of `lib/Analysis/Analysis.h`: all that does not
    depend on tiles. Atoms are counted only: they follow from the pattern.
    `extents` are the sizes of the grid, slowest first, numbers or names of
    parameters. Where `permuted`, sets are over ranks in the order of the
    pattern; the verdict on causality is over tokens. `moduli` are the constants
    by which the pattern divides; with them and a set's text the loops over the
    set are built again. `cases` are the columns that one row sees, by the index
    of the assignment to the atoms. `pieces` are the pieces of the count, eleven
    numbers each. `unbounded` is the reason why columns are not bounded [S10],
    or empty. Where `opaque`, the sets are those of a condition that any pair
    may satisfy: nothing is known of the pattern.
  }];
  let parameters = (ins
    ArrayRefParameter<"ParameterAttr">:$parameters,
    "::mlir::ArrayAttr":$extents,
    "::mlir::DenseI64ArrayAttr":$moduli,
    "int64_t":$keyAtoms, "int64_t":$queryAtoms, "int64_t":$relations,
    "::mlir::BoolAttr":$permuted, "::mlir::BoolAttr":$opaque,
    StringRefParameter<>:$hullLower, StringRefParameter<>:$hullUpper,
    "::mlir::BoolAttr":$pairCausal, StringRefParameter<>:$counterexample,
    "::mlir::BoolAttr":$countExact, StringRefParameter<>:$count,
    "::mlir::DenseI64ArrayAttr":$pieces,
    "::mlir::BoolAttr":$empty, "::mlir::BoolAttr":$dense,
    StringRefParameter<>:$unbounded,
    "::mlir::ArrayAttr":$cases);
  let assemblyFormat = [{
    `<` `parameters` `=` `[` $parameters `]` `,` `extents` `=` $extents
    `,` `moduli` `=` $moduli
    `,` `key_atoms` `=` $keyAtoms `,` `query_atoms` `=` $queryAtoms
    `,` `relations` `=` $relations `,` `permuted` `=` $permuted
    `,` `opaque` `=` $opaque
    `,` `hull` `=` `[` $hullLower `,` $hullUpper `]`
    `,` `pair_causal` `=` $pairCausal `,` `counterexample` `=` $counterexample
    `,` `count_exact` `=` $countExact `,` `count` `=` $count
    `,` `pieces` `=` $pieces `,` `empty` `=` $empty `,` `dense` `=` $dense
    `,` `unbounded` `=` $unbounded `,` `cases` `=` $cases `>`
  }];
  let genVerifyDecl = 1;
}

//===----------------------------------------------------------------------===//
// Results of tiling
//===----------------------------------------------------------------------===//

def Effattn_RowOrder : I32Enum<"RowOrder", "which rows form a tile", [
    I32EnumCase<"Contiguous", 0, "contiguous">,
    I32EnumCase<"Residues", 1, "residues">,
    I32EnumCase<"Grid", 2, "grid">,
    I32EnumCase<"ByLabel", 3, "by_label">]> {
  let cppNamespace = "::effattn::ir";
}

def Effattn_TileCaseAttr : Effattn_Attr<"TileCase", "tile_case"> {
  let summary = "the columns of a row tile for one assignment to the atoms";
  let description = [{
    Sets as isl text over the parameters of the facts and the coordinates of the
    tile (`lib/Analysis/Tiling.h`):

    * `touch`: some row of the tile sees the column,
    * `full`: every row does,
    * `partial`: `touch` without `full`.
  }];
  let parameters = (ins StringRefParameter<>:$touch, StringRefParameter<>:$full,
    StringRefParameter<>:$partial);
  let assemblyFormat = [{
    `<` `touch` `=` $touch `,` `full` `=` $full `,` `partial` `=` $partial `>`
  }];
}

def Effattn_TilingAttr : Effattn_Attr<"Tiling", "tiling"> {
  let summary = "how an attend is cut into row tiles";
  let description = [{
    Mirrors `Tiling` and `TileFacts` of `lib/Analysis`: which `rows` query rows
    form a tile, and the columns of tiles by the index of the assignment to the
    atoms. `modulus` is that of residues, `shape` the extents of a tile on a
    grid, slowest first, `moduli` the residues on each axis of a grid, of which
    a tile holds one class (without them it holds neighbours), `relation` the number of the relation whose labels rows
    are sorted by (-1: none). Where `gathered`, and for `by_label`, there are no
    cases: the planner merges the columns of the rows. The last two are numbers
    of the target's `Strategy`: columns that a kernel takes at once, most
    columns of one kernel call.
  }];
  let parameters = (ins
    EnumParameter<Effattn_RowOrder>:$order,
    "int64_t":$rows, "int64_t":$modulus,
    "::mlir::DenseI64ArrayAttr":$shape,
    OptionalArrayRefParameter<"int64_t">:$moduli, "int64_t":$relation,
    "::mlir::BoolAttr":$gathered,
    "int64_t":$columnBlock, "int64_t":$columnChunk,
    "::mlir::ArrayAttr":$cases);
  let assemblyFormat = [{
    `<` `order` `=` $order `,` `rows` `=` $rows `,` `modulus` `=` $modulus
    `,` `shape` `=` $shape `,` (`moduli` `=` `[` $moduli^ `]` `,`)?
    `relation` `=` $relation
    `,` `gathered` `=` $gathered
    `,` `column_block` `=` $columnBlock `,` `column_chunk` `=` $columnChunk
    `,` `cases` `=` $cases `>`
  }];
  let genVerifyDecl = 1;
}

def Effattn_TouchedAttr : Effattn_Attr<"Touched", "touched"> {
  let summary = "key blocks that a query block touches in a pattern";
  let description = [{
    `set` is isl text over the parameters and `i`: the blocks `j` of keys that
    rows of query block `q0 div size + i` see. `moduli` are divisors in it;
    loops are built as for the columns of a row `i`.
  }];
  let parameters = (ins ArrayRefParameter<"ParameterAttr">:$parameters,
    "::mlir::DenseI64ArrayAttr":$moduli, StringRefParameter<>:$set);
  let assemblyFormat = [{
    `<` `parameters` `=` `[` $parameters `]` `,` `moduli` `=` $moduli
    `,` `set` `=` $set `>`
  }];
}

#endif // EFFATTN_ATTRIBUTES
