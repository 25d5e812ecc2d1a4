//===- Predicate.cpp - a pattern as one boolean expression ----------------===//
//
// The definitions are those of docs/language.md, "Patterns". Position
// operators compare p = i + q0 with j; comprehensions see the raw indices.
//
//===----------------------------------------------------------------------===//

#include "lib/Pattern/Pattern.h"

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

/// Indices of a table whose last axes are `own`; leading batch and head axes
/// are the current ones.
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

class Builder {
public:
  explicit Builder(const Pattern **unsupported) : unsupported(unsupported) {}

  ScalarRef visit(const PatternRef &pattern) {
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
    case PatternKind::Queries:
      return queryInSet(pattern->table);
    case PatternKind::Keys:
      return keyInSet(pattern->table);
    case PatternKind::Comprehension:
      return pattern->predicate;
    case PatternKind::Union:
    case PatternKind::Intersection:
    case PatternKind::Difference:
      return combine(*pattern);
    case PatternKind::Complement: {
      ScalarRef child = visit(pattern->children[0]);
      return child ? logicalNot(child) : nullptr;
    }
    case PatternKind::RandomBlocks:
    case PatternKind::OnGrid:
    case PatternKind::InOrder:
    case PatternKind::Heads:
      break;
    }
    if (unsupported && !*unsupported)
      *unsupported = pattern.get();
    return nullptr;
  }

private:
  ScalarRef combine(const Pattern &pattern) {
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

  const Pattern **unsupported;
};

} // namespace

ScalarRef predicate(const PatternRef &pattern, const Pattern **unsupported) {
  if (unsupported)
    *unsupported = nullptr;
  return Builder(unsupported).visit(pattern);
}

} // namespace effattn
