//===- EffattnAttributes.cpp - attributes and their verifiers -------------===//

#include "dialect/Effattn.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

#define GET_ATTRDEF_CLASSES
#include "dialect/EffattnAttributes.cpp.inc"

namespace effattn::ir {

void EffattnDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialect/EffattnAttributes.cpp.inc"
      >();
}

LogicalResult FactsAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                ArrayRef<StringAttr> parameters,
                                DenseI64ArrayAttr moduli, int32_t keySets,
                                int32_t querySets, StringRef, StringRef,
                                BoolAttr, StringRef, BoolAttr, StringRef,
                                BoolAttr empty, BoolAttr dense,
                                ArrayRef<CaseAttr> cases) {
  if (parameters.size() < 2 || parameters[0].getValue() != "N" ||
      parameters[1].getValue() != "M")
    return emitError() << "expected the parameters to begin with N, M";
  for (int64_t modulus : moduli.asArrayRef())
    if (modulus < 1)
      return emitError() << "expected a positive modulus, but got " << modulus;
  if (keySets < 0 || querySets < 0 || keySets + querySets > 16)
    return emitError() << "expected at most 16 index sets, but got "
                       << int64_t(keySets) + querySets;
  size_t expected = size_t(1) << (keySets + querySets);
  if (cases.size() != expected)
    return emitError() << "expected " << expected << " cases for " << keySets
                       << " key sets and " << querySets
                       << " query sets, but got " << cases.size();
  for (size_t number = 0; number < cases.size(); ++number)
    if (((uint64_t(cases[number].getQueries()) << keySets) |
         cases[number].getKeys()) != number)
      return emitError() << "case " << number << " is out of order";
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
