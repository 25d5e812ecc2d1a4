//===- PlanMemoryTest.cpp - plans that run out of memory ------------------===//
//
// Each allocation in turn fails: the plan must report it, hold nothing and
// leak nothing.
//
//===----------------------------------------------------------------------===//

#include "runtime/src/plan.h"

#include <gtest/gtest.h>

#include <cstdlib>

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

/// Window of 8 columns back; for rows and for tiles of 4.
int64_t rowRuns(const int64_t *parameters, int64_t row, effattn_run *runs,
                int64_t capacity) {
  int64_t first = row > 8 ? row - 8 : 0;
  int64_t end = row < parameters[1] ? row + 1 : parameters[1];
  if (end <= first)
    return 0;
  if (capacity > 0)
    runs[0] = {int32_t(first), 1, int32_t(end - first)};
  return 1;
}

int64_t tileRuns(const int64_t *parameters, int64_t tile, effattn_run *runs,
                 int64_t capacity) {
  int64_t first = 4 * tile > 8 ? 4 * tile - 8 : 0;
  int64_t end = 4 * tile + 4 < parameters[1] ? 4 * tile + 4 : parameters[1];
  if (end <= first)
    return 0;
  if (capacity > 0)
    runs[0] = {int32_t(first), 1, int32_t(end - first)};
  return 1;
}

TEST(PlanMemory, EachFailureIsReportedAndNothingLeaks) {
  const int32_t global[] = {1, 2, 7, 30, 31, 32, 50};
  const int32_t filtered[] = {0, 13, 14, 40, 41, 42, 43, 63};
  effattn_case cases[4] = {{nullptr, tileRuns, rowRuns},
                           {nullptr, tileRuns, rowRuns},
                           {nullptr, tileRuns, rowRuns},
                           {nullptr, tileRuns, rowRuns}};
  effattn_plan_set keys = {global, 7}, queries = {global, 7};
  effattn_plan_filter filter = {{filtered, 8}, 0};
  int64_t parameters[] = {64, 64, 0};
  Budget budget = {0};
  effattn_plan_request request = {};
  request.tile_rows = 4;
  request.cases = cases;
  request.key_sets = request.query_sets = 1;
  request.parameters = parameters;
  request.key_set = &keys;
  request.query_set = &queries;
  request.row_filters = 1;
  request.row_filter = &filter;
  request.allocator = {&budget, allocate, deallocate};
  bool succeeded = false;
  for (int64_t allowed = 0; allowed < 1000 && !succeeded; ++allowed) {
    budget = {allowed};
    effattn_plan plan;
    int32_t status = effattn_plan_build(&request, &plan);
    if (status == 0) {
      succeeded = true;
      EXPECT_GT(allowed, 8);
      EXPECT_EQ(size_t(budget.live), plan.bytes);
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

} // namespace
