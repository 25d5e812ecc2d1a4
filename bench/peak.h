//===- peak.h - the multiply-add peak of one core ---------------*- C++ -*-===//
#ifndef EFFATTN_BENCH_PEAK_H
#define EFFATTN_BENCH_PEAK_H

namespace effattn::bench {

/// GFLOP/s of independent float32 multiply-add chains in registers: 24 of 512
/// bits (`wide`), or 12 of 256 bits. The best
/// of 20 short loops, about 5 ms together.
double measurePeak(bool wide);

} // namespace effattn::bench

#endif // EFFATTN_BENCH_PEAK_H
