//===- GpuRuntime.h - device code that is part of the runtime ---*- C++ -*-===//
//
// Kernels that belong to no program: filling, copying and merging tensors on a
// device. They are compiled when effattn itself is built, with Halide's device
// runtime, into libeffattn_runtime_gpu.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_SCHEDULE_GPURUNTIME_H
#define EFFATTN_LIB_SCHEDULE_GPURUNTIME_H

#include "lib/Schedule/Kernels.h"

#include <string>
#include <vector>

namespace effattn {

/// effattn_gpu_copy_<name>, _merge_ and _merge_lse_; their arguments
/// are in docs/kernel-abi.md. An object each: Halide finds only one device
/// module in an object.
std::vector<KernelObject> compileDeviceKernels(const std::string &name,
                                               const std::string &halideTarget,
                                               ScheduleFailure *failure);

/// Halide's runtime for all devices, as an object.
KernelObject compileDeviceRuntime(ScheduleFailure *failure);

/// Gives Halide's symbols, and all that an object of its runtime defines, the
/// prefix effattn_, so that an application may link a Halide of its own.
void makeHalidePrivate(KernelObject &object, ScheduleFailure *failure);

} // namespace effattn

#endif // EFFATTN_LIB_SCHEDULE_GPURUNTIME_H
