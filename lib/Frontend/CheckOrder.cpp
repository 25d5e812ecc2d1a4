//===- CheckOrder.cpp - patterns in an order of the tokens ----------------===//

#include "lib/Frontend/Checker.h"

#include <fmt/format.h>

#include <algorithm>

namespace effattn::checking {

effattn::Order Checker::tableOrder(OrderKind kind, const Value &table) {
  effattn::Order order{kind};
  order.table = tableNumber(table);
  order.tableRank = kernel.values[order.table].types[0].rank();
  return order;
}

/// sort(t), block_raster(Y, X, y, x), column_major(Y, X)
Value Checker::orderCall(const ast::Expr &expr) {
  const std::string &name = expr.name.text;
  Value result;
  result.kind = Value::Order;
  if (context.where != Where::Body) {
    error(expr.range,
          fmt::format("expected '{}' as an order, in in_order(p, P)", name));
    return {};
  }
  std::vector<const ast::Expr *> arguments;
  if (name == "sort") {
    if (!matchArguments(expr, {"table"}, 1, "sort(table)", arguments))
      return {};
    Restore restore(context);
    context.keptAxes = 1;
    Value table = evaluate(*arguments[0]);
    if (table.isPoison())
      return {};
    if (!table.isTensor() || typeOf(table).rank() < 1 ||
        typeOf(table).rank() > 3) {
      error(arguments[0]->range,
            fmt::format("expected a table with a value a token for sort, but "
                        "got {}",
                        describe(table)));
      return {};
    }
    result.order = tableOrder(OrderKind::Sort, table);
    return result;
  }
  bool isRaster = name == "block_raster";
  std::vector<std::string_view> parameters = {"Y", "X"};
  if (isRaster)
    parameters = {"Y", "X", "y", "x"};
  if (!matchArguments(expr, parameters, parameters.size(),
                      isRaster ? "block_raster(Y, X, y, x)"
                               : "column_major(Y, X)",
                      arguments))
    return {};
  result.order.kind =
      isRaster ? OrderKind::BlockRaster : OrderKind::ColumnMajor;
  for (size_t k = 0; k < arguments.size(); ++k) {
    // The sides of a block divide, so they are constants.
    Value side =
        k < 2 ? gridExtent(*arguments[k])
              : patternScalar(*arguments[k], "a side of a block", 1, true);
    if (side.isPoison())
      return {};
    result.order.scalars.push_back(side.scalar);
  }
  return result;
}

/// An order, or a tensor that holds a permutation.
std::optional<effattn::Order> Checker::evaluateOrder(const ast::Expr &expr) {
  Restore restore(context);
  context.keptAxes = 1;
  Value value = evaluate(expr);
  if (value.isPoison())
    return std::nullopt;
  if (value.kind == Value::Order)
    return value.order;
  if (value.isTensor() && typeOf(value).element == ElementType::I32 &&
      typeOf(value).rank() >= 1 && typeOf(value).rank() <= 3)
    return tableOrder(OrderKind::Given, value);
  error(expr.range,
        fmt::format("expected sort(...), block_raster(...), column_major(...) "
                    "or an i32 permutation of the tokens, but got {}",
                    describe(value)));
  return std::nullopt;
}

/// in_order(p, P), in_order(pq, pk, P)
Value Checker::inOrder(const ast::Expr &expr) {
  size_t count = expr.operands.size();
  for (const ast::Identifier &name : expr.names)
    if (!name.empty()) {
      error(name.range,
            fmt::format("'in_order' takes no option '{}'", name.text));
      return {};
    }
  if (count != 2 && count != 3) {
    error(expr.range, fmt::format("expected in_order(p, P) or in_order(pq, pk, "
                                  "P), but got {} argument{}",
                                  count, count == 1 ? "" : "s"));
    return {};
  }
  auto pattern = std::make_shared<Pattern>(PatternKind::InOrder);
  bool ok = true;
  for (size_t k = 0; k + 1 < count; ++k) {
    if (auto order = evaluateOrder(expr.operand(k)))
      pattern->orders.push_back(*order);
    else
      ok = false;
  }
  const ast::Expr &body = expr.operand(count - 1);
  Value inner = expectPattern(evaluate(body), body.range, "'in_order'");
  if (!ok || inner.isPoison())
    return {};
  pattern->children = {inner.pattern};
  return makePatternValue(std::move(pattern), {&inner}, expr.range);
}

} // namespace effattn::checking
