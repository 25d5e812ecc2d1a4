//===- Parameters.h - the parameters of a pattern's sets --------*- C++ -*-===//
//
// A pattern's sets are over [i, j] with everything else as parameters: N, M,
// q0 (unless it is known), extents of a grid, dimensions, Int arguments, b and
// h where the pattern uses them, and look-ups by these (extras). A parameter
// has a name that isl's text can hold and that no other parameter has.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_ANALYSIS_PARAMETERS_H
#define EFFATTN_LIB_ANALYSIS_PARAMETERS_H

#include "lib/Pattern/Scalar.h"

#include <optional>
#include <string>
#include <vector>

namespace effattn {

struct Parameter {
  std::string name;
  ScalarRef value; ///< as in PatternFacts::parameterValues
};

class Parameters {
public:
  /// N and M, q0 where `withQ0`, the extents, those of the expressions by first
  /// use, and the extras.
  Parameters(const std::vector<ScalarRef> &expressions, bool withQ0,
             const std::vector<ScalarRef> &extents = {},
             const std::vector<ScalarRef> &extras = {});

  const std::vector<Parameter> &list() const { return parameters; }
  /// Position of the parameter that the node stands for.
  std::optional<int> find(const Scalar &node) const;
  /// A Constant, or the Variable of the parameter that stands for an extent.
  ScalarRef named(const ScalarRef &extent) const;
  /// "[N, M]", with further names at the end.
  std::string isl(const std::vector<std::string> &further = {}) const;

private:
  void add(const ScalarRef &node, const std::string &fallback = "");

  std::vector<Parameter> parameters;
};

/// Constant divisors of FloorDiv and Mod, ascending, each once.
std::vector<int64_t> moduli(const ScalarRef &predicate);

} // namespace effattn

#endif // EFFATTN_LIB_ANALYSIS_PARAMETERS_H
