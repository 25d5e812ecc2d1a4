//===- FakeKernel.h - descriptors and tensors for tests ---------*- C++ -*-===//
#ifndef EFFATTN_TEST_UNIT_RUNTIME_FAKEKERNEL_H
#define EFFATTN_TEST_UNIT_RUNTIME_FAKEKERNEL_H

#include "effattn/effattn.h"
#include "effattn/host.h"

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace effattn::test {

/// A tensor that owns its memory; `dl` points into it.
struct Tensor {
  std::vector<int64_t> shape, strides;
  std::vector<char> memory;
  DLTensor dl;

  Tensor(std::vector<int64_t> shape, DLDataType type = {kDLFloat, 32, 1});
  Tensor(const Tensor &) = delete;

  float *f32() { return static_cast<float *>(dl.data); }
  int32_t *i32() { return static_cast<int32_t *>(dl.data); }
  int64_t size() const;
  /// Pseudo-random numbers in [-1, 1).
  Tensor &randomise(uint32_t seed);
};

inline constexpr DLDataType kI32 = {kDLInt, 32, 1};

using Words = std::vector<int64_t>;
inline Words dimension(int64_t number) {
  return {EFFATTN_OP_DIMENSION, number};
}
inline Words constant(int64_t value) { return {EFFATTN_OP_CONSTANT, value}; }

/// The shape of a tensor as constants.
std::vector<Words> shapeOf(const Tensor &tensor);

/// A descriptor that owns its parts.
struct FakeKernel {
  effattn_kernel kernel = {};

  explicit FakeKernel(const char *name, std::vector<std::string> dimensions);
  FakeKernel(const FakeKernel &) = delete;

  FakeKernel &tensor(const char *name, std::vector<Words> shape,
                     uint32_t element = EFFATTN_F32);
  FakeKernel &set(const char *name, std::vector<Words> shape, Words bound);
  FakeKernel &scalar(const char *name, uint32_t element);
  FakeKernel &result(std::vector<Words> shape, uint32_t element = EFFATTN_F32);
  FakeKernel &require(Words condition, const char *message);
  FakeKernel &attend(uint32_t channels, uint32_t integers, uint32_t keySets,
                     const effattn_case *cases);
  FakeKernel &temporaries(uint32_t count);
  FakeKernel &host(int32_t (*function)(effattn_launch *, const int64_t *,
                                       const int64_t *, const double *));

private:
  std::deque<std::string> names;
  std::deque<Words> words;
  std::deque<std::vector<effattn_expression>> shapes;
  std::deque<effattn_attend_code> codes;
  std::vector<const char *> dimensionNames;
  std::vector<effattn_argument> arguments, results, all;
  std::vector<effattn_require> requires_;
  std::vector<effattn_attend> attends;

  effattn_expression expression(Words code);
  void add(std::vector<effattn_argument> &list, const char *name, uint32_t kind,
           uint32_t element, const std::vector<Words> &shape, Words bound);
  void finish();
};

/// window(w) | keys(g): pairs with 0 <= i - j <= w, and all pairs with j in g.
///
///   kernel fake(q: f32[B, H, N, 8], k: f32[B, K, M, 8], v: f32[B, K, M, 8],
///               g: index[G] in M, w: i64, s: f32)
///       -> f32[B, H, N, 8], f32[B, H, N]
///     require w >= 0, "the window must not be negative"
///
/// s is the scale. `fakeWindow` has no g.
const effattn_kernel *fakeAttention();
const effattn_kernel *fakeWindow();
inline constexpr int kChannels = 8;

/// Arguments and results of the kernels above, random.
struct Problem {
  int64_t B, H, K, N, M, G;
  Tensor q, k, v, g, o, lse;
  int64_t w = 3;
  double s = 0.35;

  Problem(int64_t B, int64_t H, int64_t K, int64_t N, int64_t M, int64_t G);
  std::vector<effattn_value> arguments(bool sets = true);
  std::vector<DLTensor *> results() { return {&o.dl, &lse.dl}; }
  effattn_status launch(effattn_context *context, bool sets = true);
  /// Largest difference of o and lse from plain loops in double precision.
  double error(bool sets = true);
};

/// A context that ends with the scope.
struct Context {
  effattn_context *context = nullptr;
  explicit Context(int32_t threads = 0);
  explicit Context(const effattn_options &options);
  Context(const Context &) = delete;
  ~Context() { effattn_context_destroy(context); }
  operator effattn_context *() { return context; }
};

} // namespace effattn::test

#endif // EFFATTN_TEST_UNIT_RUNTIME_FAKEKERNEL_H
