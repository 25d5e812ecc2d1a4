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
                             cl::value_desc("name=file.npy"), cl::cat(category));
cl::list<std::string> outputs("output", cl::cat(category),
                              cl::desc("File for each result, in order"),
                              cl::value_desc("file.npy"));
cl::opt<std::string> kernelName("kernel", cl::cat(category),
                                cl::value_desc("name"),
                                cl::desc("Kernel of the file (the first)"));
cl::opt<uint64_t> seed("seed", cl::desc("Of random inputs (1)"), cl::init(1),
                       cl::cat(category));
cl::opt<bool> checking("check", cl::cat(category),
                       cl::desc("Compare with double precision"));
cl::opt<bool> benching("bench", cl::cat(category), cl::desc("Time launches"));
cl::opt<int> threads("threads", cl::desc("Threads (all processors)"),
                     cl::init(0), cl::cat(category));
cl::opt<bool> allowDense("allow-dense", cl::cat(category),
                         cl::desc("Compile patterns that cannot be bounded"));
cl::opt<std::string> sanitize("sanitize", cl::cat(category),
                              cl::value_desc("address|thread"),
                              cl::desc("Instrument the kernels"));

int fail(int status, const std::string &message) {
  llvm::errs() << "effattn-run: error: " << message << "\n";
  return status;
}

int fail(int status, llvm::Error error) {
  return fail(status, llvm::toString(std::move(error)));
}

/// Splits name=value; false where there is no name or no '='.
bool split(const std::string &text, std::string &name, std::string &value) {
  size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos)
    return false;
  name = text.substr(0, equals);
  value = text.substr(equals + 1);
  return true;
}

bool readRequest(RunRequest &request, std::string &problem) {
  std::string name, value;
  for (const std::string &size : sizes) {
    int64_t number;
    if (!split(size, name, value) ||
        llvm::StringRef(value).getAsInteger(10, number)) {
      problem = fmt::format("expected name=integer, but got '{}'", size);
      return false;
    }
    request.sizes[name] = number;
  }
  for (const std::string &input : inputs) {
    if (!split(input, name, value)) {
      problem = fmt::format("expected --input name=file.npy, but got '{}'",
                            input);
      return false;
    }
    request.files[name] = value;
  }
  request.seed = seed;
  return true;
}

/// Number of the kernel to run, or -1 after a message.
int chooseKernel(const Program &program) {
  if (kernelName.empty() && !program.kernels.empty())
    return 0;
  std::vector<std::string> names;
  for (size_t k = 0; k < program.kernels.size(); ++k) {
    if (program.kernels[k].name == kernelName)
      return static_cast<int>(k);
    names.push_back(program.kernels[k].name);
  }
  fail(kExitUsage, fmt::format("the file has no kernel '{}'; it has {}",
                               kernelName.getValue(), fmt::join(names, ", ")));
  return -1;
}

struct Context {
  ~Context() { effattn_context_destroy(context); }
  effattn_context *context = nullptr;
};

effattn_status createContext(Context &context) {
  effattn_options options{};
  options.size = sizeof options;
  options.threads = threads;
  if (!isa.empty())
    options.isa_limit = 1 + (isa == "v3" ? EFFATTN_TARGET_X86_64_V3
                                         : EFFATTN_TARGET_X86_64_V4);
  return effattn_context_create(&options, &context.context);
}

void describe(const ProgramKernel &kernel, const RunTensors &tensors) {
  std::string text = kernel.name + ":";
  for (const std::string &name : kernel.dimensions)
    text += fmt::format(" {}={}", name, tensors.dimensions.at(name));
  for (size_t k = 0; k < kernel.arguments.size(); ++k)
    if (kernel.arguments[k].kind == ArgumentKind::Scalar)
      text += fmt::format(" {}={}", kernel.arguments[k].name,
                          tensors.scalars[k]);
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

int runKernel(const ProgramKernel &kernel, const effattn_kernel *code,
              const RunRequest &request, ProgressLine &progress) {
  progress.show("making inputs");
  auto tensors = prepare(kernel, request);
  progress.clear();
  if (!tensors)
    return fail(kExitUsage, tensors.takeError());
  describe(kernel, *tensors);
  Context context;
  progress.show("running");
  effattn_status status = createContext(context);
  if (status == EFFATTN_OK)
    status = effattn_launch_kernel(context.context, code,
                                   tensors->values.data(),
                                   tensors->resultViews.data());
  progress.clear();
  if (status != EFFATTN_OK)
    return fail(kExitLaunch, fmt::format("{} ({})", effattn_message(),
                                         effattn_status_name(status)));
  llvm::outs() << statisticsText();
  if (int failure = writeResults(*tensors))
    return failure;
  if (checking) {
    progress.show("checking against double precision");
    CheckReport report = check(kernel, *tensors, seed);
    progress.clear();
    if (!report.evaluated)
      return fail(kExitUsage, "cannot check: " + report.text);
    llvm::outs() << report.text;
    if (!report.held)
      return kExitCheckFailed;
  }
  if (benching) {
    progress.show("timing");
    std::string text = bench(code, context.context, *tensors);
    progress.clear();
    llvm::outs() << text;
  }
  return kExitOk;
}

} // namespace

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::HideUnrelatedOptions(category);
  cl::SetVersionPrinter(
      [](llvm::raw_ostream &out) { out << versionText() << "\n"; });
  if (!parseCommandLine(
          argc, argv,
          "Compiles a pattern file and runs it, at the file's example sizes\n"
          "unless others are given, on random inputs unless files are.\n\n"
          "  example: effattn-run patterns/longformer.attn N=2048 --check\n\n"
          "Exit status: 0 held, 1 the check failed, 2 wrong usage or input,\n"
          "3 a file could not be written, 4 the kernel could not be run.\n"))
    return kExitUsage;
  CompileOptions options;
  std::vector<std::string> isas;
  if (!isa.empty())
    isas.push_back(isa);
  RunRequest request;
  std::string problem;
  if (!readCommonOptions(sets, {targetName}, isas, sanitize, options))
    return kExitUsage;
  if (!readRequest(request, problem))
    return fail(kExitUsage, problem);
  options.file = inputFile;
  options.allowDense = allowDense;
  llvm::SourceMgr sources;
  if (!openSource(inputFile, sources))
    return kExitUsage;
  ProgressLine progress;
  options.progress = [&](const std::string &what) { progress.show(what); };
  Compilation compilation = compile(sources, options, llvm::errs());
  progress.clear();
  if (!compilation.ok)
    return kExitUsage;
  int number = chooseKernel(*compilation.program);
  if (number < 0)
    return kExitUsage;
  auto loaded = LoadedProgram::load(compilation.targets.front());
  if (!loaded)
    return fail(kExitLaunch, loaded.takeError());
  auto code = (*loaded)->kernel(number);
  if (!code)
    return fail(kExitLaunch, code.takeError());
  return runKernel(compilation.program->kernels[number], *code, request,
                   progress);
}
