//===- Passes.cpp - the stages on the dialect -----------------------------===//

#include "lib/Driver/CommandLine.h"
#include "lib/Driver/Compiler.h"
#include "lib/Driver/TargetPlan.h"
#include "lib/Import/Import.h"
#include "lib/Lowering/Lower.h"
#include "lib/Transforms/Transforms.h"

#include "mlir/IR/Diagnostics.h"

namespace effattn {

namespace {

std::string textOf(mlir::ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream out(text);
  module.print(out);
  out << "\n";
  return text;
}

} // namespace

/// Runs simplify, analyse and tile as far as asked for; keeps the text of the
/// stage at which to stop.
bool Compiler::runPasses(const TargetPlan &plan, mlir::ModuleOp module) {
  AnalyseOptions analysis;
  analysis.allowDense = options.allowDense;
  std::vector<TilingReport> reports;
  auto analyse = [&] {
    if (mlir::failed(makeTables(module, analysis.maxOperations)) ||
        mlir::failed(verifyTables(module)) ||
        mlir::failed(analysePatterns(module, analysis)))
      return mlir::failure();
    return findCausality(module, analysis.maxOperations);
  };
  auto tile = [&] {
    return tileAttends(module, plan.strategy,
                       options.tiled ? &reports : nullptr,
                       analysis.maxOperations);
  };
  struct Step {
    Stage stage;
    std::function<mlir::LogicalResult()> run, verify;
  };
  const Step steps[] = {
      {Stage::Simplify, [&] { return simplify(module); },
       [&] { return verifySimplified(module); }},
      {Stage::Analyse, analyse, [&] { return verifyAnalysed(module); }},
      {Stage::Tile, tile, [&] { return verifyTiled(module); }}};
  for (const Step &step : steps) {
    if (options.stop < step.stage)
      break;
    begin(step.stage);
    if (mlir::failed(step.run()) || mlir::failed(step.verify()))
      return false;
    if (step.stage == Stage::Analyse && options.analysed)
      options.analysed(module);
    if (step.stage == Stage::Tile && options.tiled)
      options.tiled(reports);
  }
  if (options.stop <= Stage::Tile)
    result.text += textOf(module);
  return true;
}

bool Compiler::runTarget(const TargetPlan &plan) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  mlir::SourceMgrDiagnosticHandler handler(sources, &context, errors);
  begin(Stage::Import);
  auto module = importProgram(*result.program, sources, context);
  if (!module)
    return false;
  if (options.stop == Stage::Import) {
    result.text += textOf(*module);
    return true;
  }
  if (!runPasses(plan, *module))
    return false;
  if (options.stop < Stage::Lower)
    return true;
  begin(Stage::Lower);
  std::optional<LoweredProgram> lowered = lower(*module);
  if (!lowered)
    return false;
  if (options.stop == Stage::Lower) {
    result.text += toString(*lowered);
    return true;
  }
  begin(Stage::Codegen);
  return options.codegen ? options.codegen(plan, *lowered)
                         : generate(plan, *lowered);
}

} // namespace effattn
