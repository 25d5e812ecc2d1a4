//===- VulkanScalars.h - a kernel with many scalars -------------*- C++ -*-===//
#ifndef EFFATTN_TEST_REGRESSION_VULKANSCALARS_H
#define EFFATTN_TEST_REGRESSION_VULKANSCALARS_H

#include "lib/Schedule/Kernels.h"

namespace effattn::test {

inline constexpr int manyScalars = 40;

/// many_scalars(in, p0, ..., p39, out): out(x) = in(x) + p(x mod 40), for each
/// x of the result. For Vulkan.
KernelObject makeManyScalars();

} // namespace effattn::test

#endif // EFFATTN_TEST_REGRESSION_VULKANSCALARS_H
