//===- EffattnAttributes.cpp - attributes and their verifiers -------------===//

#include "dialect/Effattn.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

#define GET_ATTRDEF_CLASSES
#include "dialect/EffattnAttributes.cpp.inc"

namespace effattn::ir {

namespace {

/// Fields of a CountPiece (lib/Analysis/Analysis.h).
constexpr int64_t numbersPerPiece = 11;

/// Bounds of lib/Analysis/Atoms.h.
constexpr int64_t mostSideAtoms = 6, mostRelations = 2;

} // namespace

void EffattnDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialect/EffattnAttributes.cpp.inc"
      >();
}

LogicalResult FactsAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                ArrayRef<ParameterAttr> parameters,
                                ArrayAttr extents, DenseI64ArrayAttr moduli,
                                int64_t keyAtoms, int64_t queryAtoms,
                                int64_t relations, BoolAttr, BoolAttr,
                                StringRef, StringRef, BoolAttr, StringRef,
                                BoolAttr, StringRef, DenseI64ArrayAttr pieces,
                                BoolAttr empty, BoolAttr dense, StringRef,
                                ArrayAttr cases) {
  if (parameters.size() < 2 || parameters[0].getName() != "N" ||
      parameters[1].getName() != "M")
    return emitError() << "expected the parameters to begin with N, M";
  if (extents.size() == 1 || extents.size() > 3)
    return emitError() << "expected a grid of 2 or 3 axes, but got "
                       << extents.size();
  for (Attribute extent : extents) {
    auto name = dyn_cast<StringAttr>(extent);
    bool known =
        isa<IntegerAttr>(extent) ||
        (name && llvm::any_of(parameters, [&](ParameterAttr parameter) {
           return parameter.getName() == name.getValue();
         }));
    if (!known)
      return emitError() << "expected an extent that is a number or the name "
                            "of a parameter, but got "
                         << extent;
  }
  for (int64_t modulus : moduli.asArrayRef())
    if (modulus < 1)
      return emitError() << "expected a positive modulus, but got " << modulus;
  if (keyAtoms < 0 || queryAtoms < 0 || relations < 0 ||
      keyAtoms + queryAtoms > mostSideAtoms || relations > mostRelations)
    return emitError() << "expected at most " << mostSideAtoms
                       << " atoms of a side and " << mostRelations
                       << " relations, but got " << keyAtoms << " + "
                       << queryAtoms << " and " << relations;
  int64_t expected = int64_t(1) << (keyAtoms + queryAtoms);
  for (int64_t k = 0; k < relations; ++k)
    expected *= 3;
  if (static_cast<int64_t>(cases.size()) != expected)
    return emitError() << "expected " << expected
                       << " cases for its atoms, but got " << cases.size();
  if (!llvm::all_of(cases, llvm::IsaPred<StringAttr>))
    return emitError() << "expected cases that are sets as text";
  if (pieces.size() % numbersPerPiece != 0)
    return emitError() << "expected " << numbersPerPiece
                       << " numbers for each piece of the count";
  if (empty.getValue() && dense.getValue())
    return emitError() << "a pattern is not both empty and dense";
  return success();
}

LogicalResult TilingAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 RowOrder order, int64_t rows, int64_t modulus,
                                 DenseI64ArrayAttr shape,
                                 ArrayRef<int64_t> moduli, int64_t relation,
                                 BoolAttr gathered, int64_t columnBlock,
                                 int64_t columnChunk, ArrayAttr cases) {
  if (rows < 1 || columnBlock < 1)
    return emitError() << "expected a tile of at least 1 row and 1 column, "
                          "but got "
                       << rows << " and " << columnBlock;
  if (columnChunk < columnBlock || columnChunk % columnBlock != 0)
    return emitError() << "expected a column chunk that is a multiple of "
                       << columnBlock << ", but got " << columnChunk;
  if (modulus < 1 || (modulus != 1 && order != RowOrder::Residues))
    return emitError() << "expected a modulus of at least 1, and 1 for other "
                          "orders than residues, but got "
                       << modulus;
  bool isGrid = order == RowOrder::Grid;
  if (isGrid ? shape.size() < 2 || shape.size() > 3 : !shape.empty())
    return emitError() << "expected a shape of 2 or 3 extents for the order "
                          "'grid' and none for others, but got "
                       << shape.size();
  int64_t volume = 1;
  for (int64_t extent : shape.asArrayRef()) {
    if (extent < 1 || extent > rows)
      return emitError() << "expected extents of a tile from 1 to " << rows
                         << ", but got " << extent;
    volume *= extent;
  }
  if (isGrid && volume != rows)
    return emitError() << "expected a shape of " << rows << " rows, but got "
                       << volume;
  if (!moduli.empty() && moduli.size() != static_cast<size_t>(shape.size()))
    return emitError() << "expected a modulus for each extent of the shape, "
                          "but got "
                       << moduli.size() << " for " << shape.size();
  for (int64_t one : moduli)
    if (one < 1)
      return emitError() << "expected moduli of at least 1, but got " << one;
  bool byLabel = order == RowOrder::ByLabel;
  if (byLabel ? relation < 0 || relation >= mostRelations : relation != -1)
    return emitError() << "expected the number of a relation for the order "
                          "'by_label' and -1 for others, but got "
                       << relation;
  if ((byLabel || gathered.getValue()) && !cases.empty())
    return emitError() << "expected no cases where columns are gathered";
  if (!llvm::all_of(cases, llvm::IsaPred<TileCaseAttr>))
    return emitError() << "expected cases that are effattn.tile_case";
  return success();
}

} // namespace effattn::ir
