//===- Bench.h - timing launches --------------------------------*- C++ -*-===//
#ifndef EFFATTN_TOOLS_RUN_BENCH_H
#define EFFATTN_TOOLS_RUN_BENCH_H

#include "tools/effattn-run/Inputs.h"

#include <string>

namespace effattn {

/// What the last launch on this thread did: target, tiles, columns, bytes.
std::string statisticsText();

/// Launches for two seconds, at least 20 times, with the plan made; gives the
/// least, median and greatest time and the computed pairs a second.
std::string bench(const effattn_kernel *code, effattn_context *context,
                  const RunTensors &tensors);

} // namespace effattn

#endif // EFFATTN_TOOLS_RUN_BENCH_H
