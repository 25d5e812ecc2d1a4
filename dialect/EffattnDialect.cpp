//===- EffattnDialect.cpp - registration ----------------------------------===//

#include "dialect/Effattn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

#include "dialect/EffattnDialect.cpp.inc"
#include "dialect/EffattnEnums.cpp.inc"

namespace effattn::ir {

void EffattnDialect::initialize() {
  registerAttributes();
  registerTypes();
  addOperations<
#define GET_OP_LIST
#include "dialect/EffattnOps.cpp.inc"
      >();
}

} // namespace effattn::ir
