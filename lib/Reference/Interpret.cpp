//===- Interpret.cpp - a kernel, value by value ---------------------------===//

#include "lib/Reference/Interpreter.h"

#include <algorithm>
#include <cmath>

namespace effattn::reference {

int64_t Tensor::size() const {
  int64_t product = 1;
  for (int64_t length : shape)
    product *= length;
  return product;
}

Tensor makeTensor(std::vector<int64_t> shape, double fill) {
  Tensor tensor;
  tensor.shape = std::move(shape);
  tensor.data.assign(static_cast<size_t>(tensor.size()), fill);
  return tensor;
}

double largestFinite(const Tensor &tensor) {
  double largest = 0;
  for (double x : tensor.data)
    if (std::isfinite(x))
      largest = std::max(largest, std::fabs(x));
  return largest;
}

int64_t offsetOf(const Tensor &tensor, const std::vector<int64_t> &indices) {
  int64_t offset = 0;
  for (size_t axis = 0; axis < indices.size(); ++axis)
    offset = offset * tensor.shape[axis] + indices[axis];
  return offset;
}

std::vector<int64_t> shapeOf(const TensorType &type,
                             const std::map<std::string, int64_t> &dimensions) {
  Environment environment;
  environment.dimensions = dimensions;
  std::vector<int64_t> shape;
  for (const ScalarRef &length : type.shape)
    shape.push_back(static_cast<int64_t>(evaluate(length, environment)));
  return shape;
}

Interpreter::Interpreter(const ProgramKernel &kernel, const Inputs &inputs,
                         Precision precision,
                         const std::function<bool(int64_t)> &keep,
                         VisiblePairs *pairs)
    : kernel(kernel), inputs(inputs), precision(precision), keep(keep),
      pairs(pairs) {}

const Tensor &Interpreter::operand(const ProgramValue &value, size_t k) const {
  size_t result = value.operandResults.empty()
                      ? 0
                      : static_cast<size_t>(value.operandResults[k]);
  return values[value.operands[k]].tensors.at(result);
}

std::vector<int64_t> Interpreter::resultShape(const ProgramValue &value,
                                              int result) const {
  return shapeOf(value.types[result], inputs.dimensions);
}

void Interpreter::checkRequires() {
  Environment environment;
  environment.dimensions = inputs.dimensions;
  environment.arguments = inputs.scalars;
  for (const ProgramRequire &requirement : kernel.requires_)
    if (!evaluate(requirement.condition, environment))
      throw Refused("requirement not met: " + requirement.message,
                    requirement.offset);
}

/// A value is row-local where only results, merges and rows use it: then a row
/// that nobody keeps need not be computed.
void Interpreter::markRowLocal() {
  rowLocal.assign(kernel.values.size(), true);
  for (const ProgramValue &user : kernel.values) {
    bool passesRows = user.op == TensorOp::Merge || user.op == TensorOp::Rows ||
                      user.op == TensorOp::Average;
    for (int number : user.operands)
      rowLocal[number] = rowLocal[number] && passesRows;
    if (user.pattern)
      forEachTable(user.pattern, [&](int table) { rowLocal[table] = false; });
    for (const ScalarRef &scalar : {user.score, user.logits})
      if (scalar)
        walk(scalar, [&](const Scalar &node) {
          if (node.kind == ScalarKind::Lookup)
            rowLocal[node.table] = false;
        });
  }
  for (size_t k = kernel.values.size(); k-- > 0;)
    if (!rowLocal[k])
      for (int number : kernel.values[k].operands)
        rowLocal[number] = false;
}

ValueResults Interpreter::compute(int number) {
  const ProgramValue &value = kernel.values[number];
  switch (value.op) {
  case TensorOp::Argument: {
    const ProgramArgument &argument = kernel.arguments[value.argument];
    if (argument.kind == ArgumentKind::Scalar)
      return {{makeTensor({}, inputs.scalars.at(argument.name))}, 0};
    return {{inputs.tensors.at(argument.name)}, 0};
  }
  case TensorOp::Attend:
    return attend(value, rowLocal[number]);
  case TensorOp::Merge:
    return value.duplicatesOnce ? mergeOnce(value, rowLocal[number])
                                : merge(value);
  case TensorOp::Rows:
    return rows(value);
  case TensorOp::Step:
    return {{step(value)}, 0};
  case TensorOp::Constant:
    return {{makeTensor({}, round(value.real))}, 0};
  case TensorOp::Scalar: {
    Environment environment;
    environment.dimensions = inputs.dimensions;
    environment.arguments = inputs.scalars;
    return {{makeTensor({}, round(evaluate(value.scalar, environment)))}, 0};
  }
  case TensorOp::ColumnSums:
  case TensorOp::Average:
  case TensorOp::LinearAttend:
    break;
  }
  throw Refused("the reference does not evaluate this construct yet",
                value.offset);
}

double Interpreter::scaleOf(const ProgramResult &result) const {
  const ValueResults &value = values[result.value];
  if (result.result == 0 && value.scale > 0)
    return value.scale;
  return largestFinite(value.tensors.at(result.result));
}

void Interpreter::run(Evaluation &evaluation) {
  checkRequires();
  markRowLocal();
  for (size_t number = 0; number < kernel.values.size(); ++number)
    values.push_back(compute(static_cast<int>(number)));
  for (const ProgramResult &result : kernel.results) {
    evaluation.results.push_back(
        values[result.value].tensors.at(result.result));
    evaluation.scales.push_back(scaleOf(result));
  }
}

Evaluation run(const ProgramKernel &kernel, const Inputs &inputs,
               Precision precision,
               const std::function<bool(int64_t row)> &keep,
               VisiblePairs *pairs) {
  Evaluation evaluation;
  const std::function<bool(int64_t)> all = [](int64_t) { return true; };
  try {
    Interpreter(kernel, inputs, precision, keep ? keep : all, pairs)
        .run(evaluation);
  } catch (const Refused &refused) {
    evaluation.failure = {refused.what(), refused.offset};
  } catch (const std::out_of_range &) {
    evaluation.failure = {
        "an argument, dimension or scalar of the kernel has no value",
        kernel.offset};
  }
  return evaluation;
}

} // namespace effattn::reference
