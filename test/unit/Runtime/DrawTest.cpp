//===- DrawTest.cpp - random blocks against a plain reading of S7 ---------===//
#include "Failing.h"
#include "FakeKernel.h"
#include "internal.h"

#include <gtest/gtest.h>

#include <set>

using namespace effattn::test;

namespace {

uint64_t S(uint64_t x) {
  x += 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

/// floor(x * n / 2^64) in two halves.
uint64_t scale(uint64_t x, uint64_t n) {
  const uint64_t low = (x & 0xffffffff) * n;
  return ((x >> 32) * n + (low >> 32)) >> 32;
}

/// The blocks by listing candidates.
std::vector<int32_t> drawPlainly(const effattn_draw &draw, int64_t h, int64_t u,
                                 int64_t keys, const std::set<int64_t> &gone) {
  std::vector<int32_t> candidates, drawn;
  for (int64_t w = 0; w * draw.size < keys; ++w)
    if (!gone.count(w))
      candidates.push_back(int32_t(w));
  for (int64_t t = 0; t < draw.count; ++t) {
    if (candidates.empty()) {
      drawn.push_back(-1);
      continue;
    }
    const uint64_t mix = S(
        S(S(S(uint64_t(draw.seed)) + uint64_t(h)) + uint64_t(u)) + uint64_t(t));
    const auto at = candidates.begin() + int64_t(scale(mix, candidates.size()));
    drawn.push_back(*at);
    candidates.erase(at);
  }
  return drawn;
}

/// Every third block, and around the diagonal; differs by head.
int64_t touched(const int64_t *p, int64_t index, effattn_run *runs,
                int64_t capacity) {
  const int64_t blocks = (p[1] + 3) / 4, h = p[4];
  const int64_t first = h % 3;
  const int64_t u = p[2] / 4 + index;
  int64_t count = 0;
  auto put = [&](int64_t at, int64_t step, int64_t size) {
    if (size > 0 && count++ < capacity)
      runs[count - 1] = {int32_t(at), int32_t(step), int32_t(size)};
  };
  put(first, 3, first < blocks ? (blocks - first + 2) / 3 : 0);
  for (int64_t w = u - 1; w <= u + 1; ++w)
    if (w >= 0 && w < blocks && w % 3 != first)
      put(w, 1, 1);
  return count;
}

std::vector<int64_t> integers;

int32_t drawHost(effattn_launch *launch, const int64_t *, const int64_t *,
                 const double *) {
  effattn_attend_operands operands = {};
  operands.integers = integers.data();
  return effattn_host_draw(launch, 0, &operands, 0);
}

effattn_status run(const effattn_draw &draw, Tensor &table,
                   effattn_context *context = nullptr) {
  FakeKernel fake("draws", {});
  fake.result(shapeOf(table), EFFATTN_I32);
  fake.host(drawHost);
  fake.kernel.draw = &draw;
  fake.kernel.draws = 1;
  DLTensor *results[] = {&table.dl};
  return effattn_launch_kernel(context, &fake.kernel, nullptr, results);
}

void compare(const effattn_draw &draw, int64_t keys, int64_t q0,
             int64_t blocks) {
  integers = {4 * blocks, keys, q0};
  Tensor table({3, blocks, draw.count}, kI32);
  ASSERT_EQ(run(draw, table), EFFATTN_OK) << effattn_message();
  const int32_t *entry = table.i32();
  for (int64_t h = 0; h < 3; ++h)
    for (int64_t index = 0; index < blocks; ++index) {
      std::set<int64_t> gone;
      if (draw.touched) {
        const int64_t parameters[] = {4 * blocks, keys, q0, 0, h};
        effattn_run runs[16];
        const int64_t count = touched(parameters, index, runs, 16);
        for (int64_t n = 0; n < count; ++n)
          for (int64_t c = 0; c < runs[n].count; ++c)
            gone.insert(runs[n].first + c * runs[n].step);
      }
      for (int32_t expected : drawPlainly(draw, h, q0 / 4 + index, keys, gone))
        ASSERT_EQ(*entry++, expected)
            << "head " << h << " block " << index << " of keys " << keys;
    }
}

effattn_draw makeDraw(int64_t count, bool outside) {
  effattn_draw draw = {};
  draw.name = "draw.attn:2";
  draw.size = 4;
  draw.count = count;
  draw.seed = -12345;
  draw.integers = 3;
  draw.touched = outside ? touched : nullptr;
  return draw;
}

TEST(Draw, AsThePlainReading) {
  for (bool outside : {false, true})
    for (int64_t count : {0, 1, 3, 7})
      for (int64_t keys : {0, 1, 4, 17, 40, 400})
        ASSERT_NO_FATAL_FAILURE(compare(makeDraw(count, outside), keys, 8, 9));
}

TEST(Draw, EntriesAreDistinctAndUntouched) {
  const effattn_draw draw = makeDraw(5, true);
  integers = {40, 200, 0};
  Tensor table({1, 10, 5}, kI32);
  ASSERT_EQ(run(draw, table), EFFATTN_OK);
  for (int64_t u = 0; u < 10; ++u) {
    std::set<int32_t> seen(table.i32() + 5 * u, table.i32() + 5 * u + 5);
    EXPECT_EQ(seen.size(), 5u);
    for (int32_t w : seen) {
      EXPECT_NE(w % 3, 0);
      EXPECT_GT(std::abs(w - u), 1);
    }
  }
}

/// Query blocks before the first key.
TEST(Draw, NegativeFirstPosition) {
  const effattn_draw draw = makeDraw(2, false);
  integers = {8, 64, -5};
  Tensor table({1, 3, 2}, kI32);
  ASSERT_EQ(run(draw, table), EFFATTN_OK);
  for (int64_t index = 0; index < 3; ++index)
    EXPECT_EQ(std::vector<int32_t>(table.i32() + 2 * index,
                                   table.i32() + 2 * index + 2),
              drawPlainly(draw, 0, index - 2, 64, {}));
}

TEST(Draw, WrongFormsAreRefused) {
  integers = {8, 8, 0};
  Tensor table({1, 2, 3}, kI32);
  EXPECT_EQ(run(makeDraw(2, false), table), EFFATTN_INTERNAL);
  effattn_draw draw = makeDraw(3, false);
  draw.size = 0;
  EXPECT_EQ(run(draw, table), EFFATTN_SIZE);
  EXPECT_STREQ(effattn_message(), "draw.attn:2: expected blocks of at least 1 "
                                  "token and a number of them, but got 3 of 0");
  draw.size = 4;
  integers = {8, INT64_C(1) << 40, 0};
  EXPECT_EQ(run(draw, table), EFFATTN_OVERFLOW);
}

TEST(Draw, OutOfMemory) {
  const effattn_draw draw = makeDraw(2, true);
  integers = {40, 200, 0};
  Tensor table({2, 10, 2}, kI32);
  failEach(2,
           [&](effattn_context *context) { return run(draw, table, context); });
}

} // namespace
