//===- Codegen.cpp - kernels, planners and host programs to objects -------===//
//
// Halide numbers names from counters of the process, and the numbers reach the
// objects: kernels are compiled one after the other, in the order of the
// program, so that the same text gives the same bytes.
//
//===----------------------------------------------------------------------===//

#include "lib/Driver/Compiler.h"

#include "lib/Driver/Package.h"
#include "lib/Driver/Rename.h"
#include "lib/Driver/TargetPlan.h"
#include "lib/Target/Cpu.h"
#include "lib/Target/Gpu.h"

#include <fmt/format.h>

#include <set>

namespace effattn {

namespace {

/// One call of lib/Schedule and what came of it.
struct Job {
  std::string what; ///< where the construct is: file:line
  std::string name; ///< of the kernel
  std::function<std::vector<KernelObject>(ScheduleFailure &)> make;
  std::vector<KernelObject> objects;
  std::string failure;
};

/// Attends with specifications of one name share their code.
void addAttendJobs(const LoweredAttend &attend, const TargetPlan &plan,
                   std::set<std::string> &names, std::vector<Job> &jobs) {
  if (!names.insert(attend.spec.name).second)
    return;
  for (const CodePlan &code : plan.codes) {
    Job &job = jobs.emplace_back();
    job.what = attend.source;
    job.name = attend.spec.name + " " + code.code.suffix;
    job.make = [&attend, &code,
                device = plan.device](ScheduleFailure &failure) {
      const AttendSpec &spec = attend.spec;
      if (device)
        return compileAttendGpu(spec, gpuNumbers(spec.headDim, spec.valueDim),
                                code.halideTarget, &failure);
      AttendNumbers numbers =
          cpuNumbers(*findCpuIsa(code.code.suffix), spec.tileRows);
      return compileAttendCpu(spec, numbers, code.halideTarget, &failure);
    };
  }
}

void addStepJobs(const LoweredStep &step, const TargetPlan &plan,
                 const std::string &file, std::vector<Job> &jobs) {
  for (const CodePlan &code : plan.codes) {
    Job &job = jobs.emplace_back();
    job.what = file + ": step " + step.spec.step;
    job.name = step.spec.name + " " + code.code.suffix;
    job.make = [&step, &code, device = plan.device](ScheduleFailure &failure) {
      StepSpec spec = step.spec;
      spec.name += "_" + code.code.suffix;
      return std::vector<KernelObject>{
          compileStep(spec, device, code.halideTarget, &failure)};
    };
  }
}

void carryOut(Job &job) {
  ScheduleFailure failure;
  job.objects = job.make(failure);
  job.failure = failure.message;
  for (KernelObject &object : job.objects)
    if (job.failure.empty())
      if (auto error = makeHalideSymbolsPrivate(object))
        job.failure = llvm::toString(std::move(error));
}

} // namespace

bool Compiler::generate(const TargetPlan &plan, LoweredProgram &program) {
  std::vector<Job> jobs;
  std::set<std::string> names;
  for (const LoweredKernel &kernel : program.kernels) {
    for (const LoweredAttend &attend : kernel.attends)
      addAttendJobs(attend, plan, names, jobs);
    for (const LoweredStep &step : kernel.steps)
      addStepJobs(step, plan, options.file, jobs);
  }
  CompiledTarget &target = result.targets.emplace_back();
  target.target = plan.name;
  ObjectOptions object;
  for (const CodePlan &code : plan.codes)
    object.codes.push_back(code.code);
  object.targetKind = plan.kind;
  object.compiler = versionText();
  object.descriptor = [&](const std::string &kernel) {
    return descriptorSymbol(kernel, plan.name);
  };
  std::string problem;
  KernelObject &host = target.objects.emplace_back();
  if (!emitObject(program, object, host.bytes, problem))
    return complain(problem);
  for (const LoweredKernel &kernel : program.kernels)
    target.descriptors.push_back(descriptorSymbol(kernel.name, plan.name));
  host.symbols = target.descriptors;
  bool ok = true;
  for (Job &job : jobs) {
    if (options.progress)
      options.progress("codegen " + job.name);
    carryOut(job);
    if (!job.failure.empty()) {
      errors << job.what << ": error: " << job.failure << "\n";
      ok = false;
    }
    for (KernelObject &made : job.objects)
      target.objects.push_back(std::move(made));
  }
  return ok;
}

} // namespace effattn
