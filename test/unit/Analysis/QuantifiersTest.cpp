//===- QuantifiersTest.cpp - `exists` and the arithmetic in its place -----===//
#include "lib/Analysis/Quantifiers.h"

#include "lib/Reference/Reference.h"

#include <gtest/gtest.h>

using namespace effattn;

namespace {

ScalarRef number(int64_t value) { return constantInt(value); }
ScalarRef i() { return variable("i"); }
ScalarRef j() { return variable("j"); }

bool hasExists(const ScalarRef &scalar) {
  return contains(scalar, [](const Scalar &node) {
    return node.kind == ScalarKind::Exists;
  });
}

/// The same at all pairs of a square around 0, and without a quantifier.
void expectSame(const ScalarRef &predicate, bool isGone = true) {
  ScalarRef plain = withoutExists(predicate, 8);
  EXPECT_EQ(hasExists(plain), !isGone) << toString(plain);
  reference::Environment environment;
  for (int64_t a = -40; a <= 40; ++a)
    for (int64_t b = -40; b <= 40; ++b) {
      environment.variables["i"] = static_cast<double>(a);
      environment.variables["j"] = static_cast<double>(b);
      ASSERT_EQ(reference::evaluate(plain, environment),
                reference::evaluate(predicate, environment))
          << "i = " << a << ", j = " << b << ": " << toString(predicate)
          << " as " << toString(plain);
    }
}

ScalarRef some(const char *name, int64_t low, int64_t high, ScalarRef body) {
  return exists(name, number(low), number(high), std::move(body));
}

TEST(Quantifiers, MultiplesInARange) {
  ScalarRef s = variable("s$0");
  expectSame(some("s$0", 0, 20, equal(i() - j(), s * number(3))));
  expectSame(some("s$0", -9, 9, equal(i(), s * number(2) + number(1))));
  expectSame(some("s$0", 3, 90, j() <= s * number(5) - i()));
}

TEST(Quantifiers, DivModAndBranches) {
  ScalarRef s = variable("s$0");
  expectSame(some("s$0", 0, 30,
                  logicalAnd(equal(floorDiv(i(), number(4)), s),
                             equal(mod(j() + s, number(3)), number(1)))));
  expectSame(some(
      "s$0", -20, 20,
      select(s < i(), equal(j(), s + number(2)), equal(j(), s * number(2)))));
}

TEST(Quantifiers, OneInsideOfAnother) {
  ScalarRef s = variable("s$0"), t = variable("t$1");
  ScalarRef inner =
      some("t$1", 0, 12, equal(j(), s * number(2) + t * number(5)));
  expectSame(some("s$0", -10, 10, logicalAnd(s <= i(), inner)));
}

TEST(Quantifiers, WhatTheVariableIsNotInIsANumber) {
  // i * i is no Presburger arithmetic, and no part of the set.
  ScalarRef s = variable("s$0"), square = i() * i();
  expectSame(some("s$0", 0, 40,
                  logicalAnd(equal(square, s * number(4)),
                             logicalOr(i() < j(), equal(s, number(9))))));
}

TEST(Quantifiers, OthersStay) {
  ScalarRef s = variable("s$0");
  expectSame(some("s$0", 0, 8, equal(i(), s)), /*isGone=*/false);
  expectSame(some("s$0", 0, 20, equal(i() * s, j())), /*isGone=*/false);
}

TEST(Quantifiers, EmptyRangesHoldNowhere) {
  ScalarRef s = variable("s$0");
  ScalarRef nothing = some("s$0", 0, 100, logicalAnd(s < i(), i() < s));
  expectSame(nothing);
}

} // namespace
