//===- ToIsl.h - scalar expressions as isl sets -----------------*- C++ -*-===//
//
// Int expressions become piecewise quasi-affine functions, Bool expressions
// become sets, both over the pairs of a Space. This holds for what
// Presburger arithmetic has: sums, products with a constant, div and mod by a
// positive constant, min, max, abs, if, comparisons, and, or, not, exists.
// Everything else is a failure that names the construct.
//
// Atoms are replaced by constants before; the look-ups that are left are
// parameters.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_ANALYSIS_TOISL_H
#define EFFATTN_LIB_ANALYSIS_TOISL_H

#include "lib/Analysis/Isl.h"
#include "lib/Analysis/Parameters.h"
#include "lib/Analysis/Space.h"

#include <map>
#include <optional>
#include <unordered_map>

namespace effattn {

class ToIsl {
public:
  ToIsl(const IslContext &context, const Parameters &parameters,
        const Space &space);

  /// The pairs for which a Bool expression holds, or does not hold
  /// where `negated`. Null where it fails; then failure() says why.
  IslSet set(const ScalarRef &expression, bool negated = false);
  /// An Int expression as a function on pairs.
  IslPwAff function(const ScalarRef &expression);

  AnalysisFailure failure() const;

private:
  IslSet makeSet(const ScalarRef &expression, bool negated);
  IslSet comparison(const Scalar &expression, bool negated);
  IslSet inOrder(const OrderTest &test, bool negated);
  IslSet boolEquality(const Scalar &expression, bool equal);
  IslSet quantified(const ScalarRef &expression);
  IslPwAff makeFunction(const ScalarRef &expression);
  IslPwAff leaf(const ScalarRef &expression);
  IslPwAff raw(bool column);
  IslPwAff product(const ScalarRef &expression);
  IslPwAff division(const ScalarRef &expression);
  IslPwAff choice(const Scalar &expression);
  IslPwAff constant(int64_t value);
  std::nullptr_t fail(const ScalarRef &construct, std::string reason);

  const IslContext &context;
  const Parameters &parameters;
  const Space &space;
  IslSet universe;
  /// Bound variables in scope, as parameters of their own.
  std::map<std::string, Isl<isl_id>> bound;
  /// Results by node; `kept` holds the nodes, so that no address is reused.
  std::vector<ScalarRef> kept;
  std::unordered_map<const Scalar *, IslPwAff> functions;
  std::map<std::pair<const Scalar *, bool>, IslSet> sets;
  std::optional<AnalysisFailure> problem;
};

} // namespace effattn

#endif // EFFATTN_LIB_ANALYSIS_TOISL_H
