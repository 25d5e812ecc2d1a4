//===- ProgramTest.cpp - what a checked program holds ---------------------===//

#include "test/unit/Check/Checked.h"

#include <gtest/gtest.h>

using namespace effattn;
using namespace effattn::test;

namespace {

std::string pattern(const std::string &text,
                    const std::string &arguments = "") {
  return patternText(checkText(attendText(text, arguments)));
}

std::string firstError(const Checked &checked) {
  size_t begin = checked.messages.find("error: ");
  return begin == std::string::npos
             ? checked.messages
             : checked.messages.substr(
                   begin + 7, checked.messages.find('\n', begin) - begin - 7);
}

TEST(Program, Listing) {
  Checked checked = checkText(R"(
param w: int = 256
param D: int = 64
kernel longformer(q: f32[B, H, N, D], k: f32[B, H, N, D], v: f32[B, H, N, D],
                  g: index[G] in N) -> f32[B, H, N, D] {
  example B=1, H=12, N=4096, G=8
  return rows(g): attend(q, k, v, all)
         else:    attend(q, k, v, window(w, w) | keys(g))
})",
                              {{"w", "128"}});
  EXPECT_EQ(checked.listing(), R"(param w: int = 128
param D: int = 64

kernel longformer
  dimensions B, H, N, G
  q = argument : f32[B, H, N, 64]
  k = argument : f32[B, H, N, 64]
  v = argument : f32[B, H, N, 64]
  g = argument : index[G] in N
  %4 = attend q, k, v {pattern = all, scale = 0.125} : f32[B, H, N, 64], f32[B, H, N]
  %5 = attend q, k, v {pattern = window(128, 128) | keys(g), scale = 0.125} : f32[B, H, N, 64], f32[B, H, N]
  %6 = rows %4, %5 {set = g} : f32[B, H, N, 64], f32[B, H, N]
  example B = 1, G = 8, H = 12, N = 4096
  return %6 : f32[B, H, N, 64]
)");
}

TEST(Program, SetReplacesAParamByType) {
  std::string text = "param a: float = 0.5\nparam on: bool = false\n"
                     "param n: int = 2 * 4\n" +
                     attendText("if on then window(n, 0) else none, scale = a");
  EXPECT_EQ(patternText(checkText(text)), "none");
  EXPECT_EQ(patternText(checkText(text, {{"on", "true"}, {"n", "-0"}})),
            "window(0, 0)");
  Checked checked = checkText(text, {{"a", "1e-3"}});
  EXPECT_EQ(checked.kernel().values.back().scale->real, 1e-3);
  for (const char *bad :
       {"", "x", "0x4", "1.5", " 4", "4 ", "nan", "9223372036854775808"})
    EXPECT_EQ(checkText(text, {{"n", bad}}).errors, 1) << bad;
  for (const char *bad : {"nan", "inf", "1e999", "", "1,5"})
    EXPECT_EQ(checkText(text, {{"a", bad}}).errors, 1) << bad;
}

TEST(Program, ChainsAndNamesInComprehensions) {
  EXPECT_EQ(pattern("{ (i, j) : 0 <= i - j < 512 }"),
            "{ (i, j) : 0 <= i - j and i - j < 512 }");
  EXPECT_EQ(pattern("{ (j, i) : N - M > j }"), "{ (i, j) : j < N - M }");
  EXPECT_EQ(pattern("{ (i, j) : let c = i div 4 ; let d = c * 4 ; d <= j }"),
            "{ (i, j) : i div 4 * 4 <= j }");
  EXPECT_EQ(pattern("{ (i, j) : exists s in 1 - 1..4 : i - j == 3 * s }"),
            "{ (i, j) : exists s in 0..4 : i - j == 3 * s }");
}

TEST(Program, LookUpsStandForTheCurrentBatchAndHead) {
  EXPECT_EQ(pattern("{ (i, j) : t[i] == t[j] }", "t: i32[B, N]"),
            "{ (b, i, j) : t[b, i] == t[b, j] }");
  EXPECT_EQ(pattern("{ (i, j) : t[i] == t[j] }", "t: i32[H, N]"),
            "{ (h, i, j) : t[h, i] == t[h, j] }");
  EXPECT_EQ(pattern("{ (i, j) : t[i, j] }", "t: bool[B, H, N, M]"),
            "{ (b, h, i, j) : t[b, h, i, j] }");
  EXPECT_EQ(pattern("prefix(p)", "p: i32[B]"),
            "{ (b, i, j) : j < p[b] or j <= i + q0 }");
  EXPECT_EQ(pattern("window(p, 0)", "p: i64[B, H]"),
            "{ (b, h, i, j) : 0 <= i + q0 - j and i + q0 - j <= p[b, h] }");
  EXPECT_EQ(pattern("segments(t)", "t: i32[H, N]"), "segments(t)");
  EXPECT_EQ(pattern("segments(t)", "t: i32[B, N]"),
            "{ (b, i, j) : t[b, i] == t[b, j] }");
  EXPECT_EQ(pattern("blocks(t, 64)", "t: bool[B, U, W]"),
            "{ (b, i, j) : t[b, (i + q0) div 64, j div 64] }");
}

TEST(Program, SetsAreTablesOrConditions) {
  EXPECT_EQ(pattern("global(g)", "g: index[G] in N"), "queries(g) | keys(g)");
  EXPECT_EQ(pattern("queries({ j : j < 4 })"), "{ (i, j) : i < 4 }");
  EXPECT_EQ(pattern("keys({ i : i mod 8 == 0 })"), "{ (i, j) : j mod 8 == 0 }");
  EXPECT_EQ(pattern("{ (i, j) : j in g and not i in g }", "g: index[G] in N"),
            "{ (i, j) : j in g and not i in g }");
}

TEST(Program, DefinitionsAreWrittenOut) {
  std::string definitions = "pattern near(l, r) = window(back(l), r) & causal\n"
                            "def back(x) = 2 * x + 1\n";
  EXPECT_EQ(patternText(checkText(definitions + attendText("near(3, 0)"))),
            "window(7, 0) & causal");
  // Parameters hide params, and the caller's names stay the caller's.
  EXPECT_EQ(patternText(checkText("param l: int = 9\n" + definitions +
                                  attendText("near(l, l) | window(l, 1)"))),
            "window(19, 9) & causal | window(9, 1)");
}

TEST(Program, SizesOfTheAttendAreNotThoseOfTheKernel) {
  Checked checked = checkText(
      "kernel f(x: f32[M, D], y: f32[N, D]) -> f32[M, D] {"
      "  return attend(x, y, y, { (i, j) : i < N - 1 }, q0 = N - M) }");
  ASSERT_NE(checked.program, nullptr) << checked.messages;
  // Queries are counted by N inside, whatever the kernel calls them.
  EXPECT_EQ(toString(checked.kernel().values.back().q0), "M - N");
  EXPECT_EQ(patternText(checked), "{ (i, j) : i < N - 1 }");
}

TEST(Program, TwoResultsWithLse) {
  Checked checked = checkText(
      "kernel f(q: f32[H, N, D], g: index[G] in N) -> f32[H, N], f32[H, N, D] {"
      "  let o, l = rows(g): attend(q, q, q, all, lse = true)"
      "             else: merge(attend(q, q, q, causal), lse = true)"
      "  let p = attend(q, q, q, causal, score = (s, i) => s - l[i])"
      "  return l, o + p }");
  ASSERT_NE(checked.program, nullptr) << checked.messages;
  const ProgramKernel &kernel = checked.kernel();
  EXPECT_EQ(kernel.results[0].result, 1);
  EXPECT_EQ(kernel.values[kernel.results[0].value].op, TensorOp::Rows);
  // A second result that is looked up is a value of its own.
  for (const ProgramValue &value : kernel.values)
    if (value.score) {
      EXPECT_EQ(toString(value.score), "s - t7[h, i]");
      EXPECT_EQ(kernel.values[7].operandResults[0], 1);
    }
}

TEST(Program, TypesOfAxes) {
  Checked checked = checkText(
      "param s: int = 64\n"
      "kernel f(x: f32[N, s], t: i32[ceil(N / 64), 2 * N - 1, N div s])"
      " -> f32[N, s] { require N >= s, \"short\" return x }");
  ASSERT_NE(checked.program, nullptr) << checked.messages;
  const TensorType &type = checked.kernel().arguments[1].type;
  EXPECT_EQ(toString(type.shape[0]), "ceil(N / 64)");
  EXPECT_EQ(toString(type.shape[1]), "2 * N - 1");
  EXPECT_EQ(checked.kernel().dimensions, std::vector<std::string>{"N"});
  EXPECT_EQ(toString(checked.kernel().requires_[0].condition), "64 <= N");
}

TEST(Program, SizesThatOverflow) {
  EXPECT_EQ(firstError(checkText("kernel f(x: f32[3000000000, 3000000000, N])"
                                 " -> f32[N] { return x[0, 0] }")),
            "the size of f32[3000000000, 3000000000, N] in bytes does not fit "
            "64 bits");
  EXPECT_EQ(firstError(checkText(attendText(
                "on grid(4294967296, 4294967296) { (i, j) : i.x == j.x }"))),
            "the grid has more points than 64 bits can count");
}

TEST(Program, AbsentAxesAreTheSameForAll) {
  Checked checked = checkText(
      "kernel f(p: f32[U, D], k: f32[B, H, M, D]) -> f32[B, H, U, D] {"
      "  return attend(p, k, k, all) }");
  ASSERT_NE(checked.program, nullptr) << checked.messages;
  EXPECT_EQ(checked.kernel().values.back().types[1].rank(), 3);
}

TEST(Program, SeveralMistakesInOneRun) {
  Checked checked = checkText("kernel f(q: f32[N, D], k: f32[M, E])"
                              " -> f32[N, D] {\n"
                              "  let a = attend(q, k, k, causl)\n"
                              "  let b1 = relu(a) + unknown\n"
                              "  require N, \"none\"\n"
                              "  return a * b1\n}\n");
  // Channels, a misspelt pattern, a name, a condition; nothing that follows
  // from them.
  EXPECT_EQ(checked.errors, 4) << checked.messages;
}

TEST(Program, UnchosenBranchesLeaveNothing) {
  Checked checked = checkText("param deep: bool = false\n"
                              "kernel f(x: f32[N, D]) -> f32[N, D] {"
                              "  return if deep then relu(exp(x)) else -x }");
  ASSERT_NE(checked.program, nullptr) << checked.messages;
  ASSERT_EQ(checked.kernel().values.size(), 2u);
  EXPECT_EQ(checked.kernel().values[1].step, "neg");
}

} // namespace
