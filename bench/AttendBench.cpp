//===- AttendBench.cpp - compiled attention against the processor's peak --===//
//
// Each benchmark launches a compiled kernel through the public C API and, in
// turns with it, a loop of multiply-adds. Times and peaks are the best of all
// turns, so that both had the machine to themselves for once.
//
//   useful    4 x visible pairs x D x H / time
//   computed  the same of the pairs that were computed, padding included
//   share     useful / peak
//
//===----------------------------------------------------------------------===//

#include "bench/Peak.h"

#include "causal.h"
#include "dense.h"
#include "local.h"

#include <effattn/effattn.h>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <limits>
#include <random>
#include <string>
#include <vector>

using namespace effattn::bench;

namespace {

constexpr int64_t kChannels = 64;
constexpr int64_t kWindow = 512; // patterns/local.attn: left = 511

enum class Mask { Causal, Window, Dense };

double visiblePairs(Mask mask, int64_t n) {
  double pairs = 0;
  for (int64_t row = 0; row < n; ++row)
    pairs += static_cast<double>(mask == Mask::Dense    ? n
                                 : mask == Mask::Causal ? row + 1
                                                        : std::min(row + 1,
                                                                   kWindow));
  return pairs;
}

struct Tensor {
  std::vector<float> data;
  std::vector<int64_t> shape;
  DLTensor view = {};

  explicit Tensor(std::vector<int64_t> sizes, unsigned seed)
      : shape(std::move(sizes)) {
    int64_t elements = 1;
    for (int64_t size : shape)
      elements *= size;
    data.resize(elements);
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    for (float &value : data)
      value = normal(random);
    view.data = data.data();
    view.device = {kDLCPU, 0};
    view.ndim = static_cast<int32_t>(shape.size());
    view.dtype = {kDLFloat, 32, 1};
    view.shape = shape.data();
  }
};

struct Case {
  std::string name;
  const effattn_kernel *kernel;
  Mask mask;
  int64_t heads, tokens;
  bool v4;
  int threads;
};

void run(benchmark::State &state, const Case &one) {
  effattn_options options = {};
  options.size = sizeof options;
  options.threads = one.threads;
  options.isa_limit =
      1 + (one.v4 ? EFFATTN_TARGET_X86_64_V4 : EFFATTN_TARGET_X86_64_V3);
  effattn_context *context = nullptr;
  if (effattn_context_create(&options, &context) != EFFATTN_OK) {
    state.SkipWithError(effattn_message());
    return;
  }
  std::vector<int64_t> shape = {1, one.heads, one.tokens, kChannels};
  Tensor q(shape, 1), k(shape, 2), v(shape, 3), o(shape, 4);
  Tensor lse({1, one.heads, one.tokens}, 5);
  effattn_value arguments[3];
  arguments[0].tensor = &q.view;
  arguments[1].tensor = &k.view;
  arguments[2].tensor = &v.view;
  DLTensor *results[2] = {&o.view, &lse.view};

  double best = std::numeric_limits<double>::infinity(), peak = 0;
  for (auto _ : state) {
    peak = std::max(peak, measurePeak(one.v4, one.threads));
    double start = now();
    if (effattn_launch_kernel(context, one.kernel, arguments, results) !=
        EFFATTN_OK) {
      state.SkipWithError(effattn_message());
      break;
    }
    double seconds = now() - start;
    best = std::min(best, seconds);
    state.SetIterationTime(seconds);
  }
  effattn_statistics statistics = {};
  statistics.size = sizeof statistics;
  effattn_last_statistics(&statistics);
  effattn_context_destroy(context);

  double scale = 4.0 * kChannels / best / 1e9;
  double useful = visiblePairs(one.mask, one.tokens) *
                  static_cast<double>(one.heads) * scale;
  state.counters["best_ms"] = best * 1e3;
  state.counters["useful"] = useful;
  state.counters["computed"] =
      static_cast<double>(statistics.computed_pairs) * scale;
  state.counters["peak"] = peak;
  state.counters["share"] = useful / peak;
  state.counters["plan_ms"] = statistics.plan_seconds * 1e3;
}

void add(const std::string &name, const effattn_kernel *kernel, Mask mask,
         int64_t heads, int64_t tokens) {
  for (bool v4 : {true, false}) {
    if (v4 && !__builtin_cpu_supports("x86-64-v4"))
      continue;
    for (int threads : {1, 2}) {
      Case one{name, kernel, mask, heads, tokens, v4, threads};
      std::string full = name + "/N:" + std::to_string(tokens) +
                         (v4 ? "/v4" : "/v3") +
                         "/threads:" + std::to_string(threads);
      benchmark::RegisterBenchmark(
          full.c_str(), [one](benchmark::State &state) { run(state, one); })
          ->UseManualTime()
          ->Unit(benchmark::kMillisecond)
          ->Iterations(tokens > 16384 ? 10 : 30);
    }
  }
}

} // namespace

int main(int argc, char **argv) {
  add("window512", &local_attention_kernel, Mask::Window, 4, 8192);
  add("causal", &causal_attention_kernel, Mask::Causal, 4, 8192);
  add("dense", &dense_kernel, Mask::Dense, 4, 2048);
  // A window's time is linear in the number of tokens.
  for (int64_t tokens : {1024, 4096, 16384, 65536})
    add("linear", &local_attention_kernel, Mask::Window, 1, tokens);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv))
    return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
