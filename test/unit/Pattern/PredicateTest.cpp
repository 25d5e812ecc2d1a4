//===- PredicateTest.cpp - patterns as predicates -------------------------===//
#include "lib/Pattern/Orders.h"

#include <gtest/gtest.h>

using namespace effattn;

namespace {

ScalarRef constant(int64_t value) { return constantInt(value); }

/// { (i, j) : i.x == j.x } on a grid of Y x X.
PatternRef sameColumn(ScalarRef y, ScalarRef x) {
  auto grid = std::make_shared<Pattern>(PatternKind::OnGrid);
  grid->scalars = {std::move(y), std::move(x)};
  grid->predicate = equal(variable("i.x"), variable("j.x"));
  return grid;
}

PatternRef inOrder(PatternRef child, int tableRank) {
  auto pattern = std::make_shared<Pattern>(PatternKind::InOrder);
  Order order{OrderKind::Sort};
  order.table = 0;
  order.tableRank = tableRank;
  order.tokenTable = 1;
  order.rankTable = 2;
  pattern->orders = {order};
  pattern->children = {std::move(child)};
  return pattern;
}

std::string textOf(const PatternRef &pattern) {
  const Pattern *unsupported = nullptr;
  ScalarRef found = predicate(pattern, &unsupported);
  return found ? toString(found) : "null";
}

} // namespace

TEST(Predicate, CoordinatesStayWhereThereIsOneGrid) {
  PatternRef grid = sameColumn(dimension("Y"), dimension("X"));
  PatternForm form = formOf(grid, nullptr);
  EXPECT_EQ(toString(form.predicate), "i.x == j.x");
  ASSERT_EQ(form.extents.size(), 2u);
  EXPECT_EQ(textOf(grid), "i mod X == j mod X");
}

TEST(Predicate, CoordinatesOfAnotherGridAreWrittenOut) {
  PatternRef both = makePattern(PatternKind::Union, {},
                                {sameColumn(constant(4), constant(8)),
                                 sameColumn(constant(8), constant(4))});
  EXPECT_EQ(toString(formOf(both, nullptr).predicate),
            "i.x == j.x or i mod 4 == j mod 4");
}

TEST(Predicate, CoordinatesOfThreeAxes) {
  ScalarRef all = variable("i.z") + variable("i.y") + variable("i.x");
  EXPECT_EQ(toString(withoutCoordinates(
                all, {dimension("Z"), dimension("Y"), dimension("X")})),
            "i div X div Y + i div X mod Y + i mod X");
}

TEST(Predicate, OrdersNeedTheirTables) {
  auto bare = std::make_shared<Pattern>(PatternKind::InOrder);
  bare->orders = {Order{OrderKind::Sort}};
  bare->children = {makePattern(PatternKind::Causal)};
  const Pattern *unsupported = nullptr;
  EXPECT_EQ(predicate(bare, &unsupported), nullptr);
  EXPECT_EQ(unsupported, bare.get());
}

TEST(Predicate, RanksAndTokensChangePlaces) {
  PatternRef ordered = inOrder(makePattern(PatternKind::Causal), 2);
  PatternRef both = makePattern(PatternKind::Intersection, {},
                                {ordered, makePattern(PatternKind::Causal)});
  EXPECT_EQ(textOf(ordered), "t2[h, j] <= t2[h, i] + q0");
  ScalarRef ranks = inRanks(predicate(both, nullptr), *ordered);
  EXPECT_EQ(toString(ranks), "j <= i + q0 and t1[h, j] <= t1[h, i] + q0");
}

TEST(Predicate, RandomBlocksLookDrawnBlocksUp) {
  auto drawn = std::make_shared<Pattern>(PatternKind::RandomBlocks);
  drawn->scalars = {constant(64), constant(2), constant(7)};
  EXPECT_EQ(textOf(drawn), "null");
  drawn->table = 3;
  EXPECT_EQ(textOf(drawn),
            "t3[h, (i + q0) div 64 - q0 div 64, 0] == j div 64 or "
            "t3[h, (i + q0) div 64 - q0 div 64, 1] == j div 64");
  // Each batch entry has its own.
  drawn->tableRank = 4;
  drawn->scalars[1] = constant(1);
  EXPECT_EQ(textOf(drawn),
            "t3[b, h, (i + q0) div 64 - q0 div 64, 0] == j div 64");
}

TEST(Heads, OneRangeAtATime) {
  auto heads = std::make_shared<Pattern>(PatternKind::Heads);
  heads->scalars = {constant(0), constant(4), constant(4), constant(8)};
  heads->children = {makePattern(PatternKind::All),
                     makePattern(PatternKind::None)};
  PatternRef both = makePattern(PatternKind::Intersection, {},
                                {heads, makePattern(PatternKind::Causal)});
  EXPECT_EQ(textOf(both), "h < 4 and j <= i + q0");
  EXPECT_EQ(headBounds(both), (std::vector<int64_t>{4, 8}));
  EXPECT_EQ(textOf(forHeads(both, 0)), "j <= i + q0");
  EXPECT_EQ(textOf(forHeads(both, 4)), "false");
  PatternRef plain = makePattern(PatternKind::Causal);
  EXPECT_EQ(forHeads(plain, 0), plain);
}
