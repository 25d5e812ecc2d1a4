//===- CommandLine.h - what the tools have in common ------------*- C++ -*-===//
#ifndef EFFATTN_LIB_DRIVER_COMMANDLINE_H
#define EFFATTN_LIB_DRIVER_COMMANDLINE_H

#include "lib/Driver/Driver.h"

#include "llvm/Support/CommandLine.h"

#include <string>
#include <vector>

namespace effattn {

/// Exit statuses of all tools.
constexpr int kExitOk = 0;
constexpr int kExitCheckFailed = 1; ///< effattn-run --check: outside the bound
constexpr int kExitUsage = 2;       ///< wrong usage, or wrong input
constexpr int kExitOutput = 3;      ///< a result could not be written
constexpr int kExitLaunch = 4;      ///< the kernel could not be run

/// LLVM's parser with the options of `category` in --help and our --version;
/// false after a message.
bool parseCommandLine(int argc, char **argv, llvm::cl::OptionCategory &category,
                      const char *overview);

/// `--set`, `--target`, `--isa` and `--sanitize`; false after a message.
bool readCommonOptions(const std::vector<std::string> &sets,
                       const std::vector<std::string> &targets,
                       const std::vector<std::string> &isas,
                       const std::string &sanitize, CompileOptions &options);

/// "check" to Stage::Check; false after a message that lists the stages.
bool parseStage(const std::string &name, Stage &stage);
const char *stageName(Stage stage);

/// Reads the file ("-": standard input); false after a message.
bool openSource(const std::string &path, llvm::SourceMgr &sources);

/// Flushes standard output. `status`, or kExitOutput after a message where
/// something could not be written: the last statement of a tool.
int finishOutput(int status);

/// One line on a terminal that says what is going on; nothing in a pipe.
class ProgressLine {
public:
  ProgressLine();
  ~ProgressLine() { clear(); }
  void show(const std::string &what);
  void clear();

private:
  bool isTerminal, shown = false;
};

} // namespace effattn

#endif // EFFATTN_LIB_DRIVER_COMMANDLINE_H
