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

} // namespace

void EffattnDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialect/EffattnAttributes.cpp.inc"
      >();
}

LogicalResult
FactsAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                  int64_t tileRows, ArrayRef<ParameterAttr> parameters,
                  DenseI64ArrayAttr moduli, DenseI64ArrayAttr keySets,
                  DenseI64ArrayAttr querySets, StringRef, StringRef, BoolAttr,
                  StringRef, BoolAttr, StringRef, DenseI64ArrayAttr pieces,
                  BoolAttr empty, BoolAttr dense, ArrayRef<CaseAttr> cases) {
  if (tileRows < 1)
    return emitError() << "expected tiles of at least 1 row, but got "
                       << tileRows;
  if (parameters.size() < 2 || parameters[0].getName() != "N" ||
      parameters[1].getName() != "M")
    return emitError() << "expected the parameters to begin with N, M";
  for (int64_t modulus : moduli.asArrayRef())
    if (modulus < 1)
      return emitError() << "expected a positive modulus, but got " << modulus;
  constexpr int64_t mostSets = 16;
  int64_t sets = keySets.size() + querySets.size();
  if (sets > mostSets)
    return emitError() << "expected at most " << mostSets
                       << " index sets, but got " << sets;
  if (static_cast<int64_t>(cases.size()) != int64_t(1) << sets)
    return emitError() << "expected " << (int64_t(1) << sets) << " cases for "
                       << sets << " index sets, but got " << cases.size();
  for (size_t number = 0; number < cases.size(); ++number)
    if (((uint64_t(cases[number].getQueries()) << keySets.size()) |
         cases[number].getKeys()) != number)
      return emitError() << "case " << number << " is out of order";
  if (pieces.size() % numbersPerPiece != 0)
    return emitError() << "expected " << numbersPerPiece
                       << " numbers for each piece of the count";
  if (empty.getValue() && dense.getValue())
    return emitError() << "a pattern is not both empty and dense";
  return success();
}

LogicalResult TilingAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 RowOrder, int64_t rows, int64_t columnBlock,
                                 int64_t columnChunk) {
  if (rows < 1 || columnBlock < 1)
    return emitError() << "expected a tile of at least 1 row and 1 column, "
                          "but got "
                       << rows << " and " << columnBlock;
  if (columnChunk < columnBlock || columnChunk % columnBlock != 0)
    return emitError() << "expected a column chunk that is a multiple of "
                       << columnBlock << ", but got " << columnChunk;
  return success();
}

} // namespace effattn::ir
