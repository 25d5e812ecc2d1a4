//===- BruteForce.h - the analysis against every pair -----------*- C++ -*-===//
#ifndef EFFATTN_TEST_UNIT_ANALYSIS_BRUTEFORCE_H
#define EFFATTN_TEST_UNIT_ANALYSIS_BRUTEFORCE_H

#include "lib/Analysis/Analysis.h"

#include <cstdint>
#include <map>
#include <string>
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
};

/// Straight evaluation of a predicate: i, j, N, M, q0 and dimensions and
/// arguments by name; atoms by the bits of a case.
class PairEvaluator {
public:
  PairEvaluator(const PatternFacts &facts, const AnalysisCase &oneCase)
      : facts(facts), oneCase(oneCase) {}
  Values values;
  int64_t evaluate(const Scalar &node);

private:
  const PatternFacts &facts;
  const AnalysisCase &oneCase;
};

struct Sizes {
  int64_t limit = 17; ///< N and M go from 1 and 0 to this
  int64_t step = 1;
};

/// Compares sets and runs with every pair for all sizes. Empty, or what is
/// wrong, on one line.
std::string checkRuns(const Example &example, const PatternFacts &facts,
                      int64_t tileRows, Sizes sizes = {});

/// Compares count, causality, empty, dense and hull with every pair.
std::string checkFacts(const Example &example, const PatternFacts &facts,
                       int64_t tileRows, Sizes sizes = {});

AnalysisOptions optionsOf(const Example &example, int64_t tileRows);

/// Both checks for one example, with one tile size.
void expectExact(const Example &example, int64_t tileRows, Sizes sizes = {});

} // namespace effattn::test

#endif // EFFATTN_TEST_UNIT_ANALYSIS_BRUTEFORCE_H
