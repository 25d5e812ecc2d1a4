//===- AttendTest.cpp - CPU attend kernels against straight loops ---------===//

#include "test/unit/Schedule/Harness.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

using namespace effattn;
using namespace effattn::test;

namespace {

ScalarRef i() { return variable("i"); }
ScalarRef j() { return variable("j"); }
ScalarRef position() { return i() + variable("q0"); }
ScalarRef causal() { return j() <= position(); }

ScalarRef window(int64_t left, int64_t right) {
  return logicalAnd(position() - j() <= constantInt(left),
                    j() - position() <= constantInt(right));
}

class AttendOnIsa : public ::testing::TestWithParam<std::string> {};

struct HeadDims {
  int head, value;
};

class AttendDims
    : public ::testing::TestWithParam<std::tuple<std::string, HeadDims>> {};

} // namespace

TEST_P(AttendDims, OddSizesAgainstTheOracle) {
  auto [isa, dims] = GetParam();
  AttendSpec spec = makeSpec(dims.head, dims.value, causal());
  CompiledAttend attend(spec, isa);
  struct Size {
    int64_t n, m, q0;
  };
  for (Size size : {Size{1, 1, 0}, Size{37, 37, 0}, Size{19, 450, 431},
                    Size{50, 7, -43}, Size{3, 0, -3}, Size{0, 5, 5}}) {
    Problem problem(spec, 1, 2, 1, size.n, size.m);
    problem.q0 = size.q0;
    SCOPED_TRACE(size.n);
    expectClose(problem, attend.run(problem));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Dims, AttendDims,
    ::testing::Combine(::testing::ValuesIn(runnableIsas()),
                       ::testing::Values(HeadDims{16, 16}, HeadDims{24, 40},
                                         HeadDims{64, 64}, HeadDims{80, 24},
                                         HeadDims{128, 136},
                                         HeadDims{256, 256})),
    [](const auto &info) {
      HeadDims dims = std::get<1>(info.param);
      return std::get<0>(info.param) + "_" + std::to_string(dims.head) + "_" +
             std::to_string(dims.value);
    });

TEST_P(AttendOnIsa, WindowNhdGroupedHeads) {
  AttendSpec spec = makeSpec(32, 32, window(40, 3));
  CompiledAttend attend(spec, GetParam());
  Problem problem(spec, 2, 6, 2, 131, 131, Heads::Layout::Nhd);
  expectClose(problem, attend.run(problem));
}

TEST_P(AttendOnIsa, ArithmeticInPredicates) {
  // mod, div and abs of negative numbers, an existential, a disjunction.
  ScalarRef distance = position() - j();
  ScalarRef blocks = equal(floorDiv(distance, constantInt(7)), constantInt(-2));
  ScalarRef comb = equal(mod(distance, constantInt(5)), constantInt(3));
  ScalarRef near =
      unary(ScalarKind::Abs, distance * constantInt(3)) <= constantInt(10);
  ScalarRef some = exists("u$0", constantInt(0), constantInt(4),
                          equal(j(), i() * constantInt(2) +
                                         variable("u$0") * constantInt(9)));
  AttendSpec spec = makeSpec(
      16, 24, logicalOr(logicalOr(blocks, comb), logicalOr(near, some)));
  CompiledAttend attend(spec, GetParam());
  Problem problem(spec, 1, 1, 1, 90, 77);
  problem.q0 = -13;
  expectClose(problem, attend.run(problem));
}

TEST_P(AttendOnIsa, LongExistsIsALoop) {
  // Some u, v in [-100, 100) and [0, 70) with j = i + 3 u and i = 2 v.
  ScalarRef inner = exists("v$1", constantInt(0), constantInt(70),
                           equal(i(), variable("v$1") * constantInt(2)));
  ScalarRef outer = exists(
      "u$0", constantInt(-100), constantInt(100),
      logicalAnd(equal(j(), i() + variable("u$0") * constantInt(3)), inner));
  AttendSpec spec = makeSpec(16, 24, outer);
  CompiledAttend attend(spec, GetParam());
  Problem problem(spec, 1, 1, 1, 90, 77);
  expectClose(problem, attend.run(problem));
}

TEST_P(AttendOnIsa, WideProductsDoNotOverflow) {
  // (i * 2^29) mod 2^31 needs more than 32 bits.
  ScalarRef wide = mod(i() * constantInt(int64_t(1) << 29),
                       constantInt(int64_t(1) << 31));
  AttendSpec spec = makeSpec(
      16, 16, equal(wide, mod(j(), constantInt(4)) * constantInt(1 << 29)));
  CompiledAttend attend(spec, GetParam());
  Problem problem(spec, 1, 1, 1, 40, 60);
  expectClose(problem, attend.run(problem));
}

TEST_P(AttendOnIsa, IndexSets) {
  AttendSpec spec = makeSpec(
      64, 64, logicalOr(window(9, 9), logicalOr(keyInSet(1), queryInSet(0))));
  spec.keySets = 2;
  spec.querySets = 1;
  CompiledAttend attend(spec, GetParam());
  Problem problem(spec, 1, 2, 2, 100, 100);
  problem.keySets = {{3}, {0, 17, 18, 64, 99}};
  problem.querySets = {{5, 6, 80}};
  expectClose(problem, attend.run(problem));
}

TEST_P(AttendOnIsa, TablesInPredicatesAndScores) {
  // seg[j] == seg[i], a bias by distance and head, and a look-up whose index
  // leaves the table for pairs outside the pattern.
  ScalarRef segments = equal(lookup(0, ScalarType::Int, {i()}),
                             lookup(0, ScalarType::Int, {j()}));
  ScalarRef allowed = lookup(2, ScalarType::Bool, {j()});
  ScalarRef score =
      variable("s", ScalarType::Float) +
      lookup(1, ScalarType::Float, {variable("h"), i() - j()}) *
          argument("strength", ScalarType::Float);
  AttendSpec spec = makeSpec(
      16, 16, logicalAnd(logicalAnd(segments, j() <= i()), allowed), score);
  spec.floats.push_back("strength");
  spec.tables = {{ElementType::I32, 1, false, false},
                 {ElementType::F32, 2, false, true},
                 {ElementType::Bool, 1, false, false}};
  CompiledAttend attend(spec, GetParam());
  Problem problem(spec, 1, 3, 3, 45, 45);
  problem.otherFloats = {1.5};
  Table segment{ElementType::I32, {45}, {}}, bias{ElementType::F32, {3, 45}, {}},
      flags{ElementType::Bool, {45}, {}};
  for (int n = 0; n < 45; ++n) {
    segment.values.push_back(n < 20 ? -7 : 70000 + n / 30);
    flags.values.push_back(n % 6 != 1);
  }
  for (int n = 0; n < 3 * 45; ++n)
    bias.values.push_back(float(n % 13) / 4 - 1);
  problem.tables = {segment, bias, flags};
  expectClose(problem, attend.run(problem));
}

TEST_P(AttendOnIsa, LookupsOutOfRangeAreFound) {
  // Guarded look-ups and those of pairs outside the pattern may be anywhere.
  ScalarRef distance = i() - j();
  ScalarRef guarded = select(distance < constantInt(20),
                             lookup(0, ScalarType::Float, {distance}),
                             constantFloat(0));
  ScalarRef plain = lookup(0, ScalarType::Float, {distance});
  for (bool guard : {true, false}) {
    AttendSpec spec =
        makeSpec(16, 16, causal(),
                 variable("s", ScalarType::Float) + (guard ? guarded : plain));
    spec.tables = {{ElementType::F32, 1, false, false}};
    CompiledAttend attend(spec, GetParam());
    Problem problem(spec, 1, 2, 2, 90, 90);
    problem.tables = {{ElementType::F32, {20}, std::vector<double>(20, 0.5)}};
    if (guard) {
      expectClose(problem, attend.run(problem));
    } else {
      EXPECT_EQ(attend.status(problem), EFFATTN_SIZE);
      EXPECT_STREQ(effattn_message(),
                   "test: the score of query 20 and key 0 (batch 0, head 0) "
                   "looks up a table out of range");
    }
  }
}

TEST_P(AttendOnIsa, ScoreFunctions) {
  // 30 tanh(s / 30) + log(clamp(...)), -inf where the clamp gives 0.
  ScalarRef s = variable("s", ScalarType::Float);
  ScalarRef capped = unary(ScalarKind::Tanh,
                           binary(ScalarKind::Div, s, constantFloat(3))) *
                     constantFloat(3);
  ScalarRef fade = binary(
      ScalarKind::Min,
      binary(ScalarKind::Max,
             binary(ScalarKind::Div,
                    constantFloat(20) -
                        unary(ScalarKind::ToFloat,
                              unary(ScalarKind::Abs, i() - j())),
                    constantFloat(16)),
             constantFloat(0)),
      constantFloat(1));
  ScalarRef bend = select(equal(i(), j()), constantFloat(-1e5),
                          unary(ScalarKind::Exp, s * constantFloat(0.25)));
  AttendSpec spec = makeSpec(
      24, 16, nullptr, capped + unary(ScalarKind::Log, fade) + bend);
  CompiledAttend attend(spec, GetParam());
  Problem problem(spec, 1, 1, 1, 61, 70);
  expectClose(problem, attend.run(problem));
}

TEST_P(AttendOnIsa, EmptyRowsAndRowsLeftOut) {
  AttendSpec spec = makeSpec(
      16, 16, logicalAnd(equal(mod(i(), constantInt(3)), constantInt(0)),
                         causal()));
  CompiledAttend attend(spec, GetParam());
  Problem problem(spec, 1, 1, 1, 70, 70);
  problem.keptRows.assign(70, true);
  for (int row : {0, 1, 5, 20, 33})
    problem.keptRows[row] = false;
  for (int row = 48; row < 64; ++row)
    problem.keptRows[row] = false;
  Outcome outcome = attend.run(problem);
  expectClose(problem, outcome);
  EXPECT_EQ(outcome.o.at(0, 0, 4, 0), 0);
  EXPECT_EQ(outcome.lse.at(0, 0, 4, 0), -INFINITY);
  EXPECT_EQ(outcome.o.at(0, 0, 20, 3), CompiledAttend::untouched);
}

TEST_P(AttendOnIsa, ThreadsAgreeBitwise) {
  AttendSpec spec = makeSpec(64, 64, window(100, 0));
  CompiledAttend attend(spec, GetParam());
  Problem problem(spec, 2, 3, 3, 300, 300);
  Outcome one = attend.run(problem, 1);
  for (int workers : {2, 7}) {
    Outcome other = attend.run(problem, workers);
    EXPECT_EQ(one.o.data, other.o.data);
    EXPECT_EQ(one.lse.data, other.lse.data);
  }
}

INSTANTIATE_TEST_SUITE_P(Isa, AttendOnIsa,
                         ::testing::ValuesIn(runnableIsas()),
                         [](const auto &info) { return info.param; });

//===- refusals -----------------------------------------------------------===//

namespace {

std::string refusal(const AttendSpec &spec) {
  const CpuIsa &isa = cpuIsas().front();
  ScheduleFailure failure;
  EXPECT_TRUE(
      compileAttendCpu(spec, isa.numbers, isa.halideTarget, &failure).empty());
  return failure.message;
}

} // namespace

TEST(AttendRefusal, NamesWhatIsSupported) {
  AttendSpec spec = makeSpec(20, 64, causal());
  EXPECT_EQ(refusal(spec), "20 channels of query and key are not supported on "
                           "the CPU; multiples of 8 from 16 to 256 are");
  spec = makeSpec(64, 264, causal());
  EXPECT_EQ(refusal(spec), "264 channels of value are not supported on the CPU; "
                           "multiples of 8 from 16 to 256 are");
  spec = makeSpec(64, 64, causal());
  spec.element = ElementType::F16;
  EXPECT_EQ(refusal(spec),
            "attend over f16 is not supported yet on the CPU; f32 is");
  spec = makeSpec(64, 64, j() <= dimension("G"));
  EXPECT_EQ(refusal(spec), "'G' is not a parameter of this kernel");
}

TEST(AttendRefusal, BadTargetStringIsAMessage) {
  ScheduleFailure failure;
  AttendSpec spec = makeSpec(64, 64, causal());
  EXPECT_TRUE(compileAttendCpu(spec, {}, "x86-64-linux-nonsense", &failure)
                  .empty());
  EXPECT_FALSE(failure.message.empty());
}

TEST(Kernels, SanitizersInstrumentThem) {
  for (std::string sanitizer : {"asan", "tsan"}) {
    ScheduleFailure failure;
    const CpuIsa &isa = cpuIsas().front();
    auto objects =
        compileAttendCpu(makeSpec(16, 16, causal()), isa.numbers,
                         isa.halideTarget + "-" + sanitizer, &failure);
    EXPECT_EQ(failure.message, "");
    ASSERT_EQ(objects.size(), 1u);
    std::string bytes(objects[0].bytes.begin(), objects[0].bytes.end());
    EXPECT_NE(bytes.find("__" + sanitizer + "_"), std::string::npos);
  }
}

TEST(Kernels, OnlyEntriesAreGlobal) {
  const CpuIsa &isa = cpuIsas().front();
  ScheduleFailure failure;
  auto objects = compileAttendCpu(makeSpec(16, 16, causal()), isa.numbers,
                                  isa.halideTarget, &failure);
  ASSERT_EQ(objects.size(), 1u);
  std::vector<std::string> symbols = objects[0].symbols;
  EXPECT_EQ(symbols, (std::vector<std::string>{
                         "attend_v3_pack", "attend_v3_tile", "attend_v3_select",
                         "attend_v3_finish"}));
}
