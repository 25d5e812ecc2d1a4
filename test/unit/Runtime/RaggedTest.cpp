//===- RaggedTest.cpp - several sequences, one after the other ------------===//
//
// What a launch refuses of offsets, and what it plans for sequences: sizes,
// shared plans, tables and index sets cut to each.
//
//===----------------------------------------------------------------------===//
#include "Failing.h"
#include "FakeKernel.h"
#include "internal.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

using namespace effattn::test;

namespace {

/// Columns [0, q0 + row + 1). Parameters: N, M, q0, b, h.
int64_t upToPosition(const int64_t *p, int64_t row, effattn_run *runs,
                     int64_t capacity) {
  const int64_t end = std::min(p[1], p[2] + row + 1);
  if (end <= 0)
    return 0;
  if (capacity > 0)
    runs[0] = {0, 1, int32_t(end)};
  return 1;
}

/// q0 = M - 2 N.
int64_t start(const int64_t *p, const effattn_plan_table *, int64_t, int64_t,
              int32_t *) {
  return p[1] - 2 * p[0];
}

/// The label of a token: tables[0] along its only axis.
int64_t label(const int64_t *, const effattn_plan_table *tables, int64_t a,
              int64_t, int32_t *missed) {
  if (a >= tables[0].shape[0]) {
    *missed = 1;
    return 0;
  }
  return static_cast<const int32_t *>(tables[0].data)[a * tables[0].stride[0]];
}

int64_t everything(const int64_t *p, int64_t, effattn_run *runs,
                   int64_t capacity) {
  if (p[1] > 0 && capacity > 0)
    runs[0] = {0, 1, int32_t(p[1])};
  return p[1] > 0;
}

int64_t nothing(const int64_t *, int64_t, effattn_run *, int64_t) { return 0; }

/// What was planned, by sequence.
struct Seen {
  effattn_sequence sequence;
  const effattn_plan *plan;
  std::vector<std::vector<int32_t>> keys; ///< of each row
};
std::vector<Seen> seen;
effattn_attend_operands operands;
effattn_ragged ragged;

int32_t watch(effattn_launch *, const effattn_attend_operands *,
              const effattn_attend_run *run) {
  for (int64_t b = 0; b < run->output.shape[0]; ++b) {
    const effattn_plan *plan = effattn_plan_of(run, b, 0);
    Seen &one = seen.emplace_back(Seen{run->sequences[b], plan, {}});
    one.keys.resize(size_t(run->sequences[b].queries));
    for (int64_t t = 0; t < plan->tile_count; ++t)
      for (uint32_t k = 0; k < plan->tile_rows; ++k) {
        const effattn_plan_tile &tile = plan->tiles[t];
        const int32_t row = plan->rows[tile.rows + k];
        for (int32_t r = 0; row >= 0 && r < tile.full_runs + tile.partial_runs;
             ++r) {
          const effattn_plan_run &columns = plan->runs[tile.runs + r];
          for (int32_t c = 0; c < columns.count; ++c)
            one.keys.at(size_t(row))
                .push_back(columns.first + c * columns.step);
        }
      }
  }
  return 0;
}

/// Slots: q, k, cu_q, cu_k, table, set, o.
int32_t host(effattn_launch *launch, const int64_t *dimensions, const int64_t *,
             const double *floats) {
  launch->watch = watch;
  const int64_t integers[] = {dimensions[0], dimensions[1], -1};
  static const int32_t tables[] = {4}, sets[] = {5}, axes[] = {0};
  static const int32_t cuts[] = {2}, none[] = {-1};
  operands.query = 0, operands.key = operands.value = 1;
  operands.output = 6, operands.lse = -1;
  operands.query_order = operands.key_order = -1;
  operands.tables = tables;
  operands.key_sets = sets;
  operands.integers = integers;
  operands.floats = floats;
  ragged.query_offsets = 2, ragged.key_offsets = 3;
  ragged.table_offsets = launch->kernel->attend[0].relations ? cuts : none;
  ragged.table_axes = axes;
  operands.ragged = &ragged;
  return effattn_host_attend(launch, 0, &operands);
}

struct Packed {
  effattn_case cases[3] = {};
  effattn_attend_code code = {};
  effattn_attend attend = {};
  FakeKernel fake{"packed", {"T", "S", "B", "G"}};
  Tensor q, k, queryCuts, keyCuts, table, set, o;

  Packed(std::vector<int32_t> queries, std::vector<int32_t> keys,
         std::vector<int32_t> first = {0})
      : q({1, queries.back(), kChannels}), k({1, keys.back(), kChannels}),
        queryCuts({int64_t(queries.size())}, kI32),
        keyCuts({int64_t(keys.size())}, kI32), table({queries.back()}, kI32),
        set({int64_t(first.size())}, kI32), o({1, queries.back(), kChannels}) {
    operands = {};
    std::copy(queries.begin(), queries.end(), queryCuts.i32());
    std::copy(keys.begin(), keys.end(), keyCuts.i32());
    std::copy(first.begin(), first.end(), set.i32());
    cases[0] = {upToPosition, nullptr, upToPosition};
    code.target = EFFATTN_TARGET_X86_64_V3;
    code.tile_rows = 1;
    code.column_unroll = 2;
    code.column_chunk = 16;
    code.cases = cases;
    attend.name = "packed.attn:4";
    attend.head_dim = attend.value_dim = kChannels;
    attend.integers = 3;
    attend.codes = 1;
    attend.code = &code;
    const Words words[] = {dimension(0), dimension(1)};
    auto rows = [&](int which) {
      return std::vector<Words>{constant(1), words[which], constant(kChannels)};
    };
    fake.tensor("q", rows(0)).tensor("k", rows(1));
    const Words entries = {EFFATTN_OP_DIMENSION, 2, EFFATTN_OP_CONSTANT, 1,
                           EFFATTN_OP_ADD};
    fake.tensor("cu_q", {entries}, EFFATTN_I32);
    fake.tensor("cu_k", {entries}, EFFATTN_I32);
    fake.tensor("table", {dimension(0)}, EFFATTN_I32);
    fake.set("set", {dimension(3)}, dimension(1));
    fake.result(rows(0));
    fake.host(host);
    arguments.assign(fake.kernel.argument, fake.kernel.argument + 7);
    arguments[0].ragged = arguments[4].ragged = 3;
    arguments[0].token_axis = arguments[1].token_axis = 1;
    arguments[1].ragged = 4;
    fake.kernel.argument = arguments.data();
    fake.kernel.attends = 1;
    fake.kernel.attend = &attend;
  }

  effattn_status run(effattn_context *context = nullptr) {
    seen.clear();
    effattn_value values[6] = {};
    Tensor *tensors[] = {&q, &k, &queryCuts, &keyCuts, &table, &set};
    for (int i = 0; i < 6; ++i)
      values[i].tensor = &tensors[i]->dl;
    DLTensor *results[] = {&o.dl};
    return effattn_launch_kernel(context, &fake.kernel, values, results);
  }

  std::vector<effattn_argument> arguments;
};

using Keys = std::vector<int32_t>;

void expectMessage(Packed &packed, effattn_status status,
                   const std::string &message) {
  EXPECT_EQ(packed.run(), status);
  EXPECT_EQ(std::string(effattn_message()), "packed: argument " + message);
}

TEST(Ragged, OffsetsAreChecked) {
  Packed packed({0, 3, 5}, {0, 4, 6});
  EXPECT_EQ(packed.run(), EFFATTN_OK) << effattn_message();
  packed.queryCuts.i32()[0] = 1;
  expectMessage(packed, EFFATTN_BAD_INDEX_SET,
                "'cu_q': expected offsets that begin at 0, but got 1");
  packed.queryCuts.i32()[0] = 0;
  packed.keyCuts.i32()[1] = 7;
  expectMessage(packed, EFFATTN_BAD_INDEX_SET,
                "'cu_k': expected offsets that do not decrease, but got 6 "
                "after 7 at position 2");
  packed.keyCuts.i32()[1] = -1;
  expectMessage(packed, EFFATTN_BAD_INDEX_SET,
                "'cu_k': expected offsets that do not decrease, but got -1 "
                "after 0 at position 1");
  packed.keyCuts.i32()[1] = 4;
  packed.keyCuts.i32()[2] = 5;
  expectMessage(packed, EFFATTN_BAD_INDEX_SET,
                "'cu_k': expected offsets that end at 6, the number of tokens, "
                "but got 5");
}

TEST(Ragged, OffsetsWithoutEntriesAreRefused) {
  Packed packed({0, 3}, {0, 4});
  packed.queryCuts.shape[0] = packed.keyCuts.shape[0] = 0;
  expectMessage(packed, EFFATTN_SIZE,
                "'cu_q', axis 0: expected at least 1, but got 0");
  packed.queryCuts.shape[0] = 2;
  packed.keyCuts.shape[0] = 1;
  expectMessage(packed, EFFATTN_SIZE, "'cu_k', axis 0: expected 2, but got 1");
}

TEST(Ragged, NoSequences) {
  Packed packed({0}, {0}, std::vector<int32_t>());
  EXPECT_EQ(packed.run(), EFFATTN_OK) << effattn_message();
  EXPECT_TRUE(seen.empty());
}

TEST(Ragged, EachSequenceHasItsSizes) {
  // As long as its keys, empty, without keys, more queries than keys.
  Packed packed({0, 2, 2, 3, 6}, {0, 2, 5, 5, 6});
  Context context(2);
  ASSERT_EQ(packed.run(context), EFFATTN_OK) << effattn_message();
  ASSERT_EQ(seen.size(), 4u);
  EXPECT_EQ(seen[0].keys, (std::vector<Keys>{{0}, {0, 1}}));
  EXPECT_EQ(seen[1].keys, (std::vector<Keys>{}));
  EXPECT_EQ(seen[2].keys, (std::vector<Keys>{{}}));
  EXPECT_EQ(seen[3].keys, (std::vector<Keys>{{}, {}, {0}}));
  EXPECT_EQ(seen[3].sequence.query_first, 3);
  EXPECT_EQ(seen[3].sequence.key_first, 5);
  EXPECT_EQ(seen[3].sequence.q0, -2);
  effattn_context_forget(context, &packed.fake.kernel);
}

TEST(Ragged, StartOfEachSequence) {
  Packed packed({0, 1, 3}, {0, 4, 7});
  packed.attend.start = start;
  ASSERT_EQ(packed.run(), EFFATTN_OK) << effattn_message();
  EXPECT_EQ(seen[0].sequence.q0, 2);
  EXPECT_EQ(seen[1].sequence.q0, -1);
  EXPECT_EQ(seen[1].keys, (std::vector<Keys>{{}, {0}}));
  effattn_context_forget(nullptr, &packed.fake.kernel);
}

TEST(Ragged, EqualSequencesShareAPlan) {
  Packed packed({0, 2, 4, 7, 9}, {0, 3, 6, 9, 11});
  ASSERT_EQ(packed.run(), EFFATTN_OK) << effattn_message();
  EXPECT_EQ(seen[0].plan, seen[1].plan);
  EXPECT_NE(seen[0].plan, seen[2].plan);
  EXPECT_NE(seen[0].plan, seen[3].plan); // other numbers of keys
  packed.attend.plan_by_batch = 1;
  ASSERT_EQ(packed.run(), EFFATTN_OK) << effattn_message();
  EXPECT_NE(seen[0].plan, seen[1].plan);
  effattn_context_forget(nullptr, &packed.fake.kernel);
}

TEST(Ragged, ManySequences) {
  std::vector<int32_t> cuts = {0};
  for (int s = 0; s < 1000; ++s)
    cuts.push_back(cuts.back() + s % 7);
  Packed packed(cuts, cuts);
  ASSERT_EQ(packed.run(), EFFATTN_OK) << effattn_message();
  std::set<const effattn_plan *> plans;
  for (size_t s = 0; s < seen.size(); ++s) {
    plans.insert(seen[s].plan);
    ASSERT_EQ(seen[s].keys.size(), s % 7);
    if (s % 7) {
      ASSERT_EQ(seen[s].keys.back().size(), s % 7);
    }
  }
  EXPECT_EQ(plans.size(), 7u);
  effattn_context_forget(nullptr, &packed.fake.kernel);
}

TEST(Ragged, SetsEndWhereASequenceDoes) {
  Packed packed({0, 2, 3}, {0, 6, 8}, {0, 1, 5});
  packed.attend.key_sets = 1;
  packed.cases[0] = {nothing, nothing, nothing};
  packed.cases[1] = {everything, nullptr, everything};
  ASSERT_EQ(packed.run(), EFFATTN_OK) << effattn_message();
  EXPECT_EQ(seen[0].keys, (std::vector<Keys>{{0, 1, 5}, {0, 1, 5}}));
  EXPECT_EQ(seen[1].keys, (std::vector<Keys>{{0, 1}}));
}

TEST(Ragged, TablesAreCut) {
  const effattn_relation relation = {EFFATTN_RELATION_LABELS,
                                     1,
                                     label,
                                     label,
                                     nullptr,
                                     0,
                                     0,
                                     nullptr,
                                     nullptr};
  Packed packed({0, 3, 5}, {0, 3, 5});
  packed.attend.tables = 1;
  packed.attend.relations = 1;
  packed.attend.relation = &relation;
  packed.code.row_order = EFFATTN_ROWS_BY_LABEL;
  packed.code.tile_rows = 2;
  packed.cases[0] = {};
  packed.cases[1] = packed.cases[2] = {everything, nullptr, everything};
  const int32_t labels[] = {7, 8, 7, 7, 7};
  std::copy(labels, labels + 5, packed.table.i32());
  ASSERT_EQ(packed.run(), EFFATTN_OK) << effattn_message();
  EXPECT_EQ(seen[0].keys, (std::vector<Keys>{{0, 2}, {1}, {0, 2}}));
  EXPECT_EQ(seen[1].keys, (std::vector<Keys>{{0, 1}, {0, 1}}));
}

TEST(Ragged, OutOfMemory) {
  // One plan: several are made in a loop, which can do without some memory.
  Packed packed({0, 2, 4}, {0, 3, 6});
  packed.attend.tables = 1;
  failEach(4, [&](effattn_context *context) {
    const effattn_status status = packed.run(context);
    effattn_context_forget(context, &packed.fake.kernel);
    return status;
  });
}

} // namespace
