//===- Constant.cpp - how far an expression stays the same ----------------===//
#include "lib/Analysis/Constant.h"

#include <algorithm>
#include <optional>
#include <unordered_map>

namespace effattn {

namespace {

class Finder {
public:
  explicit Finder(const std::string &name) : name(name) {}

  /// False where the value may change from n to n + 1.
  bool visit(const ScalarRef &node);

  std::vector<ScalarRef> ends; ///< of distinct quotients

private:
  bool visitNew(const ScalarRef &node);
  std::optional<int64_t> factor(const ScalarRef &node) const;
  void addEnd(const ScalarRef &quotient, int64_t k);

  const std::string &name;
  std::unordered_map<const Scalar *, bool> known;
};

/// k where the node is k*n + a and `a` is free of n.
std::optional<int64_t> Finder::factor(const ScalarRef &node) const {
  if (!usesVariable(node, name))
    return 0;
  auto operand = [&](size_t which) { return factor(node->operands[which]); };
  switch (node->kind) {
  case ScalarKind::Variable:
    return 1;
  case ScalarKind::Add:
  case ScalarKind::Sub: {
    std::optional<int64_t> left = operand(0), right = operand(1);
    int64_t sum = 0;
    if (!left || !right ||
        (node->kind == ScalarKind::Add
             ? __builtin_add_overflow(*left, *right, &sum)
             : __builtin_sub_overflow(*left, *right, &sum)))
      return std::nullopt;
    return sum;
  }
  case ScalarKind::Mul:
    for (size_t which : {0, 1}) {
      const ScalarRef &by = node->operands[1 - which];
      std::optional<int64_t> own = operand(which);
      int64_t product = 0;
      if (own && by->isConstant() &&
          !__builtin_mul_overflow(*own, by->integer, &product))
        return product;
    }
    return std::nullopt;
  default:
    return std::nullopt;
  }
}

void Finder::addEnd(const ScalarRef &quotient, int64_t k) {
  const ScalarRef &dividend = quotient->operands[0];
  ScalarRef divisor =
                binary(ScalarKind::Max, quotient->operands[1], constantInt(1)),
            offset = substitute(dividend, name, constantInt(0));
  ScalarRef end = (quotient + constantInt(1)) * divisor - offset;
  if (k > 1)
    end = floorDiv(end + constantInt(k - 1), constantInt(k));
  auto isSame = [&](const ScalarRef &other) { return equivalent(other, end); };
  if (std::none_of(ends.begin(), ends.end(), isSame))
    ends.push_back(end);
}

bool Finder::visitNew(const ScalarRef &node) {
  if (!usesVariable(node, name))
    return true;
  if (node->kind == ScalarKind::Variable || node->kind == ScalarKind::Exists)
    return false;
  // A dividend that is not linear may itself be constant for a while.
  if (node->kind == ScalarKind::FloorDiv &&
      !usesVariable(node->operands[1], name))
    if (std::optional<int64_t> k = factor(node->operands[0]); k && *k > 0) {
      addEnd(node, *k);
      return true;
    }
  return std::all_of(node->operands.begin(), node->operands.end(),
                     [&](const ScalarRef &one) { return visit(one); });
}

bool Finder::visit(const ScalarRef &node) {
  auto found = known.find(node.get());
  if (found == known.end())
    found = known.emplace(node.get(), visitNew(node)).first;
  return found->second;
}

} // namespace

ScalarRef constantUntil(const std::vector<ScalarRef> &values,
                        const std::string &name) {
  Finder finder(name);
  if (!std::all_of(values.begin(), values.end(),
                   [&](const ScalarRef &one) { return finder.visit(one); }) ||
      finder.ends.empty())
    return nullptr;
  ScalarRef end = finder.ends[0];
  for (size_t k = 1; k < finder.ends.size(); ++k)
    end = binary(ScalarKind::Min, end, finder.ends[k]);
  return end;
}

} // namespace effattn
