//===- BindTest.cpp - shapes and expressions ------------------------------===//
#include "FakeKernel.h"

#include <gtest/gtest.h>

using namespace effattn::test;

namespace {

/// The value of an expression over N = 7, M = 3 and the scalar s = -5, as the
/// size of a result; or the status.
int64_t evaluate(Words code, effattn_status *status) {
  enum { N, M };
  FakeKernel fake("shapes", {"N", "M"});
  fake.tensor("x", {dimension(N), dimension(M)}).scalar("s", EFFATTN_I64);
  fake.scalar("f", EFFATTN_F32).result({code});
  Tensor x({7, 3});
  effattn_value arguments[3];
  arguments[0].tensor = &x.dl;
  arguments[1].i64 = -5;
  arguments[2].f32 = 1;
  int64_t shape[EFFATTN_MAX_RANK] = {-1};
  uint32_t rank;
  *status = effattn_result_shape(&fake.kernel, arguments, 0, shape, &rank);
  return shape[0];
}

int64_t value(Words code) {
  effattn_status status;
  const int64_t result = evaluate(std::move(code), &status);
  EXPECT_EQ(status, EFFATTN_OK) << effattn_message();
  return result;
}

effattn_status failure(Words code) {
  effattn_status status;
  evaluate(std::move(code), &status);
  return status;
}

enum : int64_t {
  C = EFFATTN_OP_CONSTANT,
  D = EFFATTN_OP_DIMENSION,
  S = EFFATTN_OP_SCALAR
};

TEST(Bind, Expressions) {
  EXPECT_EQ(value({C, 42}), 42);
  EXPECT_EQ(value({D, 0, D, 1, EFFATTN_OP_ADD}), 10);
  EXPECT_EQ(value({D, 0, D, 1, EFFATTN_OP_SUB}), 4);
  EXPECT_EQ(value({D, 0, D, 1, EFFATTN_OP_MUL}), 21);
  EXPECT_EQ(value({D, 0, C, 3, EFFATTN_OP_FLOORDIV}), 2);
  EXPECT_EQ(value({D, 0, C, 3, EFFATTN_OP_CEILDIV}), 3);
  EXPECT_EQ(value({D, 0, C, 3, EFFATTN_OP_MOD}), 1);
  EXPECT_EQ(value({S, 0, C, 3, EFFATTN_OP_MOD}), 1) << "floor: -5 = -2 * 3 + 1";
  EXPECT_EQ(value({S, 0, C, 3, EFFATTN_OP_FLOORDIV, EFFATTN_OP_NEG}), 2);
  EXPECT_EQ(value({S, 0, C, 3, EFFATTN_OP_CEILDIV, EFFATTN_OP_NEG}), 1);
  EXPECT_EQ(value({S, 0, EFFATTN_OP_ABS}), 5);
  EXPECT_EQ(value({D, 0, D, 1, EFFATTN_OP_MIN}), 3);
  EXPECT_EQ(value({D, 0, D, 1, EFFATTN_OP_MAX}), 7);
  EXPECT_EQ(value({D, 0, D, 1, EFFATTN_OP_LESS}), 0);
  EXPECT_EQ(value({D, 1, D, 1, EFFATTN_OP_LESS_EQUAL}), 1);
  EXPECT_EQ(value({D, 0, C, 7, EFFATTN_OP_EQUAL}), 1);
  EXPECT_EQ(value({D, 0, C, 7, EFFATTN_OP_NOT_EQUAL}), 0);
  EXPECT_EQ(value({C, 2, C, 0, EFFATTN_OP_AND}), 0);
  EXPECT_EQ(value({C, 2, C, 0, EFFATTN_OP_OR}), 1);
  EXPECT_EQ(value({C, 2, EFFATTN_OP_NOT}), 0);
  EXPECT_EQ(value({C, 1, C, 8, C, 9, EFFATTN_OP_SELECT}), 8);
  EXPECT_EQ(value({C, 0, C, 8, C, 9, EFFATTN_OP_SELECT}), 9);
}

TEST(Bind, OverflowAndDivisionByZero) {
  EXPECT_EQ(failure({C, INT64_MAX, C, 1, EFFATTN_OP_ADD}), EFFATTN_OVERFLOW);
  EXPECT_EQ(failure({C, INT64_MIN, C, 1, EFFATTN_OP_SUB}), EFFATTN_OVERFLOW);
  EXPECT_EQ(failure({C, INT64_MAX, C, 2, EFFATTN_OP_MUL}), EFFATTN_OVERFLOW);
  EXPECT_EQ(failure({C, INT64_MIN, EFFATTN_OP_NEG}), EFFATTN_OVERFLOW);
  EXPECT_EQ(failure({C, INT64_MIN, EFFATTN_OP_ABS}), EFFATTN_OVERFLOW);
  EXPECT_EQ(failure({C, INT64_MIN, C, -1, EFFATTN_OP_FLOORDIV}),
            EFFATTN_OVERFLOW);
  EXPECT_EQ(failure({C, 1, C, 0, EFFATTN_OP_MOD}), EFFATTN_OVERFLOW);
}

TEST(Bind, NegativeSizesAndMalformedCode) {
  EXPECT_EQ(failure({S, 0}), EFFATTN_SIZE);
  EXPECT_EQ(failure({}), EFFATTN_INTERNAL);
  EXPECT_EQ(failure({C}), EFFATTN_INTERNAL);
  EXPECT_EQ(failure({C, 1, C, 1}), EFFATTN_INTERNAL);
  EXPECT_EQ(failure({EFFATTN_OP_ADD}), EFFATTN_INTERNAL);
  EXPECT_EQ(failure({C, 1, 99}), EFFATTN_INTERNAL);
  EXPECT_EQ(failure({D, 2}), EFFATTN_INTERNAL);
  EXPECT_EQ(failure({S, 1}), EFFATTN_INTERNAL) << "a float";
  EXPECT_EQ(failure({S, 2}), EFFATTN_INTERNAL);
  Words deep;
  for (int i = 0; i < 100; ++i)
    deep.insert(deep.end(), {C, 1});
  EXPECT_EQ(failure(deep), EFFATTN_INTERNAL);
}

TEST(Bind, PlainAxesBindWhateverTheOrder) {
  // y's first axis is M + 1, and M is given by z, which comes later.
  enum { N, M };
  FakeKernel fake("order", {"N", "M"});
  fake.tensor("y", {{D, M, C, 1, EFFATTN_OP_ADD}, dimension(N)});
  fake.tensor("z", {dimension(M)}).result({dimension(N)});
  Tensor y({5, 2}), z({4}), o({2});
  effattn_value arguments[2];
  arguments[0].tensor = &y.dl;
  arguments[1].tensor = &z.dl;
  DLTensor *results[] = {&o.dl};
  EXPECT_EQ(effattn_launch_kernel(nullptr, &fake.kernel, arguments, results),
            EFFATTN_OK)
      << effattn_message();
  y.shape[0] = 6;
  EXPECT_EQ(effattn_launch_kernel(nullptr, &fake.kernel, arguments, results),
            EFFATTN_SIZE);
  EXPECT_STREQ(effattn_message(),
               "order: argument 'y', axis 0: expected 5, but got 6");
}

TEST(Bind, DimensionThatNoArgumentGives) {
  FakeKernel fake("lost", {"N"});
  fake.result({dimension(0)});
  Tensor o({2});
  DLTensor *results[] = {&o.dl};
  EXPECT_EQ(effattn_launch_kernel(nullptr, &fake.kernel, nullptr, results),
            EFFATTN_INTERNAL);
}

TEST(Bind, EveryElementType) {
  const std::pair<uint32_t, DLDataType> types[] = {
      {EFFATTN_F32, {kDLFloat, 32, 1}},   {EFFATTN_F16, {kDLFloat, 16, 1}},
      {EFFATTN_BF16, {kDLBfloat, 16, 1}}, {EFFATTN_I8, {kDLInt, 8, 1}},
      {EFFATTN_I32, {kDLInt, 32, 1}},     {EFFATTN_I64, {kDLInt, 64, 1}},
      {EFFATTN_BOOL, {6, 8, 1}}};
  for (const auto &[element, given] : types)
    for (const auto &[expected, type] : types) {
      FakeKernel fake("types", {"N"});
      fake.tensor("x", {dimension(0)}, expected);
      Tensor x({3}, given);
      effattn_value arguments[1];
      arguments[0].tensor = &x.dl;
      EXPECT_EQ(
          effattn_launch_kernel(nullptr, &fake.kernel, arguments, nullptr),
          element == expected ? EFFATTN_OK : EFFATTN_TYPE)
          << element << " " << expected;
    }
}

} // namespace
