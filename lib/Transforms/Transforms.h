//===- Transforms.h - simplify to tile as functions -------------*- C++ -*-===//
//
// What the passes do, for those who have a module and no pass manager. Each
// function reports errors through the context's diagnostics.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_TRANSFORMS_TRANSFORMS_H
#define EFFATTN_LIB_TRANSFORMS_TRANSFORMS_H

#include "dialect/Convert.h"
#include "lib/Analysis/Strategy.h"
#include "lib/Analysis/Tiling.h"

#include "mlir/IR/BuiltinOps.h"

#include <string>
#include <vector>

namespace effattn {

/// Equal operations shared, identities of the dialect applied.
mlir::LogicalResult simplify(mlir::ModuleOp module);

/// Tables of orders, and of the blocks that random_blocks draws.
mlir::LogicalResult makeTables(mlir::ModuleOp module,
                               uint64_t maxOperations = 4'000'000);

struct AnalyseOptions {
  bool allowDense = false;
  uint64_t maxOperations = 4'000'000;
};

struct AnalyseStatistics {
  unsigned analysed = 0; ///< patterns that lib/Analysis worked on
  unsigned shared = 0;   ///< patterns that were equal to one of these
};

/// Sets `facts` on each attend: those of its whole pattern. All attends are
/// tried, so that one run reports all that is wrong.
mlir::LogicalResult analysePatterns(mlir::ModuleOp module,
                                    const AnalyseOptions &options,
                                    AnalyseStatistics *statistics = nullptr);

//===----------------------------------------------------------------------===//
// Tiling, and how it was chosen
//===----------------------------------------------------------------------===//

/// What one way to cut a band costs at the representative sizes, for one
/// (batch, head). `cost` is in the strategy's unit.
struct TilingChoice {
  Tiling tiling;
  double visible = 0, computed = 0, tiles = 0, cost = 0;
};

struct BandReport {
  std::string pattern; ///< in the language's spelling
  bool permuted = false;
  std::vector<TilingChoice> tried;
  size_t best = 0; ///< of `tried`
  /// The pattern could not be analysed, or its columns are not bounded: why.
  std::string reason;
};

/// One way to split a pattern into bands.
struct SplitReport {
  std::vector<BandReport> bands;
  double cost = 0;
};

/// How one attend (or one range of its heads) was tiled.
struct TilingReport {
  mlir::Location location;
  int64_t headBegin = 0, headEnd = 0; ///< both 0: all heads
  int64_t queries = 0, keys = 0;      ///< the sizes that were compared
  std::vector<SplitReport> splits;
  size_t chosen = 0; ///< of `splits`

  explicit TilingReport(mlir::Location location) : location(location) {}
};

/// A few lines for people, without the location.
std::string toString(const TilingReport &report);

/// Splits each attend into bands and sets `facts` and `tiling` on each.
mlir::LogicalResult tileAttends(mlir::ModuleOp module, const Strategy &strategy,
                                std::vector<TilingReport> *reports = nullptr,
                                uint64_t maxOperations = 4'000'000);

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

/// Reports, at its location, the first construct of the pattern or of the
/// kernel around it that the analysis does not support, and fails.
mlir::LogicalResult checkSupported(mlir::Operation *op,
                                   const ir::AttendParts &parts);

/// What a result of a kernel reads of later tokens [S9]: each level holds with
/// the ones before it.
enum class CausalityLevel { None, Pairs, Selection, PrefixExact };
const char *spelling(CausalityLevel level); ///< "pair-causal", ...
struct CausalityVerdict {
  CausalityLevel level = CausalityLevel::None;
  std::string reason; ///< why it is not the next level; empty for the last
};

/// Keeps the verdict on each result as an attribute of its kernel. Runs before
/// tiling, on patterns that have their tables. An error where a pattern says
/// `causal` and cannot be.
mlir::LogicalResult findCausality(mlir::ModuleOp module,
                                  uint64_t maxOperations = 4'000'000);

/// The verdicts of findCausality(), one a result; empty where it did not run.
std::vector<CausalityVerdict> causalityOf(ir::KernelOp kernel);

/// The promises of the stages; an error names the operation and the stage.
mlir::LogicalResult verifySimplified(mlir::ModuleOp module);
mlir::LogicalResult verifyTables(mlir::ModuleOp module);
mlir::LogicalResult verifyAnalysed(mlir::ModuleOp module);
mlir::LogicalResult verifyTiled(mlir::ModuleOp module);

} // namespace effattn

#endif // EFFATTN_LIB_TRANSFORMS_TRANSFORMS_H
