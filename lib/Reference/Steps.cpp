//===- Steps.cpp - dense steps by straight loops --------------------------===//

#include "lib/Reference/Interpreter.h"

#include <algorithm>
#include <cmath>

namespace effattn::reference {

namespace {

/// Offset in `tensor`, broadcast from the right, of the element at `indices`.
int64_t broadcastOffset(const Tensor &tensor,
                        const std::vector<int64_t> &indices) {
  int64_t offset = 0;
  size_t skipped = indices.size() - tensor.shape.size();
  for (size_t axis = 0; axis < tensor.shape.size(); ++axis)
    offset = offset * tensor.shape[axis] +
             (tensor.shape[axis] == 1 ? 0 : indices[skipped + axis]);
  return offset;
}

/// Advances row-major indices; false after the last.
bool next(std::vector<int64_t> &indices, const std::vector<int64_t> &shape) {
  for (size_t axis = shape.size(); axis-- > 0;) {
    if (++indices[axis] < shape[axis])
      return true;
    indices[axis] = 0;
  }
  return false;
}

double combine(const std::string &step, double a, double b) {
  if (step == "add")
    return a + b;
  if (step == "sub")
    return a - b;
  if (step == "mul")
    return a * b;
  return a / b;
}

double apply(const std::string &step, double x, bool &known) {
  known = true;
  if (step == "neg")
    return -x;
  if (step == "exp")
    return std::exp(x);
  if (step == "log")
    return std::log(x);
  if (step == "sqrt")
    return std::sqrt(x);
  if (step == "relu")
    return std::isnan(x) ? x : std::max(x, 0.0);
  if (step == "elu")
    return x > 0 ? x : std::expm1(x);
  if (step == "sigmoid")
    return 1 / (1 + std::exp(-x));
  if (step == "tanh")
    return std::tanh(x);
  known = false;
  return x;
}

template <typename Real>
void multiply(const Tensor &a, const Tensor &b, Tensor &result) {
  size_t rank = result.shape.size();
  int64_t inner = a.shape.back();
  int64_t columns = result.shape[rank - 1];
  std::vector<int64_t> indices(rank, 0), left(rank), right(rank);
  if (result.size() == 0)
    return;
  do {
    left = right = indices;
    left[rank - 1] = 0;
    right[rank - 2] = 0;
    const double *x = a.data.data() + broadcastOffset(a, left);
    const double *y = b.data.data() + broadcastOffset(b, right);
    Real sum = 0;
    for (int64_t k = 0; k < inner; ++k)
      sum += static_cast<Real>(x[k]) * static_cast<Real>(y[k * columns]);
    result.data[offsetOf(result, indices)] = sum;
  } while (next(indices, result.shape));
}

/// Along the last axis; NaN spreads over its row.
template <typename Real> void softmax(const Tensor &x, Tensor &result) {
  int64_t length = x.shape.back();
  for (int64_t first = 0; first < x.size(); first += length) {
    Real greatest = static_cast<Real>(x.data[first]), total = 0;
    for (int64_t k = 1; k < length; ++k)
      greatest = std::max(greatest, static_cast<Real>(x.data[first + k]));
    for (int64_t k = 0; k < length; ++k) {
      Real weight = std::exp(static_cast<Real>(x.data[first + k]) - greatest);
      result.data[first + k] = weight;
      total += weight;
    }
    for (int64_t k = 0; k < length; ++k)
      result.data[first + k] =
          static_cast<Real>(result.data[first + k]) / total;
  }
}

void transpose(const Tensor &x, Tensor &result) {
  size_t rank = result.shape.size();
  if (result.size() == 0)
    return;
  std::vector<int64_t> indices(rank, 0), source;
  do {
    source = indices;
    std::swap(source[rank - 1], source[rank - 2]);
    result.data[offsetOf(result, indices)] = x.data[offsetOf(x, source)];
  } while (next(indices, result.shape));
}

/// The elements at one index of an axis; the axis goes.
void slice(const Tensor &x, int64_t axis, int64_t index, Tensor &result) {
  if (result.size() == 0)
    return;
  std::vector<int64_t> indices(result.shape.size(), 0), source;
  do {
    source = indices;
    source.insert(source.begin() + axis, index);
    result.data[offsetOf(result, indices)] = x.data[offsetOf(x, source)];
  } while (next(indices, result.shape));
}

/// Number of tokens, the last axis but one.
int64_t tokensOf(const Tensor &x) { return x.shape[x.shape.size() - 2]; }

/// concat, take, shift: each slot of the result is one token of an operand, or
/// zero where `from` gives null.
void moveTokens(
    Tensor &result,
    const std::function<const Tensor *(int64_t slot, int64_t &token)> &from) {
  size_t axis = result.shape.size() - 2;
  std::vector<int64_t> indices(result.shape.size(), 0), source;
  if (result.size() == 0)
    return;
  do {
    source = indices;
    const Tensor *x = from(indices[axis], source[axis]);
    result.data[offsetOf(result, indices)] =
        x ? x->data[offsetOf(*x, source)] : 0;
  } while (next(indices, result.shape));
}

/// Mean of tokens slot * s to slot * s + s - 1.
template <typename Real>
void segmentMean(const Tensor &x, int64_t s, Tensor &result) {
  size_t axis = result.shape.size() - 2;
  std::vector<int64_t> indices(result.shape.size(), 0), source;
  if (result.size() == 0)
    return;
  do {
    source = indices;
    Real sum = 0;
    for (int64_t k = 0; k < s; ++k) {
      source[axis] = indices[axis] * s + k;
      sum += static_cast<Real>(x.data[offsetOf(x, source)]);
    }
    result.data[offsetOf(result, indices)] = sum / static_cast<Real>(s);
  } while (next(indices, result.shape));
}

/// Token of which `slot` is the copy after a shift; false where zero enters.
bool shiftedFrom(const std::vector<int64_t> &integers, int64_t tokens,
                 int64_t slot, int64_t &token) {
  int64_t line = integers.size() > 1 ? integers[1] : tokens;
  int64_t first = slot / line * line;
  token = slot - integers[0];
  return token >= first && token < std::min(first + line, tokens);
}

/// The steps that move or gather tokens; false: it is none of them.
bool tokenStep(const ProgramValue &value, const Tensor &first,
               const Tensor *second, bool single, Tensor &result) {
  if (value.step == "concat")
    moveTokens(result, [&](int64_t slot, int64_t &token) {
      bool isFirst = slot < tokensOf(first);
      token = isFirst ? slot : slot - tokensOf(first);
      return isFirst ? &first : second;
    });
  else if (value.step == "take")
    moveTokens(result, [&](int64_t slot, int64_t &token) {
      token = slot + value.integers[0];
      return &first;
    });
  else if (value.step == "shift")
    moveTokens(result, [&](int64_t slot, int64_t &token) -> const Tensor * {
      return shiftedFrom(value.integers, tokensOf(first), slot, token)
                 ? &first
                 : nullptr;
    });
  else if (value.step == "segment_mean")
    single ? segmentMean<float>(first, value.integers[0], result)
           : segmentMean<double>(first, value.integers[0], result);
  else
    return false;
  return true;
}

} // namespace

Tensor Interpreter::step(const ProgramValue &value) {
  Tensor result = makeTensor(resultShape(value, 0), 0);
  const Tensor &first = operand(value, 0);
  bool single = precision == Precision::Float;
  if (value.step == "matmul") {
    const Tensor &second = operand(value, 1);
    single ? multiply<float>(first, second, result)
           : multiply<double>(first, second, result);
    return result;
  }
  if (value.step == "softmax") {
    single ? softmax<float>(first, result) : softmax<double>(first, result);
    return result;
  }
  if (value.step == "transpose") {
    transpose(first, result);
    return result;
  }
  if (value.step == "slice") {
    slice(first, value.integers.at(0), value.integers.at(1), result);
    return result;
  }
  const Tensor *last = value.operands.size() > 1 ? &operand(value, 1) : nullptr;
  if (tokenStep(value, first, last, single, result) || result.size() == 0)
    return result;
  bool known = true, isBinary = value.step == "add" || value.step == "sub" ||
                                value.step == "mul" || value.step == "div";
  std::vector<int64_t> indices(result.shape.size(), 0);
  do {
    double a = first.data[broadcastOffset(first, indices)];
    double x;
    if (isBinary) {
      const Tensor &second = operand(value, 1);
      x = combine(value.step, a, second.data[broadcastOffset(second, indices)]);
    } else {
      x = apply(value.step, a, known);
    }
    result.data[offsetOf(result, indices)] = round(x);
  } while (known && next(indices, result.shape));
  if (!known)
    throw Refused("the reference does not evaluate the step '" + value.step +
                      "' yet",
                  value.offset);
  return result;
}

} // namespace effattn::reference
