//===- CheckScalar.cpp - arithmetic, comparisons and conditions -----------===//
//
// Integers are exact: a constant that leaves 64 bits is an error. In a pattern
// every operation keeps the condition affine, so that it can be analysed.
//
//===----------------------------------------------------------------------===//

#include "lib/Frontend/Checker.h"

#include <fmt/format.h>

namespace effattn::checking {

Value Checker::makeScalar(ScalarRef scalar) const {
  Value value;
  value.kind = Value::Scalar;
  value.scalar = std::move(scalar);
  return value;
}

bool Checker::checkGrowth(Value &value,
                          std::initializer_list<const Value *> parts,
                          ast::SourceRange range) {
  value.size = 1;
  value.height = 1;
  for (const Value *part : parts) {
    value.size += part->size;
    value.height = std::max(value.height, part->height + 1);
  }
  if (value.size <= kMaxTreeSize && value.height <= kMaxTreeHeight)
    return true;
  error(range, fmt::format("the expression is too large once every name in it "
                           "is written out: expected at most {} operations, "
                           "{} of them inside each other",
                           kMaxTreeSize, kMaxTreeHeight));
  return false;
}

Value Checker::makeScalar(ScalarRef scalar,
                          std::initializer_list<const Value *> parts,
                          ast::SourceRange range) {
  Value value = makeScalar(std::move(scalar));
  if (value.scalar->operands.empty())
    return value;
  return checkGrowth(value, parts, range) ? value : Value();
}

Value Checker::toFloat(const Value &value) const {
  if (value.scalar->type == ScalarType::Float)
    return value;
  Value result = value;
  result.scalar = unary(ScalarKind::ToFloat, value.scalar);
  return result;
}

Value Checker::toInteger(const Value &value) const {
  if (value.scalar->type != ScalarType::Bool)
    return value;
  Value result = value;
  result.scalar = select(value.scalar, constantInt(1), constantInt(0));
  return result;
}

/// Brings two numbers to one type: an integer beside a float becomes one.
bool Checker::unify(Value &left, Value &right) const {
  if (left.scalar->type == right.scalar->type)
    return true;
  if (left.scalar->type == ScalarType::Bool ||
      right.scalar->type == ScalarType::Bool)
    return false;
  left = toFloat(left);
  right = toFloat(right);
  return true;
}

Value Checker::expectScalar(const Value &value, ScalarType type,
                            ast::SourceRange range, std::string_view what) {
  if (value.isPoison())
    return {};
  if (value.isScalar()) {
    if (value.scalar->type == type)
      return value;
    if (type == ScalarType::Float && value.scalar->type == ScalarType::Int)
      return toFloat(value);
  }
  const char *wanted = type == ScalarType::Bool  ? "a condition"
                       : type == ScalarType::Int ? "an integer"
                                                 : "a number";
  error(range, fmt::format("expected {} for {}, but got {}", wanted, what,
                           describe(value)));
  return {};
}

std::optional<int64_t> Checker::constantInteger(const ast::Expr &expr,
                                                std::string_view what) {
  Value value = expectScalar(evaluate(expr), ScalarType::Int, expr.range, what);
  if (value.isPoison())
    return std::nullopt;
  if (!value.scalar->isConstant()) {
    error(expr.range, fmt::format("expected a constant for {}, but got {}",
                                  what, toString(value.scalar)));
    return std::nullopt;
  }
  return value.scalar->integer;
}

namespace {

bool isOperation(ScalarKind kind, ScalarKind a, ScalarKind b) {
  return kind == a || kind == b;
}

const char *refuseProduct =
    "a product of two values that are not constant cannot be analysed in a "
    "pattern: expected a constant factor";

constexpr const char *refuseRounding =
    "'{}' of floats rounds, and pairs must not depend on that: expected "
    "comparisons of table values, arguments, constants and integers in a "
    "pattern; '-x', abs, min, max, clamp and if do not round";

} // namespace

Value Checker::arithmetic(ScalarKind kind, const Value &leftIn,
                          const Value &rightIn, const ast::Expr &expr,
                          ast::SourceRange opRange) {
  Value left = leftIn, right = rightIn;
  const char *sign = ast::spelling(expr.op);
  for (const Value *side : {&left, &right})
    if (side->scalar->type == ScalarType::Bool) {
      error(opRange, fmt::format("expected numbers on both sides of '{}', but "
                                 "got {} and {}",
                                 sign, describe(left), describe(right)));
      return {};
    }
  if (isOperation(kind, ScalarKind::FloorDiv, ScalarKind::Mod)) {
    if (left.scalar->type != ScalarType::Int ||
        right.scalar->type != ScalarType::Int) {
      error(opRange, fmt::format("expected integers on both sides of '{}', but "
                                 "got {} and {}",
                                 sign, describe(left), describe(right)));
      return {};
    }
    if (!right.scalar->isConstant() || right.scalar->integer <= 0) {
      error(expr.operand(1).range,
            fmt::format("expected a positive constant after '{}', but got {}",
                        sign, toString(right.scalar)));
      return {};
    }
  }
  if (context.where == Where::Pattern && kind == ScalarKind::Mul &&
      !left.scalar->isConstant() && !right.scalar->isConstant()) {
    error(opRange, refuseProduct);
    return {};
  }
  unify(left, right);
  if (context.where == Where::Pattern &&
      left.scalar->type == ScalarType::Float) {
    error(opRange, fmt::format(refuseRounding, sign));
    return {};
  }
  ScalarRef result = binary(kind, left.scalar, right.scalar);
  if (left.scalar->isConstant() && right.scalar->isConstant() &&
      !result->isConstant() && left.scalar->type == ScalarType::Int) {
    error(expr.range,
          fmt::format("{} {} {} does not fit 64 bits", left.scalar->integer,
                      sign, right.scalar->integer));
    return {};
  }
  return makeScalar(std::move(result), {&left, &right}, expr.range);
}

/// a / b is a quotient of floats.
Value Checker::divide(const ast::Expr &expr, const Value &left,
                      const Value &right) {
  if (context.where == Where::Pattern || context.where == Where::Dimension) {
    error(expr.opRange,
          context.where == Where::Pattern
              ? "expected integer arithmetic in a pattern, but '/' gives a "
                "float; write 'div' for the quotient rounded down"
              : "expected a whole number of elements, but '/' gives a float; "
                "write 'div' or ceil(a / b)");
    return {};
  }
  Value numerator = expectScalar(left, ScalarType::Float, expr.operand(0).range,
                                 "the numerator");
  Value denominator = expectScalar(right, ScalarType::Float,
                                   expr.operand(1).range, "the denominator");
  if (numerator.isPoison() || denominator.isPoison())
    return {};
  if (denominator.scalar->isConstant() && denominator.scalar->real == 0) {
    error(expr.operand(1).range, "the denominator is 0");
    return {};
  }
  return makeScalar(
      binary(ScalarKind::Div, numerator.scalar, denominator.scalar),
      {&numerator, &denominator}, expr.range);
}

Value Checker::negate(const Value &operand, const ast::Expr &expr) {
  if (operand.scalar->type == ScalarType::Bool) {
    error(expr.opRange, "expected a number after '-', but got a condition; "
                        "write 'not'");
    return {};
  }
  return makeScalar(unary(ScalarKind::Neg, operand.scalar), {&operand},
                    expr.range);
}

Value Checker::logical(ScalarKind kind, const Value &left, const Value &right,
                       const ast::Expr &expr) {
  const char *word = kind == ScalarKind::And ? "and" : "or";
  if (left.isPattern() || right.isPattern()) {
    error(expr.opRange,
          fmt::format("expected conditions on both sides of '{}', but got {} "
                      "and {}; patterns are joined by '{}'",
                      word, describe(left), describe(right),
                      kind == ScalarKind::And ? "&" : "|"));
    return {};
  }
  std::string what = fmt::format("a side of '{}'", word);
  Value a = expectScalar(left, ScalarType::Bool, expr.operand(0).range, what);
  Value b = expectScalar(right, ScalarType::Bool, expr.operand(1).range, what);
  if (a.isPoison() || b.isPoison())
    return {};
  return makeScalar(binary(kind, a.scalar, b.scalar), {&a, &b}, expr.range);
}

Value Checker::compare(ast::Op op, const Value &leftIn, const Value &rightIn,
                       const ast::Expr &expr, ast::SourceRange opRange) {
  Value left = leftIn, right = rightIn;
  bool isEquality = op == ast::Op::Equal || op == ast::Op::NotEqual;
  bool isScalar = left.isScalar() && right.isScalar();
  if (isScalar && isEquality && left.scalar->type == ScalarType::Bool &&
      right.scalar->type == ScalarType::Bool) {
    left = toInteger(left);
    right = toInteger(right);
  }
  if (!isScalar || left.scalar->type == ScalarType::Bool ||
      right.scalar->type == ScalarType::Bool || !unify(left, right)) {
    error(opRange,
          fmt::format("expected two numbers around '{}', but got {} and {}{}",
                      ast::spelling(op), describe(leftIn), describe(rightIn),
                      left.isTensor() || right.isTensor() ? "; index the tensor"
                                                          : ""));
    return {};
  }
  if (op == ast::Op::Greater || op == ast::Op::GreaterEqual)
    std::swap(left, right);
  ScalarKind kind = ScalarKind::Equal;
  if (op == ast::Op::Less || op == ast::Op::Greater)
    kind = ScalarKind::Less;
  else if (op == ast::Op::LessEqual || op == ast::Op::GreaterEqual)
    kind = ScalarKind::LessEqual;
  else if (op == ast::Op::NotEqual)
    kind = ScalarKind::NotEqual;
  return makeScalar(binary(kind, left.scalar, right.scalar), {&left, &right},
                    expr.range);
}

/// a < b <= c is a < b and b <= c.
Value Checker::evaluateCompare(const ast::Expr &expr) {
  std::vector<Value> values;
  bool isPoison = false;
  for (const ast::ExprPtr &operand : expr.operands) {
    values.push_back(evaluate(*operand));
    isPoison |= values.back().isPoison();
  }
  if (isPoison)
    return {};
  Value result = makeScalar(constantBool(true));
  for (size_t k = 0; k < expr.ops.size(); ++k) {
    Value link =
        compare(expr.ops[k], values[k], values[k + 1], expr, expr.opRanges[k]);
    if (link.isPoison())
      return {};
    if (k == 0)
      result = link;
    else
      result = makeScalar(binary(ScalarKind::And, result.scalar, link.scalar),
                          {&result, &link}, expr.range);
    if (result.isPoison())
      return {};
  }
  return result;
}

Value Checker::evaluateExists(const ast::Expr &expr) {
  if (context.where != Where::Pattern) {
    error(expr.range, "expected 'exists' inside a pattern only");
    return {};
  }
  std::optional<int64_t> low =
      constantInteger(expr.operand(0), "the lower end of 'exists'");
  std::optional<int64_t> high =
      constantInteger(expr.operand(1), "the upper end of 'exists'");
  std::string unique = fmt::format("{}${}", expr.name.text, bound++);
  Scope scope{{}, context.scope};
  declare(scope, expr.name, makeScalar(variable(unique)),
          "a variable of 'exists'");
  Restore restore(context);
  context.scope = &scope;
  context.insideExists = true;
  Value body = expectScalar(evaluate(expr.operand(2)), ScalarType::Bool,
                            expr.operand(2).range, "the body of 'exists'");
  if (body.isPoison() || !low || !high)
    return {};
  if (contains(body.scalar, [](const Scalar &node) {
        return node.kind == ScalarKind::Lookup;
      })) {
    error(expr.operand(2).range, "expected no look-up inside 'exists'");
    return {};
  }
  if (*low >= *high)
    return makeScalar(constantBool(false));
  return makeScalar(
      exists(unique, constantInt(*low), constantInt(*high), body.scalar),
      {&body}, expr.range);
}

/// `j in S`, `i in S`
Value Checker::membership(const ast::Expr &expr) {
  Value index = evaluate(expr.operand(0));
  Value set = evaluate(expr.operand(1));
  if (index.isPoison() || set.isPoison())
    return {};
  if (context.where != Where::Pattern) {
    error(expr.opRange, "expected 'in' inside a pattern only");
    return {};
  }
  if (set.kind != Value::Set) {
    error(expr.operand(1).range,
          fmt::format("expected an index set after 'in', but got {}",
                      describe(set)));
    return {};
  }
  bool isVariable =
      index.isScalar() && index.scalar->kind == ScalarKind::Variable;
  if (isVariable && index.scalar->name == "i")
    return makeScalar(queryInSet(set.number));
  if (isVariable && index.scalar->name == "j")
    return makeScalar(keyInSet(set.number));
  error(
      expr.operand(0).range,
      fmt::format("expected i or j before 'in', but got {}",
                  index.isScalar() ? toString(index.scalar) : describe(index)));
  return {};
}

bool Checker::checkAffine(const Value &value, ast::SourceRange range) {
  if (context.where != Where::Pattern || !value.isScalar())
    return true;
  bool hasProduct = contains(value.scalar, [](const Scalar &node) {
    return node.kind == ScalarKind::Mul && !node.operands[0]->isConstant() &&
           !node.operands[1]->isConstant();
  });
  if (hasProduct)
    error(range, refuseProduct);
  return !hasProduct;
}

} // namespace effattn::checking
