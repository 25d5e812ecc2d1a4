//===- main.cpp - effattn-run: compile, run, check, time ------------------===//

#include "lib/Driver/CommandLine.h"
#include "lib/Driver/Package.h"
#include "tools/effattn-run/Bench.h"
#include "tools/effattn-run/Check.h"
#include "tools/effattn-run/Loader.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cl = llvm::cl;
using namespace effattn;

namespace {

cl::OptionCategory category("effattn-run");
cl::opt<std::string> inputFile(cl::Positional, cl::Required,
                               cl::desc("FILE.attn"), cl::cat(category));
cl::list<std::string> sizes(cl::Positional, cl::cat(category),
                            cl::desc("[N=4096 H=8 ...]"));
cl::opt<std::string> targetName("target", cl::init("cpu"), cl::cat(category),
                                cl::value_desc("t"),
                                cl::desc("cpu (default), vulkan or cuda"));
cl::opt<std::string> isa("isa", cl::cat(category), cl::value_desc("v3|v4"),
                         cl::desc("Instruction set of cpu (the best)"));
cl::list<std::string> sets("set", cl::desc("Value of a param"),
                           cl::value_desc("name=value"), cl::cat(category));
cl::list<std::string> inputs("input", cl::desc("Argument from a file"),
                             cl::value_desc("name=file.npy"),
                             cl::cat(category));
cl::list<std::string> outputs("output", cl::cat(category),
                              cl::desc("File for each result, in order"),
                              cl::value_desc("file.npy"));
cl::opt<std::string> kernelName("kernel", cl::cat(category),
                                cl::value_desc("name"),
                                cl::desc("Kernel of the file (the first)"));
cl::opt<uint64_t> seed("seed", cl::desc("Of random inputs (1)"), cl::init(1),
                       cl::cat(category));
cl::opt<bool> unsorted("unsorted", cl::cat(category),
                       cl::desc("Random labels of segments in random order"));
cl::opt<bool> checking("check", cl::cat(category),
                       cl::desc("Compare with double precision"));
cl::opt<bool> poisoning("check-masked", cl::cat(category),
                        cl::desc("Check that NaN and Inf outside of a row's "
                                 "pattern leave it bitwise the same"));
cl::opt<std::string> layout("layout", cl::init("hnd"), cl::cat(category),
                            cl::value_desc("hnd|nhd"),
                            cl::desc("Memory order of random tensors"));
cl::list<std::string> others("at", cl::cat(category),
                             cl::value_desc("\"N=7 H=2\""),
                             cl::desc("Run at these sizes too (repeatable)"));
cl::opt<bool> benching("bench", cl::cat(category), cl::desc("Time launches"));
cl::opt<bool> allowDense("allow-dense", cl::cat(category),
                         cl::desc("Compile patterns that cannot be bounded"));
cl::opt<std::string> sanitize("sanitize", cl::cat(category),
                              cl::value_desc("address|thread"),
                              cl::desc("Instrument the kernels"));

/// LLVM registers an option of this name, for its own use: ours replaces it.
cl::opt<int> &threadsOption() {
  static bool removed = [] {
    auto &known = cl::getRegisteredOptions();
    if (auto old = known.find("threads"); old != known.end())
      old->second->removeArgument();
    return true;
  }();
  (void)removed;
  static cl::opt<int> threads("threads", cl::init(0), cl::cat(category),
                              cl::value_desc("n"),
                              cl::desc("Threads (all processors)"));
  return threads;
}

int fail(int status, const std::string &message) {
  llvm::errs() << "effattn-run: error: " << message << "\n";
  return status;
}

int fail(int status, llvm::Error error) {
  return fail(status, llvm::toString(std::move(error)));
}

/// One request for the sizes of the command line, one for each --at.
bool readRequests(std::vector<RunRequest> &requests, std::string &problem) {
  RunRequest first;
  if (!readFileNames(inputs, first, problem))
    return false;
  first.seed = seed;
  first.layout = layout;
  first.unsorted = unsorted;
  if (layout != "hnd" && layout != "nhd") {
    problem = fmt::format("expected --layout to be hnd or nhd, but got '{}'",
                          layout.getValue());
    return false;
  }
  if (!readSizes(sizes, first, problem))
    return false;
  requests.push_back(first);
  for (const std::string &other : others) {
    llvm::SmallVector<llvm::StringRef, 8> words;
    llvm::StringRef(other).split(words, ' ', -1, /*KeepEmpty=*/false);
    RunRequest next = first;
    if (!readSizes({words.begin(), words.end()}, next, problem))
      return false;
    requests.push_back(next);
  }
  return true;
}

struct Context {
  ~Context() { effattn_context_destroy(context); }
  effattn_context *context = nullptr;
};

effattn_status createContext(Context &context) {
  effattn_options options{};
  options.size = sizeof options;
  options.threads = threadsOption();
  if (!isa.empty())
    options.isa_limit =
        1 + (isa == "v3" ? EFFATTN_TARGET_X86_64_V3 : EFFATTN_TARGET_X86_64_V4);
  return effattn_context_create(&options, &context.context);
}

void describe(const ProgramKernel &kernel, const RunTensors &tensors) {
  std::string text = kernel.name + ":";
  for (const std::string &name : kernel.dimensions)
    text += fmt::format(" {}={}", name, tensors.dimensions.at(name));
  for (size_t k = 0; k < kernel.arguments.size(); ++k)
    if (kernel.arguments[k].kind == ArgumentKind::Scalar)
      text +=
          fmt::format(" {}={}", kernel.arguments[k].name, tensors.scalars[k]);
  llvm::outs() << text << ", target " << targetName << "\n";
}

int writeResults(const RunTensors &tensors) {
  if (outputs.size() > tensors.results.size())
    return fail(kExitUsage,
                fmt::format("{} files for {} results", outputs.size(),
                            tensors.results.size()));
  for (size_t k = 0; k < outputs.size(); ++k)
    if (auto error = writeNpy(outputs[k], tensors.results[k]))
      return fail(kExitOutput, std::move(error));
  return kExitOk;
}

bool launch(const effattn_kernel *code, effattn_context *context,
            RunTensors &tensors, std::string &problem) {
  effattn_status status = effattn_launch_kernel(
      context, code, tensors.values.data(), tensors.resultViews.data());
  if (status != EFFATTN_OK)
    problem =
        fmt::format("{} ({})", effattn_message(), effattn_status_name(status));
  return status == EFFATTN_OK;
}

int report(const CheckReport &result) {
  if (!result.evaluated)
    return fail(kExitUsage,
                "cannot check: " + llvm::StringRef(result.text).rtrim().str());
  llvm::outs() << result.text;
  return result.held ? kExitOk : kExitCheckFailed;
}

int runKernel(const ProgramKernel &kernel, const effattn_kernel *code,
              effattn_context *context, const RunRequest &request,
              ProgressLine &progress) {
  progress.show("making inputs");
  auto tensors = prepare(kernel, request);
  progress.clear();
  if (!tensors)
    return fail(kExitUsage, tensors.takeError());
  describe(kernel, *tensors);
  std::string problem;
  progress.show("running");
  bool launched = launch(code, context, *tensors, problem);
  progress.clear();
  if (!launched)
    return fail(kExitLaunch, problem);
  llvm::outs() << statisticsText();
  if (int failure = writeResults(*tensors))
    return failure;
  reference::VisiblePairs pairs;
  if (checking) {
    progress.show("checking against double precision");
    CheckReport result = check(kernel, *tensors, seed, pairs);
    progress.clear();
    if (int failure = report(result))
      return failure;
  }
  if (benching) {
    progress.show("timing");
    std::string text = bench(code, context, *tensors);
    progress.clear();
    llvm::outs() << text;
  }
  if (!poisoning)
    return kExitOk;
  progress.show("checking with NaN and Inf");
  CheckReport result =
      checkPoisoned(kernel, *tensors, seed, pairs,
                    [&](RunTensors &poisoned, std::string &why) {
                      return launch(code, context, poisoned, why);
                    });
  progress.clear();
  return report(result);
}

int runTool(int argc, char **argv) {
  threadsOption();
  if (!parseCommandLine(
          argc, argv, category,
          "Compiles a pattern file and runs it, at the file's example sizes\n"
          "unless others are given, on random inputs unless files are.\n\n"
          "  example: effattn-run patterns/longformer.attn N=2048 --check\n\n"
          "Random tables follow from their use: an index lies in its axis, an\n"
          "order is a permutation, labels of segments come in sorted runs (in\n"
          "any order with --unsorted), spans are below the number of keys, a\n"
          "quarter of a bitmap is set, and its diagonal; a mask of pairs of\n"
          "tokens hides one in 32. Floats are normal.\n\n"
          "Exit status: 0 held, 1 the check failed, 2 wrong usage or input,\n"
          "3 a file could not be written, 4 the kernel could not be run.\n"))
    return kExitUsage;
  CompileOptions options;
  std::vector<std::string> isas;
  if (!isa.empty())
    isas.push_back(isa);
  std::vector<RunRequest> requests;
  std::string problem;
  if (!readCommonOptions(sets, {targetName}, isas, sanitize, options))
    return kExitUsage;
  if (!readRequests(requests, problem))
    return fail(kExitUsage, problem);
  options.file = inputFile;
  options.allowDense = allowDense;
  options.kernel = kernelName;
  llvm::SourceMgr sources;
  if (!openSource(inputFile, sources))
    return kExitUsage;
  ProgressLine progress;
  options.progress = [&](const std::string &what) { progress.show(what); };
  Compilation compilation = compile(sources, options, llvm::errs());
  progress.clear();
  if (!compilation.ok)
    return kExitUsage;
  auto loaded = LoadedProgram::load(compilation.targets.front());
  if (!loaded)
    return fail(kExitLaunch, loaded.takeError());
  auto code = (*loaded)->kernel(0);
  if (!code)
    return fail(kExitLaunch, code.takeError());
  Context context;
  if (effattn_status status = createContext(context))
    return fail(kExitLaunch, fmt::format("{} ({})", effattn_message(),
                                         effattn_status_name(status)));
  for (const RunRequest &request : requests)
    if (int failure = runKernel(compilation.program->kernels.front(), *code,
                                context.context, request, progress))
      return failure;
  return kExitOk;
}

} // namespace

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  return finishOutput(runTool(argc, argv));
}
