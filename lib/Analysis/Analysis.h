//===- Analysis.h - exact facts about one pattern ---------------*- C++ -*-===//
//
// In: the predicate of a pattern (lib/Pattern) and a Strategy. Out: exact sets
// as isl text, loops that list the runs of a row tile, the number of visible
// pairs, causality. Knows nothing of targets, tensors or MLIR.
//
// A predicate may hold KeyInSet and QueryInSet atoms: membership in index sets
// that exist at run time only. A KeyInSet atom is constant on a column and a
// QueryInSet atom is constant on a row, so each assignment of truth values to
// them leaves a pattern without atoms: a `Case`. The planner takes the case 0
// (in no set) for all columns less those of the sets, and the other cases for
// the columns of the sets (a sorted list) only.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_ANALYSIS_ANALYSIS_H
#define EFFATTN_LIB_ANALYSIS_ANALYSIS_H

#include "lib/Analysis/RunNest.h"
#include "lib/Analysis/Strategy.h"
#include "lib/Pattern/Pattern.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace effattn {

/// The columns of one row tile under one assignment of the atoms. Sets are isl
/// text over parameters [N, M, (q0,) dimensions, arguments, t] and one column.
struct ColumnSets {
  std::string touch;   ///< some row of the tile sees the column
  std::string full;    ///< every row does
  std::string partial; ///< touch minus full
  RunNestRef fullRuns, partialRuns;
};

/// One assignment of truth values: bit k of `keys` is the atom KeyInSet of the
/// set number `keySetTables[k]`, bit k of `queries` is QueryInSet of
/// `querySetTables[k]`.
struct AnalysisCase {
  uint32_t keys = 0, queries = 0;
  /// Contiguous tiles: rows tileRows * t + 0..tileRows-1, parameter `t`. On the
  /// last tile, rows past N count as rows: touch is a superset and full a
  /// subset of the exact ones.
  ColumnSets tile;
  /// One row, parameter `i`: the exact columns of that row, for tiles of rows
  /// in any order (the planner merges them).
  RunNestRef rowRuns;
  std::string row;
};

/// Why a pattern is not causal, or that it is. Pair-causal: j <= i + q0 for
/// every pair.
struct Causality {
  bool pairCausal = false;
  /// A pair that looks ahead, as text ("i = 0, j = 1, N = 2, M = 2"), or empty.
  std::string counterexample;
};

/// One piece of a pair count: for low <= N < high (no end where high is 0) and
/// rLow <= r < rHigh it is (uu*u*u + ur*u*r + u1*u + rr*r*r + r1*r + one) / 2
/// with u = N div period and r = N mod period.
struct CountPiece {
  int64_t period = 1, low = 1, high = 0, rLow = 0, rHigh = 1;
  int64_t uu = 0, ur = 0, u1 = 0, rr = 0, r1 = 0, one = 0;
};

/// Number of visible pairs for one head where M = N, as pieces of a
/// quasi-polynomial in N. Not given (`exact` is false) where it depends on
/// something else or has no short form.
struct PairCount {
  bool exact = false;
  /// For people: "512*N - 130816 where N >= 512; ...". Empty where not exact.
  std::string formula;
  std::vector<CountPiece> pieces;
  /// The number for one N; nothing where not exact.
  std::optional<int64_t> at(int64_t size) const;
};

struct PatternFacts {
  /// Names of the Int parameters, in the order in which the planner gets them:
  /// N, M, q0, then dimensions and scalar arguments by first use.
  std::vector<std::string> parameters;
  /// What each parameter stands for: Variable N, M, q0, b or h, or the
  /// Dimension or Argument node. The name of a dimension or argument is its
  /// own, unless that is taken (a dimension N) or a word of isl's: then it is
  /// `dim_N`, `arg_t`.
  std::vector<ScalarRef> parameterValues;
  /// Numbers of the index sets in atoms, ascending: bit k of a case.
  std::vector<int> keySetTables, querySetTables;
  /// Constants by which the pattern divides, ascending.
  std::vector<int64_t> moduli;
  int keySets = 0, querySets = 0;
  std::vector<AnalysisCase> cases; ///< [queries * 2^keySets + keys]
  /// Column hull of a tile in case 0 (no atom holds): least and greatest
  /// visible column, as text. Empty where no tile sees a column.
  std::string hullLower, hullUpper;
  Causality causality;
  PairCount count;
  bool empty = false; ///< no pair for any size
  bool dense = false; ///< every pair for every size
};

/// What the analysis cannot do: the construct, why, and what would help.
struct AnalysisFailure {
  std::string construct; ///< in the language's spelling, may be empty
  std::string reason;
  bool unsupported = true; ///< false: the bound on the work was reached
};

struct AnalysisOptions {
  Strategy strategy;
  /// q0 is M - N (the default of an attend), and not a parameter of its own.
  bool bottomRight = true;
  /// What q0 is, over constants, N, M, dimensions and Int arguments. Null: M -
  /// N where `bottomRight`, else a parameter.
  ScalarRef q0;
  bool count = true;
  /// Bound on isl's steps (a microsecond or a few each) for the sets of one
  /// pattern; the search for loops has some multiple of it.
  uint64_t maxOperations = 4'000'000;
};

/// Analyses the pattern with the given predicate. Never aborts: null with
/// `*failure` filled in where it cannot be done.
std::shared_ptr<const PatternFacts> analyse(const ScalarRef &predicate,
                                            const AnalysisOptions &options,
                                            AnalysisFailure *failure);

/// Rebuilds the loops of one set from its text (the form kept on operations):
/// with the same `tileRows` and moduli it gives what analyse() gave, which
/// itself builds its loops from the text. `moduli` are the constants by which
/// the pattern divides. `tileRows` is B in the context 0 <= t, B*t < N in which
/// the loops hold: Strategy::tileRows for `t`, 1 for a row (`i`). Where it is 0
/// only 0 <= t is known, and the loops check the rest.
RunNestRef buildRuns(const std::string &set, const std::string &tileParameter,
                     const std::vector<int64_t> &moduli,
                     AnalysisFailure *failure, int64_t tileRows = 0);

} // namespace effattn

#endif // EFFATTN_LIB_ANALYSIS_ANALYSIS_H
