//===- Pipelines.h - the stages simplify to tile ------*- C++ -*-===//
#ifndef EFFATTN_LIB_TRANSFORMS_PIPELINES_H
#define EFFATTN_LIB_TRANSFORMS_PIPELINES_H

#include "lib/Transforms/Transforms.h"

#include "mlir/Pass/PassManager.h"

namespace effattn {

/// Patterns in simplest form, nothing dead; verified.
void buildSimplifyPipeline(mlir::OpPassManager &passes);

/// Tables of orders and of drawn blocks; verified.
void buildTablesPipeline(mlir::OpPassManager &passes);

/// Exact facts on each attend, or located errors; verified.
void buildAnalysePipeline(mlir::OpPassManager &passes,
                          const AnalyseOptions &options = {});

/// Attends split into bands, each with a tiling of the default strategy;
/// verified.
void buildTilePipeline(mlir::OpPassManager &passes);

/// Passes and the pipelines `effattn-stage-simplify`, `-make-tables`,
/// `-analyse` and `-tile`,
/// each with the stages before it, for effattn-opt.
void registerTransforms();

} // namespace effattn

#endif // EFFATTN_LIB_TRANSFORMS_PIPELINES_H
