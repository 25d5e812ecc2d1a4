//===- RunNest.h - loops that list the column runs of a tile ----*- C++ -*-===//
//
// What code generation from an exact set gives: a small loop nest whose leaves
// are runs of columns. lib/Lowering turns it into scf and arith; tests and the
// command line tools evaluate it directly. Expressions are integer or Bool
// Scalars over Variable nodes: the parameters of the set (the names of
// PatternFacts::parameters, the coordinates of the tile or the row) and
// iterators of enclosing loops. Their kinds are Constant, Variable, Add, Sub,
// Mul, Neg, FloorDiv and Mod by positive constants, Min, Max, Less, LessEqual,
// Equal, And, Or, Not, Select. Columns are raw indices: on a grid of symbolic
// sizes first, step and count hold products with these sizes, else products
// have a constant factor.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_ANALYSIS_RUNNEST_H
#define EFFATTN_LIB_ANALYSIS_RUNNEST_H

#include "lib/Pattern/Scalar.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace effattn {

struct RunNest {
  enum class Kind {
    Block, ///< children in order
    If,    ///< condition; children[0], and children[1] where there is an else
    For,   ///< iterator from `first` below `end` (exclusive) by `step` (a
           ///< positive constant); children[0]
    Run,   ///< columns first, first + step, ..., `count` of them; a count that
           ///< is not positive is no run
  };
  Kind kind = Kind::Block;
  ScalarRef condition;
  std::string iterator;
  ScalarRef first, end, step, count;
  std::vector<std::shared_ptr<const RunNest>> children;
};
using RunNestRef = std::shared_ptr<const RunNest>;

/// Columns first + step * k for k in [0, count).
struct Run {
  int64_t first, step, count;
  bool operator==(const Run &) const = default;
};

/// C-like text, for `--emit=tile` and tests.
std::string toString(const RunNestRef &nest);

/// The runs for given values of the parameters, in order.
std::vector<Run>
evaluate(const RunNestRef &nest,
         const std::function<int64_t(const std::string &)> &parameter);

} // namespace effattn

#endif // EFFATTN_LIB_ANALYSIS_RUNNEST_H
