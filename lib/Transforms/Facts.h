//===- Facts.h - results of analysis to attributes and back -----*- C++ -*-===//
#ifndef EFFATTN_LIB_TRANSFORMS_FACTS_H
#define EFFATTN_LIB_TRANSFORMS_FACTS_H

#include "lib/Transforms/Frame.h"

namespace effattn {

/// `frame` is the one in which the facts were found.
ir::FactsAttr toAttribute(mlir::MLIRContext *context, const PatternFacts &facts,
                          const AttendFrame &frame);
ir::TilingAttr toAttribute(mlir::MLIRContext *context, const TileFacts &tiles,
                           const Strategy &strategy);

/// The facts without loops (RunNest).
PatternFacts fromAttribute(ir::FactsAttr attribute, const AttendFrame &frame);
/// The tiles without loops.
TileFacts fromAttribute(ir::TilingAttr attribute);

/// How sets of rows (without `tiling`) and of tiles become loops.
SetFrame setFrame(const PatternFacts &facts,
                  const std::optional<Tiling> &tiling);

/// Builds the loops of all sets again, as analyse() and analyseTiles() made
/// them. False with `*failure` filled in where one cannot be.
bool rebuildRuns(PatternFacts &facts, AnalysisFailure *failure);
bool rebuildRuns(TileFacts &tiles, const PatternFacts &facts,
                 AnalysisFailure *failure);

/// What a parameter of sets stands for.
ScalarRef valueOf(ir::ParameterAttr parameter,
                  const std::vector<ScalarRef> &extents,
                  const std::vector<ScalarRef> &extras);
/// The other way; null for an expression that is none of the extents.
ir::ParameterAttr toAttribute(mlir::MLIRContext *context,
                              const std::string &name, const ScalarRef &value,
                              const std::vector<ScalarRef> &extents,
                              const std::vector<ScalarRef> &extras);

} // namespace effattn

#endif // EFFATTN_LIB_TRANSFORMS_FACTS_H
