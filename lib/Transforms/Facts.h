//===- Facts.h - results of analysis to attributes and back -----*- C++ -*-===//
#ifndef EFFATTN_LIB_TRANSFORMS_FACTS_H
#define EFFATTN_LIB_TRANSFORMS_FACTS_H

#include "dialect/Effattn.h"
#include "lib/Analysis/Analysis.h"

namespace effattn {

/// `tileRows`: that of the strategy with which the facts were found.
ir::FactsAttr toAttribute(mlir::MLIRContext *context, const PatternFacts &facts,
                          int64_t tileRows);

/// The facts without loops (RunNest).
PatternFacts fromAttribute(ir::FactsAttr attribute);

/// Builds the loops of all sets again, as analyse() made them for tiles of
/// `tileRows` rows. False with `*failure` filled in where one cannot be.
bool rebuildRuns(PatternFacts &facts, int64_t tileRows,
                 AnalysisFailure *failure);

} // namespace effattn

#endif // EFFATTN_LIB_TRANSFORMS_FACTS_H
