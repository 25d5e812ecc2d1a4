//===- StepAlgorithm.h - what a dense step computes -------------*- C++ -*-===//
//
// The equations of the steps that are not attention: matrix product,
// transposition, softmax, elementwise operations, moves and means of tokens.
// Tensors have any strides but contiguous innermost axes; an axis whose size is
// the constant 1, or that is missing on the left, is repeated.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_SCHEDULE_STEPALGORITHM_H
#define EFFATTN_LIB_SCHEDULE_STEPALGORITHM_H

#include "lib/Schedule/Kernels.h"

#include "Halide.h"

#include <vector>

namespace effattn {

struct StepAlgorithm {
  enum class Kind { Elementwise, Concat, Mean, Transpose, Matmul, Softmax };

  /// Throws ScheduleError for a step that has no kernel.
  explicit StepAlgorithm(const StepSpec &spec);

  Kind kind;
  std::vector<Halide::ImageParam> operands;
  /// Axes of the result, the last one first.
  std::vector<Halide::Var> axes;
  Halide::Func result{"result"};

  // Matmul: right(column, inner, ...) is the right matrix with its columns
  // repeated past the last one, product the sum over `inner`.
  // Mean: product is the sum over the tokens of a segment, `inner`.
  Halide::Func right{"right"}, product{"product"};
  Halide::RDom inner;
  Halide::Var innerAxis{"inner_axis"};

  // Softmax: maxima and sums over every softmaxLanes-th entry, then of a row.
  static constexpr int softmaxLanes = 16;
  Halide::Func partMax{"part_max"}, greatest{"greatest"};
  Halide::Func weight{"weight"}, partSum{"part_sum"}, total{"total"};
  Halide::RDom parts;
  Halide::Var lane{"lane"};

private:
  void elementwise(const StepSpec &spec);
  void slice(const StepSpec &spec);
  void transpose();
  void concat();
  void take(const StepSpec &spec);
  void shift(const StepSpec &spec);
  void segmentMean(const StepSpec &spec);
  Halide::Expr atToken(size_t operand, const Halide::Expr &token) const;
  void matmul(const StepSpec &spec);
  void softmax();
};

} // namespace effattn

#endif // EFFATTN_LIB_SCHEDULE_STEPALGORITHM_H
