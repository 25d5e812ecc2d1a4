//===- Orders.cpp - patterns by ranks and by heads ------------------------===//
#include "lib/Pattern/Orders.h"

#include <algorithm>
#include <set>

namespace effattn {

std::vector<ScalarRef> tableIndices(int rank, std::vector<ScalarRef> own) {
  std::vector<ScalarRef> indices;
  int leading = rank - static_cast<int>(own.size());
  if (leading >= 2)
    indices.push_back(variable("b"));
  if (leading >= 1)
    indices.push_back(variable("h"));
  indices.insert(indices.end(), own.begin(), own.end());
  return indices;
}

namespace {

ScalarRef entryOf(const Order &order, int table, const ScalarRef &index) {
  if (order.byBatch)
    return lookup(table, ScalarType::Int, {variable("b"), index});
  return lookup(table, ScalarType::Int,
                tableIndices(std::max(1, order.tableRank), {index}));
}

} // namespace

ScalarRef rankOf(const Order &order, const ScalarRef &token) {
  return entryOf(order, order.rankTable, token);
}

ScalarRef tokenOf(const Order &order, const ScalarRef &rank) {
  return entryOf(order, order.tokenTable, rank);
}

namespace {

/// Names that no predicate has, while tokens and ranks are exchanged.
constexpr const char *queryRank = "rank$i", *keyRank = "rank$j";

bool isRankOf(const Scalar &node, const Order &order, const char *index) {
  return node.kind == ScalarKind::Lookup && node.table == order.rankTable &&
         node.operands.back()->kind == ScalarKind::Variable &&
         node.operands.back()->name == index;
}

} // namespace

ScalarRef inRanks(const ScalarRef &predicate, const Pattern &inOrder) {
  const Order &queries = inOrder.orders.front(), &keys = inOrder.orders.back();
  ScalarRef marked =
      rewrite(predicate, [&](const ScalarRef &node) -> ScalarRef {
        if (isRankOf(*node, queries, "i"))
          return variable(queryRank);
        return isRankOf(*node, keys, "j") ? variable(keyRank) : nullptr;
      });
  ScalarRef tokens =
      substitute(marked, "i", tokenOf(queries, variable(queryRank)));
  tokens = substitute(tokens, "j", tokenOf(keys, variable(keyRank)));
  return substitute(substitute(tokens, queryRank, variable("i")), keyRank,
                    variable("j"));
}

PatternRef forHeads(const PatternRef &pattern, int64_t low) {
  if (pattern->kind == PatternKind::Heads) {
    for (size_t k = 0; k < pattern->children.size(); ++k)
      if (pattern->scalars[2 * k]->integer <= low &&
          low < pattern->scalars[2 * k + 1]->integer)
        return forHeads(pattern->children[k], low);
    return makePattern(PatternKind::None);
  }
  std::vector<PatternRef> children;
  for (const PatternRef &child : pattern->children)
    children.push_back(forHeads(child, low));
  if (children == pattern->children)
    return pattern;
  auto result = std::make_shared<Pattern>(*pattern);
  result->children = std::move(children);
  return result;
}

namespace {

void collectBounds(const Pattern &pattern, std::set<int64_t> &bounds) {
  if (pattern.kind == PatternKind::Heads)
    for (const ScalarRef &bound : pattern.scalars)
      bounds.insert(bound->integer);
  for (const PatternRef &child : pattern.children)
    collectBounds(*child, bounds);
}

} // namespace

std::vector<int64_t> headBounds(const PatternRef &pattern) {
  std::set<int64_t> bounds;
  collectBounds(*pattern, bounds);
  bounds.erase(0);
  return {bounds.begin(), bounds.end()};
}

} // namespace effattn
