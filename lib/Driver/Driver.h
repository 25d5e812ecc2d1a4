//===- Driver.h - from text to artefact -------------------------*- C++ -*-===//
//
// The spine: each stage is a function with a contract, run in the order of the
// enum. Tools only parse options, call this, and print.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_DRIVER_DRIVER_H
#define EFFATTN_LIB_DRIVER_DRIVER_H

#include "lib/Analysis/Strategy.h"
#include "lib/Frontend/Program.h"
#include "lib/Schedule/Kernels.h"

#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mlir {
class Operation;
}

namespace effattn {

struct TilingReport;
struct LoweredProgram;
struct TargetPlan;

enum class Stage {
  Parse,
  Check,
  Import,
  Simplify,
  Analyse,
  Tile,
  Lower,
  Codegen,
  Package
};

struct CompileOptions {
  std::string file;                           ///< for messages and `source`
  std::map<std::string, std::string> sets;    ///< `--set name=value`
  std::vector<std::string> targets = {"cpu"}; ///< cpu, vulkan, cuda
  std::vector<std::string> isas;              ///< for cpu; empty: v3 and v4
  std::string sanitize;                       ///< "", "address" or "thread"
  bool allowDense = false;
  /// The kernel of this name alone, the first where it is empty; not set: all.
  std::optional<std::string> kernel;
  /// Stop after this stage and leave its text in Compilation::text.
  Stage stop = Stage::Codegen;
  bool timing = false;
  /// In place of the target's numbers.
  std::optional<Strategy> strategy;
  /// In place of code generation: gets the lowered program of each target;
  /// false after a message. (lib/Driver/PlanProbe.h)
  std::function<bool(const TargetPlan &, LoweredProgram &)> codegen;
  /// Gets the module when its patterns are analysed, before tiling; may be
  /// empty.
  std::function<void(mlir::Operation *)> analysed;
  /// Gets what tiling compared; may be empty.
  std::function<void(const std::vector<TilingReport> &)> tiled;
  /// Called with a stage's name and what it works on; may be empty.
  std::function<void(const std::string &)> progress;
};

/// Code of all kernels of the file for one target.
struct CompiledTarget {
  std::string target;
  std::vector<KernelObject> objects;
  /// Symbol of the effattn_kernel descriptor of each kernel, in file order.
  std::vector<std::string> descriptors;
};

struct Compilation {
  bool ok = false;
  std::shared_ptr<Program> program;
  std::string text; ///< of the stage at which `stop` asked to stop
  std::vector<CompiledTarget> targets;
  std::vector<std::pair<std::string, double>> seconds; ///< --timing
};

/// Compiles the main buffer of `sources`. Diagnostics go to `errors`.
Compilation compile(llvm::SourceMgr &sources, const CompileOptions &options,
                    llvm::raw_ostream &errors);

} // namespace effattn

#endif // EFFATTN_LIB_DRIVER_DRIVER_H
