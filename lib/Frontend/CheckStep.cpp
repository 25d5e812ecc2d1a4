//===- CheckStep.cpp - steps on tensors -----------------------------------===//

#include "lib/Frontend/Checker.h"

#include <fmt/format.h>

namespace effattn::checking {

namespace {

/// Equal for values that are the same step of the same operands; empty for
/// everything else.
std::string stepKey(const ProgramValue &value) {
  if (value.op == TensorOp::Constant)
    return fmt::format("{} {}", value.real, spelling(value.types[0].element));
  if (value.op == TensorOp::Scalar)
    return fmt::format("{} {}", toString(value.scalar),
                       spelling(value.types[0].element));
  if (value.op != TensorOp::Step)
    return {};
  std::string key = value.step;
  for (size_t k = 0; k < value.operands.size(); ++k)
    key += fmt::format(" {}#{}", value.operands[k], value.operandResults[k]);
  for (int64_t integer : value.integers)
    key += fmt::format(" {}", integer);
  return key;
}

} // namespace

/// A step that is there already is not computed again: rounds share what does
/// not depend on the round.
Value Checker::addValue(ProgramValue value) {
  Value result;
  result.kind = Value::Tensor;
  result.number = static_cast<int>(kernel.values.size());
  result.isPair = value.wantsLse;
  if (std::string key = stepKey(value); !key.empty()) {
    auto [place, isNew] = stepNumbers.try_emplace(key, result.number);
    if (!isNew && place->second < result.number) {
      result.number = place->second;
      return result;
    }
    place->second = result.number;
  }
  kernel.values.push_back(std::move(value));
  return result;
}

/// Removes what was added after there were `count` values.
void Checker::dropValues(size_t count) {
  kernel.values.resize(count);
  std::erase_if(stepNumbers, [&](const auto &entry) {
    return entry.second >= static_cast<int>(count);
  });
}

bool Checker::sameType(const TensorType &a, const TensorType &b) {
  if (a.element != b.element || a.rank() != b.rank() || a.offsets != b.offsets)
    return false;
  for (int k = 0; k < a.rank(); ++k)
    if (!equivalent(a.shape[k], b.shape[k]))
      return false;
  return true;
}

/// A number beside a tensor: a value without axes.
Value Checker::broadcastScalar(const Value &scalar, ElementType element,
                               ast::SourceRange range) {
  Value number = toFloat(toInteger(scalar));
  ProgramValue value = newValue(TensorOp::Scalar);
  value.types.resize(1);
  value.types[0].element = element;
  value.offset = range.begin;
  if (number.scalar->isConstant()) {
    value.op = TensorOp::Constant;
    value.real = number.scalar->real;
  } else {
    value.scalar = number.scalar;
  }
  return addValue(std::move(value));
}

Value Checker::evaluateStep(const ast::Expr &expr, const Step &step,
                            const std::vector<Value> &operands) {
  if (!step.shape) {
    error(expr.name.range,
          fmt::format("step '{}' ({}) is not supported yet; supported steps "
                      "are {}",
                      step.name, step.what, supportedSteps()));
    return {};
  }
  size_t wanted = step.operands, constants = step.integers;
  size_t most = wanted + constants + step.moreIntegers;
  auto plural = [](size_t count, const char *noun) {
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
  };
  if (operands.size() < wanted + constants || operands.size() > most) {
    std::string counts = plural(wanted, "tensor");
    if (step.moreIntegers)
      counts += fmt::format(" and {} or {}", constants,
                            plural(constants + step.moreIntegers, "constant"));
    else if (constants)
      counts += " and " + plural(constants, "constant");
    error(expr.range,
          fmt::format("expected {} for step '{}', but got {}{}", counts,
                      step.name, operands.size(),
                      constants
                          ? operands.size() == 1 ? " argument" : " arguments"
                          : ""));
    return {};
  }
  std::vector<ast::SourceRange> places;
  std::vector<int64_t> integers;
  for (size_t k = 0; k < operands.size(); ++k) {
    places.push_back(expr.operand(k).range);
    if (k >= wanted) {
      Value constant = expectScalar(
          operands[k], ScalarType::Int, places[k],
          fmt::format("argument {} of step '{}'", k + 1, step.name));
      if (constant.isPoison())
        return {};
      if (!constant.scalar->isConstant()) {
        error(places[k],
              fmt::format("expected a constant for argument {} of "
                          "step '{}', but got {}",
                          k + 1, step.name, toString(constant.scalar)));
        return {};
      }
      integers.push_back(constant.scalar->integer);
      continue;
    }
    if (!operands[k].isTensor()) {
      error(places[k], fmt::format("expected a tensor for step '{}', but got "
                                   "{}",
                                   step.name, describe(operands[k])));
      return {};
    }
  }
  std::vector<Value> tensors(operands.begin(), operands.begin() + wanted);
  Value result = applyStep(step, tensors, expr.range, places, integers);
  return result.isPoison() || requireTokens(step, tensors, integers, places)
             ? result
             : Value();
}

/// What a launch checks of the sizes that a step is given.
bool Checker::requireTokens(const Step &step, const std::vector<Value> &tensors,
                            const std::vector<int64_t> &integers,
                            const std::vector<ast::SourceRange> &places) {
  if (std::string_view(step.name) != "take")
    return true;
  const TensorType &type = typeOf(tensors[0]);
  const ScalarRef &tokens = type.shape[type.rank() - 2];
  bool ok = true;
  if (!tokens->isConstant())
    require(constantInt(integers[1]) <= tokens,
            fmt::format("take: expected at least {} tokens, but got {}",
                        integers[1], toString(tokens)),
            places[2], ok);
  return ok;
}

/// The operands are tensors or numbers, one of them at least a tensor.
Value Checker::applyStep(const Step &step, std::vector<Value> operands,
                         ast::SourceRange range,
                         const std::vector<ast::SourceRange> &places,
                         std::vector<int64_t> integers) {
  if (context.where != Where::Body) {
    error(range, fmt::format("expected a number here, but got step '{}' on "
                             "tensors; compute it in a 'let' of the kernel",
                             step.name));
    return {};
  }
  ElementType element = ElementType::F32;
  for (const Value &operand : operands)
    if (operand.isTensor())
      element = typeOf(operand).element;
  ProgramValue value = newValue(TensorOp::Step);
  value.step = step.name;
  value.offset = range.begin;
  std::vector<TensorType> types;
  for (size_t k = 0; k < operands.size(); ++k) {
    if (operands[k].isScalar() &&
        operands[k].scalar->type == ScalarType::Bool) {
      error(places[k], "expected a number or a tensor, but got a condition");
      return {};
    }
    TensorType &own = types.emplace_back();
    own.element = element;
    if (!operands[k].isScalar())
      own = typeOf(operands[k]);
  }
  StepProblem problem;
  auto type = step.shape(types, integers, problem);
  if (!type) {
    error(problem.operand < 0 ? range : places[problem.operand],
          std::move(problem.message));
    return {};
  }
  if (!raggedStep(step, types, integers, range, places, *type))
    return {};
  for (size_t k = 0; k < operands.size(); ++k) {
    Value operand = operands[k].isScalar()
                        ? broadcastScalar(operands[k], element, places[k])
                        : operands[k];
    value.operands.push_back(operand.number);
    value.operandResults.push_back(operand.result);
  }
  value.types = {std::move(*type)};
  value.integers = std::move(integers);
  return addValue(std::move(value));
}

/// Entry `index` along one axis, which goes.
Value Checker::slice(const Value &table, int axis, int64_t index,
                     ast::SourceRange range) {
  ProgramValue value = newValue(TensorOp::Step);
  value.step = "slice";
  value.offset = range.begin;
  value.operands = {table.number};
  value.operandResults = {table.result};
  value.integers = {axis, index};
  const TensorType &type = typeOf(table);
  StepProblem problem;
  auto result = findStep("slice")->shape({&type, 1}, value.integers, problem);
  if (!result) {
    error(range, std::move(problem.message));
    return {};
  }
  if (!raggedStep(*findStep("slice"), {type}, value.integers, range, {range},
                  *result))
    return {};
  bool ok = true;
  if (!type.shape[axis]->isConstant())
    require(constantInt(index) < type.shape[axis],
            fmt::format("expected more than {} entries, but got {}", index,
                        toString(type.shape[axis])),
            range, ok);
  value.types = {std::move(*result)};
  Value entry = addValue(std::move(value));
  if (table.kind == Value::Set) {
    entry.kind = Value::Set;
    setBounds[entry.number] = setBounds[table.number];
  }
  return entry;
}

/// The number under which a look-up knows a table. A second result gets a
/// value of its own.
int Checker::tableNumber(const Value &value) {
  if (value.result == 0)
    return value.number;
  Value one;
  one.kind = Value::Scalar;
  one.scalar = constantFloat(1);
  Restore restore(context);
  context.where = Where::Body;
  return applyStep(*findStep("mul"), {value, one}, {}, {{}, {}}).number;
}

} // namespace effattn::checking
