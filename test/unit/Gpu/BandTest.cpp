//===- BandTest.cpp - attends in bands, on Vulkan -------------------------===//

#include "test/unit/Gpu/GpuHarness.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

using namespace effattn;
using namespace effattn::test;

namespace {

ScalarRef distance() { return variable("i") - variable("j"); }

ScalarRef window() {
  return logicalAnd(constantInt(0) <= distance(), distance() < constantInt(20));
}
/// Every seventh key before the window, from row 60 on.
ScalarRef strided() {
  return logicalAnd(
      constantInt(60) <= variable("i"),
      logicalAnd(constantInt(20) <= distance(),
                 equal(mod(distance(), constantInt(7)), constantInt(0))));
}

class GpuBands : public ::testing::Test {
protected:
  void SetUp() override {
    if (std::string why = whyNoVulkan(); !why.empty())
      GTEST_SKIP() << why;
  }
  static const GpuAttendKernel &first() {
    static GpuAttendKernel kernel(makeSpec(24, 40, window()));
    return kernel;
  }
  static const GpuAttendKernel &second() {
    static GpuAttendKernel kernel(makeSpec(24, 40, strided()));
    return kernel;
  }
};

TEST_F(GpuBands, ContinuedBandsAreOneSoftmax) {
  for (Heads::Layout layout : {Heads::Layout::Hnd, Heads::Layout::Nhd}) {
    Problem whole(makeSpec(24, 40, logicalOr(window(), strided())), 2, 2, 1,
                  150, 150, layout);
    Problem near = whole, far = whole;
    near.spec = makeSpec(24, 40, window());
    far.spec = makeSpec(24, 40, strided());
    Outcome got = first().run(near), before = got;
    second().resume(far, got);
    expectClose(whole, got);
    // Rows below 60 have no keys in the second band.
    for (int64_t row = 0; row < 60; ++row) {
      EXPECT_EQ(std::memcmp(&before.o.at(1, 1, row, 0), &got.o.at(1, 1, row, 0),
                            40 * sizeof(float)),
                0)
          << row;
      EXPECT_EQ(before.lse.at(1, 1, row, 0), got.lse.at(1, 1, row, 0));
    }
  }
}

TEST_F(GpuBands, EmptyAndNanRowsOfAnEarlierBand) {
  Problem near(makeSpec(24, 40, window()), 1, 1, 1, 120, 120);
  Problem far(makeSpec(24, 40, strided()), 1, 1, 1, 120, 120);
  near.q.at(0, 0, 77, 3) = std::numeric_limits<float>::quiet_NaN();
  Outcome got = first().run(near);
  // What an empty row holds in its output is not read.
  for (int64_t c = 0; c < 40; ++c)
    got.o.at(0, 0, 90, c) = std::numeric_limits<float>::quiet_NaN();
  got.lse.at(0, 0, 90, 0) = -std::numeric_limits<float>::infinity();
  second().resume(far, got);
  Outcome alone = second().run(far);
  for (int64_t row = 0; row < 120; ++row)
    EXPECT_EQ(std::isnan(got.o.at(0, 0, row, 0)), row == 77) << row;
  EXPECT_TRUE(std::isnan(got.lse.at(0, 0, 77, 0)));
  EXPECT_EQ(got.lse.at(0, 0, 90, 0), alone.lse.at(0, 0, 90, 0));
  EXPECT_EQ(got.o.at(0, 0, 90, 7), alone.o.at(0, 0, 90, 7));
}

TEST_F(GpuBands, ColumnsOfAnOrderAndHeadsOfARange) {
  Problem problem(makeSpec(24, 40, window()), 1, 6, 2, 130, 130);
  for (int32_t rank = 0; rank < 130; ++rank)
    problem.keyOrder.push_back(rank * 37 % 130);
  problem.headBegin = 2;
  problem.headEnd = 5;
  expectClose(problem, first().run(problem));
}

} // namespace
