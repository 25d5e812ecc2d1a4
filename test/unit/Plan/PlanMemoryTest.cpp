//===- PlanMemoryTest.cpp - plans that run out of memory ------------------===//
//
// Each allocation in turn fails: the plan must report it, hold nothing and
// leak nothing.
//
//===----------------------------------------------------------------------===//

#include "PlanSource.h"

#include <gtest/gtest.h>

#include <cstdlib>

using namespace effattn::test;

namespace {

struct Budget {
  int64_t left;
  int64_t live = 0;
};

void *allocate(void *user, size_t bytes, size_t) {
  auto *budget = static_cast<Budget *>(user);
  if (budget->left-- <= 0)
    return nullptr;
  budget->live += int64_t(bytes);
  return std::malloc(bytes);
}

void deallocate(void *user, void *memory, size_t bytes, size_t) {
  static_cast<Budget *>(user)->live -= int64_t(bytes);
  std::free(memory);
}

/// Tries with room for 0, 1, ... allocations until it works.
void failEach(const World &world, int64_t least) {
  Installed installed(world);
  Budget budget = {0};
  installed.request.allocator = {&budget, allocate, deallocate};
  bool succeeded = false;
  for (int64_t allowed = 0; allowed < 1000 && !succeeded; ++allowed) {
    budget = {allowed};
    effattn_plan plan;
    const int32_t status = effattn_plan_build(&installed.request, &plan);
    if (status == 0) {
      succeeded = true;
      EXPECT_GT(allowed, least);
      EXPECT_EQ(size_t(budget.live), plan.bytes);
      EXPECT_EQ(check(world, plan), "");
      effattn_plan_free(&plan);
    } else {
      EXPECT_EQ(status, EFFATTN_PLAN_OUT_OF_MEMORY);
      EXPECT_EQ(plan.bytes, 0u);
      EXPECT_EQ(plan.tiles, nullptr);
    }
    EXPECT_EQ(budget.live, 0);
  }
  EXPECT_TRUE(succeeded);
}

World sets() {
  World world;
  world.N = world.M = 64;
  world.sees = [](int64_t i, int64_t j, const PairAtoms &atoms) {
    return atoms.keys || atoms.queries || (i >= j && i - j <= 8);
  };
  world.keySets = world.querySets = {{1, 2, 7, 30, 31, 32, 50}};
  world.filters = {{{0, 13, 14, 40, 41, 42, 43, 63}, false}};
  return world;
}

TEST(PlanMemory, IndexSets) { failEach(sets(), 8); }

TEST(PlanMemory, PermutedIndexSets) {
  World world = sets();
  for (int32_t k = 63; k >= 0; --k)
    world.queryOrder.push_back(k);
  world.keyOrder = world.queryOrder;
  failEach(world, 11);
}

/// Many labels out of order, so that arrays grow and sorting needs memory.
TEST(PlanMemory, Relations) {
  World world;
  world.N = world.M = 120;
  world.sees = [](int64_t, int64_t, const PairAtoms &atoms) {
    return atoms.relations[0] || (atoms.relations[1] && atoms.keys);
  };
  for (uint32_t kind : {EFFATTN_RELATION_LABELS, EFFATTN_RELATION_BITMAP}) {
    Relation relation;
    relation.kind = kind;
    for (int64_t k = 0; k < 120; ++k) {
      relation.rows.push_back({k * 7 % 40});
      relation.columns.push_back(k * 11 % 40);
      relation.rowMissed.push_back(false);
      relation.columnMissed.push_back(k % 50 == 3);
    }
    for (int u = 0; u < 40; ++u)
      for (int w = 0; w < 40; ++w) {
        relation.table.resize(40);
        relation.table[u].push_back(Truth(u * w % 3 == 0));
      }
    world.relations.push_back(relation);
  }
  for (int64_t k = 0; k < 120; ++k)
    world.keyConditions.resize(1),
        world.keyConditions[0].push_back(k % 30 ? yes : missed);
  world.rowOrder = EFFATTN_ROWS_BY_LABEL;
  world.gathered = true;
  failEach(world, 20);
}

TEST(PlanMemory, ComparedRelation) {
  World world;
  world.N = world.M = 120;
  world.sees = [](int64_t, int64_t, const PairAtoms &atoms) {
    return bool(atoms.relations[0]);
  };
  Relation relation;
  relation.kind = EFFATTN_RELATION_COMPARED;
  for (int64_t k = 0; k < 120; ++k) {
    relation.rows.push_back({k});
    relation.ends.push_back({k * 11 % 40 + k / 2});
    relation.endMissed.push_back({k % 50 == 3});
    relation.rowMissed.push_back(false);
  }
  relation.test = {false, true};
  world.relations.push_back(relation);
  failEach(world, 8);
}

} // namespace
