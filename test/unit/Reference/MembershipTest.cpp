//===- MembershipTest.cpp - orders, draws and tables of the oracle --------===//

#include "test/unit/Reference/PatternFiles.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

using namespace effattn;
using namespace effattn::test;

namespace {

using Table = std::map<std::string, reference::Tensor>;

/// Key blocks that query block u sees whole, by head.
std::set<int64_t> blocksOf(Pairs &pairs, int64_t h, int64_t u, int64_t s) {
  std::set<int64_t> blocks;
  for (int64_t j = 0; j < pairs.keys; ++j)
    if (pairs.at(h, u * s, j))
      blocks.insert(j / s);
  return blocks;
}

TEST(RandomBlocks, AreWholeAndKnown) {
  auto program = programOf(selfAttention("random_blocks(4, 3, 7)"));
  Pairs pairs(program->kernels[0], 0, {{"N", 62}, {"H", 3}});
  std::set<std::set<int64_t>> different;
  for (int64_t h = 0; h < 3; ++h)
    for (int64_t u = 0; u < 16; ++u) {
      std::set<int64_t> blocks = blocksOf(pairs, h, u, 4);
      EXPECT_EQ(blocks.size(), 3u);
      different.insert(blocks);
      for (int64_t i = 4 * u; i < std::min<int64_t>(4 * u + 4, 62); ++i)
        for (int64_t j = 0; j < 62; ++j)
          ASSERT_EQ(pairs.at(h, i, j), blocks.count(j / 4) > 0);
    }
  EXPECT_GT(different.size(), 40u);
  // Worked out apart from this code: seed 7, head 0, block 0, 16 candidates.
  EXPECT_EQ(blocksOf(pairs, 0, 0, 4), (std::set<int64_t>{0, 2, 5}));
  EXPECT_EQ(blocksOf(pairs, 2, 15, 4), (std::set<int64_t>{0, 4, 5}));
}

TEST(RandomBlocks, StayOutsideWhatIsGiven) {
  auto program = programOf(selfAttention(
      "random_blocks(4, 3, 7, outside=window(5, 1) | { (h, i, j) : j < h })"));
  for (int64_t n : {3, 16, 33, 64}) {
    Pairs pairs(program->kernels[0], 0, {{"N", n}, {"H", 2}});
    for (int64_t h = 0; h < 2; ++h)
      for (int64_t u = 0; u * 4 < n; ++u) {
        std::set<int64_t> touched;
        for (int64_t i = 4 * u; i < std::min(4 * u + 4, n); ++i)
          for (int64_t j = 0; j < n; ++j)
            if ((i - j <= 5 && j - i <= 1) || j < h)
              touched.insert(j / 4);
        std::set<int64_t> blocks = blocksOf(pairs, h, u, 4);
        int64_t left = (n + 3) / 4 - static_cast<int64_t>(touched.size());
        EXPECT_EQ(static_cast<int64_t>(blocks.size()),
                  std::min<int64_t>(left, 3));
        for (int64_t block : blocks)
          EXPECT_FALSE(touched.count(block)) << n << " " << h << " " << u;
      }
  }
}

TEST(RandomBlocks, MoreThanThereAreIsAll) {
  auto program = programOf(selfAttention("random_blocks(4, 100, 1)"));
  Pairs pairs(program->kernels[0], 0, {{"N", 30}});
  EXPECT_EQ(blocksOf(pairs, 0, 3, 4).size(), 8u);
}

/// Window of one rank back and none ahead: the key before in the order.
std::vector<int64_t> orderOf(Pairs &pairs, int64_t h = 0, int64_t b = 0) {
  std::vector<int64_t> order(pairs.queries);
  std::iota(order.begin(), order.end(), 0);
  // A causal pattern in an order: i sees as many keys as its rank, plus one.
  auto rank = [&](int64_t i) {
    int64_t seen = 0;
    for (int64_t j = 0; j < pairs.keys; ++j)
      seen += pairs.at(h, i, j, b);
    return seen;
  };
  std::sort(order.begin(), order.end(),
            [&](int64_t x, int64_t y) { return rank(x) < rank(y); });
  return order;
}

TEST(Orders, SortIsStableAndAscending) {
  auto program =
      programOf(selfAttention("in_order(sort(t), causal)", ", t: i32[N]"));
  Pairs pairs(program->kernels[0], 0, {{"N", 7}},
              {{"t", {{7}, {2, -1, 2, 0, -1, 9, 0}}}});
  EXPECT_EQ(orderOf(pairs), (std::vector<int64_t>{1, 4, 3, 6, 0, 2, 5}));
}

TEST(Orders, HaveHeadsAndBatches) {
  auto program = programOf(
      selfAttention("in_order(sort(t), causal)", ", t: i32[B, H, N]"));
  Pairs pairs(program->kernels[0], 0, {{"N", 3}, {"H", 2}, {"B", 2}},
              {{"t", {{2, 2, 3}, {0, 1, 2, 2, 1, 0, 1, 0, 2, 1, 2, 0}}}});
  EXPECT_EQ(orderOf(pairs, 0, 0), (std::vector<int64_t>{0, 1, 2}));
  EXPECT_EQ(orderOf(pairs, 1, 0), (std::vector<int64_t>{2, 1, 0}));
  EXPECT_EQ(orderOf(pairs, 0, 1), (std::vector<int64_t>{1, 0, 2}));
  EXPECT_EQ(orderOf(pairs, 1, 1), (std::vector<int64_t>{2, 0, 1}));
}

TEST(Orders, OfAGrid) {
  auto raster = programOf(
      selfAttention("in_order(block_raster(3, 4, 2, 3), causal)"));
  Pairs blocks(raster->kernels[0], 0, {{"N", 12}});
  EXPECT_EQ(orderOf(blocks), (std::vector<int64_t>{0, 1, 2, 4, 5, 6, //
                                                   3, 7,             //
                                                   8, 9, 10, 11}));
  auto major = programOf(selfAttention("in_order(column_major(3, 4), causal)"));
  Pairs columns(major->kernels[0], 0, {{"N", 12}});
  EXPECT_EQ(orderOf(columns), (std::vector<int64_t>{0, 4, 8, 1, 5, 9, //
                                                    2, 6, 10, 3, 7, 11}));
}

TEST(Orders, OneForQueriesAndOneForKeys) {
  auto program = programOf(
      "kernel f(q: f32[N, D], k: f32[M, D], v: f32[M, D], a: i32[N], "
      "c: i32[M]) -> f32[N, D] { return attend(q, k, v, in_order(a, sort(c), "
      "{ (i, j) : i == j })) }");
  Pairs pairs(program->kernels[0], 0, {{"N", 3}, {"M", 5}},
              {{"a", {{3}, {2, 0, 1}}}, {"c", {{5}, {4, 3, 2, 1, 0}}}});
  std::set<std::pair<int64_t, int64_t>> found;
  for (int64_t i = 0; i < 3; ++i)
    for (int64_t j = 0; j < 5; ++j)
      if (pairs.at(0, i, j))
        found.insert({i, j});
  EXPECT_EQ(found, (std::set<std::pair<int64_t, int64_t>>{
                       {2, 4}, {0, 3}, {1, 2}}));
}

TEST(Orders, APermutationIsOne) {
  auto program =
      programOf(selfAttention("in_order(p, causal)", ", p: i32[N]"));
  for (const std::vector<double> &data :
       {std::vector<double>{0, 2, 2}, {0, 1, 3}, {-1, 1, 2}}) {
    Pairs pairs(program->kernels[0], 0, {{"N", 3}}, {{"p", {{3}, data}}});
    pairs.at(0, 0, 0);
    EXPECT_NE(pairs.environment.problem, "");
  }
  Pairs pairs(program->kernels[0], 0, {{"N", 3}}, {{"p", {{3}, {2, 0, 1}}}});
  EXPECT_EQ(orderOf(pairs), (std::vector<int64_t>{2, 0, 1}));
  EXPECT_EQ(pairs.environment.problem, "");
}

TEST(Orders, DrawsAreOfRanks) {
  // Blocks of the order, not of the tokens.
  auto plain = programOf(selfAttention("random_blocks(2, 2, 5)"));
  auto turned = programOf(selfAttention(
      "in_order(p, random_blocks(2, 2, 5))", ", p: i32[N]"));
  Pairs a(plain->kernels[0], 0, {{"N", 8}});
  Pairs c(turned->kernels[0], 0, {{"N", 8}},
          {{"p", {{8}, {7, 6, 5, 4, 3, 2, 1, 0}}}});
  for (int64_t i = 0; i < 8; ++i)
    for (int64_t j = 0; j < 8; ++j)
      EXPECT_EQ(c.at(0, i, j), a.at(0, 7 - i, 7 - j));
}

TEST(Heads, VaryOnlyWhereTheyDo) {
  auto varies = [](const std::string &pattern, const std::string &more = "") {
    auto program = programOf(selfAttention(pattern, more));
    const ProgramKernel &kernel = program->kernels[0];
    for (const ProgramValue &value : kernel.values)
      if (value.op == TensorOp::Attend)
        return reference::variesByHead(value.pattern, [&](int set) {
          return kernel.values[set].types[0].rank() > 1;
        });
    return false;
  };
  EXPECT_FALSE(varies("window(3, 3) & causal"));
  EXPECT_TRUE(varies("heads(0..1: all, 1..2: causal)"));
  EXPECT_TRUE(varies("all - random_blocks(2, 2, 5)"));
  EXPECT_TRUE(varies("{ (h, i, j) : i - j < h }"));
  EXPECT_TRUE(varies("window(t, 0)", ", t: i32[H]"));
  EXPECT_FALSE(varies("segments(t)", ", t: i32[N]"));
  EXPECT_TRUE(varies("segments(t)", ", t: i32[H, N]"));
  EXPECT_TRUE(varies("segments(t)", ", t: i32[B, N]"));
  EXPECT_FALSE(varies("keys(g)", ", g: index[G] in N"));
  EXPECT_TRUE(varies("keys(g)", ", g: index[H, G] in N"));
  EXPECT_FALSE(varies("in_order(p, causal)", ", p: i32[N]"));
  EXPECT_TRUE(varies("in_order(p, causal)", ", p: i32[H, N]"));
}

} // namespace
