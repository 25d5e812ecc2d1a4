//===- Pipelines.cpp - the stages simplify to tile --------------===//

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

void buildTablesPipeline(OpPassManager &passes) {
  passes.addPass(createEffattnMakeTables());
  addVerifier(passes, "make-tables");
}

void buildAnalysePipeline(OpPassManager &passes,
                          const AnalyseOptions &options) {
  EffattnAnalyseOptions own;
  own.allowDense = options.allowDense;
  own.maxOperations = options.maxOperations;
  passes.addPass(createEffattnAnalyse(own));
  addVerifier(passes, "analyse");
}

void buildTilePipeline(OpPassManager &passes) {
  passes.addPass(createEffattnTile());
  addVerifier(passes, "tile");
}

void registerTransforms() {
  registerEffattnPasses();
  PassPipelineRegistration<>(
      "effattn-stage-simplify", "stage simplify, verified",
      [](OpPassManager &passes) { buildSimplifyPipeline(passes); });
  PassPipelineRegistration<>("effattn-stage-make-tables",
                             "stages simplify and make-tables, verified",
                             [](OpPassManager &passes) {
                               buildSimplifyPipeline(passes);
                               buildTablesPipeline(passes);
                             });
  PassPipelineRegistration<>("effattn-stage-analyse",
                             "stages simplify to analyse, verified",
                             [](OpPassManager &passes) {
                               buildSimplifyPipeline(passes);
                               buildTablesPipeline(passes);
                               buildAnalysePipeline(passes);
                             });
  PassPipelineRegistration<>("effattn-stage-tile",
                             "stages simplify to tile, verified",
                             [](OpPassManager &passes) {
                               buildSimplifyPipeline(passes);
                               buildTablesPipeline(passes);
                               buildAnalysePipeline(passes);
                               buildTilePipeline(passes);
                             });
}

} // namespace effattn
