//===- GpuHarness.h - attends and steps on a device -------------*- C++ -*-===//
//
// Compiles an attend for Vulkan, loads it, and runs it through
// effattn_launch_kernel with a descriptor made by hand and plans made pair by
// pair (test/unit/Schedule/Harness.h).
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_TEST_UNIT_GPU_GPUHARNESS_H
#define EFFATTN_TEST_UNIT_GPU_GPUHARNESS_H

#include "test/unit/Schedule/Harness.h"

#include "runtime/src/internal.h"

/// host_internal.h, which is C only.
extern "C" effattn_status effattn_host_view(effattn_launch *launch,
                                            int32_t number, uint32_t rank,
                                            effattn_view *expanded);

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace effattn::test {

/// Objects under names of our own, in a library that finds the device runtime
/// in this program.
class DeviceKernels {
public:
  explicit DeviceKernels(std::vector<KernelObject> objects);
  ~DeviceKernels();
  effattn_code find(const std::string &symbol) const;

private:
  void *handle = nullptr;
};

/// Empty where Vulkan kernels run here, else why they do not.
std::string whyNoVulkan();

/// One tensor of a launch, over memory of the test.
struct Tensor {
  std::string name;
  effattn_view view;
};

/// Runs `host` as the host program of a kernel for Vulkan whose arguments and
/// results have these shapes; `temporaries` slots follow them.
effattn_status launch(const std::vector<Tensor> &arguments,
                      const std::vector<Tensor> &results, uint32_t temporaries,
                      const std::function<int32_t(effattn_launch *)> &host,
                      effattn_context *context = nullptr,
                      effattn_target target = EFFATTN_TARGET_VULKAN);

class GpuAttendKernel {
public:
  explicit GpuAttendKernel(const AttendSpec &spec);
  ~GpuAttendKernel();

  /// Rows that are not kept hold CompiledAttend::untouched.
  Outcome run(const Problem &problem, bool wantLse = true) const;
  /// Continues from what `outcome` holds.
  void resume(const Problem &problem, Outcome &outcome) const;
  /// Of a run that may fail.
  effattn_status status(const Problem &problem) const;

  /// One attend inside of a host program; slots of q, k, v, o and lse (or -1),
  /// tables from slot `firstTable` on.
  int32_t attend(effattn_launch *launch, const Problem &problem, int q, int k,
                 int v, int o, int lse, int firstTable = -1,
                 bool continues = false) const;

private:
  effattn_status execute(const Problem &problem, Outcome &outcome, bool wantLse,
                         bool continues) const;

  AttendSpec spec;
  std::unique_ptr<DeviceKernels> kernels;
};

} // namespace effattn::test

#endif // EFFATTN_TEST_UNIT_GPU_GPUHARNESS_H
