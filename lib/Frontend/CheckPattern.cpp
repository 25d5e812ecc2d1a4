//===- CheckPattern.cpp - comprehensions, grids, heads and algebra --------===//

#include "lib/Frontend/Checker.h"

#include <fmt/format.h>

#include <algorithm>

namespace effattn::checking {

Value Checker::makePatternValue(std::shared_ptr<Pattern> pattern,
                                std::initializer_list<const Value *> parts,
                                ast::SourceRange range) {
  pattern->offset = range.begin;
  Value value;
  value.kind = Value::Pattern;
  value.pattern = std::move(pattern);
  return checkGrowth(value, parts, range) ? value : Value();
}

Value Checker::combine(PatternKind kind, const Value &left, const Value &right,
                       const ast::Expr &expr) {
  for (const Value *side : {&left, &right})
    if (!side->isPattern()) {
      const char *hint = "";
      if (left.isScalar() && right.isScalar() &&
          kind != PatternKind::Difference)
        hint = kind == PatternKind::Union ? "; write 'or'" : "; write 'and'";
      error(expr.opRange,
            fmt::format("expected patterns on both sides of '{}', but got {} "
                        "and {}{}",
                        ast::spelling(expr.op), describe(left), describe(right),
                        hint));
      return {};
    }
  auto pattern = std::make_shared<Pattern>(kind);
  pattern->children = {left.pattern, right.pattern};
  return makePatternValue(std::move(pattern), {&left, &right}, expr.range);
}

Value Checker::expectPattern(Value value, ast::SourceRange range,
                             std::string_view what) {
  if (value.isPoison() || value.isPattern())
    return value;
  error(range, fmt::format("expected a pattern for {}, but got {}{}", what,
                           describe(value),
                           value.kind == Value::Set ? "; write keys(S) or "
                                                      "queries(S)"
                                                    : ""));
  return {};
}

/// Binds the parameters of a comprehension or of a function by their names.
bool Checker::declareBinders(const std::vector<ast::Identifier> &names,
                             Scope &scope, std::string_view allowed) {
  bool ok = true;
  for (const ast::Identifier &name : names) {
    if (name.empty()) {
      ok = false;
      continue;
    }
    if (name.text.size() != 1 ||
        allowed.find(name.text[0]) == std::string_view::npos) {
      std::string list;
      for (size_t k = 0; k < allowed.size(); ++k)
        list += fmt::format("{}{}",
                            k == 0                   ? ""
                            : k + 1 < allowed.size() ? ", "
                                                     : " or ",
                            allowed[k]);
      error(name.range,
            fmt::format("expected a parameter named {}, but got '{}'; "
                        "parameters bind by name",
                        list, name.text));
      if (name.text != "s")
        scope.names[name.text] = {Value(), name.range};
      ok = false;
      continue;
    }
    ScalarType type = name.text == "s" ? ScalarType::Float : ScalarType::Int;
    Binding binding{makeScalar(variable(name.text, type)), name.range};
    auto [place, isNew] = scope.names.try_emplace(name.text, binding);
    if (!isNew) {
      error(name.range, fmt::format("parameter '{}' appears twice", name.text))
          .note(place->second.range, "first here");
      ok = false;
    }
  }
  return ok;
}

/// What decides pairs is compared as f32 everywhere: constants too [S4].
static ScalarRef inSinglePrecision(const ScalarRef &condition) {
  return rewrite(condition, [](const ScalarRef &node) -> ScalarRef {
    bool isReal = node->isConstant() && node->type == ScalarType::Float;
    return isReal ? constantFloat(static_cast<float>(node->real)) : nullptr;
  });
}

/// { (h, i, j) : condition }
Value Checker::evaluateComprehension(const ast::Expr &expr) {
  if (context.where == Where::Pattern || context.where == Where::Score) {
    error(expr.range, "expected a number or a condition, but got a pattern");
    return {};
  }
  Scope scope{{}, context.scope};
  bool ok = declareBinders(expr.names, scope, "bhij");
  Restore restore(context);
  context.scope = &scope;
  context.where = Where::Pattern;
  context.hasSizes = true;
  Value body = evaluate(expr.operand(0));
  if (!ok)
    return {};
  body = expectScalar(body, ScalarType::Bool, expr.operand(0).range,
                      "a comprehension");
  if (body.isPoison())
    return {};
  auto pattern = std::make_shared<Pattern>(PatternKind::Comprehension);
  pattern->predicate = inSinglePrecision(body.scalar);
  return makePatternValue(std::move(pattern), {&body}, expr.range);
}

/// A part of the pattern has another meaning of i and j, or none by pairs.
static bool speaksOfTokens(const Pattern &pattern) {
  return pattern.kind == PatternKind::OnGrid ||
         pattern.kind == PatternKind::InOrder ||
         pattern.kind == PatternKind::RandomBlocks ||
         pattern.kind == PatternKind::Heads ||
         std::any_of(
             pattern.children.begin(), pattern.children.end(),
             [](const PatternRef &child) { return speaksOfTokens(*child); });
}

/// on grid(Y, X) P, on grid(Z, Y, X) P
Value Checker::evaluateGrid(const ast::Expr &expr) {
  size_t axes = expr.operands.size() - 1;
  if (axes != 2 && axes != 3) {
    error(
        expr.range,
        fmt::format("expected grid(Y, X) or grid(Z, Y, X), but got {} extent{}",
                    axes, axes == 1 ? "" : "s"));
    return {};
  }
  auto pattern = std::make_shared<Pattern>(PatternKind::OnGrid);
  std::vector<Value> extents;
  for (size_t k = 0; k < axes; ++k) {
    extents.push_back(gridExtent(expr.operand(k)));
    pattern->scalars.push_back(extents.back().scalar);
  }
  Restore restore(context);
  context.gridAxes = static_cast<int>(axes);
  const ast::Expr &body = expr.operand(axes);
  Value inner = expectPattern(evaluate(body), body.range, "'on grid'");
  if (inner.isPoison() ||
      std::any_of(extents.begin(), extents.end(),
                  [](const Value &extent) { return extent.isPoison(); }))
    return {};
  if (!speaksOfTokens(*inner.pattern))
    pattern->predicate = predicate(inner.pattern, nullptr);
  if (!pattern->predicate) {
    error(body.range, "expected conditions on coordinates inside 'on grid', "
                      "but got an order, another grid, random blocks or heads");
    return {};
  }
  for (Value &extent : extents)
    inner.size += extent.size;
  return makePatternValue(std::move(pattern), {&inner}, expr.range);
}

/// heads(0..4: P, 4..8: Q): ascending ranges without gaps, from 0
Value Checker::evaluateHeads(const ast::Expr &expr) {
  auto pattern = std::make_shared<Pattern>(PatternKind::Heads);
  int64_t next = 0;
  bool ok = !expr.operands.empty();
  Value parts;
  parts.size = 0;
  for (size_t k = 0; k + 2 < expr.operands.size(); k += 3) {
    const ast::Expr &low = expr.operand(k), &high = expr.operand(k + 1);
    auto from = constantInteger(low, "the first head of a range");
    auto to = constantInteger(high, "the end of a range of heads");
    if (from && *from != next) {
      error(low.range, fmt::format("expected a range of heads from {}, so that "
                                   "each head has one pattern, but got {}",
                                   next, *from));
      ok = false;
    }
    if (from && to && *to <= *from) {
      error(high.range,
            fmt::format("expected an end above {}, but got {}", *from, *to));
      ok = false;
    }
    const ast::Expr &body = expr.operand(k + 2);
    Value child = expectPattern(evaluate(body), body.range, "a range of heads");
    if (child.isPoison() || !from || !to) {
      ok = false;
      next = to ? *to : next;
      continue;
    }
    next = *to;
    pattern->scalars.push_back(constantInt(*from));
    pattern->scalars.push_back(constantInt(*to));
    pattern->children.push_back(child.pattern);
    parts.size += child.size;
    parts.height = std::max(parts.height, child.height);
  }
  return ok ? makePatternValue(std::move(pattern), {&parts}, expr.range)
            : Value();
}

} // namespace effattn::checking
