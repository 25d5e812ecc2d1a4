//===- PlanSource.h - planner functions from a predicate --------*- C++ -*-===//
//
// The planner calls generated functions without user data. Here they are a
// fixed set of C functions that answer, by trying all pairs, for the pattern
// that was installed last. Everything is in plan indices; what an atom is on an
// index comes from tables, as at a launch.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_TEST_UNIT_PLAN_PLANSOURCE_H
#define EFFATTN_TEST_UNIT_PLAN_PLANSOURCE_H

#include "runtime/src/plan.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace effattn::test {

/// A truth value that a table gives; `missed`: its look-up is out of range.
enum Truth : int8_t { no = 0, yes = 1, missed = 2 };

struct Relation {
  uint32_t kind = EFFATTN_RELATION_LABELS;
  std::vector<std::vector<int64_t>> rows; ///< labels of each row
  std::vector<int64_t> columns;
  std::vector<bool> rowMissed, columnMissed;
  std::vector<std::vector<Truth>> table; ///< Bitmap: [row label][column label]
  std::vector<std::vector<bool>> pairs;  ///< Unknown
  /// Compared: labels of each column, which of them have no look-up, the test
  /// by bits.
  std::vector<std::vector<int64_t>> ends;
  std::vector<std::vector<bool>> endMissed;
  std::vector<bool> test;
  uint32_t rising = 0, falling = 0;
  /// Ends of the blocks of equal labels that rows and columns lie in; empty:
  /// the planner is not told.
  std::vector<int64_t> rowEnds, columnEnds;

  Truth holds(int64_t row, int64_t column) const;
};

/// Atoms of a pair.
struct PairAtoms {
  uint32_t keys = 0, queries = 0; ///< bits: index sets, then conditions
  std::vector<bool> relations;
};

struct World {
  int64_t N = 0, M = 0;
  uint32_t tileRows = 4;
  std::function<bool(int64_t row, int64_t column, const PairAtoms &)> sees;

  /// Tokens; the rest is by plan index.
  std::vector<std::vector<int32_t>> keySets, querySets;
  std::vector<std::pair<std::vector<int32_t>, bool>> filters;
  std::vector<std::vector<Truth>> keyConditions, queryConditions;
  std::vector<Relation> relations;
  std::vector<int32_t> queryOrder, keyOrder; ///< rank -> token; empty: none

  uint32_t rowOrder = EFFATTN_ROWS_CONTIGUOUS, orderRelation = 0;
  std::vector<std::vector<int32_t>> tiles; ///< EFFATTN_ROWS_LISTED
  int64_t step = 1;      ///< tile functions list runs of this step
  bool gathered = false; ///< there are no tile functions

  int32_t query(int64_t row) const {
    return queryOrder.empty() ? int32_t(row) : queryOrder[row];
  }
  int32_t key(int64_t column) const {
    return keyOrder.empty() ? int32_t(column) : keyOrder[column];
  }
  uint32_t rowSets(int64_t row) const;
  uint32_t columnSets(int64_t column) const;
  bool keeps(int64_t row) const;
  /// A condition on the row or the column has no value: never full.
  bool missesCondition(int64_t row, int64_t column) const;
  /// Over all values of atoms whose look-up was out of range: `missed` where
  /// they decide.
  Truth visible(int64_t row, int64_t column) const;
};

/// Makes the functions those of `world`, which stays alive while plans are
/// made. Parameters are N, M, q0 = 0, b = 0, h = 7.
struct Installed {
  explicit Installed(const World &world);
  ~Installed();
  Installed(const Installed &) = delete;

  effattn_plan_request request = {};
  /// A plan with memory from malloc.
  effattn_plan plan() const;

private:
  int64_t parameters[5];
  std::vector<effattn_case> cases;
  std::vector<effattn_plan_set> sets;
  std::vector<effattn_plan_filter> filters;
  std::vector<effattn_relation> relations;
};

effattn_plan_allocator mallocAllocator();

/// Checks everything that plan.h says against the predicate, pair by pair; ""
/// where it holds.
std::string check(const World &world, const effattn_plan &plan);

} // namespace effattn::test

#endif // EFFATTN_TEST_UNIT_PLAN_PLANSOURCE_H
