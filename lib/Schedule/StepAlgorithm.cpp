//===- StepAlgorithm.cpp - what a dense step computes ---------------------===//

#include "lib/Schedule/StepAlgorithm.h"
#include "lib/Schedule/Math.h"
#include "lib/Schedule/ScalarToHalide.h"

#include <fmt/format.h>

#include <limits>
#include <map>

namespace effattn {

using namespace Halide;

namespace {

constexpr int mostAxes = 6;

using Unary = Expr (*)(Expr);
using Binary = Expr (*)(Expr, Expr);

Expr negate(Expr x) {
  return reinterpret<float>(reinterpret<int32_t>(x) ^ Expr(INT32_MIN));
}

const std::map<std::string, Unary> unarySteps = {
    {"exp", expFloat},
    {"log", logFloat},
    {"sqrt", [](Expr x) { return strict_float(sqrt(x)); }},
    {"relu", [](Expr x) { return maxKeepNan(x, 0.0f); }},
    {"elu",
     [](Expr x) { return select(strictLess(0.0f, x), x, expm1Float(x)); }},
    {"sigmoid",
     [](Expr x) {
       return strictDiv(1.0f, strictAdd(1.0f, expFloat(negate(x))));
     }},
    {"tanh", tanhFloat},
    {"neg", negate},
};

const std::map<std::string, Binary> binarySteps = {
    {"add", strictAdd},
    {"sub", strictSub},
    {"mul", strictMul},
    {"div", strictDiv},
};

ImageParam operandOf(const TensorType &type, size_t number) {
  ImageParam operand(halideType(type.element), type.rank(),
                     fmt::format("operand_{}", number));
  for (int axis = 0; axis < type.rank(); ++axis) {
    const ScalarRef &size = type.shape[type.rank() - 1 - axis];
    if (size->isConstant())
      operand.dim(axis).set_bounds(0, static_cast<int>(size->integer));
    else
      operand.dim(axis).set_min(0);
  }
  if (type.rank() > 0)
    operand.dim(0).set_stride(1);
  return operand;
}

/// The operand's indices for the result's: axes match from the right.
std::vector<Expr> broadcastIndices(const TensorType &type,
                                   const std::vector<Expr> &indices) {
  std::vector<Expr> at;
  for (int axis = 0; axis < type.rank(); ++axis) {
    bool one = type.shape[type.rank() - 1 - axis]->isConstant(1);
    at.push_back(one ? Expr(0) : indices.at(axis));
  }
  return at;
}

void checkTensor(const TensorType &type, const std::string &step) {
  if (type.element != ElementType::F32 && step != "slice")
    throw ScheduleError{fmt::format("'{}' over {} is not supported yet; f32 is",
                                    step, spelling(type.element))};
  if (type.rank() > mostAxes)
    throw ScheduleError{
        fmt::format("'{}' on a tensor of {} axes is not supported; at most {} "
                    "are",
                    step, type.rank(), mostAxes)};
}

std::vector<Expr> expressions(const std::vector<Var> &axes) {
  return std::vector<Expr>(axes.begin(), axes.end());
}

} // namespace

StepAlgorithm::StepAlgorithm(const StepSpec &spec) {
  checkTensor(spec.result, spec.step);
  for (const TensorType &type : spec.operands) {
    checkTensor(type, spec.step);
    operands.push_back(operandOf(type, operands.size()));
  }
  for (int axis = 0; axis < spec.result.rank(); ++axis)
    axes.emplace_back(fmt::format("axis_{}", axis));
  if (spec.step == "matmul")
    matmul(spec);
  else if (spec.step == "transpose")
    transpose();
  else if (spec.step == "softmax")
    softmax();
  else if (spec.step == "slice")
    slice(spec);
  else if (spec.step == "concat")
    concat();
  else if (spec.step == "take")
    take(spec);
  else if (spec.step == "shift")
    shift(spec);
  else if (spec.step == "segment_mean")
    segmentMean(spec);
  else
    elementwise(spec);
  if (spec.result.rank() > 0)
    result.output_buffer().dim(0).set_stride(1);
}

void StepAlgorithm::elementwise(const StepSpec &spec) {
  kind = Kind::Elementwise;
  std::vector<Expr> values;
  for (size_t n = 0; n < operands.size(); ++n)
    values.push_back(
        operands[n](broadcastIndices(spec.operands[n], expressions(axes))));
  if (auto unary = unarySteps.find(spec.step); unary != unarySteps.end())
    result(axes) = unary->second(values.at(0));
  else if (auto binary = binarySteps.find(spec.step);
           binary != binarySteps.end())
    result(axes) = binary->second(values.at(0), values.at(1));
  else
    throw ScheduleError{
        fmt::format("the step '{}' has no kernel yet", spec.step)};
}

void StepAlgorithm::slice(const StepSpec &spec) {
  kind = Kind::Elementwise;
  std::vector<Expr> at = expressions(axes);
  int64_t axis = spec.integers.at(0), entry = spec.integers.at(1);
  at.insert(at.end() - axis, Expr(static_cast<int>(entry)));
  result(axes) = operands.at(0)(at);
}

/// The first operand with another token in place of the slot's own.
Expr StepAlgorithm::atToken(size_t operand, const Expr &token) const {
  std::vector<Expr> at = expressions(axes);
  at.at(1) = token;
  return operands.at(operand)(at);
}

void StepAlgorithm::concat() {
  kind = Kind::Concat;
  Expr slot = axes.at(1);
  Expr first = operands.at(0).dim(1).extent();
  Expr second = operands.at(1).dim(1).extent();
  // Known to be empty, a side is zero and not read.
  auto side = [&](size_t operand, const Expr &tokens, const Expr &token) {
    return Halide::select(
        tokens == 0, 0.0f,
        atToken(operand, clamp(token, 0, max(tokens - 1, 0))));
  };
  result(axes) = Halide::select(slot < first, side(0, first, slot),
                                side(1, second, slot - first));
}

void StepAlgorithm::take(const StepSpec &spec) {
  kind = Kind::Elementwise;
  result(axes) = atToken(0, axes.at(1) + static_cast<int>(spec.integers.at(0)));
}

void StepAlgorithm::shift(const StepSpec &spec) {
  kind = Kind::Elementwise;
  const int distance = static_cast<int>(spec.integers.at(0));
  Expr tokens = operands.at(0).dim(1).extent(), slot = axes.at(1);
  // Place on the line, and the line's length; the last one may be shorter.
  Expr place = slot, length = tokens;
  if (spec.integers.size() > 1) {
    const int line = static_cast<int>(spec.integers[1]);
    place = slot % line;
    length = min(line, tokens - (slot - place));
  }
  Expr inside = distance >= 0 ? place >= distance : place < length + distance;
  // Of what is inside the clamp changes nothing, but bounds follow from it.
  Expr token =
      clamp(slot - Halide::select(inside, distance, 0), 0, max(tokens - 1, 0));
  result(axes) = Halide::select(inside, atToken(0, token), 0.0f);
}

void StepAlgorithm::segmentMean(const StepSpec &spec) {
  kind = Kind::Mean;
  const int length = static_cast<int>(spec.integers.at(0));
  inner = RDom(0, length, "inner");
  product(axes) = 0.0f;
  product(axes) =
      strictAdd(product(axes), atToken(0, axes.at(1) * length + inner));
  result(axes) = strictDiv(product(axes), static_cast<float>(length));
}

void StepAlgorithm::transpose() {
  kind = Kind::Transpose;
  std::vector<Expr> at = expressions(axes);
  std::swap(at.at(0), at.at(1));
  result(axes) = operands.at(0)(at);
}

void StepAlgorithm::matmul(const StepSpec &spec) {
  kind = Kind::Matmul;
  const ImageParam &a = operands.at(0), &b = operands.at(1);
  // Tiles reach past the last row and column: they repeat these.
  std::vector<Expr> at = expressions(axes);
  std::vector<Expr> atRight = at;
  atRight[0] = clamp(axes[0], 0, max(b.dim(0).extent() - 1, 0));
  atRight[1] = innerAxis;
  std::vector<Var> rightAxes = axes;
  rightAxes[1] = innerAxis;
  auto matrix = [](const TensorType &type, const std::vector<Expr> &indices) {
    std::vector<Expr> at = broadcastIndices(type, indices);
    at[0] = indices[0];
    at[1] = indices[1];
    return at;
  };
  right(rightAxes) = b(matrix(spec.operands[1], atRight));

  inner = RDom(0, a.dim(0).extent(), "inner");
  std::vector<Expr> atLeft = at, atPacked = at;
  atLeft[0] = inner;
  atLeft[1] = clamp(axes[1], 0, max(a.dim(1).extent() - 1, 0));
  atPacked[1] = inner;
  product(axes) = 0.0f;
  product(axes) += a(matrix(spec.operands[0], atLeft)) * right(atPacked);
  result(axes) = product(axes);
}

void StepAlgorithm::softmax() {
  kind = Kind::Softmax;
  const ImageParam &x = operands.at(0);
  Expr length = x.dim(0).extent();
  std::vector<Var> rows(axes.begin() + 1, axes.end());
  std::vector<Expr> at = expressions(axes);
  parts = RDom(0, (length + softmaxLanes - 1) / softmaxLanes, "parts");
  Expr entry = parts * softmaxLanes + lane;
  auto with = [&](const Expr &first) {
    std::vector<Expr> indices = at;
    indices[0] = first;
    return indices;
  };
  std::vector<Var> lanes = axes;
  lanes[0] = lane;
  std::vector<Expr> laneOf = expressions(lanes);

  // Past the end the last entry counts once more, which no maximum minds.
  const float infinity = std::numeric_limits<float>::infinity();
  Expr candidate = x(with(clamp(likely(entry), 0, max(length - 1, 0))));
  partMax(lanes) = -infinity;
  partMax(lanes) = select(strictLess(partMax(laneOf), candidate), candidate,
                          partMax(laneOf));
  Expr most = partMax(with(0));
  for (int n = 1; n < softmaxLanes; ++n)
    most = select(strictLess(most, partMax(with(n))), partMax(with(n)), most);
  greatest(rows) = most;

  weight(axes) = expFloat(strictSub(x(at), greatest(rows)));
  Expr inside = weight(with(clamp(likely(entry), 0, max(length - 1, 0))));
  partSum(lanes) = 0.0f;
  partSum(lanes) =
      strictAdd(partSum(laneOf), select(entry < length, inside, 0.0f));
  Expr sum = partSum(with(0));
  for (int n = 1; n < softmaxLanes; ++n)
    sum = strictAdd(sum, partSum(with(n)));
  total(rows) = sum;
  result(axes) = strictDiv(weight(at), total(rows));
}

} // namespace effattn
