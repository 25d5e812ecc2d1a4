//===- RankSets.cpp - index sets inside orders ----------------------------===//
//
// A set S of ranks in an order o is the set { o[r] : r in S } of tokens. In
// in_order(o, in_order(p, keys(S))) the ranks of p are tokens of its own, which
// are ranks of o: from the inside out, S becomes { o[p[r]] : r in S }.
//
//===----------------------------------------------------------------------===//
#include "lib/Transforms/RankSets.h"

#include "dialect/Convert.h"
#include "lib/Transforms/Terms.h"

#include "llvm/ADT/DenseSet.h"

using namespace mlir;

namespace effattn {

namespace {

class TokenSets {
public:
  TokenSets(OpBuilder &builder, ir::TensorType rows)
      : builder(builder), rows(rows) {}

  Value whole(Value pattern) {
    return rebuildPattern(builder, pattern, [&](Operation *op) -> Value {
      auto inOrder = dyn_cast<ir::InOrderOp>(op);
      return inOrder ? inside(inOrder) : Value();
    });
  }

private:
  /// Orders of queries and of keys.
  struct Orders {
    ir::OrderOp queries, keys;
  };

  Value inside(ir::InOrderOp op) {
    Orders orders = {op.getQueryOrder().getDefiningOp<ir::OrderOp>(),
                     op.getKeyOrder().getDefiningOp<ir::OrderOp>()};
    Value pattern =
        rebuildPattern(builder, op.getPattern(), [&](Operation *node) {
          if (auto keys = dyn_cast<ir::KeysOp>(node))
            return patternOf(keys, orders.keys);
          if (auto queries = dyn_cast<ir::QueriesOp>(node))
            return patternOf(queries, orders.queries);
          return isa<ir::ComprehensionOp, ir::OnGridOp>(node)
                     ? withMembers(node, orders)
                     : Value();
        });
    if (pattern == op.getPattern())
      return {};
    return ir::InOrderOp::create(builder, op.getLoc(), op.getQueryOrder(),
                                 op.getKeyOrder(), pattern);
  }

  /// Not made of ranks yet, or for an order inside of this one.
  template <typename Op> bool holdsRanks(Op op) const {
    return !op.getTokens() || made.contains(op);
  }

  Value tokensOf(Location location, TypedValue<ir::IndexSetType> set,
                 ir::OrderOp order) {
    TypedValue<ir::TensorType> tokens = order.getTokens();
    bool setByBatch = ir::leadsByBatch(set.getType().getShape(), rows);
    ir::IndexSetType type = ir::SetTokensOp::typeOf(
        set.getType(), tokens.getType(), setByBatch, order.getByBatch());
    return ir::SetTokensOp::create(builder, location, type, set, tokens,
                                   setByBatch, order.getByBatch());
  }

  template <typename Op> Value patternOf(Op op, ir::OrderOp order) {
    if (!holdsRanks(op))
      return {};
    Value set = tokensOf(op.getLoc(), op.getSet(), order);
    auto result = Op::create(builder, op.getLoc(), set, /*tokens=*/true);
    made.insert(result);
    return result;
  }

  /// A copy of a predicate that asks for membership.
  Value withMembers(Operation *predicate, const Orders &orders) {
    bool asks = false;
    predicate->walk([&](Operation *op) {
      if (auto key = dyn_cast<ir::KeyInSetOp>(op))
        asks |= holdsRanks(key);
      if (auto query = dyn_cast<ir::QueryInSetOp>(op))
        asks |= holdsRanks(query);
    });
    if (!asks)
      return {};
    // All of one predicate have been done, or none.
    Operation *copy = builder.clone(*predicate);
    auto change = [&](auto op, ir::OrderOp order) {
      op.getSetMutable().assign(tokensOf(op.getLoc(), op.getSet(), order));
      op.setTokens(true);
      made.insert(op);
    };
    builder.setInsertionPoint(copy);
    copy->walk([&](Operation *op) {
      if (auto key = dyn_cast<ir::KeyInSetOp>(op))
        change(key, orders.keys);
      else if (auto query = dyn_cast<ir::QueryInSetOp>(op))
        change(query, orders.queries);
    });
    builder.setInsertionPointAfter(copy);
    return copy->getResult(0);
  }

  OpBuilder &builder;
  ir::TensorType rows;
  llvm::DenseSet<Operation *> made; ///< memberships, by this pass
};

} // namespace

Value withTokenSets(OpBuilder &builder, Value pattern, ir::TensorType rows) {
  return TokenSets(builder, rows).whole(pattern);
}

} // namespace effattn
