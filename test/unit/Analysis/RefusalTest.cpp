//===- RefusalTest.cpp - what the analysis does not do, and says so -------===//
#include "test/unit/Analysis/BruteForce.h"

#include <gtest/gtest.h>

namespace effattn::test {

namespace {

const Expr i = var("i"), j = var("j");

SetFrame tileFrame() {
  SetFrame frame;
  frame.coordinates = {"t"};
  frame.tiling = contiguous(16);
  return frame;
}

/// Expects a refusal that names the construct and gives a reason with `part`.
void expectRefused(Expr predicate, const std::string &construct,
                   const std::string &part) {
  AnalysisFailure failure;
  auto facts = analyse(predicate.ref, {}, &failure);
  EXPECT_FALSE(facts) << toString(predicate.ref);
  EXPECT_EQ(failure.construct, construct);
  EXPECT_NE(failure.reason.find(part), std::string::npos) << failure.reason;
  EXPECT_TRUE(failure.unsupported);
}

TEST(Refusal, Coordinates) {
  expectRefused(var("i.x") == var("j.x"), "i.x", "not a coordinate");
}

TEST(Refusal, Divisors) {
  expectRefused(i / 0 == j, "i div 0", "expected a positive divisor");
  expectRefused(i % -4 == j, "i mod -4", "expected a positive divisor");
}

TEST(Refusal, UnknownVariables) {
  expectRefused(var("s") < j, "s", "not known where the pattern is planned");
}

TEST(Refusal, NotAPredicate) {
  AnalysisFailure failure;
  EXPECT_FALSE(analyse(nullptr, {}, &failure));
  EXPECT_FALSE(analyse(i.ref, {}, &failure));
  EXPECT_FALSE(failure.reason.empty());
  AnalysisOptions options;
  auto facts = analyse((i < j).ref, options, &failure);
  ASSERT_TRUE(facts);
  EXPECT_FALSE(
      analyseTiles((i < j).ref, options, *facts, contiguous(0), &failure));
  EXPECT_FALSE(
      analyseTiles((i < j).ref, options, *facts, residues(0, 4), &failure));
  EXPECT_FALSE(
      analyseTiles((i < j).ref, options, *facts, box({2, 2}), &failure));
}

TEST(Refusal, TooManySets) {
  Expr many = j <= i;
  for (int k = 0; k < 9; ++k)
    many = many || Expr(keyInSet(k));
  AnalysisFailure failure;
  EXPECT_FALSE(analyse(many.ref, {}, &failure));
  EXPECT_NE(failure.reason.find("index sets"), std::string::npos);
}

/// A loop bound that needs more than 64 bits is refused, not cut.
TEST(Refusal, NumbersThatDoNotFit) {
  Expr huge = int64_t(1) << 40;
  AnalysisFailure failure;
  EXPECT_FALSE(
      analyse((huge * i <= 3 * j + (int64_t(1) << 45)).ref, {}, &failure));
  EXPECT_NE(failure.reason.find("64 bits"), std::string::npos)
      << failure.reason;
}

/// The bound on the work is a failure of its own kind.
TEST(Refusal, BoundOnTheWork) {
  Expr hard = constantBool(false);
  for (int k = 2; k < 12; ++k)
    hard = hard || ((3 * i + k * j) % (2 * k + 1) < k && i % k != j % (k + 3));
  AnalysisOptions options;
  options.maxOperations = 20'000;
  AnalysisFailure failure;
  EXPECT_FALSE(analyse(hard.ref, options, &failure));
  EXPECT_FALSE(failure.unsupported);
  EXPECT_NE(failure.reason.find("too many steps"), std::string::npos);
  // Every smaller bound ends in the same way, wherever it strikes.
  for (uint64_t bound = 0; bound < 20'000; bound += 97) {
    options.maxOperations = bound;
    failure = {};
    EXPECT_FALSE(analyse(hard.ref, options, &failure));
    EXPECT_FALSE(failure.unsupported) << bound << ": " << failure.reason;
  }
}

/// Wherever the bound strikes, in the sets or in the search for loops, the
/// result is that failure or right facts.
TEST(Refusal, BoundAnywhere) {
  Expr p = i + var("q0");
  Example fixed{"fixed", (j <= p && (p / 8 == j / 8 || j % 8 >= 5)).ref};
  AnalysisOptions options = optionsOf(fixed);
  options.count = false;
  int right = 0;
  for (double bound = 40; right < 3 && bound < 4e6; bound *= 1.07) {
    options.maxOperations = static_cast<uint64_t>(bound);
    AnalysisFailure failure;
    auto facts = analyse(fixed.predicate, options, &failure);
    if (!facts) {
      EXPECT_FALSE(failure.unsupported) << bound << ": " << failure.reason;
      continue;
    }
    EXPECT_EQ(checkRows(fixed, *facts, {17, 4}), "") << bound;
    auto tiles =
        analyseTiles(fixed.predicate, options, *facts, contiguous(4), &failure);
    ASSERT_TRUE(tiles) << failure.reason;
    if (tiles->gathered)
      continue;
    ++right;
    EXPECT_EQ(checkTiles(fixed, *facts, *tiles, {17, 4}), "") << bound;
  }
  EXPECT_EQ(right, 3);
}

TEST(Refusal, TextThatIsNoSet) {
  AnalysisFailure failure;
  for (const char *text :
       {"", "{", "nonsense", "[N] -> { [j] : j < }", "{ [i, j] : i < j }",
        "[N, M, t] -> { : N > 3 }", "[N] -> { [j] -> [k] }"}) {
    failure = {};
    EXPECT_FALSE(buildRuns(text, tileFrame(), &failure)) << text;
    EXPECT_FALSE(failure.reason.empty()) << text;
  }
}

/// A set without bounds has no loops.
TEST(Refusal, SetWithoutBounds) {
  AnalysisFailure failure;
  EXPECT_FALSE(
      buildRuns("[N, M, t] -> { [j] : j >= t }", tileFrame(), &failure));
  EXPECT_FALSE(failure.reason.empty());
}

} // namespace

} // namespace effattn::test
