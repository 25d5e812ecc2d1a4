//===- OrderTest.cpp - permutations of tokens that host programs make -----===//
#include "Failing.h"
#include "FakeKernel.h"
#include "internal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

using namespace effattn::test;

namespace {

constexpr DLDataType typeOf(uint32_t element) {
  switch (element) {
  case EFFATTN_F32:
    return {kDLFloat, 32, 1};
  case EFFATTN_F16:
    return {kDLFloat, 16, 1};
  case EFFATTN_BF16:
    return {kDLBfloat, 16, 1};
  case EFFATTN_I8:
    return {kDLInt, 8, 1};
  case EFFATTN_I32:
    return {kDLInt, 32, 1};
  case EFFATTN_I64:
    return {kDLInt, 64, 1};
  default:
    return {6, 8, 1};
  }
}

/// What the host program passes on.
int32_t kind;
std::vector<int64_t> sizes;

/// Slots: t, order, rank.
int32_t orderHost(effattn_launch *launch, const int64_t *, const int64_t *,
                  const double *) {
  const bool grid =
      kind == EFFATTN_ORDER_BLOCK_RASTER || kind == EFFATTN_ORDER_COLUMN_MAJOR;
  return effattn_host_order(launch, kind, grid ? -1 : 0, sizes.data(), 1, 2);
}

/// One launch of a kernel order(t: element[B, N]) -> i32[B, N], i32[B, N].
struct Launch {
  Tensor table, order, rank;
  uint32_t element;

  Launch(uint32_t element, int64_t B, int64_t N)
      : table({B, N}, typeOf(element)), order({B, N}, kI32), rank({B, N}, kI32),
        element(element) {}

  effattn_status run(int32_t wanted, effattn_context *context = nullptr) {
    kind = wanted;
    FakeKernel fake("order", {"B", "N"});
    fake.tensor("t", {dimension(0), dimension(1)}, element);
    fake.result({dimension(0), dimension(1)}, EFFATTN_I32);
    fake.result({dimension(0), dimension(1)}, EFFATTN_I32);
    fake.host(orderHost);
    effattn_value argument = {};
    argument.tensor = &table.dl;
    DLTensor *results[] = {&order.dl, &rank.dl};
    return effattn_launch_kernel(context, &fake.kernel, &argument, results);
  }

  std::vector<int32_t> tokens(int64_t row = 0) {
    const int32_t *from = order.i32() + row * table.shape[1];
    return {from, from + table.shape[1]};
  }

  bool ranksAreInverse() {
    const int64_t N = table.shape[1];
    for (int64_t k = 0; k < order.size(); ++k)
      if (rank.i32()[k / N * N + order.i32()[k]] != k % N)
        return false;
    return true;
  }
};

template <typename T>
std::vector<int32_t> sorted(uint32_t element, std::vector<T> values) {
  Launch launch(element, 1, int64_t(values.size()));
  std::memcpy(launch.table.dl.data, values.data(), values.size() * sizeof(T));
  EXPECT_EQ(launch.run(EFFATTN_ORDER_SORT), EFFATTN_OK) << effattn_message();
  EXPECT_TRUE(launch.ranksAreInverse());
  return launch.tokens();
}

using Tokens = std::vector<int32_t>;

TEST(Order, SortOfFloatsIsStableAndPutsNanLast) {
  const float nan = std::nanf(""), inf = INFINITY;
  EXPECT_EQ(sorted<float>(EFFATTN_F32, {1, nan, -0.0f, 0, -inf, inf, -nan, -2,
                                        1e-45f, -1e-45f}),
            (Tokens{4, 7, 9, 2, 3, 8, 0, 5, 1, 6}));
}

TEST(Order, SortOfShortFloats) {
  // 1, -1, 0, -0, NaN, inf, -inf, 2.
  EXPECT_EQ(sorted<uint16_t>(EFFATTN_F16, {0x3c00, 0xbc00, 0, 0x8000, 0xfe01,
                                           0x7c00, 0xfc00, 0x4000}),
            (Tokens{6, 1, 2, 3, 0, 7, 5, 4}));
  EXPECT_EQ(sorted<uint16_t>(EFFATTN_BF16, {0x3f80, 0xbf80, 0, 0x8000, 0xffc1,
                                            0x7f80, 0xff80, 0x4000}),
            (Tokens{6, 1, 2, 3, 0, 7, 5, 4}));
}

TEST(Order, SortOfIntegers) {
  EXPECT_EQ(sorted<int8_t>(EFFATTN_I8, {3, -128, 127, 3, -1}),
            (Tokens{1, 4, 0, 3, 2}));
  EXPECT_EQ(sorted<int32_t>(EFFATTN_I32, {3, INT32_MIN, INT32_MAX, 3, -1}),
            (Tokens{1, 4, 0, 3, 2}));
  EXPECT_EQ(sorted<int64_t>(EFFATTN_I64, {3, INT64_MIN, INT64_MAX, 3, -1}),
            (Tokens{1, 4, 0, 3, 2}));
  EXPECT_EQ(sorted<uint8_t>(EFFATTN_BOOL, {1, 0, 1, 0}), (Tokens{1, 3, 0, 2}));
}

/// Long enough for the sort that goes digit by digit.
TEST(Order, SortOfManyAgreesWithStableSort) {
  Launch launch(EFFATTN_F32, 3, 5000);
  launch.table.randomise(4);
  for (int64_t k = 0; k < 15000; ++k)
    launch.table.f32()[k] = std::round(launch.table.f32()[k] * 300) * 7;
  ASSERT_EQ(launch.run(EFFATTN_ORDER_SORT), EFFATTN_OK) << effattn_message();
  EXPECT_TRUE(launch.ranksAreInverse());
  for (int64_t row = 0; row < 3; ++row) {
    const float *values = launch.table.f32() + row * 5000;
    Tokens expected(5000);
    std::iota(expected.begin(), expected.end(), 0);
    std::stable_sort(expected.begin(), expected.end(),
                     [&](int a, int b) { return values[a] < values[b]; });
    EXPECT_EQ(launch.tokens(row), expected);
  }
}

TEST(Order, Given) {
  Launch launch(EFFATTN_I32, 2, 4);
  const int32_t values[] = {2, 0, 3, 1, 0, 1, 2, 3};
  std::copy(values, values + 8, launch.table.i32());
  ASSERT_EQ(launch.run(EFFATTN_ORDER_GIVEN), EFFATTN_OK) << effattn_message();
  EXPECT_EQ(launch.tokens(0), (Tokens{2, 0, 3, 1}));
  EXPECT_EQ(launch.tokens(1), (Tokens{0, 1, 2, 3}));
  EXPECT_TRUE(launch.ranksAreInverse());
}

TEST(Order, GivenNamesTheFirstBadEntry) {
  Launch launch(EFFATTN_I32, 2, 4);
  const int32_t values[] = {2, 0, 3, 1, 0, 1, 0, 7};
  std::copy(values, values + 8, launch.table.i32());
  EXPECT_EQ(launch.run(EFFATTN_ORDER_GIVEN), EFFATTN_BAD_INDEX_SET);
  EXPECT_STREQ(effattn_message(),
               "order: argument 't': expected a permutation of 0..3, but got 0 "
               "again at position 2 of order 1");
  launch.table.i32()[0] = -1;
  EXPECT_EQ(launch.run(EFFATTN_ORDER_GIVEN), EFFATTN_BAD_INDEX_SET);
  EXPECT_STREQ(effattn_message(),
               "order: argument 't': expected a permutation of 0..3, but got "
               "-1 at position 0 of order 0");
}

TEST(Order, BlockRasterWithRaggedEdges) {
  Launch launch(EFFATTN_I32, 2, 15);
  sizes = {3, 5, 2, 2};
  ASSERT_EQ(launch.run(EFFATTN_ORDER_BLOCK_RASTER), EFFATTN_OK);
  EXPECT_EQ(launch.tokens(),
            (Tokens{0, 1, 5, 6, 2, 3, 7, 8, 4, 9, 10, 11, 12, 13, 14}));
  EXPECT_EQ(launch.tokens(1), launch.tokens(0));
  EXPECT_TRUE(launch.ranksAreInverse());
}

TEST(Order, ColumnMajor) {
  Launch launch(EFFATTN_I32, 1, 6);
  sizes = {2, 3};
  ASSERT_EQ(launch.run(EFFATTN_ORDER_COLUMN_MAJOR), EFFATTN_OK);
  EXPECT_EQ(launch.tokens(), (Tokens{0, 3, 1, 4, 2, 5}));
  EXPECT_TRUE(launch.ranksAreInverse());
}

TEST(Order, GridsHaveAsManyTokens) {
  Launch launch(EFFATTN_I32, 1, 6);
  sizes = {2, 4, 1, 1};
  EXPECT_EQ(launch.run(EFFATTN_ORDER_COLUMN_MAJOR), EFFATTN_SIZE);
  EXPECT_STREQ(effattn_message(), "order: an order of 2 x 4 for 6 tokens");
  sizes = {2, 3, 0, 1};
  EXPECT_EQ(launch.run(EFFATTN_ORDER_BLOCK_RASTER), EFFATTN_SIZE);
  sizes = {INT64_C(1) << 40, INT64_C(1) << 40, 1, 1};
  EXPECT_EQ(launch.run(EFFATTN_ORDER_COLUMN_MAJOR), EFFATTN_SIZE);
}

TEST(Order, NoTokens) {
  Launch launch(EFFATTN_F32, 2, 0);
  EXPECT_EQ(launch.run(EFFATTN_ORDER_SORT), EFFATTN_OK) << effattn_message();
}

TEST(Order, WrongFormsAreRefused) {
  Launch launch(EFFATTN_F32, 1, 4);
  EXPECT_EQ(launch.run(EFFATTN_ORDER_GIVEN), EFFATTN_INTERNAL);
  EXPECT_EQ(launch.run(9), EFFATTN_INTERNAL);
}

TEST(Order, OutOfMemory) {
  Launch launch(EFFATTN_F32, 1, 100);
  launch.table.randomise(1);
  failEach(1, [&](effattn_context *context) {
    return launch.run(EFFATTN_ORDER_SORT, context);
  });
}

} // namespace
