//===- StepsTest.cpp - steps that move tokens, and S8, in the oracle ------===//

#include "test/unit/Reference/PatternFiles.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace effattn;
using namespace effattn::test;

namespace {

using Values = std::vector<double>;

/// x holds 1, 2, ..., y holds 101, 102, ...; one channel.
Values valueOf(const std::string &expression, const std::string &type,
               int64_t n, int64_t m) {
  auto program = programOf("kernel f(x: f32[N, 1], y: f32[M, 1]) -> " + type +
                           " { return " + expression + " }");
  reference::Inputs inputs;
  inputs.dimensions = {{"N", n}, {"M", m}};
  Values x, y;
  for (int64_t k = 1; k <= n; ++k)
    x.push_back(double(k));
  for (int64_t k = 1; k <= m; ++k)
    y.push_back(double(100 + k));
  inputs.tensors = {{"x", {{n, 1}, x}}, {"y", {{m, 1}, y}}};
  auto result = reference::run(program->kernels[0], inputs,
                               reference::Precision::Double);
  EXPECT_EQ(result.failure.message, "");
  return result.results.at(0).data;
}

TEST(ReferenceSteps, MoveTokens) {
  EXPECT_EQ(valueOf("concat(x, y)", "f32[N + M, 1]", 3, 2),
            (Values{1, 2, 3, 101, 102}));
  EXPECT_EQ(valueOf("concat(x, y)", "f32[N + M, 1]", 0, 2),
            (Values{101, 102}));
  EXPECT_EQ(valueOf("take(x, 1, 3)", "f32[2, 1]", 4, 0), (Values{2, 3}));
  EXPECT_EQ(valueOf("shift(x, 1)", "f32[N, 1]", 4, 0), (Values{0, 1, 2, 3}));
  EXPECT_EQ(valueOf("shift(x, -2)", "f32[N, 1]", 4, 0), (Values{3, 4, 0, 0}));
  EXPECT_EQ(valueOf("shift(x, 9)", "f32[N, 1]", 2, 0), (Values{0, 0}));
  EXPECT_EQ(valueOf("shift(x, 1, 3)", "f32[N, 1]", 7, 0),
            (Values{0, 1, 2, 0, 4, 5, 0}));
  EXPECT_EQ(valueOf("shift(x, -1, 3)", "f32[N, 1]", 7, 0),
            (Values{2, 3, 0, 5, 6, 0, 0}));
  EXPECT_EQ(valueOf("segment_mean(x, 2)", "f32[N div 2, 1]", 5, 0),
            (Values{1.5, 3.5}));
  EXPECT_EQ(valueOf("segment_mean(x, 9)", "f32[N div 9, 1]", 5, 0), Values{});
}

/// One pixel of the image changes; later rows of the result do, no others.
TEST(ReferenceSteps, TheAxialModelReadsOnlyPixelsBefore) {
  auto program = programOfFile("axial_image", {{"X", "4"}, {"D", "2"}});
  const int64_t n = 12;
  reference::Inputs inputs;
  inputs.dimensions = {{"B", 1}, {"N", n}};
  auto fill = [](std::vector<int64_t> shape, double seed) {
    reference::Tensor tensor{std::move(shape), {}};
    for (int64_t k = 0; k < tensor.size(); ++k)
      tensor.data.push_back(std::sin(seed + 1.7 * double(k)));
    return tensor;
  };
  inputs.tensors = {{"x", fill({1, 1, n, 2}, 1)},
                    {"pos", fill({n, 2}, 2)},
                    {"w", fill({9, 2, 2}, 3)}};
  auto run = [&] {
    auto result = reference::run(program->kernels[0], inputs,
                                 reference::Precision::Double);
    EXPECT_EQ(result.failure.message, "");
    return result.results.at(0).data;
  };
  Values before = run();
  for (int64_t changed = 0; changed < n; ++changed) {
    double &pixel = inputs.tensors["x"].data[2 * changed];
    const double kept = pixel;
    pixel = kept + 1;
    Values after = run();
    pixel = kept;
    for (int64_t k = 0; k < 2 * n; ++k) {
      bool isLater = k / 2 > changed;
      EXPECT_EQ(after[k] != before[k], isLater) << changed << " " << k / 2;
    }
  }
}

/// The message of a run of self attention with one channel and a table t[T].
std::string failureOf(const std::string &pattern, int64_t n, Values table) {
  auto program = programOf("kernel f(q: f32[N, 1], k: f32[N, 1], v: f32[N, 1], "
                           "t: i32[T]) -> f32[N, 1] { return attend(q, k, v, " +
                           pattern + ") }");
  reference::Inputs inputs;
  inputs.dimensions = {{"N", n}, {"T", int64_t(table.size())}};
  reference::Tensor x{{n, 1}, Values(n, 1)};
  inputs.tensors = {
      {"q", x}, {"k", x}, {"v", x}, {"t", {{int64_t(table.size())}, table}}};
  return reference::run(program->kernels[0], inputs,
                        reference::Precision::Double)
      .failure.message;
}

TEST(ReferenceTables, OutOfRangeInsideThePatternFails) {
  const std::string outOfRange =
      "a pair inside the pattern reads a table out of its range";
  EXPECT_EQ(failureOf("{ (i, j) : t[j] == 1 }", 3, {1, 0, 0}), "");
  EXPECT_EQ(failureOf("{ (i, j) : t[j] == 1 }", 4, {1, 0, 0}), "");
  EXPECT_EQ(failureOf("{ (i, j) : t[j] == 1 }", 4, {1, 0, 1}), outOfRange);
  EXPECT_EQ(failureOf("{ (i, j) : j < 3 and t[j] == 1 }", 4, {1, 0, 1}), "");
  EXPECT_EQ(failureOf("{ (i, j) : j == 3 or t[j] == 1 }", 4, {1, 0, 1}), "");
}

TEST(ReferenceTables, AnOrderHasAsManyTokensAsThereAre) {
  EXPECT_NE(failureOf("in_order(t, causal)", 3, {0, 1}).find("order"),
            std::string::npos);
  EXPECT_EQ(failureOf("in_order(t, causal)", 2, {1, 0}), "");
  EXPECT_NE(failureOf("in_order(t, causal)", 2, {1, 1}).find("twice"),
            std::string::npos);
}

} // namespace
