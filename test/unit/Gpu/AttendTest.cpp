//===- AttendTest.cpp - attends on Vulkan against double precision --------===//

#include "test/unit/Gpu/GpuHarness.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>

using namespace effattn;
using namespace effattn::test;

namespace {

ScalarRef position() { return variable("i") + variable("q0"); }

/// 0 <= p - j < 40
ScalarRef window() {
  ScalarRef distance = binary(ScalarKind::Sub, position(), variable("j"));
  return binary(ScalarKind::And,
                binary(ScalarKind::LessEqual, constantInt(0), distance),
                binary(ScalarKind::Less, distance, constantInt(40)));
}

constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

/// Compiled once: the driver compiles each kernel again.
class GpuAttend : public ::testing::Test {
protected:
  void SetUp() override {
    if (std::string why = whyNoVulkan(); !why.empty())
      GTEST_SKIP() << why;
  }
  static const GpuAttendKernel &windowed() {
    static GpuAttendKernel kernel(windowSpec());
    return kernel;
  }
  static AttendSpec windowSpec() { return makeSpec(64, 64, window()); }
};

TEST_F(GpuAttend, OddSizes) {
  for (int64_t n : {1, 7, 63, 64, 65, 131})
    for (int64_t m : {1, 131}) {
      SCOPED_TRACE(testing::Message() << "N " << n << " M " << m);
      Problem problem(windowSpec(), 1, 2, 2, n, m);
      problem.q0 = m - n;
      expectClose(problem, windowed().run(problem));
    }
}

TEST_F(GpuAttend, GroupedHeadsAndBatchesInBothLayouts) {
  for (Heads::Layout layout : {Heads::Layout::Hnd, Heads::Layout::Nhd}) {
    Problem problem(windowSpec(), 2, 6, 2, 75, 75, layout);
    expectClose(problem, windowed().run(problem));
  }
}

TEST_F(GpuAttend, RowsWithoutKeys) {
  Problem problem(windowSpec(), 1, 2, 1, 90, 30);
  problem.q0 = -20;
  Outcome got = windowed().run(problem);
  EXPECT_EQ(got.o.at(0, 0, 0, 0), 0.0f);
  EXPECT_EQ(got.lse.at(0, 0, 0, 0), -infinity);
  EXPECT_EQ(got.lse.at(0, 1, 89, 0), -infinity);
  expectClose(problem, got);
}

TEST_F(GpuAttend, WithoutLse) {
  Problem problem(windowSpec(), 1, 1, 1, 70, 70);
  Outcome got = windowed().run(problem, /*wantLse=*/false);
  got.lse = expected(problem).lse;
  expectClose(problem, got);
}

TEST_F(GpuAttend, OtherRowsStayAsTheyAre) {
  Problem problem(windowSpec(), 1, 2, 2, 150, 150);
  problem.keptRows.assign(150, true);
  for (int64_t i = 0; i < 150; i += 3)
    problem.keptRows[i] = false;
  expectClose(problem, windowed().run(problem));
}

TEST_F(GpuAttend, NothingLeaksFromOutsideThePattern) {
  Problem clean(windowSpec(), 1, 1, 1, 130, 130);
  Outcome want = windowed().run(clean);
  // Rows see 40 keys: what the last of them do not see reaches only others.
  Problem dirty = clean;
  for (int64_t c = 0; c < 64; ++c) {
    dirty.k.at(0, 0, 20, c) = nan;
    dirty.v.at(0, 0, 20, c) = nan;
    dirty.v.at(0, 0, 70, c) = infinity;
    dirty.k.at(0, 0, 70, c) = infinity;
  }
  Outcome got = windowed().run(dirty);
  for (int64_t i = 0; i < 130; ++i) {
    bool sees = (i >= 20 && i < 60) || (i >= 70 && i < 110);
    for (int64_t c = 0; c < 64; ++c) {
      if (sees && i < 60) {
        EXPECT_TRUE(std::isnan(got.o.at(0, 0, i, c))) << i;
      }
      if (!sees) {
        EXPECT_EQ(got.o.at(0, 0, i, c), want.o.at(0, 0, i, c)) << i;
      }
    }
  }
}

TEST_F(GpuAttend, NanInAQueryStaysInItsRow) {
  Problem problem(windowSpec(), 1, 1, 1, 66, 66);
  problem.q.at(0, 0, 13, 5) = nan;
  Outcome got = windowed().run(problem);
  for (int64_t i = 0; i < 66; ++i)
    EXPECT_EQ(std::isnan(got.o.at(0, 0, i, 0)), i == 13) << i;
  EXPECT_TRUE(std::isnan(got.lse.at(0, 0, 13, 0)));
}

TEST_F(GpuAttend, LargeLogits) {
  Problem problem(windowSpec(), 1, 1, 1, 65, 65);
  problem.scale = 40;
  expectClose(problem, windowed().run(problem));
}

TEST_F(GpuAttend, SetsOfKeysAndQueries) {
  ScalarRef predicate =
      binary(ScalarKind::Or, window(),
             binary(ScalarKind::Or, keyInSet(0), queryInSet(0)));
  AttendSpec spec = makeSpec(32, 48, predicate);
  spec.keySets = spec.querySets = 1;
  GpuAttendKernel kernel(spec);
  Problem problem(spec, 1, 2, 1, 140, 140);
  problem.keySets = {{0, 3, 4, 50, 51, 52, 90, 139}};
  problem.querySets = {{5, 77}};
  expectClose(problem, kernel.run(problem));
}

TEST_F(GpuAttend, TablesScoresAndAbsentLogits) {
  // Segments by an i64 table; a bias per head; every fifth distance is -inf.
  ScalarRef i = variable("i"), j = variable("j");
  ScalarRef same = binary(ScalarKind::Equal, lookup(0, ScalarType::Int, {i}),
                          lookup(0, ScalarType::Int, {j}));
  ScalarRef distance = unary(ScalarKind::Abs, binary(ScalarKind::Sub, i, j));
  ScalarRef s = variable("s", ScalarType::Float);
  ScalarRef biased =
      binary(ScalarKind::Add,
             binary(ScalarKind::Mul, argument("soft", ScalarType::Float),
                    unary(ScalarKind::Tanh, s)),
             lookup(1, ScalarType::Float, {variable("h"), distance}));
  ScalarRef fifth =
      binary(ScalarKind::Equal,
             binary(ScalarKind::Mod, distance, constantInt(5)), constantInt(4));
  ScalarRef score =
      binary(ScalarKind::Add, biased,
             unary(ScalarKind::Log,
                   select(fifth, constantFloat(0), constantFloat(1))));
  AttendSpec spec = makeSpec(16, 24, same, score);
  spec.floats.push_back("soft");
  spec.tables = {{ElementType::I64, 1, false, false},
                 {ElementType::F32, 2, false, true}};
  GpuAttendKernel kernel(spec);
  const int64_t n = 83, heads = 3;
  Problem problem(spec, 1, heads, 3, n, n);
  problem.otherFloats = {3.5};
  Table segments{ElementType::I64, {n}, {}};
  for (int64_t k = 0; k < n; ++k)
    segments.values.push_back(double(k / 17));
  Table bias{ElementType::F32, {heads, n}, {}};
  for (int64_t k = 0; k < heads * n; ++k)
    bias.values.push_back(float((k * 37 % 101) * 0.03125));
  problem.tables = {segments, bias};
  expectClose(problem, kernel.run(problem));
}

TEST_F(GpuAttend, WidestHeads) {
  AttendSpec spec = makeSpec(128, 128, nullptr);
  GpuAttendKernel kernel(spec);
  Problem problem(spec, 1, 1, 1, 70, 90);
  expectClose(problem, kernel.run(problem));
}

} // namespace
