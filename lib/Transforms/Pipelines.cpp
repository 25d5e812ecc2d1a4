//===- Pipelines.cpp - the stages simplify, analyse and tile --------------===//

#include "lib/Transforms/Pipelines.h"

#include "lib/Transforms/Passes.h"

#include "mlir/Pass/PassRegistry.h"

using namespace mlir;

namespace effattn {

namespace {

void addVerifier(OpPassManager &passes, StringRef stage) {
  EffattnVerifyStageOptions options;
  options.stage = stage.str();
  passes.addPass(createEffattnVerifyStage(options));
}

} // namespace

void buildSimplifyPipeline(OpPassManager &passes) {
  passes.addPass(createEffattnSimplify());
  addVerifier(passes, "simplify");
}

void buildAnalysePipeline(OpPassManager &passes,
                          const AnalyseOptions &options) {
  EffattnAnalyseOptions own;
  own.tileRows = options.strategy.tileRows;
  own.allowDense = options.allowDense;
  own.maxOperations = options.maxOperations;
  passes.addPass(createEffattnAnalyse(own));
  addVerifier(passes, "analyse");
}

void buildTilePipeline(OpPassManager &passes, const Strategy &strategy) {
  EffattnTileOptions own;
  own.rows = strategy.tileRows;
  own.columnBlock = strategy.columnBlock;
  own.columnChunk = strategy.columnChunk;
  passes.addPass(createEffattnTile(own));
  addVerifier(passes, "tile");
}

void registerTransforms() {
  registerEffattnPasses();
  PassPipelineRegistration<>(
      "effattn-stage-simplify", "stage simplify, verified",
      [](OpPassManager &passes) { buildSimplifyPipeline(passes); });
  PassPipelineRegistration<>("effattn-stage-analyse",
                             "stages simplify and analyse, verified",
                             [](OpPassManager &passes) {
                               buildSimplifyPipeline(passes);
                               buildAnalysePipeline(passes);
                             });
  PassPipelineRegistration<>("effattn-stage-tile",
                             "stages simplify, analyse and tile, verified",
                             [](OpPassManager &passes) {
                               buildSimplifyPipeline(passes);
                               buildAnalysePipeline(passes);
                               buildTilePipeline(passes);
                             });
}

} // namespace effattn
