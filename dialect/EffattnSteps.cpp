//===- EffattnSteps.cpp - verifiers of dense steps ------------------------===//

#include "dialect/Effattn.h"

using namespace mlir;

#define GET_OP_CLASSES
#include "dialect/EffattnOps.cpp.inc"

namespace effattn::ir {

LogicalResult StepOp::verify() {
  if (getName().empty())
    return emitOpError() << "expected the name of a step";
  if (getResults().empty())
    return emitOpError() << "expected a step with a result";
  return success();
}

LogicalResult ConstantOp::verify() {
  if (getType().getRank() != 0)
    return emitOpError() << "expected a result of no axes, but got "
                         << getType();
  return success();
}

} // namespace effattn::ir
