//===- MergeTest.cpp - one softmax from parts -----------------------------===//

#include "test/unit/Schedule/Harness.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

using namespace effattn::test;

namespace {

void serial(void *, int64_t count, int32_t, effattn_parallel_body body,
            void *data) {
  for (int64_t index = 0; index < count; ++index)
    body(data, index, 0);
}

struct Parts {
  std::vector<Heads> o, lse;
  Heads merged, mergedLse;

  Parts(int count, int64_t tokens, int64_t channels)
      : merged(2, 3, tokens, channels, Heads::Layout::Nhd),
        mergedLse(2, 3, tokens, 1) {
    std::mt19937 random(4);
    for (int r = 0; r < count; ++r) {
      o.emplace_back(2, 3, tokens, channels,
                     r % 2 ? Heads::Layout::Nhd : Heads::Layout::Hnd);
      lse.emplace_back(2, 3, tokens, 1);
      o.back().fill(random);
      lse.back().fill(random);
    }
  }
  void run() {
    std::vector<effattn_view> outputs, lses;
    for (size_t r = 0; r < o.size(); ++r) {
      outputs.push_back(o[r].view());
      lses.push_back(lse[r].view());
    }
    effattn_view output = merged.view(), all = mergedLse.view();
    ASSERT_EQ(effattn_merge_cpu(serial, nullptr, 1, uint32_t(o.size()),
                                outputs.data(), lses.data(), &output, &all),
              EFFATTN_OK);
  }
};

} // namespace

TEST(Merge, WeighsByLogSumExp) {
  Parts parts(3, 71, 300);
  parts.run();
  for (int64_t b = 0; b < 2; ++b)
    for (int64_t h = 0; h < 3; ++h)
      for (int64_t n = 0; n < 71; ++n) {
        double total = 0;
        for (Heads &lse : parts.lse)
          total += std::exp(double(lse.at(b, h, n, 0)));
        EXPECT_NEAR(parts.mergedLse.at(b, h, n, 0), std::log(total), 1e-6);
        for (int64_t c = 0; c < 300; ++c) {
          double sum = 0;
          for (size_t r = 0; r < 3; ++r)
            sum += std::exp(double(parts.lse[r].at(b, h, n, 0))) / total *
                   parts.o[r].at(b, h, n, c);
          ASSERT_NEAR(parts.merged.at(b, h, n, c), sum, 1e-6);
        }
      }
}

TEST(Merge, PartsWithoutKeysAreNotRead) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  Parts parts(2, 4, 8);
  for (int64_t c = 0; c < 8; ++c) {
    parts.o[1].at(0, 0, 1, c) = nan;
    parts.o[0].at(0, 0, 2, c) = nan;
    parts.o[1].at(0, 0, 2, c) = nan;
  }
  parts.lse[1].at(0, 0, 1, 0) = -INFINITY;
  parts.lse[0].at(0, 0, 2, 0) = -INFINITY;
  parts.lse[1].at(0, 0, 2, 0) = -INFINITY;
  parts.lse[0].at(0, 0, 3, 0) = nan;
  parts.run();
  for (int64_t c = 0; c < 8; ++c) {
    EXPECT_EQ(parts.merged.at(0, 0, 1, c), parts.o[0].at(0, 0, 1, c));
    EXPECT_EQ(parts.merged.at(0, 0, 2, c), 0);
    EXPECT_TRUE(std::isnan(parts.merged.at(0, 0, 3, c)));
  }
  EXPECT_EQ(parts.mergedLse.at(0, 0, 1, 0), parts.lse[0].at(0, 0, 1, 0));
  EXPECT_EQ(parts.mergedLse.at(0, 0, 2, 0), -INFINITY);
  EXPECT_TRUE(std::isnan(parts.mergedLse.at(0, 0, 3, 0)));
}

TEST(Merge, LargeLogSumsDoNotOverflow) {
  Parts parts(2, 1, 16);
  for (int64_t b = 0; b < 2; ++b)
    for (int64_t h = 0; h < 3; ++h) {
      parts.lse[0].at(b, h, 0, 0) = 5000;
      parts.lse[1].at(b, h, 0, 0) = 4000;
    }
  parts.run();
  for (int64_t c = 0; c < 16; ++c)
    EXPECT_EQ(parts.merged.at(1, 2, 0, c), parts.o[0].at(1, 2, 0, c));
  EXPECT_EQ(parts.mergedLse.at(1, 2, 0, 0), 5000);
}
