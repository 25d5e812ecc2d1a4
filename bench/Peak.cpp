//===- Peak.cpp - the multiply-add peak of this processor -----------------===//

#include "bench/Peak.h"

#include <immintrin.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace effattn::bench {

namespace {

constexpr long kSteps = 100000;
std::atomic<float> sink; ///< keeps results alive

/// 24 sums: more than two units times their latency, fewer than the registers.
__attribute__((target("avx512f"))) double loopV4() {
  __m512 sums[24], x = _mm512_set1_ps(0.5f), y = x;
  for (int n = 0; n < 24; ++n)
    sums[n] = _mm512_set1_ps(static_cast<float>(n));
  for (long step = 0; step < kSteps; ++step) {
#pragma GCC unroll 24
    for (int n = 0; n < 24; ++n)
      sums[n] = _mm512_fmadd_ps(sums[n], x, y);
  }
  __m512 total = sums[0];
  for (int n = 1; n < 24; ++n)
    total = _mm512_add_ps(total, sums[n]);
  sink = _mm512_cvtss_f32(total);
  return 24.0 * 16 * 2 * kSteps;
}

/// 12 sums, for 16 registers.
__attribute__((target("avx2,fma"))) double loopV3() {
  __m256 sums[12], x = _mm256_set1_ps(0.5f), y = x;
  for (int n = 0; n < 12; ++n)
    sums[n] = _mm256_set1_ps(static_cast<float>(n));
  for (long step = 0; step < kSteps; ++step) {
#pragma GCC unroll 12
    for (int n = 0; n < 12; ++n)
      sums[n] = _mm256_fmadd_ps(sums[n], x, y);
  }
  __m256 total = sums[0];
  for (int n = 1; n < 12; ++n)
    total = _mm256_add_ps(total, sums[n]);
  sink = _mm256_cvtss_f32(total);
  return 12.0 * 8 * 2 * kSteps;
}

/// GFLOP/s of one thread, its best of three.
double oneThread(bool v4) {
  double best = 0;
  for (int repeat = 0; repeat < 3; ++repeat) {
    double start = now();
    double operations = v4 ? loopV4() : loopV3();
    double rate = operations / (now() - start) / 1e9;
    best = rate > best ? rate : best;
  }
  return best;
}

} // namespace

double now() {
  return std::chrono::duration<double>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

double measurePeak(bool v4, int threads) {
  std::vector<double> rates(threads);
  std::vector<std::thread> others;
  for (int n = 1; n < threads; ++n)
    others.emplace_back([&, n] { rates[n] = oneThread(v4); });
  rates[0] = oneThread(v4);
  for (std::thread &other : others)
    other.join();
  double sum = 0;
  for (double rate : rates)
    sum += rate;
  return sum;
}

} // namespace effattn::bench
