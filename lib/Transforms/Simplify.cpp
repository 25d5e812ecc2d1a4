//===- Simplify.cpp - pattern algebra, step folding, dead values ----------===//

#include "lib/Transforms/Bands.h"
#include "lib/Transforms/Passes.h"
#include "lib/Transforms/Transforms.h"

#include "mlir/IR/Dominance.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace effattn {

namespace {

/// Identities of all operations of the dialects that are loaded.
FrozenRewritePatternSet identities(MLIRContext *context) {
  RewritePatternSet patterns(context);
  for (Dialect *dialect : context->getLoadedDialects())
    dialect->getCanonicalizationPatterns(patterns);
  for (RegisteredOperationName name : context->getRegisteredOperations())
    name.getCanonicalizationPatterns(patterns, context);
  return FrozenRewritePatternSet(std::move(patterns));
}

void shareEqualOperations(ModuleOp module) {
  IRRewriter rewriter(module.getContext());
  DominanceInfo dominance(module);
  eliminateCommonSubExpressions(rewriter, dominance, module);
}

unsigned countPatterns(ModuleOp module) {
  unsigned count = 0;
  module.walk([&](Operation *op) {
    count += op->getNumResults() == 1 &&
             isa<ir::PatternType>(op->getResult(0).getType());
  });
  return count;
}

} // namespace

/// An identity such as P | P = P asks for equal operations to be one, and
/// applying identities makes more of them equal: both until nothing changes.
LogicalResult simplify(ModuleOp module) {
  FrozenRewritePatternSet patterns = identities(module.getContext());
  constexpr int mostRounds = 8;
  for (int round = 0; round < mostRounds; ++round) {
    shareEqualOperations(module);
    uniteMergesOnce(module);
    bool changed = false;
    if (failed(applyPatternsGreedily(module, patterns, GreedyRewriteConfig(),
                                     &changed)))
      return module.emitError() << "simplification does not come to an end";
    if (!changed)
      return success();
  }
  shareEqualOperations(module);
  return success();
}

/// Users come after what they use: backwards, chains go as a whole.
void cleanUp(ModuleOp module) {
  shareEqualOperations(module);
  SmallVector<Operation *> operations;
  module.walk<WalkOrder::PreOrder>(
      [&](Operation *op) { operations.push_back(op); });
  for (Operation *op : llvm::reverse(operations))
    if (isOpTriviallyDead(op))
      op->erase();
}

#define GEN_PASS_DEF_EFFATTNSIMPLIFY
#include "lib/Transforms/Passes.h.inc"

namespace {

struct SimplifyPass : impl::EffattnSimplifyBase<SimplifyPass> {
  void runOnOperation() override {
    numBefore += countPatterns(getOperation());
    if (failed(simplify(getOperation())))
      signalPassFailure();
    numAfter += countPatterns(getOperation());
  }
};

} // namespace

} // namespace effattn
