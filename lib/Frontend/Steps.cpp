//===- Steps.cpp - the table of steps and their shape rules ---------------===//

#include "lib/Frontend/Steps.h"

#include <fmt/format.h>

#include <algorithm>

namespace effattn {

namespace {

bool isFloating(ElementType type) {
  return type == ElementType::F32 || type == ElementType::F16 ||
         type == ElementType::BF16;
}

std::nullopt_t fail(StepProblem &problem, int operand, std::string message) {
  problem.message = std::move(message);
  problem.operand = operand;
  return std::nullopt;
}

/// Steps compute in one floating-point type.
bool checkElements(std::span<const TensorType> operands, StepProblem &problem) {
  for (size_t k = 0; k < operands.size(); ++k) {
    if (!isFloating(operands[k].element)) {
      fail(problem, static_cast<int>(k),
           fmt::format("expected a tensor of f32, f16 or bf16, but got {}",
                       toString(operands[k])));
      return false;
    }
    if (operands[k].element != operands[0].element) {
      fail(problem, static_cast<int>(k),
           fmt::format("expected elements of type {}, but got {}",
                       spelling(operands[0].element), toString(operands[k])));
      return false;
    }
  }
  return true;
}

/// Combines two shapes from the right; false where an axis does not agree.
bool broadcastShapes(std::vector<ScalarRef> a, std::vector<ScalarRef> b,
                     std::vector<ScalarRef> &result) {
  size_t rank = std::max(a.size(), b.size());
  result.assign(rank, nullptr);
  for (size_t k = 1; k <= rank; ++k) {
    ScalarRef left = k <= a.size() ? a[a.size() - k] : constantInt(1);
    ScalarRef right = k <= b.size() ? b[b.size() - k] : constantInt(1);
    if (!left->isConstant(1) && !right->isConstant(1) &&
        !equivalent(left, right))
      return false;
    result[rank - k] = left->isConstant(1) ? right : left;
  }
  return true;
}

std::optional<TensorType> sameShape(std::span<const TensorType> operands,
                                    std::span<const int64_t> integers,
                                    StepProblem &problem) {
  if (!checkElements(operands, problem))
    return std::nullopt;
  return operands[0];
}

/// [.., m, k] x [.., k, n] -> [.., m, n]
std::optional<TensorType> matmulShape(std::span<const TensorType> operands,
                                      std::span<const int64_t> integers,
                                      StepProblem &problem) {
  if (!checkElements(operands, problem))
    return std::nullopt;
  for (int k = 0; k < 2; ++k)
    if (operands[k].rank() < 2)
      return fail(
          problem, k,
          fmt::format("expected a matrix, but got {}", toString(operands[k])));
  const std::vector<ScalarRef> &a = operands[0].shape, &b = operands[1].shape;
  const ScalarRef &inner = a[a.size() - 1], &outer = b[b.size() - 2];
  if (!equivalent(inner, outer))
    return fail(problem, 1,
                fmt::format("expected {} rows, as the left matrix has {} "
                            "columns, but got {} in {}",
                            toString(inner), toString(inner), toString(outer),
                            toString(operands[1])));
  TensorType result{operands[0].element, {}};
  if (!broadcastShapes({a.begin(), a.end() - 2}, {b.begin(), b.end() - 2},
                       result.shape))
    return fail(problem, 1,
                fmt::format("expected leading axes that agree with {}, but "
                            "got {}",
                            toString(operands[0]), toString(operands[1])));
  result.shape.push_back(a[a.size() - 2]);
  result.shape.push_back(b[b.size() - 1]);
  return result;
}

std::optional<TensorType> transposeShape(std::span<const TensorType> operands,
                                         std::span<const int64_t> integers,
                                         StepProblem &problem) {
  TensorType result = operands[0];
  if (result.rank() < 2)
    return fail(problem, 0,
                fmt::format("expected a matrix, but got {}", toString(result)));
  std::swap(result.shape[result.rank() - 1], result.shape[result.rank() - 2]);
  return result;
}

std::optional<TensorType> softmaxShape(std::span<const TensorType> operands,
                                       std::span<const int64_t> integers,
                                       StepProblem &problem) {
  if (operands[0].rank() < 1)
    return fail(problem, 0, "expected a tensor with an axis to normalise over");
  return sameShape(operands, integers, problem);
}

/// integers: axis, index; the axis goes
std::optional<TensorType> sliceShape(std::span<const TensorType> operands,
                                     std::span<const int64_t> integers,
                                     StepProblem &problem) {
  TensorType result = operands[0];
  const ScalarRef size = result.shape[integers[0]];
  if (integers[1] < 0 || (size->isConstant() && integers[1] >= size->integer))
    return fail(problem, -1,
                fmt::format("expected an index from 0 to {} - 1, but got {}",
                            toString(size), integers[1]));
  result.shape.erase(result.shape.begin() + integers[0]);
  return result;
}

bool hasTokens(const TensorType &type, int operand, StepProblem &problem) {
  if (type.rank() >= 2)
    return true;
  fail(problem, operand,
       fmt::format("expected a tensor with tokens and channels, but got {}",
                   toString(type)));
  return false;
}

ScalarRef &tokensOf(TensorType &type) { return type.shape[type.rank() - 2]; }

/// A kernel computes places of tokens with 32 bits.
constexpr int64_t kLargestPlace = INT32_MAX;

/// [.., n, d] and [.., m, d] -> [.., n + m, d]
std::optional<TensorType> concatShape(std::span<const TensorType> operands,
                                      std::span<const int64_t> integers,
                                      StepProblem &problem) {
  if (!checkElements(operands, problem) || !hasTokens(operands[0], 0, problem))
    return std::nullopt;
  TensorType result = operands[0], other = operands[1];
  bool agrees = other.rank() == result.rank();
  for (int axis = 0; agrees && axis < result.rank(); ++axis)
    agrees = axis == result.rank() - 2 ||
             equivalent(result.shape[axis], other.shape[axis]);
  if (!agrees)
    return fail(problem, 1,
                fmt::format("expected the axes of {} but for the tokens, but "
                            "got {}",
                            toString(result), toString(other)));
  tokensOf(result) = tokensOf(result) + tokensOf(other);
  return result;
}

/// integers: lo, hi; tokens lo to hi - 1
std::optional<TensorType> takeShape(std::span<const TensorType> operands,
                                    std::span<const int64_t> integers,
                                    StepProblem &problem) {
  TensorType result = operands[0];
  if (!hasTokens(result, 0, problem))
    return std::nullopt;
  int64_t low = integers[0], high = integers[1];
  if (low < 0 || high < low || high > kLargestPlace)
    return fail(problem, low < 0 ? 1 : 2,
                fmt::format("expected a range of tokens 0 <= lo <= hi < 2^31, "
                            "but got {}..{}",
                            low, high));
  const ScalarRef size = tokensOf(result);
  if (size->isConstant() && high > size->integer)
    return fail(problem, 2,
                fmt::format("expected an end of at most {}, as there are {} "
                            "tokens, but got {}",
                            size->integer, size->integer, high));
  tokensOf(result) = constantInt(high - low);
  return result;
}

/// integers: n, and w where tokens stay within their line of w
std::optional<TensorType> shiftShape(std::span<const TensorType> operands,
                                     std::span<const int64_t> integers,
                                     StepProblem &problem) {
  if (!hasTokens(operands[0], 0, problem))
    return std::nullopt;
  if (integers[0] > kLargestPlace || integers[0] < -kLargestPlace)
    return fail(
        problem, 1,
        fmt::format("expected a distance below 2^31, but got {}", integers[0]));
  if (integers.size() > 1 && (integers[1] < 1 || integers[1] > kLargestPlace))
    return fail(problem, 2,
                fmt::format("expected lines of 1 to 2^31 - 1 tokens, but got "
                            "{}",
                            integers[1]));
  return operands[0];
}

/// integers: s; a slot for each whole segment of s tokens
std::optional<TensorType> segmentShape(std::span<const TensorType> operands,
                                       std::span<const int64_t> integers,
                                       StepProblem &problem) {
  TensorType result = operands[0];
  if (!checkElements(operands, problem) || !hasTokens(result, 0, problem))
    return std::nullopt;
  if (integers[0] < 1 || integers[0] > kLargestPlace)
    return fail(problem, 1,
                fmt::format("expected segments of 1 to 2^31 - 1 tokens, but "
                            "got {}",
                            integers[0]));
  tokensOf(result) =
      binary(ScalarKind::FloorDiv, tokensOf(result), constantInt(integers[0]));
  return result;
}

constexpr StepShape none = nullptr;

const Step table[] = {
    {"matmul", "matmul", 2, matmulShape, StepReads::SlotOfFirst,
     "matrix product over the last two axes"},
    {"transpose", "transpose", 1, transposeShape, StepReads::All,
     "swaps the last two axes"},
    {"concat", "concat", 2, concatShape, StepReads::Moved,
     "joins along the tokens"},
    {"take", "take", 1, takeShape, StepReads::Moved, "tokens lo to hi - 1", 2},
    {"shift", "shift", 1, shiftShape, StepReads::Moved,
     "moves the tokens along by n, within each line of w where w is given; "
     "zeros enter",
     1, 1},
    {"split_heads", "split_heads", 1, none, StepReads::Slot,
     "[B, N, H*D] to [B, H, N, D]"},
    {"join_heads", "join_heads", 1, none, StepReads::Slot,
     "[B, H, N, D] to [B, N, H*D]"},
    {"as_grid", "as_grid", 1, none, StepReads::Slot,
     "tokens to the rows and columns of a grid"},
    {"as_tokens", "as_tokens", 1, none, StepReads::Slot,
     "rows and columns of a grid to tokens"},
    {"sum", "sum", 1, none, StepReads::All, "sum over the tokens"},
    {"mean", "mean", 1, none, StepReads::All, "mean over the tokens"},
    {"max", "max", 1, none, StepReads::All, "largest over the tokens"},
    {"softmax", "softmax", 1, softmaxShape, StepReads::Slot,
     "softmax along the last axis"},
    {"exp", "exp", 1, sameShape, StepReads::Slot, "e to the power of x"},
    {"log", "log", 1, sameShape, StepReads::Slot, "natural logarithm"},
    {"sqrt", "sqrt", 1, sameShape, StepReads::Slot, "square root"},
    {"relu", "relu", 1, sameShape, StepReads::Slot, "max(x, 0)"},
    {"elu", "elu", 1, sameShape, StepReads::Slot,
     "x where x > 0, exp(x) - 1 elsewhere"},
    {"sigmoid", "sigmoid", 1, sameShape, StepReads::Slot, "1 / (1 + exp(-x))"},
    {"tanh", "tanh", 1, sameShape, StepReads::Slot, "hyperbolic tangent"},
    {"normalize", "normalize", 1, none, StepReads::Slot,
     "each row divided by its length"},
    {"layer_norm", "layer_norm", 1, none, StepReads::Slot,
     "each row to mean 0 and variance 1"},
    {"segment_mean", "segment_mean", 1, segmentShape, StepReads::Block,
     "mean of each whole segment of s tokens", 1},
    {"landmarks", "landmarks", 1, none, StepReads::Block,
     "means of a given number of equal segments"},
    {"conv1d", "conv1d", 2, none, StepReads::Neighbours,
     "convolution along the tokens"},
    {"depthwise_conv", "depthwise_conv", 2, none, StepReads::Neighbours,
     "convolution along the tokens, each channel by itself"},
    {"depthwise_conv2d", "depthwise_conv2d", 2, none, StepReads::Neighbours,
     "convolution on a grid, each channel by itself"},
    {"favor", "favor", 2, none, StepReads::Slot,
     "positive random features of the softmax kernel"},
    {"lsh", "lsh", 2, none, StepReads::Slot,
     "bucket of each token by random rotations"},
    {"nearest", "nearest", 2, none, StepReads::SlotOfFirst,
     "the closest centre of each token"},
    {"top", "top", 1, none, StepReads::All,
     "indices of the largest values, in ascending order"},
    {"sort", "sort", 1, none, StepReads::All, "stable order by a table"},
    {"sinkhorn", "sinkhorn", 1, none, StepReads::All,
     "rows and columns normalised in turn"},
    {"mix_blocks", "mix_blocks", 2, none, StepReads::All,
     "blocks of tokens mixed by a matrix"},
    {"pinv", "pinv", 1, none, StepReads::All, "iterative pseudo-inverse"},
    {"gaussian", "gaussian", 0, none, StepReads::Nothing,
     "normal random numbers from a seed"},
    {"orthogonal", "orthogonal", 0, none, StepReads::Nothing,
     "random orthogonal rows from a seed"},
    {"add", "+", 2, broadcast, StepReads::Slot, "elementwise sum"},
    {"sub", "-", 2, broadcast, StepReads::Slot, "elementwise difference"},
    {"mul", "*", 2, broadcast, StepReads::Slot, "elementwise product"},
    {"div", "/", 2, broadcast, StepReads::Slot, "elementwise quotient"},
    {"neg", "unary -", 1, sameShape, StepReads::Slot, "elementwise negation"},
    {"slice", "x[c]", 1, sliceShape, StepReads::Moved,
     "one entry along an axis, which goes"},
};

} // namespace

std::span<const Step> steps() { return table; }

const Step *findStep(std::string_view name) {
  auto found =
      std::find_if(std::begin(table), std::end(table),
                   [&](const Step &step) { return step.name == name; });
  return found == std::end(table) ? nullptr : found;
}

ScalarRef greatestToken(const Step &step, int operand,
                        std::span<const TensorType> operands,
                        std::span<const int64_t> integers,
                        const ScalarRef &slot) {
  std::string_view name = step.name;
  if (name == "concat")
    return operand == 0 ? slot
                        : slot - operands[0].shape[operands[0].rank() - 2];
  if (name == "take")
    return slot + constantInt(integers[0]);
  if (name == "shift") // on a line it is this or nothing
    return slot - constantInt(integers[0]);
  if (name == "segment_mean")
    return slot * constantInt(integers[0]) + constantInt(integers[0] - 1);
  switch (step.reads) {
  case StepReads::Nothing:
    return constantInt(-1);
  case StepReads::Slot:
    return slot;
  case StepReads::SlotOfFirst:
    return operand == 0 ? slot : nullptr;
  default:
    return nullptr;
  }
}

std::string supportedSteps() {
  std::string text;
  for (const Step &step : table)
    if (step.shape && std::string_view(step.name) == step.spelling)
      text += (text.empty() ? "" : ", ") + std::string(step.name);
  return text;
}

std::string toString(const TensorType &type) {
  std::string text = spelling(type.element);
  if (type.shape.empty())
    return text;
  text += '[';
  for (size_t k = 0; k < type.shape.size(); ++k)
    text += (k ? ", " : "") + toString(type.shape[k]);
  return text + (type.isRagged() ? "] ragged(" + type.offsets + ")" : "]");
}

std::optional<TensorType> broadcast(std::span<const TensorType> operands,
                                    std::span<const int64_t> integers,
                                    StepProblem &problem) {
  if (!checkElements(operands, problem))
    return std::nullopt;
  TensorType result = operands[0];
  for (size_t k = 1; k < operands.size(); ++k)
    if (!broadcastShapes(result.shape, operands[k].shape, result.shape))
      return fail(problem, static_cast<int>(k),
                  fmt::format("expected a shape that agrees with {} from the "
                              "right, but got {}",
                              toString(operands[0]), toString(operands[k])));
  return result;
}

} // namespace effattn
