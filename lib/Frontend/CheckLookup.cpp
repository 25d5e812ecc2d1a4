//===- CheckLookup.cpp - what a pattern needs once its attend is known ----===//
//
// Look-ups may leave out leading batch and head axes; which of the two a single
// one is follows from the sizes of the attend. Grids, orders of a grid and head
// ranges fix sizes, which the launch checks where they are not constant.
//
//===----------------------------------------------------------------------===//

#include "lib/Frontend/Checker.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

namespace effattn::checking {

namespace {

ScalarRef i() { return variable("i"); }
ScalarRef j() { return variable("j"); }
ScalarRef position() { return i() + variable("q0"); }

/// Patterns whose extents may differ by batch and head.
bool isPosition(PatternKind kind) {
  return kind == PatternKind::Window || kind == PatternKind::SameBlock ||
         kind == PatternKind::Prefix;
}

bool hasLookup(const ScalarRef &scalar) {
  return contains(scalar, [](const Scalar &node) {
    return node.kind == ScalarKind::Lookup;
  });
}

} // namespace

/// The indices of the leading axes that a look-up with `own` indices leaves
/// out.
bool Checker::leadingIndices(int table, int own, const AttendSizes &sizes,
                             ast::SourceRange range,
                             std::vector<ScalarRef> &indices) {
  const TensorType &type = kernel.values[table].types[0];
  const ScalarRef &batch = sizes.sequences ? sizes.sequences : sizes.batch;
  int leading = type.rank() - own;
  auto isAxis = [&](int axis, const ScalarRef &size) {
    return size && equivalent(type.shape[axis], size);
  };
  if (!tableFitsSequences(table, sizes, range))
    return false;
  if (leading == 0)
    return true;
  if (leading == 1 && isAxis(0, sizes.heads)) {
    indices = {variable("h")};
    return true;
  }
  if (leading == 1 && isAxis(0, batch)) {
    indices = {variable("b")};
    return true;
  }
  if (leading == 2 && isAxis(0, batch) && isAxis(1, sizes.heads)) {
    indices = {variable("b"), variable("h")};
    return true;
  }
  std::string have;
  if (batch)
    have += fmt::format(" {} ({})", toString(batch),
                        sizes.sequences ? "sequences" : "batch");
  if (sizes.heads)
    have += fmt::format("{} {} (heads)", have.empty() ? "" : ",",
                        toString(sizes.heads));
  error(range, fmt::format("expected leading axes that are those of the "
                           "attend{}, but got {}",
                           have.empty() ? ", which has neither batch nor heads"
                                        : ":" + have,
                           toString(type)));
  return false;
}

ScalarRef Checker::completeLookups(const ScalarRef &scalar,
                                   const AttendSizes &sizes,
                                   ast::SourceRange range, bool &ok) {
  return rewrite(scalar, [&](const ScalarRef &node) -> ScalarRef {
    if (node->kind == ScalarKind::KeyInSet ||
        node->kind == ScalarKind::QueryInSet)
      completeSet(node->table, sizes, range, ok);
    if (node->kind != ScalarKind::Lookup)
      return nullptr;
    int own = static_cast<int>(node->operands.size());
    auto place = lookupRanges.find(node);
    std::vector<ScalarRef> indices;
    if (!leadingIndices(node->table, own, sizes,
                        place == lookupRanges.end() ? range : place->second,
                        indices))
      ok = false;
    if (indices.empty())
      return nullptr;
    indices.insert(indices.end(), node->operands.begin(), node->operands.end());
    return lookup(node->table, node->type, std::move(indices));
  });
}

/// A built-in pattern whose extents are looked up, as a condition: there b and
/// h are known.
PatternRef Checker::spellOut(const Pattern &pattern) {
  auto result = std::make_shared<Pattern>(PatternKind::Comprehension);
  result->offset = pattern.offset;
  result->predicate = predicate(std::make_shared<Pattern>(pattern), nullptr);
  return result;
}

/// A table with a batch axis alone: the built-in pattern, whose omitted axis
/// is the head, as a condition.
PatternRef Checker::spellOutTable(const Pattern &pattern) {
  auto at = [&](std::vector<ScalarRef> own, ScalarType type) {
    own.insert(own.begin(), variable("b"));
    return lookup(pattern.table, type, std::move(own));
  };
  auto result = std::make_shared<Pattern>(PatternKind::Comprehension);
  result->offset = pattern.offset;
  if (pattern.kind == PatternKind::Segments) {
    result->predicate =
        equal(at({i()}, ScalarType::Int), at({j()}, ScalarType::Int));
    return result;
  }
  const ScalarRef &size = pattern.scalars[0];
  result->predicate =
      at({floorDiv(position(), size), floorDiv(j(), size)}, ScalarType::Bool);
  return result;
}

PatternRef Checker::completePattern(const PatternRef &pattern,
                                    const AttendSizes &sizes,
                                    ast::SourceRange range, bool &ok) {
  auto result = std::make_shared<Pattern>(*pattern);
  for (ScalarRef &scalar : result->scalars)
    scalar = completeLookups(scalar, sizes, range, ok);
  if (result->predicate)
    result->predicate = completeLookups(result->predicate, sizes, range, ok);
  for (PatternRef &child : result->children)
    child = completePattern(child, sizes, range, ok);
  for (Order &order : result->orders) {
    for (ScalarRef &scalar : order.scalars)
      scalar = completeLookups(scalar, sizes, range, ok);
    if (order.table >= 0)
      order.byBatch = leadsByBatch(order.table, sizes, range, ok);
  }
  bool variesByHead =
      isPosition(pattern->kind) &&
      std::any_of(result->scalars.begin(), result->scalars.end(), hasLookup);
  if (variesByHead)
    return spellOut(*result);
  if (pattern->table < 0)
    return result;
  bool isTable = pattern->kind == PatternKind::Segments ||
                 pattern->kind == PatternKind::Blocks;
  if (!isTable) {
    completeSet(pattern->table, sizes, range, ok);
    return result;
  }
  int own = pattern->kind == PatternKind::Blocks ? 2 : 1;
  std::vector<ScalarRef> indices;
  if (!leadingIndices(pattern->table, own, sizes, range, indices)) {
    ok = false;
    return result;
  }
  if (indices.size() == 1 && indices[0]->name == "b")
    return spellOutTable(*result);
  return result;
}

/// Whether an order or an index set has the batch as its one leading axis.
bool Checker::leadsByBatch(int table, const AttendSizes &sizes,
                           ast::SourceRange range, bool &ok) {
  std::vector<ScalarRef> indices;
  if (!leadingIndices(table, 1, sizes, range, indices)) {
    ok = false;
    return false;
  }
  return indices.size() == 1 && indices[0]->name == "b";
}

/// An index set is by batch or by head wherever it is used.
void Checker::completeSet(int set, const AttendSizes &sizes,
                          ast::SourceRange range, bool &ok) {
  bool byBatch = leadsByBatch(set, sizes, range, ok);
  if (!ok || kernel.values[set].types[0].rank() != 2)
    return;
  auto [known, isNew] = setsByBatch.try_emplace(set, byBatch);
  if (!isNew && known->second != byBatch) {
    error(range, fmt::format("the leading axis of {} is the {} here and the {} "
                             "in another attend or rows: expected one of them",
                             toString(kernel.values[set].types[0]),
                             byBatch ? "batch" : "heads",
                             byBatch ? "heads" : "batch"));
    ok = false;
    return;
  }
  kernel.values[set].byBatch = byBatch;
}

/// What a launch must check; what is known to fail is an error at once.
void Checker::require(ScalarRef condition, std::string message,
                      ast::SourceRange range, bool &ok) {
  if (condition->isConstant()) {
    if (!condition->integer) {
      error(range, std::move(message));
      ok = false;
    }
    return;
  }
  for (const ProgramRequire &known : kernel.requires_)
    if (equivalent(known.condition, condition))
      return;
  kernel.requires_.push_back(
      {std::move(condition), std::move(message), range.begin});
}

void Checker::requireEqual(const ScalarRef &a, const ScalarRef &b,
                           std::string_view what, ast::SourceRange range,
                           bool &ok) {
  if (!equivalent(a, b))
    require(equal(a, b),
            fmt::format("{}: expected {}, but got {}", what, toString(b),
                        toString(a)),
            range, ok);
}

/// A grid of these extents holds all tokens.
void Checker::requireGrid(const std::vector<ScalarRef> &extents,
                          const AttendSizes &sizes, ast::SourceRange range,
                          bool &ok) {
  ScalarRef area = constantInt(1);
  for (const ScalarRef &extent : extents) {
    ScalarRef product = area * extent;
    if (area->isConstant() && extent->isConstant() && !product->isConstant()) {
      error(range, "the grid has more points than 64 bits can count");
      ok = false;
      return;
    }
    area = product;
  }
  area = substitute(substitute(area, "N", sizes.queries), "M", sizes.keys);
  requireEqual(sizes.queries, area, "number of queries on a grid", range, ok);
  requireEqual(sizes.keys, area, "number of keys on a grid", range, ok);
}

namespace {

/// Positions, sizes and table entries stay within this at launch.
constexpr double kLargestIndex = 0x1p40;
/// No intermediate result passes this, so that 64 bits hold it.
constexpr double kLargestResult = 0x1p62;

/// Bound on the absolute value of an Int node, from those of its operands.
double magnitude(const Scalar &node,
                 const std::unordered_map<const Scalar *, double> &known) {
  auto operand = [&](size_t k) { return known.at(node.operands[k].get()); };
  switch (node.kind) {
  case ScalarKind::Constant:
    return std::fabs(double(node.integer));
  case ScalarKind::Add:
  case ScalarKind::Sub:
    return operand(0) + operand(1);
  case ScalarKind::Mul:
    return operand(0) * operand(1);
  case ScalarKind::Neg:
  case ScalarKind::Abs:
    return operand(0);
  case ScalarKind::FloorDiv:
  case ScalarKind::CeilDiv:
    return operand(0) + 1;
  case ScalarKind::Mod:
    return operand(1);
  case ScalarKind::Min:
  case ScalarKind::Max:
    return std::max(operand(0), operand(1));
  case ScalarKind::Select:
    return std::max(operand(1), operand(2));
  default:
    return kLargestIndex;
  }
}

bool fits(const ScalarRef &scalar) {
  std::unordered_map<const Scalar *, double> known;
  bool ok = true;
  walk(scalar, [&](const Scalar &node) {
    double bound = node.type == ScalarType::Int ? magnitude(node, known) : 0;
    known[&node] = bound;
    ok &= bound <= kLargestResult;
  });
  return ok;
}

} // namespace

/// Integers that are evaluated for positions stay within 64 bits.
void Checker::checkMagnitude(const ScalarRef &scalar, ast::SourceRange range,
                             bool &ok) {
  if (!scalar || fits(scalar))
    return;
  error(range, "the constants here are too large: expected every intermediate "
               "result to fit 64 bits for positions up to 2^40");
  ok = false;
}

/// Orders are of as many tokens as there are queries, or keys.
void Checker::requireOrders(const Pattern &pattern, const AttendSizes &sizes,
                            ast::SourceRange range, bool &ok) {
  for (size_t k = 0; k < pattern.orders.size(); ++k) {
    const Order &order = pattern.orders[k];
    bool ofQueries = k == 0, ofKeys = k + 1 == pattern.orders.size();
    ScalarRef length;
    if (order.table >= 0) {
      length = kernel.values[order.table].types[0].shape.back();
    } else {
      length = order.scalars[0] * order.scalars[1];
      if (!length->isConstant() && order.scalars[0]->isConstant() &&
          order.scalars[1]->isConstant()) {
        error(range, "the grid has more points than 64 bits can count");
        ok = false;
        return;
      }
      length =
          substitute(substitute(length, "N", sizes.queries), "M", sizes.keys);
    }
    if (ofQueries)
      requireEqual(sizes.queries, length, "number of queries in an order",
                   range, ok);
    if (ofKeys)
      requireEqual(sizes.keys, length, "number of keys in an order", range, ok);
  }
}

void Checker::requirePattern(const PatternRef &pattern,
                             const AttendSizes &sizes, ast::SourceRange range,
                             bool &ok) {
  if (pattern->children.empty()) {
    const Pattern *unsupported = nullptr;
    ScalarRef condition = pattern->kind == PatternKind::OnGrid
                              ? pattern->predicate
                              : predicate(pattern, &unsupported);
    checkMagnitude(condition, {pattern->offset, pattern->offset + 1}, ok);
  }
  if (pattern->kind == PatternKind::OnGrid)
    requireGrid(pattern->scalars, sizes, range, ok);
  if (pattern->kind == PatternKind::Heads)
    requireEqual(sizes.heads ? sizes.heads : constantInt(1),
                 pattern->scalars.back(), "number of heads for heads(...)",
                 range, ok);
  requireOrders(*pattern, sizes, range, ok);
  for (const PatternRef &child : pattern->children)
    requirePattern(child, sizes, range, ok);
}

} // namespace effattn::checking
