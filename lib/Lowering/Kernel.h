//===- Kernel.h - the host program of one kernel ----------------*- C++ -*-===//
#ifndef EFFATTN_LIB_LOWERING_KERNEL_H
#define EFFATTN_LIB_LOWERING_KERNEL_H

#include "lib/Lowering/Attend.h"
#include "lib/Lowering/Parts.h"

#include <optional>

namespace effattn {

/// Adds the host function to `module`, planner functions through `attends`.
/// Nothing after a located error.
std::optional<LoweredKernel> lowerKernel(ir::KernelOp op, mlir::ModuleOp module,
                                         AttendLowering &attends);

} // namespace effattn

#endif // EFFATTN_LIB_LOWERING_KERNEL_H
