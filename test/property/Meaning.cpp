//===- Meaning.cpp - what grown patterns mean, pair by pair ---------------===//
//
// From docs/language.md: the table of patterns, S7, S8 (look-ups are clamped
// here), S11.
//
//===----------------------------------------------------------------------===//

#include "Grown.h"

#include <algorithm>
#include <numeric>

namespace effattn::test {

namespace {

int64_t floorDivide(int64_t a, int64_t b) {
  return a >= 0 ? a / b : -((-a + b - 1) / b);
}
int64_t modulo(int64_t a, int64_t b) { return a - b * floorDivide(a, b); }

int64_t at(const std::vector<int64_t> &table, int64_t first, int64_t length,
           int64_t index) {
  return table[first + std::clamp<int64_t>(index, 0, length - 1)];
}

/// S7: a step of the generator on 64 bits.
uint64_t scramble(uint64_t x) {
  x += 0x9E3779B97F4A7C15;
  x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
  x = (x ^ x >> 27) * 0x94D049BB133111EB;
  return x ^ x >> 31;
}

} // namespace

bool Meaning::holds(int64_t head, int64_t i, int64_t j) {
  h = head;
  return pairs(pattern, i, j);
}

bool Meaning::sameLabel(const std::vector<int64_t> &table, int64_t offset,
                        int64_t i, int64_t j) const {
  return at(table, offset, World::tableLength, i) ==
         at(table, offset, World::tableLength, j);
}

bool Meaning::pairs(const Term &term, int64_t i, int64_t j) {
  const auto &n = term.ints;
  int64_t p = i + world.q0(), back = p - j;
  auto kid = [&](int k) { return pairs(term.kids[k], i, j); };
  switch (term.form) {
  case Form::All:
    return true;
  case Form::None:
    return false;
  case Form::Causal:
    return j <= p;
  case Form::Window:
    return -n[1] <= back && back <= n[0];
  case Form::Dilated:
    return -n[1] * n[2] <= back && back <= n[0] * n[2] &&
           modulo(back, n[2]) == 0;
  case Form::WindowAt:
    return -n[0] <= back && back <= world.P;
  case Form::Stride:
    return modulo(back, n[0]) == 0;
  case Form::SameBlock: {
    int64_t blocks = floorDivide(p, n[0]) - floorDivide(j, n[0]);
    return -n[2] <= blocks && blocks <= n[1];
  }
  case Form::Prefix:
    return j < n[0] || j <= p;
  case Form::PrefixAt:
    return j < world.P || j <= p;
  case Form::Segments:
    return sameLabel(world.t, 0, i, j);
  case Form::SegmentsByHead:
    return sameLabel(world.u, h * World::tableLength, i, j);
  case Form::Blocks: {
    int64_t row =
        std::clamp<int64_t>(floorDivide(p, n[0]), 0, World::blocks - 1);
    return at(world.bm, row * World::blocks, World::blocks,
              floorDivide(j, n[0]));
  }
  case Form::RandomBlocks:
  case Form::RandomOutside:
    return isDrawn(term, i, j);
  case Form::Queries:
    return std::binary_search(world.queries.begin(), world.queries.end(), i);
  case Form::Keys:
    return std::binary_search(world.keys.begin(), world.keys.end(), j);
  case Form::KeysWhere:
    return modulo(j, n[0]) == n[1];
  case Form::Comprehension:
  case Form::HeadComprehension:
  case Form::Grid:
  case Form::ConstantGrid:
    return condition(term.kids[0], i, j);
  case Form::Sorted:
  case Form::Permuted:
  case Form::Raster:
  case Form::ColumnMajor: {
    const std::vector<int64_t> &rank = ranks(term);
    return pairs(term.kids[0], rank[i], rank[j]);
  }
  case Form::Heads:
    return kid(h == 0 ? 0 : 1);
  case Form::Union:
    return kid(0) || kid(1);
  case Form::Intersection:
    return kid(0) && kid(1);
  case Form::Difference:
    return kid(0) && !kid(1);
  default: // Complement
    return !kid(0);
  }
}

bool Meaning::condition(const Term &term, int64_t i, int64_t j) {
  const auto &n = term.ints;
  auto kid = [&](int k) { return condition(term.kids[k], i, j); };
  auto number = [&](int k) { return integer(term.kids[k], i, j); };
  switch (term.form) {
  case Form::True:
    return true;
  case Form::False:
    return false;
  case Form::Compare: {
    int64_t a = number(0), b = number(1);
    const bool results[] = {a<b, a <= b, a> b, a >= b, a == b, a != b};
    return results[n[0]];
  }
  case Form::Between: {
    int64_t a = number(0);
    return n[0] <= a && a < n[1];
  }
  case Form::And:
    return kid(0) && kid(1);
  case Form::Or:
    return kid(0) || kid(1);
  case Form::Not:
    return !kid(0);
  case Form::Exists:
    for (int64_t value = n[1]; value < n[2]; ++value) {
      bound[n[0]] = value;
      if (kid(0))
        return true;
    }
    return false;
  case Form::IfCondition:
    return kid(0) ? kid(1) : kid(2);
  case Form::LetCondition:
    bound[n[0]] = number(0);
    return condition(term.kids[1], i, j);
  case Form::InKeys:
    return std::binary_search(world.keys.begin(), world.keys.end(), j);
  case Form::InQueries:
    return std::binary_search(world.queries.begin(), world.queries.end(), i);
  case Form::EqualLabels:
    return sameLabel(world.t, 0, i, j);
  case Form::LabelIs:
    return at(world.t, 0, World::tableLength, number(0)) == n[0];
  default: { // Bit
    int64_t row = std::clamp<int64_t>(number(0), 0, World::blocks - 1);
    return at(world.bm, row * World::blocks, World::blocks, number(1));
  }
  }
}

int64_t Meaning::integer(const Term &term, int64_t i, int64_t j) {
  const auto &n = term.ints;
  auto kid = [&](int k) { return integer(term.kids[k], i, j); };
  switch (term.form) {
  case Form::Constant:
    return n[0];
  case Form::I:
    return i;
  case Form::J:
    return j;
  case Form::SizeN:
    return world.N;
  case Form::SizeM:
    return world.M;
  case Form::ArgumentP:
    return world.P;
  case Form::Bound:
    return bound.at(n[0]);
  case Form::Add:
    return kid(0) + kid(1);
  case Form::Sub:
    return kid(0) - kid(1);
  case Form::Times:
    return n[0] * kid(0);
  case Form::Div:
    return floorDivide(kid(0), n[0]);
  case Form::Mod:
    return modulo(kid(0), n[0]);
  case Form::Min:
    return std::min(kid(0), kid(1));
  case Form::Max:
    return std::max(kid(0), kid(1));
  case Form::Abs:
    return std::abs(kid(0));
  case Form::IfInteger:
    return condition(term.kids[0], i, j) ? kid(1) : kid(2);
  case Form::Label:
    return at(world.t, 0, World::tableLength, kid(0));
  case Form::Start:
    return at(world.st, 0, World::tableLength, kid(0));
  case Form::End:
    return at(world.en, 0, World::tableLength, kid(0));
  case Form::Head:
    return h;
  case Form::IY:
    return i / world.X;
  case Form::IX:
    return i % world.X;
  case Form::JY:
    return j / world.X;
  default: // JX
    return j % world.X;
  }
}

/// Token -> rank.
const std::vector<int64_t> &Meaning::ranks(const Term &term) {
  std::vector<int64_t> &rank = orders[&term];
  if (!rank.empty())
    return rank;
  std::vector<int64_t> tokens(world.N);
  std::iota(tokens.begin(), tokens.end(), 0);
  auto sortBy = [&](auto key) {
    std::stable_sort(tokens.begin(), tokens.end(),
                     [&](int64_t a, int64_t b) { return key(a) < key(b); });
  };
  if (term.form == Form::Sorted)
    sortBy([&](int64_t token) { return world.s[token]; });
  if (term.form == Form::Permuted)
    tokens = world.pm;
  if (term.form == Form::Raster)
    sortBy([&](int64_t token) {
      return std::make_pair(token / world.X / term.ints[0],
                            token % world.X / term.ints[1]);
    });
  if (term.form == Form::ColumnMajor)
    sortBy([&](int64_t token) { return token % world.X; });
  rank.resize(world.N);
  for (int64_t k = 0; k < world.N; ++k)
    rank[tokens[k]] = k;
  return rank;
}

/// S7: blocks drawn without replacement among those that `outside` leaves.
bool Meaning::isDrawn(const Term &term, int64_t i, int64_t j) {
  int64_t s = term.ints[0], count = term.ints[1];
  int64_t u = floorDivide(i + world.q0(), s);
  auto key = std::make_tuple(&term, h, u);
  auto known = draws.find(key);
  if (known == draws.end()) {
    std::vector<int64_t> candidates, drawn;
    for (int64_t w = 0; w * s < world.M; ++w) {
      bool touched = false;
      for (int64_t row = 0; row < world.N && !term.kids.empty(); ++row)
        for (int64_t column = w * s; column < std::min((w + 1) * s, world.M);
             ++column)
          touched = touched || (floorDivide(row + world.q0(), s) == u &&
                                pairs(term.kids[0], row, column));
      if (!touched)
        candidates.push_back(w);
    }
    for (int64_t t = 0; t < count && !candidates.empty(); ++t) {
      uint64_t mixed = scramble(uint64_t(term.ints[2]));
      for (int64_t part : {h, u, t})
        mixed = scramble(mixed + uint64_t(part));
      auto r = static_cast<size_t>(
          static_cast<unsigned __int128>(mixed) * candidates.size() >> 64);
      drawn.push_back(candidates[r]);
      candidates.erase(candidates.begin() + r);
    }
    known = draws.emplace(key, drawn).first;
  }
  return std::find(known->second.begin(), known->second.end(), j / s) !=
         known->second.end();
}

} // namespace effattn::test
