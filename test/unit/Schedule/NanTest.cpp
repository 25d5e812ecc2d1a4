//===- NanTest.cpp - values that are not finite, seen and unseen ----------===//

#include "test/unit/Schedule/Harness.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

using namespace effattn;
using namespace effattn::test;

namespace {

const float quietNan = std::numeric_limits<float>::quiet_NaN();
const float infinity = std::numeric_limits<float>::infinity();

class Nan : public ::testing::TestWithParam<std::string> {};

bool sameBits(const std::vector<float> &a, const std::vector<float> &b) {
  return a.size() == b.size() &&
         std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

AttendSpec oddColumns(int channels = 64) {
  // Row i sees the columns up to i whose parity is not that of i: every tile
  // computes pairs that nobody sees, next to pairs that are seen.
  ScalarRef parity = logicalNot(
      equal(mod(variable("i") - variable("j"), constantInt(2)), constantInt(0)));
  return makeSpec(channels, channels,
                  logicalAnd(parity, variable("j") <= variable("i")));
}

} // namespace

TEST_P(Nan, MaskedPairsChangeNoBit) {
  // Rows of odd index see even columns only; give the odd columns NaN and
  // infinities. Only rows of even index, which see them, may change.
  AttendSpec spec = oddColumns();
  CompiledAttend attend(spec, GetParam());
  Problem clean(spec, 1, 1, 1, 500, 500);
  Outcome before = attend.run(clean);
  for (float poison : {quietNan, infinity, -infinity}) {
    Problem poisoned = clean;
    for (int64_t j = 1; j < 500; j += 2)
      for (int64_t c = 0; c < 64; ++c) {
        poisoned.v.at(0, 0, j, c) = poison;
        poisoned.k.at(0, 0, j, c) = c % 3 ? poison : -poison;
      }
    Outcome after = attend.run(poisoned);
    for (int64_t i = 1; i < 500; i += 2)
      for (int64_t c = 0; c < 64; ++c)
        ASSERT_EQ(std::memcmp(&before.o.at(0, 0, i, c), &after.o.at(0, 0, i, c),
                              sizeof(float)),
                  0)
            << "row " << i << ": " << before.o.at(0, 0, i, c) << " and "
            << after.o.at(0, 0, i, c);
    for (int64_t i = 1; i < 500; i += 2)
      EXPECT_EQ(before.lse.at(0, 0, i, 0), after.lse.at(0, 0, i, 0));
  }
}

TEST_P(Nan, SelectingKernelAgreesBitwise) {
  // One NaN value that only the last row sees makes every chunk of its tile run
  // twice; the other rows of the tile must not notice.
  AttendSpec spec = makeSpec(80, 80, variable("j") <= variable("i"));
  CompiledAttend attend(spec, GetParam());
  Problem clean(spec, 1, 1, 1, 600, 600);
  Outcome before = attend.run(clean);
  Problem poisoned = clean;
  poisoned.v.at(0, 0, 599, 7) = quietNan;
  Outcome after = attend.run(poisoned);
  size_t last = 599 * 80;
  EXPECT_TRUE(sameBits({before.o.data.begin(), before.o.data.begin() + last},
                       {after.o.data.begin(), after.o.data.begin() + last}));
  for (int64_t c = 0; c < 80; ++c)
    EXPECT_EQ(std::isnan(after.o.at(0, 0, 599, c)), c == 7) << c;
}

TEST_P(Nan, NanLogitStaysInItsRow) {
  AttendSpec spec = makeSpec(16, 16, variable("j") <= variable("i"));
  CompiledAttend attend(spec, GetParam());
  Problem problem(spec, 1, 1, 1, 100, 100);
  problem.q.at(0, 0, 33, 2) = quietNan;
  // A payload in the low bits must not turn into a number on the way.
  uint32_t bits = 0x7fc00155;
  std::memcpy(&problem.q.at(0, 0, 50, 3), &bits, sizeof bits);
  Outcome outcome = attend.run(problem);
  expectClose(problem, outcome);
  for (int64_t i = 0; i < 100; ++i)
    EXPECT_EQ(std::isnan(outcome.o.at(0, 0, i, 0)), i == 33 || i == 50) << i;
}

TEST_P(Nan, InfiniteLogits) {
  AttendSpec spec = makeSpec(16, 16, variable("j") <= variable("i"));
  CompiledAttend attend(spec, GetParam());
  Problem problem(spec, 1, 1, 1, 60, 60);
  // Logits of key 10 are +inf or -inf by the sign of q: the former makes a row
  // NaN, the latter is an absent pair, whose value does not count.
  for (int64_t c = 0; c < 16; ++c)
    problem.k.at(0, 0, 10, c) = c == 0 ? infinity : 0;
  problem.v.at(0, 0, 10, 5) = quietNan;
  expectClose(problem, attend.run(problem));
}

TEST_P(Nan, AllLogitsMinusInfinityIsAnEmptyRow) {
  AttendSpec spec = makeSpec(16, 16, nullptr);
  CompiledAttend attend(spec, GetParam());
  Problem problem(spec, 1, 1, 1, 20, 33);
  for (int64_t j = 0; j < 33; ++j)
    for (int64_t c = 0; c < 16; ++c)
      problem.k.at(0, 0, j, c) = c == 0 ? -infinity : 0;
  for (int64_t i = 0; i < 20; ++i)
    problem.q.at(0, 0, i, 0) = 1;
  Outcome outcome = attend.run(problem);
  for (float value : outcome.o.data)
    EXPECT_EQ(value, 0);
  for (float value : outcome.lse.data)
    EXPECT_EQ(value, -infinity);
}

TEST_P(Nan, FarLogitsUnderflowQuietly) {
  AttendSpec spec = makeSpec(16, 16, nullptr);
  CompiledAttend attend(spec, GetParam());
  Problem problem(spec, 1, 1, 1, 20, 500);
  for (float &value : problem.q.data)
    value *= 200;
  expectClose(problem, attend.run(problem));
}

INSTANTIATE_TEST_SUITE_P(Isa, Nan, ::testing::ValuesIn(runnableIsas()),
                         [](const auto &info) { return info.param; });
