//===- Compile.cpp - the stages, in order ---------------------------------===//

#include "lib/Driver/CommandLine.h"
#include "lib/Driver/Compiler.h"
#include "lib/Driver/TargetPlan.h"
#include "lib/Frontend/Check.h"
#include "lib/Frontend/Parser.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>

namespace effattn {

void Compiler::begin(Stage next) {
  auto now = std::chrono::steady_clock::now();
  if (started)
    result.seconds.emplace_back(
        stageName(stage), std::chrono::duration<double>(now - start).count());
  started = true;
  start = now;
  stage = next;
  if (options.progress)
    options.progress(stageName(next));
}

/// Text to checked program.
bool Compiler::runFrontEnd() {
  unsigned buffer = sources.getMainFileID();
  DiagnosticEngine diagnostics(sources, buffer);
  begin(Stage::Parse);
  std::unique_ptr<ast::File> file = parse(sources, buffer, diagnostics);
  if (!diagnostics.hasErrors() && options.stop == Stage::Parse)
    result.text = ast::toString(*file);
  if (!diagnostics.hasErrors() && options.stop != Stage::Parse) {
    begin(Stage::Check);
    result.program = check(*file, options.sets, diagnostics);
  }
  diagnostics.print(errors);
  if (diagnostics.hasErrors())
    return false;
  if (options.stop == Stage::Parse)
    return true;
  result.program->file = options.file;
  if (options.stop == Stage::Check)
    result.text = toString(*result.program);
  return true;
}

/// Leaves the kernel that the options name, so that no other one costs time or
/// stops the compilation.
bool Compiler::chooseKernel() {
  std::vector<ProgramKernel> &kernels = result.program->kernels;
  std::vector<std::string> names;
  for (size_t k = 0; k < kernels.size(); ++k) {
    if (options.kernel->empty() || kernels[k].name == *options.kernel) {
      kernels = {std::move(kernels[k])};
      return true;
    }
    names.push_back(kernels[k].name);
  }
  if (names.empty())
    return complain("the file has no kernel");
  return complain(fmt::format("the file has no kernel '{}'; it has {}",
                              *options.kernel, fmt::join(names, ", ")));
}

bool Compiler::complain(const std::string &message) {
  errors << options.file << ": error: " << message << "\n";
  return false;
}

Compilation Compiler::run() {
  result.ok = runFrontEnd();
  if (result.ok && options.kernel && options.stop >= Stage::Check)
    result.ok = chooseKernel();
  if (result.ok && options.stop > Stage::Check)
    for (const std::string &target : options.targets)
      if (!(result.ok = runTarget(planTarget(target, options))))
        break;
  begin(stage);
  return std::move(result);
}

Compilation compile(llvm::SourceMgr &sources, const CompileOptions &options,
                    llvm::raw_ostream &errors) {
  return Compiler(sources, options, errors).run();
}

} // namespace effattn
