//===- GridTest.cpp - patterns on grids, pair by pair ---------------------===//
#include "test/unit/Analysis/BruteForce.h"

#include <gtest/gtest.h>

namespace effattn::test {

namespace {

const Expr i = var("i"), j = var("j"), q0 = var("q0");
const Expr iz = var("i.z"), iy = var("i.y"), ix = var("i.x");
const Expr jz = var("j.z"), jy = var("j.y"), jx = var("j.x");
const Expr Z = dimension("Z"), Y = dimension("Y"), X = dimension("X");

std::vector<std::vector<int64_t>> smallGrids() {
  return {{1, 1}, {1, 7}, {5, 1}, {3, 4}, {4, 4}, {5, 8}, {9, 5}, {8, 9}};
}

/// On a grid of symbolic sizes, and on one of constant sizes.
std::vector<Example> both(std::string name, Expr predicate,
                          std::vector<std::vector<int64_t>> grids) {
  Example symbolic{name, predicate.ref};
  symbolic.extents = {Y.ref, X.ref};
  symbolic.grids = std::move(grids);
  Example constant{name + ", constant", predicate.ref};
  constant.predicate =
      rewrite(predicate.ref, [](const ScalarRef &node) -> ScalarRef {
        if (node->kind != ScalarKind::Dimension)
          return nullptr;
        return constantInt(node->name == "Y" ? 6 : 9);
      });
  constant.extents = {constantInt(6), constantInt(9)};
  constant.grids = {{6, 9}};
  return {symbolic, constant};
}

/// NATTEN's window of 2*r + 1 columns of the row's residue class modulo d,
/// moved inwards at the ends; queries of one group of `stride` share it.
Expr clamped(Expr a, Expr b, Expr size, int r, int d = 1, int stride = 1) {
  Expr group = d == 1 ? Expr(0) : a % d, q = d == 1 ? a : a / d;
  if (stride > 1)
    q = (q / stride) * stride + stride / 2;
  Expr length = d == 1 ? size : (size - group + (d - 1)) / d;
  Expr start = min(max(q - r, 0), length - (2 * r + 1));
  Expr c = d == 1 ? b : b / d;
  Expr inside = start <= c && c < start + (2 * r + 1);
  return d == 1 ? inside : b % d == group && inside;
}

std::vector<Tiling> boxes() {
  return {box({1, 1}), box({2, 2}), box({1, 4}), box({4, 1}), box({3, 2})};
}

void expectAll(const std::vector<Example> &examples,
               const std::vector<Tiling> &tilings = boxes()) {
  for (const Example &one : examples) {
    SCOPED_TRACE(one.name + ": " + toString(one.predicate));
    expectExact(one, tilings);
  }
}

TEST(Grid, Neighbours) {
  expectAll(
      both("neighbours", abs(iy - jy) <= 1 && abs(ix - jx) <= 2, smallGrids()));
  std::vector<std::vector<int64_t>> large = {{5, 5}, {7, 6}, {6, 9}, {8, 8}};
  expectAll(
      both("clamped", clamped(iy, jy, Y, 2) && clamped(ix, jx, X, 2), large));
  expectAll(both("clamped, stride",
                 clamped(iy, jy, Y, 1, 1, 2) && clamped(ix, jx, X, 2, 1, 3),
                 large));
}

TEST(Grid, DilatedNeighbours) {
  // Each residue class has at least the window's length.
  expectAll(both("clamped, dilated",
                 clamped(iy, jy, Y, 1, 2) && clamped(ix, jx, X, 1, 2),
                 {{6, 6}, {7, 8}, {9, 7}}),
            {box({2, 2}), box({1, 4})});
}

std::vector<Tiling> residueBoxes(std::vector<int64_t> moduli) {
  return {box({1, 1}, moduli), box({2, 2}, moduli), box({1, 4}, moduli),
          box({3, 2}, moduli)};
}

/// Boxes of one residue class, where extents are multiples of nothing, and
/// where a class has fewer rows than a box, or none.
TEST(Grid, BoxesOfResidues) {
  std::vector<std::vector<int64_t>> grids = {{6, 6}, {7, 8}, {9, 7}, {11, 6}};
  expectAll(both("clamped, dilated",
                 clamped(iy, jy, Y, 1, 2) && clamped(ix, jx, X, 1, 2), grids),
            residueBoxes({2, 2}));
  expectAll(both("dilated along y",
                 clamped(iy, jy, Y, 1, 2) && clamped(ix, jx, X, 2), grids),
            residueBoxes({2, 1}));
  expectAll(both("dilated along x, differently",
                 abs(iy - jy) <= 1 && (ix - jx) % 3 == 0 && abs(ix - jx) <= 6,
                 smallGrids()),
            residueBoxes({1, 3}));
  expectAll(both("two dilations",
                 (iy - jy) % 3 == 0 && jy <= iy && (ix - jx) % 2 == 0,
                 smallGrids()),
            residueBoxes({3, 2}));
  // Other moduli than the pattern's, and none in it, are right too.
  expectAll(both("neighbours", abs(iy - jy) <= 1 && ix == jx, smallGrids()),
            residueBoxes({2, 3}));
  // Stride and dilation: groups of rows of one class share their columns.
  expectAll(both("stride", clamped(iy, jy, Y, 1, 2, 2) && ix == jx, grids),
            {box({2, 2}, {2, 1}), box({4, 1}, {2, 2})});
}

/// Patterns that are not a condition for each axis.
TEST(Grid, BoxesOfResiduesWhole) {
  expectAll(both("checkerboard", (iy + ix - jy - jx) % 2 == 0, smallGrids()),
            {box({2, 2}, {2, 2}), box({1, 3}, {1, 2})});
  expectAll(
      both("cross",
           (iy == jy && (ix - jx) % 2 == 0) || (ix == jx && (iy - jy) % 2 == 0),
           smallGrids()),
      {box({2, 2}, {2, 2}), box({3, 1}, {2, 1})});
  expectAll(both("causal", (ix - jx) % 2 == 0 && j <= i, smallGrids()),
            {box({2, 2}, {1, 2})});
}

TEST(Grid, BoxesOfResiduesInThreeDimensions) {
  Example one{"3-D, dilated",
              (clamped(iz, jz, Z, 1) && clamped(iy, jy, Y, 1, 2) &&
               clamped(ix, jx, X, 1, 2))
                  .ref};
  one.extents = {Z.ref, Y.ref, X.ref};
  one.grids = {{3, 6, 7}, {4, 7, 6}};
  expectAll({one}, {box({1, 2, 2}, {1, 2, 2}), box({2, 1, 2}, {1, 1, 2}),
                    box({2, 2, 1}, {1, 2, 1})});
  one.predicate =
      ((iz - jz) % 2 == 0 && jz <= iz && iy == jy && (ix - jx) % 3 == 0).ref;
  one.grids = {{1, 2, 5}, {3, 3, 3}, {5, 2, 7}};
  expectAll({one}, {box({2, 1, 2}, {2, 1, 3}), box({1, 2, 2}, {2, 2, 1})});
}

TEST(Grid, Lines) {
  expectAll(both("rows", iy == jy, smallGrids()));
  expectAll(both("columns, causal", ix == jx && jy <= iy, smallGrids()));
  expectAll(both("both", ix == jx || iy == jy, smallGrids()));
  expectAll(both("all", Expr(constantBool(true)), smallGrids()));
  expectAll(both("none", iy < 0, smallGrids()));
}

/// Diagonals are no runs: their distance is 0 where lines have one column.
TEST(Grid, Diagonals) {
  expectAll(both("falling", ix + iy == jx + jy, smallGrids()));
  expectAll(both("rising", ix - iy == jx - jy, smallGrids()));
  expectAll(both("not", jx != ix - jy || iy <= jx, smallGrids()));
}

/// Raw indices: the order of pairs is that of coordinates.
TEST(Grid, RawIndices) {
  expectAll(both("causal", j <= i + q0, smallGrids()));
  expectAll(both("strictly causal", j < i + q0, smallGrids()));
  expectAll(both("behind", !(j <= i), smallGrids()));
  expectAll(both("diagonal", i == j || iy - jy == 2, smallGrids()));
  expectAll(both("not the diagonal", i != j && ix == jx, smallGrids()));
  expectAll(both("causal lines", (ix == jx || iy == jy) && j <= i + q0,
                 smallGrids()));
  Example window{"window", (abs(i - j) <= 5 && ix != jx).ref};
  window.extents = {Y.ref, constantInt(6)};
  window.grids = {{1, 6}, {4, 6}, {7, 6}};
  expectAll({window}, {box({2, 2}), contiguous(1), contiguous(4)});
}

TEST(Grid, ImageBlocks) {
  Expr r0 = (iy / 4) * 4, c0 = (ix / 4) * 4;
  Expr blocks = (r0 - 2 <= jy && jy < r0 && c0 - 1 <= jx && jx < c0 + 4 + 1) ||
                (r0 <= jy && jy < r0 + 4 && c0 - 1 <= jx && jx < c0) ||
                (jy / 4 == iy / 4 && jx / 4 == ix / 4 &&
                 (jy < iy || (jy == iy && jx <= ix)));
  expectAll(both("image blocks", blocks, smallGrids()),
            {box({2, 2}), box({4, 1}), box({1, 4}), box({4, 4})});
}

TEST(Grid, ThreeDimensions) {
  Example one{"3-D", (clamped(iz, jz, Z, 1) && clamped(iy, jy, Y, 1) &&
                      clamped(ix, jx, X, 1))
                         .ref};
  one.extents = {Z.ref, Y.ref, X.ref};
  one.grids = {{3, 3, 3}, {3, 4, 5}, {5, 3, 4}};
  expectAll({one}, {box({1, 2, 2}), box({2, 1, 2}), box({2, 2, 1})});
  one.predicate = (abs(iz - jz) <= 1 && iy == jy && (ix + jx) % 2 == 0).ref;
  one.grids = {{1, 2, 3}, {3, 3, 3}, {4, 2, 5}};
  expectAll({one}, {box({1, 2, 2}), box({2, 2, 2})});
  one.predicate = (abs(iz - jz) + abs(iy - jy) + abs(ix - jx) <= 2).ref;
  expectAll({one}, {box({1, 2, 2})});
}

/// Rows that follow each other are tiles too, where lines have a known length.
TEST(Grid, ContiguousTiles) {
  Example one{"neighbours", (abs(iy - jy) <= 1 && abs(ix - jx) <= 2).ref};
  one.extents = {Y.ref, constantInt(5)};
  one.grids = {{1, 5}, {4, 5}, {7, 5}};
  expectExact(one, {contiguous(1), contiguous(4), contiguous(5)});
  one.extents = {Y.ref, X.ref};
  AnalysisOptions options = optionsOf(one);
  auto facts = analyse(one.predicate, options, nullptr);
  ASSERT_TRUE(facts);
  auto tiles =
      analyseTiles(one.predicate, options, *facts, contiguous(4), nullptr);
  ASSERT_TRUE(tiles);
  EXPECT_TRUE(tiles->gathered);
}

TEST(Grid, OneDimension) {
  Example one{"line", (abs(ix - jx) <= 2 && j <= i + q0).ref};
  one.extents = {X.ref};
  one.grids = {{1}, {4}, {9}, {17}};
  AnalysisFailure failure;
  auto facts = analyse(one.predicate, optionsOf(one), &failure);
  ASSERT_TRUE(facts) << failure.reason;
  EXPECT_TRUE(facts->extents.empty());
  EXPECT_EQ(facts->rowParameters, std::vector<std::string>{"i"});
  EXPECT_EQ(checkRows(one, *facts), "");
}

TEST(Grid, Facts) {
  Example one{"rows", (iy == jy && jx <= ix).ref};
  one.extents = {Y.ref, (2 * X).ref};
  AnalysisFailure failure;
  auto facts = analyse(one.predicate, optionsOf(one), &failure);
  ASSERT_TRUE(facts) << failure.reason;
  EXPECT_EQ(facts->parameters,
            (std::vector<std::string>{"N", "M", "Y", "extent_x"}));
  EXPECT_EQ(facts->rowParameters, (std::vector<std::string>{"iy", "ix"}));
  ASSERT_EQ(facts->extents.size(), 2u);
  EXPECT_EQ(facts->extents[1]->name, "extent_x");
  EXPECT_TRUE(facts->causality.pairCausal);
  one.predicate = (iy == jy).ref;
  facts = analyse(one.predicate, optionsOf(one), &failure);
  ASSERT_TRUE(facts) << failure.reason;
  EXPECT_EQ(facts->causality.counterexample,
            "i.y = 0, i.x = 0, j.y = 0, j.x = 1, Y = 1, extent_x = 2");
}

/// Remainders of coordinates, by axis: raw indices and quotients are not.
TEST(Grid, AxisModuli) {
  Example one{"moduli", (iy % 4 == jy % 4 && (iy + jx) % 6 == 0 &&
                         ix / 8 == 1 && ix % 2 != jx && i % 5 == 0)
                            .ref};
  one.extents = {Y.ref, constantInt(8)};
  AnalysisFailure failure;
  auto facts = analyse(one.predicate, optionsOf(one), &failure);
  ASSERT_TRUE(facts) << failure.reason;
  EXPECT_EQ(facts->axisModuli,
            (std::vector<std::vector<int64_t>>{{4, 6}, {2, 6}}));
}

/// The text of a product is one formula, from which the same loops come.
TEST(Grid, ProductsAreText) {
  Example one{"clamped", (clamped(iy, jy, Y, 2) && clamped(ix, jx, X, 2)).ref};
  one.extents = {Y.ref, X.ref};
  AnalysisOptions options = optionsOf(one);
  auto facts = analyse(one.predicate, options, nullptr);
  ASSERT_TRUE(facts);
  EXPECT_NE(facts->cases[0].row.find("} x ["), std::string::npos);
  auto tiles =
      analyseTiles(one.predicate, options, *facts, box({4, 4}), nullptr);
  ASSERT_TRUE(tiles && !tiles->gathered);
  EXPECT_NE(tiles->cases[0].partial.find("} | ["), std::string::npos);
  SetFrame frame{{"ty", "tx"}, facts->extents, facts->moduli, box({4, 4})};
  AnalysisFailure failure;
  RunNestRef again = buildRuns(tiles->cases[0].partial, frame, &failure);
  ASSERT_TRUE(again) << failure.reason;
  EXPECT_EQ(toString(again), toString(tiles->cases[0].partialRuns));
}

TEST(Grid, TextOfResidues) {
  Example one{"dilated",
              (clamped(iy, jy, Y, 1, 2) && clamped(ix, jx, X, 2)).ref};
  one.extents = {Y.ref, X.ref};
  AnalysisOptions options = optionsOf(one);
  auto facts = analyse(one.predicate, options, nullptr);
  ASSERT_TRUE(facts);
  Tiling tiling = box({4, 4}, {2, 1});
  auto tiles = analyseTiles(one.predicate, options, *facts, tiling, nullptr);
  ASSERT_TRUE(tiles && !tiles->gathered);
  SetFrame frame{tileParameters(tiling), facts->extents, facts->moduli, tiling};
  EXPECT_EQ(frame.coordinates, (std::vector<std::string>{"ry", "ty", "tx"}));
  AnalysisFailure failure;
  RunNestRef again = buildRuns(tiles->cases[0].partial, frame, &failure);
  ASSERT_TRUE(again) << failure.reason;
  EXPECT_EQ(toString(again), toString(tiles->cases[0].partialRuns));
}

/// Moduli that fit no box.
TEST(Grid, WrongResidues) {
  Example one{"rows", (iy == jy).ref};
  one.extents = {Y.ref, X.ref};
  AnalysisOptions options = optionsOf(one);
  auto facts = analyse(one.predicate, options, nullptr);
  ASSERT_TRUE(facts);
  Tiling lines = contiguous(4);
  lines.moduli = {2, 1};
  for (const Tiling &tiling : {box({2, 2}, {2}), box({2, 2}, {2, 0}), lines}) {
    AnalysisFailure failure;
    EXPECT_FALSE(
        analyseTiles(one.predicate, options, *facts, tiling, &failure));
    EXPECT_NE(failure.reason, "");
  }
}

} // namespace

} // namespace effattn::test
