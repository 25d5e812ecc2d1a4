//===- Runs.h - loops for one set of columns --------------------*- C++ -*-===//
#ifndef EFFATTN_LIB_ANALYSIS_RUNS_H
#define EFFATTN_LIB_ANALYSIS_RUNS_H

#include "lib/Analysis/Isl.h"
#include "lib/Analysis/Space.h"

#include <vector>

namespace effattn {

/// isl's syntax tree as our own, with raw columns. Null where it holds
/// something else than integer loops over `S(coordinates)`, or a number that
/// may not fit 64 bits.
RunNestRef toRunNest(isl_ast_node *tree, const Space &space);

/// A loop over runs as one run, where they follow each other: without a gap, or
/// single columns at one distance. Else the loop itself.
RunNestRef joinRuns(RunNestRef loop);

/// Replaces a parameter in a nest.
RunNestRef substitute(const RunNestRef &nest, const std::string &name,
                      const ScalarRef &value);

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

/// What holds of sizes and the coordinates of a row: "N >= 1 and M >= 0 and 0
/// <= i < N"; or of a tile: "... and 0 <= t and 16*t < N".
std::string rowContext(const Space &space);
std::string tileContext(const Space &space, const Tiling &tiling);

/// Coordinates of a tile or a row.
struct Coordinate {
  std::string name;
  int64_t unit = 1; ///< rows along the axis from one value to the next
  /// 0 to `count` - 1; 0: as many as the axis has room for.
  int64_t count = 0;
  size_t axis = 0;
};

/// Everything that the search for loops knows of a set.
struct LoopFrame {
  Space space;
  std::vector<Coordinate> coordinates;
  std::string context;
  std::vector<int64_t> moduli;
};
LoopFrame rowFrame(const Space &space, const std::vector<int64_t> &moduli);
LoopFrame tileFrame(const Space &space, const std::vector<int64_t> &moduli,
                    const Tiling &tiling);

/// The frame of one axis of a grid's row or box.
LoopFrame axisFrame(const LoopFrame &frame, size_t axis);

/// Searches the loops for a set of columns with parameters: see Runs.cpp.
RunNestRef searchRuns(const IslContext &context, const IslSet &set,
                      const IslSet &parameterContext, const LoopFrame &frame,
                      AnalysisFailure *failure);

/// buildRuns() in a context of the caller's.
RunNestRef buildRuns(const IslContext &context, const std::string &set,
                     const LoopFrame &frame, AnalysisFailure *failure);

} // namespace effattn

#endif // EFFATTN_LIB_ANALYSIS_RUNS_H
