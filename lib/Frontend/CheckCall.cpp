//===- CheckCall.cpp - calls, inlining and look-ups -----------------------===//

#include "lib/Frontend/Checker.h"

#include <fmt/format.h>

#include <algorithm>

namespace effattn::checking {

namespace {

bool isScalarFunction(std::string_view name) {
  return name == "abs" || name == "min" || name == "max" || name == "clamp" ||
         name == "exp" || name == "log" || name == "sqrt" || name == "tanh";
}

} // namespace

Value Checker::inlineDefinition(const ast::Definition &definition,
                                const ast::Expr *call, ast::SourceRange use) {
  const std::string &name = definition.name.text;
  const char *what = definition.isPattern ? "pattern" : "def";
  used[&definition] = true;
  for (const Frame &frame : frames)
    if (frame.definition == &definition) {
      error(use, fmt::format("{} '{}' is defined by itself", what, name))
          .note(definition.name.range, "defined here");
      return {};
    }
  if (frames.size() >= kMaxFrames) {
    error(use, fmt::format("expected at most {} definitions inside each other",
                           kMaxFrames));
    return {};
  }
  std::vector<Value> arguments;
  if (call)
    for (const ast::ExprPtr &operand : call->operands)
      arguments.push_back(evaluate(*operand));
  if (call)
    for (const ast::Identifier &option : call->names)
      if (!option.empty()) {
        error(option.range,
              fmt::format("expected arguments of '{}' by place, but got the "
                          "name '{}'",
                          name, option.text));
        return {};
      }
  size_t wanted = definition.parameters.size();
  if (arguments.size() != wanted) {
    error(use,
          fmt::format("expected {} argument{} for {} '{}', but got {}", wanted,
                      wanted == 1 ? "" : "s", what, name, arguments.size()))
        .note(definition.name.range, "defined here");
    return {};
  }
  frames.push_back({&definition, use});
  Restore restore(context);
  Scope scope{{}, &fileScope};
  for (size_t k = 0; k < wanted; ++k)
    declare(scope, definition.parameters[k], arguments[k], "a parameter");
  context.scope = &scope;
  context.hasSizes |= definition.isPattern;
  Value result = evaluate(*definition.body);
  if (definition.isPattern)
    result = expectPattern(result, definition.body->range,
                           fmt::format("pattern '{}'", name));
  frames.pop_back();
  return result;
}

/// t[i, j] inside a pattern or score, S[c] and x[c] with constants outside.
Value Checker::evaluateIndex(const ast::Expr &expr) {
  Value table = evaluate(expr.operand(0));
  std::vector<Value> indices;
  bool isPoison = table.isPoison();
  for (size_t k = 1; k < expr.operands.size(); ++k) {
    indices.push_back(expectScalar(evaluate(expr.operand(k)), ScalarType::Int,
                                   expr.operand(k).range, "an index"));
    isPoison |= indices.back().isPoison();
  }
  if (isPoison)
    return {};
  bool isSet = table.kind == Value::Set;
  if (!table.isTensor() && !isSet) {
    error(expr.operand(0).range,
          fmt::format("expected a tensor before '[', but got {}",
                      describe(table)));
    return {};
  }
  int count = static_cast<int>(indices.size()), rank = typeOf(table).rank();
  bool isInside =
      context.where == Where::Pattern || context.where == Where::Score;
  if (!isInside) {
    int kept = isSet ? 1 : context.keptAxes;
    if (count > rank - kept) {
      error(expr.range, fmt::format("expected at most {} indices, but got {}",
                                    std::max(rank - kept, 0), count));
      return {};
    }
    int axis = kept ? rank - kept - count : 0;
    for (int k = 0; k < count && !table.isPoison(); ++k) {
      if (!indices[k].scalar->isConstant()) {
        error(expr.operand(k + 1).range,
              "expected a constant index outside of patterns and scores");
        return {};
      }
      table = slice(table, axis, indices[k].scalar->integer,
                    expr.operand(k + 1).range);
    }
    return table;
  }
  if (isSet) {
    error(expr.range, "expected a table before '[', but got an index set; "
                      "write 'j in S' or 'i in S'");
    return {};
  }
  if (context.insideExists) {
    error(expr.range, "expected no look-up inside 'exists'");
    return {};
  }
  return lookUpTable(expr, table, indices);
}

Value Checker::lookUpTable(const ast::Expr &expr, const Value &table,
                           const std::vector<Value> &indices) {
  const TensorType type = typeOf(table);
  int count = static_cast<int>(indices.size()), rank = type.rank();
  if (count > rank || count < rank - 2) {
    error(expr.range,
          fmt::format("expected {} indices for {}, or without its leading "
                      "batch and head axes, but got {}",
                      rank, toString(type), count));
    return {};
  }
  bool isFloat = type.element == ElementType::F32 ||
                 type.element == ElementType::F16 ||
                 type.element == ElementType::BF16;
  ScalarType element = isFloat                             ? ScalarType::Float
                       : type.element == ElementType::Bool ? ScalarType::Bool
                                                           : ScalarType::Int;
  std::vector<ScalarRef> operands;
  int64_t size = 1, height = 1;
  for (const Value &index : indices) {
    operands.push_back(index.scalar);
    size += index.size;
    height = std::max(height, index.height + 1);
  }
  Value value =
      makeScalar(lookup(tableNumber(table), element, std::move(operands)));
  Value parts;
  parts.size = size;
  parts.height = height;
  if (!checkGrowth(value, {&parts}, expr.range))
    return {};
  lookupRanges[value.scalar] = expr.range;
  return value;
}

Value Checker::unknownCall(const ast::Expr &expr) {
  std::vector<std::string> candidates = visibleNames();
  candidates.insert(candidates.end(), builtinNames().begin(),
                    builtinNames().end());
  for (const ast::ExprPtr &operand : expr.operands)
    if (operand->kind != ast::ExprKind::Lambda)
      evaluate(*operand);
  if (const Binding *found = lookUp(expr.name.text)) {
    if (!found->value.isPoison())
      error(expr.name.range,
            fmt::format("expected a function or a pattern before '(', but "
                        "'{}' is {}",
                        expr.name.text, describe(found->value)))
          .note(found->range, "declared here");
    return {};
  }
  error(expr.name.range, fmt::format("unknown name '{}'{}", expr.name.text,
                                     didYouMean(expr.name.text, candidates)));
  return {};
}

Value Checker::evaluateCall(const ast::Expr &expr) {
  const std::string &name = expr.name.text;
  if (name.empty())
    return {};
  if (auto found = definitions.find(name); found != definitions.end())
    return inlineDefinition(*found->second, &expr, expr.range);
  if (isBuiltinPattern(name))
    return builtinPattern(expr);
  if (!isBuiltinName(name))
    return unknownCall(expr);

  Restore restore(context);
  context.keptAxes = 0;
  bool isTensorCall = name == "attend" || name == "merge" ||
                      name == "column_sums" || name == "linear_attend";
  if (isTensorCall && context.where != Where::Body) {
    error(expr.range, fmt::format("expected '{}' outside of patterns, scores "
                                  "and constants; compute it in a 'let'",
                                  name));
    return {};
  }
  if (name == "attend")
    return evaluateAttend(expr);
  if (name == "merge")
    return evaluateMergeCall(expr);
  if (name == "column_sums")
    return evaluateColumnSums(expr);
  if (name == "linear_attend")
    return evaluateLinearAttend(expr);
  if (name == "ceil")
    return evaluateCeil(expr);
  if (name == "sort" || name == "block_raster" || name == "column_major")
    return orderCall(expr);
  return evaluateFunction(expr);
}

/// A function of numbers or a step on tensors, by what it is given.
Value Checker::evaluateFunction(const ast::Expr &expr) {
  const std::string &name = expr.name.text;
  const Step *step = findStep(name);
  std::vector<Value> arguments;
  bool isPoison = false, areScalars = !expr.operands.empty();
  if (step && !step->shape && !isScalarFunction(name)) {
    // Whatever its arguments are.
    return evaluateStep(expr, *step, {});
  }
  for (const ast::ExprPtr &operand : expr.operands) {
    arguments.push_back(evaluate(*operand));
    isPoison |= arguments.back().isPoison();
    areScalars &= arguments.back().isScalar();
  }
  for (const ast::Identifier &option : expr.names)
    if (!option.empty()) {
      error(option.range,
            fmt::format("'{}' takes no option '{}'", name, option.text));
      return {};
    }
  if (isPoison)
    return {};
  if (isScalarFunction(name) && (areScalars || !step)) {
    for (size_t k = 0; k < arguments.size(); ++k)
      if (!arguments[k].isScalar()) {
        error(expr.operand(k).range,
              fmt::format("expected a number for '{}', but got {}", name,
                          describe(arguments[k])));
        return {};
      }
    return scalarFunction(expr, std::move(arguments));
  }
  return evaluateStep(expr, *step, arguments);
}

} // namespace effattn::checking
