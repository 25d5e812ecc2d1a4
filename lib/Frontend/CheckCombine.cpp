//===- CheckCombine.cpp - merge, average and rows -------------------------===//

#include "lib/Frontend/Checker.h"

#include <fmt/format.h>

namespace effattn::checking {

namespace {

bool hasLse(const ProgramKernel &kernel, const Value &value) {
  return value.isTensor() && value.result == 0 &&
         kernel.values[value.number].types.size() == 2;
}

} // namespace

bool Checker::mergeOption(const ast::Identifier &name, const ast::Expr &expr,
                          ProgramValue &value) {
  if (name.text == "lse") {
    auto wants = constantBoolean(expr, "'lse'");
    value.wantsLse = wants.value_or(false);
    return wants.has_value();
  }
  if (name.text == "duplicates") {
    if (expr.kind == ast::ExprKind::Name && expr.name.text == "once") {
      value.duplicatesOnce = true;
      return true;
    }
    error(expr.range, fmt::format("expected 'once' for 'duplicates', but got "
                                  "{}",
                                  ast::toString(expr)));
    return false;
  }
  error(name.range, fmt::format("'merge' has no option '{}'{}", name.text,
                                didYouMean(name.text, {"duplicates", "lse"})));
  return false;
}

/// The attends under a merge or rows.
void Checker::collectAttends(int number, std::vector<int> &attends) const {
  const ProgramValue &value = kernel.values[number];
  if (value.op == TensorOp::Attend) {
    attends.push_back(number);
    return;
  }
  for (int operand : value.operands)
    collectAttends(operand, attends);
}

/// A key that is in both has the same logit and value in both.
bool Checker::sameKeys(const ProgramValue &a, const ProgramValue &b) const {
  auto same = [](const ScalarRef &x, const ScalarRef &y) {
    return (!x && !y) || (x && y && equivalent(x, y));
  };
  return a.operands == b.operands && a.operandResults == b.operandResults &&
         same(a.score, b.score) && same(a.logits, b.logits) &&
         same(a.scale, b.scale);
}

Value Checker::finishMerge(std::vector<Value> parts,
                           const std::vector<const ast::Expr *> &places,
                           ProgramValue value, const ast::Expr &expr) {
  for (size_t k = 0; k < parts.size(); ++k) {
    if (!hasLse(kernel, parts[k])) {
      error(places[k]->range,
            fmt::format("expected an attend, a merge or rows of them in a "
                        "merge, but got {}",
                        describe(parts[k])));
      return {};
    }
    if (!sameType(typeOf(parts[k]), typeOf(parts[0]))) {
      error(places[k]->range,
            fmt::format("expected {}, as the first part of the merge, but got "
                        "{}",
                        toString(typeOf(parts[0])), toString(typeOf(parts[k]))))
          .note(places[0]->range, "the first part is here");
      return {};
    }
    value.operands.push_back(parts[k].number);
    value.operandResults.push_back(0);
  }
  if (value.duplicatesOnce) {
    std::vector<int> attends;
    for (const Value &part : parts)
      collectAttends(part.number, attends);
    for (int attend : attends)
      if (!sameKeys(kernel.values[attends[0]], kernel.values[attend])) {
        error(expr.range, "expected parts with the same q, k, v, scale and "
                          "score for 'duplicates = once'");
        return {};
      }
  }
  value.types = kernel.values[parts[0].number].types;
  return addValue(std::move(value));
}

/// merge(a, b, ...)
Value Checker::evaluateMergeCall(const ast::Expr &expr) {
  ProgramValue value = newValue(TensorOp::Merge);
  value.offset = expr.range.begin;
  std::vector<Value> parts;
  std::vector<const ast::Expr *> places;
  bool ok = true;
  for (size_t k = 0; k < expr.operands.size(); ++k) {
    if (!expr.names[k].empty()) {
      ok &= mergeOption(expr.names[k], expr.operand(k), value);
      continue;
    }
    parts.push_back(evaluate(expr.operand(k)));
    places.push_back(&expr.operand(k));
    ok &= !parts.back().isPoison();
  }
  if (parts.empty()) {
    error(expr.range, "expected parts to merge, but got none");
    return {};
  }
  return ok ? finishMerge(std::move(parts), places, std::move(value), expr)
            : Value();
}

/// merge r in 0..R { ... }, average c in 0..C { rows(S[c]): ... }: unrolled.
Value Checker::evaluateRounds(const ast::Expr &expr) {
  bool isMerge = expr.kind == ast::ExprKind::Merge;
  const char *what = isMerge ? "merge" : "average";
  if (context.where != Where::Body) {
    error(expr.range, fmt::format("expected '{}' outside of patterns, scores "
                                  "and constants",
                                  what));
    return {};
  }
  ProgramValue value = newValue(isMerge ? TensorOp::Merge : TensorOp::Average);
  value.offset = expr.range.begin;
  auto low = constantInteger(expr.operand(0), "the first round");
  auto high = constantInteger(expr.operand(1), "the end of the rounds");
  bool ok = low && high;
  if (ok && *low >= *high) {
    error(expr.operand(1).range,
          fmt::format("expected an end above {}, but got "
                      "{}",
                      *low, *high));
    ok = false;
  }
  if (ok &&
      (*high > kMaxRounds || *low < -kMaxRounds || *high - *low > kMaxRounds)) {
    error(expr.operand(1).range,
          fmt::format("expected at most {} rounds, but got {}..{}", kMaxRounds,
                      *low, *high));
    ok = false;
  }
  for (size_t k = 3; k < expr.operands.size(); ++k) {
    const ast::Identifier &name = expr.names[k - 3];
    if (isMerge) {
      ok &= mergeOption(name, expr.operand(k), value);
    } else {
      error(name.range, fmt::format("'average' has no option '{}'", name.text));
      ok = false;
    }
  }
  std::vector<Value> parts;
  const ast::Expr &body = expr.operand(2);
  int64_t first = ok ? *low : 0, end = ok ? *high : 1;
  for (int64_t round = first; round < end; ++round) {
    Scope scope{{}, context.scope};
    declare(scope, expr.name, ok ? makeScalar(constantInt(round)) : Value(),
            "a round");
    Restore restore(context);
    Restore inRounds(rounds);
    context.scope = &scope;
    ++rounds;
    parts.push_back(evaluate(body));
    if (parts.back().isPoison())
      return {};
  }
  if (!ok)
    return {};
  std::vector<const ast::Expr *> places(parts.size(), &body);
  return isMerge ? finishMerge(std::move(parts), places, std::move(value), expr)
                 : finishAverage(parts, std::move(value), body);
}

Value Checker::finishAverage(const std::vector<Value> &parts,
                             ProgramValue value, const ast::Expr &body) {
  for (const Value &part : parts) {
    bool isRows = part.isTensor() && part.result == 0 &&
                  kernel.values[part.number].op == TensorOp::Rows &&
                  !kernel.values[part.number].hasElse;
    if (!isRows) {
      error(body.range,
            fmt::format("expected rows(S): ... without 'else' in an "
                        "average, but got {}",
                        describe(part)));
      return {};
    }
    if (!sameType(typeOf(part), typeOf(parts[0]))) {
      error(body.range,
            fmt::format("expected {} in every round, but got {}",
                        toString(typeOf(parts[0])), toString(typeOf(part))));
      return {};
    }
    value.operands.push_back(part.number);
    value.operandResults.push_back(0);
  }
  value.types = {typeOf(parts[0])};
  return addValue(std::move(value));
}

Value Checker::expectSet(const ast::Expr &expr) {
  Value set = evaluate(expr);
  if (set.isPoison() || set.kind == Value::Set)
    return set;
  error(expr.range, fmt::format("expected an index set for rows(S), but got {}",
                                describe(set)));
  return {};
}

/// rows(S): a else: b
Value Checker::evaluateRows(const ast::Expr &expr) {
  if (context.where != Where::Body) {
    error(expr.range,
          "expected 'rows' outside of patterns, scores and constants");
    return {};
  }
  bool hasElse = expr.operands.size() == 3;
  Value set = expectSet(expr.operand(0));
  std::vector<Value> branches;
  bool ok = !set.isPoison(), withLse = true, isPair = true;
  ProgramValue value = newValue(TensorOp::Rows);
  value.offset = expr.range.begin;
  value.hasElse = hasElse;
  for (size_t k = 1; k < expr.operands.size(); ++k) {
    const ast::Expr &place = expr.operand(k);
    Value branch = evaluate(place);
    if (branch.isPoison()) {
      ok = false;
      continue;
    }
    if (!branch.isTensor() || typeOf(branch).rank() < 2) {
      error(place.range, fmt::format("expected a tensor with tokens and "
                                     "channels in 'rows', but got {}",
                                     describe(branch)));
      ok = false;
      continue;
    }
    withLse &= hasLse(kernel, branch);
    isPair &= branch.isPair;
    value.operands.push_back(branch.number);
    value.operandResults.push_back(branch.result);
    branches.push_back(branch);
  }
  if (!ok)
    return {};
  const TensorType type = typeOf(branches[0]);
  if (hasElse && !sameType(type, typeOf(branches[1]))) {
    error(expr.operand(2).range,
          fmt::format("expected {} after 'else', as before it, but got {}",
                      toString(type), toString(typeOf(branches[1]))))
        .note(expr.operand(1).range, "the other rows come from here");
    return {};
  }
  const ScalarRef &rows = type.shape[type.rank() - 2];
  const ScalarRef &bound = setBounds[set.number];
  if (bound && !equivalent(bound, rows)) {
    Diagnostic &diagnostic = error(
        expr.operand(0).range,
        fmt::format("expected a set of indices in {}, the number of rows, "
                    "but got indices in {}",
                    toString(rows), toString(bound)));
    noteDimensions(diagnostic, rows, bound);
    return {};
  }
  // Leading axes of the set are those of the rows.
  AttendSizes sizes;
  sizes.heads = type.rank() > 2 ? type.shape[type.rank() - 3] : nullptr;
  sizes.batch = type.rank() > 3 ? type.shape[type.rank() - 4] : nullptr;
  sizes.sequences = sequencesOf(type.offsets);
  completeSet(set.number, sizes, expr.operand(0).range, ok);
  if (!ok)
    return {};
  value.set = set.number;
  value.wantsLse = withLse && isPair;
  value.types = {type};
  if (withLse)
    value.types.push_back(kernel.values[branches[0].number].types[1]);
  return addValue(std::move(value));
}

} // namespace effattn::checking
