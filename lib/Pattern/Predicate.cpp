//===- Predicate.cpp - a pattern as one boolean expression ----------------===//
//
// The definitions are those of docs/language.md, "Patterns". Position
// operators compare p = i + q0 with j; comprehensions see the raw indices. In
// an order, i and j are ranks.
//
//===----------------------------------------------------------------------===//

#include "lib/Pattern/Pattern.h"

#include "lib/Pattern/Orders.h"

#include <algorithm>

namespace effattn {

namespace {

ScalarRef i() { return variable("i"); }
ScalarRef j() { return variable("j"); }
ScalarRef position() { return i() + variable("q0"); }

/// -r*d <= p - j <= l*d and (p - j) mod d == 0
ScalarRef window(const Pattern &pattern) {
  const ScalarRef &left = pattern.scalars[0], &right = pattern.scalars[1],
                  &dilation = pattern.scalars[2];
  ScalarRef distance = position() - j();
  ScalarRef lowest = unary(ScalarKind::Neg, right * dilation);
  ScalarRef inside =
      logicalAnd(lowest <= distance, distance <= left * dilation);
  if (dilation->isConstant(1))
    return inside;
  return logicalAnd(inside, equal(mod(distance, dilation), constantInt(0)));
}

/// -c <= p div s - j div s <= a
ScalarRef sameBlock(const Pattern &pattern) {
  const ScalarRef &size = pattern.scalars[0], &back = pattern.scalars[1],
                  &ahead = pattern.scalars[2];
  ScalarRef blocks = floorDiv(position(), size) - floorDiv(j(), size);
  return logicalAnd(unary(ScalarKind::Neg, ahead) <= blocks, blocks <= back);
}

ScalarRef segments(const Pattern &pattern) {
  auto label = [&](ScalarRef index) {
    return lookup(pattern.table, ScalarType::Int,
                  tableIndices(pattern.tableRank, {index}));
  };
  return equal(label(i()), label(j()));
}

ScalarRef blocks(const Pattern &pattern) {
  const ScalarRef &size = pattern.scalars[0];
  return lookup(pattern.table, ScalarType::Bool,
                tableIndices(pattern.tableRank, {floorDiv(position(), size),
                                                 floorDiv(j(), size)}));
}

/// or_c drawn[b?, h, p div s - q0 div s, c] == j div s
ScalarRef randomBlocks(const Pattern &pattern) {
  const ScalarRef &size = pattern.scalars[0], &count = pattern.scalars[1];
  ScalarRef queryBlock =
      floorDiv(position(), size) - floorDiv(variable("q0"), size);
  ScalarRef keyBlock = floorDiv(j(), size);
  ScalarRef any = constantBool(false);
  for (int64_t c = 0; c < count->integer; ++c) {
    std::vector<ScalarRef> place = {variable("h"), queryBlock, constantInt(c)};
    if (pattern.tableRank == 4)
      place.insert(place.begin(), variable("b"));
    any = logicalOr(
        any, equal(lookup(pattern.table, ScalarType::Int, std::move(place)),
                   keyBlock));
  }
  return any;
}

class Builder {
public:
  explicit Builder(const Pattern **unsupported) : unsupported(unsupported) {}

  ScalarRef visit(const PatternRef &pattern);

  std::vector<ScalarRef> extents; ///< of the first grid
  int orders = 0;                 ///< that enclose the node at hand

private:
  ScalarRef combine(const Pattern &pattern);
  ScalarRef grid(const Pattern &pattern);
  ScalarRef inOrder(const Pattern &pattern);
  ScalarRef heads(const Pattern &pattern);
  std::nullptr_t refuse(const Pattern &pattern) {
    if (unsupported && !*unsupported)
      *unsupported = &pattern;
    return nullptr;
  }

  const Pattern **unsupported;
};

ScalarRef Builder::visit(const PatternRef &pattern) {
  switch (pattern->kind) {
  case PatternKind::All:
    return constantBool(true);
  case PatternKind::None:
    return constantBool(false);
  case PatternKind::Causal:
    return j() <= position();
  case PatternKind::Window:
    return window(*pattern);
  case PatternKind::Stride:
    return equal(mod(position() - j(), pattern->scalars[0]), constantInt(0));
  case PatternKind::SameBlock:
    return sameBlock(*pattern);
  case PatternKind::Prefix:
    return logicalOr(j() < pattern->scalars[0], j() <= position());
  case PatternKind::Segments:
    return segments(*pattern);
  case PatternKind::Blocks:
    return blocks(*pattern);
  case PatternKind::RandomBlocks:
    return pattern->table < 0 || !pattern->scalars[1]->isConstant()
               ? refuse(*pattern)
               : randomBlocks(*pattern);
  case PatternKind::Queries:
    return queryInSet(pattern->table);
  case PatternKind::Keys:
    return keyInSet(pattern->table);
  case PatternKind::Comprehension:
    return pattern->predicate;
  case PatternKind::OnGrid:
    return grid(*pattern);
  case PatternKind::InOrder:
    return inOrder(*pattern);
  case PatternKind::Heads:
    return heads(*pattern);
  case PatternKind::Union:
  case PatternKind::Intersection:
  case PatternKind::Difference:
    return combine(*pattern);
  case PatternKind::Complement: {
    ScalarRef child = visit(pattern->children[0]);
    return child ? logicalNot(child) : nullptr;
  }
  }
  return refuse(*pattern);
}

ScalarRef Builder::combine(const Pattern &pattern) {
  ScalarRef left = visit(pattern.children[0]);
  ScalarRef right = visit(pattern.children[1]);
  if (!left || !right)
    return nullptr;
  if (pattern.kind == PatternKind::Union)
    return logicalOr(left, right);
  if (pattern.kind == PatternKind::Intersection)
    return logicalAnd(left, right);
  return logicalAnd(left, logicalNot(right));
}

ScalarRef Builder::grid(const Pattern &pattern) {
  if (orders == 0 && extents.empty())
    extents = pattern.scalars;
  bool isFirst = orders == 0 && std::equal(extents.begin(), extents.end(),
                                           pattern.scalars.begin(),
                                           pattern.scalars.end(), equivalent);
  return isFirst ? pattern.predicate
                 : withoutCoordinates(pattern.predicate, pattern.scalars);
}

/// i and j of the child are ranks of the tokens i and j.
ScalarRef Builder::inOrder(const Pattern &pattern) {
  const Order &queries = pattern.orders.front(), &keys = pattern.orders.back();
  if (queries.rankTable < 0 || keys.rankTable < 0)
    return refuse(pattern);
  ++orders;
  ScalarRef child = visit(pattern.children[0]);
  --orders;
  if (!child)
    return nullptr;
  return rewrite(child, [&](const ScalarRef &node) -> ScalarRef {
    if (node->kind != ScalarKind::Variable)
      return nullptr;
    if (node->name == "i")
      return rankOf(queries, node);
    return node->name == "j" ? rankOf(keys, node) : nullptr;
  });
}

ScalarRef Builder::heads(const Pattern &pattern) {
  ScalarRef h = variable("h"), any = constantBool(false);
  for (size_t k = 0; k < pattern.children.size(); ++k) {
    ScalarRef child = visit(pattern.children[k]);
    if (!child)
      return nullptr;
    const ScalarRef &low = pattern.scalars[2 * k],
                    &high = pattern.scalars[2 * k + 1];
    ScalarRef inside = h < high;
    if (!low->isConstant(0))
      inside = logicalAnd(low <= h, inside);
    any = logicalOr(any, logicalAnd(inside, child));
  }
  return any;
}

} // namespace

PatternForm formOf(const PatternRef &pattern, const Pattern **unsupported) {
  if (unsupported)
    *unsupported = nullptr;
  Builder builder(unsupported);
  ScalarRef predicate = builder.visit(pattern);
  return {predicate, predicate ? builder.extents : std::vector<ScalarRef>()};
}

ScalarRef predicate(const PatternRef &pattern, const Pattern **unsupported) {
  PatternForm form = formOf(pattern, unsupported);
  return form.predicate ? withoutCoordinates(form.predicate, form.extents)
                        : nullptr;
}

ScalarRef withoutCoordinates(const ScalarRef &predicate,
                             const std::vector<ScalarRef> &extents) {
  if (extents.empty())
    return predicate;
  const char axes[] = {'x', 'y', 'z'};
  return rewrite(predicate, [&](const ScalarRef &node) -> ScalarRef {
    bool isCoordinate = node->kind == ScalarKind::Variable &&
                        node->name.size() == 3 && node->name[1] == '.';
    if (!isCoordinate)
      return nullptr;
    ScalarRef rest = variable(node->name.substr(0, 1));
    for (size_t axis = 0; axis < extents.size(); ++axis) {
      const ScalarRef &extent = extents[extents.size() - 1 - axis];
      bool isSlowest = axis + 1 == extents.size();
      if (node->name[2] == axes[axis])
        return isSlowest ? rest : mod(rest, extent);
      rest = floorDiv(rest, extent);
    }
    return nullptr;
  });
}

} // namespace effattn
