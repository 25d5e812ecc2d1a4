//===- BandTest.cpp - attends in bands: 16 and 32 rows, continued ---------===//

#include "test/unit/Schedule/Harness.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

using namespace effattn;
using namespace effattn::test;

namespace {

ScalarRef i() { return variable("i"); }
ScalarRef j() { return variable("j"); }
ScalarRef distance() { return i() - j(); }

/// 0 <= i - j < 20
ScalarRef window() {
  return logicalAnd(constantInt(0) <= distance(), distance() < constantInt(20));
}
/// Every seventh key before the window, from row 60 on.
ScalarRef strided() {
  return logicalAnd(
      constantInt(60) <= i(),
      logicalAnd(constantInt(20) <= distance(),
                 equal(mod(distance(), constantInt(7)), constantInt(0))));
}

struct Case {
  std::string isa;
  int rows;
};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const std::string &isa : runnableIsas())
    for (int rows : {16, 32})
      all.push_back({isa, rows});
  return all;
}

class Bands : public ::testing::TestWithParam<Case> {
protected:
  CompiledAttend compile(const AttendSpec &spec) const {
    return CompiledAttend(spec, GetParam().isa, GetParam().rows);
  }
};

bool sameBits(const float *a, const float *b, size_t count) {
  return std::memcmp(a, b, count * sizeof(float)) == 0;
}

} // namespace

TEST_P(Bands, TileRowsAgainstTheOracle) {
  for (int channels : {16, 64, 136}) {
    AttendSpec spec = makeSpec(channels, channels, window());
    CompiledAttend attend = compile(spec);
    for (int64_t n : {1, 15, 33, 131}) {
      Problem problem(spec, 1, 2, 1, n, n);
      expectClose(problem, attend.run(problem));
    }
  }
}

TEST_P(Bands, ContinuedBandsAreOneSoftmax) {
  AttendSpec spec = makeSpec(24, 40, logicalOr(window(), strided()));
  AttendSpec first = makeSpec(24, 40, window());
  AttendSpec second = makeSpec(24, 40, strided());
  CompiledAttend one = compile(first), two = compile(second);
  for (Heads::Layout layout : {Heads::Layout::Hnd, Heads::Layout::Nhd}) {
    Problem whole(spec, 2, 2, 1, 150, 150, layout);
    Problem near = whole, far = whole;
    near.spec = first;
    far.spec = second;
    near.pairs.clear();
    far.pairs.clear();
    Outcome got = one.run(near);
    Outcome before = got;
    two.resume(far, got, 2);
    expectClose(whole, got);
    // Rows below 60 have no keys in the second band.
    for (int64_t row = 0; row < 60; ++row) {
      EXPECT_TRUE(
          sameBits(&before.o.at(1, 1, row, 0), &got.o.at(1, 1, row, 0), 40))
          << row;
      EXPECT_EQ(before.lse.at(1, 1, row, 0), got.lse.at(1, 1, row, 0));
    }
  }
}

TEST_P(Bands, ContinuesFromRowsWithoutKeys) {
  // What an empty row holds in its output is not read.
  AttendSpec first = makeSpec(16, 16, constantInt(60) <= i());
  AttendSpec second = makeSpec(16, 16, window());
  AttendSpec whole = makeSpec(
      16, 16,
      logicalOr(logicalAnd(constantInt(60) <= i(), logicalNot(window())),
                window()));
  first.predicate = logicalAnd(constantInt(60) <= i(), logicalNot(window()));
  Problem all(whole, 1, 1, 1, 90, 90), early(first, 1, 1, 1, 90, 90),
      late(second, 1, 1, 1, 90, 90);
  Outcome got = compile(first).run(early);
  for (int64_t row = 0; row < 60; ++row)
    for (int64_t c = 0; c < 16; ++c)
      got.o.at(0, 0, row, c) = std::numeric_limits<float>::quiet_NaN();
  compile(second).resume(late, got);
  expectClose(all, got);
}

TEST_P(Bands, NanOfAnEarlierBandStaysInItsRow) {
  AttendSpec first = makeSpec(16, 16, window());
  AttendSpec second = makeSpec(16, 16, strided());
  CompiledAttend one = compile(first), two = compile(second);
  Problem near(first, 1, 1, 1, 120, 120), far(second, 1, 1, 1, 120, 120);
  near.q.at(0, 0, 77, 3) = std::numeric_limits<float>::quiet_NaN();
  near.v.at(0, 0, 100, 5) = std::numeric_limits<float>::quiet_NaN();
  Outcome got = one.run(near);
  two.resume(far, got);
  for (int64_t row = 0; row < 120; ++row)
    for (int64_t c = 0; c < 16; ++c)
      EXPECT_EQ(std::isnan(got.o.at(0, 0, row, c)),
                row == 77 || (c == 5 && row >= 100 && row < 120))
          << row << " " << c;
  EXPECT_TRUE(std::isnan(got.lse.at(0, 0, 77, 0)));
  EXPECT_FALSE(std::isnan(got.lse.at(0, 0, 100, 0)));
}

TEST_P(Bands, MaskedValuesDoNotReachContinuedRows) {
  AttendSpec second = makeSpec(16, 16, strided());
  CompiledAttend one = compile(makeSpec(16, 16, window()));
  CompiledAttend two = compile(second);
  Problem near(makeSpec(16, 16, window()), 1, 1, 1, 120, 120);
  Problem far(second, 1, 1, 1, 120, 120);
  Outcome clean = one.run(near);
  Outcome dirty = clean;
  two.resume(far, clean);
  for (int64_t c = 0; c < 16; ++c)
    far.v.at(0, 0, 10, c) = std::numeric_limits<float>::infinity();
  two.resume(far, dirty);
  for (int64_t row = 0; row < 120; ++row) {
    bool sees = row >= 60 && (row - 10) % 7 == 0;
    EXPECT_EQ(
        sameBits(&clean.o.at(0, 0, row, 0), &dirty.o.at(0, 0, row, 0), 16),
        !sees)
        << row;
  }
}

TEST_P(Bands, ColumnsOfAnOrder) {
  AttendSpec spec = makeSpec(32, 32, logicalOr(window(), strided()));
  Problem problem(spec, 1, 2, 2, 130, 130);
  for (int32_t rank = 0; rank < 130; ++rank)
    problem.keyOrder.push_back(rank * 37 % 130);
  expectClose(problem, compile(spec).run(problem));
}

TEST_P(Bands, HeadsOfARange) {
  AttendSpec spec = makeSpec(16, 16, window());
  CompiledAttend attend = compile(spec);
  Problem problem(spec, 2, 6, 2, 50, 50);
  problem.headBegin = 2;
  problem.headEnd = 5;
  expectClose(problem, attend.run(problem, 2));
}

INSTANTIATE_TEST_SUITE_P(Isa, Bands, ::testing::ValuesIn(cases()),
                         [](const auto &info) {
                           return info.param.isa + "_" +
                                  std::to_string(info.param.rows);
                         });
