//===- Scalar.cpp - building, folding and rewriting scalars ---------------===//

#include "lib/Pattern/Scalar.h"

#include "lib/Pattern/FloorDivide.h"

#include <cmath>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace effattn {

namespace {

std::shared_ptr<Scalar> node(ScalarKind kind, ScalarType type) {
  return std::make_shared<Scalar>(kind, type);
}

/// The value of an integer operation, unless it overflows or is undefined.
std::optional<int64_t> foldInteger(ScalarKind kind, int64_t a, int64_t b) {
  int64_t result;
  switch (kind) {
  case ScalarKind::Add:
    return __builtin_add_overflow(a, b, &result) ? std::nullopt
                                                 : std::optional(result);
  case ScalarKind::Sub:
    return __builtin_sub_overflow(a, b, &result) ? std::nullopt
                                                 : std::optional(result);
  case ScalarKind::Mul:
    return __builtin_mul_overflow(a, b, &result) ? std::nullopt
                                                 : std::optional(result);
  case ScalarKind::FloorDiv:
    return b > 0 ? std::optional(floorDivide(a, b)) : std::nullopt;
  case ScalarKind::CeilDiv:
    return b > 0 && a != INT64_MIN ? std::optional(-floorDivide(-a, b))
                                   : std::nullopt;
  case ScalarKind::Mod:
    return b > 0 ? std::optional(a - b * floorDivide(a, b)) : std::nullopt;
  case ScalarKind::Min:
    return a < b ? a : b;
  case ScalarKind::Max:
    return a > b ? a : b;
  case ScalarKind::Less:
    return a < b;
  case ScalarKind::LessEqual:
    return a <= b;
  case ScalarKind::Equal:
    return a == b;
  case ScalarKind::NotEqual:
    return a != b;
  default:
    return std::nullopt;
  }
}

std::optional<double> foldReal(ScalarKind kind, double a, double b) {
  switch (kind) {
  case ScalarKind::Add:
    return a + b;
  case ScalarKind::Sub:
    return a - b;
  case ScalarKind::Mul:
    return a * b;
  case ScalarKind::Div:
    return a / b;
  default:
    return std::nullopt;
  }
}

bool isComparison(ScalarKind kind) {
  return kind == ScalarKind::Less || kind == ScalarKind::LessEqual ||
         kind == ScalarKind::Equal || kind == ScalarKind::NotEqual;
}

/// Identities with a neutral or absorbing constant; null where none applies.
ScalarRef foldIdentity(ScalarKind kind, const ScalarRef &a,
                       const ScalarRef &b) {
  switch (kind) {
  case ScalarKind::Add:
    return a->isConstant(0) ? b : b->isConstant(0) ? a : nullptr;
  case ScalarKind::Sub:
    return b->isConstant(0) ? a : nullptr;
  case ScalarKind::Mul:
    if (a->isConstant(1) || b->isConstant(0))
      return b;
    return b->isConstant(1) || a->isConstant(0) ? a : nullptr;
  case ScalarKind::FloorDiv:
  case ScalarKind::CeilDiv:
    return b->isConstant(1) ? a : nullptr;
  case ScalarKind::Mod:
    return b->isConstant(1) ? constantInt(0) : nullptr;
  case ScalarKind::And:
    if (a->isConstant(1) || b->isConstant(0))
      return b;
    return b->isConstant(1) || a->isConstant(0) ? a : nullptr;
  case ScalarKind::Or:
    if (a->isConstant(0) || b->isConstant(1))
      return b;
    return b->isConstant(0) || a->isConstant(1) ? a : nullptr;
  default:
    return nullptr;
  }
}

} // namespace

ScalarRef constantInt(int64_t value) {
  auto result = node(ScalarKind::Constant, ScalarType::Int);
  result->integer = value;
  return result;
}

ScalarRef constantFloat(double value) {
  auto result = node(ScalarKind::Constant, ScalarType::Float);
  result->real = value;
  return result;
}

ScalarRef constantBool(bool value) {
  auto result = node(ScalarKind::Constant, ScalarType::Bool);
  result->integer = value;
  return result;
}

ScalarRef variable(std::string name, ScalarType type) {
  auto result = node(ScalarKind::Variable, type);
  result->name = std::move(name);
  return result;
}

ScalarRef dimension(std::string name) {
  auto result = node(ScalarKind::Dimension, ScalarType::Int);
  result->name = std::move(name);
  return result;
}

ScalarRef argument(std::string name, ScalarType type) {
  auto result = node(ScalarKind::Argument, type);
  result->name = std::move(name);
  return result;
}

ScalarRef lookup(int table, ScalarType type, std::vector<ScalarRef> indices) {
  auto result = node(ScalarKind::Lookup, type);
  result->table = table;
  result->operands = std::move(indices);
  return result;
}

ScalarRef keyInSet(int set) {
  auto result = node(ScalarKind::KeyInSet, ScalarType::Bool);
  result->table = set;
  return result;
}

ScalarRef queryInSet(int set) {
  auto result = node(ScalarKind::QueryInSet, ScalarType::Bool);
  result->table = set;
  return result;
}

ScalarRef unary(ScalarKind kind, ScalarRef operand) {
  if (operand->isConstant() && operand->type == ScalarType::Bool &&
      kind == ScalarKind::Not)
    return constantBool(!operand->integer);
  if (kind == ScalarKind::Not && operand->kind == ScalarKind::Not)
    return operand->operands[0];
  if (operand->isConstant() && operand->type == ScalarType::Int) {
    if (kind == ScalarKind::Neg && operand->integer != INT64_MIN)
      return constantInt(-operand->integer);
    if (kind == ScalarKind::Abs && operand->integer != INT64_MIN)
      return constantInt(operand->integer < 0 ? -operand->integer
                                              : operand->integer);
  }
  if (operand->isConstant() && kind == ScalarKind::ToFloat)
    return constantFloat(static_cast<double>(operand->integer));
  if (operand->isConstant() && operand->type == ScalarType::Float) {
    if (kind == ScalarKind::Neg)
      return constantFloat(-operand->real);
    if (kind == ScalarKind::Abs)
      return constantFloat(std::fabs(operand->real));
    if (kind == ScalarKind::Sqrt)
      return constantFloat(std::sqrt(operand->real));
  }
  auto result = node(kind, kind == ScalarKind::Not       ? ScalarType::Bool
                           : kind == ScalarKind::ToFloat ? ScalarType::Float
                                                         : operand->type);
  result->operands = {std::move(operand)};
  return result;
}

ScalarRef binary(ScalarKind kind, ScalarRef left, ScalarRef right) {
  bool integers =
      left->type != ScalarType::Float && right->type != ScalarType::Float;
  if (left->isConstant() && right->isConstant()) {
    if (integers) {
      if (auto value = foldInteger(kind, left->integer, right->integer))
        return isComparison(kind) ? constantBool(*value) : constantInt(*value);
    } else if (left->type == right->type) {
      if (auto value = foldReal(kind, left->real, right->real))
        return constantFloat(*value);
    }
  }
  if (integers)
    if (ScalarRef folded = foldIdentity(kind, left, right))
      return folded;
  bool isBool =
      isComparison(kind) || kind == ScalarKind::And || kind == ScalarKind::Or;
  auto result = node(kind, isBool ? ScalarType::Bool : left->type);
  result->operands = {std::move(left), std::move(right)};
  return result;
}

ScalarRef select(ScalarRef condition, ScalarRef then, ScalarRef otherwise) {
  if (condition->isConstant())
    return condition->integer ? then : otherwise;
  if (then == otherwise)
    return then;
  auto result = node(ScalarKind::Select, then->type);
  result->operands = {std::move(condition), std::move(then),
                      std::move(otherwise)};
  return result;
}

ScalarRef exists(std::string name, ScalarRef lower, ScalarRef upper,
                 ScalarRef body) {
  if (body->isConstant(0))
    return body;
  auto result = node(ScalarKind::Exists, ScalarType::Bool);
  result->name = std::move(name);
  result->operands = {std::move(lower), std::move(upper), std::move(body)};
  return result;
}

namespace {

/// Compares two trees; a pair of shared nodes is compared once.
class Comparison {
public:
  bool same(const ScalarRef &a, const ScalarRef &b) {
    if (a == b)
      return true;
    if (!a || !b || !sameNode(*a, *b))
      return false;
    if (!a->operands.empty() && !known.insert({a.get(), b.get()}).second)
      return true; // found equal before: a difference ends the comparison
    for (size_t k = 0; k < a->operands.size(); ++k)
      if (!same(a->operands[k], b->operands[k]))
        return false;
    return true;
  }

private:
  static bool sameNode(const Scalar &a, const Scalar &b) {
    bool sameReal =
        a.real == b.real || (std::isnan(a.real) && std::isnan(b.real));
    return a.kind == b.kind && a.type == b.type && a.integer == b.integer &&
           sameReal && a.name == b.name && a.table == b.table &&
           a.operands.size() == b.operands.size();
  }

  std::set<std::pair<const Scalar *, const Scalar *>> known;
};

} // namespace

bool equivalent(const ScalarRef &a, const ScalarRef &b) {
  return Comparison().same(a, b);
}

namespace {

/// A node with new operands, folded again.
ScalarRef rebuild(const ScalarRef &old, std::vector<ScalarRef> operands) {
  switch (old->operands.size()) {
  case 1:
    if (old->kind != ScalarKind::Lookup)
      return unary(old->kind, operands[0]);
    break;
  case 2:
    if (old->kind != ScalarKind::Lookup)
      return binary(old->kind, operands[0], operands[1]);
    break;
  case 3:
    if (old->kind == ScalarKind::Select)
      return select(operands[0], operands[1], operands[2]);
    break;
  default:
    break;
  }
  auto result = std::make_shared<Scalar>(*old);
  result->operands = std::move(operands);
  return result;
}

class Rewriter {
public:
  explicit Rewriter(const std::function<ScalarRef(const ScalarRef &)> &replace)
      : replace(replace) {}

  ScalarRef visit(const ScalarRef &old) {
    auto [place, isNew] = done.try_emplace(old.get());
    if (!isNew)
      return place->second;
    ScalarRef current = old;
    if (!old->operands.empty()) {
      std::vector<ScalarRef> operands;
      bool changed = false;
      for (const ScalarRef &operand : old->operands) {
        operands.push_back(visit(operand));
        changed |= operands.back() != operand;
      }
      if (changed)
        current = rebuild(old, std::move(operands));
    }
    if (ScalarRef replacement = replace(current))
      current = replacement;
    done[old.get()] = current;
    return current;
  }

private:
  const std::function<ScalarRef(const ScalarRef &)> &replace;
  std::unordered_map<const Scalar *, ScalarRef> done;
};

void walkOnce(const ScalarRef &root, std::unordered_set<const Scalar *> &seen,
              const std::function<void(const Scalar &)> &visit) {
  if (!seen.insert(root.get()).second)
    return;
  for (const ScalarRef &operand : root->operands)
    walkOnce(operand, seen, visit);
  visit(*root);
}

} // namespace

ScalarRef rewrite(const ScalarRef &root,
                  const std::function<ScalarRef(const ScalarRef &)> &replace) {
  return Rewriter(replace).visit(root);
}

ScalarRef substitute(const ScalarRef &root, const std::string &variableName,
                     const ScalarRef &replacement) {
  return rewrite(root, [&](const ScalarRef &old) -> ScalarRef {
    if (old->kind == ScalarKind::Variable && old->name == variableName)
      return replacement;
    return nullptr;
  });
}

void walk(const ScalarRef &root,
          const std::function<void(const Scalar &)> &visit) {
  std::unordered_set<const Scalar *> seen;
  walkOnce(root, seen, visit);
}

bool contains(const ScalarRef &root,
              const std::function<bool(const Scalar &)> &test) {
  bool found = false;
  walk(root, [&](const Scalar &scalar) { found |= test(scalar); });
  return found;
}

bool usesVariable(const ScalarRef &root, const std::string &name) {
  return contains(root, [&](const Scalar &scalar) {
    return scalar.kind == ScalarKind::Variable && scalar.name == name;
  });
}

} // namespace effattn
