//===- Codegen.cpp - kernels, planners and host programs to objects -------===//
//
// Halide numbers names from counters of the process, and the numbers reach the
// objects: each kernel is compiled in a process of its own that starts from the
// same state, so that the same text gives the same bytes however many cores
// there are.
//
//===----------------------------------------------------------------------===//

#include "lib/Driver/Compiler.h"

#include "lib/Driver/Children.h"
#include "lib/Driver/Package.h"
#include "lib/Driver/Rename.h"
#include "lib/Driver/TargetPlan.h"
#include "lib/Target/Cpu.h"
#include "lib/Target/Gpu.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/BinaryFormat/MsgPackDocument.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <thread>

namespace effattn {

namespace {

/// One call of lib/Schedule and what came of it.
struct Job {
  std::string what; ///< where the construct is: file:line
  std::string name; ///< of the kernel
  std::function<std::vector<KernelObject>(ScheduleFailure &)> make;
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

/// Most kernels that are compiled at once: each takes up to 200 MB.
size_t processes() {
  return std::clamp<size_t>(std::thread::hardware_concurrency(), 1, 8);
}

/// In the child. Throws std::runtime_error.
std::string carryOut(const Job &job) {
  ScheduleFailure failure;
  std::vector<KernelObject> objects = job.make(failure);
  if (!failure.message.empty())
    throw std::runtime_error(failure.message);
  llvm::msgpack::Document document;
  auto list = document.getRoot().getArray(/*Convert=*/true);
  for (KernelObject &object : objects) {
    if (auto error = makeHalideSymbolsPrivate(object))
      throw std::runtime_error(llvm::toString(std::move(error)));
    auto entry = document.getArrayNode();
    llvm::StringRef bytes(object.bytes.data(), object.bytes.size());
    entry.push_back(document.getNode(llvm::MemoryBufferRef(bytes, "")));
    for (const std::string &symbol : object.symbols)
      entry.push_back(document.getNode(symbol, /*Copy=*/true));
    list.push_back(entry);
  }
  std::string written;
  document.writeToBlob(written);
  return written;
}

/// What a child wrote.
bool readObjects(const std::string &written,
                 std::vector<KernelObject> &objects) {
  llvm::msgpack::Document document;
  if (!document.readFromBlob(written, /*Multi=*/false) ||
      !document.getRoot().isArray())
    return false;
  for (llvm::msgpack::DocNode &entry : document.getRoot().getArray()) {
    if (!entry.isArray() || entry.getArray().empty())
      return false;
    KernelObject &object = objects.emplace_back();
    for (llvm::msgpack::DocNode &part : entry.getArray())
      if (part.getKind() == llvm::msgpack::Type::Binary) {
        llvm::StringRef bytes = part.getBinary().getBuffer();
        object.bytes.assign(bytes.begin(), bytes.end());
      } else if (part.isString()) {
        object.symbols.push_back(part.getString().str());
      }
  }
  return true;
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
  auto results = inChildren(
      jobs.size(), processes(),
      [&](size_t index) { return carryOut(jobs[index]); },
      [&](size_t index) {
        if (options.progress)
          options.progress("codegen " + jobs[index].name);
      });
  bool ok = true;
  for (auto [job, made] : llvm::zip(jobs, results)) {
    if (made.failure.empty() && !readObjects(made.bytes, target.objects))
      made.failure = "generated code that cannot be read back";
    if (!made.failure.empty()) {
      errors << job.what << ": error: " << made.failure << "\n";
      ok = false;
    }
  }
  return ok;
}

} // namespace effattn
