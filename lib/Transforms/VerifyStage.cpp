//===- VerifyStage.cpp - the promises of the stages -----------------------===//

#include "lib/Transforms/Passes.h"
#include "lib/Transforms/Transforms.h"

using namespace mlir;

namespace effattn {

namespace {

bool isPattern(Operation *op) {
  return op->getNumResults() == 1 &&
         isa<ir::PatternType>(op->getResult(0).getType());
}

/// What `simplify` leaves nowhere, or null.
const char *leftBySimplify(Operation *op) {
  if (isPattern(op) && op->use_empty())
    return "is a pattern that nothing uses";
  bool isAlgebra = isa<ir::UnionOp, ir::IntersectOp, ir::DifferenceOp>(op);
  for (Value operand : op->getOperands()) {
    Operation *source = operand.getDefiningOp();
    if (isAlgebra && isa_and_nonnull<ir::NoneOp>(source))
      return "has the operand 'none'";
    if (isAlgebra && isa_and_nonnull<ir::AllOp>(source))
      return "has the operand 'all'";
    if (isa<ir::ComplementOp>(op) &&
        isa_and_nonnull<ir::ComplementOp, ir::AllOp, ir::NoneOp>(source))
      return "has a complement, 'all' or 'none' inside";
  }
  return nullptr;
}

template <typename Check>
LogicalResult verifyAll(ModuleOp module, StringRef stage, Check &&check) {
  bool ok = true;
  module.walk([&](Operation *op) {
    if (const char *reason = check(op)) {
      op->emitOpError() << reason << " after stage '" << stage << "'";
      ok = false;
    }
  });
  return success(ok);
}

template <typename Get>
const char *missing(Operation *op, const char *reason, Get &&get) {
  if (auto attend = dyn_cast<ir::AttendOp>(op))
    return get(attend) ? nullptr : reason;
  if (auto sums = dyn_cast<ir::ColumnSumsOp>(op))
    return get(sums) ? nullptr : reason;
  return nullptr;
}

/// Blocks are drawn for attends; linear attention has no use for them.
bool isDrawable(Operation *pattern) {
  return llvm::any_of(pattern->getUsers(), [](Operation *user) {
    return isa<ir::AttendOp, ir::ColumnSumsOp>(user) ||
           (isPattern(user) && isDrawable(user));
  });
}

/// Tables decide which blocks are not drawn, and nothing is known of it.
bool isOpen(ir::DrawBlocksOp op) {
  return op.getOutside() && !op.getTouched() && !op.getFacts();
}

} // namespace

LogicalResult verifySimplified(ModuleOp module) {
  return verifyAll(module, "simplify", leftBySimplify);
}

LogicalResult verifyTables(ModuleOp module) {
  return verifyAll(module, "make-tables", [](Operation *op) -> const char * {
    if (auto order = dyn_cast<ir::OrderOp>(op))
      return order.getTokens() ? nullptr : "has no tables";
    auto random = dyn_cast<ir::RandomBlocksOp>(op);
    return random && !random.getDrawn() && isDrawable(random)
               ? "has no drawn blocks"
               : nullptr;
  });
}

LogicalResult verifyAnalysed(ModuleOp module) {
  return verifyAll(module, "analyse", [](Operation *op) {
    if (auto draw = dyn_cast<ir::DrawBlocksOp>(op))
      return isOpen(draw) ? "has no facts of the pattern outside" : nullptr;
    return missing(op, "has no facts",
                   [](auto attend) { return attend.getFacts().has_value(); });
  });
}

LogicalResult verifyTiled(ModuleOp module) {
  return verifyAll(module, "tile", [](Operation *op) {
    return missing(op, "has no tiling",
                   [](auto attend) { return attend.getTiling().has_value(); });
  });
}

#define GEN_PASS_DEF_EFFATTNVERIFYSTAGE
#include "lib/Transforms/Passes.h.inc"

namespace {

struct VerifyStagePass : impl::EffattnVerifyStageBase<VerifyStagePass> {
  using EffattnVerifyStageBase::EffattnVerifyStageBase;
  void runOnOperation() override {
    LogicalResult result = failure();
    if (stage == "simplify")
      result = verifySimplified(getOperation());
    else if (stage == "make-tables")
      result = verifyTables(getOperation());
    else if (stage == "analyse")
      result = verifyAnalysed(getOperation());
    else if (stage == "tile")
      result = verifyTiled(getOperation());
    else
      getOperation().emitError()
          << "expected stage simplify, make-tables, analyse or tile, but got '"
          << stage << "'";
    if (failed(result))
      signalPassFailure();
  }
};

} // namespace

} // namespace effattn
