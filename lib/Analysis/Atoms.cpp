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
#include "lib/Pattern/Pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
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
  return a.kind == b.kind && equivalent(a.columnLabel, b.columnLabel) &&
         std::equal(a.rowLabels.begin(), a.rowLabels.end(), b.rowLabels.begin(),
                    b.rowLabels.end(), equivalent) &&
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
  if (reads.stays() || reads.set || reads.real || reads.bound ||
      (reads.row && reads.column))
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

/// Conditions of one side are joined into one, equalities of one column label
/// in an `or` into one relation.
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
      RelationAtom::Kind::Labels, {}, nullptr, nullptr, equalities[0]};
  for (const ScalarRef &equality : equalities) {
    ScalarRef row = equality->operands[0], column = equality->operands[1];
    if (classify(row).column)
      std::swap(row, column);
    atom.columnLabel = raw(column);
    atom.rowLabels.push_back(raw(row));
  }
  return atomVariable("exact", numberOf(exact, atom));
}

/// t[f(i), g(j)], or a comparison with it: the look-up's index that reads i is
/// the row label u, the one that reads j the column label w.
ScalarRef Atomiser::bitmap(const ScalarRef &node) {
  const Reads &reads = classify(node);
  if (reads.set || reads.real || reads.bound)
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
      RelationAtom::Kind::Bitmap, {raw(row)}, raw(column), test, node};
  return atomVariable("exact", numberOf(exact, atom));
}

ScalarRef Atomiser::unknown(const ScalarRef &node) {
  unknowns.push_back(node);
  return atomVariable("unknown", 0);
}

/// Relations beyond the limit are Unknown.
void Atomiser::finish() {
  size_t kept = exact.size();
  if (kept > maxRelations || (kept == maxRelations && !unknowns.empty()))
    kept = maxRelations - 1;
  bool isUnknown = !unknowns.empty() || kept < exact.size();
  atoms.relations.assign(exact.begin(), exact.begin() + kept);
  if (isUnknown)
    atoms.relations.push_back(
        {RelationAtom::Kind::Unknown,
         {},
         nullptr,
         nullptr,
         unknowns.empty() ? exact[kept].source : unknowns[0]});
  result = rewrite(result, [&](const ScalarRef &node) -> ScalarRef {
    if (node->kind != ScalarKind::Variable || node->type != ScalarType::Bool)
      return nullptr;
    for (size_t k = 0; k < exact.size(); ++k)
      if (node->name == fmt::format("exact#{}", k))
        return atomVariable("relation", std::min(k, kept));
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

/// The least (or greatest) set over the relations in state 2: a condition
/// grows with what it is true for, and `not` turns the direction.
class Bounds {
public:
  explicit Bounds(const Assignment &assignment) : assignment(assignment) {}

  ScalarRef of(const ScalarRef &node, bool upper) {
    auto key = std::make_pair(node.get(), upper);
    if (auto found = done.find(key); found != done.end())
      return found->second;
    ScalarRef result = make(node, upper);
    done[key] = result;
    return result;
  }

private:
  ScalarRef make(const ScalarRef &node, bool upper) {
    auto operand = [&](int k, bool way) { return of(node->operands[k], way); };
    switch (node->kind) {
    case ScalarKind::Variable:
      return atom(node, upper);
    case ScalarKind::Not:
      return logicalNot(operand(0, !upper));
    case ScalarKind::And:
    case ScalarKind::Or:
      return binary(node->kind, operand(0, upper), operand(1, upper));
    case ScalarKind::Select:
      if (node->type == ScalarType::Bool)
        return choice(operand(0, upper), logicalNot(operand(0, !upper)),
                      operand(1, upper), operand(2, upper));
      break;
    case ScalarKind::Equal:
    case ScalarKind::NotEqual:
      if (node->operands[0]->type == ScalarType::Bool) {
        ScalarRef left = operand(0, upper),
                  notLeft = logicalNot(operand(0, !upper));
        ScalarRef right = operand(1, upper),
                  notRight = logicalNot(operand(1, !upper));
        return node->kind == ScalarKind::Equal
                   ? choice(left, notLeft, right, notRight)
                   : choice(left, notLeft, notRight, right);
      }
      break;
    default:
      break;
    }
    // Relations do not occur in the operands of anything else.
    return rewrite(node, [&](const ScalarRef &old) -> ScalarRef {
      return old->kind == ScalarKind::Variable ? atom(old, upper) : nullptr;
    });
  }

  /// (c and a) or (n and b), where n says that c is not so.
  static ScalarRef choice(const ScalarRef &c, const ScalarRef &n,
                          const ScalarRef &a, const ScalarRef &b) {
    return logicalOr(logicalAnd(c, a), logicalAnd(n, b));
  }

  ScalarRef atom(const ScalarRef &node, bool upper) {
    if (node->type != ScalarType::Bool)
      return node;
    size_t at = node->name.find('#');
    if (at == std::string::npos || at == 0)
      return node;
    uint32_t number = std::stoul(node->name.substr(at + 1));
    if (node->name[0] == 'k')
      return constantBool(assignment.keys >> number & 1);
    if (node->name[0] == 'q')
      return constantBool(assignment.queries >> number & 1);
    uint32_t digits = assignment.relations;
    for (uint32_t k = 0; k < number; ++k)
      digits /= 3;
    return constantBool(digits % 3 == 2 ? upper : digits % 3 == 1);
  }

  const Assignment &assignment;
  std::map<std::pair<const Scalar *, bool>, ScalarRef> done;
};

/// Unknown is never in state 0 or 1.
Assignment withUnknown(const Atoms &atoms, Assignment assignment) {
  uint32_t power = 1;
  for (const RelationAtom &relation : atoms.relations) {
    uint32_t state = assignment.relations / power % 3;
    if (relation.kind == RelationAtom::Kind::Unknown)
      assignment.relations += (2 - state) * power;
    power *= 3;
  }
  return assignment;
}

/// An exact relation in state 2 that occurs both plain and negated is one
/// condition in both places: the two cases are joined. Unknown conditions are
/// each their own.
ScalarRef bound(const AtomisedPredicate &atomised, Assignment assignment,
                bool upper, size_t from = 0) {
  const std::vector<RelationAtom> &relations = atomised.atoms.relations;
  uint32_t power = 1;
  for (size_t k = 0; k < from; ++k)
    power *= 3;
  for (size_t k = from; k < relations.size(); ++k, power *= 3) {
    bool isOpen = assignment.relations / power % 3 == 2 &&
                  relations[k].kind != RelationAtom::Kind::Unknown;
    if (!isOpen)
      continue;
    Assignment absent = assignment, present = assignment;
    absent.relations -= 2 * power;
    present.relations -= power;
    ScalarRef without = bound(atomised, absent, upper, k + 1);
    ScalarRef with = bound(atomised, present, upper, k + 1);
    // What only grows (or only shrinks) needs no join.
    ScalarRef direct = Bounds(assignment).of(atomised.predicate, upper);
    if (equivalent(direct, with) || equivalent(direct, without))
      return direct;
    return upper ? logicalOr(without, with) : logicalAnd(without, with);
  }
  return Bounds(assignment).of(atomised.predicate, upper);
}

} // namespace

size_t Atoms::cases() const {
  size_t count = size_t(1) << (keys.size() + queries.size());
  for (size_t k = 0; k < relations.size(); ++k)
    count *= 3;
  return count;
}

size_t indexOf(const Atoms &atoms, const Assignment &assignment) {
  size_t index = assignment.relations;
  index = index << atoms.queries.size() | assignment.queries;
  return index << atoms.keys.size() | assignment.keys;
}

Assignment assignmentOf(const Atoms &atoms, size_t index) {
  Assignment result;
  result.keys = index & ((uint32_t(1) << atoms.keys.size()) - 1);
  index >>= atoms.keys.size();
  result.queries = index & ((uint32_t(1) << atoms.queries.size()) - 1);
  result.relations = static_cast<uint32_t>(index >> atoms.queries.size());
  return result;
}

ScalarRef AtomisedPredicate::assign(const Assignment &assignment) const {
  return Bounds(assignment).of(predicate, true);
}

ScalarRef AtomisedPredicate::may(const Assignment &assignment) const {
  return bound(*this, withUnknown(atoms, assignment), true);
}

ScalarRef AtomisedPredicate::must(const Assignment &assignment) const {
  return bound(*this, withUnknown(atoms, assignment), false);
}

AtomisedPredicate atomise(const ScalarRef &predicate,
                          const std::vector<ScalarRef> &extents) {
  return Atomiser(extents).run(predicate);
}

} // namespace effattn
