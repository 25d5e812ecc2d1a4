//===- GrowthTest.cpp - short texts that mean endless programs ------------===//
//
// Inlining can double a program with each line. Growth is refused where it
// happens, soon, and nothing recurses beyond its stack.
//
//===----------------------------------------------------------------------===//

#include "test/unit/Check/Checked.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

using namespace effattn::test;

namespace {

void expectRefused(const std::string &text, const std::string &message) {
  Checked checked = checkText(text);
  EXPECT_EQ(checked.program, nullptr);
  EXPECT_NE(checked.messages.find(message), std::string::npos)
      << checked.messages.substr(0, 2000);
}

TEST(Growth, DoublingScalars) {
  std::string lets = "let a0 = j ; ";
  for (int k = 1; k < 60; ++k)
    lets += fmt::format("let a{} = a{} + a{} ; ", k, k - 1, k - 1);
  expectRefused(attendText("{ (i, j) : " + lets + "a59 < i }"), "too large");
}

TEST(Growth, DoublingPatterns) {
  std::string text = "pattern p0 = causal\n";
  for (int k = 1; k < 60; ++k)
    text += fmt::format("pattern p{} = p{} | p{}\n", k, k - 1, k - 1);
  expectRefused(text + attendText("p59"), "too large");
}

TEST(Growth, DoublingWork) {
  std::string text = "def d0(x) = if true then x else x\n";
  for (int k = 1; k < 60; ++k)
    text += fmt::format("def d{}(x) = if true then d{}(x) else d{}(x)\n", k,
                        k - 1, k - 1);
  expectRefused(text + attendText("d59(causal)"), "too large");
}

TEST(Growth, LongChainOfDefinitions) {
  std::string text = "pattern p0 = causal\n";
  for (int k = 1; k < 5000; ++k)
    text += fmt::format("pattern p{} = p{}\n", k, k - 1);
  expectRefused(text + attendText("p4999"), "inside each other");
}

TEST(Growth, DeepDefinitions) {
  // Each definition nests as deeply as the parser lets it.
  std::string text = "def d0(x) = x\n";
  for (int k = 1; k < 50; ++k) {
    std::string body = fmt::format("d{}(x)", k - 1);
    for (int level = 0; level < 90; ++level)
      body = level % 2 ? "relu(" + body + ")"
                       : "merge r in 0..1 { if true then " + body + " else x }";
    text += fmt::format("def d{}(x) = {}\n", k, body);
  }
  expectRefused(text + "kernel f(x: f32[N, D]) -> f32[N, D] { return d49(x) }",
                "inside each other");
}

TEST(Growth, LongChainOfLets) {
  std::string body = "let x0 = N\n";
  for (int k = 1; k < 5000; ++k)
    body += fmt::format("let x{} = x{} + 1\n", k, k - 1);
  expectRefused("kernel f(q: f32[N, D]) -> f32[N, D] { " + body +
                    "return attend(q, q, q, window(x4999, 0)) }",
                "too large");
}

TEST(Growth, LongChainOfStepsIsLinear) {
  std::string body = "let x0 = q\n";
  for (int k = 1; k < 20000; ++k)
    body += fmt::format("let x{} = relu(x{})\n", k, k - 1);
  Checked checked = checkText("kernel f(q: f32[N, D]) -> f32[N, D] { " + body +
                              "return x19999 }");
  ASSERT_NE(checked.program, nullptr) << checked.messages.substr(0, 2000);
  EXPECT_EQ(checked.kernel().values.size(), 20000u);
}

TEST(Growth, NestedRounds) {
  std::string text = "attend(q, k, v, all)";
  for (const char *round : {"r", "s", "t"})
    text = fmt::format("merge {} in 0..1000 {{ {} }}", round, text);
  expectRefused("kernel f(q: f32[N, D], k: f32[N, D], v: f32[N, D]) -> "
                "f32[N, D] { return " +
                    text + " }",
                "too large");
}

} // namespace
