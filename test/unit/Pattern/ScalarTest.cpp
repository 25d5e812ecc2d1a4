//===- ScalarTest.cpp - operations on expressions -------------------------===//
#include "lib/Pattern/Scalar.h"

#include <gtest/gtest.h>

using namespace effattn;

namespace {

/// 2^depth leaves, depth nodes.
ScalarRef doubled(ScalarRef leaf, int depth) {
  for (int k = 0; k < depth; ++k)
    leaf = leaf + leaf;
  return leaf;
}

} // namespace

TEST(Equivalent, SharedNodesAreComparedOnce) {
  EXPECT_TRUE(
      equivalent(doubled(variable("i"), 200), doubled(variable("i"), 200)));
  EXPECT_FALSE(
      equivalent(doubled(variable("i"), 200), doubled(variable("j"), 200)));
}

TEST(Equivalent, OrderOfOperandsCounts) {
  ScalarRef i = variable("i"), j = variable("j");
  EXPECT_TRUE(equivalent(i - j, variable("i") - variable("j")));
  EXPECT_FALSE(equivalent(i - j, j - i));
  EXPECT_FALSE(equivalent(i - j, nullptr));
}
