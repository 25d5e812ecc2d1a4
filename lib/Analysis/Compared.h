//===- Compared.h - comparisons of a row with a column ----------*- C++ -*-===//
//
// A condition made with `and`, `or` and `not` of comparisons of integers in
// which every term reads the row or the column alone is
//
//   test(R_0(i) <= C_0(j), R_1(i) <= C_1(j), ...)
//
// with a monotone test: terms of i go to the left, terms of j to the right,
// `not (R <= C)` is C + 1 <= R, which is -R <= -C - 1. abs, min and max of
// mixed terms are opened: abs(x) <= c is x <= c and -x <= c. Since every
// comparison is true for large labels of the column, the smallest and the
// largest label of some columns say where it holds on all or on none of them.
//
// Negation is written -1 - x, which has no overflow, and constants go to a side
// without look-ups: values of a table may be the greatest or the least there
// are. Where both sides have look-ups the sum stops at the ends of int64, and
// the label INT64_MIN of a column means "not known".
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_ANALYSIS_COMPARED_H
#define EFFATTN_LIB_ANALYSIS_COMPARED_H

#include "lib/Analysis/Classify.h"

#include <utility>

namespace effattn {

/// Most comparisons of one condition: the planner has a table of their values.
inline constexpr size_t maxComparisons = 8;

class Comparisons {
public:
  explicit Comparisons(Classifier &classify) : classify(classify) {}

  /// The test, a condition on the bits of the variable `u` (bit k: comparison
  /// number k holds), of `condition` or of its negation; null where it is not
  /// of this form.
  ScalarRef test(const ScalarRef &condition, bool negated = false);

  /// R_k and C_k.
  std::vector<ScalarRef> rows, columns;
  /// By how much C_k grows from a column to the next, where it is j or -j and a
  /// constant: 1 or -1; else 0.
  std::vector<int> steps;

private:
  /// constant + sum of factor * node.
  struct Sum {
    int64_t constant = 0;
    std::vector<std::pair<int64_t, ScalarRef>> terms;
  };
  bool add(Sum &sum, const ScalarRef &node, int64_t factor);
  ScalarRef comparison(const ScalarRef &node, bool negated);
  ScalarRef atLeastZero(const Sum &sum);
  ScalarRef separate(const Sum &sum);
  ScalarRef bit(ScalarRef row, ScalarRef column, int step);

  Classifier &classify;
  size_t visits = 0;
};

} // namespace effattn

#endif // EFFATTN_LIB_ANALYSIS_COMPARED_H
