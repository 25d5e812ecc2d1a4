//===- CheckFunction.cpp - functions of numbers ---------------------------===//
//
// abs, min, max, clamp and ceil of integers or floats; exp, log, sqrt and tanh
// of floats.
//
//===----------------------------------------------------------------------===//

#include "lib/Frontend/Checker.h"

#include <fmt/format.h>

namespace effattn::checking {

namespace {

std::optional<ScalarKind> floatKind(std::string_view name) {
  if (name == "exp")
    return ScalarKind::Exp;
  if (name == "log")
    return ScalarKind::Log;
  if (name == "tanh")
    return ScalarKind::Tanh;
  if (name == "sqrt")
    return ScalarKind::Sqrt;
  return std::nullopt;
}

} // namespace

Value Checker::floatFunction(ScalarKind kind, const Value &operand,
                             const ast::Expr &expr) {
  if (context.where == Where::Pattern || context.where == Where::Dimension) {
    error(
        expr.range,
        fmt::format("expected integer arithmetic here, but '{}' gives a float",
                    expr.name.text));
    return {};
  }
  Value number = expectScalar(operand, ScalarType::Float, expr.operand(0).range,
                              fmt::format("'{}'", expr.name.text));
  if (number.isPoison())
    return {};
  if (number.scalar->isConstant() &&
      ((kind == ScalarKind::Sqrt && number.scalar->real < 0) ||
       (kind == ScalarKind::Log && number.scalar->real <= 0))) {
    error(expr.operand(0).range,
          fmt::format("expected a {} number for '{}', but got {}",
                      kind == ScalarKind::Log ? "positive" : "non-negative",
                      expr.name.text, toString(number.scalar)));
    return {};
  }
  return makeScalar(unary(kind, number.scalar), {&number}, expr.range);
}

/// The arguments are scalars.
Value Checker::scalarFunction(const ast::Expr &expr,
                              std::vector<Value> arguments) {
  const std::string &name = expr.name.text;
  size_t count = arguments.size();
  std::optional<ScalarKind> ofFloat = floatKind(name);
  bool isExtreme = name == "min" || name == "max";
  size_t wanted = name == "clamp" ? 3 : isExtreme ? 2 : 1;
  if (count < wanted || (count > wanted && !isExtreme)) {
    error(expr.range,
          fmt::format("expected {}{} argument{} for '{}', but got {}", wanted,
                      isExtreme ? " or more" : "",
                      wanted == 1 && !isExtreme ? "" : "s", name, count));
    return {};
  }
  if (ofFloat)
    return floatFunction(*ofFloat, arguments[0], expr);
  bool isFloat = false;
  for (size_t k = 0; k < count; ++k) {
    if (arguments[k].scalar->type == ScalarType::Bool) {
      error(
          expr.operand(k).range,
          fmt::format("expected a number for '{}', but got a condition", name));
      return {};
    }
    isFloat |= arguments[k].scalar->type == ScalarType::Float;
  }
  if (isFloat)
    for (Value &argument : arguments)
      argument = toFloat(argument);
  if (name == "abs")
    return makeScalar(unary(ScalarKind::Abs, arguments[0].scalar),
                      {&arguments[0]}, expr.range);
  if (name == "clamp") {
    const Value &x = arguments[0], &low = arguments[1], &high = arguments[2];
    if (low.scalar->isConstant() && high.scalar->isConstant() &&
        (isFloat ? low.scalar->real > high.scalar->real
                 : low.scalar->integer > high.scalar->integer)) {
      error(expr.operand(1).range,
            fmt::format("expected a lower bound of at most {}, but got {}",
                        toString(high.scalar), toString(low.scalar)));
      return {};
    }
    return makeScalar(binary(ScalarKind::Min,
                             binary(ScalarKind::Max, x.scalar, low.scalar),
                             high.scalar),
                      {&x, &low, &high}, expr.range);
  }
  ScalarKind kind = name == "min" ? ScalarKind::Min : ScalarKind::Max;
  Value result = arguments[0];
  for (size_t k = 1; k < count && !result.isPoison(); ++k)
    result = makeScalar(binary(kind, result.scalar, arguments[k].scalar),
                        {&result, &arguments[k]}, expr.range);
  return result;
}

/// ceil(a / b), of integers with a positive constant b
Value Checker::evaluateCeil(const ast::Expr &expr) {
  bool isQuotient = expr.operands.size() == 1 &&
                    expr.operand(0).kind == ast::ExprKind::Binary &&
                    expr.operand(0).op == ast::Op::Slash;
  if (!isQuotient) {
    error(expr.range, "expected ceil(a / b)");
    return {};
  }
  const ast::Expr &quotient = expr.operand(0);
  Value above = expectScalar(evaluate(quotient.operand(0)), ScalarType::Int,
                             quotient.operand(0).range, "ceil");
  Value below = expectScalar(evaluate(quotient.operand(1)), ScalarType::Int,
                             quotient.operand(1).range, "ceil");
  if (above.isPoison() || below.isPoison())
    return {};
  const ScalarRef &divisor = below.scalar;
  if (!divisor->isConstant() || divisor->integer <= 0) {
    error(quotient.operand(1).range,
          fmt::format("expected a positive constant after '/' in ceil, but got "
                      "{}",
                      toString(divisor)));
    return {};
  }
  if (context.where == Where::Dimension || above.scalar->isConstant()) {
    ScalarRef result = binary(ScalarKind::CeilDiv, above.scalar, divisor);
    return makeScalar(std::move(result), {&above, &below}, expr.range);
  }
  // Elsewhere the exact form -(-a div b), which every visitor knows.
  ScalarRef negated = unary(ScalarKind::Neg, above.scalar);
  return makeScalar(
      unary(ScalarKind::Neg, binary(ScalarKind::FloorDiv, negated, divisor)),
      {&above, &below}, expr.range);
}

} // namespace effattn::checking
