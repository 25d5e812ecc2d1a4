//===- PlanTest.cpp - plans against predicates, pair by pair --------------===//

#include "PlanSource.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

using namespace effattn::test;

namespace {

/// Plans the world and checks the plan.
std::string plansWell(const World &world) {
  Installed installed(world);
  effattn_plan plan = installed.plan();
  std::string complaint = check(world, plan);
  effattn_plan_free(&plan);
  return complaint;
}

//===----------------------------------------------------------------------===//
// Random worlds
//===----------------------------------------------------------------------===//

class Generator {
public:
  explicit Generator(uint32_t seed) : random(seed) {}

  World make();

private:
  int64_t below(int64_t bound) { return int64_t(random() % uint32_t(bound)); }
  bool chance(int percent) { return below(100) < percent; }

  std::vector<int32_t> drawSet(int64_t bound) {
    const int percents[] = {0, 10, 50, 90, 100};
    const int percent = percents[below(5)];
    std::vector<int32_t> set;
    for (int32_t k = 0; k < bound; ++k)
      if (chance(percent))
        set.push_back(k);
    return set;
  }

  std::vector<Truth> drawCondition(int64_t bound) {
    std::vector<Truth> condition;
    const int misses = chance(50) ? 0 : 15;
    for (int64_t k = 0; k < bound; ++k)
      condition.push_back(chance(misses) ? missed : Truth(below(2)));
    return condition;
  }

  std::vector<int32_t> shuffle(int64_t count) {
    std::vector<int32_t> order(count);
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random);
    return order;
  }

  /// Labels 0..4, often in blocks, sometimes sorted.
  std::vector<int64_t> drawLabels(int64_t count) {
    std::vector<int64_t> labels(count);
    const int64_t block = 1 + below(6);
    for (int64_t k = 0; k < count; ++k)
      labels[k] = k % block ? labels[k - 1] : below(5);
    if (chance(40))
      std::sort(labels.begin(), labels.end());
    return labels;
  }

  Relation drawRelation(const World &world);
  void drawComparisons(const World &world, Relation &relation);
  std::vector<int64_t> blockEnds(int64_t count);
  void drawOrder(World &world);
  void drawPattern(World &world);

  std::mt19937 random;
};

/// Ends of blocks that begin before index 0 and end after the last one.
std::vector<int64_t> Generator::blockEnds(int64_t count) {
  std::vector<int64_t> ends;
  const int64_t block = 1 + below(9), offset = below(9);
  for (int64_t k = 0; k < count; ++k)
    ends.push_back(((k + offset) / block + 1) * block - offset);
  return ends;
}

/// Every index has what the first one of its block has.
template <typename T>
void spread(std::vector<T> &values, const std::vector<int64_t> &ends) {
  for (size_t k = 1; k < ends.size(); ++k)
    if (ends[k] == ends[k - 1])
      values[k] = values[k - 1];
}

Relation Generator::drawRelation(const World &world) {
  Relation relation;
  relation.kind = uint32_t(below(4));
  const int misses = chance(70) ? 0 : 8;
  for (int64_t i = 0; i < world.N; ++i)
    relation.rowMissed.push_back(chance(misses));
  for (int64_t j = 0; j < world.M; ++j)
    relation.columnMissed.push_back(chance(misses));
  const bool one = relation.kind == EFFATTN_RELATION_BITMAP ||
                   relation.kind == EFFATTN_RELATION_UNKNOWN;
  const int64_t labels = one ? 1 : 1 + below(3);
  relation.rows.resize(world.N);
  for (int64_t l = 0; l < labels; ++l) {
    const auto drawn = drawLabels(world.N);
    for (int64_t i = 0; i < world.N; ++i)
      relation.rows[i].push_back(drawn[i]);
  }
  relation.columns = drawLabels(world.M);
  if (relation.kind == EFFATTN_RELATION_COMPARED)
    drawComparisons(world, relation);
  const int percent = int(below(101));
  for (int u = 0; u < 5; ++u) {
    relation.table.emplace_back();
    for (int w = 0; w < 5; ++w)
      relation.table[u].push_back(chance(misses) ? missed
                                                 : Truth(chance(percent)));
  }
  for (int64_t i = 0; i < world.N; ++i) {
    relation.pairs.emplace_back();
    for (int64_t j = 0; j < world.M; ++j)
      relation.pairs[i].push_back(chance(percent));
  }
  if (chance(50)) {
    relation.rowEnds = blockEnds(world.N);
    spread(relation.rows, relation.rowEnds);
    spread(relation.rowMissed, relation.rowEnds);
  }
  if (chance(50)) {
    relation.columnEnds = blockEnds(world.M);
    spread(relation.columns, relation.columnEnds);
    spread(relation.columnMissed, relation.columnEnds);
  }
  return relation;
}

/// Labels of columns are drawn, sometimes far apart, or are positions; the test
/// is a random disjunction of conjunctions.
void Generator::drawComparisons(const World &world, Relation &relation) {
  const auto count =
      uint32_t(relation.rows.empty() ? 1 : relation.rows[0].size());
  const int misses = chance(70) ? 0 : 10;
  relation.ends.assign(world.M, std::vector<int64_t>(count));
  relation.endMissed.assign(world.M, std::vector<bool>(count));
  for (uint32_t k = 0; k < count; ++k) {
    const int64_t kind = below(4), scale = 1 + below(9), shift = below(20) - 10;
    relation.rising |= uint32_t(kind == 0) << k;
    relation.falling |= uint32_t(kind == 1) << k;
    const auto drawn = drawLabels(world.M);
    for (int64_t j = 0; j < world.M; ++j) {
      relation.ends[j][k] = kind == 0   ? shift + j
                            : kind == 1 ? shift - j
                                        : drawn[j] * scale;
      relation.endMissed[j][k] = kind > 1 && chance(misses);
    }
    for (auto &row : relation.rows)
      row[k] = kind > 1 ? row[k] * scale : row[k] * 5 + below(3) - 12 + shift;
  }
  std::vector<uint32_t> terms;
  for (int64_t n = below(4); n > 0; --n)
    terms.push_back(uint32_t(below(1 << count)));
  for (uint32_t bits = 0; bits < 1u << count; ++bits)
    relation.test.push_back(
        std::any_of(terms.begin(), terms.end(),
                    [&](uint32_t term) { return (bits & term) == term; }));
}

void Generator::drawOrder(World &world) {
  const bool byLabel = !world.relations.empty() && chance(30) &&
                       world.relations[0].kind != EFFATTN_RELATION_UNKNOWN;
  if (byLabel) {
    world.rowOrder = EFFATTN_ROWS_BY_LABEL;
    world.gathered = true;
    return;
  }
  if (chance(50))
    return;
  // Residue classes; rows of a tile that are not there anywhere in it, and
  // tiles without rows.
  world.rowOrder = EFFATTN_ROWS_LISTED;
  const int64_t modulus = 1 + below(5);
  for (int64_t r = 0; r < modulus; ++r)
    for (int64_t i = r; i < world.N || chance(20); i += modulus) {
      if (world.tiles.empty() || i == r || chance(5) ||
          world.tiles.back().size() == world.tileRows)
        world.tiles.emplace_back();
      if (world.tiles.back().size() + 1 < world.tileRows && chance(10))
        world.tiles.back().push_back(-1);
      world.tiles.back().push_back(i < world.N ? int32_t(i) : -1);
    }
}

void Generator::drawPattern(World &world) {
  // A random formula in disjunctive form over positions and atoms.
  struct Literal {
    int what, number;
    bool negated;
    int64_t a, b;
  };
  std::vector<std::vector<Literal>> terms(1 + below(3));
  for (auto &term : terms)
    for (int64_t n = 1 + below(3); n > 0; --n)
      term.push_back(
          {int(below(7)), int(below(2)), chance(30), 1 + below(6), below(5)});
  world.sees = [terms](int64_t i, int64_t j, const PairAtoms &atoms) {
    return std::any_of(terms.begin(), terms.end(), [&](const auto &term) {
      return std::all_of(term.begin(), term.end(), [&](const Literal &l) {
        const bool value =
            l.what == 0   ? i - j >= -l.b && i - j <= l.a
            : l.what == 1 ? j <= i + l.b
            : l.what == 2 ? (i + l.b - j) % l.a == 0
            : l.what == 3 ? (atoms.keys >> l.number & 1) != 0
            : l.what == 4 ? (atoms.queries >> l.number & 1) != 0
            : atoms.relations.empty()
                ? true
                : bool(atoms.relations[l.number % atoms.relations.size()]);
        return value != l.negated;
      });
    });
  };
}

World Generator::make() {
  World world;
  world.N = below(25);
  world.M = below(25);
  const uint32_t heights[] = {1, 3, 4, 8};
  world.tileRows = heights[below(4)];
  if (chance(30))
    world.keySets.push_back(drawSet(world.M));
  if (chance(30))
    world.querySets.push_back(drawSet(world.N));
  if (chance(30))
    world.keyConditions.push_back(drawCondition(world.M));
  if (chance(30))
    world.queryConditions.push_back(drawCondition(world.N));
  for (int64_t r = below(3); r > 0; --r)
    world.relations.push_back(drawRelation(world));
  for (int64_t f = chance(60) ? 0 : 1 + below(2); f > 0; --f)
    world.filters.push_back({drawSet(world.N), chance(50)});
  if (chance(25))
    world.queryOrder = shuffle(world.N);
  if (chance(25))
    world.keyOrder = shuffle(world.M);
  world.step = 1 + below(3);
  world.gathered = chance(20);
  drawOrder(world);
  drawPattern(world);
  return world;
}

class PlanProperty : public testing::TestWithParam<uint32_t> {};

TEST_P(PlanProperty, RandomWorlds) {
  for (uint32_t n = 0; n < 500; ++n) {
    const uint32_t seed = GetParam() * 1000 + n;
    ASSERT_EQ(plansWell(Generator(seed).make()), "") << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, PlanProperty, testing::Range(0u, 8u));

//===----------------------------------------------------------------------===//
// What plans are expected to say, beyond being right
//===----------------------------------------------------------------------===//

World plain(int64_t N, int64_t M, uint32_t tileRows) {
  World world;
  world.N = N;
  world.M = M;
  world.tileRows = tileRows;
  world.sees = [](int64_t, int64_t, const PairAtoms &) { return true; };
  return world;
}

TEST(Plan, GatheredRowsShareTiles) {
  World world = plain(64, 100, 4);
  world.filters = {{{1, 9, 30, 31, 63}, true}};
  Installed installed(world);
  effattn_plan plan = installed.plan();
  ASSERT_EQ(plan.tile_count, 2);
  EXPECT_EQ(plan.tiles[0].first_row, -1);
  EXPECT_EQ(plan.tiles[0].present, 4);
  EXPECT_EQ(plan.tiles[1].present, 1);
  EXPECT_EQ(plan.tiles[0].full_runs, 1);
  EXPECT_EQ(plan.tiles[0].full_columns, 100);
  EXPECT_EQ(plan.tiles[0].partial_runs, 0);
  effattn_plan_free(&plan);
}

TEST(Plan, OtherRowsStayInWholeTiles) {
  World world = plain(12, 12, 4);
  world.filters = {{{5}, false}};
  Installed installed(world);
  effattn_plan plan = installed.plan();
  ASSERT_EQ(plan.tile_count, 3);
  EXPECT_EQ(plan.tiles[1].first_row, 4);
  EXPECT_EQ(plan.tiles[1].present, 3);
  EXPECT_EQ(plan.rows[plan.tiles[1].rows + 1], -1);
  effattn_plan_free(&plan);
}

/// Where steps have no small common multiple, columns are only bounded.
TEST(Plan, UnrelatedStridesStayCorrect) {
  World world = plain(50, 90, 4);
  world.sees = [](int64_t i, int64_t j, const PairAtoms &) {
    return (i + j) % 11 == 0 || (i + j) % 13 == 0 || (i + j) % 17 == 0;
  };
  world.filters = {{{0, 7, 20, 33, 40}, true}};
  EXPECT_EQ(plansWell(world), "");
}

/// segments: lengths in any multiple of the tile need no predicate.
World segments(std::vector<int64_t> labels, uint32_t tileRows) {
  World world = plain(int64_t(labels.size()), int64_t(labels.size()), tileRows);
  world.sees = [](int64_t, int64_t, const PairAtoms &atoms) {
    return bool(atoms.relations[0]);
  };
  Relation relation;
  for (int64_t label : labels)
    relation.rows.push_back({label});
  relation.columns = labels;
  relation.rowMissed.assign(labels.size(), false);
  relation.columnMissed = relation.rowMissed;
  world.relations = {relation};
  return world;
}

TEST(Plan, TilesOfOneSegmentAreFull) {
  World world = segments({5, 5, 5, 5, -2, -2, -2, -2, 9, 9, 9, 9}, 4);
  Installed installed(world);
  effattn_plan plan = installed.plan();
  EXPECT_EQ(check(world, plan), "");
  EXPECT_EQ(plan.full_columns, 12);
  EXPECT_EQ(plan.partial_columns, 0);
  effattn_plan_free(&plan);
}

TEST(Plan, RowsSortedByLabel) {
  World world = segments({2, 1, 2, 1, 2, 1, 2, 1}, 4);
  world.rowOrder = EFFATTN_ROWS_BY_LABEL;
  world.gathered = true;
  Installed installed(world);
  effattn_plan plan = installed.plan();
  EXPECT_EQ(check(world, plan), "");
  ASSERT_EQ(plan.tile_count, 2);
  EXPECT_EQ(plan.rows[0], 1);
  EXPECT_EQ(plan.rows[3], 7);
  EXPECT_EQ(plan.tiles[0].first_row, -1);
  EXPECT_EQ(plan.full_columns, 8);
  EXPECT_EQ(plan.partial_columns, 0);
  // The four columns of a label are one run.
  EXPECT_EQ(plan.run_count, 2);
  effattn_plan_free(&plan);
}

TEST(Plan, SortedLabelsKeepContiguousTiles) {
  World world = segments({1, 1, 2, 2, 2, 2}, 2);
  world.rowOrder = EFFATTN_ROWS_BY_LABEL;
  world.gathered = true;
  Installed installed(world);
  effattn_plan plan = installed.plan();
  EXPECT_EQ(check(world, plan), "");
  EXPECT_EQ(plan.tiles[1].first_row, 2);
  effattn_plan_free(&plan);
}

TEST(Plan, BlocksOfABitmap) {
  World world = segments({0, 0, 1, 1, 2, 2}, 2);
  world.relations[0].kind = EFFATTN_RELATION_BITMAP;
  world.relations[0].table = {{yes, no, no}, {no, yes, yes}, {no, no, no}};
  Installed installed(world);
  effattn_plan plan = installed.plan();
  EXPECT_EQ(check(world, plan), "");
  ASSERT_EQ(plan.tile_count, 3);
  EXPECT_EQ(plan.tiles[0].full_columns, 2);
  EXPECT_EQ(plan.tiles[1].full_runs, 1);
  EXPECT_EQ(plan.tiles[1].full_columns, 4);
  EXPECT_EQ(plan.tiles[2].full_columns, 0);
  EXPECT_EQ(plan.partial_columns, 0);
  effattn_plan_free(&plan);
}

TEST(Plan, MissedColumnsAreLeftToTheKernel) {
  World world = plain(4, 6, 4);
  world.sees = [](int64_t, int64_t j, const PairAtoms &atoms) {
    return j > 0 && (atoms.keys & 1);
  };
  world.keyConditions = {{missed, yes, no, missed, yes, yes}};
  Installed installed(world);
  effattn_plan plan = installed.plan();
  EXPECT_EQ(check(world, plan), "");
  EXPECT_EQ(plan.full_columns, 3);
  // Column 0 is in the pattern whatever the condition is there: nowhere.
  EXPECT_EQ(plan.partial_columns, 1);
  effattn_plan_free(&plan);
}

TEST(Plan, BoundsAreRefused) {
  World world = plain(4, 4, 4);
  Installed installed(world);
  effattn_plan plan;
  effattn_plan_request request = installed.request;
  request.relations = EFFATTN_PLAN_MOST_RELATIONS + 1;
  EXPECT_EQ(effattn_plan_build(&request, &plan), EFFATTN_PLAN_UNSUPPORTED);
  request = installed.request;
  request.key_conditions = EFFATTN_PLAN_MOST_BITS;
  EXPECT_EQ(effattn_plan_build(&request, &plan), EFFATTN_PLAN_UNSUPPORTED);
  request = installed.request;
  request.row_order = EFFATTN_ROWS_BY_LABEL;
  EXPECT_EQ(effattn_plan_build(&request, &plan), EFFATTN_PLAN_UNSUPPORTED);
  EXPECT_EQ(plan.bytes, 0u);
}

} // namespace
