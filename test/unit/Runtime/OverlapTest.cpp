//===- OverlapTest.cpp - against brute force over bytes -------------------===//
#include "overlap.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

namespace {

effattn_view view(uintptr_t data, std::vector<int64_t> shape,
                  std::vector<int64_t> strides,
                  uint32_t element = EFFATTN_F32) {
  effattn_view made = {};
  made.data = reinterpret_cast<void *>(data);
  made.element = element;
  made.rank = uint32_t(shape.size());
  std::copy(shape.begin(), shape.end(), made.shape);
  std::copy(strides.begin(), strides.end(), made.stride);
  return made;
}

/// Addresses of all bytes; `shared` tells whether one came twice.
std::set<uintptr_t> bytes(const effattn_view &view, bool *shared) {
  std::set<uintptr_t> found;
  const int64_t size = effattn_element_bytes(view.element);
  int64_t count = 1;
  for (uint32_t axis = 0; axis < view.rank; ++axis)
    count *= view.shape[axis];
  *shared = false;
  for (int64_t i = 0; i < count; ++i) {
    int64_t rest = i, offset = 0;
    for (uint32_t axis = view.rank; axis-- > 0;) {
      offset += rest % view.shape[axis] * view.stride[axis];
      rest /= view.shape[axis];
    }
    for (int64_t b = 0; b < size; ++b)
      *shared |= !found.insert(uintptr_t(view.data) + offset * size + b).second;
  }
  return found;
}

TEST(Overlap, SlicesOfOneBuffer) {
  // [B = 2, N = 6, 4, H = 3, D = 8]: q, k, v and the output side by side.
  const std::vector<int64_t> shape = {2, 3, 6, 8};
  const std::vector<int64_t> strides = {6 * 96, 8, 96, 1};
  for (int i = 0; i < 4; ++i)
    for (int k = 0; k < 4; ++k) {
      const effattn_view a = view(4096 + i * 96, shape, strides);
      const effattn_view b = view(4096 + k * 96, shape, strides);
      EXPECT_EQ(effattn_views_overlap(&a, &b), i == k) << i << " " << k;
    }
}

TEST(Overlap, SlicesAlongTwoAxes) {
  // [B, H = 4, N = 5, 16]: heads 0..1 with channels 0..7, heads 2..3 with 0..7.
  const std::vector<int64_t> shape = {3, 2, 5, 8};
  const std::vector<int64_t> strides = {320, 80, 16, 1};
  const effattn_view a = view(4096, shape, strides);
  const effattn_view b = view(4096 + 160 * 4, shape, strides);
  const effattn_view c = view(4096 + 164 * 4, shape, strides);
  const effattn_view d = view(4096 + 80 * 4, shape, strides);
  EXPECT_FALSE(effattn_views_overlap(&a, &b));
  EXPECT_FALSE(effattn_views_overlap(&a, &c));
  EXPECT_TRUE(effattn_views_overlap(&b, &c));
  EXPECT_TRUE(effattn_views_overlap(&a, &d));
}

TEST(Overlap, EmptyTensorsOverlapNothing) {
  const effattn_view a = view(4096, {4, 0, 3}, {3, 3, 1});
  const effattn_view b = view(4000, {100}, {1});
  EXPECT_FALSE(effattn_views_overlap(&a, &b));
  EXPECT_FALSE(effattn_views_overlap(&a, &a));
  EXPECT_FALSE(effattn_view_overlaps_itself(&a));
}

TEST(Overlap, AgreesWithBruteForce) {
  std::mt19937 random(7);
  const uint32_t elements[] = {EFFATTN_F32, EFFATTN_I8, EFFATTN_F16,
                               EFFATTN_I64};
  int overlapping = 0;
  for (int round = 0; round < 4000; ++round) {
    effattn_view made[2];
    for (effattn_view &each : made) {
      const uint32_t element = elements[random() % 4];
      std::vector<int64_t> shape, strides;
      for (uint32_t axis = random() % 4; axis-- > 0;) {
        shape.push_back(1 + random() % 5);
        strides.push_back(random() % 3 == 0 ? random() % 40 : random() % 8 * 6);
      }
      shape.push_back(1 + random() % 6);
      strides.push_back(1);
      each = view(4096 + random() % 80 * 8, shape, strides, element);
    }
    bool selfA, selfB;
    const auto a = bytes(made[0], &selfA), b = bytes(made[1], &selfB);
    bool expected = false;
    for (uintptr_t byte : a)
      expected |= b.count(byte) > 0;
    overlapping += expected;
    ASSERT_EQ(effattn_views_overlap(&made[0], &made[1]), expected)
        << "round " << round;
    if (selfA) { // nesting is sufficient, not necessary
      ASSERT_TRUE(effattn_view_overlaps_itself(&made[0])) << "round " << round;
    }
  }
  EXPECT_GT(overlapping, 400);
  EXPECT_LT(overlapping, 3600);
}

TEST(Overlap, NestedLayoutsDoNotOverlapThemselves) {
  const effattn_view dense = view(4096, {2, 3, 4}, {12, 4, 1});
  const effattn_view swapped = view(4096, {2, 3, 4}, {4, 8, 1});
  const effattn_view padded = view(4096, {2, 3, 4}, {100, 7, 1});
  EXPECT_FALSE(effattn_view_overlaps_itself(&dense));
  EXPECT_FALSE(effattn_view_overlaps_itself(&swapped));
  EXPECT_FALSE(effattn_view_overlaps_itself(&padded));
}

} // namespace
