//===- StepsTest.cpp - the table of steps and its shape rules -------------===//

#include "lib/Frontend/Steps.h"

#include "test/unit/Check/Checked.h"

#include <gtest/gtest.h>

#include <set>

using namespace effattn;
using namespace effattn::test;

namespace {

/// The type of `expression` over the arguments, as text, or the message.
std::string typeOf(const std::string &expression,
                   const std::string &arguments) {
  Checked checked = checkText("kernel f(" + arguments +
                              ") -> f32[1] { return " + expression + " }");
  // The declared type never fits: the message names the actual one.
  const std::string &text = checked.messages;
  size_t got = text.find("but got ");
  return got == std::string::npos
             ? text
             : text.substr(got + 8, text.find('\n', got) - got - 8);
}

TEST(Steps, NamesAreUnique) {
  std::set<std::string> names;
  for (const Step &step : steps())
    EXPECT_TRUE(names.insert(step.name).second) << step.name;
}

TEST(Steps, EveryStepOfTheLanguageIsKnown) {
  for (const char *name : {"matmul",
                           "transpose",
                           "concat",
                           "take",
                           "shift",
                           "split_heads",
                           "join_heads",
                           "as_grid",
                           "as_tokens",
                           "sum",
                           "mean",
                           "max",
                           "softmax",
                           "exp",
                           "log",
                           "sqrt",
                           "relu",
                           "elu",
                           "sigmoid",
                           "tanh",
                           "normalize",
                           "layer_norm",
                           "segment_mean",
                           "landmarks",
                           "conv1d",
                           "depthwise_conv",
                           "depthwise_conv2d",
                           "favor",
                           "lsh",
                           "nearest",
                           "top",
                           "sort",
                           "sinkhorn",
                           "mix_blocks",
                           "pinv",
                           "gaussian",
                           "orthogonal"})
    EXPECT_NE(findStep(name), nullptr) << name;
}

TEST(Steps, WithoutASignatureIsRefusedByName) {
  for (const Step &step : steps()) {
    std::string name = step.name;
    if (step.shape || name == "max" || name == "sort")
      continue;
    Checked checked = checkText(
        "kernel f(x: f32[N, D]) -> f32[N, D] { return " + name + "(x) }");
    EXPECT_EQ(checked.errors, 1) << checked.messages;
    EXPECT_NE(checked.messages.find("step '" + name + "' ("), std::string::npos)
        << checked.messages;
    EXPECT_NE(checked.messages.find("supported steps are matmul, transpose"),
              std::string::npos);
  }
}

TEST(Steps, Matmul) {
  EXPECT_EQ(typeOf("matmul(a, y)", "a: f32[B, H, N, D], y: f32[D, E]"),
            "f32[B, H, N, E]");
  EXPECT_EQ(typeOf("matmul(a, y)", "a: f32[K, N], y: f32[B, H, N, D]"),
            "f32[B, H, K, D]");
  EXPECT_EQ(typeOf("matmul(a, y)", "a: f32[1, N, D], y: f32[H, D, N]"),
            "f32[H, N, N]");
  EXPECT_EQ(typeOf("matmul(a, y)", "a: f32[G, N, D], y: f32[H, D, N]"),
            "f32[H, D, N]"); // the operand at fault
}

TEST(Steps, BroadcastsFromTheRight) {
  EXPECT_EQ(typeOf("a + y", "a: f32[B, H, N, D], y: f32[H, 1, D]"),
            "f32[B, H, N, D]");
  EXPECT_EQ(typeOf("a * y", "a: f32[D], y: f32[N, 1]"), "f32[N, D]");
  EXPECT_EQ(typeOf("2 * a - 1 / N", "a: f32[N, D]"), "f32[N, D]");
  EXPECT_EQ(typeOf("-a / x", "a: f16[N, D], x: f32"), "f16[N, D]");
  EXPECT_EQ(typeOf("a + y", "a: f32[N], y: f16[N]"), "f16[N]"); // at fault
}

TEST(Steps, TransposeAndSoftmax) {
  EXPECT_EQ(typeOf("transpose(a)", "a: f32[B, N, D]"), "f32[B, D, N]");
  EXPECT_EQ(typeOf("softmax(a)", "a: f32[N, D]"), "f32[N, D]");
}

TEST(Steps, StepsThatMoveTokens) {
  const char *two = "a: f32[B, N, D], y: f32[B, M, D]";
  EXPECT_EQ(typeOf("concat(a, y)", two), "f32[B, N + M, D]");
  EXPECT_EQ(typeOf("take(a, 2, 5)", two), "f32[B, 3, D]");
  EXPECT_EQ(typeOf("shift(a, -2)", two), "f32[B, N, D]");
  EXPECT_EQ(typeOf("shift(a, 1, 8)", two), "f32[B, N, D]");
  EXPECT_EQ(typeOf("segment_mean(a, 3)", two), "f32[B, N div 3, D]");
  EXPECT_EQ(typeOf("segment_mean(a, 3)", "a: f32[11, D]"), "f32[3, D]");
}

TEST(Steps, TakeChecksItsRangeAtLaunch) {
  Checked checked = checkText("kernel f(a: f32[N, D]) -> f32[3, D] {"
                              "  return take(a, 2, 5) }");
  ASSERT_NE(checked.program, nullptr) << checked.messages;
  ASSERT_EQ(checked.kernel().requires_.size(), 1u);
  EXPECT_EQ(toString(checked.kernel().requires_[0].condition), "5 <= N");
}

TEST(Steps, GreatestTokenRead) {
  TensorType x{ElementType::F32, {dimension("N"), dimension("D")}};
  std::vector<TensorType> types = {x, x};
  auto text = [&](const char *name, int operand,
                  std::vector<int64_t> integers = {}) {
    ScalarRef token = greatestToken(*findStep(name), operand, types, integers,
                                    variable("t"));
    return token ? toString(token) : "all";
  };
  EXPECT_EQ(text("add", 1), "t");
  EXPECT_EQ(text("matmul", 0), "t");
  EXPECT_EQ(text("matmul", 1), "all");
  EXPECT_EQ(text("transpose", 0), "all");
  EXPECT_EQ(text("concat", 0), "t");
  EXPECT_EQ(text("concat", 1), "t - N");
  EXPECT_EQ(text("take", 0, {3, 9}), "t + 3");
  EXPECT_EQ(text("shift", 0, {2}), "t - 2");
  EXPECT_EQ(text("shift", 0, {1, 8}), "t - 1");
  EXPECT_EQ(text("segment_mean", 0, {4}), "t * 4 + 3");
}

TEST(Steps, AStepIsComputedOnce) {
  Checked checked = checkText("kernel f(a: f32[N, D]) -> f32[N, D] {"
                              "  return relu(a) + relu(a) }");
  ASSERT_NE(checked.program, nullptr) << checked.messages;
  EXPECT_EQ(checked.kernel().values.size(), 3u);
}

} // namespace
