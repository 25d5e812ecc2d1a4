//===- CountTest.cpp - formulas for the number of pairs -------------------===//
#include "test/unit/Analysis/BruteForce.h"

#include <gtest/gtest.h>

namespace effattn::test {

namespace {

const Expr i = var("i"), j = var("j"), N = var("N"), M = var("M");
const Expr p = i + var("q0");

PairCount countOf(Expr predicate) {
  AnalysisFailure failure;
  auto facts = analyse(predicate.ref, {}, &failure);
  EXPECT_TRUE(facts) << failure.reason;
  return facts ? facts->count : PairCount();
}

/// Counts for M = N from 1 to `limit`, by every pair.
void expectCounts(Expr predicate, int64_t limit) {
  PairCount count = countOf(predicate);
  ASSERT_TRUE(count.exact);
  SCOPED_TRACE(count.formula);
  PairEvaluator evaluator;
  for (int64_t n = 1; n <= limit; ++n) {
    evaluator.values["N"] = evaluator.values["M"] = n;
    evaluator.values["q0"] = 0;
    int64_t expected = 0;
    for (int64_t row = 0; row < n; ++row)
      for (int64_t column = 0; column < n; ++column) {
        evaluator.values["i"] = row;
        evaluator.values["j"] = column;
        expected += evaluator.evaluate(*predicate.ref);
      }
    ASSERT_EQ(count.at(n), expected) << "N = " << n;
  }
}

TEST(Count, Formulas) {
  EXPECT_EQ(countOf(constantBool(true)).formula, "N*N");
  EXPECT_EQ(countOf(constantBool(false)).formula, "0");
  EXPECT_EQ(countOf(j <= p).formula, "(N*N + N)/2");
  EXPECT_EQ(countOf(j < p).formula, "(N*N - N)/2");
  EXPECT_EQ(countOf(p - j >= 0 && p - j < 512).formula,
            "512*N - 130816 where N >= 511; (N*N + N)/2 where N < 511");
  EXPECT_EQ(countOf(p / 64 == j / 64).formula,
            "4096*u + r*r where u = N div 64, r = N mod 64");
  EXPECT_EQ(countOf((p - j) % 4 == 0).formula,
            "4*u*u + 2*u*r + r where u = N div 4, r = N mod 4");
}

TEST(Count, AgreeWithEveryPair) {
  expectCounts(abs(i - j) <= 7, 60);
  expectCounts(abs(i / 6 - j / 6) <= 1, 60);
  expectCounts(j <= i && (i - j) % 5 == 0, 60);
  expectCounts(j <= i && (i / 8 == j / 8 || j % 8 >= 5), 60);
  expectCounts(j == 0 || 3 * j <= i, 60);
  expectCounts((j + 1) * 4 <= i, 60);
  expectCounts(abs(i - j) <= 12 && (i - j) % 3 == 0, 60);
  expectCounts(i < 3 || j < 3 || abs(i - j) <= 4, 60);
}

/// With N inside the predicate each size is counted by itself.
TEST(Count, PredicatesOfN) {
  expectCounts(j == N - 1 || i == j, 40);
  expectCounts(i + j == N - 1, 40);
  expectCounts(2 * j < N && 2 * i >= M, 40);
  expectCounts(i / 4 == (N - 1) / 4 || j < 2, 40);
}

TEST(Count, NotGivenWhereItDependsOnMore) {
  EXPECT_FALSE(countOf(j <= i + argument("w", ScalarType::Int)).exact);
  EXPECT_FALSE(countOf(Expr(keyInSet(0)) || j <= i).exact);
  EXPECT_FALSE(countOf(j <= i && var("h") < 3).exact);
  AnalysisFailure failure;
  AnalysisOptions options;
  options.bottomRight = false;
  EXPECT_FALSE(analyse((j <= p).ref, options, &failure)->count.exact);
  options.bottomRight = true;
  options.count = false;
  EXPECT_FALSE(analyse((j <= p).ref, options, &failure)->count.exact);
}

} // namespace

} // namespace effattn::test
