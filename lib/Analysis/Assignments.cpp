//===- Assignments.cpp - a predicate under truth values of its atoms ------===//
//
// A relation in state 2 may hold or not: `may` is the union over both, `must`
// the intersection. Where the relation only ever adds pairs (or only ever takes
// some away), this is the predicate with one value put in its place.
//
//===----------------------------------------------------------------------===//
#include "lib/Analysis/Atoms.h"

#include <map>
#include <utility>

namespace effattn {

namespace {

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

} // namespace effattn
