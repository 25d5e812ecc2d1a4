//===- PlanTest.cpp - plans against the pattern, pair by pair -------------===//

#include "PlanSource.h"

#include "lib/Reference/Reference.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <random>

using namespace effattn;
using namespace effattn::test;

namespace {

struct Sizes {
  int64_t N, M, q0;
};

/// Sets and filters of one launch.
struct Tables {
  std::vector<std::vector<int32_t>> keys, queries;
  std::vector<std::pair<std::vector<int32_t>, bool>> filters;
};

uint32_t bitsOf(const std::vector<std::vector<int32_t>> &sets, int32_t value) {
  uint32_t bits = 0;
  for (size_t k = 0; k < sets.size(); ++k)
    if (std::binary_search(sets[k].begin(), sets[k].end(), value))
      bits |= 1u << k;
  return bits;
}

bool isKept(const Tables &tables, int32_t row) {
  return std::all_of(
      tables.filters.begin(), tables.filters.end(), [&](const auto &filter) {
        return std::binary_search(filter.first.begin(), filter.first.end(),
                                  row) == filter.second;
      });
}

class Subject {
public:
  Subject(ScalarRef predicate, int64_t tileRows, bool bottomRight = false)
      : predicate(std::move(predicate)), tileRows(tileRows) {
    AnalysisOptions options;
    options.strategy.tileRows = tileRows;
    options.bottomRight = bottomRight;
    options.count = false;
    AnalysisFailure failure;
    facts = analyse(this->predicate, options, &failure);
    EXPECT_TRUE(facts) << failure.construct << ": " << failure.reason;
    if (facts)
      cases = install(facts);
  }

  /// Whether the pair is in the pattern, given the bits of row and column.
  bool sees(const Sizes &sizes, int32_t i, int32_t j, uint32_t rowBits,
            uint32_t columnBits) const {
    reference::Environment environment;
    environment.variables = {{"N", double(sizes.N)},
                             {"M", double(sizes.M)},
                             {"q0", double(sizes.q0)},
                             {"i", double(i)},
                             {"j", double(j)}};
    ScalarRef bound = rewrite(predicate, [&](const ScalarRef &node) {
      if (node->kind == ScalarKind::KeyInSet)
        return constantBool(columnBits >> node->table & 1);
      if (node->kind == ScalarKind::QueryInSet)
        return constantBool(rowBits >> node->table & 1);
      return ScalarRef();
    });
    return reference::evaluate(bound, environment) != 0;
  }

  effattn_plan plan(const Sizes &sizes, const Tables &tables) const {
    auto view = [](const std::vector<int32_t> &set) {
      return effattn_plan_set{set.data(), int64_t(set.size())};
    };
    std::vector<effattn_plan_set> keys, queries;
    std::vector<effattn_plan_filter> filters;
    for (const auto &set : tables.keys)
      keys.push_back(view(set));
    for (const auto &set : tables.queries)
      queries.push_back(view(set));
    for (const auto &[set, keep] : tables.filters)
      filters.push_back({view(set), keep});
    int64_t parameters[] = {sizes.N, sizes.M, sizes.q0};
    effattn_plan_request request = {};
    request.tile_rows = uint32_t(tileRows);
    request.cases = cases.data();
    request.key_sets = uint32_t(facts->keySets);
    request.query_sets = uint32_t(facts->querySets);
    request.parameters = parameters;
    request.key_set = keys.data();
    request.query_set = queries.data();
    request.row_filters = uint32_t(filters.size());
    request.row_filter = filters.data();
    request.allocator = mallocAllocator();
    effattn_plan result;
    EXPECT_EQ(effattn_plan_build(&request, &result), 0);
    return result;
  }

  void check(const Sizes &sizes, const Tables &tables) const;

  std::shared_ptr<const PatternFacts> facts;

private:
  void checkTile(const Sizes &sizes, const Tables &tables,
                 const effattn_plan &plan, const effattn_plan_tile &tile,
                 std::vector<int> &seenRows) const;

  ScalarRef predicate;
  int64_t tileRows;
  std::vector<effattn_case> cases;
};

void Subject::checkTile(const Sizes &sizes, const Tables &tables,
                        const effattn_plan &plan, const effattn_plan_tile &tile,
                        std::vector<int> &seenRows) const {
  std::vector<int32_t> rows;
  for (int64_t k = 0; k < tileRows; ++k) {
    int32_t row = plan.rows[tile.rows + k];
    if (row < 0)
      continue;
    ASSERT_LT(row, sizes.N);
    ++seenRows[row];
    rows.push_back(row);
    ASSERT_TRUE(tile.first_row < 0 || row == tile.first_row + k);
    ASSERT_EQ(plan.row_sets ? plan.row_sets[tile.rows + k] : 0,
              bitsOf(tables.queries, row));
  }
  ASSERT_EQ(int32_t(rows.size()), tile.present);
  ASSERT_GT(tile.present, 0);
  /// 2: full, 1: partial, 0: in no run.
  std::vector<int> columns(sizes.M, 0);
  std::vector<uint32_t> sets(sizes.M, 0);
  int32_t counts[2] = {0, 0};
  for (int32_t n = 0; n < tile.full_runs + tile.partial_runs; ++n) {
    effattn_plan_run run = plan.runs[tile.runs + n];
    bool full = n < tile.full_runs;
    ASSERT_GT(run.count, 0);
    ASSERT_GT(run.step, 0);
    counts[full] += run.count;
    for (int32_t c = 0; c < run.count; ++c) {
      int32_t column = run.first + run.step * c;
      ASSERT_GE(column, 0);
      ASSERT_LT(column, sizes.M);
      ASSERT_EQ(columns[column], 0) << "column " << column << " twice";
      columns[column] = full ? 2 : 1;
      sets[column] = run.sets;
      ASSERT_EQ(run.sets, full ? 0 : bitsOf(tables.keys, column));
    }
  }
  ASSERT_EQ(counts[1], tile.full_columns);
  ASSERT_EQ(counts[0], tile.partial_columns);
  for (int32_t row : rows)
    for (int32_t j = 0; j < sizes.M; ++j) {
      bool visible = sees(sizes, row, j, bitsOf(tables.queries, row),
                          bitsOf(tables.keys, j));
      if (columns[j] == 2)
        ASSERT_TRUE(visible) << "row " << row << ", full column " << j;
      else if (columns[j] == 0)
        ASSERT_FALSE(visible) << "row " << row << ", missing column " << j;
    }
}

void Subject::check(const Sizes &sizes, const Tables &tables) const {
  effattn_plan plan = this->plan(sizes, tables);
  std::vector<int> seenRows(sizes.N, 0);
  int64_t full = 0, partial = 0;
  for (int64_t t = 0; t < plan.tile_count; ++t) {
    ASSERT_NO_FATAL_FAILURE(
        checkTile(sizes, tables, plan, plan.tiles[t], seenRows))
        << "tile " << t << ", N = " << sizes.N << ", M = " << sizes.M
        << ", q0 = " << sizes.q0 << ", tile rows " << tileRows;
    full += plan.tiles[t].full_columns;
    partial += plan.tiles[t].partial_columns;
  }
  for (int32_t i = 0; i < sizes.N; ++i)
    ASSERT_EQ(seenRows[i], isKept(tables, i) ? 1 : 0) << "row " << i;
  EXPECT_EQ(plan.full_columns, full);
  EXPECT_EQ(plan.partial_columns, partial);
  effattn_plan_free(&plan);
  EXPECT_EQ(plan.bytes, 0u);
}

std::vector<int32_t> draw(std::mt19937 &random, int64_t bound, int percent) {
  std::vector<int32_t> set;
  for (int32_t k = 0; k < bound; ++k)
    if (int(random() % 100) < percent)
      set.push_back(k);
  return set;
}

ScalarRef pattern(PatternKind kind, std::vector<int64_t> constants = {}) {
  std::vector<ScalarRef> scalars;
  for (int64_t constant : constants)
    scalars.push_back(constantInt(constant));
  return effattn::predicate(makePattern(kind, scalars), nullptr);
}

struct NamedPattern {
  std::string name;
  ScalarRef predicate;
  int keySets, querySets;
};

std::vector<NamedPattern> namedPatterns() {
  ScalarRef window = pattern(PatternKind::Window, {2, 1, 1});
  ScalarRef causal = pattern(PatternKind::Causal);
  ScalarRef keys = keyInSet(0), queries = queryInSet(0);
  return {
      {"all", pattern(PatternKind::All), 0, 0},
      {"none", pattern(PatternKind::None), 0, 0},
      {"causal", causal, 0, 0},
      {"window", window, 0, 0},
      {"dilated", pattern(PatternKind::Window, {2, 2, 3}), 0, 0},
      {"stride", pattern(PatternKind::Stride, {4}), 0, 0},
      {"windowOrStride", logicalOr(window, pattern(PatternKind::Stride, {6})),
       0, 0},
      {"sameBlock", pattern(PatternKind::SameBlock, {3, 1, 0}), 0, 0},
      {"keys", keys, 1, 0},
      {"windowOrKeys", logicalOr(window, keys), 1, 0},
      {"causalKeys", logicalAnd(logicalOr(window, keys), causal), 1, 0},
      {"withoutKeys", logicalAnd(causal, logicalNot(keys)), 1, 0},
      {"strideAndKeys",
       logicalOr(logicalAnd(pattern(PatternKind::Stride, {3}), keys),
                 logicalAnd(window, logicalNot(keyInSet(1)))),
       2, 0},
      {"global", logicalOr(logicalOr(window, keys), queries), 1, 1},
      {"queries",
       logicalOr(logicalAnd(queries, causal),
                 logicalAnd(queryInSet(1), window)),
       0, 2},
  };
}

Tables drawTables(std::mt19937 &random, const NamedPattern &named,
                  const Sizes &sizes, int filters) {
  static const int densities[] = {0, 10, 50, 90, 100};
  auto percent = [&] { return densities[random() % 5]; };
  Tables tables;
  for (int k = 0; k < named.keySets; ++k)
    tables.keys.push_back(draw(random, sizes.M, percent()));
  for (int k = 0; k < named.querySets; ++k)
    tables.queries.push_back(draw(random, sizes.N, percent()));
  for (int k = 0; k < filters; ++k)
    tables.filters.push_back(
        {draw(random, sizes.N, percent()), random() % 2 == 0});
  return tables;
}

class PlanProperty : public testing::TestWithParam<NamedPattern> {};

TEST_P(PlanProperty, EverySizeUpTo17) {
  const NamedPattern &named = GetParam();
  std::mt19937 random(7);
  Subject subject(named.predicate, 4);
  ASSERT_TRUE(subject.facts);
  for (int64_t N = 0; N <= 17; ++N)
    for (int64_t M = 0; M <= 17; ++M) {
      Sizes sizes = {N, M, int64_t(random() % 9) - 4};
      ASSERT_NO_FATAL_FAILURE(subject.check(
          sizes, drawTables(random, named, sizes, int(random() % 3))));
    }
}

TEST_P(PlanProperty, TileSizes) {
  const NamedPattern &named = GetParam();
  for (int64_t tileRows : {1, 5, 16}) {
    std::mt19937 random(11 + tileRows);
    Subject subject(named.predicate, tileRows);
    ASSERT_TRUE(subject.facts);
    for (int trial = 0; trial < 30; ++trial) {
      Sizes sizes = {int64_t(random() % 60), int64_t(random() % 60),
                     int64_t(random() % 41) - 20};
      ASSERT_NO_FATAL_FAILURE(
          subject.check(sizes, drawTables(random, named, sizes, trial % 3)));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Patterns, PlanProperty,
                         testing::ValuesIn(namedPatterns()),
                         [](const auto &info) { return info.param.name; });

TEST(Plan, GatheredRowsShareTiles) {
  Subject subject(pattern(PatternKind::All), 4);
  Tables tables;
  tables.filters = {{{1, 9, 30, 31, 63}, true}};
  effattn_plan plan = subject.plan({64, 100, 0}, tables);
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
  Subject subject(pattern(PatternKind::Causal), 4);
  Tables tables;
  tables.filters = {{{5}, false}};
  effattn_plan plan = subject.plan({12, 12, 0}, tables);
  ASSERT_EQ(plan.tile_count, 3);
  EXPECT_EQ(plan.tiles[1].first_row, 4);
  EXPECT_EQ(plan.tiles[1].present, 3);
  EXPECT_EQ(plan.rows[plan.tiles[1].rows + 1], -1);
  effattn_plan_free(&plan);
}

/// A dense row is one run however many keys there are.
TEST(Plan, CostsRunsNotColumns) {
  Subject subject(pattern(PatternKind::All), 16);
  Tables tables;
  tables.filters = {{{3, 1000, 70000}, true}};
  effattn_plan plan = subject.plan({1 << 20, 1 << 30, 0}, tables);
  EXPECT_EQ(plan.run_count, 1);
  EXPECT_LT(plan.bytes, 10000u);
  effattn_plan_free(&plan);
}

/// Where steps have no small common multiple, columns are only bounded.
TEST(Plan, UnrelatedStridesStayCorrect) {
  ScalarRef many = constantBool(false);
  for (int64_t modulus : {11, 13, 17})
    many = logicalOr(many, pattern(PatternKind::Stride, {modulus}));
  Subject subject(many, 4);
  ASSERT_TRUE(subject.facts);
  Tables tables;
  tables.filters = {{{0, 7, 20, 33, 40}, true}};
  subject.check({50, 90, 3}, tables);
}

} // namespace
