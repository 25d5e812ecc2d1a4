//===- CheckBuiltin.cpp - the built-in patterns and their arguments -------===//

#include "lib/Frontend/Checker.h"

#include <fmt/format.h>

#include <algorithm>

namespace effattn::checking {

namespace {

/// The parameters of a built-in pattern, in order; the first `required` must
/// be given.
struct Signature {
  std::string_view name;
  PatternKind kind;
  size_t required;
  std::vector<std::string_view> parameters;
};

const std::vector<Signature> &signatures() {
  static const std::vector<Signature> list = {
      {"all", PatternKind::All, 0, {}},
      {"none", PatternKind::None, 0, {}},
      {"causal", PatternKind::Causal, 0, {}},
      {"window", PatternKind::Window, 2, {"l", "r", "dilation"}},
      {"stride", PatternKind::Stride, 1, {"m"}},
      {"same_block", PatternKind::SameBlock, 1, {"s", "back", "ahead"}},
      {"prefix", PatternKind::Prefix, 1, {"P"}},
      {"segments", PatternKind::Segments, 1, {"t"}},
      {"blocks", PatternKind::Blocks, 2, {"t", "s"}},
      {"random_blocks",
       PatternKind::RandomBlocks,
       3,
       {"s", "count", "seed", "outside"}},
      {"queries", PatternKind::Queries, 1, {"S"}},
      {"keys", PatternKind::Keys, 1, {"S"}},
      {"global", PatternKind::Union, 1, {"S"}},
  };
  return list;
}

const Signature &signatureOf(std::string_view name) {
  return *std::find_if(signatures().begin(), signatures().end(),
                       [&](const Signature &s) { return s.name == name; });
}

std::string spell(const Signature &signature) {
  std::string list;
  for (size_t k = 0; k < signature.parameters.size(); ++k)
    list += fmt::format("{}{}{}", k ? ", " : "", signature.parameters[k],
                        k < signature.required ? "" : " = ...");
  return fmt::format("{}({})", signature.name, list);
}

} // namespace

/// Arguments in the order of the parameters, null where not given; false after
/// an error.
bool Checker::matchArguments(const ast::Expr &expr,
                             const std::vector<std::string_view> &parameters,
                             size_t required, const std::string &spelling,
                             std::vector<const ast::Expr *> &arguments) {
  arguments.assign(parameters.size(), nullptr);
  for (size_t k = 0; k < expr.operands.size(); ++k) {
    const ast::Identifier &name = expr.names[k];
    size_t place = k;
    if (!name.empty()) {
      auto found = std::find(parameters.begin(), parameters.end(), name.text);
      if (found == parameters.end()) {
        std::vector<std::string> candidates(parameters.begin(),
                                            parameters.end());
        error(name.range,
              fmt::format("{} has no argument '{}'{}", spelling, name.text,
                          didYouMean(name.text, candidates)));
        return false;
      }
      place = found - parameters.begin();
    }
    if (place >= parameters.size()) {
      error(expr.operand(k).range,
            fmt::format("expected {}, but got {} arguments", spelling,
                        expr.operands.size()));
      return false;
    }
    if (arguments[place]) {
      error(expr.operand(k).range,
            fmt::format("argument '{}' of {} is given twice", parameters[place],
                        spelling))
          .note(arguments[place]->range, "first here");
      return false;
    }
    arguments[place] = &expr.operand(k);
  }
  for (size_t k = 0; k < required; ++k)
    if (!arguments[k]) {
      error(expr.range, fmt::format("expected {}, but argument '{}' is missing",
                                    spelling, parameters[k]));
      return false;
    }
  return true;
}

/// An integer argument of a pattern. A tensor with batch and head axes alone
/// stands for its value at the current b and h.
Value Checker::patternScalar(const ast::Expr &expr, std::string_view what,
                             std::optional<int64_t> least,
                             bool mustBeConstant) {
  Value value = evaluateIn(expr, Where::Pattern, true);
  if (value.isTensor() && typeOf(value).rank() <= 2)
    value = lookUpTable(expr, value, {});
  value = expectScalar(value, ScalarType::Int, expr.range, what);
  if (value.isPoison())
    return {};
  if (mustBeConstant && !value.scalar->isConstant()) {
    error(expr.range, fmt::format("expected a constant for {}, but got {}",
                                  what, toString(value.scalar)));
    return {};
  }
  if (least && value.scalar->isConstant() && value.scalar->integer < *least) {
    error(expr.range, fmt::format("expected {} to be at least {}, but got {}",
                                  what, *least, value.scalar->integer));
    return {};
  }
  return value;
}

Value Checker::builtinPattern(const ast::Expr &expr) {
  const std::string &name = expr.name.text;
  if (context.where == Where::Pattern || context.where == Where::Score) {
    error(expr.range, fmt::format("expected a number or a condition, but got "
                                  "the pattern '{}'",
                                  name));
    return {};
  }
  if (name == "in_order")
    return inOrder(expr);
  const Signature &signature = signatureOf(name);
  if (signature.parameters.empty()) {
    error(expr.range,
          fmt::format("'{0}' takes no arguments; write '{0}'", name));
    return {};
  }
  std::vector<const ast::Expr *> arguments;
  if (!matchArguments(expr, signature.parameters, signature.required,
                      spell(signature), arguments))
    return {};
  switch (signature.kind) {
  case PatternKind::Queries:
    return patternOfSet(*arguments[0], true, false, expr);
  case PatternKind::Keys:
    return patternOfSet(*arguments[0], false, true, expr);
  case PatternKind::Union:
    return patternOfSet(*arguments[0], true, true, expr);
  case PatternKind::Segments:
  case PatternKind::Blocks:
    return tablePattern(expr, arguments);
  case PatternKind::RandomBlocks:
    return randomBlocks(expr, arguments);
  default:
    return scalarPattern(expr, signature.kind, arguments);
  }
}

/// window, stride, same_block, prefix
Value Checker::scalarPattern(const ast::Expr &expr, PatternKind kind,
                             const std::vector<const ast::Expr *> &arguments) {
  struct Rule {
    const char *what;
    std::optional<int64_t> least;
    bool mustBeConstant;
    int64_t otherwise;
  };
  std::vector<Rule> rules;
  switch (kind) {
  case PatternKind::Window:
    rules = {{"the left reach of a window", 0, false, 0},
             {"the right reach of a window", 0, false, 0},
             {"the dilation of a window", 1, true, 1}};
    break;
  case PatternKind::Stride:
    rules = {{"a stride", 1, true, 1}};
    break;
  case PatternKind::SameBlock:
    rules = {{"the size of a block", 1, true, 1},
             {"the number of blocks back", 0, false, 0},
             {"the number of blocks ahead", 0, false, 0}};
    break;
  default:
    rules = {{"the length of a prefix", 0, false, 0}};
    break;
  }
  auto pattern = std::make_shared<Pattern>(kind);
  Value parts;
  bool ok = true;
  for (size_t k = 0; k < rules.size(); ++k) {
    Value value = arguments[k]
                      ? patternScalar(*arguments[k], rules[k].what,
                                      rules[k].least, rules[k].mustBeConstant)
                      : makeScalar(constantInt(rules[k].otherwise));
    ok &= !value.isPoison();
    pattern->scalars.push_back(value.scalar);
    parts.size += value.size;
    parts.height = std::max(parts.height, value.height);
  }
  if (!ok)
    return {};
  if (kind == PatternKind::Window)
    for (int side : {0, 1}) {
      ScalarRef reach = pattern->scalars[side] * pattern->scalars[2];
      if (!reach->isConstant() && pattern->scalars[side]->isConstant()) {
        error(expr.range,
              fmt::format("the reach of the window, {} * {}, does not fit 64 "
                          "bits",
                          toString(pattern->scalars[side]),
                          toString(pattern->scalars[2])));
        return {};
      }
    }
  return makePatternValue(std::move(pattern), {&parts}, expr.range);
}

/// The condition of `{ j : ... }` on i or on j.
Value Checker::setCondition(const Value &set, bool queries,
                            const ast::Expr &expr) {
  ScalarRef condition = set.pattern->predicate;
  bool usesI = usesVariable(condition, "i");
  if (usesI && usesVariable(condition, "j")) {
    error(expr.range, "expected a condition on one index, as in { j : ... }, "
                      "but got one on both i and j");
    return {};
  }
  const char *have = usesI ? "i" : "j", *want = queries ? "i" : "j";
  if (std::string_view(have) != want)
    condition = substitute(condition, have, variable(want));
  auto pattern = std::make_shared<Pattern>(PatternKind::Comprehension);
  pattern->predicate = std::move(condition);
  return makePatternValue(std::move(pattern), {&set}, expr.range);
}

/// queries(S), keys(S), global(S) = queries(S) | keys(S)
Value Checker::patternOfSet(const ast::Expr &argument, bool queries, bool keys,
                            const ast::Expr &expr) {
  Value set = evaluate(argument);
  if (set.isPoison())
    return {};
  bool isCondition =
      set.isPattern() && set.pattern->kind == PatternKind::Comprehension;
  if (set.kind != Value::Set && !isCondition) {
    error(
        argument.range,
        fmt::format("expected an index set or {{ j : ... }} for '{}', but got "
                    "{}",
                    expr.name.text, describe(set)));
    return {};
  }
  std::vector<Value> sides;
  for (bool ofQueries : {true, false}) {
    if (!(ofQueries ? queries : keys))
      continue;
    if (isCondition) {
      sides.push_back(setCondition(set, ofQueries, argument));
    } else {
      auto pattern = std::make_shared<Pattern>(ofQueries ? PatternKind::Queries
                                                         : PatternKind::Keys);
      pattern->table = set.number;
      pattern->tableRank = typeOf(set).rank();
      sides.push_back(makePatternValue(std::move(pattern), {}, expr.range));
    }
    if (sides.back().isPoison())
      return {};
  }
  if (sides.size() == 1)
    return sides[0];
  auto both = std::make_shared<Pattern>(PatternKind::Union);
  both->children = {sides[0].pattern, sides[1].pattern};
  return makePatternValue(std::move(both), {&sides[0], &sides[1]}, expr.range);
}

/// segments(t), blocks(t, s)
Value Checker::tablePattern(const ast::Expr &expr,
                            const std::vector<const ast::Expr *> &arguments) {
  bool isBlocks = arguments.size() == 2;
  int own = isBlocks ? 2 : 1;
  Restore restore(context);
  context.keptAxes = own;
  Value table = evaluate(*arguments[0]);
  context.keptAxes = 0;
  Value size =
      isBlocks ? patternScalar(*arguments[1], "the size of a block", 1, true)
               : makeScalar(constantInt(1));
  if (table.isPoison() || size.isPoison())
    return {};
  std::string wanted = isBlocks ? "a bool table of query blocks by key blocks"
                                : "a table of integers with a value a token";
  bool isRight = table.isTensor();
  if (isRight) {
    const TensorType &type = typeOf(table);
    bool isBool = type.element == ElementType::Bool;
    bool isInteger = type.element == ElementType::I8 ||
                     type.element == ElementType::I32 ||
                     type.element == ElementType::I64;
    isRight = (isBlocks ? isBool : isInteger) && type.rank() >= own &&
              type.rank() <= own + 2;
  }
  if (!isRight) {
    error(arguments[0]->range,
          fmt::format("expected {} for '{}', but got {}", wanted,
                      expr.name.text, describe(table)));
    return {};
  }
  auto pattern = std::make_shared<Pattern>(isBlocks ? PatternKind::Blocks
                                                    : PatternKind::Segments);
  pattern->table = tableNumber(table);
  pattern->tableRank = typeOf(table).rank();
  if (isBlocks)
    pattern->scalars = {size.scalar};
  return makePatternValue(std::move(pattern), {}, expr.range);
}

Value Checker::randomBlocks(const ast::Expr &expr,
                            const std::vector<const ast::Expr *> &arguments) {
  auto pattern = std::make_shared<Pattern>(PatternKind::RandomBlocks);
  const char *what[] = {"the size of a block", "the number of random blocks",
                        "a seed"};
  bool ok = true;
  for (int k = 0; k < 3; ++k) {
    Value value = patternScalar(*arguments[k], what[k], k == 0 ? 1 : 0, true);
    ok &= !value.isPoison();
    pattern->scalars.push_back(value.scalar);
  }
  Value outside;
  if (arguments[3]) {
    outside = expectPattern(evaluate(*arguments[3]), arguments[3]->range,
                            "'outside'");
    ok &= !outside.isPoison();
    pattern->children = {outside.pattern};
  }
  return ok ? makePatternValue(std::move(pattern), {&outside}, expr.range)
            : Value();
}

/// An extent of a grid: the launch checks the number of tokens by it, so it
/// depends on sizes and arguments alone.
Value Checker::gridExtent(const ast::Expr &expr) {
  Value extent = patternScalar(expr, "an extent of a grid", 1, false);
  if (extent.isPoison())
    return {};
  bool isKnown = !contains(extent.scalar, [](const Scalar &node) {
    return node.kind == ScalarKind::Lookup || node.kind == ScalarKind::Variable;
  });
  if (isKnown)
    return extent;
  error(expr.range, fmt::format("expected a constant, a dimension or an "
                                "argument for an extent of a grid, but got {}",
                                ast::toString(expr)));
  return {};
}

} // namespace effattn::checking
