//===- CheckType.cpp - types, dimensions and their binding ----------------===//
//
// A dimension is bound at launch by the first argument that has it as a plain
// axis; every other axis is an expression of bound dimensions and constants.
//
//===----------------------------------------------------------------------===//

#include "lib/Frontend/Checker.h"

#include <fmt/format.h>

#include <algorithm>

namespace effattn::checking {

namespace {

constexpr int kMaxRank = 6; // EFFATTN_MAX_RANK

const std::pair<const char *, ElementType> elements[] = {
    {"f32", ElementType::F32},   {"f16", ElementType::F16},
    {"bf16", ElementType::BF16}, {"i8", ElementType::I8},
    {"i32", ElementType::I32},   {"i64", ElementType::I64},
    {"bool", ElementType::Bool}};

} // namespace

std::optional<ElementType> Checker::elementType(const ast::Identifier &name) {
  std::vector<std::string> candidates = {"index"};
  for (const auto &[spelling, type] : elements) {
    if (name.text == spelling)
      return type;
    candidates.push_back(spelling);
  }
  if (!name.empty())
    error(name.range,
          fmt::format("expected a type (f32, f16, bf16, i8, i32, i64, bool or "
                      "index), but got '{}'{}",
                      name.text, didYouMean(name.text, candidates)));
  return std::nullopt;
}

/// Names that are a plain axis of some argument, in order.
void Checker::bindDimensions(const ast::Kernel &kernelText) {
  auto bind = [&](const ast::Identifier &name) {
    if (name.empty() || fileScope.names.count(name.text) ||
        dimensionRanges.count(name.text))
      return;
    for (const char *word : {"b", "h", "i", "j", "all", "none", "causal"})
      if (name.text == word) {
        error(name.range, fmt::format("'{}' has a meaning in patterns and "
                                      "cannot name a dimension",
                                      word));
        return;
      }
    for (const ast::Argument &argument : kernelText.arguments)
      if (argument.name.text == name.text) {
        error(name.range, fmt::format("expected the name of a dimension, but "
                                      "'{}' is an argument",
                                      name.text))
            .note(argument.name.range, "declared here");
        return;
      }
    dimensionRanges[name.text] = name.range;
    kernel.dimensions.push_back(name.text);
  };
  for (const ast::Argument &argument : kernelText.arguments)
    for (const ast::ExprPtr &axis : argument.type.dims)
      if (axis->kind == ast::ExprKind::Name)
        bind(axis->name);
  // Offsets of ragged tokens have one entry more than there are sequences. A
  // name that is no argument may mean any of them.
  for (const ast::Argument &argument : kernelText.arguments) {
    const std::string &offsets = argument.type.ragged.text;
    bool isKnown = std::any_of(
        kernelText.arguments.begin(), kernelText.arguments.end(),
        [&](const ast::Argument &other) { return other.name.text == offsets; });
    for (const ast::Argument &table : kernelText.arguments) {
      const auto &dims = table.type.dims;
      if (offsets.empty() || (isKnown && offsets != table.name.text) ||
          dims.size() != 1)
        continue;
      const ast::Expr &axis = *dims[0];
      if (axis.kind == ast::ExprKind::Binary && axis.op == ast::Op::Add &&
          axis.operand(0).kind == ast::ExprKind::Name &&
          axis.operand(1).kind == ast::ExprKind::Integer)
        bind(axis.operand(0).name);
    }
  }
}

bool Checker::dimensionsAreBound(const ScalarRef &axis,
                                 ast::SourceRange range) {
  std::string unbound;
  walk(axis, [&](const Scalar &node) {
    if (node.kind == ScalarKind::Dimension && unbound.empty() &&
        !dimensionRanges.count(node.name))
      unbound = node.name;
  });
  if (unbound.empty())
    return true;
  error(range, fmt::format("the size of '{}' cannot be found from the "
                           "arguments: expected it as an axis of its own in "
                           "one of them{}",
                           unbound, didYouMean(unbound, kernel.dimensions)));
  return false;
}

ScalarRef Checker::checkAxis(const ast::Expr &expr) {
  Value size = expectScalar(evaluateIn(expr, Where::Dimension, false),
                            ScalarType::Int, expr.range, "the size of an axis");
  if (size.isPoison() || !dimensionsAreBound(size.scalar, expr.range))
    return nullptr;
  if (size.scalar->isConstant() && size.scalar->integer < 0) {
    error(expr.range, fmt::format("expected a size of at least 0, but got {}",
                                  size.scalar->integer));
    return nullptr;
  }
  return size.scalar;
}

bool Checker::checkAxes(const ast::Type &type, TensorType &result) {
  bool ok = true;
  for (const ast::ExprPtr &axis : type.dims) {
    result.shape.push_back(checkAxis(*axis));
    ok &= result.shape.back() != nullptr;
  }
  if (!ok)
    return false;
  if (result.rank() > kMaxRank || result.rank() == 0) {
    error(type.range, fmt::format("expected 1 to {} axes, but got {}", kMaxRank,
                                  result.rank()));
    return false;
  }
  int64_t bytes = sizeOf(result.element);
  for (const ScalarRef &axis : result.shape)
    if (axis->isConstant() && axis->integer > 0 &&
        __builtin_mul_overflow(bytes, axis->integer, &bytes)) {
      error(type.range, fmt::format("the size of {} in bytes does not fit 64 "
                                    "bits",
                                    toString(result)));
      return false;
    }
  return true;
}

bool Checker::checkType(const ast::Type &type, ProgramArgument &argument) {
  Restore restore(context);
  context = {};
  context.scope = &fileScope;
  context.where = Where::Dimension;
  argument.offset = type.range.begin;
  if (type.isIndexSet) {
    argument.kind = ArgumentKind::IndexSet;
    argument.type.element = ElementType::I32;
    if (!type.hasDims) {
      error(type.range, "expected axes after 'index', as in index[G] in N");
      return false;
    }
    bool ok = checkAxes(type, argument.type);
    argument.bound = type.bound ? checkAxis(*type.bound) : nullptr;
    return ok && argument.bound;
  }
  auto element = elementType(type.element);
  if (!element)
    return false;
  argument.type.element = *element;
  if (type.hasDims)
    return checkAxes(type, argument.type);
  argument.kind = ArgumentKind::Scalar;
  if (*element == ElementType::I64 || *element == ElementType::F32)
    return true;
  error(type.range,
        fmt::format("expected i64 or f32 for a scalar argument, but "
                    "got {}",
                    type.element.text));
  return false;
}

} // namespace effattn::checking
