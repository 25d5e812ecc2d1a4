//===- Bands.h - patterns and parts of patterns, analysed -------*- C++ -*-===//
#ifndef EFFATTN_LIB_TRANSFORMS_BANDS_H
#define EFFATTN_LIB_TRANSFORMS_BANDS_H

#include "lib/Transforms/Facts.h"
#include "lib/Transforms/Transforms.h"

namespace effattn {

/// A pattern in its frame, with what is known of it.
struct Band {
  mlir::Value pattern;
  ir::AttendParts parts; ///< pattern and q0
  AttendFrame frame;
  std::shared_ptr<const PatternFacts> facts; ///< null: `failure`
  AnalysisFailure failure;

  bool isBounded() const { return facts && facts->unbounded.empty(); }
  /// Why it is not bounded.
  std::string reason() const;
};

/// Analyses patterns, each predicate once.
class BandAnalyser {
public:
  explicit BandAnalyser(uint64_t maxOperations, bool count)
      : maxOperations(maxOperations), count(count) {}

  /// Null after an error. The facts may be missing: see Band. `inTokens`: also
  /// where an order bounds the columns (AttendParts).
  std::shared_ptr<const Band> analyse(mlir::Value pattern, mlir::Value q0,
                                      mlir::Location location,
                                      const GrowingSizes &growing,
                                      bool inTokens = false);
  /// A band that holds any pair of the pattern: nothing is known of it.
  std::shared_ptr<const Band> opaque(const Band &band);

  unsigned analysed = 0, shared = 0;

private:
  void find(Band &band, const AnalysisOptions &options);

  uint64_t maxOperations;
  bool count;
  struct Known {
    ScalarRef predicate, q0;
    std::vector<ScalarRef> extents;
    GrowingSizes growing;
    std::shared_ptr<const PatternFacts> facts;
    AnalysisFailure failure;
  };
  std::vector<Known> known;
};

/// Ranges of heads with patterns of their own, each with the patterns whose
/// union is its pattern.
struct HeadRange {
  int64_t low = 0, high = 0; ///< both 0: all heads
  mlir::Value pattern;
  llvm::SmallVector<mlir::Value> terms;
};
llvm::SmallVector<HeadRange> headRanges(mlir::OpBuilder &builder,
                                        mlir::Value pattern,
                                        const PatternRef &tree);

/// The axes of queries and keys of an attend, column sums or a draw that grow.
GrowingSizes growingSizes(mlir::Operation *op);

/// MergeOnce.cpp: merges with `duplicates_once` as one attend, where the parts
/// differ in their patterns only.
void uniteMergesOnce(mlir::ModuleOp module);

/// Equal operations are shared, those without use go.
void cleanUp(mlir::ModuleOp module);

/// A text of the analysis, for people: tables have their names in the kernel.
std::string withTableNames(const std::string &text,
                           const ir::ConvertedOperands &operands);

/// `t` of the kernel's argument `t`; `table` for other values.
std::function<std::string(int)>
tableNames(const ir::ConvertedOperands &operands);

} // namespace effattn

#endif // EFFATTN_LIB_TRANSFORMS_BANDS_H
