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
  EXPECT_EQ(causal->hullUpper, "-N + M + i");
  auto window = factsOf(p - j <= 100 && j <= p);
  EXPECT_EQ(window->hullLower, "max(0, -N + M + i - 100)");
  auto none = factsOf(constantBool(false));
  EXPECT_EQ(none->hullLower, "");
  EXPECT_EQ(none->hullUpper, "");
}

TEST(Facts, SetsAreText) {
  auto facts = factsOf(j <= p);
  ASSERT_EQ(facts->cases.size(), 1u);
  EXPECT_EQ(facts->parameters, (std::vector<std::string>{"N", "M"}));
  EXPECT_EQ(facts->cases[0].row, "[N, M, i] -> { [j] : 0 <= j <= -N + M + i }");
  auto tiles = analyseTiles((j <= p).ref, {}, *facts, contiguous(16), nullptr);
  ASSERT_TRUE(tiles);
  EXPECT_EQ(tiles->cases[0].full,
            "[N, M, t] -> { [j] : 0 <= j <= -N + M + 16t }");
  tiles = analyseTiles(((p - j) % 8 == 0).ref, {}, *facts, residues(8, 16),
                       nullptr);
  ASSERT_TRUE(tiles);
  EXPECT_EQ(tiles->cases[0].partial, "[N, M, r, t] -> { [j] : false }");
}

TEST(Facts, CasesOfAtoms) {
  auto facts = factsOf((Expr(keyInSet(7)) && j <= p) || Expr(queryInSet(3)) ||
                       (Expr(keyInSet(4)) && i == j));
  ASSERT_EQ(facts->atoms.keys.size(), 2u);
  EXPECT_EQ(facts->atoms.keys[0].set, 4);
  EXPECT_EQ(facts->atoms.keys[1].set, 7);
  ASSERT_EQ(facts->atoms.queries.size(), 1u);
  EXPECT_EQ(facts->atoms.queries[0].set, 3);
  EXPECT_EQ(facts->cases.size(), 8u);
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
    auto expectSame = [&](const std::string &set, std::optional<Tiling> tiling,
                          const RunNestRef &runs) {
      AnalysisFailure failure;
      SetFrame frame{facts->rowParameters, facts->extents, facts->moduli,
                     tiling};
      if (tiling)
        frame.coordinates = tileParameters(*tiling);
      RunNestRef again = buildRuns(set, frame, &failure);
      ASSERT_TRUE(again) << failure.reason;
      EXPECT_EQ(toString(again), toString(runs)) << set;
    };
    expectSame(facts->cases[0].row, std::nullopt, facts->cases[0].rowRuns);
    for (const Tiling &tiling : {contiguous(16), residues(16, 4)}) {
      auto tiles = analyseTiles(predicate.ref, {}, *facts, tiling, nullptr);
      ASSERT_TRUE(tiles && !tiles->gathered);
      expectSame(tiles->cases[0].full, tiling, tiles->cases[0].fullRuns);
      expectSame(tiles->cases[0].partial, tiling, tiles->cases[0].partialRuns);
    }
  }
}

} // namespace

} // namespace effattn::test
