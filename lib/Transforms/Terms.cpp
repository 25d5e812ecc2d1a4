//===- Terms.cpp - patterns taken apart and put together ------------------===//

#include "lib/Transforms/Terms.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/IRMapping.h"

#include "llvm/ADT/DenseMap.h"

using namespace mlir;

namespace effattn {

//===----------------------------------------------------------------------===//
// Rebuilding
//===----------------------------------------------------------------------===//

namespace {

struct Rebuilder {
  OpBuilder &builder;
  const std::function<Value(Operation *)> &replace;
  llvm::DenseMap<Value, Value> known{};

  Value visit(Value pattern) {
    auto found = known.find(pattern);
    if (found != known.end())
      return found->second;
    Value result = rebuild(pattern);
    known[pattern] = result;
    return result;
  }

  Value rebuild(Value pattern) {
    Operation *op = pattern.getDefiningOp();
    if (!op)
      return pattern;
    IRMapping changed;
    for (Value operand : op->getOperands())
      if (isa<ir::PatternType>(operand.getType()))
        if (Value next = visit(operand); next != operand)
          changed.map(operand, next);
    if (!changed.getValueMap().empty())
      op = builder.clone(*op, changed);
    Value other = replace(op);
    return other ? other : op->getResult(0);
  }
};

} // namespace

Value rebuildPattern(OpBuilder &builder, Value pattern,
                     const std::function<Value(Operation *)> &replace) {
  return Rebuilder{builder, replace}.visit(pattern);
}

Value patternForHeads(OpBuilder &builder, Value pattern, int64_t low) {
  return rebuildPattern(builder, pattern, [&](Operation *op) -> Value {
    auto heads = dyn_cast<ir::HeadsOp>(op);
    if (!heads)
      return {};
    ArrayRef<int64_t> bounds = heads.getBounds();
    for (auto [k, part] : llvm::enumerate(heads.getPatterns()))
      if (bounds[2 * k] <= low && low < bounds[2 * k + 1])
        return part;
    return ir::NoneOp::create(builder, op->getLoc());
  });
}

Value unionOf(OpBuilder &builder, ValueRange patterns) {
  Value result = patterns.front();
  for (Value next : patterns.drop_front())
    result = ir::UnionOp::create(builder, next.getLoc(), result, next);
  return result;
}

//===----------------------------------------------------------------------===//
// Terms of a union
//===----------------------------------------------------------------------===//

namespace {

/// A condition as an `or` of `and`s of values of its region.
using Disjuncts = SmallVector<SmallVector<Value>>;

Disjuncts disjuncts(Value condition, size_t most) {
  if (auto either = condition.getDefiningOp<arith::OrIOp>()) {
    Disjuncts all = disjuncts(either.getLhs(), most);
    llvm::append_range(all, disjuncts(either.getRhs(), most));
    return all.size() <= most ? all : Disjuncts{{condition}};
  }
  if (auto both = condition.getDefiningOp<arith::AndIOp>()) {
    Disjuncts left = disjuncts(both.getLhs(), most),
              right = disjuncts(both.getRhs(), most), all;
    if (left.size() * right.size() > most)
      return {{condition}};
    for (const auto &a : left)
      for (const auto &b : right) {
        all.push_back(a);
        llvm::append_range(all.back(), b);
      }
    return all;
  }
  return {{condition}};
}

class Splitter {
public:
  Splitter(OpBuilder &builder, size_t most) : builder(builder), most(most) {}

  SmallVector<Value> terms(Value pattern) {
    SmallVector<Value> result = split(pattern);
    return result.size() <= most ? result : SmallVector<Value>{pattern};
  }

private:
  SmallVector<Value> split(Value pattern) {
    Operation *op = pattern.getDefiningOp();
    if (auto either = dyn_cast_or_null<ir::UnionOp>(op)) {
      SmallVector<Value> all = terms(either.getLhs());
      llvm::append_range(all, terms(either.getRhs()));
      return all;
    }
    if (auto both = dyn_cast_or_null<ir::IntersectOp>(op))
      return pairs<ir::IntersectOp>(pattern, terms(both.getLhs()),
                                    terms(both.getRhs()));
    if (auto without = dyn_cast_or_null<ir::DifferenceOp>(op))
      return pairs<ir::DifferenceOp>(pattern, terms(without.getLhs()),
                                     {without.getRhs()});
    if (auto order = dyn_cast_or_null<ir::InOrderOp>(op))
      return inOrder(order);
    if (isa_and_nonnull<ir::ComprehensionOp, ir::OnGridOp>(op))
      return sides(op);
    return {pattern};
  }

  /// (A | B) & (C | D); a pattern that has one term stays as it is.
  template <typename Op>
  SmallVector<Value> pairs(Value pattern, ArrayRef<Value> left,
                           ArrayRef<Value> right) {
    SmallVector<Value> all;
    if (left.size() * right.size() == 1 || left.size() * right.size() > most)
      return {pattern};
    for (Value a : left)
      for (Value b : right)
        all.push_back(Op::create(builder, pattern.getLoc(), a, b));
    return all;
  }

  SmallVector<Value> inOrder(ir::InOrderOp op) {
    SmallVector<Value> inner = terms(op.getPattern());
    if (inner.size() == 1)
      return {op.getResult()};
    for (Value &term : inner)
      term = ir::InOrderOp::create(builder, op.getLoc(), op.getQueryOrder(),
                                   op.getKeyOrder(), term);
    return inner;
  }

  /// One copy of a comprehension for each side of its `or`.
  SmallVector<Value> sides(Operation *op) {
    Value yielded =
        cast<ir::YieldOp>(op->getRegion(0).front().getTerminator()).getValue();
    Disjuncts all = disjuncts(yielded, most);
    if (all.size() == 1)
      return {op->getResult(0)};
    SmallVector<Value> result;
    for (const SmallVector<Value> &conditions : all) {
      IRMapping mapping;
      Operation *copy = builder.clone(*op, mapping);
      auto yield =
          cast<ir::YieldOp>(copy->getRegion(0).front().getTerminator());
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPoint(yield);
      Value condition;
      for (Value part : conditions) {
        Value here = mapping.lookupOrDefault(part);
        condition = condition ? arith::AndIOp::create(builder, op->getLoc(),
                                                      condition, here)
                                    .getResult()
                              : here;
      }
      yield.getValueMutable().assign(condition);
      result.push_back(copy->getResult(0));
    }
    return result;
  }

  OpBuilder &builder;
  size_t most;
};

} // namespace

SmallVector<Value> unionTerms(OpBuilder &builder, Value pattern, size_t most) {
  return Splitter(builder, most).terms(pattern);
}

} // namespace effattn
