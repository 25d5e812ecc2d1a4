//===- Classify.cpp - what an expression reads ----------------------------===//
#include "lib/Analysis/Classify.h"

#include "lib/Analysis/Space.h"

namespace effattn {

Classifier::Classifier(const std::vector<ScalarRef> &extents)
    : isLinear(effattn::isLinear(extents)) {}

const Reads &Classifier::operator()(const ScalarRef &node) {
  auto found = known.find(node.get());
  if (found == known.end()) {
    Reads reads = make(node);
    kept.push_back(node);
    found = known.emplace(node.get(), reads).first;
  }
  return found->second;
}

namespace {

Reads ofVariable(const std::string &name, bool isLinear) {
  Reads reads;
  bool isRaw = name == "i" || name == "j";
  reads.row = name[0] == 'i' && (isRaw || name[1] == '.');
  reads.column = name[0] == 'j' && (isRaw || name[1] == '.');
  reads.bound = name.find('$') != std::string::npos;
  reads.affine = isLinear || !isRaw;
  return reads;
}

} // namespace

Reads Classifier::make(const ScalarRef &node) {
  if (node->kind == ScalarKind::Variable && !node->name.empty())
    return ofVariable(node->name, isLinear);
  Reads all;
  for (const ScalarRef &operand : node->operands) {
    const Reads &one = (*this)(operand);
    all.row |= one.row;
    all.column |= one.column;
    all.set |= one.set;
    all.bound |= one.bound;
    all.real |= one.real;
    all.table |= one.table;
    all.affine &= one.affine;
  }
  if (node->type == ScalarType::Float)
    all.real = true;
  switch (node->kind) {
  case ScalarKind::KeyInSet:
  case ScalarKind::QueryInSet:
    all.set = true;
    all.column |= node->kind == ScalarKind::KeyInSet;
    all.row |= node->kind == ScalarKind::QueryInSet;
    break;
  case ScalarKind::Lookup:
    all.table |= all.row || all.column || all.bound || all.real;
    // An index is computed by the planner: it need not be affine.
    all.affine = true;
    break;
  case ScalarKind::Mul:
    all.affine &=
        node->operands[0]->isConstant() || node->operands[1]->isConstant();
    break;
  case ScalarKind::FloorDiv:
  case ScalarKind::CeilDiv:
  case ScalarKind::Mod:
    all.affine &= node->operands[1]->isConstant();
    break;
  case ScalarKind::Exists:
    // Its variable is bound here; those of others stay so (names differ).
    all.bound = contains(node, [&](const Scalar &one) {
      return one.kind == ScalarKind::Variable && one.name != node->name &&
             one.name.find('$') != std::string::npos;
    });
    break;
  case ScalarKind::Less:
  case ScalarKind::LessEqual:
  case ScalarKind::Equal:
  case ScalarKind::NotEqual:
    if (!isLinear && !all.affine && orderTest(*node))
      all.affine = true;
    break;
  default:
    break;
  }
  all.affine &= !all.real;
  return all;
}

} // namespace effattn
