//===- PlanCompareTest.cpp - columns that comparisons with tables give ----===//

#include "PlanSource.h"

#include <gtest/gtest.h>

#include <algorithm>

using namespace effattn::test;

namespace {

/// The pattern is one compared relation. `ends`: of each column.
World compared(std::vector<std::vector<int64_t>> rows,
               std::vector<std::vector<int64_t>> ends, std::vector<bool> test,
               uint32_t tileRows) {
  World world;
  world.N = int64_t(rows.size());
  world.M = int64_t(ends.size());
  world.tileRows = tileRows;
  world.sees = [](int64_t, int64_t, const PairAtoms &atoms) {
    return bool(atoms.relations[0]);
  };
  Relation relation;
  relation.kind = EFFATTN_RELATION_COMPARED;
  relation.rowMissed.assign(rows.size(), false);
  relation.endMissed.assign(ends.size(),
                            std::vector<bool>(rows[0].size(), false));
  relation.rows = std::move(rows);
  relation.ends = std::move(ends);
  relation.test = std::move(test);
  world.relations = {relation};
  return world;
}

/// start[i] <= j and j < end[i].
World spans(const std::vector<std::pair<int64_t, int64_t>> &list,
            int64_t columns, uint32_t tileRows, bool linear) {
  std::vector<std::vector<int64_t>> rows, ends;
  for (auto [start, end] : list)
    rows.push_back({start, 1 - end});
  for (int64_t j = 0; j < columns; ++j)
    ends.push_back({j, -j});
  World world = compared(rows, ends, {false, false, false, true}, tileRows);
  if (linear) {
    world.relations[0].rising = 1;
    world.relations[0].falling = 2;
  }
  return world;
}

/// Columns that each row of a tile sees, and that some row sees: what a plan
/// that is exact to the tile has.
struct Counts {
  int64_t full = 0, partial = 0;
};
Counts exact(const World &world) {
  Counts counts;
  for (int64_t tile = 0; tile * world.tileRows < world.N; ++tile)
    for (int64_t j = 0; j < world.M; ++j) {
      bool some = false, all = true;
      for (int64_t i = tile * world.tileRows;
           i < std::min<int64_t>(world.N, (tile + 1) * world.tileRows); ++i) {
        const bool sees = world.relations[0].holds(i, j) == yes;
        some |= sees;
        all &= sees;
      }
      counts.full += all;
      counts.partial += some && !all;
    }
  return counts;
}

void expectExact(const World &world) {
  Installed installed(world);
  effattn_plan plan = installed.plan();
  EXPECT_EQ(check(world, plan), "");
  const Counts counts = exact(world);
  EXPECT_EQ(plan.full_columns, counts.full);
  EXPECT_EQ(plan.partial_columns, counts.partial);
  effattn_plan_free(&plan);
}

/// Spans far apart in one tile: what is between them is not touched, whether
/// labels are positions or tables.
TEST(PlanCompare, SpansAreExact) {
  for (bool linear : {true, false}) {
    expectExact(
        spans({{0, 10}, {900, 950}, {0, 10}, {920, 1000}}, 1000, 4, linear));
    expectExact(spans({{3, 9}, {5, 7}, {8, 8}, {600, 20}}, 700, 2, linear));
    expectExact(spans({{-5, 2000}, {-1, 4000}}, 1000, 2, linear));
    std::vector<std::pair<int64_t, int64_t>> sliding;
    for (int64_t i = 0; i < 300; ++i)
      sliding.push_back({i - i * 7 % 13, i + 1 + i * 5 % 11});
    expectExact(spans(sliding, 300, 16, linear));
  }
}

/// Documents: a label for each column, equal in a document; each document is
/// cut off behind its last row. One run a tile, whatever their number.
TEST(PlanCompare, SortedTablesGiveOneInterval) {
  std::vector<std::vector<int64_t>> rows, ends;
  for (int64_t k = 0; k < 1024; ++k) {
    rows.push_back({k + 1});
    ends.push_back({k / 10 * 10 + 10});
  }
  World world = compared(rows, ends, {false, true}, 64);
  Installed installed(world);
  effattn_plan plan = installed.plan();
  EXPECT_EQ(check(world, plan), "");
  EXPECT_LE(plan.run_count, 2 * plan.tile_count);
  expectExact(world);
  effattn_plan_free(&plan);
}

/// i < lower[j] or i >= upper[j], the vectors of a mask by columns; tables in
/// any order.
TEST(PlanCompare, ColumnVectors) {
  for (int64_t shift : {1, 37, 501}) {
    std::vector<std::vector<int64_t>> rows, ends;
    for (int64_t i = 0; i < 600; ++i)
      rows.push_back({i + 1, -i});
    for (int64_t j = 0; j < 600; ++j) {
      const int64_t lower = j * shift % 600;
      ends.push_back({lower, -std::min<int64_t>(600, lower + j % 90)});
    }
    expectExact(compared(rows, ends, {false, true, true, true}, 32));
  }
}

TEST(PlanCompare, AtTheEndsOfInt64) {
  const std::vector<std::vector<int64_t>> ends = {
      {INT64_MAX}, {0}, {INT64_MIN + 1}, {INT64_MAX - 1}};
  World world = compared({{INT64_MIN + 1}, {INT64_MAX}, {0}, {5}}, ends,
                         {false, true}, 1);
  expectExact(world);
  // INT64_MIN is a label that is not known.
  world.relations[0].ends[1] = {INT64_MIN};
  world.relations[0].endMissed[1] = {true};
  Installed installed(world);
  effattn_plan plan = installed.plan();
  EXPECT_EQ(check(world, plan), "");
  EXPECT_EQ(plan.partial_columns, 4);
  effattn_plan_free(&plan);
}

/// What tables compare is looked at where the tile touches columns at all: the
/// work of a window does not grow with the columns. Where labels are in no
/// order its columns are not cut into pieces.
TEST(PlanCompare, BesideAWindow) {
  const int64_t size = 1 << 10;
  for (bool isRough : {true, false}) {
    std::vector<std::vector<int64_t>> rows, ends;
    for (int64_t k = 0; k < size; ++k) {
      rows.push_back({k * 389 % size});
      ends.push_back({isRough ? k * 577 % size : k / 3});
    }
    World world = compared(rows, ends, {false, true}, 16);
    world.sees = [](int64_t i, int64_t j, const PairAtoms &atoms) {
      return i - j < 8 && j - i < 8 && atoms.relations[0];
    };
    Installed installed(world);
    effattn_plan plan = installed.plan();
    EXPECT_EQ(check(world, plan), "");
    EXPECT_LE(plan.run_count, (isRough ? 1 : 3) * plan.tile_count);
    effattn_plan_free(&plan);
  }
}

TEST(PlanCompare, TooManyComparisonsAreRefused) {
  World world = spans({{0, 1}}, 4, 1, true);
  Installed installed(world);
  effattn_plan plan;
  effattn_relation relation = installed.request.relation[0];
  relation.labels = 9;
  installed.request.relation = &relation;
  EXPECT_EQ(effattn_plan_build(&installed.request, &plan),
            EFFATTN_PLAN_UNSUPPORTED);
}

} // namespace
