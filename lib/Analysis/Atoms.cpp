//===- Atoms.cpp - what tables decide, taken out of a predicate -----------===//
//
// The predicate is visited from the top, in the order in which it is written.
// What is affine and holds no look-up stays; `and`, `or`, `not` and `if` are
// descended into; any other condition becomes an atom: of one side where it
// reads i or j alone, else a relation. Classify.h says what a node reads.
//
//===----------------------------------------------------------------------===//
#include "lib/Analysis/Atoms.h"

#include "lib/Analysis/Classify.h"
#include "lib/Analysis/Compared.h"
#include "lib/Pattern/Pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <optional>
#include <set>

namespace effattn {

namespace {

ScalarRef atomVariable(const char *kind, size_t number) {
  return variable(fmt::format("{}#{}", kind, number), ScalarType::Bool);
}

bool same(const SideAtom &a, const SideAtom &b) {
  return a.set == b.set &&
         (a.condition == b.condition || equivalent(a.condition, b.condition));
}

bool same(const RelationAtom &a, const RelationAtom &b) {
  auto equal = [](const std::vector<ScalarRef> &x,
                  const std::vector<ScalarRef> &y) {
    return std::equal(x.begin(), x.end(), y.begin(), y.end(), equivalent);
  };
  return a.kind == b.kind && equal(a.columnLabels, b.columnLabels) &&
         equal(a.rowLabels, b.rowLabels) &&
         (a.test == b.test || equivalent(a.test, b.test));
}

/// The position of an equal atom, which is added where there is none.
template <typename T> size_t numberOf(std::vector<T> &list, const T &atom) {
  auto found = std::find_if(list.begin(), list.end(),
                            [&](const T &other) { return same(other, atom); });
  if (found == list.end())
    found = list.insert(found, atom);
  return found - list.begin();
}

void flatten(const ScalarRef &node, ScalarKind kind,
             std::vector<ScalarRef> &operands) {
  if (node->kind != kind) {
    operands.push_back(node);
    return;
  }
  for (const ScalarRef &operand : node->operands)
    flatten(operand, kind, operands);
}

class Atomiser {
public:
  Atomiser(const std::vector<ScalarRef> &extents)
      : extents(extents), classify(extents) {}

  AtomisedPredicate run(const ScalarRef &predicate);

private:
  ScalarRef visit(const ScalarRef &node);
  ScalarRef chain(const ScalarRef &node);
  ScalarRef leaf(const ScalarRef &node);
  ScalarRef side(const ScalarRef &node, bool key);
  ScalarRef labels(const std::vector<ScalarRef> &equalities);
  ScalarRef bitmap(const ScalarRef &node);
  ScalarRef compared(const ScalarRef &node);
  std::optional<RelationAtom> comparedAtom(const ScalarRef &node, bool negated);
  ScalarRef unknown(const ScalarRef &node);
  ScalarRef affine(const ScalarRef &node);
  /// 1: over j alone, -1: over i alone (or neither), 0: no side condition.
  int sideOf(const ScalarRef &node);
  bool isLabelEquality(const ScalarRef &node);
  ScalarRef raw(const ScalarRef &node) {
    return withoutCoordinates(node, extents);
  }
  void finish();

  const std::vector<ScalarRef> &extents;
  Classifier classify;
  Atoms atoms;
  /// Of index sets: they are numbered before the predicate is visited.
  size_t sets = 0;
  /// Relations as they are met, with variables of their own.
  std::vector<RelationAtom> exact;
  std::vector<ScalarRef> unknowns;
  ScalarRef result;
};

int Atomiser::sideOf(const ScalarRef &node) {
  const Reads &reads = classify(node);
  if (reads.stays() || reads.set || reads.bound || (reads.row && reads.column))
    return 0;
  return reads.column ? 1 : -1;
}

/// Index sets become the variables of their atoms. A Bool look-up by b and h
/// alone is an extra like an integer one: t[h] != 0.
ScalarRef Atomiser::affine(const ScalarRef &node) {
  return rewrite(node, [&](const ScalarRef &old) -> ScalarRef {
    if (old->kind == ScalarKind::KeyInSet)
      return atomVariable("key", numberOf(atoms.keys, {old->table, nullptr}));
    if (old->kind == ScalarKind::QueryInSet)
      return atomVariable("query",
                          numberOf(atoms.queries, {old->table, nullptr}));
    if (old->kind != ScalarKind::Lookup)
      return nullptr;
    ScalarRef extra = raw(lookup(old->table, ScalarType::Int, old->operands));
    bool isNew = std::none_of(
        atoms.extras.begin(), atoms.extras.end(),
        [&](const ScalarRef &other) { return equivalent(other, extra); });
    if (isNew)
      atoms.extras.push_back(extra);
    return old->type == ScalarType::Int
               ? extra
               : binary(ScalarKind::NotEqual, extra, constantInt(0));
  });
}

ScalarRef Atomiser::visit(const ScalarRef &node) {
  if (classify(node).stays())
    return affine(node);
  if (ScalarRef found = compared(node))
    return found;
  auto operand = [&](int k) { return visit(node->operands[k]); };
  switch (node->kind) {
  case ScalarKind::Not:
    return logicalNot(operand(0));
  case ScalarKind::And:
  case ScalarKind::Or:
    return chain(node);
  case ScalarKind::Select: {
    ScalarRef condition = operand(0), then = operand(1);
    return select(condition, then, operand(2));
  }
  case ScalarKind::Equal:
  case ScalarKind::NotEqual:
    if (node->operands[0]->type == ScalarType::Bool) {
      ScalarRef left = operand(0);
      return binary(node->kind, left, operand(1));
    }
    return leaf(node);
  default:
    return leaf(node);
  }
}

/// Conditions of one side are joined into one, and comparisons; equalities of
/// one column label in an `or` into one relation.
ScalarRef Atomiser::chain(const ScalarRef &node) {
  std::vector<ScalarRef> operands, done;
  flatten(node, node->kind, operands);
  std::vector<bool> used(operands.size(), false);
  auto join = [&](const std::vector<ScalarRef> &list) {
    ScalarRef all = list[0];
    for (size_t k = 1; k < list.size(); ++k)
      all = binary(node->kind, all, list[k]);
    return all;
  };
  std::vector<ScalarRef> comparisons;
  for (size_t k = 0; k < operands.size(); ++k)
    if (sideOf(operands[k]) == 0 && comparedAtom(operands[k], false)) {
      comparisons.push_back(operands[k]);
      used[k] = true;
    }
  if (ScalarRef all =
          comparisons.empty() ? nullptr : compared(join(comparisons)))
    done.push_back(all);
  else // more of them than one relation can have
    for (const ScalarRef &one : comparisons)
      done.push_back(visit(one));
  for (size_t k = 0; k < operands.size(); ++k) {
    if (used[k])
      continue;
    int ownSide = sideOf(operands[k]);
    bool isLabel = node->kind == ScalarKind::Or && isLabelEquality(operands[k]);
    auto columnLabel = [&](size_t of) {
      const ScalarRef &a = operands[of]->operands[0];
      return classify(a).column ? a : operands[of]->operands[1];
    };
    std::vector<ScalarRef> group = {operands[k]};
    for (size_t other = k + 1; other < operands.size(); ++other) {
      bool joins = !used[other] &&
                   ((ownSide != 0 && sideOf(operands[other]) == ownSide) ||
                    (isLabel && isLabelEquality(operands[other]) &&
                     equivalent(columnLabel(k), columnLabel(other))));
      if (!joins)
        continue;
      used[other] = true;
      group.push_back(operands[other]);
    }
    if (isLabel)
      done.push_back(labels(group));
    else if (group.size() > 1)
      done.push_back(side(join(group), ownSide > 0));
    else
      done.push_back(visit(operands[k]));
  }
  return join(done);
}

ScalarRef Atomiser::leaf(const ScalarRef &node) {
  if (int ownSide = sideOf(node))
    return side(node, ownSide > 0);
  if (isLabelEquality(node))
    return labels({node});
  if (node->kind == ScalarKind::NotEqual) {
    ScalarRef equality = equal(node->operands[0], node->operands[1]);
    if (isLabelEquality(equality))
      return logicalNot(labels({equality}));
  }
  if (ScalarRef found = bitmap(node))
    return found;
  return unknown(node);
}

ScalarRef Atomiser::side(const ScalarRef &node, bool key) {
  SideAtom atom{-1, raw(node)};
  std::vector<SideAtom> &list = key ? atoms.keys : atoms.queries;
  bool isKnown =
      std::any_of(list.begin(), list.end(),
                  [&](const SideAtom &other) { return same(other, atom); });
  if (!isKnown && atoms.keys.size() + atoms.queries.size() >= maxSideAtoms)
    return unknown(node);
  return atomVariable(key ? "key" : "query", numberOf(list, atom));
}

/// f(i) == g(j), either way round.
bool Atomiser::isLabelEquality(const ScalarRef &node) {
  if (node->kind != ScalarKind::Equal ||
      node->operands[0]->type != ScalarType::Int || classify(node).stays())
    return false;
  const Reads &a = classify(node->operands[0]),
              &b = classify(node->operands[1]);
  bool isPlain = !a.set && !b.set && !a.real && !b.real && !a.bound && !b.bound;
  return isPlain && ((a.row && !a.column && b.column && !b.row) ||
                     (b.row && !b.column && a.column && !a.row));
}

ScalarRef Atomiser::labels(const std::vector<ScalarRef> &equalities) {
  RelationAtom atom{
      RelationAtom::Kind::Labels, {}, {}, nullptr, {}, equalities[0]};
  for (const ScalarRef &equality : equalities) {
    ScalarRef row = equality->operands[0], column = equality->operands[1];
    if (classify(row).column)
      std::swap(row, column);
    atom.columnLabels = {raw(column)};
    atom.rowLabels.push_back(raw(row));
  }
  return atomVariable("exact", numberOf(exact, atom));
}

/// t[f(i), g(j)], or a comparison with it: the look-up's index that reads i is
/// the row label u, the one that reads j the column label w.
ScalarRef Atomiser::bitmap(const ScalarRef &node) {
  const Reads &reads = classify(node);
  if (reads.set || reads.bound)
    return nullptr;
  ScalarRef row, column;
  std::map<const Scalar *, ScalarRef> replaced;
  std::function<bool(const ScalarRef &)> visitIndices =
      [&](const ScalarRef &old) {
        return std::all_of(
            old->operands.begin(), old->operands.end(),
            [&](const ScalarRef &index) {
              const Reads own = classify(index);
              if (old->kind != ScalarKind::Lookup || (!own.row && !own.column))
                return visitIndices(index);
              ScalarRef &label = own.row ? row : column;
              if ((own.row && own.column) ||
                  (label && !equivalent(label, index)))
                return false;
              label = index;
              replaced[index.get()] = variable(own.row ? "u" : "w");
              return true;
            });
      };
  bool readsBoth = contains(node, [&](const Scalar &one) {
    bool ofRow = false, ofColumn = false;
    for (const ScalarRef &index : one.operands) {
      ofRow |= classify(index).row;
      ofColumn |= classify(index).column;
    }
    return one.kind == ScalarKind::Lookup && ofRow && ofColumn;
  });
  if (!readsBoth || !visitIndices(node) || !row || !column)
    return nullptr;
  ScalarRef test = rewrite(node, [&](const ScalarRef &old) -> ScalarRef {
    auto found = replaced.find(old.get());
    return found == replaced.end() ? nullptr : found->second;
  });
  const Reads &left = classify(test);
  if (left.row || left.column)
    return nullptr;
  RelationAtom atom{
      RelationAtom::Kind::Bitmap, {raw(row)}, {raw(column)}, test, {}, node};
  return atomVariable("exact", numberOf(exact, atom));
}

std::optional<RelationAtom> Atomiser::comparedAtom(const ScalarRef &node,
                                                   bool negated) {
  Comparisons comparisons(classify);
  RelationAtom atom;
  atom.kind = RelationAtom::Kind::Compared;
  atom.test = comparisons.test(node, negated);
  if (!atom.test)
    return std::nullopt;
  for (const ScalarRef &row : comparisons.rows)
    atom.rowLabels.push_back(raw(row));
  for (const ScalarRef &column : comparisons.columns)
    atom.columnLabels.push_back(raw(column));
  atom.columnSteps = comparisons.steps;
  atom.source = node;
  return atom;
}

/// A condition and its negation are one relation.
ScalarRef Atomiser::compared(const ScalarRef &node) {
  std::optional<RelationAtom> atom = comparedAtom(node, false);
  if (!atom)
    return nullptr;
  std::optional<RelationAtom> negation = comparedAtom(node, true);
  for (size_t k = 0; k < exact.size(); ++k)
    if (negation && same(exact[k], *negation))
      return logicalNot(atomVariable("exact", k));
  return atomVariable("exact", numberOf(exact, *atom));
}

ScalarRef Atomiser::unknown(const ScalarRef &node) {
  unknowns.push_back(node);
  return atomVariable("unknown", 0);
}

/// Relations beyond the limit are Unknown: comparisons that read no table, then
/// other comparisons, then what comes last.
void Atomiser::finish() {
  size_t kept = exact.size();
  if (kept > maxRelations || (kept == maxRelations && !unknowns.empty()))
    kept = maxRelations - 1;
  std::vector<size_t> order(exact.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    auto rank = [&](const RelationAtom &one) {
      return one.kind != RelationAtom::Kind::Compared ? 0
             : one.readsTables()                      ? 1
                                                      : 2;
    };
    return rank(exact[a]) < rank(exact[b]);
  });
  std::sort(order.begin(), order.begin() + static_cast<ptrdiff_t>(kept));
  std::vector<size_t> places(exact.size(), kept);
  for (size_t k = 0; k < kept; ++k) {
    places[order[k]] = k;
    atoms.relations.push_back(exact[order[k]]);
  }
  if (!unknowns.empty() || kept < exact.size()) {
    RelationAtom open;
    open.source = unknowns.empty() ? exact[order[kept]].source : unknowns[0];
    atoms.relations.push_back(open);
  }
  result = rewrite(result, [&](const ScalarRef &node) -> ScalarRef {
    if (node->kind != ScalarKind::Variable || node->type != ScalarType::Bool)
      return nullptr;
    for (size_t k = 0; k < exact.size(); ++k)
      if (node->name == fmt::format("exact#{}", k))
        return atomVariable("relation", places[k]);
    return node->name == "unknown#0" ? atomVariable("relation", kept) : nullptr;
  });
}

AtomisedPredicate Atomiser::run(const ScalarRef &predicate) {
  std::set<int> keys, queries;
  walk(predicate, [&](const Scalar &node) {
    if (node.kind == ScalarKind::KeyInSet)
      keys.insert(node.table);
    if (node.kind == ScalarKind::QueryInSet)
      queries.insert(node.table);
  });
  for (int table : keys)
    atoms.keys.push_back({table, nullptr});
  for (int table : queries)
    atoms.queries.push_back({table, nullptr});
  result = visit(predicate);
  finish();
  return {std::move(atoms), std::move(result)};
}

} // namespace

bool RelationAtom::readsTables() const {
  auto reads = [](const ScalarRef &label) {
    return contains(label, [](const Scalar &node) {
      return node.kind == ScalarKind::Lookup &&
             std::any_of(node.operands.begin(), node.operands.end(),
                         [](const ScalarRef &index) {
                           return usesVariable(index, "i") ||
                                  usesVariable(index, "j");
                         });
    });
  };
  return std::any_of(rowLabels.begin(), rowLabels.end(), reads) ||
         std::any_of(columnLabels.begin(), columnLabels.end(), reads);
}

AtomisedPredicate atomise(const ScalarRef &predicate,
                          const std::vector<ScalarRef> &extents) {
  return Atomiser(extents).run(predicate);
}

} // namespace effattn
