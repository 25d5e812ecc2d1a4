//===- FactsTest.cpp - causality, hull, emptiness, text of sets -----------===//
#include "test/unit/Analysis/BruteForce.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace effattn::test {

namespace {

const Expr i = var("i"), j = var("j"), N = var("N"), M = var("M");
const Expr p = i + var("q0");

std::shared_ptr<const PatternFacts> factsOf(Expr predicate,
                                            AnalysisOptions options = {}) {
  AnalysisFailure failure;
  auto facts = analyse(predicate.ref, options, &failure);
  EXPECT_TRUE(facts) << failure.reason;
  return facts ? facts : std::make_shared<PatternFacts>();
}

TEST(Causality, Verdicts) {
  EXPECT_TRUE(factsOf(j <= p)->causality.pairCausal);
  EXPECT_TRUE(factsOf(constantBool(false))->causality.pairCausal);
  EXPECT_TRUE(factsOf(p / 8 == j / 8 && j <= p)->causality.pairCausal);
  EXPECT_TRUE(factsOf((j + 1) * 4 <= p)->causality.pairCausal);
  EXPECT_TRUE(factsOf(Expr(keyInSet(0)) && j <= p)->causality.pairCausal);
  EXPECT_FALSE(factsOf(p / 8 == j / 8)->causality.pairCausal);
  EXPECT_FALSE(factsOf(j <= p + 1)->causality.pairCausal);
}

TEST(Causality, Counterexamples) {
  EXPECT_EQ(factsOf(constantBool(true))->causality.counterexample,
            "i = 0, j = 1, N = 2, M = 2");
  EXPECT_EQ(factsOf(j == p + 3)->causality.counterexample,
            "i = 0, j = 3, N = 4, M = 4");
  EXPECT_EQ(factsOf(j <= p || Expr(keyInSet(0)))->causality.counterexample,
            "i = 0, j = 1, N = 2, M = 2, j in an index set");
  EXPECT_EQ(factsOf(j <= p || Expr(queryInSet(0)))->causality.counterexample,
            "i = 0, j = 1, N = 2, M = 2, i in an index set");
  // Raw indices: causal for M = N, not where the cache is shorter.
  EXPECT_EQ(factsOf(j <= i)->causality.counterexample,
            "i = 0, j = 0, N = 2, M = 1");
}

/// With q0 = 0 the comparison is with the raw index.
TEST(Causality, FollowsQ0) {
  AnalysisOptions options;
  options.q0 = constantInt(0);
  EXPECT_TRUE(factsOf(j <= i, options)->causality.pairCausal);
  options.q0 = constantInt(-1);
  EXPECT_FALSE(factsOf(j <= i, options)->causality.pairCausal);
  AnalysisOptions free;
  free.bottomRight = false;
  EXPECT_TRUE(factsOf(j <= p, free)->causality.pairCausal);
  EXPECT_FALSE(factsOf(j <= i, free)->causality.pairCausal);
}

TEST(Facts, EmptyAndDense) {
  EXPECT_TRUE(factsOf(j < 0)->empty);
  EXPECT_TRUE(factsOf(j < i && i < j)->empty);
  EXPECT_FALSE(factsOf(j == 1000000 && i == 5)->empty);
  EXPECT_TRUE(factsOf(j < M && i >= 0)->dense);
  EXPECT_TRUE(factsOf(j <= i || i < j)->dense);
  EXPECT_FALSE(factsOf(j != 1000000)->dense);
  EXPECT_FALSE(factsOf(Expr(keyInSet(0)))->empty);
  EXPECT_FALSE(factsOf(Expr(keyInSet(0)))->dense);
}

TEST(Facts, HullIsText) {
  auto causal = factsOf(j <= p);
  EXPECT_EQ(causal->hullLower, "0");
  EXPECT_EQ(causal->hullUpper, "min(M - 1, -N + M + 16 * t + 15)");
  auto window = factsOf(p - j <= 100 && j <= p);
  EXPECT_EQ(window->hullLower, "max(0, -N + M + 16 * t - 100)");
  auto none = factsOf(constantBool(false));
  EXPECT_EQ(none->hullLower, "");
  EXPECT_EQ(none->hullUpper, "");
}

TEST(Facts, SetsAreText) {
  auto facts = factsOf(j <= p);
  ASSERT_EQ(facts->cases.size(), 1u);
  EXPECT_EQ(facts->parameters, (std::vector<std::string>{"N", "M"}));
  EXPECT_EQ(facts->cases[0].tile.full,
            "[N, M, t] -> { [j] : 0 <= j <= -N + M + 16t }");
  EXPECT_EQ(facts->cases[0].row, "[N, M, i] -> { [j] : 0 <= j <= -N + M + i }");
}

TEST(Facts, CasesOfAtoms) {
  auto facts = factsOf((Expr(keyInSet(7)) && j <= p) || Expr(queryInSet(3)) ||
                       (Expr(keyInSet(4)) && i == j));
  EXPECT_EQ(facts->keySets, 2);
  EXPECT_EQ(facts->querySets, 1);
  EXPECT_EQ(facts->keySetTables, (std::vector<int>{4, 7}));
  EXPECT_EQ(facts->querySetTables, (std::vector<int>{3}));
  ASSERT_EQ(facts->cases.size(), 8u);
  for (uint32_t k = 0; k < 8; ++k) {
    EXPECT_EQ(facts->cases[k].keys, k & 3);
    EXPECT_EQ(facts->cases[k].queries, k >> 2);
  }
}

TEST(Facts, ModuliOfThePredicate) {
  EXPECT_EQ(factsOf(i / 6 == j / 6 && j % 4 < 3 && i % 1 == 0)->moduli,
            (std::vector<int64_t>{4, 6}));
}

/// What the lowering does: the same loops from the text.
TEST(Facts, RunsAreRebuiltFromText) {
  const std::vector<Expr> predicates = {
      j <= p, p / 48 - j / 48 <= 1 && p / 48 - j / 48 >= -1,
      (p - j) % 16 == 0 && j <= p, (j % 6) % 4 == i % 3,
      i / 64 == j / 64 || j / 64 == (N - 1) / 64};
  for (const Expr &predicate : predicates) {
    auto facts = factsOf(predicate);
    for (const AnalysisCase &one : facts->cases) {
      auto expectSame = [&](const std::string &set, const std::string &name,
                            int64_t rows, const RunNestRef &runs) {
        AnalysisFailure failure;
        RunNestRef again = buildRuns(set, name, facts->moduli, &failure, rows);
        ASSERT_TRUE(again) << failure.reason;
        EXPECT_EQ(toString(again), toString(runs)) << set;
      };
      expectSame(one.tile.full, "t", 16, one.tile.fullRuns);
      expectSame(one.tile.partial, "t", 16, one.tile.partialRuns);
      expectSame(one.row, "i", 1, one.rowRuns);
    }
  }
}

/// Without the number of rows the loops still list the same columns.
TEST(Facts, RunsWithoutTileRows) {
  auto facts = factsOf(p / 6 == j / 6 && j % 4 < 3);
  AnalysisFailure failure;
  RunNestRef loose =
      buildRuns(facts->cases[0].tile.partial, "t", facts->moduli, &failure);
  ASSERT_TRUE(loose) << failure.reason;
  auto sorted = [](const RunNestRef &nest, int64_t t) {
    std::vector<int64_t> columns;
    for (const effattn::Run &run : evaluate(nest, [&](const std::string &name) {
           return name == "t" ? t : int64_t(100);
         }))
      for (int64_t k = 0; k < run.count; ++k)
        columns.push_back(run.first + k * run.step);
    std::sort(columns.begin(), columns.end());
    return columns;
  };
  for (int64_t t = 0; t < 7; ++t)
    EXPECT_EQ(sorted(loose, t), sorted(facts->cases[0].tile.partialRuns, t));
}

} // namespace

} // namespace effattn::test
