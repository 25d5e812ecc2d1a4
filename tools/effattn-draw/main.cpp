//===- main.cpp - effattn-draw: a pattern as a picture --------------------===//

#include "lib/Driver/CommandLine.h"
#include "lib/Driver/Package.h"
#include "lib/Target/Cpu.h"
#include "tools/effattn-draw/Picture.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"

#include <fmt/format.h>

namespace cl = llvm::cl;
using namespace effattn;

namespace {

constexpr int kCells = 640;

cl::OptionCategory category("effattn-draw");
cl::opt<std::string> inputFile(cl::Positional, cl::Required,
                               cl::desc("FILE.attn"), cl::cat(category));
cl::list<std::string> sizes(cl::Positional, cl::cat(category),
                            cl::desc("[N=256 G=4 ...]"));
cl::opt<std::string> output("o", cl::desc("Picture: .png or .svg (mask.png)"),
                            cl::value_desc("file"), cl::init("mask.png"),
                            cl::cat(category));
cl::list<std::string> sets("set", cl::desc("Value of a param"),
                           cl::value_desc("name=value"), cl::cat(category));
cl::opt<std::string> kernelName("kernel", cl::cat(category),
                                cl::value_desc("name"),
                                cl::desc("Kernel of the file (the first)"));
cl::opt<bool> tiles("tiles", cl::cat(category),
                    cl::desc("Colour by tiling: full, partial, skipped"));

int fail(int status, const std::string &message) {
  llvm::errs() << "effattn-draw: error: " << message << "\n";
  return status;
}

int draw(const Compilation &compilation) {
  std::map<std::string, int64_t> given;
  for (const std::string &size : sizes) {
    auto [name, text] = llvm::StringRef(size).split('=');
    int64_t value;
    if (name.empty() || text.getAsInteger(10, value) || value < 0)
      return fail(kExitUsage,
                  fmt::format("expected name=size, but got '{}'", size));
    given[name.str()] = value;
  }
  const ProgramKernel *kernel = nullptr;
  for (const ProgramKernel &one : compilation.program->kernels)
    if (!kernel && (kernelName.empty() || one.name == kernelName))
      kernel = &one;
  if (!kernel)
    return fail(kExitUsage, fmt::format("the file has no kernel '{}'",
                                        kernelName.getValue()));
  Instance instance;
  std::string problem;
  if (!makeInstance(*kernel, given, instance, problem))
    return fail(kExitUsage, problem);
  auto reports = reportAttends(*kernel, cpuStrategy(cpuIsas().back()));
  for (const AttendReport &report : reports)
    if (!report.facts)
      return fail(kExitUsage, fmt::format("cannot draw {}: {}", report.pattern,
                                          report.failure.reason));
  Mask mask = makeMask(reports, instance, kCells, kCells);
  if (mask.cells.empty())
    return fail(kExitUsage, "there is no pair to draw at these sizes");
  PictureOptions options;
  options.tiles = tiles;
  options.title = fmt::format("{}: {} queries, {} keys", kernel->name,
                              mask.queries, mask.keys);
  problem = drawPicture(mask, options, output);
  if (!problem.empty())
    return fail(kExitOutput, problem);
  llvm::outs() << output << "\n";
  return kExitOk;
}

int runTool(int argc, char **argv) {
  cl::HideUnrelatedOptions(category);
  cl::SetVersionPrinter(
      [](llvm::raw_ostream &out) { out << versionText() << "\n"; });
  if (!parseCommandLine(
          argc, argv,
          "Draws which keys each query of a kernel sees.\n\n"
          "  example: effattn-draw patterns/longformer.attn N=1024 --set w=64 "
          "-o mask.svg --tiles\n"))
    return kExitUsage;
  llvm::StringRef path = output;
  if (!path.ends_with(".png") && !path.ends_with(".svg"))
    return fail(kExitUsage,
                fmt::format("expected -o file.png or file.svg, but got '{}'",
                            output.getValue()));
  CompileOptions options;
  if (!readCommonOptions(sets, {}, {}, "", options))
    return kExitUsage;
  options.file = inputFile;
  options.stop = Stage::Check;
  llvm::SourceMgr sources;
  if (!openSource(inputFile, sources))
    return kExitUsage;
  Compilation compilation = compile(sources, options, llvm::errs());
  return compilation.ok ? draw(compilation) : kExitUsage;
}

} // namespace

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  return finishOutput(runTool(argc, argv));
}
