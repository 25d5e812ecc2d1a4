//===- Estimate.h - costs of many tilings of one pattern --------*- C++ -*-===//
#ifndef EFFATTN_LIB_ANALYSIS_ESTIMATE_H
#define EFFATTN_LIB_ANALYSIS_ESTIMATE_H

#include "lib/Analysis/Analysis.h"

#include <memory>

namespace effattn {

class RowColumns;

/// estimate() for one tiling after the other: the columns of a row are the
/// same for all of them, and are found once. The arguments have to outlive it.
class TilingEstimator {
public:
  TilingEstimator(const PatternFacts &facts, const ParameterValues &values);
  ~TilingEstimator();
  TilingCost of(const Tiling &tiling);

private:
  const PatternFacts &facts;
  const ParameterValues &values;
  std::unique_ptr<RowColumns> rows;
};

} // namespace effattn

#endif // EFFATTN_LIB_ANALYSIS_ESTIMATE_H
