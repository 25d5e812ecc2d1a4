//===- PatternFilesTest.cpp - the files of patterns/, pair by pair --------===//
//
// Each file beside the definition of its system, written here another way: as
// lists of keys, or with distances spelled out. Off-by-ones show here.
//
//===----------------------------------------------------------------------===//

#include "test/unit/Reference/PatternFiles.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

using namespace effattn;
using namespace effattn::test;

namespace {

using Sizes = std::map<std::string, int64_t>;
using Sets = std::map<std::string, std::string>;
/// Is key j one of query i, head h?
using Definition = std::function<bool(int64_t h, int64_t i, int64_t j)>;

void expectPairs(const std::string &file, const Sets &sets, const Sizes &sizes,
                 const Definition &definition, int attend = 0,
                 const std::map<std::string, reference::Tensor> &tables = {}) {
  SCOPED_TRACE(file);
  auto program = programOfFile(file, sets);
  Pairs pairs(program->kernels[0], attend, sizes, tables);
  for (int64_t h = 0; h < pairs.heads; ++h)
    for (int64_t i = 0; i < pairs.queries; ++i)
      for (int64_t j = 0; j < pairs.keys; ++j)
        ASSERT_EQ(pairs.at(h, i, j), definition(h, i, j))
            << "head " << h << ", query " << i << ", key " << j;
}

TEST(PatternFiles, Windows) {
  for (int64_t n : {1, 5, 17, 40}) {
    expectPairs("local", {{"left", "3"}, {"right", "2"}}, {{"N", n}},
                [](int64_t, int64_t i, int64_t j) {
                  return j >= i - 3 && j <= i + 2;
                });
    expectPairs("dilated", {{"w", "2"}, {"d", "3"}}, {{"N", n}},
                [](int64_t, int64_t i, int64_t j) {
                  int64_t far = std::abs(i - j);
                  return far == 0 || far == 3 || far == 6;
                });
    expectPairs("atrous", {{"m", "4"}}, {{"N", n}},
                [](int64_t, int64_t i, int64_t j) {
                  return std::abs(i - j) % 4 == 0;
                });
    expectPairs("sparse_self", {{"m", "4"}}, {{"N", n}},
                [](int64_t, int64_t i, int64_t j) {
                  return std::abs(i - j) <= 4 || std::abs(i - j) % 4 == 0;
                });
    expectPairs("causal_blocks", {{"s", "4"}}, {{"N", n}},
                [](int64_t, int64_t i, int64_t j) { return i / 4 >= j / 4; });
    expectPairs("prefix", {}, {{"N", n}, {"P", 3}},
                [](int64_t, int64_t i, int64_t j) { return j < 3 || j <= i; });
  }
}

TEST(PatternFiles, OverlappingChunksHaveTheNearestCentre) {
  for (auto [n, s, t] : {std::array<int64_t, 3>{40, 8, 4}, {41, 8, 5},
                         {7, 8, 4}, {33, 7, 3}, {1, 8, 4}, {24, 6, 6}})
    expectPairs("overlapping_chunks",
                {{"s", std::to_string(s)}, {"t", std::to_string(t)}},
                {{"N", n}}, [&](int64_t, int64_t i, int64_t j) {
                  int64_t chunks = 1;
                  while ((chunks - 1) * t + s < n)
                    ++chunks;
                  int64_t owner = 0;
                  auto distance = [&](int64_t c) {
                    return std::abs(2 * i - (2 * c * t + s - 1));
                  };
                  for (int64_t c = 1; c < chunks; ++c)
                    if (distance(c) < distance(owner))
                      owner = c;
                  return j >= owner * t && j < owner * t + s;
                });
}

TEST(PatternFiles, SparseTransformer) {
  const Sets l{{"l", "8"}};
  const Sets fixed{{"l", "8"}, {"c", "3"}};
  auto local = [](int64_t i, int64_t j) { return j > i - 8 && j <= i; };
  auto strided = [](int64_t i, int64_t j) { return j <= i && (i - j) % 8 == 0; };
  auto block = [](int64_t i, int64_t j) { return j <= i && i / 8 == j / 8; };
  auto columns = [](int64_t i, int64_t j) { return j <= i && j % 8 >= 5; };
  for (int64_t n : {1, 9, 43}) {
    Sizes sizes{{"N", n}, {"H", 4}};
    expectPairs("sparse_strided", l, sizes,
                [&](int64_t, int64_t i, int64_t j) {
                  return local(i, j) || strided(i, j);
                });
    expectPairs("sparse_strided_heads", l, sizes,
                [&](int64_t h, int64_t i, int64_t j) {
                  return h < 2 ? local(i, j) : strided(i, j);
                });
    expectPairs("sparse_fixed", fixed, sizes,
                [&](int64_t, int64_t i, int64_t j) {
                  return block(i, j) || columns(i, j);
                });
    expectPairs("sparse_fixed_heads", fixed, sizes,
                [&](int64_t h, int64_t i, int64_t j) {
                  return h < 2 ? block(i, j) : columns(i, j);
                });
  }
  // As released: the layout by blocks of 2, l = 16, 4 groups of 1, 5 heads.
  expectPairs("sparse_fixed_groups",
              {{"l", "16"}, {"s", "2"}, {"groups", "4"}, {"size", "2"}},
              {{"N", 64}, {"H", 5}}, [&](int64_t h, int64_t i, int64_t j) {
                const int64_t stride = 8;
                std::vector<int64_t> indices;
                for (int64_t k = stride - 1; k >= 0; --k)
                  indices.push_back(k);
                bool inColumns = false;
                for (int64_t k = 0; k < 2; ++k)
                  inColumns |= j / 2 % stride == indices[h % 4 * 2 + k];
                return j <= i && (i / 16 == j / 16 || inColumns);
              });
}

TEST(PatternFiles, ImageTransformer) {
  for (int64_t n : {7, 50}) {
    expectPairs("image_1d", {{"s", "8"}}, {{"N", n}},
                [](int64_t, int64_t i, int64_t j) {
                  return j <= i && j / 8 >= i / 8 - 1;
                });
    expectPairs("image_1d_full", {{"s", "8"}, {"f", "3"}}, {{"N", n}},
                [](int64_t, int64_t i, int64_t j) {
                  int64_t first = i - i % 8;
                  return j >= first - 3 && j < first + 11;
                });
  }
  const int64_t Y = 13, X = 11;
  expectPairs(
      "image_2d", {{"bh", "4"}, {"bw", "3"}, {"fh", "2"}, {"fw", "5"}},
      {{"N", Y * X}, {"Y", Y}, {"X", X}}, [&](int64_t, int64_t i, int64_t j) {
        int64_t iy = i / X, ix = i % X, y = j / X, x = j % X;
        int64_t top = iy - iy % 4, left = ix - ix % 3;
        if (y < top)
          return y >= top - 2 && x >= left - 5 && x < left + 3 + 5;
        if (y >= top + 4)
          return false;
        if (x < left)
          return x >= left - 5;
        return x < left + 3 && j <= i;
      });
  // The rank in block raster, by counting what comes before.
  auto key = [&](int64_t token) {
    int64_t y = token / X, x = token % X;
    return std::array<int64_t, 3>{y / 4, x / 3, token};
  };
  std::vector<int64_t> rank(Y * X);
  for (int64_t a = 0; a < Y * X; ++a)
    for (int64_t other = 0; other < Y * X; ++other)
      rank[a] += key(other) < key(a);
  expectPairs("image_raster", {{"bh", "4"}, {"bw", "3"}, {"w", "9"}},
              {{"N", Y * X}, {"Y", Y}, {"X", X}},
              [&](int64_t, int64_t i, int64_t j) {
                int64_t back = rank[i] - rank[j];
                return back >= 0 && back <= 9;
              });
}

TEST(PatternFiles, Axial) {
  const int64_t Y = 5, X = 8;
  const Sizes sizes{{"N", Y * X}, {"Y", Y}, {"X", X}};
  auto row = [&](int64_t, int64_t i, int64_t j) { return i / X == j / X; };
  auto above = [&](int64_t, int64_t i, int64_t j) {
    return i % X == j % X && j <= i;
  };
  expectPairs("axial_rows", {}, sizes, row);
  expectPairs("axial_columns", {}, sizes, above);
  const Sets eight{{"X", "8"}};
  expectPairs("axial_image", eight, {{"N", Y * X}}, row, 0);
  expectPairs("axial_image", eight, {{"N", Y * X}}, above, 1);
  expectPairs("axial_image", eight, {{"N", Y * X}},
              [&](int64_t h, int64_t i, int64_t j) {
                return row(h, i, j) && j <= i;
              },
              2);
}

TEST(PatternFiles, GlobalTokens) {
  const std::map<std::string, reference::Tensor> g = {
      {"g", {{3}, {0, 7, 20}}}};
  auto isGlobal = [](int64_t t) { return t == 0 || t == 7 || t == 20; };
  const Sizes sizes{{"N", 30}, {"H", 4}, {"G", 3}};
  auto near = [](int64_t i, int64_t j) { return std::abs(i - j) <= 4; };
  expectPairs("longformer_shared", {{"w", "4"}}, sizes,
              [&](int64_t, int64_t i, int64_t j) {
                return near(i, j) || isGlobal(i) || isGlobal(j);
              },
              0, g);
  for (int part : {0, 1})
    expectPairs("longformer_dilated", {{"w", "4"}}, sizes,
                [&](int64_t h, int64_t i, int64_t j) {
                  int64_t far = std::abs(i - j);
                  return part == 0 || isGlobal(j) ||
                         (h < 2 ? far <= 4 : far <= 8 && far % 2 == 0);
                },
                part, g);
}

TEST(PatternFiles, BigBirdWithoutItsDraws) {
  // Drawn blocks: MembershipTest. What is near is near in both.
  for (int64_t n : {9, 64}) {
    auto program = programOfFile("bigbird", {{"s", "4"}, {"count", "0"}});
    Pairs pairs(program->kernels[0], 0, {{"N", n}});
    int64_t last = (n + 3) / 4 - 1;
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < n; ++j) {
        int64_t u = i / 4, w = j / 4;
        bool isNear = w == 0 || w == last || u == 0 || u == last ||
                      w == u - 1 || w == u || w == u + 1;
        ASSERT_EQ(pairs.at(0, i, j), isNear) << i << " " << j;
      }
  }
}

TEST(PatternFiles, Summaries) {
  for (int64_t n : {4, 31}) {
    const Sets s{{"s", "4"}};
    expectPairs("hierarchical", s, {{"N", n}},
                [](int64_t, int64_t i, int64_t j) {
                  return j <= i && i / 4 == j / 4;
                });
    // Slot j is tokens 4j to 4j + 3: visible once all of them are past.
    expectPairs("hierarchical", s, {{"N", n}},
                [](int64_t, int64_t i, int64_t j) { return 4 * j + 3 < i; }, 1);
  }
}

/// The keys of one axis, as the definition of NATTEN lists them.
std::set<int64_t> neighbours(int64_t x, int64_t length, int64_t w, int64_t d,
                             int64_t step, bool causal = false) {
  int64_t r = x % d, p = x / d, classLength = 0;
  for (int64_t y = r; y < length; y += d)
    ++classLength;
  std::set<int64_t> keys;
  if (causal) {
    for (int64_t k = std::max<int64_t>(p - w + 1, 0); k <= p; ++k)
      keys.insert(r + d * k);
    return keys;
  }
  int64_t leader =
      step == 1 ? p : std::min(p / step * step + step / 2, classLength - 1);
  int64_t start =
      std::max<int64_t>(0, std::min(leader - w / 2, classLength - w));
  for (int64_t k = start; k < std::min(start + w, classLength); ++k)
    keys.insert(r + d * k);
  return keys;
}

TEST(PatternFiles, NeighbourhoodsOfOneAxis) {
  for (int64_t n : {3, 20, 37})
    for (int64_t w : {1, 4, 5})
      for (int64_t d : {1, 3})
        for (int64_t step : {1, 2, 3})
          expectPairs("neighbourhood_1d",
                      {{"w", std::to_string(w)},
                       {"d", std::to_string(d)},
                       {"st", std::to_string(step)}},
                      {{"N", n}}, [&](int64_t, int64_t i, int64_t j) {
                        return neighbours(i, n, w, d, step).count(j) > 0;
                      });
}

TEST(PatternFiles, NeighbourhoodsOfTwoAxes) {
  const int64_t Y = 9, X = 11;
  const Sizes sizes{{"N", Y * X}, {"Y", Y}, {"X", X}};
  auto check = [&](const std::string &file, const Sets &sets, auto inY,
                   auto inX) {
    expectPairs(file, sets, sizes, [&](int64_t, int64_t i, int64_t j) {
      return inY(i / X).count(j / X) && inX(i % X).count(j % X);
    });
  };
  auto axis = [](int64_t length, int64_t w, int64_t d, int64_t step,
                 bool causal = false) {
    return [=](int64_t x) { return neighbours(x, length, w, d, step, causal); };
  };
  check("neighbourhood_2d", {{"wy", "5"}, {"wx", "3"}}, axis(Y, 5, 1, 1),
        axis(X, 3, 1, 1));
  check("neighbourhood_2d_strided",
        {{"wy", "3"}, {"wx", "2"}, {"dy", "2"}, {"dx", "3"}, {"sy", "2"},
         {"sx", "3"}},
        axis(Y, 3, 2, 2), axis(X, 2, 3, 3));
  check("neighbourhood_2d_dilated", {{"wy", "3"}, {"wx", "5"}, {"d", "2"}},
        axis(Y, 3, 2, 1), axis(X, 5, 1, 1));
  check("neighbourhood_2d_causal", {{"wy", "4"}, {"wx", "5"}},
        axis(Y, 4, 1, 1, true), axis(X, 5, 1, 1));
  expectPairs("neighbourhood_2d_clipped", {{"w", "2"}}, sizes,
              [&](int64_t, int64_t i, int64_t j) {
                return std::abs(i / X - j / X) <= 2 &&
                       std::abs(i % X - j % X) <= 2;
              });
}

TEST(PatternFiles, NeighbourhoodsOfThreeAxes) {
  const int64_t Z = 4, Y = 5, X = 6;
  expectPairs("neighbourhood_3d", {{"wz", "2"}, {"wy", "3"}, {"wx", "4"}},
              {{"N", Z * Y * X}, {"Z", Z}, {"Y", Y}, {"X", X}, {"H", 1}},
              [&](int64_t, int64_t i, int64_t j) {
                return neighbours(i / X / Y, Z, 2, 1, 1, true)
                           .count(j / X / Y) &&
                       neighbours(i / X % Y, Y, 3, 1, 1).count(j / X % Y) &&
                       neighbours(i % X, X, 4, 1, 1).count(j % X);
              });
}

TEST(PatternFiles, Tables) {
  reference::Tensor labels{{1, 9}, {4, 4, 1, 4, 0, 1, 1, 0, 4}};
  auto same = [&](int64_t i, int64_t j) {
    return labels.data[i] == labels.data[j];
  };
  const Sizes sizes{{"N", 9}, {"H", 2}};
  expectPairs("documents", {}, sizes,
              [&](int64_t, int64_t i, int64_t j) { return same(i, j); }, 0,
              {{"seg", labels}});
  expectPairs("documents_causal", {}, sizes,
              [&](int64_t, int64_t i, int64_t j) {
                return same(i, j) && j <= i;
              },
              0, {{"seg", labels}});
  expectPairs("documents_unsorted", {}, sizes,
              [&](int64_t, int64_t i, int64_t j) {
                return same(i, j) && j <= i;
              },
              0, {{"lab", {{9}, labels.data}}});
  reference::Tensor perm{{9}, {3, 0, 8, 1, 2, 7, 6, 4, 5}};
  std::vector<int64_t> rank(9);
  for (int64_t r = 0; r < 9; ++r)
    rank[static_cast<int64_t>(perm.data[r])] = r;
  expectPairs("reordered", {{"w", "2"}}, sizes,
              [&](int64_t, int64_t i, int64_t j) {
                return std::abs(rank[i] - rank[j]) <= 2;
              },
              0, {{"perm", perm}});
  reference::Tensor bitmap{{2, 3, 3}, {1, 0, 0, 0, 1, 1, 0, 0, 1, //
                                       0, 1, 0, 0, 0, 0, 1, 1, 1}};
  expectPairs("block_bitmap", {{"s", "4"}}, sizes,
              [&](int64_t h, int64_t i, int64_t j) {
                return bitmap.data[h * 9 + i / 4 * 3 + j / 4] != 0;
              },
              0, {{"bitmap", bitmap}});
  expectPairs("adaptive_span", {}, sizes,
              [&](int64_t h, int64_t i, int64_t j) {
                return j <= i && j > i - (h == 0 ? 3 : 7);
              },
              0, {{"span", {{2}, {3, 7}}}});
}

TEST(PatternFiles, EtcMasks) {
  const int64_t n = 9, w = 2;
  reference::Tensor mask{{n, 2 * w + 1}, {}};
  for (int64_t k = 0; k < mask.size(); ++k)
    mask.data.push_back(k % 3 != 0);
  expectPairs("etc", {{"w", "2"}}, {{"N", n}, {"G", 3}, {"H", 2}},
              [&](int64_t, int64_t i, int64_t j) {
                for (int64_t offset = -w; offset <= w; ++offset)
                  if (i + offset == j)
                    return mask.data[i * (2 * w + 1) + w + offset] != 0;
                return false;
              },
              0, {{"mask_ll", mask}});
}

} // namespace
