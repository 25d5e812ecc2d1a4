//===- VulkanScalars.cpp - a kernel with many scalars ---------------------===//

#include "test/regression/VulkanScalars.h"

#include "lib/Schedule/Emit.h"
#include "lib/Schedule/GpuAttend.h"
#include "lib/Target/Gpu.h"

#include <stdexcept>

namespace effattn::test {

using namespace Halide;

KernelObject makeManyScalars() {
  ImageParam in(Int(32), 1, "in");
  std::vector<Param<int>> scalars;
  std::vector<Argument> arguments{in};
  Var x("x"), block("block"), thread("thread");
  for (int n = 0; n < manyScalars; ++n)
    scalars.emplace_back("p" + std::to_string(n));
  arguments.insert(arguments.end(), scalars.begin(), scalars.end());
  Expr chosen = scalars[0];
  for (int n = 1; n < manyScalars; ++n)
    chosen = select(x % manyScalars == n, scalars[n], chosen);
  Func out("out");
  out(x) = in(x) + chosen;
  out.gpu_tile(x, block, thread, 16, TailStrategy::GuardWithIf);
  KernelObject object;
  ScheduleFailure failure;
  guarded("many_scalars", &failure, [&] {
    object =
        emitObject("many_scalars", {{"many_scalars", Pipeline(out), arguments}},
                   deviceTarget(findGpuDevice("vulkan")->halideTarget, true));
  });
  if (!failure.message.empty())
    throw std::runtime_error(failure.message);
  return object;
}

} // namespace effattn::test
