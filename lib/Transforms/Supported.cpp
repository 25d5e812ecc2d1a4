//===- Supported.cpp - what the analysis does not do ----------------------===//
//
// Said here, at the operation that asks for it, rather than by the analysis,
// which has no locations.
//
//===----------------------------------------------------------------------===//

#include "lib/Transforms/Transforms.h"

using namespace mlir;

namespace effattn {

LogicalResult checkSupported(Operation *op, const ir::AttendParts &parts) {
  const Pattern *unsupported = nullptr;
  if (formOf(parts.pattern, &unsupported).predicate)
    return success();
  Location location = parts.converter.locationOf(unsupported, op->getLoc());
  if (unsupported && unsupported->kind == PatternKind::RandomBlocks)
    return emitError(location) << "the blocks of this pattern have not been "
                                  "drawn; expected stage 'make-tables' to have "
                                  "run";
  return emitError(location) << "the tables of this order have not been made; "
                                "expected stage 'make-tables' to have run";
}

} // namespace effattn
