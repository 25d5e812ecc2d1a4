//===- Lower.h - from tiled kernels to host programs and specs --*- C++ -*-===//
//
// The `lower` stage. Errors are reported through the context's diagnostics, at
// the operation that they are about.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_LOWERING_LOWER_H
#define EFFATTN_LIB_LOWERING_LOWER_H

#include "lib/Lowering/Lowered.h"

#include <optional>

namespace effattn {

/// Refuses what this stage cannot lower yet, and what an earlier stage should
/// have left: each attend with facts and tiling.
mlir::LogicalResult verifyLowerable(mlir::ModuleOp module);

/// Lowers each kernel of a tiled module, which stays as it is. Nothing after
/// an error.
std::optional<LoweredProgram> lower(mlir::ModuleOp module);

/// Listing of the kernels for `--emit=lower`, followed by the module.
std::string toString(const LoweredProgram &program);

} // namespace effattn

#endif // EFFATTN_LIB_LOWERING_LOWER_H
