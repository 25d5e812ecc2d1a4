//===- PlanProbe.h - the plans of a launch that runs nothing ----*- C++ -*-===//
//
// Compiles a pattern file up to its host program and planner functions (no
// kernels), loads them into this process and runs the host program of a kernel
// for given sizes and tables on the runtime's own code: orders, draws and plans
// are those of a launch. Kernels, fills and merges do nothing. In place of each
// attend's code, what it would compute is written down: which rows form a tile,
// which columns a tile reads without and with the predicate, in tokens.
//
// Costs what planning costs: time and memory by tiles and runs, never N x M.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_DRIVER_PLANPROBE_H
#define EFFATTN_LIB_DRIVER_PLANPROBE_H

#include "lib/Analysis/RunNest.h"
#include "lib/Driver/Driver.h"
#include "lib/Reference/Reference.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace effattn {

/// Columns (tokens) of a tile; `sets` has the bits of the key sets and
/// conditions that hold on them (0 in full runs).
struct ProbedRun : Run {
  uint32_t sets = 0;
};

struct ProbedTile {
  llvm::ArrayRef<int32_t> rows;      ///< tokens of queries
  llvm::ArrayRef<uint32_t> rowSets;  ///< like rows; empty: no query sets
  llvm::ArrayRef<ProbedRun> full;    ///< every row sees them
  llvm::ArrayRef<ProbedRun> partial; ///< the predicate decides
};

/// One attend of the lowered kernel, planned for one batch entry and head. An
/// attend of the source is several of these where it was split into bands or by
/// heads.
struct ProbedAttend {
  int number = 0;     ///< in the lowered kernel
  std::string source; ///< "file:line" of the attend in the source
  /// Only these heads; both 0: all. Without tiles where the head is not one.
  int64_t headBegin = 0, headEnd = 0;
  int64_t queries = 0, keys = 0, firstPosition = 0; ///< N, M, q0
  /// Starts from the results of attends before it (a further band or part).
  bool continues = false;
  /// Numbers of the launch's tensors: attends over the same keys agree in
  /// `key`.
  int query = -1, key = -1, value = -1, output = -1;
  int64_t tileRows = 0;  ///< rows that a tile's kernel computes
  uint32_t rowOrder = 0; ///< effattn_row_order
  bool permuted = false; ///< planned in the ranks of an order
  size_t bytes = 0;      ///< of this plan, as the runtime holds it
  double seconds = 0;    ///< that planning took, all heads of this attend

  size_t tileCount() const { return tiles.size(); }
  ProbedTile tile(size_t index) const;
  /// Columns of the tiles times tileRows; what the kernel computes.
  int64_t fullPairs() const, partialPairs() const;

  /// The predicate that the kernel evaluates in partial columns: over tokens i
  /// and j, the tables below, KeyInSet and QueryInSet. Null: always true.
  ScalarRef predicate;
  reference::Environment environment() const;

  // What the functions above read.
  struct TileRange {
    int64_t firstRow, rows, firstRun, fullRuns, partialRuns;
  };
  std::vector<TileRange> tiles;
  std::vector<int32_t> rows;
  std::vector<uint32_t> rowSets;
  std::vector<ProbedRun> runs;
  std::vector<std::shared_ptr<const reference::Tensor>> tables;
  std::map<std::string, int64_t> integers, dimensions;
  std::map<std::string, double> scalars;
  int64_t batch = 0, head = 0;
};

/// The kernel's predicate at pairs of one attend.
class PairTest {
public:
  explicit PairTest(const ProbedAttend &attend);
  PairTest(const PairTest &) = delete;
  /// `rowSets` and `columnSets` as the plan gives them.
  bool operator()(int64_t i, int64_t j, uint32_t rowSets, uint32_t columnSets);

private:
  reference::Environment environment;
  std::unique_ptr<reference::Evaluator> evaluator;
  std::vector<double *> rowBits, columnBits;
  double *i = nullptr, *j = nullptr;
};

class PlanProbe {
public:
  /// `options`: file, sets, one target, allowDense, and `strategy` where it is
  /// not the target's. Null after messages on `errors`. `optimise`: compile the
  /// planner functions as for an artefact; otherwise faster and for few tiles.
  static std::unique_ptr<PlanProbe> make(llvm::SourceMgr &sources,
                                         CompileOptions options,
                                         llvm::raw_ostream &errors,
                                         bool optimise = true);
  ~PlanProbe();

  const Program &program() const;

  /// The attends of kernel number `kernel` in the order of the launch. Tensors
  /// of `inputs` are needed for index sets and tables that patterns read;
  /// others may be missing. An error is what a launch would say.
  llvm::Expected<std::vector<ProbedAttend>>
  plan(size_t kernel, const reference::Inputs &inputs, int64_t batch,
       int64_t head);

private:
  PlanProbe();
  struct State;
  std::unique_ptr<State> state;
};

} // namespace effattn

#endif // EFFATTN_LIB_DRIVER_PLANPROBE_H
