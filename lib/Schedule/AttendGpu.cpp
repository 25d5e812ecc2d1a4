//===- AttendGpu.cpp - the device kernel of one attend --------------------===//

#include "lib/Schedule/Emit.h"
#include "lib/Schedule/GpuAttend.h"
#include "lib/Schedule/ScalarToHalide.h"

#include "runtime/src/gpu_words.h"

#include <fmt/format.h>

namespace effattn {

namespace {

const char *nameOf(const Halide::Target &target) {
  return target.has_feature(Halide::Target::Vulkan) ? "vulkan" : "cuda";
}

void checkSupported(const AttendSpec &spec, const char *api) {
  if (spec.element != ElementType::F32)
    throw ScheduleError{
        fmt::format("attend over {} is not supported on {}; f32 is",
                    spelling(spec.element), api)};
  auto checkChannels = [&](const char *what, int channels) {
    if (channels < gpuLeastChannels || channels > gpuMostChannels ||
        channels % 8)
      throw ScheduleError{fmt::format(
          "{} channels of {} are not supported on {}, where a thread holds a "
          "row in registers; multiples of 8 from {} to {} are",
          channels, what, api, gpuLeastChannels, gpuMostChannels)};
  };
  checkChannels("query and key", spec.headDim);
  checkChannels("value", spec.valueDim);
  if (spec.keySets > EFFATTN_GPU_MOST_SETS || spec.querySets > 32)
    throw ScheduleError{fmt::format(
        "more than {} index sets in one pattern are not supported on {}",
        EFFATTN_GPU_MOST_SETS, api)};
  for (const TableSpec &table : spec.tables)
    if (table.element == ElementType::F16 || table.element == ElementType::BF16)
      throw ScheduleError{
          fmt::format("look-ups in a table of {} are not supported on {}; f32, "
                      "bool and integer tables are",
                      spelling(table.element), api)};
}

} // namespace

Halide::Target deviceTarget(const std::string &halideTarget, bool uses64) {
  Halide::Target target = Halide::Target(halideTarget)
                              .with_feature(Halide::Target::NoRuntime)
                              .with_feature(Halide::Target::UserContext)
                              .with_feature(Halide::Target::NoBoundsQuery);
  if (uses64 && target.has_feature(Halide::Target::Vulkan))
    target.set_feature(Halide::Target::VulkanInt64);
  return target;
}

std::vector<KernelObject> compileAttendGpu(const AttendSpec &spec,
                                           const AttendNumbers &numbers,
                                           const std::string &halideTarget,
                                           ScheduleFailure *failure) {
  std::vector<KernelObject> objects;
  guarded(spec.name, failure, [&] {
    const char *api = nameOf(Halide::Target(halideTarget));
    checkSupported(spec, api);
    // Single loads are for ptxas; drivers of Vulkan take twice the time for
    // twice the code.
    AttendNumbers own = numbers;
    if (Halide::Target(halideTarget).has_feature(Halide::Target::Vulkan))
      own.vectorWidth = 4;
    GpuAttend attend(spec, own);
    attend.schedule();
    std::string symbol = fmt::format("{}_{}_tile", spec.name, api);
    objects.push_back(emitObject(
        symbol, {{symbol, Halide::Pipeline(attend.output), attend.arguments()}},
        deviceTarget(halideTarget, attend.uses64)));
  });
  return objects;
}

} // namespace effattn
