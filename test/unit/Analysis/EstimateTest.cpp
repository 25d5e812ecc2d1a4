//===- EstimateTest.cpp - what tilings cost -------------------------------===//
#include "test/unit/Analysis/BruteForce.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace effattn::test {

namespace {

const Expr i = var("i"), j = var("j"), p = i + var("q0");

struct Estimator {
  explicit Estimator(Expr predicate, std::vector<ScalarRef> extents = {}) {
    options.extents = std::move(extents);
    AnalysisFailure failure;
    facts = analyse(predicate.ref, options, &failure);
    EXPECT_TRUE(facts) << failure.reason;
  }
  TilingCost of(const Tiling &tiling, Values values) const {
    return estimate(*facts, tiling,
                    [&](const std::string &name) { return values.at(name); });
  }
  AnalysisOptions options;
  std::shared_ptr<const PatternFacts> facts;
};

Values square(int64_t size) { return {{"N", size}, {"M", size}}; }

/// At small sizes every tile is taken.
TEST(Estimate, ExactWhereAllTilesAreTaken) {
  TilingCost cost = Estimator(j <= p).of(contiguous(4), square(10));
  EXPECT_EQ(cost.visible, 55);
  EXPECT_EQ(cost.tiles, 3);
  EXPECT_EQ(cost.computed, 4 * 4 + 8 * 4 + 10 * 4);
  EXPECT_EQ(cost.runs, 3);
  cost = Estimator((p - j) % 5 == 0).of(residues(5, 2), square(20));
  EXPECT_EQ(cost.visible, 80);
  EXPECT_EQ(cost.computed, 80);
}

TEST(Estimate, ResiduesWinWhereStepsAre) {
  Estimator dilated(abs(p - j) <= 256 && (p - j) % 4 == 0);
  TilingCost one = dilated.of(contiguous(16), square(8192)),
             two = dilated.of(residues(4, 16), square(8192));
  EXPECT_LT(two.computed, 0.4 * one.computed);
  EXPECT_NEAR(two.visible, one.visible, 0.01 * one.visible);
  EXPECT_LT(two.computed, 1.25 * two.visible);
  Estimator window(p - j <= 256 && j <= p);
  EXPECT_LT(window.of(contiguous(16), square(8192)).computed,
            window.of(residues(4, 16), square(8192)).computed);
}

TEST(Estimate, BoxesWinOnGrids) {
  Expr iy = var("i.y"), jy = var("j.y"), ix = var("i.x"), jx = var("j.x");
  Estimator near(abs(iy - jy) <= 6 && abs(ix - jx) <= 6,
                 {dimension("Y"), dimension("X")});
  Values sizes = square(64 * 128);
  sizes["Y"] = 64;
  sizes["X"] = 128;
  double boxes = near.of(box({4, 4}), sizes).computed;
  EXPECT_LT(boxes, near.of(box({1, 16}), sizes).computed);
  EXPECT_LT(boxes, near.of(contiguous(16), sizes).computed);
  // 13 rows and columns, and 3 more of a tile, less at the border.
  EXPECT_NEAR(boxes, 512 * 16 * 16 * 16 * 0.93, 512 * 16 * 16 * 16 * 0.07);
}

/// A box of one residue class has the columns of one class, not of both.
TEST(Estimate, BoxesOfResiduesWinOnDilatedGrids) {
  Expr iy = var("i.y"), jy = var("j.y"), ix = var("i.x"), jx = var("j.x");
  Estimator dilated((iy - jy) % 2 == 0 && abs(iy - jy) <= 12 &&
                        abs(ix - jx) <= 6,
                    {dimension("Y"), dimension("X")});
  Values sizes = square(63 * 125);
  sizes["Y"] = 63;
  sizes["X"] = 125;
  TilingCost one = dilated.of(box({4, 4}, {2, 1}), sizes),
             all = dilated.of(box({4, 4}), sizes);
  EXPECT_EQ(one.tiles, 2 * 8 * 32);
  EXPECT_NEAR(one.computed / one.visible, 16 * 16 / (13.0 * 13), 0.2);
  EXPECT_GT(all.computed / all.visible, 1.4 * one.computed / one.visible);
}

TEST(Estimate, Relations) {
  Expr same(equal(lookup(0, ScalarType::Int, {i.ref}),
                  lookup(0, ScalarType::Int, {j.ref})));
  Tiling byLabel = contiguous(16);
  byLabel.order = RowOrder::ByLabel;
  byLabel.relation = 0;
  TilingCost cost = Estimator(same).of(byLabel, square(640));
  EXPECT_EQ(cost.visible, 640 * 64);
  EXPECT_EQ(cost.computed, 640 * 64);
  // Labels may be in any order: then sorting pays.
  EXPECT_GT(Estimator(same).of(contiguous(16), square(640)).computed,
            cost.computed);
  Expr h = var("h");
  Expr drawn(constantBool(false));
  for (int c = 0; c < 3; ++c)
    drawn =
        drawn || Expr(lookup(1, ScalarType::Int,
                             {h.ref, (i / 64).ref, constantInt(c)})) == j / 64;
  cost = Estimator(drawn).of(contiguous(16), square(8192));
  EXPECT_NEAR(cost.computed, 8192 * 192, 8192 * 20);
}

TEST(Estimate, Candidates) {
  auto names = [](const Estimator &estimator) {
    std::vector<std::string> list;
    for (const Tiling &tiling : candidateTilings(*estimator.facts, 16))
      list.push_back(toString(tiling));
    return list;
  };
  EXPECT_EQ(names(Estimator(j <= p)),
            std::vector<std::string>{"contiguous, 16 rows"});
  EXPECT_EQ(names(Estimator((p - j) % 128 == 0 || i / 6 == j / 6)),
            (std::vector<std::string>{
                "contiguous, 16 rows", "residues mod 6, 16 rows",
                "residues mod 128, 16 rows", "residues mod 384, 16 rows"}));
  Expr same(equal(lookup(0, ScalarType::Int, {i.ref}),
                  lookup(0, ScalarType::Int, {j.ref})));
  EXPECT_EQ(names(Estimator(same && j <= p)),
            (std::vector<std::string>{"contiguous, 16 rows",
                                      "rows sorted by label, 16 rows"}));
  // In a window, rows near each other have more in common.
  EXPECT_EQ(names(Estimator(same && abs(p - j) < 64)),
            std::vector<std::string>{"contiguous, 16 rows"});
  EXPECT_EQ(names(Estimator(same || j <= p)),
            std::vector<std::string>{"contiguous, 16 rows"});
  std::vector<std::string> grid = names(
      Estimator(var("i.x") == var("j.x"), {dimension("Y"), constantInt(8)}));
  EXPECT_EQ(grid.size(), 6u);
  EXPECT_EQ(grid[3], "4 x 4 blocks");
  // Residues of each axis, and of both, where remainders are taken.
  Expr iy = var("i.y"), jy = var("j.y"), ix = var("i.x"), jx = var("j.x");
  std::vector<ScalarRef> plane = {dimension("Y"), dimension("X")};
  grid = names(Estimator((iy - jy) % 2 == 0 && ix / 4 == jx / 4, plane));
  ASSERT_EQ(grid.size(), 11u);
  EXPECT_EQ(grid[8], "4 x 4 blocks of residues mod 2 x 1");
  grid = names(Estimator((iy - jy) % 2 == 0 && ix % 3 == jx % 3, plane));
  ASSERT_EQ(grid.size(), 21u);
  EXPECT_EQ(grid[1], "1 x 16 blocks");
  EXPECT_EQ(grid[6], "1 x 16 blocks of residues mod 1 x 3");
  EXPECT_EQ(grid[20], "16 x 1 blocks of residues mod 2 x 3");
}

} // namespace

} // namespace effattn::test
