//===- CheckOption.cpp - the options of attend and linear_attend ----------===//

#include "lib/Frontend/Checker.h"

#include <fmt/format.h>

#include <algorithm>

namespace effattn::checking {

namespace {

/// Number of leading arguments without a name.
size_t positionalCount(const ast::Expr &expr) {
  size_t count = 0;
  while (count < expr.operands.size() && expr.names[count].empty())
    ++count;
  return count;
}

} // namespace

const ast::Expr *findOption(const ast::Expr &expr, std::string_view name) {
  for (size_t k = 0; k < expr.operands.size(); ++k)
    if (expr.names[k].text == name)
      return &expr.operand(k);
  return nullptr;
}

/// Refuses a wrong number of arguments and options that do not exist.
bool Checker::checkCall(const ast::Expr &expr, size_t wanted,
                        std::string_view spelling,
                        const std::vector<std::string> &allowed) {
  bool ok = true;
  for (size_t k = 0; k < expr.operands.size(); ++k) {
    const ast::Identifier &name = expr.names[k];
    if (name.empty())
      continue;
    if (std::find(allowed.begin(), allowed.end(), name.text) == allowed.end()) {
      error(name.range, fmt::format("'{}' has no option '{}'{}", expr.name.text,
                                    name.text, didYouMean(name.text, allowed)));
      ok = false;
    }
    for (size_t other = 0; other < k; ++other)
      if (expr.names[other].text == name.text) {
        error(name.range, fmt::format("option '{}' is given twice", name.text))
            .note(expr.names[other].range, "first here");
        ok = false;
        break;
      }
  }
  size_t count = positionalCount(expr);
  for (size_t k = count; k < expr.operands.size(); ++k)
    if (expr.names[k].empty()) {
      error(expr.operand(k).range,
            "expected options after the first option, but got an argument "
            "without a name");
      return false;
    }
  if (count != wanted) {
    error(expr.range, fmt::format("expected {}, with {} arguments before its "
                                  "options, but got {}",
                                  spelling, wanted, count));
    ok = false;
  }
  return ok;
}

bool Checker::attendOptions(const ast::Expr &expr, ProgramValue &value,
                            const AttendSizes &sizes) {
  bool ok = true;
  for (size_t k = 0; k < expr.operands.size(); ++k)
    if (!expr.names[k].empty())
      ok &= attendOption(expr.names[k], expr.operand(k), value, sizes);
  return ok;
}

bool Checker::attendOption(const ast::Identifier &name, const ast::Expr &expr,
                           ProgramValue &value, const AttendSizes &sizes) {
  if (name.text == "scale" || name.text == "q0") {
    bool isScale = name.text == "scale";
    // N and M are those of this attend.
    Scope scope{{}, context.scope};
    if (!isScale) {
      bool each = sizes.sequences != nullptr;
      scope.names["N"] = {makeScalar(each ? variable("N") : sizes.queries),
                          expr.range};
      scope.names["M"] = {makeScalar(each ? variable("M") : sizes.keys),
                          expr.range};
    }
    Restore restore(context);
    context.scope = &scope;
    Value scalar = expectScalar(evaluate(expr),
                                isScale ? ScalarType::Float : ScalarType::Int,
                                expr.range, fmt::format("'{}'", name.text));
    (isScale ? value.scale : value.q0) = scalar.scalar;
    return !scalar.isPoison() &&
           speaksOfSequences(scalar.scalar, sizes, expr.range);
  }
  if (name.text == "score" || name.text == "logits") {
    auto function = evaluateLambda(expr, name.text, sizes);
    if (function)
      (name.text == "score" ? value.score : value.logits) = *function;
    return function.has_value();
  }
  if (name.text == "select") {
    auto count = evaluateSelect(expr);
    value.selectTop = count.value_or(0);
    return count.has_value();
  }
  std::optional<bool> wants = constantBoolean(expr, "'lse'");
  value.wantsLse = wants.value_or(false);
  return wants.has_value();
}

std::optional<bool> Checker::constantBoolean(const ast::Expr &expr,
                                             std::string_view what) {
  Value value =
      expectScalar(evaluate(expr), ScalarType::Bool, expr.range, what);
  if (value.isPoison())
    return std::nullopt;
  if (!value.scalar->isConstant()) {
    error(expr.range, fmt::format("expected true or false for {}, but got {}",
                                  what, toString(value.scalar)));
    return std::nullopt;
  }
  return value.scalar->integer != 0;
}

/// top(n)
std::optional<int64_t> Checker::evaluateSelect(const ast::Expr &expr) {
  bool isTop = expr.kind == ast::ExprKind::Call && expr.name.text == "top" &&
               expr.operands.size() == 1 && expr.names[0].empty();
  if (!isTop) {
    error(expr.range, fmt::format("expected top(n) for 'select', but got {}",
                                  ast::toString(expr)));
    return std::nullopt;
  }
  const ast::Expr &number = expr.operand(0);
  auto count = constantInteger(number, "the number of keys in top(n)");
  if (count && *count < 1) {
    error(number.range,
          fmt::format("expected top(n) with n of at least 1, but got {}",
                      *count));
    return std::nullopt;
  }
  return count;
}

/// (s, i, j) => ..., a float
std::optional<ScalarRef> Checker::evaluateLambda(const ast::Expr &expr,
                                                 std::string_view option,
                                                 const AttendSizes &sizes) {
  bool isScore = option == "score";
  if (expr.kind != ast::ExprKind::Lambda) {
    error(expr.range,
          fmt::format("expected a function for '{}', as in {} => ..., but got "
                      "{}",
                      option, isScore ? "(s, i, j)" : "(i, j)",
                      ast::toString(expr)));
    return std::nullopt;
  }
  Scope scope{{}, context.scope};
  scope.names["scale"] = {makeScalar(variable("scale", ScalarType::Float)),
                          expr.range};
  scope.names["q0"] = {makeScalar(variable("q0")), expr.range};
  bool ok = declareBinders(expr.names, scope, isScore ? "sbhij" : "bhij");
  Restore restore(context);
  context.scope = &scope;
  context.where = Where::Score;
  context.hasSizes = true;
  Value body = evaluate(expr.operand(0));
  if (!ok)
    return std::nullopt;
  body = expectScalar(body, ScalarType::Float, expr.operand(0).range,
                      fmt::format("'{}'", option));
  if (body.isPoison())
    return std::nullopt;
  ScalarRef complete =
      completeLookups(body.scalar, sizes, expr.operand(0).range, ok);
  checkMagnitude(complete, expr.operand(0).range, ok);
  ok = ok && speaksOfSequences(complete, sizes, expr.operand(0).range);
  return ok ? std::optional(complete) : std::nullopt;
}

bool Checker::linearOptions(const ast::Expr &expr, ProgramValue &value) {
  double eps = 1e-6;
  bool normalize = true;
  if (const ast::Expr *option = findOption(expr, "state")) {
    error(option->range, "linear_attend has no signature with 'state' yet: "
                         "supported are 'eps' and 'normalize'");
    return false;
  }
  if (const ast::Expr *option = findOption(expr, "eps")) {
    Value number = expectScalar(evaluate(*option), ScalarType::Float,
                                option->range, "'eps'");
    if (number.isPoison())
      return false;
    if (!number.scalar->isConstant() || !(number.scalar->real >= 0)) {
      error(option->range, fmt::format("expected a constant of at least 0 for "
                                       "'eps', but got {}",
                                       toString(number.scalar)));
      return false;
    }
    eps = number.scalar->real;
  }
  if (const ast::Expr *option = findOption(expr, "normalize")) {
    auto wants = constantBoolean(*option, "'normalize'");
    if (!wants)
      return false;
    normalize = *wants;
  }
  value.reals = {eps};
  value.integers = {normalize};
  return true;
}

} // namespace effattn::checking
