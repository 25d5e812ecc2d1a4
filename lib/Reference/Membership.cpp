//===- Membership.cpp - is a pair in a pattern? ---------------------------===//
//
// One straight definition an operator, as docs/language.md has them; nothing
// is shared with the analysis or with the tables that launches make.
//
//===----------------------------------------------------------------------===//

#include "lib/Reference/Reference.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>

namespace effattn::reference {

namespace {

int64_t floorDivide(int64_t a, int64_t b) {
  return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

/// S of rule S7: one round of counter-based mixing.
uint64_t scramble(uint64_t x) {
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
  x = (x ^ x >> 27) * 0x94D049BB133111EBu;
  return x ^ x >> 31;
}

uint64_t mix(int64_t seed, int64_t head, int64_t block, int64_t draw) {
  uint64_t x = scramble(static_cast<uint64_t>(seed));
  for (int64_t part : {head, block, draw})
    x = scramble(x + static_cast<uint64_t>(part));
  return x;
}

} // namespace

struct Membership::Node {
  PatternRef pattern;
  Environment &environment;
  std::vector<std::unique_ptr<Node>> children;
  std::optional<Evaluator> condition;
  std::vector<Evaluator> scalars;
  /// Ranks of an order's tokens, by (order, batch, head).
  std::map<std::array<int64_t, 3>, std::vector<int64_t>> ranks;
  /// Drawn key blocks, by (batch, head, query block).
  std::map<std::array<int64_t, 3>, std::vector<int64_t>> drawn;

  Node(const PatternRef &whole, Environment &environment)
      : pattern(whole), environment(environment) {
    for (const PatternRef &child : pattern->children)
      children.push_back(std::make_unique<Node>(child, environment));
    for (const ScalarRef &scalar : pattern->scalars)
      scalars.emplace_back(scalar, environment);
    if (pattern->kind == PatternKind::OnGrid)
      condition.emplace(pattern->predicate, environment);
    else if (children.empty() && pattern->kind != PatternKind::RandomBlocks)
      condition.emplace(predicate(pattern, nullptr), environment);
  }

  bool holds() {
    switch (pattern->kind) {
    case PatternKind::Union:
      return children[0]->holds() || children[1]->holds();
    case PatternKind::Intersection:
      return children[0]->holds() && children[1]->holds();
    case PatternKind::Difference:
      return children[0]->holds() && !children[1]->holds();
    case PatternKind::Complement:
      return !children[0]->holds();
    case PatternKind::OnGrid:
      return onGrid();
    case PatternKind::Heads:
      return heads();
    case PatternKind::InOrder:
      return inOrder();
    case PatternKind::RandomBlocks:
      return randomBlocks();
    default:
      return condition->value() != 0;
    }
  }

private:
  double &at(const char *name) { return environment.variables[name]; }
  int64_t integer(const char *name) {
    return static_cast<int64_t>(environment.variables[name]);
  }

  /// Row-major coordinates, the last extent varying fastest.
  bool onGrid() {
    static const char *const names[2][3] = {{"i.x", "i.y", "i.z"},
                                            {"j.x", "j.y", "j.z"}};
    for (int token : {0, 1}) {
      int64_t rest = integer(token == 0 ? "i" : "j");
      for (size_t axis = 0; axis < scalars.size(); ++axis) {
        auto length =
            static_cast<int64_t>(scalars[scalars.size() - 1 - axis].value());
        at(names[token][axis]) = static_cast<double>(rest % length);
        rest /= length;
      }
    }
    return condition->value() != 0;
  }

  bool heads() {
    double head = at("h");
    for (size_t k = 0; k < children.size(); ++k)
      if (head >= scalars[2 * k].value() && head < scalars[2 * k + 1].value())
        return children[k]->holds();
    return false;
  }

  /// The child speaks of ranks.
  bool inOrder() {
    double query = at("i"), key = at("j");
    size_t last = pattern->orders.size() - 1;
    double queryRank = rankOf(0, static_cast<int64_t>(query), "N");
    double keyRank = rankOf(last, static_cast<int64_t>(key), "M");
    at("i") = queryRank;
    at("j") = keyRank;
    bool inside = children[0]->holds();
    at("i") = query;
    at("j") = key;
    return inside;
  }

  static bool hasHeads(const Order &order) {
    return order.tableRank >= 2 && !order.byBatch;
  }
  static bool hasBatch(const Order &order) {
    return order.tableRank >= 3 || order.byBatch;
  }

  double rankOf(size_t which, int64_t token, const char *size) {
    const Order &order = pattern->orders[which];
    std::array<int64_t, 3> place = {static_cast<int64_t>(which), 0, 0};
    if (hasHeads(order))
      place[2] = integer("h");
    if (hasBatch(order))
      place[1] = integer("b");
    auto [entry, isNew] = ranks.try_emplace(place);
    if (isNew)
      entry->second = ranksIn(order, integer(size));
    return static_cast<double>(entry->second[token]);
  }

  /// rank[token]; where the tokens cannot be ordered, `problem` says why.
  std::vector<int64_t> ranksIn(const Order &order, int64_t count) {
    std::vector<int64_t> tokens(count), rank(count);
    std::iota(tokens.begin(), tokens.end(), 0);
    if (order.kind == OrderKind::Given) {
      for (int64_t &token : tokens)
        token = tableEntry(order, token);
      std::vector<bool> seen(count, false);
      for (int64_t token : tokens) {
        if (token < 0 || token >= count || seen[token]) {
          environment.problem = "expected a permutation of the tokens, but "
                                "got token " +
                                std::to_string(token) +
                                (token < 0 || token >= count ? "" : " twice");
          return rank;
        }
        seen[token] = true;
      }
    } else {
      std::vector<std::array<int64_t, 4>> keys;
      for (int64_t token : tokens)
        keys.push_back(sortKey(order, token));
      std::stable_sort(tokens.begin(), tokens.end(),
                       [&](int64_t a, int64_t b) { return keys[a] < keys[b]; });
    }
    for (int64_t place = 0; place < count; ++place)
      rank[tokens[place]] = place;
    return rank;
  }

  int64_t tableEntry(const Order &order, int64_t token) {
    std::vector<int64_t> indices;
    if (hasBatch(order))
      indices.push_back(integer("b"));
    if (hasHeads(order))
      indices.push_back(integer("h"));
    indices.push_back(token);
    return static_cast<int64_t>(environment.table(order.table, indices));
  }

  /// Tokens are in the order of these, ties by the token.
  std::array<int64_t, 4> sortKey(const Order &order, int64_t token) {
    if (order.kind == OrderKind::Sort)
      return {tableEntry(order, token)};
    auto extent = [&](size_t k) {
      return static_cast<int64_t>(evaluate(order.scalars[k], environment));
    };
    int64_t width = std::max<int64_t>(extent(1), 1);
    int64_t y = token / width, x = token % width;
    if (order.kind == OrderKind::ColumnMajor)
      return {x, y};
    int64_t high = extent(2), wide = extent(3);
    return {y / high, x / wide, y % high, x % wide};
  }

  /// Rule S7.
  bool randomBlocks() {
    auto size = static_cast<int64_t>(scalars[0].value());
    int64_t block = floorDivide(integer("i") + integer("q0"), size);
    std::array<int64_t, 3> place = {integer("b"), integer("h"), block};
    auto [entry, isNew] = drawn.try_emplace(place);
    if (isNew)
      entry->second = draw(size, block);
    const std::vector<int64_t> &blocks = entry->second;
    return std::find(blocks.begin(), blocks.end(), integer("j") / size) !=
           blocks.end();
  }

  std::vector<int64_t> draw(int64_t size, int64_t block) {
    auto count = static_cast<int64_t>(scalars[1].value());
    auto seed = static_cast<int64_t>(scalars[2].value());
    std::vector<int64_t> candidates, taken;
    for (int64_t first = 0; first < integer("M"); first += size)
      if (children.empty() || !touches(block, size, first))
        candidates.push_back(first / size);
    for (int64_t t = 0; t < count && !candidates.empty(); ++t) {
      using Wide = unsigned __int128;
      auto place = static_cast<size_t>(
          static_cast<Wide>(mix(seed, integer("h"), block, t)) *
              candidates.size() >>
          64);
      taken.push_back(candidates[place]);
      candidates.erase(candidates.begin() + place);
    }
    return taken;
  }

  /// Some row of the query block has a pair of `outside` in the key block.
  bool touches(int64_t block, int64_t size, int64_t firstKey) {
    double query = at("i"), key = at("j");
    bool found = false;
    int64_t queries = integer("N"), q0 = integer("q0");
    int64_t low = std::max<int64_t>(block * size - q0, 0);
    int64_t high = std::min(block * size + size - q0, queries);
    int64_t lastKey = std::min(firstKey + size, integer("M"));
    for (int64_t i = low; i < high && !found; ++i)
      for (int64_t j = firstKey; j < lastKey && !found; ++j) {
        at("i") = static_cast<double>(i);
        at("j") = static_cast<double>(j);
        found = children[0]->holds();
      }
    at("i") = query;
    at("j") = key;
    return found;
  }
};

Membership::Membership(const PatternRef &pattern, Environment &environment)
    : root(std::make_unique<Node>(pattern, environment)) {}
Membership::~Membership() = default;

bool Membership::holds() { return root->holds(); }

bool holds(const PatternRef &pattern, Environment &environment,
           const Pattern **) {
  return Membership(pattern, environment).holds();
}

namespace {

bool variesBy(const ScalarRef &scalar,
              const std::function<bool(int)> &setVaries) {
  return scalar && contains(scalar, [&](const Scalar &node) {
           bool isSet = node.kind == ScalarKind::KeyInSet ||
                        node.kind == ScalarKind::QueryInSet;
           return (isSet && setVaries(node.table)) ||
                  (node.kind == ScalarKind::Variable &&
                   (node.name == "b" || node.name == "h"));
         });
}

} // namespace

bool variesByHead(const PatternRef &pattern,
                  const std::function<bool(int set)> &setVaries) {
  bool ofSet = pattern->kind == PatternKind::Queries ||
               pattern->kind == PatternKind::Keys;
  int own = pattern->kind == PatternKind::Blocks ? 2 : 1;
  if (pattern->kind == PatternKind::Heads ||
      pattern->kind == PatternKind::RandomBlocks ||
      (ofSet && setVaries(pattern->table)) ||
      (!ofSet && pattern->table >= 0 && pattern->tableRank > own) ||
      variesBy(pattern->predicate, setVaries))
    return true;
  for (const ScalarRef &scalar : pattern->scalars)
    if (variesBy(scalar, setVaries))
      return true;
  for (const Order &order : pattern->orders)
    if (order.tableRank > 1)
      return true;
  for (const PatternRef &child : pattern->children)
    if (variesByHead(child, setVaries))
      return true;
  return false;
}

void forEachTable(const PatternRef &pattern,
                  const std::function<void(int table)> &use) {
  if (pattern->table >= 0)
    use(pattern->table);
  auto visit = [&](const ScalarRef &scalar) {
    if (scalar)
      walk(scalar, [&](const Scalar &node) {
        if (node.kind == ScalarKind::Lookup ||
            node.kind == ScalarKind::KeyInSet ||
            node.kind == ScalarKind::QueryInSet)
          use(node.table);
      });
  };
  visit(pattern->predicate);
  for (const ScalarRef &scalar : pattern->scalars)
    visit(scalar);
  for (const Order &order : pattern->orders)
    if (order.table >= 0)
      use(order.table);
  for (const PatternRef &child : pattern->children)
    forEachTable(child, use);
}

} // namespace effattn::reference
