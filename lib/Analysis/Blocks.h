//===- Blocks.h - blocks that a pattern touches -----------------*- C++ -*-===//
//
// Pairs in blocks of `size` positions: which key blocks do the rows of a query
// block see? random_blocks draws from the others [S7].
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_ANALYSIS_BLOCKS_H
#define EFFATTN_LIB_ANALYSIS_BLOCKS_H

#include "lib/Analysis/Analysis.h"

#include <optional>

namespace effattn {

struct TouchedBlocks {
  /// As in PatternFacts.
  std::vector<std::string> parameters;
  std::vector<ScalarRef> parameterValues;
  std::vector<int64_t> moduli;
  /// Over the parameters and `i`: the blocks j = 0, 1, ... of keys that rows of
  /// query block q0 div size + i see. Loops are built from it as from the
  /// columns of a row `i` (there are at most N blocks of queries).
  std::string set;
};

/// `predicate` is over tokens and holds no atoms: look-ups and index sets are a
/// failure. `options.extents` is not looked at.
std::optional<TouchedBlocks> touchedBlocks(const ScalarRef &predicate,
                                           int64_t size,
                                           const AnalysisOptions &options,
                                           AnalysisFailure *failure);

} // namespace effattn

#endif // EFFATTN_LIB_ANALYSIS_BLOCKS_H
