//===- RefusalTest.cpp - what the analysis does not do, and says so -------===//
#include "test/unit/Analysis/BruteForce.h"

#include <gtest/gtest.h>

namespace effattn::test {

namespace {

const Expr i = var("i"), j = var("j");

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

TEST(Refusal, LookUps) {
  Expr table = lookup(0, ScalarType::Int, {i.ref});
  expectRefused(table == 3, "t0[i]", "table look-up");
  expectRefused(Expr(lookup(1, ScalarType::Int, {variable("h")})) > i - j,
                "t1[h]", "table look-up");
  expectRefused(Expr(lookup(2, ScalarType::Bool, {i.ref, j.ref})) || j <= i,
                "t2[i, j]", "table look-up");
}

TEST(Refusal, GridCoordinates) {
  expectRefused(var("i.x") == var("j.x"), "i.x", "grid coordinates");
}

TEST(Refusal, ProductsAndDivisors) {
  Expr w = argument("w", ScalarType::Int), G = dimension("G");
  expectRefused(w * i <= j, "w * i", "product of two quantities");
  expectRefused(i * i <= j, "i * i", "product of two quantities");
  expectRefused(i / G == j, "i div G", "not known when compiling");
  expectRefused(i % w == j, "i mod w", "not known when compiling");
  expectRefused(i / 0 == j, "i div 0", "expected a positive divisor");
  expectRefused(i % -4 == j, "i mod -4", "expected a positive divisor");
}

TEST(Refusal, RealNumbers) {
  Expr real = argument("x", ScalarType::Float);
  expectRefused(Expr(unary(ScalarKind::ToFloat, i.ref)) < real,
                toString(unary(ScalarKind::ToFloat, i.ref)), "real numbers");
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
  options.strategy.tileRows = 0;
  EXPECT_FALSE(analyse((i < j).ref, options, &failure));
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
  AnalysisOptions options = optionsOf(fixed, 4);
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
    ++right;
    EXPECT_EQ(checkRuns(fixed, *facts, 4, {17, 4}), "") << bound;
  }
  EXPECT_EQ(right, 3);
}

TEST(Refusal, TextThatIsNoSet) {
  AnalysisFailure failure;
  for (const char *text :
       {"", "{", "nonsense", "[N] -> { [j] : j < }", "{ [i, j] : i < j }",
        "[N, M, t] -> { : N > 3 }", "[N] -> { [j] -> [k] }"}) {
    failure = {};
    EXPECT_FALSE(buildRuns(text, "t", {}, &failure)) << text;
    EXPECT_FALSE(failure.reason.empty()) << text;
  }
}

/// A set without bounds has no loops.
TEST(Refusal, SetWithoutBounds) {
  AnalysisFailure failure;
  EXPECT_FALSE(
      buildRuns("[N, M, t] -> { [j] : j >= t }", "t", {}, &failure, 16));
  EXPECT_FALSE(failure.reason.empty());
}

} // namespace

} // namespace effattn::test
