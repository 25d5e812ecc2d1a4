//===- Compared.cpp - comparisons of a row with a column ------------------===//
#include "lib/Analysis/Compared.h"

#include <algorithm>
#include <limits>

namespace effattn {

namespace {

/// Of nodes: shared ones are visited again each time.
constexpr size_t mostVisits = 4096;
/// Factors and constants are small: sums of a few stay far from overflow.
constexpr int64_t mostFactor = int64_t(1) << 31;

using Terms = std::vector<std::pair<int64_t, ScalarRef>>;

bool hasLookup(const Terms &terms) {
  return std::any_of(terms.begin(), terms.end(), [](const auto &term) {
    return contains(term.second, [](const Scalar &node) {
      return node.kind == ScalarKind::Lookup;
    });
  });
}

ScalarRef sumOf(const Terms &terms, int64_t sign) {
  ScalarRef sum = constantInt(0);
  // What is added comes first: 0 - x would be one step more.
  for (bool isAdded : {true, false})
    for (const auto &[factor, node] : terms) {
      int64_t own = factor * sign;
      if ((own > 0) == isAdded)
        sum = isAdded ? sum + constantInt(own) * node
                      : sum - constantInt(-own) * node;
    }
  return sum;
}

/// A sum, or one less where all factors are negative: -1 - x. `isLess` says
/// which.
ScalarRef sideOf(const Terms &terms, bool &isLess) {
  isLess = std::all_of(terms.begin(), terms.end(),
                       [](const auto &term) { return term.first < 0; });
  return isLess ? constantInt(-1) - sumOf(terms, -1) : sumOf(terms, 1);
}

/// x + c, which stays at the ends of int64.
ScalarRef saturated(const ScalarRef &x, int64_t c) {
  constexpr int64_t least = std::numeric_limits<int64_t>::min(),
                    greatest = std::numeric_limits<int64_t>::max();
  ScalarRef inside =
      c < 0 ? binary(ScalarKind::Max, x, constantInt(least - c))
            : binary(ScalarKind::Min, x, constantInt(greatest - c));
  return inside + constantInt(c);
}

} // namespace

bool Comparisons::add(Sum &sum, const ScalarRef &node, int64_t factor) {
  if (factor > mostFactor || factor < -mostFactor || ++visits > mostVisits)
    return false;
  const auto &operands = node->operands;
  switch (node->kind) {
  case ScalarKind::Constant:
    if (node->integer > mostFactor || node->integer < -mostFactor)
      return false;
    // At most mostVisits constants of 2^31 * 2^31 would not fit.
    return !__builtin_mul_overflow(node->integer, factor, &factor) &&
           !__builtin_add_overflow(sum.constant, factor, &sum.constant);
  case ScalarKind::Add:
    return add(sum, operands[0], factor) && add(sum, operands[1], factor);
  case ScalarKind::Sub:
    return add(sum, operands[0], factor) && add(sum, operands[1], -factor);
  case ScalarKind::Neg:
    return add(sum, operands[0], -factor);
  case ScalarKind::Mul: {
    int constant = operands[0]->isConstant() ? 0 : 1;
    if (!operands[constant]->isConstant())
      break;
    int64_t value = operands[constant]->integer;
    return value <= mostFactor && value >= -mostFactor &&
           add(sum, operands[1 - constant], factor * value);
  }
  default:
    break;
  }
  auto known =
      std::find_if(sum.terms.begin(), sum.terms.end(), [&](const auto &term) {
        return equivalent(term.second, node);
      });
  if (known == sum.terms.end()) {
    sum.terms.push_back({factor, node});
    return true;
  }
  known->first += factor;
  if (known->first == 0)
    sum.terms.erase(known);
  return true;
}

ScalarRef Comparisons::test(const ScalarRef &condition, bool negated) {
  if (++visits > mostVisits)
    return nullptr;
  switch (condition->kind) {
  case ScalarKind::Not:
    return test(condition->operands[0], !negated);
  case ScalarKind::And:
  case ScalarKind::Or: {
    ScalarRef left = test(condition->operands[0], negated);
    ScalarRef right = left ? test(condition->operands[1], negated) : nullptr;
    bool isAnd = (condition->kind == ScalarKind::And) != negated;
    return right ? binary(isAnd ? ScalarKind::And : ScalarKind::Or, left, right)
                 : nullptr;
  }
  case ScalarKind::Less:
  case ScalarKind::LessEqual:
    return comparison(condition, negated);
  default:
    return nullptr;
  }
}

/// a <= b is 0 <= b - a, a < b is 0 <= b - a - 1, and the negations are
/// 0 <= a - b - 1 and 0 <= a - b.
ScalarRef Comparisons::comparison(const ScalarRef &node, bool negated) {
  const Reads &reads = classify(node);
  if (reads.stays() || reads.set || reads.bound || reads.real || !reads.row ||
      !reads.column)
    return nullptr;
  Sum sum;
  bool isStrict = (node->kind == ScalarKind::Less) != negated;
  sum.constant = isStrict ? -1 : 0;
  int64_t sign = negated ? -1 : 1;
  return add(sum, node->operands[1], sign) && add(sum, node->operands[0], -sign)
             ? atLeastZero(sum)
             : nullptr;
}

ScalarRef Comparisons::atLeastZero(const Sum &sum) {
  if (++visits > mostVisits)
    return nullptr;
  for (size_t k = 0; k < sum.terms.size(); ++k) {
    const auto &[factor, node] = sum.terms[k];
    if (const Reads &reads = classify(node); !reads.row || !reads.column)
      continue;
    bool isMin = node->kind == ScalarKind::Min;
    if (!isMin && node->kind != ScalarKind::Max &&
        node->kind != ScalarKind::Abs)
      return nullptr;
    auto with = [&](const ScalarRef &operand, int64_t by) -> ScalarRef {
      Sum opened = sum;
      opened.terms.erase(opened.terms.begin() + static_cast<ptrdiff_t>(k));
      return add(opened, operand, by) ? atLeastZero(opened) : nullptr;
    };
    ScalarRef left = with(node->operands[0], factor);
    ScalarRef right = !left ? nullptr
                      : node->kind == ScalarKind::Abs
                          ? with(node->operands[0], -factor)
                          : with(node->operands[1], factor);
    bool isAny = isMin != (factor > 0);
    return right ? binary(isAny ? ScalarKind::Or : ScalarKind::And, left, right)
                 : nullptr;
  }
  return separate(sum);
}

/// 0 <= sum as R <= C.
ScalarRef Comparisons::separate(const Sum &sum) {
  Terms row, column;
  bool hasRow = false;
  for (const auto &[factor, node] : sum.terms) {
    bool isOfColumn = classify(node).column;
    hasRow |= classify(node).row;
    if (isOfColumn)
      column.push_back({factor, node});
    else
      row.push_back({-factor, node});
  }
  if (!hasRow || column.empty())
    return nullptr;
  bool isRowLess = false, isColumnLess = false;
  ScalarRef left = sideOf(row, isRowLess);
  ScalarRef right = sideOf(column, isColumnLess);
  int64_t constant =
      sum.constant + (isColumnLess ? 1 : 0) - (isRowLess ? 1 : 0);
  if (!hasLookup(column))
    right = right + constantInt(constant);
  else if (!hasLookup(row))
    left = left - constantInt(constant);
  else if (constant != 0)
    right = saturated(right, constant);
  bool isPosition = column.size() == 1 &&
                    column[0].second->kind == ScalarKind::Variable &&
                    column[0].second->name == "j" &&
                    (column[0].first == 1 || column[0].first == -1);
  return bit(left, right, isPosition ? static_cast<int>(column[0].first) : 0);
}

ScalarRef Comparisons::bit(ScalarRef row, ScalarRef column, int step) {
  size_t number = 0;
  while (number < rows.size() && !(equivalent(rows[number], row) &&
                                   equivalent(columns[number], column)))
    ++number;
  if (number == rows.size()) {
    if (number == maxComparisons)
      return nullptr;
    rows.push_back(std::move(row));
    columns.push_back(std::move(column));
    steps.push_back(step);
  }
  ScalarRef shifted =
      floorDiv(variable("u"), constantInt(int64_t(1) << number));
  return equal(mod(shifted, constantInt(2)), constantInt(1));
}

} // namespace effattn
