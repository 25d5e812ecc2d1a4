//===- MaskTest.cpp - cells against pairs counted one by one --------------===//

#include "lib/Driver/Mask.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <random>

namespace effattn {
namespace {

/// A plan made pair by pair: rows in tiles of `tileRows` in the given order,
/// columns that all rows see full, those that some see partial.
ProbedAttend planOf(const ScalarRef &predicate, int64_t n, int64_t m,
                    int64_t tileRows, const std::vector<int32_t> &order) {
  ProbedAttend attend;
  attend.queries = n;
  attend.keys = m;
  attend.tileRows = tileRows;
  attend.predicate = predicate;
  attend.integers = {{"N", n}, {"M", m}, {"q0", m - n}};
  PairTest sees(attend);
  for (int64_t first = 0; first < n; first += tileRows) {
    int64_t rows = std::min(tileRows, n - first);
    ProbedAttend::TileRange tile{
        first, rows, static_cast<int64_t>(attend.runs.size()), 0, 0};
    std::vector<ProbedRun> partial;
    for (int64_t j = 0; j < m; ++j) {
      int64_t seen = 0;
      for (int64_t k = 0; k < rows; ++k)
        seen += sees(order[first + k], j, 0, 0);
      ProbedRun run;
      run.first = j;
      run.step = 1;
      run.count = 1;
      if (seen == rows)
        attend.runs.push_back(run), ++tile.fullRuns;
      else if (seen > 0)
        partial.push_back(run);
    }
    tile.partialRuns = static_cast<int64_t>(partial.size());
    attend.runs.insert(attend.runs.end(), partial.begin(), partial.end());
    attend.tiles.push_back(tile);
  }
  attend.rows = order;
  return attend;
}

std::vector<int32_t> residues(int64_t n, int64_t modulus) {
  std::vector<int32_t> order;
  for (int64_t r = 0; r < modulus; ++r)
    for (int64_t i = r; i < n; i += modulus)
      order.push_back(static_cast<int32_t>(i));
  return order;
}

ScalarRef i() { return variable("i"); }
ScalarRef j() { return variable("j"); }

const std::vector<ScalarRef> &predicates() {
  static const std::vector<ScalarRef> all = {
      j() <= i(), equal(mod(i() - j(), constantInt(4)), constantInt(0)),
      logicalAnd(constantInt(-3) <= i() - j(), i() - j() <= constantInt(5)),
      equal(floorDiv(i(), constantInt(8)), floorDiv(j(), constantInt(8))),
      constantBool(true)};
  return all;
}

class MaskOf : public testing::TestWithParam<int> {};

TEST_P(MaskOf, OneCellAPairIsThePattern) {
  ScalarRef predicate = predicates()[GetParam()];
  for (int64_t n : {1, 7, 16, 37})
    for (int64_t modulus : {1, 4}) {
      PlannedHeads group;
      group.heads = {0};
      group.attends.push_back(
          planOf(predicate, n, n + 3, 5, residues(n, modulus)));
      std::vector<Mask> masks = makeMasks({group}, 64, 64);
      ASSERT_EQ(masks.size(), 1u);
      const Mask &mask = masks[0];
      ASSERT_EQ(mask.rows, n);
      PairTest sees(group.attends[0]);
      for (int64_t row = 0; row < n; ++row)
        for (int64_t column = 0; column < n + 3; ++column) {
          const Cell &cell = mask.at(row, column);
          EXPECT_EQ(cell.visible > 0, sees(row, column, 0, 0))
              << n << " " << row << " " << column;
          EXPECT_GE(cell.full + cell.partial, cell.visible);
        }
    }
}

TEST_P(MaskOf, SharesOfCellsWithManyPairsAddUp) {
  const int64_t n = 60, m = 60;
  ScalarRef predicate = predicates()[GetParam()];
  PlannedHeads group;
  group.heads = {0};
  group.attends.push_back(planOf(predicate, n, m, 16, residues(n, 1)));
  const Mask mask = makeMasks({group}, 10, 10)[0];
  PairTest sees(group.attends[0]);
  for (int row = 0; row < mask.rows; ++row)
    for (int column = 0; column < mask.columns; ++column) {
      int64_t pairs = 0;
      for (int64_t a = row * 6; a < row * 6 + 6; ++a)
        for (int64_t b = column * 6; b < column * 6 + 6; ++b)
          pairs += sees(a, b, 0, 0);
      EXPECT_NEAR(mask.at(row, column).visible * 36, pairs, 1e-9);
    }
}

TEST_P(MaskOf, ASampleOfManyPairsIsNear) {
  const int64_t n = 2000;
  ScalarRef predicate = predicates()[GetParam()];
  PlannedHeads group;
  group.heads = {0};
  group.attends.push_back(planOf(predicate, n, n, 32, residues(n, 1)));
  const Mask mask = makeMasks({group}, 20, 20)[0];
  PairTest sees(group.attends[0]);
  double pairs = 0, found = 0;
  for (int64_t a = 0; a < n; ++a)
    for (int64_t b = 0; b < n; ++b)
      pairs += sees(a, b, 0, 0);
  for (const Cell &cell : mask.cells)
    found += cell.visible * 100 * 100;
  EXPECT_NEAR(found / pairs, 1, 0.1);
}

INSTANTIATE_TEST_SUITE_P(Patterns, MaskOf, testing::Range(0, 5));

TEST(Mask, AMillionTokensTakeNoMemoryForPairs) {
  ProbedAttend attend;
  attend.queries = attend.keys = 1'000'000;
  attend.tileRows = 1000;
  attend.predicate = j() <= i();
  attend.integers = {{"N", 1'000'000}, {"M", 1'000'000}, {"q0", 0}};
  for (int32_t row = 0; row < 1'000'000; ++row)
    attend.rows.push_back(row);
  for (int64_t t = 0; t < 1000; ++t) {
    attend.tiles.push_back(
        {t * 1000, 1000, static_cast<int64_t>(attend.runs.size()), 1, 1});
    ProbedRun full, partial;
    full.first = 0, full.step = 1, full.count = t * 1000;
    partial.first = t * 1000, partial.step = 1, partial.count = 1000;
    attend.runs.push_back(full);
    attend.runs.push_back(partial);
  }
  PlannedHeads group{{0}, {attend}};
  const Mask mask = makeMasks({group}, 100, 100)[0];
  EXPECT_EQ(mask.at(0, 99).visible, 0);
  EXPECT_EQ(mask.at(99, 0).visible, 1);
  EXPECT_NEAR(mask.at(50, 50).visible, 0.5, 0.2);
}

TEST(Mask, HeadsThatDifferHaveMasksOfTheirOwn) {
  PlannedHeads one, two;
  one.heads = {0, 1, 2, 5};
  two.heads = {3, 4};
  one.attends.push_back(planOf(j() <= i(), 8, 8, 4, residues(8, 1)));
  two.attends.push_back(planOf(constantBool(true), 8, 4, 4, residues(8, 1)));
  two.attends.push_back(planOf(j() <= i(), 8, 8, 4, residues(8, 1)));
  std::vector<Mask> masks = makeMasks({one, two}, 8, 8);
  ASSERT_EQ(masks.size(), 3u);
  EXPECT_EQ(masks[0].heads, "heads 0-2, 5");
  EXPECT_EQ(masks[1].heads, "heads 3-4");
  EXPECT_EQ(masks[1].what, "8 x 4");
  EXPECT_NE(textOf(masks[1], "").find("████\n"), std::string::npos);
}

} // namespace
} // namespace effattn
