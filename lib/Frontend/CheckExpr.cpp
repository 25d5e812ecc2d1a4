//===- CheckExpr.cpp - the evaluator of expressions -----------------------===//

#include "lib/Frontend/Checker.h"

#include <fmt/format.h>

#include <algorithm>

namespace effattn::checking {

using ast::ExprKind;
using ast::Op;

Value Checker::evaluate(const ast::Expr &expr) {
  if (diagnostics.limitReached())
    return {};
  if (depth >= kMaxDepth) {
    error(expr.range, fmt::format("expected at most {} expressions inside each "
                                  "other, definitions written out",
                                  kMaxDepth));
    return {};
  }
  if (!frames.empty() || rounds > 0)
    if (++inlined > kMaxInlined) {
      error(frames.empty() || frames.front().use.begin < 0 ? expr.range
                                                           : frames.front().use,
            "the program is too large once its definitions and rounds are "
            "written out");
      return {};
    }
  ++depth;
  Value value = evaluateKind(expr);
  --depth;
  return value;
}

Value Checker::evaluateIn(const ast::Expr &expr, Where where, bool hasSizes) {
  Restore restore(context);
  context.where = where;
  context.hasSizes = hasSizes;
  return evaluate(expr);
}

Value Checker::evaluateKind(const ast::Expr &expr) {
  switch (expr.kind) {
  case ExprKind::Integer:
    return makeScalar(constantInt(expr.integer));
  case ExprKind::Float:
    if (context.where == Where::Dimension) {
      error(expr.range, fmt::format("expected an integer here, but got {}",
                                    ast::toString(expr)));
      return {};
    }
    return makeScalar(constantFloat(expr.real));
  case ExprKind::Bool:
    return makeScalar(constantBool(expr.integer != 0));
  case ExprKind::Name:
    return evaluateName(expr);
  case ExprKind::Unary:
    return evaluateUnary(expr);
  case ExprKind::Binary:
    return evaluateBinary(expr);
  case ExprKind::Compare:
    return evaluateCompare(expr);
  case ExprKind::If:
    return evaluateIf(expr);
  case ExprKind::Let:
    return evaluateLet(expr);
  case ExprKind::Exists:
    return evaluateExists(expr);
  case ExprKind::Index:
    return evaluateIndex(expr);
  case ExprKind::Member:
    return evaluateMember(expr);
  case ExprKind::Call:
    return evaluateCall(expr);
  case ExprKind::Lambda:
    error(expr.range, "expected a value, but got a function; functions are "
                      "values of score and logits only");
    return {};
  case ExprKind::Comprehension:
    return evaluateComprehension(expr);
  case ExprKind::OnGrid:
    return evaluateGrid(expr);
  case ExprKind::Heads:
    return evaluateHeads(expr);
  case ExprKind::Rows:
    return evaluateRows(expr);
  case ExprKind::Merge:
  case ExprKind::Average:
    return evaluateRounds(expr);
  }
  return {};
}

Value Checker::evaluateName(const ast::Expr &expr) {
  const std::string &name = expr.name.text;
  if (name.empty())
    return {};
  if (context.hasSizes && (name == "N" || name == "M"))
    return makeScalar(variable(name));
  if (const Binding *found = lookUp(name)) {
    if (!checkAffine(found->value, expr.range))
      return {};
    return found->value;
  }
  if (auto found = definitions.find(name); found != definitions.end())
    return inlineDefinition(*found->second, nullptr, expr.range);
  if (name == "all" || name == "none" || name == "causal") {
    auto pattern =
        std::make_shared<Pattern>(name == "all"    ? PatternKind::All
                                  : name == "none" ? PatternKind::None
                                                   : PatternKind::Causal);
    return makePatternValue(std::move(pattern), {}, expr.range);
  }
  bool isDimension = dimensionRanges.count(name) && frames.empty();
  if (context.where == Where::Dimension ||
      (isDimension && context.where != Where::Constant))
    return makeScalar(dimension(name));
  if (name == "b" || name == "h" || name == "i" || name == "j") {
    error(expr.range,
          fmt::format("'{0}' has no value here: expected '{0}' among the "
                      "parameters of a comprehension or a score around it",
                      name));
    return {};
  }
  if (isBuiltinName(name)) {
    error(expr.range, fmt::format("expected arguments after '{}'", name));
    return {};
  }
  if (dimensionRanges.count(name)) {
    error(
        expr.range,
        frames.empty()
            ? fmt::format("expected a constant, but '{}' is a dimension, known "
                          "at launch only",
                          name)
            : fmt::format("a definition does not see the dimension '{}' of "
                          "the kernel; give it as an argument",
                          name));
    return {};
  }
  std::vector<std::string> candidates = visibleNames();
  candidates.insert(candidates.end(), {"all", "none", "causal"});
  error(expr.range,
        fmt::format("unknown name '{}'{}", name, didYouMean(name, candidates)));
  return {};
}

Value Checker::evaluateUnary(const ast::Expr &expr) {
  Value operand = evaluate(expr.operand(0));
  if (operand.isPoison())
    return {};
  switch (expr.op) {
  case Op::Neg:
    if (operand.isScalar())
      return negate(operand, expr);
    if (operand.isTensor())
      return applyStep(*findStep("neg"), {operand}, expr.range,
                       {expr.operand(0).range});
    error(expr.opRange, fmt::format("expected a number or a tensor after '-', "
                                    "but got {}",
                                    describe(operand)));
    return {};
  case Op::Complement: {
    if (!operand.isPattern()) {
      error(expr.opRange,
            fmt::format("expected a pattern after '!', but got {}{}",
                        describe(operand),
                        operand.isScalar() ? "; write 'not'" : ""));
      return {};
    }
    auto pattern = std::make_shared<Pattern>(PatternKind::Complement);
    pattern->children = {operand.pattern};
    return makePatternValue(std::move(pattern), {&operand}, expr.range);
  }
  default: {
    if (operand.isPattern()) {
      error(expr.operand(0).range, "expected a condition for 'not', but got a "
                                   "pattern; write '!'");
      return {};
    }
    Value condition =
        expectScalar(operand, ScalarType::Bool, expr.operand(0).range, "'not'");
    if (condition.isPoison())
      return {};
    return makeScalar(logicalNot(condition.scalar), {&condition}, expr.range);
  }
  }
}

namespace {

std::optional<ScalarKind> arithmeticKind(Op op) {
  switch (op) {
  case Op::Add:
    return ScalarKind::Add;
  case Op::Sub:
    return ScalarKind::Sub;
  case Op::Mul:
    return ScalarKind::Mul;
  case Op::Slash:
    return ScalarKind::Div;
  case Op::Div:
    return ScalarKind::FloorDiv;
  case Op::Mod:
    return ScalarKind::Mod;
  default:
    return std::nullopt;
  }
}

const char *stepName(Op op) {
  switch (op) {
  case Op::Add:
    return "add";
  case Op::Sub:
    return "sub";
  case Op::Mul:
    return "mul";
  case Op::Slash:
    return "div";
  default:
    return nullptr;
  }
}

} // namespace

Value Checker::evaluateBinary(const ast::Expr &expr) {
  if (expr.op == Op::In)
    return membership(expr);
  Value left = evaluate(expr.operand(0));
  Value right = evaluate(expr.operand(1));
  if (left.isPoison() || right.isPoison())
    return {};
  if (expr.op == Op::And || expr.op == Op::Or)
    return logical(expr.op == Op::And ? ScalarKind::And : ScalarKind::Or, left,
                   right, expr);
  if (expr.op == Op::Union || expr.op == Op::Intersection)
    return combine(expr.op == Op::Union ? PatternKind::Union
                                        : PatternKind::Intersection,
                   left, right, expr);
  if (expr.op == Op::Sub && (left.isPattern() || right.isPattern()))
    return combine(PatternKind::Difference, left, right, expr);
  if (left.isScalar() && right.isScalar())
    return expr.op == Op::Slash ? divide(expr, left, right)
                                : arithmetic(*arithmeticKind(expr.op), left,
                                             right, expr, expr.opRange);
  bool isElementwise = (left.isTensor() || left.isScalar()) &&
                       (right.isTensor() || right.isScalar());
  const char *step = stepName(expr.op);
  if (isElementwise && step && context.where == Where::Body)
    return applyStep(*findStep(step), {left, right}, expr.range,
                     {expr.operand(0).range, expr.operand(1).range});
  bool isTable = isElementwise && context.where != Where::Body;
  bool isUnion = expr.op == Op::Add && left.isPattern() && right.isPattern();
  error(expr.opRange,
        fmt::format("expected {} on both sides of '{}', but got {} and {}{}",
                    step && !isTable ? "numbers or tensors" : "numbers",
                    ast::spelling(expr.op), describe(left), describe(right),
                    isTable   ? "; index the tensor"
                    : isUnion ? "; the union of patterns is '|'"
                              : ""));
  return {};
}

Value Checker::evaluateIf(const ast::Expr &expr) {
  Value condition =
      expectScalar(evaluate(expr.operand(0)), ScalarType::Bool,
                   expr.operand(0).range, "the condition of 'if'");
  // Patterns and tensors: a constant chooses, and what is not chosen leaves
  // nothing behind.
  bool isConstant = !condition.isPoison() && condition.scalar->isConstant();
  bool takesElse = isConstant && !condition.scalar->integer;
  size_t before = kernel.values.size(), conditions = kernel.requires_.size();
  Value then = evaluate(expr.operand(1));
  if (takesElse && (then.isTensor() || then.isPattern())) {
    dropValues(before);
    kernel.requires_.resize(conditions);
  }
  before = kernel.values.size();
  conditions = kernel.requires_.size();
  Value otherwise = evaluate(expr.operand(2));
  if (isConstant && !takesElse &&
      (otherwise.isTensor() || otherwise.isPattern())) {
    dropValues(before);
    kernel.requires_.resize(conditions);
  }
  if (condition.isPoison() || then.isPoison() || otherwise.isPoison())
    return {};
  if (!then.isScalar() || !otherwise.isScalar()) {
    if (then.kind != otherwise.kind) {
      error(expr.operand(2).range,
            fmt::format("expected {} after 'else', as after 'then', but got {}",
                        describe(then), describe(otherwise)));
      return {};
    }
    if (isConstant)
      return takesElse ? otherwise : then;
    error(expr.operand(0).range,
          fmt::format("expected a constant condition to choose between {} and "
                      "{}",
                      describe(then), describe(otherwise)));
    return {};
  }
  if (!unify(then, otherwise)) {
    error(expr.operand(2).range,
          fmt::format("expected {} after 'else', as after 'then', but got {}",
                      describe(then), describe(otherwise)));
    return {};
  }
  if (then.scalar->type == ScalarType::Bool) {
    // As a formula, which analysis reads: (c and a) or (not c and b).
    ScalarRef chosen =
        logicalOr(logicalAnd(condition.scalar, then.scalar),
                  logicalAnd(logicalNot(condition.scalar), otherwise.scalar));
    return makeScalar(std::move(chosen),
                      {&condition, &condition, &then, &otherwise}, expr.range);
  }
  return makeScalar(select(condition.scalar, then.scalar, otherwise.scalar),
                    {&condition, &then, &otherwise}, expr.range);
}

Value Checker::evaluateLet(const ast::Expr &expr) {
  // Later values see earlier names.
  std::vector<std::unique_ptr<Scope>> scopes;
  Restore restore(context);
  for (size_t k = 0; k < expr.names.size(); ++k) {
    Value value = evaluate(expr.operand(k));
    scopes.push_back(std::make_unique<Scope>());
    scopes.back()->parent = context.scope;
    declare(*scopes.back(), expr.names[k], std::move(value), "a let");
    context.scope = scopes.back().get();
  }
  return evaluate(expr.operand(expr.names.size()));
}

Value Checker::evaluateMember(const ast::Expr &expr) {
  const ast::Expr &index = expr.operand(0);
  const std::string &axis = expr.name.text;
  if (index.kind == ExprKind::Name && index.name.text.empty())
    return {};
  bool isIndex = index.kind == ExprKind::Name &&
                 (index.name.text == "i" || index.name.text == "j");
  if (!isIndex) {
    error(index.range, fmt::format("expected i or j before '.{}', but got {}",
                                   axis, ast::toString(index)));
    return {};
  }
  if (evaluate(index).isPoison())
    return {};
  if (context.gridAxes == 0) {
    error(expr.range, fmt::format("expected '{}.{}' inside 'on grid(...)' only",
                                  index.name.text, axis));
    return {};
  }
  bool isAxis =
      axis == "x" || axis == "y" || (axis == "z" && context.gridAxes == 3);
  if (!isAxis) {
    error(expr.name.range,
          fmt::format("expected {} on a grid of {} axes, but got '{}'",
                      context.gridAxes == 3 ? "x, y or z" : "x or y",
                      context.gridAxes, axis));
    return {};
  }
  return makeScalar(variable(index.name.text + "." + axis));
}

} // namespace effattn::checking
