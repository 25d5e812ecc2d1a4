//===- MetamorphicTest.cpp - relations that kernels have to keep ----------===//
//
// Runs of compiled kernels on the CPU that have to agree with each other,
// whatever the right answer is: shifted inputs, permuted heads and tokens, the
// same pattern written in other ways, a band in two parts, keys that nothing
// sees.
//
//===----------------------------------------------------------------------===//

#include "runtime/include/effattn/effattn.h"
#include "tools/effattn-run/Loader.h"

#include "llvm/Support/MemoryBuffer.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <random>

namespace effattn::test {

namespace {

constexpr int64_t heads = 3, channels = 16;

const char *const source = R"(
param D: int = 16
pattern near = window(9, 4)
pattern strided = (window(6, 0) | stride(5)) & causal

kernel dilated(q: f32[B, H, N, D], k: f32[B, H, N, D], v: f32[B, H, N, D])
    -> f32[B, H, N, D] {
  return attend(q, k, v, window(4, 2, dilation=3) | window(2, 2))
}
kernel plain(q: f32[B, H, N, D], k: f32[B, H, N, D], v: f32[B, H, N, D])
    -> f32[B, H, N, D] {
  return attend(q, k, v, near)
}
kernel plain_strided(q: f32[B, H, N, D], k: f32[B, H, N, D], v: f32[B, H, N, D])
    -> f32[B, H, N, D] {
  return attend(q, k, v, strided)
}
kernel twice(q: f32[B, H, N, D], k: f32[B, H, N, D], v: f32[B, H, N, D])
    -> f32[B, H, N, D] {
  return attend(q, k, v, strided | strided)
}
kernel not_not(q: f32[B, H, N, D], k: f32[B, H, N, D], v: f32[B, H, N, D])
    -> f32[B, H, N, D] {
  return attend(q, k, v, !(!strided))
}
kernel in_two(q: f32[B, H, N, D], k: f32[B, H, N, D], v: f32[B, H, N, D])
    -> f32[B, H, N, D] {
  return merge(attend(q, k, v, near & window(3, 1)),
               attend(q, k, v, near - window(3, 1)))
}
kernel in_rows(q: f32[B, H, N, D], k: f32[B, H, N, D], v: f32[B, H, N, D],
    g: index[G] in N) -> f32[B, H, N, D] {
  return rows(g): attend(q, k, v, near) else: attend(q, k, v, near)
}
kernel ordered(q: f32[B, H, N, D], k: f32[B, H, N, D], v: f32[B, H, N, D],
    perm: i32[N]) -> f32[B, H, N, D] {
  return attend(q, k, v, in_order(perm, near))
}
kernel labelled(q: f32[B, H, N, D], k: f32[B, H, N, D], v: f32[B, H, N, D],
    t: i32[N]) -> f32[B, H, N, D] {
  return attend(q, k, v, segments(t))
}
kernel behind(q: f32[B, H, N, D], k: f32[B, H, M, D], v: f32[B, H, M, D])
    -> f32[B, H, N, D] {
  return attend(q, k, v, { (i, j) : i - 7 <= j <= i or (i - j) mod 11 == 0 and
                                    j <= i })
}
)";

/// [1, heads, tokens, channels] of floats.
struct Values {
  int64_t tokens;
  std::vector<float> data;

  explicit Values(int64_t tokens)
      : tokens(tokens), data(heads * tokens * channels) {}
  float *row(int64_t head, int64_t token) {
    return data.data() + (head * tokens + token) * channels;
  }
  const float *row(int64_t head, int64_t token) const {
    return data.data() + (head * tokens + token) * channels;
  }
};

Values draw(int64_t tokens, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  Values values(tokens);
  for (float &value : values.data)
    value = normal(random);
  return values;
}

/// Row [h, t] of the result is row `from(h, t)` of `values`.
template <typename From>
Values rearranged(const Values &values, int64_t tokens, From from) {
  Values result(tokens);
  for (int64_t h = 0; h < heads; ++h)
    for (int64_t t = 0; t < tokens; ++t) {
      auto [head, token] = from(h, t);
      std::copy_n(values.row(head, token), channels, result.row(h, t));
    }
  return result;
}

class Metamorphic : public testing::Test {
protected:
  static void SetUpTestSuite() {
    llvm::SourceMgr sources;
    sources.AddNewSourceBuffer(
        llvm::MemoryBuffer::getMemBufferCopy(source, "relations.attn"),
        llvm::SMLoc());
    CompileOptions options;
    options.file = "relations.attn";
    options.isas = {"v3"};
    std::string errors;
    llvm::raw_string_ostream stream(errors);
    Compilation compilation = compile(sources, options, stream);
    ASSERT_TRUE(compilation.ok) << errors;
    for (const ProgramKernel &kernel : compilation.program->kernels)
      names.push_back(kernel.name);
    auto loaded = LoadedProgram::load(compilation.targets[0]);
    ASSERT_TRUE(bool(loaded)) << llvm::toString(loaded.takeError());
    program = loaded->release();
  }
  static void TearDownTestSuite() {
    delete program;
    program = nullptr;
  }
  void SetUp() override {
    ASSERT_NE(program, nullptr) << "the kernels were not compiled";
  }

  /// Runs a kernel on q, k, v and, where it has one, a table of i32.
  static Values run(const std::string &name, const Values &q, const Values &k,
                    const Values &v, const std::vector<int32_t> *table = {}) {
    Values result(q.tokens);
    size_t number = std::find(names.begin(), names.end(), name) - names.begin();
    auto kernel = program->kernel(number);
    if (!kernel) {
      ADD_FAILURE() << llvm::toString(kernel.takeError());
      return result;
    }
    std::vector<std::vector<int64_t>> shapes;
    shapes.reserve(8);
    auto view = [&](const void *data, std::vector<int64_t> shape,
                    DLDataType type) {
      shapes.push_back(std::move(shape));
      DLTensor tensor{};
      tensor.data = const_cast<void *>(data);
      tensor.device = {kDLCPU, 0};
      tensor.ndim = static_cast<int32_t>(shapes.back().size());
      tensor.dtype = type;
      tensor.shape = shapes.back().data();
      return tensor;
    };
    auto floats = [&](const Values &values) {
      return view(values.data.data(), {1, heads, values.tokens, channels},
                  {kDLFloat, 32, 1});
    };
    DLTensor tensors[] = {floats(q), floats(k), floats(v), {}};
    DLTensor output = floats(result), *outputs[] = {&output};
    effattn_value values[4] = {};
    for (int n = 0; n < 3; ++n)
      values[n].tensor = &tensors[n];
    if (table) {
      tensors[3] =
          view(table->data(), {int64_t(table->size())}, {kDLInt, 32, 1});
      values[3].tensor = &tensors[3];
    }
    effattn_status status =
        effattn_launch_kernel(nullptr, *kernel, values, outputs);
    EXPECT_EQ(status, EFFATTN_OK) << name << ": " << effattn_message();
    return result;
  }

  /// Rows [first, end) of all heads agree to rounding (bitwise: exactly).
  static void expectSame(const Values &a, const Values &b, int64_t first,
                         int64_t end, bool bitwise = false) {
    ASSERT_LE(end, std::min(a.tokens, b.tokens));
    for (int64_t h = 0; h < heads; ++h)
      for (int64_t t = first; t < end; ++t)
        for (int64_t d = 0; d < channels; ++d) {
          float x = a.row(h, t)[d], y = b.row(h, t)[d];
          bool same = bitwise ? std::memcmp(&x, &y, sizeof x) == 0
                              : std::fabs(x - y) <= 2e-6f;
          ASSERT_TRUE(same) << "head " << h << ", token " << t << ", channel "
                            << d << ": " << x << " and " << y;
        }
  }

  static std::vector<int32_t> permutation(int64_t tokens) {
    std::vector<int32_t> order(tokens);
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), std::mt19937(3));
    return order;
  }

  static inline LoadedProgram *program = nullptr;
  static inline std::vector<std::string> names;
};

constexpr int64_t N = 203;
const Values q = draw(N, 1), k = draw(N, 2), v = draw(N, 3);

/// A pattern of i - j: where its reach ends inside, shifted inputs give shifted
/// outputs.
TEST_F(Metamorphic, ShiftedInputsShiftOutputs) {
  constexpr int64_t by = 7, reach = 12;
  auto shifted = [&](const Values &values) {
    return rearranged(values, N, [](int64_t h, int64_t t) {
      return std::make_pair(h, (t + N - by) % N);
    });
  };
  Values one = run("dilated", q, k, v);
  Values other = run("dilated", shifted(q), shifted(k), shifted(v));
  expectSame(shifted(one), other, by + reach, N - reach);
}

TEST_F(Metamorphic, PermutedHeadsPermuteOutputs) {
  auto turned = [&](const Values &values) {
    return rearranged(values, N, [](int64_t h, int64_t t) {
      return std::make_pair((h + 1) % heads, t);
    });
  };
  for (const char *name : {"plain", "plain_strided"}) {
    Values one = run(name, q, k, v);
    Values other = run(name, turned(q), turned(k), turned(v));
    expectSame(turned(one), other, 0, N, true);
  }
}

TEST_F(Metamorphic, UnionWithItself) {
  expectSame(run("plain_strided", q, k, v), run("twice", q, k, v), 0, N);
}

TEST_F(Metamorphic, ComplementOfComplement) {
  expectSame(run("plain_strided", q, k, v), run("not_not", q, k, v), 0, N);
}

TEST_F(Metamorphic, BandInTwoPartsMerged) {
  expectSame(run("plain", q, k, v), run("in_two", q, k, v), 0, N);
}

/// Rows computed apart are the rows computed together.
TEST_F(Metamorphic, RowsApart) {
  std::vector<int32_t> some = {0, 1, 17, 18, 19, 60, 113, 200, 202};
  expectSame(run("plain", q, k, v), run("in_rows", q, k, v, &some), 0, N);
}

/// Keys after the last that any query sees change nothing, bitwise, whatever
/// is in them.
TEST_F(Metamorphic, KeysThatNothingSees) {
  Values one = run("behind", q, k, v);
  for (int64_t more : {1, 5, 40}) {
    auto longer = [&](const Values &values, float fill) {
      Values result(N + more);
      std::fill(result.data.begin(), result.data.end(), fill);
      for (int64_t h = 0; h < heads; ++h)
        std::copy_n(values.row(h, 0), N * channels, result.row(h, 0));
      return result;
    };
    for (float fill : {0.f, 1e30f, std::numeric_limits<float>::quiet_NaN()})
      expectSame(one, run("behind", q, longer(k, fill), longer(v, fill)), 0, N,
                 true);
  }
}

/// in_order(perm, P) on tokens is P on tokens put in that order.
TEST_F(Metamorphic, PermutedTokens) {
  std::vector<int32_t> order = permutation(N);
  auto ordered = [&](const Values &values) {
    return rearranged(values, N, [&](int64_t h, int64_t t) {
      return std::make_pair(h, int64_t(order[t]));
    });
  };
  Values one = run("ordered", q, k, v, &order);
  Values other = run("plain", ordered(q), ordered(k), ordered(v));
  expectSame(ordered(one), other, 0, N);
}

/// Segments do not depend on where their tokens are.
TEST_F(Metamorphic, PermutedSegments) {
  std::vector<int32_t> order = permutation(N), labels(N), moved(N);
  for (int64_t t = 0; t < N; ++t)
    labels[t] = int32_t(t / 23);
  for (int64_t t = 0; t < N; ++t)
    moved[t] = labels[order[t]];
  auto ordered = [&](const Values &values) {
    return rearranged(values, N, [&](int64_t h, int64_t t) {
      return std::make_pair(h, int64_t(order[t]));
    });
  };
  Values one = run("labelled", q, k, v, &labels);
  Values other = run("labelled", ordered(q), ordered(k), ordered(v), &moved);
  expectSame(ordered(one), other, 0, N);
}

} // namespace

} // namespace effattn::test
