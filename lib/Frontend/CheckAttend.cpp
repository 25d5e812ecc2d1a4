//===- CheckAttend.cpp - attend, column_sums and linear_attend ------------===//
//
// q [B, H, N, D], k [B, Hk, M, D], v [B, Hk, M, Dv]; leading axes may be
// absent, which means: the same for every head, for every batch entry. Results
// are O [B, H, N, Dv] and LSE [B, H, N] with the leading axes that any operand
// has.
//
//===----------------------------------------------------------------------===//

#include "lib/Frontend/Checker.h"

#include <fmt/format.h>

#include <algorithm>

namespace effattn::checking {

namespace {

/// Axis `fromRight` of a tensor; null where it is absent.
ScalarRef axis(const TensorType &type, int fromRight) {
  return fromRight < type.rank() ? type.shape[type.rank() - 1 - fromRight]
                                 : nullptr;
}

bool isFloating(ElementType type) {
  return type == ElementType::F32 || type == ElementType::F16 ||
         type == ElementType::BF16;
}

TensorType resultType(ElementType element, const AttendSizes &sizes,
                      std::initializer_list<ScalarRef> inner) {
  TensorType type;
  type.element = element;
  if (sizes.batch)
    type.shape.push_back(sizes.batch);
  if (sizes.heads)
    type.shape.push_back(sizes.heads);
  else if (sizes.batch)
    type.shape.push_back(constantInt(1));
  type.offsets = sizes.queryOffsets;
  type.tokenAxis = type.isRagged() ? type.rank() : -1;
  type.shape.insert(type.shape.end(), inner);
  return type;
}

} // namespace

/// An operand of attend: a tensor of floats with tokens and channels.
std::optional<Value> Checker::tensorArgument(const ast::Expr &expr,
                                             std::string_view what) {
  Value value = evaluate(expr);
  if (value.isPoison())
    return std::nullopt;
  if (!value.isTensor() || !isFloating(typeOf(value).element) ||
      typeOf(value).rank() < 2 || typeOf(value).rank() > 4) {
    error(
        expr.range,
        fmt::format("expected a tensor of floats with 2 to 4 axes for {}, but "
                    "got {}",
                    what, describe(value)));
    return std::nullopt;
  }
  return value;
}

bool Checker::headsDivide(const ScalarRef &heads, const ScalarRef &keyHeads,
                          const ast::Expr &keys) {
  if (equivalent(heads, keyHeads))
    return true;
  if (heads->isConstant() && keyHeads->isConstant()) {
    int64_t all = heads->integer, own = keyHeads->integer;
    if (own > 0 ? all % own == 0 : all == 0)
      return true;
    error(keys.range, fmt::format("expected a number of key heads that divides "
                                  "{} query heads, but got {}",
                                  all, own));
    return false;
  }
  ScalarRef one = constantInt(1), zero = constantInt(0);
  ScalarRef divides = logicalAnd(
      equal(mod(heads, binary(ScalarKind::Max, keyHeads, one)), zero),
      logicalOr(one <= keyHeads, equal(heads, zero)));
  bool ok = true;
  require(divides,
          fmt::format("the number of key heads {} must divide the number of "
                      "query heads {}",
                      toString(keyHeads), toString(heads)),
          keys.range, ok);
  return ok;
}

/// One axis that two operands share.
bool Checker::agree(const ScalarRef &a, const ScalarRef &b,
                    std::string_view what, std::string_view first,
                    ast::SourceRange range) {
  if (equivalent(a, b))
    return true;
  Diagnostic &diagnostic =
      error(range, fmt::format("expected {} {}, as in {}, but got {}",
                               toString(a), what, first, toString(b)));
  noteDimensions(diagnostic, a, b);
  return false;
}

bool Checker::queryKeySizes(const Value &q, const Value &k,
                            const ast::Expr &expr, AttendSizes &sizes,
                            std::string_view channels) {
  const TensorType &query = typeOf(q), &key = typeOf(k);
  const ast::Expr &place = expr.operand(1);
  if (query.element != key.element) {
    error(place.range, fmt::format("expected keys of type {}, as the queries, "
                                   "but got {}",
                                   spelling(query.element), toString(key)));
    return false;
  }
  sizes.queries = axis(query, 1);
  sizes.keys = axis(key, 1);
  ScalarRef batch = axis(query, 3), keyBatch = axis(key, 3);
  ScalarRef heads = axis(query, 2), keyHeads = axis(key, 2);
  sizes.batch = batch ? batch : keyBatch;
  sizes.heads = heads ? heads : keyHeads;
  bool ok =
      agree(axis(query, 0), axis(key, 0), channels, "the queries", place.range);
  if (batch && keyBatch)
    ok = ok &&
         agree(batch, keyBatch, "batch entries", "the queries", place.range);
  if (heads && keyHeads)
    ok = ok && headsDivide(heads, keyHeads, place);
  return ok;
}

bool Checker::keyValueSizes(const Value &k, const Value &v,
                            const ast::Expr &expr) {
  const TensorType &key = typeOf(k), &value = typeOf(v);
  const ast::Expr &place = expr.operand(2);
  if (key.element != value.element || key.rank() != value.rank()) {
    error(place.range,
          fmt::format("expected values of type {} with {} axes, as the keys, "
                      "but got {}",
                      spelling(key.element), key.rank(), toString(value)));
    return false;
  }
  bool ok =
      agree(axis(key, 1), axis(value, 1), "tokens", "the keys", place.range);
  if (key.rank() > 2)
    ok = ok &&
         agree(axis(key, 2), axis(value, 2), "heads", "the keys", place.range);
  if (key.rank() > 3)
    ok = ok && agree(axis(key, 3), axis(value, 3), "batch entries", "the keys",
                     place.range);
  return ok;
}

/// The pattern at that place; it sees N and M.
bool Checker::attendPattern(const ast::Expr &expr, const AttendSizes &sizes,
                            ProgramValue &value) {
  Value pattern = expectPattern(evaluateIn(expr, Where::Body, true), expr.range,
                                "the pairs of an attend");
  if (pattern.isPoison())
    return false;
  bool ok = true;
  value.pattern = completePattern(pattern.pattern, sizes, expr.range, ok);
  ok = ok && speaksOfSequences(*value.pattern, sizes, expr.range);
  if (ok)
    requirePattern(value.pattern, sizes, expr.range, ok);
  return ok;
}

namespace {

/// 1 / sqrt(D)
ScalarRef defaultScale(const ScalarRef &channels) {
  return binary(ScalarKind::Div, constantFloat(1),
                unary(ScalarKind::Sqrt, unary(ScalarKind::ToFloat, channels)));
}

} // namespace

/// attend(v, P, logits = ...): every token is a query, so N = M.
bool Checker::attendLogits(const ast::Expr &expr, ProgramValue &value,
                           AttendSizes &sizes) {
  for (const char *option : {"score", "scale", "q0"})
    if (const ast::Expr *place = findOption(expr, option);
        place && std::string_view(option) != "q0") {
      error(place->range, fmt::format("expected no '{}' beside 'logits', which "
                                      "is the whole logit",
                                      option));
      return false;
    }
  auto v = tensorArgument(expr.operand(0), "the values");
  if (!v || refuseRagged({&*v}, "'logits'", expr.operand(0).range))
    return false;
  const TensorType &type = typeOf(*v);
  sizes = {axis(type, 3), axis(type, 2), axis(type, 1), axis(type, 1)};
  value.operands = {v->number};
  value.operandResults = {v->result};
  value.types = {
      resultType(type.element, sizes, {sizes.queries, axis(type, 0)})};
  return true;
}

bool Checker::attendKeys(const ast::Expr &expr, ProgramValue &value,
                         AttendSizes &sizes) {
  auto q = tensorArgument(expr.operand(0), "the queries");
  auto k = tensorArgument(expr.operand(1), "the keys");
  auto v = tensorArgument(expr.operand(2), "the values");
  if (!q || !k || !v)
    return false;
  bool agrees = queryKeySizes(*q, *k, expr, sizes, "channels");
  agrees &= keyValueSizes(*k, *v, expr);
  if (!agrees || !raggedSizes(*q, *k, *v, expr, sizes))
    return false;
  value.operands = {q->number, k->number, v->number};
  value.operandResults = {q->result, k->result, v->result};
  value.scale = defaultScale(axis(typeOf(*q), 0));
  value.types = {resultType(typeOf(*q).element, sizes,
                            {sizes.queries, axis(typeOf(*v), 0)})};
  return true;
}

Value Checker::evaluateAttend(const ast::Expr &expr) {
  bool hasLogits = findOption(expr, "logits") != nullptr;
  if (!checkCall(expr, hasLogits ? 2 : 4,
                 hasLogits ? "attend(v, P, logits = ...)"
                           : "attend(q, k, v, P)",
                 {"scale", "q0", "score", "select", "lse", "logits"}))
    return {};
  ProgramValue value = newValue(TensorOp::Attend);
  value.offset = expr.range.begin;
  AttendSizes sizes;
  if (!(hasLogits ? attendLogits(expr, value, sizes)
                  : attendKeys(expr, value, sizes))) {
    // Mistakes in the rest are worth a message too, where they need no sizes.
    evaluateIn(expr.operand(hasLogits ? 1 : 3), Where::Body, true);
    return {};
  }
  value.types.push_back(resultType(ElementType::F32, sizes, {sizes.queries}));
  bool ok = attendPattern(expr.operand(hasLogits ? 1 : 3), sizes, value);
  ok &= attendOptions(expr, value, sizes);
  return ok ? addValue(std::move(value)) : Value();
}

/// column_sums(q, k, P): probabilities summed over the queries, [B, H, M]
Value Checker::evaluateColumnSums(const ast::Expr &expr) {
  if (!checkCall(expr, 3, "column_sums(q, k, P)", {"scale", "q0", "score"}))
    return {};
  ProgramValue value = newValue(TensorOp::ColumnSums);
  value.offset = expr.range.begin;
  AttendSizes sizes;
  auto q = tensorArgument(expr.operand(0), "the queries");
  auto k = tensorArgument(expr.operand(1), "the keys");
  if (!q || !k || !queryKeySizes(*q, *k, expr, sizes, "channels") ||
      refuseRagged({&*q, &*k}, "'column_sums'", expr.range))
    return {};
  value.operands = {q->number, k->number};
  value.operandResults = {q->result, k->result};
  value.scale = defaultScale(axis(typeOf(*q), 0));
  value.types = {resultType(ElementType::F32, sizes, {sizes.keys})};
  bool ok = attendPattern(expr.operand(2), sizes, value);
  ok &= attendOptions(expr, value, sizes);
  return ok ? addValue(std::move(value)) : Value();
}

/// linear_attend(fq, fk, v, P, eps = 1e-6, normalize = true)
Value Checker::evaluateLinearAttend(const ast::Expr &expr) {
  if (!checkCall(expr, 4, "linear_attend(fq, fk, v, P)",
                 {"eps", "normalize", "state"}))
    return {};
  ProgramValue value = newValue(TensorOp::LinearAttend);
  value.offset = expr.range.begin;
  AttendSizes sizes;
  auto q = tensorArgument(expr.operand(0), "the features of the queries");
  auto k = tensorArgument(expr.operand(1), "the features of the keys");
  auto v = tensorArgument(expr.operand(2), "the values");
  if (!q || !k || !v || !queryKeySizes(*q, *k, expr, sizes, "features") ||
      !keyValueSizes(*k, *v, expr) ||
      refuseRagged({&*q, &*k, &*v}, "'linear_attend'", expr.range))
    return {};
  value.operands = {q->number, k->number, v->number};
  value.operandResults = {q->result, k->result, v->result};
  value.types = {resultType(typeOf(*q).element, sizes,
                            {sizes.queries, axis(typeOf(*v), 0)})};
  const ast::Expr &place = expr.operand(3);
  if (!attendPattern(place, sizes, value))
    return {};
  PatternKind kind = value.pattern->kind;
  if (kind != PatternKind::All && kind != PatternKind::Causal &&
      kind != PatternKind::Segments) {
    error(place.range, fmt::format("expected all, causal or segments(t) for "
                                   "linear_attend, but got {}",
                                   ast::toString(place)));
    return {};
  }
  return linearOptions(expr, value) ? addValue(std::move(value)) : Value();
}

} // namespace effattn::checking
