//===- Gpu.h - devices and their numbers ------------------------*- C++ -*-===//
//
// Numbers only: what Halide calls a device interface, and the shape of the
// schedule that its registers hold. Chosen by what ptxas says of the code (no
// spills for sm_80 and sm_90), not by speed: see docs/gpu.md.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_TARGET_GPU_H
#define EFFATTN_LIB_TARGET_GPU_H

#include "lib/Analysis/Strategy.h"
#include "lib/Schedule/Kernels.h"
#include "runtime/include/effattn/kernel.h"

#include <algorithm>
#include <string>
#include <vector>

namespace effattn {

struct GpuDevice {
  std::string name; ///< of --target and part of symbols: vulkan, cuda
  effattn_target target;
  std::string halideTarget; ///< without no_runtime
};

/// CUDA code is PTX for capability 8.0: newer devices compile it at load.
inline const std::vector<GpuDevice> &gpuDevices() {
  static const std::vector<GpuDevice> devices{
      {"vulkan", EFFATTN_TARGET_VULKAN, "x86-64-linux-vulkan"},
      {"cuda", EFFATTN_TARGET_CUDA, "x86-64-linux-cuda-cuda_capability_80"}};
  return devices;
}

/// Null where there is no such device interface.
inline const GpuDevice *findGpuDevice(const std::string &name) {
  for (const GpuDevice &device : gpuDevices())
    if (device.name == name)
      return &device;
  return nullptr;
}

/// A thread holds its row of the accumulator (valueDim), the logits and
/// probabilities of a step and their addresses within 255 registers. A block
/// is 64 rows: with 128 channels its rows of q fill the 32 KiB of shared memory
/// that every device has. A second number of 64 rows for all head dims keeps
/// one analysis of the pattern.
inline AttendNumbers gpuNumbers(int headDim, int valueDim) {
  AttendNumbers numbers;
  numbers.tileRows = 64;
  numbers.columnUnroll = 8; // columns of a step
  numbers.rowUnroll = 8;    // channels of the accumulator that go together
  // Groups of four registers do not pack beside 128 channels.
  numbers.vectorWidth = std::max(headDim, valueDim) <= 96 ? 4 : 1;
  numbers.columnChunk = 1 << 24; // one launch takes all columns
  return numbers;
}

/// What tiling needs to know.
inline Strategy gpuStrategy() {
  AttendNumbers numbers = gpuNumbers(64, 64);
  Strategy strategy;
  strategy.tileRows = {{numbers.tileRows, 1}};
  strategy.columnBlock = numbers.columnUnroll;
  strategy.columnChunk = numbers.columnChunk;
  return strategy;
}

} // namespace effattn

#endif // EFFATTN_LIB_TARGET_GPU_H
