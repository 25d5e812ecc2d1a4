//===- HostPlanTest.cpp - the plans that attends ask for ------------------===//
//
// Launches are watched: the plans of each batch and head, in tokens, in place
// of running them.
//
//===----------------------------------------------------------------------===//
#include "Failing.h"
#include "FakeKernel.h"
#include "internal.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>

using namespace effattn::test;

namespace {

//===----------------------------------------------------------------------===//
// Planner functions. Parameters: N, M, q0, b, h, extras.
//===----------------------------------------------------------------------===//

int64_t put(effattn_run *runs, int64_t capacity, int64_t first, int64_t end) {
  if (end <= first)
    return 0;
  if (capacity > 0)
    runs[0] = {int32_t(first), 1, int32_t(end - first)};
  return 1;
}

std::atomic<int> calls;

/// Columns [b, b + h + 1).
int64_t byPair(const int64_t *p, int64_t, effattn_run *runs, int64_t capacity) {
  ++calls;
  return put(runs, capacity, p[3], std::min(p[1], p[3] + p[4] + 1));
}

/// Columns below the extra.
int64_t belowExtra(const int64_t *p, int64_t, effattn_run *runs,
                   int64_t capacity) {
  return put(runs, capacity, 0, std::min(p[1], p[5]));
}

/// The column of the row's number.
int64_t same(const int64_t *p, int64_t row, effattn_run *runs,
             int64_t capacity) {
  return put(runs, capacity, row, std::min(p[1], row + 1));
}

int64_t everything(const int64_t *p, int64_t, effattn_run *runs,
                   int64_t capacity) {
  return put(runs, capacity, 0, p[1]);
}

/// z[b, h]; out of range where it is shorter.
int64_t lookUp(const int64_t *p, const effattn_plan_table *tables, int64_t,
               int64_t, int32_t *missed) {
  const effattn_plan_table &z = tables[0];
  EXPECT_EQ(z.element, uint32_t(EFFATTN_I32));
  if (p[4] >= z.shape[1]) {
    *missed = 1;
    return 0;
  }
  return static_cast<const int32_t *>(
      z.data)[p[3] * z.stride[0] + p[4] * z.stride[1]];
}

/// ids[b, token].
int64_t label(const int64_t *p, const effattn_plan_table *tables, int64_t a,
              int64_t, int32_t *) {
  return static_cast<const int32_t *>(
      tables[0].data)[p[3] * tables[0].stride[0] + a * tables[0].stride[1]];
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

using PairOf = std::pair<int64_t, int64_t>;

/// (batch, head) -> query -> its keys.
std::map<PairOf, std::map<int32_t, std::vector<int32_t>>> seen;
effattn_attend_operands operands;
bool continued;

int32_t watch(effattn_launch *, const effattn_attend_operands *,
              const effattn_attend_run *run) {
  continued = run->continues;
  for (int64_t b = 0; b < run->output.shape[0]; ++b)
    for (int64_t h = run->head_begin; h < run->head_end; ++h) {
      const effattn_plan *plan =
          run->plans[b * run->plan_batch_stride + h * run->plan_head_stride];
      for (int64_t t = 0; t < plan->tile_count; ++t)
        for (uint32_t k = 0; k < plan->tile_rows; ++k) {
          const effattn_plan_tile &tile = plan->tiles[t];
          const int32_t row = plan->rows[tile.rows + k];
          if (row < 0)
            continue;
          auto &keys = seen[{b, h}][row];
          for (int32_t r = 0; r < tile.full_runs + tile.partial_runs; ++r)
            for (int32_t c = 0; c < plan->runs[tile.runs + r].count; ++c) {
              const effattn_plan_run &columns = plan->runs[tile.runs + r];
              const int32_t column = columns.first + c * columns.step;
              keys.push_back(plan->key_order ? plan->key_order[column]
                                             : column);
            }
        }
    }
  return 0;
}

/// Slots: q, k, v, table, o.
int32_t watchedHost(effattn_launch *launch, const int64_t *dimensions,
                    const int64_t *, const double *floats) {
  launch->watch = watch;
  const int64_t integers[] = {dimensions[2], dimensions[2], 0};
  const int32_t tables[] = {3};
  operands.query = 0, operands.key = 1, operands.value = 2;
  operands.output = 4, operands.lse = operands.continues ? 5 : -1;
  operands.tables = tables;
  operands.integers = integers;
  operands.floats = floats;
  return effattn_host_attend(launch, 0, &operands);
}

struct Watched {
  effattn_case cases[3] = {};
  effattn_attend_code code = {};
  effattn_attend attend = {};
  FakeKernel fake{"watched", {"B", "H", "N", "X", "Y"}};
  int64_t B, H, N;
  Tensor q, table, o, lse;

  Watched(int64_t B, int64_t H, int64_t N, std::vector<int64_t> tableShape)
      : B(B), H(H), N(N), q({B, H, N, kChannels}), table(tableShape, kI32),
        o({B, H, N, kChannels}), lse({B, H, N}) {
    operands = {};
    operands.query_order = operands.key_order = -1;
    calls = 0;
    code.target = EFFATTN_TARGET_X86_64_V3;
    code.tile_rows = 2;
    code.column_unroll = 2;
    code.column_chunk = 16;
    code.cases = cases;
    attend.name = "watched.attn:4";
    attend.head_dim = attend.value_dim = kChannels;
    attend.integers = 3;
    attend.floats = 0;
    attend.tables = 1;
    attend.codes = 1;
    attend.code = &code;
    const std::vector<Words> rows = {dimension(0), dimension(1), dimension(2),
                                     constant(kChannels)};
    fake.tensor("q", rows).tensor("k", rows).tensor("v", rows);
    std::vector<Words> shape;
    for (size_t axis = 0; axis < tableShape.size(); ++axis)
      shape.push_back(constant(tableShape[axis]));
    fake.tensor("table", shape, EFFATTN_I32);
    fake.result(rows).result({dimension(0), dimension(1), dimension(2)});
    fake.host(watchedHost);
    fake.kernel.attends = 1;
    fake.kernel.attend = &attend;
  }

  effattn_status run(effattn_context *context = nullptr) {
    seen.clear();
    effattn_value arguments[4] = {};
    for (int k = 0; k < 3; ++k)
      arguments[k].tensor = &q.dl;
    arguments[3].tensor = &table.dl;
    DLTensor *results[] = {&o.dl, &lse.dl};
    return effattn_launch_kernel(context, &fake.kernel, arguments, results);
  }
};

using Keys = std::vector<int32_t>;

TEST(HostPlan, ByBatchAndHeadInARangeOfHeads) {
  Watched watched(2, 4, 5, {1});
  watched.cases[0] = {byPair, nullptr, byPair};
  watched.attend.plan_by_batch = watched.attend.plan_by_head = 1;
  watched.attend.head_begin = 1;
  watched.attend.head_end = 3;
  Context context(2);
  ASSERT_EQ(watched.run(context), EFFATTN_OK) << effattn_message();
  EXPECT_EQ(seen.size(), 4u);
  for (int32_t b = 0; b < 2; ++b)
    for (int32_t h = 1; h < 3; ++h) {
      Keys expected;
      for (int32_t j = b; j <= b + h; ++j)
        expected.push_back(j);
      EXPECT_EQ((seen[{b, h}][4]), expected) << b << " " << h;
    }
  // Such plans are kept apart, and kept.
  EXPECT_GT(calls, 0);
  calls = 0;
  ASSERT_EQ(watched.run(context), EFFATTN_OK) << effattn_message();
  EXPECT_EQ(calls, 0);
  effattn_context_forget(context, &watched.fake.kernel);
}

TEST(HostPlan, HeadsPastTheLastAreNone) {
  Watched watched(1, 2, 5, {1});
  watched.cases[0] = {everything, nullptr, everything};
  watched.attend.head_begin = 1;
  watched.attend.head_end = 9;
  Context context(1);
  ASSERT_EQ(watched.run(context), EFFATTN_OK) << effattn_message();
  EXPECT_EQ(seen.size(), 1u);
  watched.attend.head_begin = 4;
  ASSERT_EQ(watched.run(context), EFFATTN_OK) << effattn_message();
  EXPECT_EQ(seen.size(), 0u);
}

TEST(HostPlan, Extras) {
  const effattn_plan_value extra[] = {lookUp};
  Watched watched(2, 3, 4, {2, 3});
  watched.cases[0] = {belowExtra, nullptr, belowExtra};
  watched.attend.plan_by_batch = watched.attend.plan_by_head = 1;
  watched.attend.extras = 1;
  watched.attend.extra = extra;
  for (int32_t k = 0; k < 6; ++k)
    watched.table.i32()[k] = k % 5;
  Context context(3);
  for (int pass = 0; pass < 2; ++pass) {
    ASSERT_EQ(watched.run(context), EFFATTN_OK) << effattn_message();
    for (int32_t k = 0; k < 6; ++k)
      EXPECT_EQ(int32_t(seen[PairOf(k / 3, k % 3)][1].size()),
                std::min(4, watched.table.i32()[k]));
    // Another table, another plan.
    watched.table.i32()[4] = 3 - pass;
  }
}

TEST(HostPlan, ExtrasOutOfRange) {
  const effattn_plan_value extra[] = {lookUp};
  Watched watched(1, 3, 4, {1, 2});
  watched.cases[0] = {belowExtra, nullptr, belowExtra};
  watched.attend.plan_by_head = 1;
  watched.attend.extras = 1;
  watched.attend.extra = extra;
  EXPECT_EQ(watched.run(), EFFATTN_SIZE);
  EXPECT_STREQ(effattn_message(), "watched.attn:4: its pattern looks up a "
                                  "table out of range (batch 0, head 2)");
}

TEST(HostPlan, RelationsReadTablesOfTheBatch) {
  const effattn_relation relation = {EFFATTN_RELATION_LABELS,
                                     1,
                                     label,
                                     label,
                                     nullptr,
                                     0,
                                     0,
                                     nullptr,
                                     nullptr};
  Watched watched(2, 1, 4, {2, 4});
  watched.cases[1] = watched.cases[2] = {everything, nullptr, everything};
  watched.attend.plan_by_batch = 1;
  watched.attend.relations = 1;
  watched.attend.relation = &relation;
  watched.code.row_order = EFFATTN_ROWS_BY_LABEL;
  const int32_t ids[] = {5, 5, 6, 6, 1, 0, 1, 0};
  std::copy(ids, ids + 8, watched.table.i32());
  Context context(1);
  ASSERT_EQ(watched.run(context), EFFATTN_OK) << effattn_message();
  EXPECT_EQ((seen[{0, 0}][1]), (Keys{0, 1}));
  EXPECT_EQ((seen[{1, 0}][1]), (Keys{1, 3}));
  EXPECT_EQ((seen[{1, 0}][2]), (Keys{0, 2}));
  watched.table.i32()[6] = 0;
  watched.table.i32()[7] = 1;
  ASSERT_EQ(watched.run(context), EFFATTN_OK) << effattn_message();
  EXPECT_EQ((seen[{1, 0}][1]), (Keys{1, 2}));
}

TEST(HostPlan, OrdersOfEachHead) {
  Watched watched(1, 2, 3, {2, 3});
  watched.cases[0] = {nullptr, nullptr, same};
  watched.code.tile_rows = 1;
  watched.attend.permuted = 1;
  operands.query_order = 3;
  const int32_t order[] = {2, 0, 1, 0, 2, 1};
  std::copy(order, order + 6, watched.table.i32());
  Context context(1);
  ASSERT_EQ(watched.run(context), EFFATTN_OK) << effattn_message();
  for (int32_t h = 0; h < 2; ++h)
    for (int32_t rank = 0; rank < 3; ++rank)
      EXPECT_EQ((seen[{0, h}][order[3 * h + rank]]), (Keys{rank}));
  operands.key_order = 3;
  ASSERT_EQ(watched.run(context), EFFATTN_OK) << effattn_message();
  for (int32_t h = 0; h < 2; ++h)
    for (int32_t token = 0; token < 3; ++token)
      EXPECT_EQ((seen[{0, h}][token]), (Keys{token}));
  operands.query_order = operands.key_order = -1;
}

TEST(HostPlan, OrdersOfOtherSizesAreRefused) {
  Watched watched(1, 3, 3, {2, 3});
  watched.cases[0] = {nullptr, nullptr, same};
  watched.attend.permuted = 1;
  operands.key_order = 3;
  EXPECT_EQ(watched.run(), EFFATTN_SIZE);
  operands.key_order = -1;
}

TEST(HostPlan, Continues) {
  Watched watched(1, 1, 3, {1});
  watched.cases[0] = {everything, nullptr, everything};
  ASSERT_EQ(watched.run(), EFFATTN_OK) << effattn_message();
  EXPECT_FALSE(continued);
  operands.continues = 1;
  ASSERT_EQ(watched.run(), EFFATTN_OK) << effattn_message();
  EXPECT_TRUE(continued);
  effattn_context_forget(nullptr, &watched.fake.kernel);
}

TEST(HostPlan, TooManyRelationsAreRefused) {
  const effattn_relation relations[5] = {};
  Watched watched(1, 1, 3, {1});
  watched.attend.relations = 5;
  watched.attend.relation = relations;
  EXPECT_EQ(watched.run(), EFFATTN_UNSUPPORTED);
  EXPECT_NE(std::string(effattn_message()).find("at most 4 relations"),
            std::string::npos)
      << effattn_message();
}

TEST(HostPlan, OutOfMemory) {
  const effattn_relation relation = {EFFATTN_RELATION_LABELS,
                                     1,
                                     label,
                                     label,
                                     nullptr,
                                     0,
                                     0,
                                     nullptr,
                                     nullptr};
  Watched watched(1, 1, 4, {1, 4});
  watched.cases[1] = watched.cases[2] = {everything, nullptr, everything};
  watched.attend.plan_by_batch = watched.attend.permuted = 1;
  watched.attend.relations = 1;
  watched.attend.relation = &relation;
  watched.code.row_order = EFFATTN_ROWS_BY_LABEL;
  operands.key_order = 3;
  const int32_t ids[] = {1, 0, 3, 2};
  std::copy(ids, ids + 4, watched.table.i32());
  failEach(10, [&](effattn_context *context) { return watched.run(context); });
  operands.key_order = -1;
}

} // namespace
