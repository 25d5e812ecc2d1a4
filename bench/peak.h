//===- peak.h - the multiply-add peak of one core ---------------*- C++ -*-===//
#ifndef EFFATTN_BENCH_PEAK_H
#define EFFATTN_BENCH_PEAK_H

namespace effattn::bench {

/// GFLOP/s of independent float32 multiply-add chains in registers: 24 of 512
/// bits (`wide`), or 12 of 256 bits. Takes about 30 ms.
double measurePeak(bool wide);

} // namespace effattn::bench

#endif // EFFATTN_BENCH_PEAK_H
