//===- Grow.cpp - patterns from a seed, and less of them ------------------===//

#include "Grown.h"

#include <algorithm>
#include <numeric>

namespace effattn::test {

Term Grower::pattern() {
  square = pick(5) < 2;
  return pattern(pick(4) == 0 ? 3 : 2);
}

Term Grower::pattern(int depth) {
  if (depth == 0 || pick(6) == 0)
    return pick(4) ? positional() : withTable();
  switch (pick(14)) {
  case 0:
  case 1:
  case 2:
  case 3:
    return {Form::Union, {}, {pattern(depth - 1), pattern(depth - 1)}};
  case 4:
  case 5:
    return {Form::Intersection, {}, {pattern(depth - 1), pattern(depth - 1)}};
  case 6:
    return {Form::Difference, {}, {pattern(depth - 1), pattern(depth - 1)}};
  case 7:
    return {Form::Complement, {}, {pattern(depth - 1)}};
  case 8:
    if (byHead)
      return positional();
    byHead = true;
    return {Form::Heads, {}, {pattern(depth - 1), pattern(depth - 1)}};
  case 9:
  case 10:
    return {Form::Comprehension, {}, {condition(2)}};
  case 11: {
    if (!square || inOrder)
      return {Form::Comprehension, {}, {condition(2)}};
    onGrid = true;
    Term body = condition(2);
    onGrid = false;
    return {pick(2) ? Form::Grid : Form::ConstantGrid, {}, {body}};
  }
  case 12: {
    if (!square || inOrder)
      return withTable();
    inOrder = true;
    int kind = pick(4);
    Term body = pick(2) ? positional() : pattern(1);
    inOrder = false;
    if (kind == 2)
      return {Form::Raster, {1 + pick(3), 1 + pick(3)}, {body}};
    Form form = kind == 0   ? Form::Sorted
                : kind == 1 ? Form::Permuted
                            : Form::ColumnMajor;
    return {form, {}, {body}};
  }
  default:
    return withTable();
  }
}

/// What compares positions only.
Term Grower::positional() {
  switch (pick(10)) {
  case 0:
    return {pick(4) ? Form::Causal : Form::All, {}, {}};
  case 1:
  case 2:
    return {Form::Window, {pick(6), pick(4)}, {}};
  case 3:
    return {Form::Dilated, {pick(4), pick(3), 2 + pick(3)}, {}};
  case 4:
    return {Form::Stride, {1 + pick(6)}, {}};
  case 5:
    return {Form::SameBlock, {1 + pick(5), pick(3), pick(2)}, {}};
  case 6:
    return pick(2) ? Term{Form::Prefix, {pick(8)}, {}}
                   : Term{Form::PrefixAt, {}, {}};
  case 7:
    return {Form::WindowAt, {pick(3)}, {}};
  case 8:
    return {Form::Comprehension, {}, {comparison(2)}};
  default:
    return pick(8) ? Term{Form::Causal, {}, {}} : Term{Form::None, {}, {}};
  }
}

Term Grower::withTable() {
  ++tables;
  switch (pick(12)) {
  case 0:
  case 1:
    return {Form::Keys, {}, {}};
  case 2:
    return {Form::Queries, {}, {}};
  case 3:
    return {Form::Segments, {}, {}};
  case 4:
    return {Form::SegmentsByHead, {}, {}};
  case 5:
    return {Form::Blocks, {1 + pick(5)}, {}};
  case 6:
    return {Form::RandomBlocks, {1 + pick(4), 1 + pick(3), pick(100)}, {}};
  case 7: {
    // Often outside of what tables decide, themselves random blocks too.
    Term outside = pick(2) ? positional() : pattern(1);
    return {
        Form::RandomOutside, {1 + pick(4), 1 + pick(3), pick(100)}, {outside}};
  }
  case 8: {
    int64_t modulus = 1 + pick(5);
    return {Form::KeysWhere, {modulus, pick(int(modulus))}, {}};
  }
  case 9:
  case 10:
    return {Form::Comprehension, {}, {comparedTables()}};
  default: {
    if (byHead || inOrder)
      return {Form::Keys, {}, {}};
    byHead = true;
    Term body = condition(1);
    byHead = false;
    return {Form::HeadComprehension, {}, {body}};
  }
  }
}

Term Grower::condition(int depth) {
  if (depth == 0)
    return comparison(1);
  switch (pick(12)) {
  case 0:
  case 1:
  case 2:
    return {Form::And, {}, {condition(depth - 1), condition(depth - 1)}};
  case 3:
  case 4:
    return {Form::Or, {}, {condition(depth - 1), condition(depth - 1)}};
  case 5:
    return {Form::Not, {}, {condition(depth - 1)}};
  case 6: {
    int64_t name = names++, low = pick(3) - 1, high = low + pick(4);
    // Look-ups are not allowed inside of `exists`.
    int before = tables;
    tables = 99;
    scope.push_back(name);
    Term body = condition(depth - 1);
    scope.pop_back();
    tables = before;
    return {Form::Exists, {name, low, high}, {body}};
  }
  case 7:
    return {Form::IfCondition,
            {},
            {comparison(1), condition(depth - 1), condition(depth - 1)}};
  case 8: {
    int64_t name = names++;
    Term value = integer(1);
    scope.push_back(name);
    Term body = condition(depth - 1);
    scope.pop_back();
    return {Form::LetCondition, {name}, {value, body}};
  }
  case 9:
    if (++tables < 3) {
      switch (pick(8)) {
      case 0:
        return {Form::InKeys, {}, {}};
      case 1:
        return {Form::InQueries, {}, {}};
      case 2:
        return {Form::EqualLabels, {}, {}};
      case 3:
        return {
            Form::LabelIs, {pick(4)}, {{pick(2) ? Form::I : Form::J, {}, {}}}};
      case 4:
      case 5:
      case 6:
        return comparedTables();
      default: {
        int64_t size = 1 + pick(4);
        return {Form::Bit,
                {},
                {{Form::Div, {size}, {{Form::I, {}, {}}}},
                 {Form::Div, {size}, {{Form::J, {}, {}}}}}};
      }
      }
    }
    return comparison(2);
  default:
    return comparison(2);
  }
}

/// What a table says of a row or a column, compared with the other: one
/// comparison, or two that make a span or leave it out.
Term Grower::comparedTables() {
  static const int operators[] = {0, 1, 2, 3};
  bool ofRow = pick(2);
  Term own = {ofRow ? Form::I : Form::J, {}, {}},
       other = {ofRow ? Form::J : Form::I, {}, {}};
  Term start = {Form::Start, {}, {own}}, end = {Form::End, {}, {own}};
  switch (pick(6)) {
  case 0:
    return {Form::Compare, {operators[pick(4)]}, {start, other}};
  case 1:
    return {
        Form::Compare, {operators[pick(4)]}, {start, {Form::End, {}, {other}}}};
  case 2:
    return {Form::Compare,
            {operators[pick(4)]},
            {{Form::Add, {}, {start, integer(1)}}, other}};
  case 3:
    return {Form::Compare,
            {operators[pick(4)]},
            {{Form::Abs, {}, {{Form::Sub, {}, {other, end}}}},
             {Form::Constant, {pick(6)}, {}}}};
  case 4:
    return {Form::And,
            {},
            {{Form::Compare, {1}, {start, other}},
             {Form::Compare, {0}, {other, end}}}};
  default:
    return {Form::Or,
            {},
            {{Form::Compare, {0}, {other, start}},
             {Form::Compare, {3}, {other, end}}}};
  }
}

Term Grower::comparison(int depth) {
  Term difference = {Form::Sub, {}, {{Form::I, {}, {}}, {Form::J, {}, {}}}};
  if (onGrid && pick(3)) {
    bool row = pick(2);
    difference = {Form::Sub,
                  {},
                  {{row ? Form::IY : Form::IX, {}, {}},
                   {row ? Form::JY : Form::JX, {}, {}}}};
    if (pick(2))
      difference = {Form::Abs, {}, {difference}};
  }
  if (pick(8) == 0) {
    int64_t low = pick(4) - 2;
    return {Form::Between, {low, low + 1 + pick(6)}, {integer(depth)}};
  }
  Term a = pick(2) ? difference : integer(depth);
  // Steps along an axis: boxes of residues.
  if (pick(onGrid ? 3 : 6) == 0) {
    int64_t modulus = 2 + pick(4);
    return {Form::Compare,
            {4},
            {{Form::Mod, {modulus}, {a}},
             {Form::Constant, {pick(int(modulus))}, {}}}};
  }
  Term b = pick(2) ? Term{Form::Constant, {pick(9) - 2}, {}} : integer(depth);
  static const int operators[] = {0, 1, 1, 2, 3, 4, 5};
  return {Form::Compare, {operators[pick(7)]}, {a, b}};
}

Term Grower::integer(int depth) {
  if (depth == 0 || pick(4) == 0)
    return leaf();
  Term a = integer(depth - 1);
  switch (pick(10)) {
  case 0:
    return {Form::Add, {}, {a, integer(depth - 1)}};
  case 1:
    return {Form::Sub, {}, {a, integer(depth - 1)}};
  case 2:
    return {Form::Times, {1 + pick(3)}, {a}};
  case 3:
  case 4:
    return {Form::Div, {2 + pick(5)}, {a}};
  case 5:
  case 6:
    return {Form::Mod, {2 + pick(5)}, {a}};
  case 7:
    return {pick(2) ? Form::Min : Form::Max, {}, {a, integer(depth - 1)}};
  case 8:
    return {Form::Abs, {}, {a}};
  default:
    return {Form::IfInteger, {}, {comparison(0), a, integer(depth - 1)}};
  }
}

Term Grower::leaf() {
  if (!scope.empty() && pick(3) == 0)
    return {Form::Bound, {scope[pick(int(scope.size()))]}, {}};
  if (onGrid && pick(2)) {
    static const Form forms[] = {Form::IY, Form::IX, Form::JY, Form::JX};
    return {forms[pick(4)], {}, {}};
  }
  switch (pick(14)) {
  case 0:
  case 1:
  case 2:
  case 3:
    return {Form::I, {}, {}};
  case 4:
  case 5:
  case 6:
  case 7:
    return {Form::J, {}, {}};
  case 8:
    return {pick(2) ? Form::SizeN : Form::SizeM, {}, {}};
  case 9:
    return {Form::ArgumentP, {}, {}};
  case 10:
    if (++tables < 3)
      return {Form::Label, {}, {{pick(2) ? Form::I : Form::J, {}, {}}}};
    return {Form::Constant, {pick(5)}, {}};
  case 11:
    return {Form::Constant, {pick(9)}, {}};
  default:
    return {pick(2) ? Form::I : Form::J, {}, {}};
  }
}

World Grower::world() {
  World world;
  world.Y = 1 + pick(5);
  world.X = 1 + pick(5);
  world.N = square ? world.Y * world.X : pick(18);
  world.M = square || pick(3) == 0 ? world.N : pick(18);
  world.P = pick(7);
  auto draw = [&](size_t count, int bound) {
    std::vector<int64_t> values(count);
    for (int64_t &value : values)
      value = pick(bound);
    return values;
  };
  int labels = 1 + pick(4);
  world.t = draw(World::tableLength, labels);
  world.u = draw(World::heads * World::tableLength, labels);
  if (pick(2)) {
    std::sort(world.t.begin(), world.t.end());
    std::sort(world.u.begin(), world.u.begin() + World::tableLength);
    std::sort(world.u.begin() + World::tableLength, world.u.end());
  }
  world.s = draw(world.N, 4);
  world.bm = draw(World::blocks * World::blocks, 2);
  world.pm.resize(world.N);
  std::iota(world.pm.begin(), world.pm.end(), 0);
  for (int64_t k = world.N; k > 1; --k)
    std::swap(world.pm[k - 1], world.pm[pick(int(k))]);
  auto members = [&](int64_t bound) {
    std::vector<int64_t> set;
    for (int64_t k = 0; k < bound; ++k)
      if (pick(4) == 0)
        set.push_back(k);
    return set;
  };
  world.keys = members(world.M);
  world.queries = members(world.N);
  // Positions, a few of them outside; the ends after the starts mostly.
  world.st = draw(World::tableLength, 20);
  world.en = draw(World::tableLength, 20);
  bool areSpans = pick(3), areSorted = pick(2);
  for (int64_t k = 0; k < World::tableLength; ++k) {
    world.st[k] -= 1;
    world.en[k] += areSpans ? world.st[k] - 8 : 0;
  }
  if (areSorted) {
    std::sort(world.st.begin(), world.st.end());
    std::sort(world.en.begin(), world.en.end());
  }
  return world;
}

//===----------------------------------------------------------------------===//
// Shrinking
//===----------------------------------------------------------------------===//

int sizeOf(const Term &term) {
  int size = 1;
  for (int64_t number : term.ints)
    size += number > 2 ? 1 : 0;
  for (const Term &kid : term.kids)
    size += sizeOf(kid);
  return size;
}

std::vector<Term> smaller(const Term &term) {
  std::vector<Term> result;
  for (const Term &kid : term.kids)
    if (typeOf(kid.form) == typeOf(term.form))
      result.push_back(kid);
  switch (typeOf(term.form)) {
  case TermType::Pattern:
    for (Form form : {Form::All, Form::None, Form::Causal})
      if (!term.kids.empty() || !term.ints.empty())
        result.push_back({form, {}, {}});
    break;
  case TermType::Condition:
    if (term.form != Form::True && term.form != Form::False)
      result.insert(result.end(),
                    {{Form::True, {}, {}}, {Form::False, {}, {}}});
    break;
  case TermType::Integer:
    if (term.form != Form::Constant)
      result.push_back({Form::Constant, {0}, {}});
    if (!term.kids.empty())
      result.insert(result.end(), {{Form::I, {}, {}}, {Form::J, {}, {}}});
    break;
  }
  for (size_t k = 0; k < term.ints.size(); ++k)
    if (term.ints[k] > 1 && term.form != Form::Compare) {
      Term less = term;
      less.ints[k] /= 2;
      result.push_back(less);
    }
  for (size_t k = 0; k < term.kids.size(); ++k)
    for (const Term &kid : smaller(term.kids[k])) {
      Term less = term;
      less.kids[k] = kid;
      result.push_back(less);
    }
  return result;
}

namespace {

/// Tables of the sizes that a world has.
World fitted(World world, bool square) {
  if (square)
    world.N = world.M = world.Y * world.X;
  std::vector<int64_t> order;
  for (int64_t token : world.pm)
    if (token < world.N)
      order.push_back(token);
  world.pm = order;
  world.s.resize(world.N);
  std::erase_if(world.keys, [&](int64_t k) { return k >= world.M; });
  std::erase_if(world.queries, [&](int64_t k) { return k >= world.N; });
  return world;
}

} // namespace

std::vector<World> smaller(const World &world) {
  std::vector<World> result;
  bool square = world.N == world.M && world.N == world.Y * world.X;
  auto with = [&](int64_t World::*field, int64_t value) {
    World less = world;
    less.*field = value;
    result.push_back(fitted(less, square));
  };
  if (square) {
    if (world.Y > 1)
      with(&World::Y, world.Y - 1);
    if (world.X > 1)
      with(&World::X, world.X - 1);
  } else {
    for (int64_t step : {8, 1}) {
      if (world.N >= step)
        with(&World::N, world.N - step);
      if (world.M >= step)
        with(&World::M, world.M - step);
    }
  }
  if (world.P > 0)
    with(&World::P, world.P / 2);
  World less = world;
  if (!world.keys.empty()) {
    less.keys.pop_back();
    result.push_back(less);
    less = world;
  }
  if (!world.queries.empty()) {
    less.queries.pop_back();
    result.push_back(less);
  }
  return result;
}

} // namespace effattn::test
