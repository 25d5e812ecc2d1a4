//===- Pipelines.h - the stages simplify, analyse and tile ------*- C++ -*-===//
#ifndef EFFATTN_LIB_TRANSFORMS_PIPELINES_H
#define EFFATTN_LIB_TRANSFORMS_PIPELINES_H

#include "lib/Transforms/Transforms.h"

#include "mlir/Pass/PassManager.h"

namespace effattn {

/// Patterns in simplest form, nothing dead; verified.
void buildSimplifyPipeline(mlir::OpPassManager &passes);

/// Exact facts on each attend, or located errors; verified.
void buildAnalysePipeline(mlir::OpPassManager &passes,
                          const AnalyseOptions &options = {});

/// A tiling on each attend; verified.
void buildTilePipeline(mlir::OpPassManager &passes,
                       const Strategy &strategy = {});

/// Passes and the pipelines `effattn-stage-simplify`, `-analyse` and `-tile`,
/// each with the stages before it, for effattn-opt.
void registerTransforms();

} // namespace effattn

#endif // EFFATTN_LIB_TRANSFORMS_PIPELINES_H
