//===- VulkanScalarsTest.cpp - what Vulkan read as zero -------------------===//
//
// Halide 21's Vulkan runtime rounds the size of its buffers down where the
// driver aligns them to 64 bytes: scalars of a kernel past the sixteenth, and
// the last elements of a buffer, silently read as zero. The GPU runtime sets
// the allocator up and pads device buffers, so that nothing is lost.
//
//===----------------------------------------------------------------------===//

#include "test/regression/VulkanScalars.h"
#include "test/unit/Gpu/GpuHarness.h"

extern "C" {
#include "runtime/src/gpu_internal.h"
}

#include <gtest/gtest.h>

using namespace effattn;
using namespace effattn::test;

namespace {

effattn_view viewOf(std::vector<int32_t> &values) {
  effattn_view view = {};
  view.data = values.data();
  view.element = EFFATTN_I32;
  view.rank = 1;
  view.shape[0] = static_cast<int64_t>(values.size());
  view.stride[0] = 1;
  return view;
}

TEST(VulkanScalars, ManyScalarsAndOddSizes) {
  if (std::string why = whyNoVulkan(); !why.empty())
    GTEST_SKIP() << why;
  std::vector<KernelObject> objects;
  objects.push_back(makeManyScalars());
  DeviceKernels kernels(std::move(objects));
  effattn_code code = kernels.find("many_scalars");
  for (int size : {1, 3, 15, 16, 17, 31, 33, 47, 63, 65, 71, 127, 1001}) {
    SCOPED_TRACE(size);
    std::vector<int32_t> in(size), out(size, -1), scalars(manyScalars);
    for (int n = 0; n < size; ++n)
      in[n] = 1000 * (n + 1);
    for (int n = 0; n < manyScalars; ++n)
      scalars[n] = 100 + n;
    effattn_status status = launch(
        {{"in", viewOf(in)}}, {{"out", viewOf(out)}}, 0,
        [&](effattn_launch *launched) -> int32_t {
          effattn_gpu_device *device = effattn_gpu_state(launched)->device;
          struct halide_buffer_t *from = launched->slots[0].view.buffer;
          struct halide_buffer_t *to = launched->slots[1].view.buffer;
          effattn_status failed =
              effattn_gpu_ensure(device, from, EFFATTN_GPU_READ, "in");
          if (!failed)
            failed = effattn_gpu_ensure(device, to, EFFATTN_GPU_WRITE, "out");
          if (failed)
            return failed;
          void *user = &device->user;
          std::vector<void *> arguments{&user, from};
          for (int32_t &scalar : scalars)
            arguments.push_back(&scalar);
          arguments.push_back(to);
          return effattn_gpu_call(code, arguments.data(), "many_scalars");
        });
    ASSERT_EQ(status, EFFATTN_OK) << effattn_message();
    for (int n = 0; n < size; ++n)
      ASSERT_EQ(out[n], 1000 * (n + 1) + 100 + n % manyScalars) << n;
  }
}

} // namespace
