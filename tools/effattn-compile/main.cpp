//===- main.cpp - effattn-compile: from a pattern file to an artefact -----===//

#include "lib/Driver/CommandLine.h"
#include "lib/Driver/Explain.h"
#include "lib/Driver/Output.h"
#include "lib/Driver/Package.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Path.h"

#include <fmt/format.h>

namespace cl = llvm::cl;
using namespace effattn;

namespace {

cl::OptionCategory category("effattn-compile");
cl::opt<std::string> inputFile(cl::Positional, cl::Required,
                               cl::desc("FILE.attn"), cl::cat(category));
cl::opt<std::string> outputFolder("o", cl::desc("Folder of the artefact (.)"),
                                  cl::value_desc("dir"), cl::init("."),
                                  cl::cat(category));
cl::list<std::string> targets("target", cl::CommaSeparated,
                              cl::desc("Targets: cpu (default), vulkan, cuda"),
                              cl::value_desc("t,..."), cl::cat(category));
cl::list<std::string> isas("isa", cl::CommaSeparated,
                           cl::desc("Instruction sets of cpu: v3, v4 (both)"),
                           cl::value_desc("v,..."), cl::cat(category));
cl::list<std::string> sets("set", cl::desc("Value of a param"),
                           cl::value_desc("name=value"), cl::cat(category));
cl::opt<std::string>
    emit("emit", cl::value_desc("stage"), cl::cat(category),
         cl::desc("Print a stage instead: parse, check, import, simplify, "
                  "analyse, tile, lower, header"));
cl::opt<bool> explaining("explain", cl::cat(category),
                         cl::desc("Say what the compiler understood"));
cl::opt<bool> timing("timing", cl::cat(category),
                     cl::desc("Seconds of each stage"));
cl::opt<bool> allowDense("allow-dense", cl::cat(category),
                         cl::desc("Compile patterns that cannot be bounded"));
cl::opt<std::string> sanitize("sanitize", cl::cat(category),
                              cl::value_desc("address|thread"),
                              cl::desc("Instrument the kernels"));

int fail(llvm::Error error) {
  llvm::errs() << "effattn-compile: error: " << llvm::toString(std::move(error))
               << "\n";
  return kExitOutput;
}

int finish(const Compilation &compilation) {
  std::string stem = llvm::sys::path::stem(inputFile).str();
  if (emit == "header") {
    if (auto error = writeFile("-", headerText(compilation, stem)))
      return fail(std::move(error));
    return kExitOk;
  }
  auto paths = package(compilation, stem, outputFolder);
  if (!paths)
    return fail(paths.takeError());
  for (const std::string &path : *paths)
    llvm::outs() << path << "\n";
  return kExitOk;
}

int runTool(int argc, char **argv) {
  if (!parseCommandLine(
          argc, argv, category,
          "Compiles a pattern file to an archive and a C header.\n\n"
          "  example: effattn-compile patterns/longformer.attn -o out "
          "--set w=128\n"))
    return kExitUsage;

  CompileOptions options;
  if (!readCommonOptions(sets, targets, isas, sanitize, options))
    return kExitUsage;
  options.file = inputFile;
  options.allowDense = allowDense;
  options.timing = timing;
  bool wantsText = !emit.empty() && emit != "header";
  if (wantsText && !parseStage(emit, options.stop))
    return kExitUsage;

  llvm::SourceMgr sources;
  if (!openSource(inputFile, sources))
    return kExitUsage;
  ProgressLine progress;
  options.progress = [&](const std::string &what) { progress.show(what); };
  if (explaining) {
    std::string text;
    bool ok = explain(sources, options, llvm::errs(), text);
    progress.clear();
    llvm::outs() << text;
    return ok ? kExitOk : kExitUsage;
  }
  Compilation compilation = compile(sources, options, llvm::errs());
  progress.clear();
  if (timing)
    for (const auto &[stage, seconds] : compilation.seconds)
      llvm::errs() << fmt::format("{:>10} {:8.3f} s\n", stage, seconds);
  if (!compilation.ok)
    return kExitUsage;
  if (wantsText) {
    llvm::outs() << compilation.text;
    return kExitOk;
  }
  return finish(compilation);
}

} // namespace

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  return finishOutput(runTool(argc, argv));
}
