//===- Cpu.h - instruction sets of the CPU and their numbers ----*- C++ -*-===//
//
// Numbers only: which instruction sets an artefact may hold, what Halide calls
// them, and the tile shape that was measured best on each (bench/). Schedules
// and analysis read these and nothing else about a processor.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_TARGET_CPU_H
#define EFFATTN_LIB_TARGET_CPU_H

#include "lib/Analysis/Strategy.h"
#include "lib/Schedule/Kernels.h"
#include "runtime/include/effattn/kernel.h"

#include <algorithm>
#include <string>
#include <vector>

namespace effattn {

/// One instruction set that code is made for.
struct CpuIsa {
  std::string name; ///< part of symbols: v3, v4
  effattn_target target;
  std::string halideTarget; ///< without no_runtime and sanitizers
  AttendNumbers numbers;
};

/// x86-64-v3 and x86-64-v4, the lesser first. Each target string stays within
/// its level: nothing of AVX512-VNNI or later.
///
/// v4: 2 vectors of rows by 8 columns are 16 sums, which covers the latency of
/// two multiply-add units, and each broadcast of K feeds two of them: with one
/// vector of rows, loads would be the limit. 8 columns are as many key rows as
/// an 8-way L1 keeps when they lie a power of two apart.
/// v3: 2 vectors by 6 columns are 12 sums in 16 registers; two such register
/// tiles make the same 32 rows, so that the pattern is analysed once.
inline const std::vector<CpuIsa> &cpuIsas() {
  static const std::vector<CpuIsa> isas = [] {
    std::string base = "x86-64-linux-sse41-avx-avx2-f16c-fma";
    AttendNumbers v4;
    v4.tileRows = 32;
    v4.registerRows = 32;
    v4.sums = 24;
    v4.columnChunk = 768;
    AttendNumbers v3 = v4;
    v3.registerRows = 16;
    v3.columnUnroll = 6;
    v3.sums = 12;
    v3.vectorWidth = 8;
    return std::vector<CpuIsa>{
        {"v3", EFFATTN_TARGET_X86_64_V3, base, v3},
        {"v4", EFFATTN_TARGET_X86_64_V4, base + "-avx512-avx512_skylake", v4}};
  }();
  return isas;
}

/// Null where there is no such instruction set.
inline const CpuIsa *findCpuIsa(const std::string &name) {
  for (const CpuIsa &isa : cpuIsas())
    if (isa.name == name)
      return &isa;
  return nullptr;
}

/// Numbers for tiles of 16 or 32 rows (AttendSpec::tileRows; 0: the usual
/// ones). v4 with 16 rows has one vector of them: loads limit it, but where few
/// of the rows see a column it computes fewer pairs that nobody sees.
inline AttendNumbers cpuNumbers(const CpuIsa &isa, int tileRows) {
  AttendNumbers numbers = isa.numbers;
  if (tileRows > 0) {
    numbers.tileRows = tileRows;
    numbers.registerRows = std::min(numbers.registerRows, tileRows);
  }
  return numbers;
}

/// What tiling needs to know. The same for all instruction sets, so that the
/// pattern is analysed once.
inline Strategy cpuStrategy(const CpuIsa &isa) {
  Strategy strategy;
  // tile_bench (docs/measurements.md): a pair of a 16-row tile takes 1.07 to
  // 1.10 of the time; a row of a further band as much as 60 pairs.
  strategy.tileRows = {{32, 1}, {16, 1.08}};
  strategy.tileCost = 100;
  strategy.bandRowCost = 60;
  strategy.columnBlock = isa.numbers.columnUnroll;
  strategy.columnChunk = isa.numbers.columnChunk;
  return strategy;
}

} // namespace effattn

#endif // EFFATTN_LIB_TARGET_CPU_H
