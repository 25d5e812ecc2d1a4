//===- Canonicalize.cpp - identities that hold exactly --------------------===//
//
// The algebra of patterns is a table (Canonicalize.td); here are the
// identities with a condition on constants, and those of steps. A step is
// simplified only where the result is the same bit by bit: x + 0 is not x for
// x = -0, so it stays, while x - 0 and 1 * x go.
//
//===----------------------------------------------------------------------===//

#include "dialect/Effattn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

#include <cmath>
#include <optional>

using namespace mlir;

namespace effattn::ir {

namespace {

#include "dialect/Canonicalize.inc"

std::optional<int64_t> constantOf(Value value) {
  llvm::APInt constant;
  if (value && matchPattern(value, m_ConstantInt(&constant)))
    return constant.getSExtValue();
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Built-in patterns
//===----------------------------------------------------------------------===//

/// -r*d <= p - j <= l*d with d >= 1 has no solution where l + r < 0.
struct EmptyWindow : OpRewritePattern<WindowOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(WindowOp op,
                                PatternRewriter &rewriter) const override {
    auto left = constantOf(op.getLeft()), right = constantOf(op.getRight());
    int64_t width;
    if (!left || !right || __builtin_add_overflow(*left, *right, &width) ||
        width >= 0)
      return failure();
    rewriter.replaceOpWithNewOp<NoneOp>(op);
    return success();
  }
};

/// stride(1) = all.
struct UnitStride : OpRewritePattern<StrideOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(StrideOp op,
                                PatternRewriter &rewriter) const override {
    if (constantOf(op.getModulus()) != 1)
      return failure();
    rewriter.replaceOpWithNewOp<AllOp>(op);
    return success();
  }
};

/// -c <= u <= a has no solution where a + c < 0.
struct EmptySameBlock : OpRewritePattern<SameBlockOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SameBlockOp op,
                                PatternRewriter &rewriter) const override {
    auto back = constantOf(op.getBack()), ahead = constantOf(op.getAhead());
    int64_t width;
    if (!back || !ahead || __builtin_add_overflow(*back, *ahead, &width) ||
        width >= 0)
      return failure();
    rewriter.replaceOpWithNewOp<NoneOp>(op);
    return success();
  }
};

/// j < n has no key j >= 0 where n <= 0: prefix(n) = causal.
struct EmptyPrefix : OpRewritePattern<PrefixOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(PrefixOp op,
                                PatternRewriter &rewriter) const override {
    auto length = constantOf(op.getLength());
    if (!length || *length > 0)
      return failure();
    rewriter.replaceOpWithNewOp<CausalOp>(op);
    return success();
  }
};

/// window(l, r, d) & causal = window(l, min(r, 0), d): p - j >= 0 and
/// p - j >= -r*d is p - j >= -min(r, 0)*d.
struct CausalWindow : OpRewritePattern<IntersectOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(IntersectOp op,
                                PatternRewriter &rewriter) const override {
    auto window = op.getLhs().getDefiningOp<WindowOp>();
    auto causal = op.getRhs().getDefiningOp<CausalOp>();
    if (!window || !causal) {
      window = op.getRhs().getDefiningOp<WindowOp>();
      causal = op.getLhs().getDefiningOp<CausalOp>();
    }
    if (!window || !causal)
      return failure();
    auto right = constantOf(window.getRight());
    if (!right)
      return failure();
    if (*right <= 0) {
      rewriter.replaceOp(op, window);
      return success();
    }
    auto zero = arith::ConstantOp::create(rewriter, op.getLoc(),
                                          rewriter.getI64IntegerAttr(0));
    rewriter.replaceOpWithNewOp<WindowOp>(op, window.getLeft(), zero,
                                          window.getDilation());
    return success();
  }
};

/// A comprehension that yields a constant is all or none.
struct ConstantComprehension : OpRewritePattern<ComprehensionOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ComprehensionOp op,
                                PatternRewriter &rewriter) const override {
    auto yield = cast<YieldOp>(op.getBody().front().getTerminator());
    llvm::APInt constant;
    if (!matchPattern(yield.getValue(), m_ConstantInt(&constant)))
      return failure();
    if (constant.isZero())
      rewriter.replaceOpWithNewOp<NoneOp>(op);
    else
      rewriter.replaceOpWithNewOp<AllOp>(op);
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

bool hasNoParameters(StepOp step) {
  return step.getIntegersAttr() == nullptr && step.getRealsAttr() == nullptr;
}

/// transpose(transpose(x)) = x where both swap the last two axes, or where
/// their permutations undo each other.
struct DoubleTranspose : OpRewritePattern<StepOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(StepOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getName() != "transpose" || op.getInputs().size() != 1)
      return failure();
    auto inner = op.getInputs()[0].getDefiningOp<StepOp>();
    if (!inner || inner.getName() != "transpose" ||
        inner.getInputs().size() != 1 || !undo(op, inner) ||
        inner.getInputs()[0].getType() != op.getResult(0).getType())
      return failure();
    rewriter.replaceOp(op, inner.getInputs()[0]);
    return success();
  }

  static bool undo(StepOp outer, StepOp inner) {
    if (hasNoParameters(outer) && hasNoParameters(inner))
      return true;
    if (!outer.getIntegers() || !inner.getIntegers())
      return false;
    ArrayRef<int64_t> first = *inner.getIntegers(),
                      second = *outer.getIntegers();
    if (first.size() != second.size())
      return false;
    for (size_t axis = 0; axis < first.size(); ++axis) {
      int64_t middle = second[axis];
      if (middle < 0 || middle >= static_cast<int64_t>(first.size()) ||
          first[middle] != static_cast<int64_t>(axis))
        return false;
    }
    return true;
  }
};

/// -(-x) = x.
struct DoubleNegation : OpRewritePattern<StepOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(StepOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getName() != "neg" || op.getInputs().size() != 1)
      return failure();
    auto inner = op.getInputs()[0].getDefiningOp<StepOp>();
    if (!inner || inner.getName() != "neg" || inner.getInputs().size() != 1 ||
        inner.getInputs()[0].getType() != op.getResult(0).getType())
      return failure();
    rewriter.replaceOp(op, inner.getInputs()[0]);
    return success();
  }
};

/// The number that broadcasts, where `value` is one.
std::optional<double> numberOf(Value value) {
  if (auto constant = value.getDefiningOp<ConstantOp>())
    return constant.getValue().convertToDouble();
  return std::nullopt;
}

/// True where `number` on that side of the step leaves the other operand as it
/// is, bit by bit.
bool isNeutral(StringRef step, double number, bool onRight, bool integers) {
  if (step == "mul")
    return number == 1;
  if (step == "div")
    return onRight && number == 1;
  bool zero = number == 0;
  if (step == "sub")
    return onRight && zero && (integers || !std::signbit(number));
  if (step == "add")
    return zero && (integers || std::signbit(number));
  return false;
}

struct NeutralOperand : OpRewritePattern<StepOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(StepOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getInputs().size() != 2 || op.getResults().size() != 1)
      return failure();
    for (unsigned side : {0u, 1u}) {
      auto number = numberOf(op.getInputs()[side]);
      Value other = op.getInputs()[1 - side];
      auto type = dyn_cast<TensorType>(other.getType());
      if (!number || !type || type != op.getResult(0).getType())
        continue;
      if (!isNeutral(op.getName(), *number, side == 1,
                     isa<IntegerType>(type.getElementType())))
        continue;
      rewriter.replaceOp(op, other);
      return success();
    }
    return failure();
  }
};

} // namespace

void EffattnDialect::getCanonicalizationPatterns(
    RewritePatternSet &patterns) const {
  populateWithGenerated(patterns);
  patterns.add<EmptyWindow, UnitStride, EmptySameBlock, EmptyPrefix,
               CausalWindow, ConstantComprehension, DoubleTranspose,
               DoubleNegation, NeutralOperand>(patterns.getContext());
}

} // namespace effattn::ir
