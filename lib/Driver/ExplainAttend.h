//===- ExplainAttend.h - what is known of each attend -----------*- C++ -*-===//
#ifndef EFFATTN_LIB_DRIVER_EXPLAINATTEND_H
#define EFFATTN_LIB_DRIVER_EXPLAINATTEND_H

#include "lib/Driver/PlanProbe.h"
#include "lib/Transforms/Transforms.h"

#include <string>
#include <vector>

namespace effattn {

/// One attend as the analysis left it.
struct ExplainedAttend {
  std::string source; ///< "file:line"
  std::string text;   ///< lines for people
};

struct ExplainedKernel {
  std::string name;
  std::string causality; ///< lines for people
  std::vector<ExplainedAttend> attends;
};

/// Reads a module whose patterns have been analysed.
std::vector<ExplainedKernel> explainAnalysis(mlir::ModuleOp module);

/// What the plans of one source attend compute, `heads` of them alike.
struct PlanTotals {
  double visible = 0, computed = 0, full = 0, tiles = 0, bytes = 0, cost = 0;
  bool sampled = false; ///< `visible` counts a part of the partial pairs
};
PlanTotals totalsOf(const ProbedAttend &attend, const Strategy &strategy);

/// "file:line" of a location, as lowering writes it; empty: none.
std::string sourceText(mlir::Location location);

} // namespace effattn

#endif // EFFATTN_LIB_DRIVER_EXPLAINATTEND_H
