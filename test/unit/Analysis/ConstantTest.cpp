//===- ConstantTest.cpp - how far expressions stay the same ---------------===//
#include "lib/Analysis/Constant.h"
#include "lib/Reference/Reference.h"
#include "test/unit/Analysis/BruteForce.h"

#include <gtest/gtest.h>

namespace effattn::test {

namespace {

const Expr i = var("i"), j = var("j"), h = var("h"), q0 = var("q0"),
           c = var("N");

Expr table(std::vector<Expr> indices) {
  std::vector<ScalarRef> list;
  for (const Expr &index : indices)
    list.push_back(index.ref);
  return Expr(lookup(0, ScalarType::Int, std::move(list)));
}

struct Values {
  reference::Environment environment;

  Values() {
    environment.table = [](int, const std::vector<int64_t> &indices) {
      int64_t mixed = 7;
      for (int64_t index : indices)
        mixed = mixed * 31 + index;
      return static_cast<double>(mixed);
    };
    environment.variables = {{"h", 3}, {"N", 5}, {"q0", 0}};
  }
  int64_t at(const Expr &value, const char *name, int64_t index) {
    environment.variables[name] = static_cast<double>(index);
    return static_cast<int64_t>(reference::evaluate(value.ref, environment));
  }
};

/// The values are the same up to each end; at the end one differs, where
/// `exact`.
void checkEnds(const std::vector<Expr> &values, const char *name, bool exact) {
  std::vector<ScalarRef> scalars;
  for (const Expr &one : values)
    scalars.push_back(one.ref);
  ScalarRef until = constantUntil(scalars, name);
  ASSERT_TRUE(until);
  Values known;
  for (int64_t start : {0, 3, -17})
    for (int64_t index = 0; index < 70; ++index) {
      known.environment.variables["q0"] = static_cast<double>(start);
      int64_t end = known.at(Expr(until), name, index);
      ASSERT_GT(end, index) << toString(until);
      bool changes = false;
      for (const Expr &one : values) {
        for (int64_t n = index + 1; n < end; ++n)
          ASSERT_EQ(known.at(one, name, n), known.at(one, name, index))
              << toString(one.ref) << " at " << n << ", from " << index;
        changes |= known.at(one, name, end) != known.at(one, name, index);
      }
      EXPECT_TRUE(changes || !exact) << toString(until) << " at " << index;
    }
}

TEST(Constant, Blocks) {
  checkEnds({j / 8}, "j", true);
  checkEnds({(i + q0) / 6}, "i", true);
  checkEnds({(i - q0 + 5) / 6 - q0 / 6}, "i", true);
  checkEnds({table({h, (i + q0) / 4 - q0 / 4, 2})}, "i", true);
}

TEST(Constant, SizesAtLaunch) {
  checkEnds({j / c}, "j", true);
  checkEnds({table({j / c}) + table({(j + q0) / (c + c)})}, "j", true);
}

TEST(Constant, Factors) {
  checkEnds({(i * 3 + q0) / 10}, "i", true);
  checkEnds({(i + i + 1) / 7}, "i", true);
}

/// The nearest end of all.
TEST(Constant, SeveralValues) {
  checkEnds({(i + q0) / 6, table({i / 4}), i / 4}, "i", true);
  checkEnds({ifThenElse(i / 5 < 3, i / 2, (i + 1) / 3)}, "i", false);
  checkEnds({(i / 4) / 3}, "i", false);
  checkEnds({table({(i / 6) % 4})}, "i", true);
}

TEST(Constant, UnknownEnds) {
  for (Expr value : {i, i % 4, table({i}), table({i / 4}) + i, (i * i) / 9,
                     (c - i) / 4, i / (i + 1), table({c}), abs(i) / 4})
    EXPECT_EQ(constantUntil({value.ref}, "i"), nullptr) << toString(value.ref);
}

} // namespace

} // namespace effattn::test
