//===- Runs.h - loops for one set of columns --------------------*- C++ -*-===//
#ifndef EFFATTN_LIB_ANALYSIS_RUNS_H
#define EFFATTN_LIB_ANALYSIS_RUNS_H

#include "lib/Analysis/Isl.h"

#include <vector>

namespace effattn {

/// isl's syntax tree as our own. Null where it holds something else than
/// integer loops over `S(column)`, or a number that may not fit 64 bits.
RunNestRef toRunNest(isl_ast_node *tree);

/// The expression of an isl tree as a Scalar; null as above.
ScalarRef toScalar(isl_ast_expr *expression);

/// What a nest does for one assignment of its parameters.
struct NestWork {
  int64_t runs = 0;
  int64_t steps = 0; ///< nodes visited, loop iterations included
};

/// Stops where `maxSteps` is passed.
NestWork measure(const RunNestRef &nest,
                 const std::function<int64_t(const std::string &)> &parameter,
                 int64_t maxSteps);

/// "N >= 1 and M >= 0 and 0 <= t and B*t < N": where the sets of a tile hold.
std::string tileContext(const std::string &tileParameter, int64_t tileRows);

/// Searches the loops for a set of columns with parameters: see Runs.cpp.
RunNestRef searchRuns(const IslContext &context, const IslSet &set,
                      const IslSet &parameterContext,
                      const std::string &tileParameter,
                      const std::vector<int64_t> &moduli, int64_t tileRows,
                      AnalysisFailure *failure);

/// buildRuns() in a context of the caller's.
RunNestRef buildRuns(const IslContext &context, const std::string &set,
                     const std::string &tileParameter,
                     const std::vector<int64_t> &moduli,
                     AnalysisFailure *failure, int64_t tileRows);

} // namespace effattn

#endif // EFFATTN_LIB_ANALYSIS_RUNS_H
