//===- AttendCpu.cpp - the CPU kernels of one attend ----------------------===//

#include "lib/Schedule/AttendSchedule.h"
#include "lib/Schedule/Emit.h"
#include "lib/Schedule/ScalarToHalide.h"

#include <fmt/format.h>

namespace effattn {

namespace {

void checkSupported(const AttendSpec &spec, const AttendNumbers &numbers) {
  if (spec.element != ElementType::F32)
    throw ScheduleError{
        fmt::format("attend over {} is not supported yet on the CPU; f32 is",
                    spelling(spec.element))};
  auto checkChannels = [](const char *what, int channels) {
    if (channels < 16 || channels > 256 || channels % 8)
      throw ScheduleError{fmt::format(
          "{} channels of {} are not supported on the CPU; multiples of 8 from "
          "16 to 256 are",
          channels, what)};
  };
  checkChannels("query and key", spec.headDim);
  checkChannels("value", spec.valueDim);
  if (spec.keySets > mostKeySets || spec.querySets > mostKeySets)
    throw ScheduleError{
        fmt::format("more than {} index sets in one pattern are not supported",
                    mostKeySets)};
}

/// "v4" for a target string with AVX-512, else "v3".
std::string isaOf(const Halide::Target &target) {
  return target.has_feature(Halide::Target::AVX512_Skylake) ? "v4" : "v3";
}

} // namespace

std::vector<KernelObject> compileAttendCpu(const AttendSpec &spec,
                                           const AttendNumbers &numbers,
                                           const std::string &halideTarget,
                                           ScheduleFailure *failure) {
  std::vector<KernelObject> objects;
  guarded(spec.name, failure, [&] {
    checkSupported(spec, numbers);
    Halide::Target target = kernelTarget(halideTarget);
    std::string prefix = fmt::format("{}_{}", spec.name, isaOf(target));

    PackAlgorithm pack(spec, numbers);
    schedulePack(pack, spec, numbers);
    TileAlgorithm tile(spec, numbers);
    scheduleTile(tile, spec, numbers);
    SelectAlgorithm select(spec, numbers);
    scheduleSelect(select, spec, numbers);
    FinishAlgorithm finish(spec, numbers);
    scheduleFinish(finish, spec, numbers);

    objects.push_back(emitObject(
        prefix,
        {{prefix + "_pack", Halide::Pipeline(pack.packed), pack.arguments()},
         {prefix + "_tile",
          Halide::Pipeline({tile.accOut, tile.maxOut, tile.sumOut, tile.logit,
                            tile.probability}),
          tile.arguments()},
         {prefix + "_select", Halide::Pipeline(select.accOut),
          select.arguments()},
         {prefix + "_finish", Halide::Pipeline({finish.output, finish.lse}),
          finish.arguments()}},
        target));
  });
  return objects;
}

} // namespace effattn
