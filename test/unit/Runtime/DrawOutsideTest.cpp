//===- DrawOutsideTest.cpp - random blocks outside of what tables decide --===//
#include "Failing.h"
#include "FakeKernel.h"
#include "internal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

using namespace effattn::test;

namespace {

constexpr int64_t kSize = 4, kBatches = 2, kHeads = 3, kDraws = 3;

/// The pattern outside: j in S and, pair by pair, this; it differs by head.
bool isOpen(int64_t head, int64_t i, int64_t j) {
  return (7 * i + 3 * j + head) % 9 == 0;
}

int64_t everyKey(const int64_t *p, int64_t, effattn_run *runs,
                 int64_t capacity) {
  if (p[1] > 0 && capacity > 0)
    runs[0] = {0, 1, int32_t(p[1])};
  return p[1] > 0;
}

/// Parameters: N, M, q0, b, h, bits of query sets, bits of key sets.
int64_t isOutside(const int64_t *p, const effattn_plan_table *, int64_t i,
                  int64_t j, int32_t *) {
  return (p[6] & 1) && isOpen(p[4], i, j);
}

effattn_attend makeOutside(effattn_attend_code &code) {
  static const effattn_relation open = [] {
    effattn_relation relation = {};
    relation.kind = EFFATTN_RELATION_UNKNOWN;
    return relation;
  }();
  // In the set, where the relation holds or may hold.
  static const effattn_case every = {nullptr, nullptr, everyKey};
  static const effattn_case cases[6] = {{}, {}, {}, every, {}, every};
  code = {};
  code.tile_rows = uint32_t(kSize);
  code.cases = cases;
  effattn_attend attend = {};
  attend.name = "draw.attn:3";
  attend.integers = 3;
  attend.key_sets = 1;
  attend.plan_by_head = 1;
  attend.relations = 1;
  attend.relation = &open;
  attend.codes = 1;
  attend.code = &code;
  return attend;
}

struct Call {
  effattn_attend_code code;
  effattn_attend outside = makeOutside(code);
  effattn_draw draw = {};
  Tensor set, table;
  static inline std::vector<int64_t> integers;

  Call(int64_t queries, int64_t keys, int64_t q0,
       std::vector<std::vector<int32_t>> members, int64_t blocks)
      : set({kBatches, int64_t(members[0].size())}, kI32),
        table({kBatches, kHeads, blocks, kDraws}, kI32) {
    integers = {queries, keys, q0};
    draw.name = "draw.attn:2";
    draw.size = kSize;
    draw.count = kDraws;
    draw.seed = 11;
    draw.integers = 3;
    draw.outside = &outside;
    draw.pair = isOutside;
    int32_t *to = set.i32();
    for (const auto &one : members)
      to = std::copy(one.begin(), one.end(), to);
  }

  static int32_t host(effattn_launch *launch, const int64_t *, const int64_t *,
                      const double *) {
    const int32_t slot = 0;
    effattn_attend_operands operands = {};
    operands.integers = integers.data();
    operands.key_sets = &slot;
    operands.batch_sets = 1;
    return effattn_host_draw(launch, 0, &operands, 1);
  }

  effattn_status run(effattn_context *context = nullptr) {
    FakeKernel fake("draws", {});
    fake.tensor("s", shapeOf(set), EFFATTN_I32);
    fake.result(shapeOf(table), EFFATTN_I32);
    fake.host(host);
    fake.kernel.draw = &draw;
    fake.kernel.draws = 1;
    effattn_value argument = {};
    argument.tensor = &set.dl;
    DLTensor *results[] = {&table.dl};
    return effattn_launch_kernel(context, &fake.kernel, &argument, results);
  }

  /// Key blocks with a pair of rows of query block u.
  std::set<int64_t> touched(int64_t b, int64_t h, int64_t u) {
    std::set<int64_t> blocks;
    const int64_t count = set.shape[1];
    for (int64_t i = 0; i < integers[0]; ++i)
      for (int64_t k = 0; k < count; ++k) {
        const int64_t p = i + integers[2], j = set.i32()[b * count + k];
        if (p >= u * kSize && p < (u + 1) * kSize && isOpen(h, i, j))
          blocks.insert(j / kSize);
      }
    return blocks;
  }
};

/// Drawn blocks are exactly as many as are left, and none is touched.
void expectOutside(Call &call, int64_t firstBlock) {
  const int32_t *entry = call.table.i32();
  const int64_t blocks = (call.integers[1] + kSize - 1) / kSize;
  for (int64_t b = 0; b < kBatches; ++b)
    for (int64_t h = 0; h < kHeads; ++h)
      for (int64_t u = 0; u < call.table.shape[2]; ++u, entry += kDraws) {
        const std::set<int64_t> gone = call.touched(b, h, firstBlock + u);
        std::set<int64_t> drawn;
        for (int64_t c = 0; c < kDraws; ++c)
          if (entry[c] >= 0)
            drawn.insert(entry[c]);
        EXPECT_EQ(int64_t(drawn.size()),
                  std::min(kDraws, blocks - int64_t(gone.size())))
            << b << " " << h << " " << u;
        for (int64_t block : drawn)
          EXPECT_FALSE(gone.count(block)) << b << " " << h << " " << u;
      }
}

TEST(DrawOutside, TouchedBlocksAreThoseWithAPair) {
  Call call(17, 31, 14, {{0, 5, 9, 13, 30}, {2, 3, 4, 20, 21}}, 5);
  ASSERT_EQ(call.run(), EFFATTN_OK) << effattn_message();
  expectOutside(call, 3);
}

TEST(DrawOutside, EveryBlockTouchedAndNone) {
  std::vector<int32_t> all(16), none;
  for (int32_t k = 0; k < 16; ++k)
    all[k] = k;
  Call dense(64, 16, 0, {all, all}, 16);
  ASSERT_EQ(dense.run(), EFFATTN_OK) << effattn_message();
  expectOutside(dense, 0);
  Call empty(9, 40, -2, {none, none}, 3);
  ASSERT_EQ(empty.run(), EFFATTN_OK) << effattn_message();
  expectOutside(empty, -1);
}

TEST(DrawOutside, OutOfMemory) {
  Call call(17, 31, 14, {{0, 5, 9, 13, 30}, {2, 3, 4, 20, 21}}, 5);
  failEach(5, [&](effattn_context *context) { return call.run(context); });
}

} // namespace
