//===- main.cpp - effattn-draw: a pattern as a picture --------------------===//

#include "lib/Driver/CommandLine.h"
#include "lib/Driver/Inputs.h"
#include "lib/Driver/Package.h"
#include "tools/effattn-draw/Picture.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"

#include <fmt/format.h>

namespace cl = llvm::cl;
using namespace effattn;

namespace {

/// Most cells along a side of a single picture, of one of several, and of one
/// on a terminal.
constexpr int kCells = 640, kSmallCells = 300, kTextRows = 32,
              kTextColumns = 64;

cl::OptionCategory category("effattn-draw");
cl::opt<std::string> inputFile(cl::Positional, cl::Required,
                               cl::desc("FILE.attn"), cl::cat(category));
cl::list<std::string> sizes(cl::Positional, cl::cat(category),
                            cl::desc("[N=256 G=4 ...]"));
cl::opt<std::string>
    output("o", cl::value_desc("file"), cl::init("mask.png"), cl::cat(category),
           cl::desc("Picture: .png or .svg (mask.png), or - for the terminal"));
cl::list<std::string> sets("set", cl::desc("Value of a param"),
                           cl::value_desc("name=value"), cl::cat(category));
cl::opt<std::string> kernelName("kernel", cl::cat(category),
                                cl::value_desc("name"),
                                cl::desc("Kernel of the file (the first)"));
cl::opt<int64_t>
    head("head", cl::cat(category), cl::init(-1), cl::value_desc("h"),
         cl::desc("One head (all, side by side where they differ)"));
cl::opt<int64_t> batch("batch", cl::cat(category), cl::init(0),
                       cl::value_desc("b"),
                       cl::desc("Batch entry (0); of ragged tokens the "
                                "sequence (the longest)"));
cl::opt<bool> tiles("tiles", cl::cat(category), cl::init(true),
                    cl::desc("Colour by tiling: full, partial, skipped (yes); "
                             "--tiles=false: by visibility alone"));
cl::list<std::string> inputs("input", cl::desc("Table or set from a file"),
                             cl::value_desc("name=file.npy"),
                             cl::cat(category));
cl::opt<uint64_t> seed("seed", cl::desc("Of tables that no file gives (1)"),
                       cl::init(1), cl::cat(category));
cl::opt<bool> unsorted("unsorted", cl::cat(category),
                       cl::desc("Labels of segments in random order"));
cl::opt<bool> allowDense("allow-dense", cl::cat(category),
                         cl::desc("Draw patterns that cannot be bounded"));

int fail(int status, const std::string &message) {
  llvm::errs() << "effattn-draw: error: " << message << "\n";
  return status;
}

/// The plans, head by head, at the sizes of the command line.
/// `part`: which of the tokens they are of, for the title.
llvm::Expected<std::vector<PlannedHeads>>
plansOf(PlanProbe &probe, const RunRequest &request, std::string &part) {
  const ProgramKernel &kernel = probe.program().kernels.front();
  auto made = makeInputs(kernel, request);
  if (!made)
    return made.takeError();
  auto problem = [&](const char *what, int64_t most, int64_t value) {
    return llvm::createStringError(
        std::errc::invalid_argument, "%s",
        fmt::format("expected --{} to be 0 to {}, but got {}", what, most - 1,
                    value)
            .c_str());
  };
  int64_t heads = headsOf(kernel, made->dimensions);
  int64_t batches = batchesOf(kernel, made->dimensions);
  reference::Inputs tables = referenceInputs(kernel, *made);
  if (auto sequence = longestSequence(kernel, tables)) {
    batches = sequence->count;
    if (!batch.getNumOccurrences())
      batch = sequence->number;
    part = fmt::format(", sequence {} of {}", batch.getValue(), batches);
  }
  if (head.getNumOccurrences() && (head < 0 || head >= heads))
    return problem("head", heads, head);
  if (batch < 0 || batch >= batches)
    return problem("batch", batches, batch);
  std::optional<int64_t> one;
  if (head.getNumOccurrences())
    one = head;
  return planHeads(probe, 0, tables, batch, one);
}

int draw(PlanProbe &probe, const RunRequest &request) {
  const Program &program = probe.program();
  std::string part;
  auto groups = plansOf(probe, request, part);
  if (!groups)
    return fail(kExitUsage, llvm::toString(groups.takeError()));
  bool isText = output == "-";
  int cells = groups->size() > 1 ? kSmallCells : kCells;
  auto masks = isText ? makeMasks(*groups, kTextRows, kTextColumns)
                      : makeMasks(*groups, cells, cells);
  if (masks.empty())
    return fail(kExitUsage, "there is no pair to draw at these sizes");
  PictureOptions options;
  options.tiles = tiles;
  options.title =
      fmt::format("{}: {} queries, {} keys", program.kernels.front().name,
                  masks[0].queries, masks[0].keys);
  options.title += part;
  if (head.getNumOccurrences())
    options.title += fmt::format(", head {}", head.getValue());
  if (isText) {
    llvm::outs() << drawText(masks, options);
    return kExitOk;
  }
  std::string problem = drawPicture(masks, options, output);
  if (!problem.empty())
    return fail(kExitOutput, problem);
  llvm::outs() << output << "\n";
  return kExitOk;
}

int runTool(int argc, char **argv) {
  if (!parseCommandLine(
          argc, argv, category,
          "Draws which keys each query of a kernel sees and how they are "
          "tiled,\n"
          "at the file's example sizes unless others are given; tables that "
          "no\n"
          "file gives are made from a seed as effattn-run makes them.\n\n"
          "  example: effattn-draw patterns/longformer.attn N=1024 --set w=64 "
          "-o mask.svg\n"))
    return kExitUsage;
  llvm::StringRef path = output;
  if (path != "-" && !path.ends_with(".png") && !path.ends_with(".svg"))
    return fail(kExitUsage,
                fmt::format("expected -o file.png or file.svg, but got '{}'",
                            output.getValue()));
  RunRequest request;
  request.seed = seed;
  request.unsorted = unsorted;
  request.tablesOnly = true;
  std::string problem;
  if (!readSizes(sizes, request, problem) ||
      !readFileNames(inputs, request, problem))
    return fail(kExitUsage, problem);
  CompileOptions options;
  if (!readCommonOptions(sets, {}, {}, "", options))
    return kExitUsage;
  options.file = inputFile;
  options.allowDense = allowDense;
  options.kernel = kernelName;
  llvm::SourceMgr sources;
  if (!openSource(inputFile, sources))
    return kExitUsage;
  ProgressLine progress;
  options.progress = [&](const std::string &what) { progress.show(what); };
  auto probe = PlanProbe::make(sources, options, llvm::errs());
  progress.clear();
  return probe ? draw(*probe, request) : kExitUsage;
}

} // namespace

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  return finishOutput(runTool(argc, argv));
}
