//===- TableRoles.cpp - what a table is used for --------------------------===//

#include "lib/Driver/TableRoles.h"

#include <algorithm>

namespace effattn {

namespace {

class RoleFinder {
public:
  explicit RoleFinder(const ProgramKernel &kernel)
      : kernel(kernel), roles(kernel.arguments.size()) {}

  std::vector<TableRole> run() {
    for (const ProgramArgument &argument : kernel.arguments)
      if (argument.type.isRagged())
        addOffsets(argument.type);
    for (const ProgramValue &value : kernel.values) {
      if (value.op == TensorOp::Rows)
        read(value.set);
      if (value.pattern)
        addPattern(*value.pattern, keysOf(value));
      keys = keysOf(value);
      for (const ScalarRef &score : {value.score, value.logits})
        if (score)
          addScalar(score, /*inPattern=*/true); // attends list both
    }
    return std::move(roles);
  }

private:
  /// Number of keys of an attend.
  ScalarRef keysOf(const ProgramValue &value) const {
    if (!value.pattern || value.operands.empty())
      return nullptr;
    int number = value.operands[value.logits ? 0 : 1];
    const std::vector<ScalarRef> &shape = kernel.values[number].types[0].shape;
    return shape.size() >= 2 ? shape[shape.size() - 2] : nullptr;
  }

  TableRole *roleOf(int table) {
    if (table < 0 || table >= static_cast<int>(kernel.values.size()) ||
        kernel.values[table].op != TensorOp::Argument)
      return nullptr;
    return &roles[kernel.values[table].argument];
  }

  void read(int table) {
    if (TableRole *role = roleOf(table))
      role->inPattern = true;
  }

  void add(int table, TableUse use, ScalarRef bound = nullptr) {
    TableRole *role = roleOf(table);
    if (!role || role->use > use)
      return;
    role->use = use;
    role->bound = std::move(bound);
  }

  void addOffsets(const TensorType &ragged) {
    for (size_t k = 0; k < kernel.arguments.size(); ++k)
      if (kernel.arguments[k].name == ragged.offsets)
        roles[k] = {TableUse::Offsets, ragged.shape[ragged.tokenAxis], true};
  }

  void addPattern(const Pattern &pattern, const ScalarRef &keyCount) {
    keys = keyCount;
    read(pattern.table);
    if (pattern.kind == PatternKind::Segments)
      add(pattern.table, TableUse::Labels);
    if (pattern.kind == PatternKind::Blocks)
      add(pattern.table, TableUse::Bitmap);
    for (const Order &order : pattern.orders) {
      read(order.table);
      if (order.kind == OrderKind::Sort)
        add(order.table, TableUse::SortKey);
      if (order.kind == OrderKind::Given)
        add(order.table, TableUse::Permutation);
    }
    for (const ScalarRef &scalar : pattern.scalars)
      addScalar(scalar, /*inPattern=*/true);
    if (pattern.predicate)
      addScalar(pattern.predicate, /*inPattern=*/true);
    for (const PatternRef &child : pattern.children)
      addPattern(*child, keyCount);
  }

  static std::vector<int> tablesIn(const ScalarRef &root) {
    std::vector<int> tables;
    walk(root, [&](const Scalar &node) {
      if (node.kind == ScalarKind::Lookup && node.type == ScalarType::Int)
        tables.push_back(node.table);
    });
    return tables;
  }

  /// Tables whose value is that of the expression, or a part of it: not those
  /// that are only indices of other look-ups.
  static void tablesOf(const ScalarRef &root, std::vector<int> &tables) {
    if (root->kind == ScalarKind::Lookup) {
      if (root->type == ScalarType::Int)
        tables.push_back(root->table);
      return;
    }
    for (const ScalarRef &operand : root->operands)
      tablesOf(operand, tables);
  }

  static bool mentionsPosition(const ScalarRef &root) {
    if (root->kind == ScalarKind::Lookup)
      return false;
    if (root->kind == ScalarKind::Variable)
      return root->name != "b" && root->name != "h";
    return std::any_of(root->operands.begin(), root->operands.end(),
                       mentionsPosition);
  }

  void addScalar(const ScalarRef &root, bool inPattern) {
    walk(root, [&](const Scalar &node) {
      bool reads = node.kind == ScalarKind::Lookup ||
                   node.kind == ScalarKind::KeyInSet ||
                   node.kind == ScalarKind::QueryInSet;
      if (reads && inPattern)
        read(node.table);
      if (node.kind == ScalarKind::Lookup)
        addLookup(node);
      bool equality =
          node.kind == ScalarKind::Equal || node.kind == ScalarKind::NotEqual;
      if (equality || node.kind == ScalarKind::Less ||
          node.kind == ScalarKind::LessEqual)
        addComparison(node, equality);
    });
  }

  /// An index that is another one for each token.
  static bool isByToken(const ScalarRef &index) {
    return mentionsPosition(index) && !contains(index, [](const Scalar &node) {
             return node.kind == ScalarKind::FloorDiv;
           });
  }

  void addLookup(const Scalar &node) {
    if (node.type == ScalarType::Bool) {
      const auto &indices = node.operands;
      bool isMask =
          std::count_if(indices.begin(), indices.end(), isByToken) >= 2;
      add(node.table, isMask ? TableUse::Mask : TableUse::Bitmap);
    }
    const TensorType &type = kernel.values[node.table].types[0];
    size_t missing = type.shape.size() - node.operands.size();
    for (size_t k = 0; k < node.operands.size(); ++k) {
      std::vector<int> tables;
      tablesOf(node.operands[k], tables);
      for (int table : tables)
        add(table, TableUse::Index, type.shape[missing + k]);
    }
  }

  void addComparison(const Scalar &node, bool equality) {
    for (int side = 0; side < 2; ++side) {
      std::vector<int> tables;
      tablesOf(node.operands[side], tables);
      const ScalarRef &other = node.operands[1 - side];
      bool looksUp = !tablesIn(other).empty();
      bool position =
          mentionsPosition(other) || mentionsPosition(node.operands[side]);
      for (int table : tables) {
        if (equality && looksUp)
          add(table, TableUse::Labels);
        else if (position && equality)
          add(table, TableUse::Index, keys);
        else if (position)
          add(table, TableUse::Span, keys);
      }
    }
  }

  const ProgramKernel &kernel;
  std::vector<TableRole> roles;
  ScalarRef keys; ///< number of keys of the attend looked at
};

} // namespace

std::vector<TableRole> tableRoles(const ProgramKernel &kernel) {
  std::vector<TableRole> roles = RoleFinder(kernel).run();
  // Without a bound there is nothing to draw from.
  for (TableRole &role : roles)
    if (!role.bound &&
        (role.use == TableUse::Span || role.use == TableUse::Index))
      role.use = TableUse::Plain;
  return roles;
}

} // namespace effattn
