//===- peak.cpp - the multiply-add peak of one core -----------------------===//

#include "bench/peak.h"

#include <chrono>
#include <immintrin.h>

namespace effattn::bench {

namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// The sums are read after the loop, so that it is not removed.
volatile float sink;

__attribute__((target("avx512f"))) double runWide(long rounds) {
  constexpr int chains = 24;
  __m512 sums[chains];
  const __m512 x = _mm512_set1_ps(0.5f), y = _mm512_set1_ps(0.5f);
  for (int k = 0; k < chains; ++k)
    sums[k] = _mm512_set1_ps(static_cast<float>(k));
  Clock::time_point start = Clock::now();
  for (long round = 0; round < rounds; ++round) {
#pragma GCC unroll 24
    for (int k = 0; k < chains; ++k)
      sums[k] = _mm512_fmadd_ps(sums[k], x, y);
  }
  double seconds = secondsSince(start);
  float total = 0;
  for (__m512 sum : sums)
    total += _mm512_cvtss_f32(sum);
  sink = total;
  return rounds * chains * 32.0 / seconds / 1e9;
}

__attribute__((target("avx2,fma"))) double runNarrow(long rounds) {
  constexpr int chains = 12;
  __m256 sums[chains];
  const __m256 x = _mm256_set1_ps(0.5f), y = _mm256_set1_ps(0.5f);
  for (int k = 0; k < chains; ++k)
    sums[k] = _mm256_set1_ps(static_cast<float>(k));
  Clock::time_point start = Clock::now();
  for (long round = 0; round < rounds; ++round) {
#pragma GCC unroll 12
    for (int k = 0; k < chains; ++k)
      sums[k] = _mm256_fmadd_ps(sums[k], x, y);
  }
  double seconds = secondsSince(start);
  float total = 0;
  for (__m256 sum : sums)
    total += _mm256_cvtss_f32(sum);
  sink = total;
  return rounds * chains * 16.0 / seconds / 1e9;
}

} // namespace

double measurePeak(bool wide) {
  double best = 0;
  for (int k = 0; k < 20; ++k) {
    double one = wide ? runWide(50'000) : runNarrow(100'000);
    best = one > best ? one : best;
  }
  return best;
}

} // namespace effattn::bench
