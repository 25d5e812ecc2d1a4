//===- Transforms.h - simplify, analyse, tile as functions ------*- C++ -*-===//
//
// What the passes do, for those who have a module and no pass manager. Each
// function reports errors through the context's diagnostics.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_TRANSFORMS_TRANSFORMS_H
#define EFFATTN_LIB_TRANSFORMS_TRANSFORMS_H

#include "dialect/Convert.h"
#include "lib/Analysis/Strategy.h"

#include "mlir/IR/BuiltinOps.h"

namespace effattn {

/// Equal operations shared, identities of the dialect applied.
mlir::LogicalResult simplify(mlir::ModuleOp module);

struct AnalyseOptions {
  Strategy strategy;
  bool allowDense = false;
  uint64_t maxOperations = 4'000'000;
};

struct AnalyseStatistics {
  unsigned analysed = 0; ///< patterns that lib/Analysis worked on
  unsigned shared = 0;   ///< patterns that were equal to one of these
};

/// Sets `facts` on each attend. All attends are tried, so that one run reports
/// all that is wrong.
mlir::LogicalResult analysePatterns(mlir::ModuleOp module,
                                    const AnalyseOptions &options,
                                    AnalyseStatistics *statistics = nullptr);

/// Sets `tiling` on each attend.
mlir::LogicalResult tileAttends(mlir::ModuleOp module,
                                const Strategy &strategy);

/// Reports, at its location, the first construct of the pattern or of the
/// kernel around it that the analysis does not support yet, and fails. Gives
/// the predicate otherwise.
ScalarRef supportedPredicate(mlir::Operation *op, const ir::AttendParts &parts);

/// The promises of the stages; an error names the operation and the stage.
mlir::LogicalResult verifySimplified(mlir::ModuleOp module);
mlir::LogicalResult verifyAnalysed(mlir::ModuleOp module);
mlir::LogicalResult verifyTiled(mlir::ModuleOp module);

} // namespace effattn

#endif // EFFATTN_LIB_TRANSFORMS_TRANSFORMS_H
