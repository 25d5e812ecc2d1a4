//===- Peak.h - the multiply-add peak of this processor ---------*- C++ -*-===//
#ifndef EFFATTN_BENCH_PEAK_H
#define EFFATTN_BENCH_PEAK_H

namespace effattn::bench {

/// GFLOP/s of independent fused multiply-adds in registers on `threads`
/// threads at once, for x86-64-v3 (256-bit vectors) or v4 (512-bit), over a
/// few hundred microseconds.
double measurePeak(bool v4, int threads);

/// Seconds of a steady clock.
double now();

} // namespace effattn::bench

#endif // EFFATTN_BENCH_PEAK_H
