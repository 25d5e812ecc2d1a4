//===- Analysis.h - exact facts about one pattern ---------------*- C++ -*-===//
//
// In: the predicate of a pattern (lib/Pattern) and a Strategy. Out: exact sets
// as isl text, loops that list the runs of a row tile, the number of visible
// pairs, causality. Knows nothing of targets, tensors or MLIR.
//
// What tables decide at launch is taken out of the predicate as atoms
// (Atoms.h); each assignment of truth values to them leaves a pattern without
// atoms: a `Case`. The planner takes the case of a column by the atoms that
// hold there.
//
// Three steps: analyse() finds what does not depend on tiles, estimate() what
// a tiling would cost, analyseTiles() the columns of the tiles of a tiling.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_ANALYSIS_ANALYSIS_H
#define EFFATTN_LIB_ANALYSIS_ANALYSIS_H

#include "lib/Analysis/Atoms.h"
#include "lib/Analysis/RunNest.h"
#include "lib/Analysis/Strategy.h"
#include "lib/Analysis/Tiling.h"
#include "lib/Pattern/Pattern.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace effattn {

/// One assignment to the atoms, from the side of a row. Sets are isl text over
/// [parameters, row coordinates] and the coordinates of a column: `j`, or
/// `jy, jx` on a grid; there, a set that is made axis by axis is a formula of
/// sets of one coordinate, `{ [jy] : .. } x { [jx] : .. } | ...` (Product.h).
/// Runs count linear columns.
struct RowCase {
  std::string row;
  RunNestRef rowRuns;
};

/// The columns of one tile under one assignment, over [parameters, tile
/// coordinates]. On a tile that reaches past the last row, rows past the end
/// count as rows: touch is a superset and full a subset of the exact ones.
struct TileCase {
  std::string touch;   ///< some row of the tile sees the column
  std::string full;    ///< every row does
  std::string partial; ///< touch minus full
  RunNestRef fullRuns, partialRuns;
};

struct TileFacts {
  Tiling tiling;
  /// By indexOf(assignment). Empty for ByLabel, and where `gathered`: then the
  /// planner merges the rows' columns.
  std::vector<TileCase> cases;
  /// The sets of tiles cost too much to make exactly.
  bool gathered = false;
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
  /// N, M, q0, then extents, dimensions, scalar arguments, b, h and extras by
  /// first use.
  std::vector<std::string> parameters;
  /// What each parameter stands for: Variable N, M, q0, b or h, a Dimension, an
  /// Argument, an extent that is an expression of these, or the Lookup of an
  /// extra. The name of a dimension or argument is its own, unless that is
  /// taken (a dimension N) or a word of isl's: then it is `dim_N`, `arg_t`.
  std::vector<ScalarRef> parameterValues;
  Atoms atoms;
  /// Sizes of the grid, slowest first; empty: none. Constant or Variable nodes
  /// with the name of a parameter.
  std::vector<ScalarRef> extents;
  /// Constants by which the pattern divides, ascending.
  std::vector<int64_t> moduli;
  /// On a grid, for each axis, those whose remainders the pattern takes of its
  /// coordinates: candidates for residue classes. Not kept on operations.
  std::vector<std::vector<int64_t>> axisModuli;
  /// Names of a row's coordinates: {"i"}, {"iy", "ix"}, {"iz", "iy", "ix"}.
  std::vector<std::string> rowParameters;
  std::vector<RowCase> cases; ///< by indexOf(assignment)
  /// Column hull of row `i` where no atom holds: least and greatest visible
  /// column, as text. Empty where no row sees a column, and on grids.
  std::string hullLower, hullUpper;
  Causality causality;
  PairCount count;
  bool empty = false; ///< no pair for any size
  bool dense = false; ///< every pair for every size
  /// Why columns of a tile are not bounded [S10]: an Unknown relation decides
  /// alone over columns of a row whose number grows with that of the tokens
  /// (Unbounded.cpp). Empty: they are.
  std::string unbounded;
  size_t unboundedCase = 0; ///< in which case, where they are not
};

/// Which sizes have no bound; what else a pattern mentions (arguments, other
/// dimensions) counts as given. An axis of constant length does not grow.
struct GrowingSizes {
  bool queries = true, keys = true;
  std::vector<std::string> dimensions; ///< names, of axes of tokens
  bool square = false; ///< always as many keys as queries, for causality
  bool operator==(const GrowingSizes &) const = default;
};

/// What the analysis cannot do: the construct, why, and what would help.
struct AnalysisFailure {
  std::string construct; ///< in the language's spelling, may be empty
  std::string reason;
  bool unsupported = true; ///< false: the bound on the work was reached
};

struct AnalysisOptions {
  /// q0 is M - N (the default of an attend), and not a parameter of its own.
  bool bottomRight = true;
  /// What q0 is, over constants, N, M, dimensions and Int arguments. Null: M -
  /// N where `bottomRight`, else a parameter.
  ScalarRef q0;
  /// Grid of the coordinates i.y, j.x, ... of the predicate (PatternForm).
  std::vector<ScalarRef> extents;
  bool count = true;
  /// The greatest token that key j reads, over `j` and constants, for
  /// causality: null is j itself (Causality.h).
  ScalarRef keyReach;
  GrowingSizes growing;
  /// Bound on isl's steps (a microsecond or a few each) for the sets of one
  /// pattern; the search for loops has some multiple of it.
  uint64_t maxOperations = 4'000'000;
};

/// The atoms of a pattern as analyse() numbers them: q0 and, on a grid, M are
/// replaced by what they are before.
AtomisedPredicate atomise(const ScalarRef &predicate,
                          const AnalysisOptions &options);

/// Analyses the pattern with the given predicate. Never aborts: null with
/// `*failure` filled in where it cannot be done.
std::shared_ptr<const PatternFacts> analyse(const ScalarRef &predicate,
                                            const AnalysisOptions &options,
                                            AnalysisFailure *failure);

/// The columns of the tiles of a tiling. Where the exact sets cost too much the
/// result is `gathered`, which is no failure.
std::optional<TileFacts> analyseTiles(const ScalarRef &predicate,
                                      const AnalysisOptions &options,
                                      const PatternFacts &facts,
                                      const Tiling &tiling,
                                      AnalysisFailure *failure);

/// Values by parameter name, for evaluating nests.
using ParameterValues = std::function<int64_t(const std::string &)>;

/// What a tiling computes for given sizes: exact, by merging the columns of
/// the rows of each tile (a sample of the tiles where there are many; then
/// scaled). Atoms are taken as absent; relations as holding in one aligned
/// block of columns. In pairs for one (batch, head).
struct TilingCost {
  double visible = 0;  ///< pairs of the pattern
  double computed = 0; ///< columns of the tiles times rows of a tile
  double tiles = 0, runs = 0;
};
TilingCost estimate(const PatternFacts &facts, const Tiling &tiling,
                    const ParameterValues &values);

/// The pairs that are visited for one (batch, head) where the atoms are as in
/// case number `index` (exact up to 1024 rows, else from a sample of them).
double casePairs(const PatternFacts &facts, size_t index,
                 const ParameterValues &values);

/// Tilings that are worth comparing for this pattern: contiguous; residues of
/// each modulus of it (and of products that the pattern's steps suggest); boxes
/// and lines on a grid, of all its rows and of one residue class; by label
/// where a Labels relation bounds it.
std::vector<Tiling> candidateTilings(const PatternFacts &facts, int64_t rows);

/// How the text of a set (the form kept on operations) becomes loops again.
struct SetFrame {
  /// Coordinates of the tile or row, parameters of the set.
  std::vector<std::string> coordinates;
  std::vector<ScalarRef> extents; ///< as PatternFacts::extents
  std::vector<int64_t> moduli;
  /// Rows of a tile for the context of the loops (1: a row); null tiling: row.
  std::optional<Tiling> tiling;
};

/// Rebuilds the loops of one set from its text: what analyse() and
/// analyseTiles() gave, which build their loops from the text themselves.
RunNestRef buildRuns(const std::string &set, const SetFrame &frame,
                     AnalysisFailure *failure);

} // namespace effattn

#endif // EFFATTN_LIB_ANALYSIS_ANALYSIS_H
