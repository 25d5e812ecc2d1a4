//===- AttendNames.cpp - parameters and tables of one attend --------------===//

#include "lib/Lowering/AttendNames.h"

#include <algorithm>

using namespace mlir;

namespace effattn {

namespace {

/// Position of a value in a list.
template <typename List, typename T> int place(const List &list, const T &one) {
  return static_cast<int>(std::find(list.begin(), list.end(), one) -
                          list.begin());
}

TableSpec tableSpec(Value table) {
  TableSpec spec;
  if (auto tensor = dyn_cast<ir::TensorType>(table.getType())) {
    spec.element = ir::toProgram(tensor.getElementType());
    spec.rank = static_cast<int>(tensor.getRank());
  } else {
    spec.element = ElementType::I32;
    spec.rank = static_cast<int>(
        cast<ir::IndexSetType>(table.getType()).getShape().size());
  }
  return spec;
}

} // namespace

int AttendNames::addInteger(const std::string &name, const ScalarRef &value) {
  int number = place(integers, name);
  if (number == static_cast<int>(integers.size())) {
    integers.push_back(name);
    inputs.integers.push_back(value);
  }
  return number;
}

void AttendNames::addFloat(const std::string &name, const ScalarRef &value) {
  if (place(floats, name) < static_cast<int>(floats.size()))
    return;
  floats.push_back(name);
  inputs.floats.push_back(value);
}

void AttendNames::addKeySet(int number) {
  keySets.push_back(number);
  inputs.keySets.push_back(operands.keySets[number]);
}

void AttendNames::addQuerySet(int number) {
  querySets.push_back(number);
  inputs.querySets.push_back(operands.querySets[number]);
}

/// Tables are numbered by first use; the ones that nothing looks up are left
/// out.
int AttendNames::table(int number) {
  int known = place(tableNumbers, number);
  if (known == static_cast<int>(tableNumbers.size())) {
    tableNumbers.push_back(number);
    tables.push_back(tableSpec(operands.tables[number]));
    inputs.tables.push_back(operands.tables[number]);
  }
  return known;
}

ScalarRef AttendNames::argumentName(const ScalarRef &node, bool plan) {
  std::string name = "arg." + node->name;
  if (node->type != ScalarType::Float) {
    addInteger(name, node);
    return argument(name, node->type);
  }
  if (!plan) {
    addFloat(name, node);
    return argument(name, node->type);
  }
  name = "bits." + node->name;
  addInteger(name, node);
  addInteger(lowerBits(name), node);
  if (place(floatBits, name) == static_cast<int>(floatBits.size()))
    floatBits.push_back(name);
  return argument(name, node->type);
}

ScalarRef AttendNames::rename(const ScalarRef &scalar, bool plan) {
  return rewrite(scalar, [&](const ScalarRef &node) -> ScalarRef {
    switch (node->kind) {
    case ScalarKind::Dimension:
      addInteger("dim." + node->name, node);
      return dimension("dim." + node->name);
    case ScalarKind::Argument:
      return argumentName(node, plan);
    case ScalarKind::KeyInSet:
      return keyInSet(place(keySets, node->table));
    case ScalarKind::QueryInSet:
      return queryInSet(place(querySets, node->table));
    case ScalarKind::Lookup:
      return lookup(table(node->table), node->type, node->operands);
    default:
      return nullptr;
    }
  });
}

ScalarRef AttendNames::ofKernel(const ScalarRef &scalar) {
  return rename(scalar, false);
}

ScalarRef AttendNames::ofPlan(const ScalarRef &scalar) {
  return rename(scalar, true);
}

PlanScope AttendNames::scope() const {
  PlanScope scope;
  scope.parameters = integers;
  scope.parameters.insert(scope.parameters.end(), {"b", "h"});
  scope.floats = floatBits;
  scope.tables = tables;
  return scope;
}

} // namespace effattn
