//===- Frame.cpp - the predicate that an attend is analysed by ------------===//

#include "lib/Transforms/Frame.h"

#include "lib/Analysis/Prepared.h"

using namespace mlir;

namespace effattn {

namespace {

bool sameOrders(const Pattern &a, const Pattern &b) {
  return a.orders.front().tokenTable == b.orders.front().tokenTable &&
         a.orders.back().tokenTable == b.orders.back().tokenTable;
}

/// The order that bounds the columns of a pattern: null where what is visible
/// has none, or parts have different ones. What is taken away does not count.
const Pattern *boundingOrder(const PatternRef &pattern) {
  switch (pattern->kind) {
  case PatternKind::InOrder:
    return pattern.get();
  case PatternKind::Intersection:
    for (const PatternRef &child : pattern->children)
      if (const Pattern *found = boundingOrder(child))
        return found;
    return nullptr;
  case PatternKind::Difference:
    return boundingOrder(pattern->children[0]);
  case PatternKind::Union:
  case PatternKind::Heads: {
    const Pattern *first = nullptr;
    for (const PatternRef &child : pattern->children) {
      const Pattern *found = boundingOrder(child);
      if (!found || (first && !sameOrders(*first, *found)))
        return nullptr;
      first = found;
    }
    return first;
  }
  default:
    return nullptr;
  }
}

} // namespace

std::optional<AttendFrame> frameOf(const ir::AttendParts &parts,
                                   Location location) {
  const Pattern *unsupported = nullptr;
  PatternForm form = formOf(parts.pattern, &unsupported);
  if (!form.predicate) {
    Location place = parts.converter.locationOf(unsupported, location);
    emitError(place) << "the tables of this pattern have not been made; "
                        "expected stage 'make-tables' to have run";
    return std::nullopt;
  }
  AttendFrame frame;
  frame.tokens = withoutCoordinates(form.predicate, form.extents);
  if (parts.opaque) {
    frame.opaque = true;
    frame.predicate =
        lookup(-1, ScalarType::Bool, {variable("i"), variable("j")});
  } else if (const Pattern *order =
                 parts.inTokens ? nullptr : boundingOrder(parts.pattern)) {
    frame.permuted = true;
    frame.queryTokens = order->orders.front().tokenTable;
    frame.keyTokens = order->orders.back().tokenTable;
    frame.predicate = inRanks(frame.tokens, *order);
  } else {
    frame.predicate = form.predicate;
    frame.extents = form.extents;
  }
  frame.atoms =
      Prepared(frame.predicate, analysisOptions(parts, frame)).atomised.atoms;
  return frame;
}

AnalysisOptions analysisOptions(const ir::AttendParts &parts,
                                const AttendFrame &frame) {
  AnalysisOptions options;
  options.q0 = parts.q0;
  options.bottomRight = !parts.q0;
  options.extents = frame.extents;
  return options;
}

} // namespace effattn
