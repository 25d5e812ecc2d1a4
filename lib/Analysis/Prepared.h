//===- Prepared.h - a predicate made ready for its sets ---------*- C++ -*-===//
#ifndef EFFATTN_LIB_ANALYSIS_PREPARED_H
#define EFFATTN_LIB_ANALYSIS_PREPARED_H

#include "lib/Analysis/Analysis.h"
#include "lib/Analysis/Parameters.h"
#include "lib/Analysis/Space.h"

namespace effattn {

/// What every stage of the analysis starts from: q0 is replaced by what it is,
/// M by N on a grid, atoms and parameters are found.
struct Prepared {
  Prepared(const ScalarRef &predicate, const AnalysisOptions &options);

  std::vector<ScalarRef> extents; ///< as given; none for one dimension
  ScalarRef q0;
  AtomisedPredicate atomised;
  Parameters parameters;
  Space space;
};

/// Assignments that leave the same pattern, each pattern once.
struct DistinctCase {
  Assignment first; ///< the first of the assignments
  ScalarRef may, must;
};
struct DistinctCases {
  std::vector<DistinctCase> list;
  std::vector<size_t> byIndex; ///< position in `list`, by indexOf(assignment)
};
DistinctCases distinctCases(const AtomisedPredicate &atomised);

} // namespace effattn

#endif // EFFATTN_LIB_ANALYSIS_PREPARED_H
