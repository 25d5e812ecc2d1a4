//===- BruteForce.h - the analysis against every pair -----------*- C++ -*-===//
#ifndef EFFATTN_TEST_UNIT_ANALYSIS_BRUTEFORCE_H
#define EFFATTN_TEST_UNIT_ANALYSIS_BRUTEFORCE_H

#include "lib/Analysis/Analysis.h"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace effattn::test {

/// A predicate in which && and || can be written: std::shared_ptr has them
/// already, with another meaning.
struct Expr {
  ScalarRef ref;
  Expr(ScalarRef ref) : ref(std::move(ref)) {}
  Expr(int64_t value) : ref(constantInt(value)) {}
  Expr(int value) : ref(constantInt(value)) {}
};
inline Expr operator+(Expr a, Expr b) { return a.ref + b.ref; }
inline Expr operator-(Expr a, Expr b) { return a.ref - b.ref; }
inline Expr operator*(Expr a, Expr b) { return a.ref * b.ref; }
inline Expr operator-(Expr a) { return unary(ScalarKind::Neg, a.ref); }
inline Expr operator/(Expr a, Expr b) { return floorDiv(a.ref, b.ref); }
inline Expr operator%(Expr a, Expr b) { return mod(a.ref, b.ref); }
inline Expr operator<(Expr a, Expr b) { return a.ref < b.ref; }
inline Expr operator<=(Expr a, Expr b) { return a.ref <= b.ref; }
inline Expr operator>(Expr a, Expr b) { return b.ref < a.ref; }
inline Expr operator>=(Expr a, Expr b) { return b.ref <= a.ref; }
inline Expr operator==(Expr a, Expr b) { return equal(a.ref, b.ref); }
inline Expr operator!=(Expr a, Expr b) {
  return binary(ScalarKind::NotEqual, a.ref, b.ref);
}
inline Expr operator&&(Expr a, Expr b) { return logicalAnd(a.ref, b.ref); }
inline Expr operator||(Expr a, Expr b) { return logicalOr(a.ref, b.ref); }
inline Expr operator!(Expr a) { return logicalNot(a.ref); }
inline Expr min(Expr a, Expr b) {
  return binary(ScalarKind::Min, a.ref, b.ref);
}
inline Expr max(Expr a, Expr b) {
  return binary(ScalarKind::Max, a.ref, b.ref);
}
inline Expr abs(Expr a) { return unary(ScalarKind::Abs, a.ref); }
inline Expr ifThenElse(Expr c, Expr a, Expr b) {
  return select(c.ref, a.ref, b.ref);
}
inline Expr some(const std::string &name, Expr lower, Expr upper, Expr body) {
  return exists(name, lower.ref, upper.ref, body.ref);
}
inline Expr var(const std::string &name) { return variable(name); }

using Values = std::map<std::string, int64_t>;

/// A value for each parameter but N and M, by the name in PatternFacts.
struct Example {
  std::string name;
  ScalarRef predicate;
  std::vector<Values> parameters = {{}};
  bool bottomRight = true;
  ScalarRef q0 = nullptr;
  /// A grid: its extents, and the sizes at which it is looked at.
  std::vector<ScalarRef> extents = {};
  std::vector<std::vector<int64_t>> grids = {};
};

/// Straight evaluation of a predicate: variables, dimensions and arguments by
/// name; `table` gives the values of look-ups.
class PairEvaluator {
public:
  Values values;
  std::function<int64_t(const Scalar &, const std::vector<int64_t> &)> table;
  /// Sets i, j and their coordinates on a grid.
  void setPair(int64_t i, int64_t j, const std::vector<int64_t> &extents);
  int64_t evaluate(const Scalar &node);

private:
  /// Where the value of a variable is: names are looked up once.
  std::unordered_map<const Scalar *, const int64_t *> places;
  int64_t *row = nullptr, *column = nullptr;
};

struct Sizes {
  int64_t limit = 17; ///< N and M go from 1 and 0 to this
  int64_t step = 1;
};

/// Sizes of one look at a pattern.
struct Look {
  int64_t n, m;
  std::vector<int64_t> extents;
  Values parameters;
};
/// Puts sizes, parameters and q0 into the values of an evaluator.
void setSizes(const Example &example, PairEvaluator &evaluator,
              const Look &look);

/// Columns of a nest, or what is wrong with them.
struct Columns {
  std::vector<bool> has;
  std::string problem;
};
Columns columnsOf(const RunNestRef &nest, const Example &example,
                  const Look &look, const std::vector<std::string> &names,
                  const std::vector<int64_t> &coordinates);

std::vector<Look> looksAt(const Example &example, Sizes sizes);

/// Compares the runs of rows with every pair for all sizes. Empty, or what is
/// wrong, on one line.
std::string checkRows(const Example &example, const PatternFacts &facts,
                      Sizes sizes = {});

/// Compares the runs of tiles with every pair: exactly where all rows of a tile
/// exist, else as bounds.
std::string checkTiles(const Example &example, const PatternFacts &facts,
                       const TileFacts &tiles, Sizes sizes = {});

/// Plans rows and tiles as the runtime does, with tables of random values, and
/// compares with every pair: no visible pair is missing, a full column is full;
/// rows are exact where no relation is Unknown. `tiles` may be null.
std::string checkWithTables(const Example &example, const PatternFacts &facts,
                            const TileFacts *tiles, uint64_t seed,
                            Sizes sizes = {});

/// Compares count, causality, empty and dense with every pair.
std::string checkFacts(const Example &example, const PatternFacts &facts,
                       Sizes sizes = {});

AnalysisOptions optionsOf(const Example &example);

Tiling contiguous(int64_t rows);
Tiling residues(int64_t modulus, int64_t rows);
Tiling box(std::vector<int64_t> shape, std::vector<int64_t> moduli = {});

/// All checks for one example.
void expectExact(const Example &example, const std::vector<Tiling> &tilings,
                 Sizes sizes = {});

} // namespace effattn::test

#endif // EFFATTN_TEST_UNIT_ANALYSIS_BRUTEFORCE_H
