//===- CommandLine.cpp - what the tools have in common --------------------===//

#include "lib/Driver/CommandLine.h"
#include "lib/Driver/Package.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"

#include <fmt/format.h>
#include <unistd.h>

namespace effattn {

namespace {

constexpr struct {
  Stage stage;
  const char *name;
} kStages[] = {{Stage::Parse, "parse"},     {Stage::Check, "check"},
               {Stage::Import, "import"},   {Stage::Simplify, "simplify"},
               {Stage::Analyse, "analyse"}, {Stage::Tile, "tile"},
               {Stage::Lower, "lower"},     {Stage::Codegen, "codegen"},
               {Stage::Package, "package"}};

std::string toolName;

bool complain(const std::string &message) {
  llvm::errs() << toolName << ": error: " << message << "\n";
  return false;
}

/// Each of `given` must be one of `known`.
bool areKnown(const char *option, const std::vector<std::string> &given,
              const std::vector<std::string> &known) {
  for (const std::string &one : given) {
    if (llvm::is_contained(known, one))
      continue;
    return complain(fmt::format("expected {} to be {}, but got '{}'", option,
                                fmt::join(known, ", "), one));
  }
  return true;
}

} // namespace

bool parseCommandLine(int argc, char **argv, llvm::cl::OptionCategory &category,
                      const char *overview) {
  llvm::cl::HideUnrelatedOptions(category);
  llvm::cl::SetVersionPrinter(
      [](llvm::raw_ostream &out) { out << versionText() << "\n"; });
  toolName = llvm::sys::path::filename(argv[0]).str();
  return llvm::cl::ParseCommandLineOptions(argc, argv, overview, &llvm::errs());
}

bool readCommonOptions(const std::vector<std::string> &sets,
                       const std::vector<std::string> &targets,
                       const std::vector<std::string> &isas,
                       const std::string &sanitize, CompileOptions &options) {
  for (const std::string &set : sets) {
    size_t equals = set.find('=');
    if (equals == 0 || equals == std::string::npos)
      return complain(
          fmt::format("expected --set name=value, but got '{}'", set));
    options.sets[set.substr(0, equals)] = set.substr(equals + 1);
  }
  if (!areKnown("--target", targets, {"cpu", "vulkan", "cuda"}) ||
      !areKnown("--isa", isas, {"v3", "v4"}))
    return false;
  if (!sanitize.empty() &&
      !areKnown("--sanitize", {sanitize}, {"address", "thread"}))
    return false;
  if (!targets.empty())
    options.targets = targets;
  options.isas = isas;
  options.sanitize = sanitize;
  return true;
}

bool parseStage(const std::string &name, Stage &stage) {
  std::vector<std::string> names;
  for (const auto &[value, text] : kStages) {
    // What comes after `lower` is bytes, not text.
    if (value > Stage::Lower)
      break;
    names.push_back(text);
    if (name == text) {
      stage = value;
      return true;
    }
  }
  return complain(
      fmt::format("expected --emit to be {} or header, but got '{}'",
                  fmt::join(names, ", "), name));
}

const char *stageName(Stage stage) {
  return kStages[static_cast<int>(stage)].name;
}

bool openSource(const std::string &path, llvm::SourceMgr &sources) {
  if (llvm::sys::fs::is_directory(path))
    return complain(fmt::format("cannot read '{}': it is a folder", path));
  auto buffer = llvm::MemoryBuffer::getFileOrSTDIN(path);
  if (!buffer)
    return complain(
        fmt::format("cannot read '{}': {}", path, buffer.getError().message()));
  sources.AddNewSourceBuffer(std::move(*buffer), llvm::SMLoc());
  return true;
}

int finishOutput(int status) {
  llvm::raw_fd_ostream &out = llvm::outs();
  out.flush();
  std::error_code failure = out.error();
  // The stream would end the process on an error that nobody took.
  out.clear_error();
  if (!failure)
    return status;
  complain("cannot write to standard output: " + failure.message());
  return kExitOutput;
}

ProgressLine::ProgressLine()
    : isTerminal(llvm::sys::Process::FileDescriptorIsDisplayed(STDERR_FILENO)) {
}

void ProgressLine::show(const std::string &what) {
  if (!isTerminal)
    return;
  llvm::errs() << "\r\033[K" << what << "...";
  llvm::errs().flush();
  shown = true;
}

void ProgressLine::clear() {
  if (!shown)
    return;
  llvm::errs() << "\r\033[K";
  llvm::errs().flush();
  shown = false;
}

} // namespace effattn
