//===- TargetPlan.cpp - what one --target means ---------------------------===//

#include "lib/Driver/TargetPlan.h"

#include "lib/Target/Cpu.h"
#include "lib/Target/Gpu.h"

#include "llvm/ADT/STLExtras.h"

namespace effattn {

namespace {

std::string sanitized(std::string halideTarget, const std::string &sanitize) {
  if (sanitize == "address")
    return halideTarget + "-asan";
  if (sanitize == "thread")
    return halideTarget + "-tsan";
  return halideTarget;
}

TargetPlan planCpu(const CompileOptions &options) {
  TargetPlan plan;
  plan.name = "cpu";
  for (const CpuIsa &isa : cpuIsas()) {
    if (!options.isas.empty() && !llvm::is_contained(options.isas, isa.name))
      continue;
    plan.strategy = cpuStrategy(isa);
    CodePlan &code = plan.codes.emplace_back();
    code.code.target = isa.target;
    code.code.suffix = isa.name;
    code.code.columnUnroll = isa.numbers.columnUnroll;
    code.code.columnChunk = isa.numbers.columnChunk;
    code.halideTarget = sanitized(isa.halideTarget, options.sanitize);
    code.numbers = isa.numbers;
  }
  return plan;
}

TargetPlan planDevice(const GpuDevice &device) {
  TargetPlan plan;
  plan.name = device.name;
  plan.kind = device.target;
  plan.device = true;
  plan.strategy = gpuStrategy();
  CodePlan &code = plan.codes.emplace_back();
  code.code.target = device.target;
  code.code.suffix = device.name;
  code.code.columnUnroll = static_cast<uint32_t>(plan.strategy.columnBlock);
  code.code.columnChunk = static_cast<uint32_t>(plan.strategy.columnChunk);
  code.code.device = true;
  code.halideTarget = device.halideTarget;
  return plan;
}

} // namespace

TargetPlan planTarget(const std::string &name, const CompileOptions &options) {
  const GpuDevice *device = findGpuDevice(name);
  TargetPlan plan = device ? planDevice(*device) : planCpu(options);
  if (options.strategy)
    plan.strategy = *options.strategy;
  return plan;
}

} // namespace effattn
