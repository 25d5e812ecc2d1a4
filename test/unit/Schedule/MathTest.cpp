//===- MathTest.cpp - accuracy of the elementary functions ----------------===//

#include "lib/Schedule/Math.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>

using namespace effattn;

namespace {

/// Evaluates `f` at `inputs`, vectorised as in kernels.
std::vector<float> evaluate(const std::function<Halide::Expr(Halide::Expr)> &f,
                            std::vector<float> inputs) {
  inputs.resize((inputs.size() + 7) / 8 * 8, 0.0f);
  Halide::Buffer<float> in(inputs.data(), static_cast<int>(inputs.size()));
  Halide::Var x;
  Halide::Func g;
  g(x) = f(in(x));
  g.vectorize(x, 8);
  Halide::Buffer<float> out = g.realize({static_cast<int>(inputs.size())});
  return std::vector<float>(out.begin(), out.end());
}

double ulpError(float got, double want) {
  float nearest = static_cast<float>(want);
  double ulp =
      std::nextafter(std::fabs(nearest), INFINITY) - std::fabs(nearest);
  return std::fabs(got - want) / ulp;
}

} // namespace

TEST(Math, SoftmaxWeightWithinOneUlp) {
  std::vector<float> inputs;
  for (double x = -87.3; x <= 1e-6; x += 0.000671)
    inputs.push_back(static_cast<float>(x));
  std::vector<float> values = evaluate(softmaxWeight, inputs);
  double worst = 0;
  for (size_t n = 0; n < inputs.size(); ++n) {
    double want = std::exp(double(inputs[n]));
    // 3e-9 |x| from ln(2) as one float, in units of at least 2^-24.
    double allowed = 1.05 + 3e-9 * 0x1p24 * std::fabs(inputs[n]);
    worst = std::max(worst, ulpError(values[n], want) / allowed);
  }
  EXPECT_LT(worst, 1);
}

TEST(Math, SoftmaxWeightOfZeroAndBelowTheClamp) {
  const float least = evaluate(softmaxWeight, {-87.336540f})[0];
  EXPECT_NEAR(least, 0x1p-126, 1e-43);
  EXPECT_TRUE(std::isnormal(least));
  std::vector<float> inputs = {0, -0.0f, -88, -127, -1e30f, -INFINITY};
  std::vector<float> wanted = {1, 1, least, least, least, least};
  std::vector<float> values = evaluate(softmaxWeight, inputs);
  for (size_t n = 0; n < inputs.size(); ++n)
    EXPECT_EQ(values[n], wanted[n]) << inputs[n];
}

TEST(Math, SoftmaxWeightKeepsEveryNan) {
  std::vector<float> inputs;
  for (uint32_t bits : {0x7fc00000u, 0x7fc00001u, 0xffc00155u, 0x7fffffffu}) {
    float value;
    std::memcpy(&value, &bits, sizeof value);
    inputs.push_back(value);
  }
  std::vector<float> values = evaluate(softmaxWeight, inputs);
  for (size_t n = 0; n < inputs.size(); ++n)
    EXPECT_TRUE(std::isnan(values[n])) << n;
}

TEST(Math, ExpAndLogWithinTwoUlp) {
  std::vector<float> inputs, positive;
  for (double x = -87; x <= 88; x += 0.00137)
    inputs.push_back(static_cast<float>(x));
  for (double x = 1e-37; x < 1e38; x *= 1.00073)
    positive.push_back(static_cast<float>(x));
  std::vector<float> exps = evaluate(expFloat, inputs);
  std::vector<float> logs = evaluate(logFloat, positive);
  double worstExp = 0, worstLog = 0;
  for (size_t n = 0; n < inputs.size(); ++n)
    worstExp =
        std::max(worstExp, ulpError(exps[n], std::exp(double(inputs[n]))));
  for (size_t n = 0; n < positive.size(); ++n)
    worstLog =
        std::max(worstLog, ulpError(logs[n], std::log(double(positive[n]))));
  EXPECT_LT(worstExp, 2);
  EXPECT_LT(worstLog, 2);
}

TEST(Math, LogOfDouble) {
  Halide::Var x;
  Halide::Func g;
  g(x) = logDouble(Halide::cast<double>(x) * Halide::Expr(0.37) +
                   Halide::Expr(1.0));
  g.vectorize(x, 4);
  Halide::Buffer<double> out = g.realize({4000});
  for (int n = 0; n < 4000; ++n)
    EXPECT_NEAR(out(n), std::log(n * 0.37 + 1.0), 2e-15 * (1 + out(n)));
}
