//===- Lower.cpp - from tiled kernels to host programs and specs ----------===//

#include "lib/Lowering/Lower.h"

#include "lib/Lowering/Kernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

using namespace mlir;

namespace effattn {

std::optional<LoweredProgram> lower(ModuleOp module) {
  if (failed(verifyLowerable(module)))
    return std::nullopt;
  MLIRContext *context = module.getContext();
  context->loadDialect<arith::ArithDialect, func::FuncDialect, scf::SCFDialect,
                       LLVM::LLVMDialect>();
  LoweredProgram program;
  program.module = ModuleOp::create(module.getLoc());
  AttendLowering attends(*program.module);
  bool done = true;
  for (auto kernel : module.getOps<ir::KernelOp>()) {
    auto lowered = lowerKernel(kernel, *program.module, attends);
    done &= lowered.has_value();
    if (lowered)
      program.kernels.push_back(std::move(*lowered));
  }
  if (!done || failed(verify(*program.module)))
    return std::nullopt;
  // Each value once, so that the module can be read.
  PassManager passes(context);
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  if (failed(passes.run(*program.module)))
    return std::nullopt;
  return program;
}

namespace {

std::string typeText(const TensorType &type) {
  std::string text = spelling(type.element);
  for (const ScalarRef &size : type.shape)
    text += (&size == &type.shape.front() ? "[" : ", ") + toString(size);
  return text + (type.shape.empty() ? "" : "]");
}

std::string argumentText(const LoweredArgument &argument) {
  std::string text =
      fmt::format("{}: {}", argument.name, typeText(argument.type));
  return argument.bound ? text + " in " + toString(argument.bound) : text;
}

/// What planning reads beyond the columns of tiles in their order.
std::string plannerText(const LoweredAttend &attend) {
  std::string text;
  auto add = [&](bool is, const std::string &what) {
    if (is)
      text += (text.empty() ? "" : "; ") + what;
  };
  add(attend.order == RowOrder::Residues || attend.order == RowOrder::Grid,
      "rows listed");
  add(attend.order == RowOrder::ByLabel,
      fmt::format("rows by relation {}", attend.orderRelation));
  add(attend.headEnd > 0,
      fmt::format("heads {}..{}", attend.headBegin, attend.headEnd));
  add(attend.permuted, "permuted");
  add(attend.planByBatch, "by batch");
  add(attend.planByHead, "by head");
  add(!attend.extras.empty(), fmt::format("{} extras", attend.extras.size()));
  size_t conditions =
      attend.keyConditions.size() + attend.queryConditions.size();
  add(conditions > 0, fmt::format("{} conditions", conditions));
  for (const LoweredRelation &relation : attend.relations)
    add(true, relation.kind == LoweredRelation::Kind::Labels
                  ? fmt::format("{} labels", relation.labels)
              : relation.kind == LoweredRelation::Kind::Compared
                  ? fmt::format("{} comparisons", relation.labels)
              : relation.kind == LoweredRelation::Kind::Bitmap ? "bitmap"
                                                               : "unknown");
  return text.empty() ? text : "    planner: " + text + "\n";
}

std::string drawText(const LoweredDraw &draw) {
  return fmt::format("  draw {} blocks of {} from {}, seed {}{}\n", draw.count,
                     draw.size, draw.source, draw.seed,
                     draw.outside           ? ", outside a pattern of tables"
                     : draw.touched.empty() ? ""
                                            : ", outside a pattern");
}

std::string attendText(const LoweredAttend &attend) {
  const AttendSpec &spec = attend.spec;
  std::string text = fmt::format(
      "  attend {} from {}: {} x {} channels, {} rows a tile\n"
      "    integers {}; floats {}\n",
      spec.name, attend.source, spec.headDim, spec.valueDim, attend.tileRows,
      fmt::join(spec.integers, ", "), fmt::join(spec.floats, ", "));
  if (spec.keySets + spec.querySets > 0)
    text += fmt::format("    {} key sets, {} query sets\n", spec.keySets,
                        spec.querySets);
  text += plannerText(attend);
  text += "    predicate " +
          (spec.predicate ? toString(spec.predicate) : "none") + "\n";
  if (spec.score)
    text += fmt::format("    score {}{}\n", toString(spec.score),
                        attend.scoresCanVanish ? " (can be -inf)" : "");
  return text;
}

std::string stepText(const LoweredStep &step) {
  std::string operands;
  for (const TensorType &type : step.spec.operands)
    operands += (operands.empty() ? "" : ", ") + typeText(type);
  return fmt::format("  step {}: {}({}) -> {}\n", step.spec.name,
                     step.spec.step, operands, typeText(step.spec.result));
}

} // namespace

std::string toString(const LoweredProgram &program) {
  std::string text;
  for (const LoweredKernel &kernel : program.kernels) {
    text += fmt::format("kernel {}, {} slots\n", kernel.name, kernel.slots);
    for (const LoweredArgument &argument : kernel.arguments)
      text += "  argument " + argumentText(argument) + "\n";
    for (const LoweredArgument &result : kernel.results)
      text += "  result " + argumentText(result) + "\n";
    for (const LoweredRequire &require : kernel.requires_)
      text += "  require " + toString(require.condition) + "\n";
    for (const LoweredAttend &attend : kernel.attends)
      text += attendText(attend);
    for (const LoweredStep &step : kernel.steps)
      text += stepText(step);
    for (const LoweredDraw &draw : kernel.draws)
      text += drawText(draw);
    text += "\n";
  }
  llvm::raw_string_ostream stream(text);
  program.module.get()->print(stream);
  stream << "\n";
  return text;
}

} // namespace effattn
