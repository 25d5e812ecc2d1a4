//===- PlanCacheTest.cpp - plans kept from launch to launch ---------------===//
#include "FakeKernel.h"
#include "internal.h"

#include <gtest/gtest.h>

#include <thread>

using namespace effattn::test;

namespace {

/// An attend whose planner counts its calls.
std::atomic<int> planned;

int64_t counted(const int64_t *p, int64_t tile, effattn_run *runs,
                int64_t capacity) {
  if (tile == 0)
    ++planned;
  if (capacity > 0)
    runs[0] = {0, 1, int32_t(p[1])};
  return p[1] > 0;
}

int64_t none(const int64_t *, int64_t, effattn_run *, int64_t) { return 0; }

struct Planner {
  effattn_case cases[2] = {{counted, none, counted}, {counted, none, counted}};
  effattn_attend_code code = {};
  effattn_attend attend = {};

  explicit Planner(uint32_t keySets = 0) {
    planned = 0;
    code.tile_rows = 4;
    code.column_unroll = 2;
    code.column_chunk = 16;
    code.cases = cases;
    attend.name = "cache.attn:1";
    attend.integers = 3;
    attend.key_sets = keySets;
    attend.codes = 1;
    attend.code = &code;
  }

  effattn_plan_entry *acquire(effattn_context *context, int64_t N, int64_t M,
                              const effattn_plan_set *sets = nullptr) {
    const int64_t parameters[] = {N, M, 0};
    effattn_plan_request request = {};
    request.tile_rows = 4;
    request.cases = cases;
    request.parameters = parameters;
    request.key_sets = attend.key_sets;
    request.key_set = sets;
    request.allocator.user = context;
    request.allocator.allocate = [](void *user, size_t bytes,
                                    size_t alignment) {
      return effattn_allocate(static_cast<effattn_context *>(user), bytes,
                              alignment);
    };
    request.allocator.deallocate = [](void *user, void *memory, size_t bytes,
                                      size_t alignment) {
      effattn_deallocate(static_cast<effattn_context *>(user), memory, bytes,
                         alignment);
    };
    effattn_plan_entry *entry = nullptr;
    EXPECT_EQ(effattn_plan_acquire(context, &attend, &request, &code, &entry),
              EFFATTN_OK)
        << effattn_message();
    return entry;
  }
};

effattn_options bounded(size_t bytes) {
  effattn_options options = {};
  options.size = sizeof options;
  options.threads = 1;
  options.plan_cache_bytes = bytes;
  return options;
}

/// Calls of the generated planner for one plan, so that tests count plans.
int callsOfOnePlan() {
  Context context(1);
  Planner planner;
  effattn_plan_release(context, planner.acquire(context, 16, 16));
  return planned;
}

TEST(PlanCache, SameIntegersSamePlan) {
  const int one = callsOfOnePlan();
  ASSERT_GT(one, 0);
  Context context(1);
  Planner planner;
  effattn_plan_entry *a = planner.acquire(context, 16, 16);
  effattn_plan_entry *b = planner.acquire(context, 16, 16);
  EXPECT_EQ(a, b);
  EXPECT_EQ(planned, one);
  effattn_plan_release(context, a);
  effattn_plan_release(context, b);
  effattn_plan_entry *c = planner.acquire(context, 16, 17);
  EXPECT_NE(c, a);
  EXPECT_EQ(planned, 2 * one);
  effattn_plan_release(context, c);
  effattn_plan_entry *d = planner.acquire(context, 16, 16);
  EXPECT_EQ(d, a);
  effattn_plan_release(context, d);
}

TEST(PlanCache, AttendsAreToldApart) {
  Context context(1);
  Planner one, other;
  effattn_plan_entry *a = one.acquire(context, 16, 16);
  effattn_plan_entry *b = other.acquire(context, 16, 16);
  EXPECT_NE(a, b);
  effattn_plan_release(context, a);
  effattn_plan_release(context, b);
}

TEST(PlanCache, PlansOfIndexSetsAreNotKept) {
  Context context(1);
  Planner planner(1);
  const int32_t values[] = {3};
  const effattn_plan_set set = {values, 1};
  effattn_plan_entry *a = planner.acquire(context, 16, 16, &set);
  effattn_plan_entry *b = planner.acquire(context, 16, 16, &set);
  EXPECT_NE(a, b);
  EXPECT_FALSE(a->cached);
  effattn_plan_release(context, a);
  effattn_plan_release(context, b);
}

TEST(PlanCache, ChangedIndexSetChangesTheResult) {
  Context context(2);
  Problem problem(1, 2, 1, 20, 20, 2);
  ASSERT_EQ(problem.launch(context), EFFATTN_OK);
  EXPECT_LT(problem.error(), 1e-6);
  problem.g.i32()[0] = 7;
  problem.g.i32()[1] = 19;
  ASSERT_EQ(problem.launch(context), EFFATTN_OK);
  EXPECT_LT(problem.error(), 1e-6);
}

TEST(PlanCache, BytesAreBounded) {
  Planner planner;
  size_t bytes;
  {
    Context context(1);
    effattn_plan_entry *entry = planner.acquire(context, 64, 64);
    bytes = entry->plan.bytes;
    effattn_plan_release(context, entry);
  }
  Context context(bounded(3 * bytes));
  for (int64_t M = 1; M <= 10; ++M)
    effattn_plan_release(context, planner.acquire(context, 64, M));
  planned = 0;
  effattn_plan_release(context, planner.acquire(context, 64, 10));
  EXPECT_EQ(planned, 0) << "the last used one is kept";
  effattn_plan_release(context, planner.acquire(context, 64, 1));
  EXPECT_GT(planned, 0) << "the first one was dropped";
}

/// More lengths than the table has buckets, in another order each time; those
/// used longest ago go.
TEST(PlanCache, ManyLengths) {
  const int64_t lengths = 5000, kept = 3000;
  Planner planner;
  size_t bytes;
  {
    Context context(1);
    effattn_plan_entry *entry = planner.acquire(context, 4, 1);
    bytes = entry->plan.bytes;
    effattn_plan_release(context, entry);
  }
  const int one = callsOfOnePlan();
  Context context(bounded(kept * bytes));
  planned = 0;
  for (int64_t M = 1; M <= lengths; ++M)
    effattn_plan_release(context, planner.acquire(context, 4, M));
  EXPECT_EQ(planned, lengths * one);
  planned = 0;
  for (int64_t step = 0; step < kept; ++step) {
    const int64_t M = lengths - step * 7 % kept;
    effattn_plan_entry *entry = planner.acquire(context, 4, M);
    EXPECT_EQ(entry->plan.full_columns, M);
    effattn_plan_release(context, entry);
  }
  EXPECT_EQ(planned, 0) << "the last used ones are kept";
  effattn_plan_release(context, planner.acquire(context, 4, 1));
  EXPECT_EQ(planned, one);
  // The one used longest ago made room for it.
  planned = 0;
  effattn_plan_release(context, planner.acquire(context, 4, lengths));
  EXPECT_EQ(planned, one);
}

TEST(PlanCache, DroppedPlansLiveUntilTheirLastUser) {
  Planner planner;
  Context context(bounded(1));
  effattn_plan_entry *a = planner.acquire(context, 64, 64);
  effattn_plan_entry *b = planner.acquire(context, 64, 65);
  EXPECT_FALSE(a->cached);
  EXPECT_EQ(a->plan.tile_count, 16);
  EXPECT_EQ(b->plan.tile_count, 16);
  effattn_plan_release(context, a);
  effattn_plan_release(context, b);
}

TEST(PlanCache, Forget) {
  Context context(1);
  Planner planner;
  effattn_kernel kernel = {};
  kernel.attends = 1;
  kernel.attend = &planner.attend;
  effattn_plan_release(context, planner.acquire(context, 16, 16));
  effattn_plan_entry *used = planner.acquire(context, 16, 17);
  EXPECT_EQ(effattn_context_forget(context, &kernel), EFFATTN_OK);
  planned = 0;
  effattn_plan_release(context, planner.acquire(context, 16, 16));
  EXPECT_GT(planned, 0);
  EXPECT_EQ(used->plan.tile_count, 4) << "in use: still there";
  effattn_plan_release(context, used);
  EXPECT_EQ(effattn_context_forget(context, nullptr), EFFATTN_NULL);
}

TEST(PlanCache, ManyThreads) {
  const size_t bytes = 4000;
  Context context(bounded(bytes));
  Planner planner;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int64_t i = 0; i < 200; ++i) {
        effattn_plan_entry *entry =
            planner.acquire(context, 32, 1 + (i * 7 + t) % 13);
        EXPECT_EQ(entry->plan.tile_count, 8);
        EXPECT_EQ(entry->plan.full_columns, 8 * (1 + (i * 7 + t) % 13));
        effattn_plan_release(context, entry);
      }
    });
  for (std::thread &thread : threads)
    thread.join();
}

} // namespace
