//===- attend_bench.cpp - compiled kernels against the machine's peak -----===//

#include "bench/peak.h"

#include "axial_rows.h"
#include "bigbird.h"
#include "causal.h"
#include "dense.h"
#include "dilated.h"
#include "local.h"
#include "longformer.h"
#include "longformer_shared.h"
#include "neighbourhood_2d.h"
#include "sparse_strided.h"

#include <algorithm>
#include <benchmark/benchmark.h>
#include <chrono>
#include <functional>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace effattn::bench {
namespace {

constexpr int64_t kChannels = 64, kGlobals = 8;
constexpr DLDataType kFloat{kDLFloat, 32, 1}, kInt{kDLInt, 32, 1};

/// Four bytes an element, aligned to a cache line.
struct Tensor {
  Tensor(std::vector<int64_t> extents, DLDataType type)
      : shape(std::move(extents)) {
    int64_t count = 1;
    for (int64_t length : shape)
      count *= length;
    memory.resize(static_cast<size_t>(count) + 16);
    void *start = memory.data();
    size_t space = memory.size() * sizeof(float);
    view.data = std::align(64, count * sizeof(float), start, space);
    view.device = {kDLCPU, 0};
    view.ndim = static_cast<int32_t>(shape.size());
    view.dtype = type;
    view.shape = shape.data();
  }
  Tensor(const Tensor &) = delete;
  std::vector<int64_t> shape;
  std::vector<float> memory;
  DLTensor view{};
};

struct Inputs {
  Inputs(int64_t heads, int64_t tokens)
      : g({kGlobals}, kInt), lse({1, heads, tokens}, kFloat) {
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    for (int k = 0; k < 7; ++k) {
      tensors.push_back(std::make_unique<Tensor>(
          std::vector<int64_t>{1, heads, tokens, kChannels}, kFloat));
      for (float &x : tensors.back()->memory)
        x = normal(random);
    }
    for (int32_t k = 0; k < kGlobals; ++k)
      static_cast<int32_t *>(g.view.data)[k] = k;
  }
  DLTensor *operator[](int k) { return &tensors[k]->view; }
  std::vector<std::unique_ptr<Tensor>> tensors;
  Tensor g, lse;
};

struct Workload {
  const char *name;
  std::function<effattn_status(effattn_context *, Inputs &)> launch;
  /// Keys that query i of n sees.
  std::function<int64_t(int64_t i, int64_t n)> visible;
};

/// Sizes of one run.
struct Sizes {
  int64_t heads, tokens;
};

/// The image of the patterns on grids.
constexpr int64_t kHeight = 64, kWidth = 128;

int64_t visibleOfLongformer(int64_t i, int64_t n) {
  if (i < kGlobals)
    return n;
  int64_t low = std::max<int64_t>(i - 256, 0);
  int64_t high = std::min<int64_t>(i + 256, n - 1);
  return high - low + 1 + std::min(low, kGlobals);
}

/// Blocks of 64: the first, the last, the own one and its neighbours, 3 drawn.
int64_t visibleOfBigBird(int64_t i, int64_t n) {
  int64_t u = i / 64, last = (n - 1) / 64;
  if (u == 0 || u == last)
    return n;
  std::set<int64_t> near = {0, last, u - 1, u, u + 1};
  int64_t count = static_cast<int64_t>(near.size());
  return 64 * (count + std::min<int64_t>(3, last + 1 - count));
}

const std::vector<Workload> &workloads() {
  static const std::vector<Workload> all = {
      {"dense",
       [](effattn_context *c, Inputs &t) {
         return dense(c, t[0], t[1], t[2], t[6], &t.lse.view);
       },
       [](int64_t, int64_t n) { return n; }},
      {"causal",
       [](effattn_context *c, Inputs &t) {
         return causal_attention(c, t[0], t[1], t[2], t[6]);
       },
       [](int64_t i, int64_t) { return i + 1; }},
      {"window512",
       [](effattn_context *c, Inputs &t) {
         return local_attention(c, t[0], t[1], t[2], t[6]);
       },
       [](int64_t i, int64_t) { return std::min<int64_t>(i + 1, 512); }},
      {"longformer256",
       [](effattn_context *c, Inputs &t) {
         return longformer(c, t[0], t[1], t[2], t[3], t[4], t[5], &t.g.view,
                           t[6]);
       },
       visibleOfLongformer},
      {"longformer_shared",
       [](effattn_context *c, Inputs &t) {
         return longformer_shared(c, t[0], t[1], t[2], &t.g.view, t[6]);
       },
       visibleOfLongformer},
      {"strided128",
       [](effattn_context *c, Inputs &t) {
         return sparse_strided(c, t[0], t[1], t[2], t[6]);
       },
       [](int64_t i, int64_t) {
         return std::min<int64_t>(i + 1, 128) + i / 128;
       }},
      {"dilated64x4",
       [](effattn_context *c, Inputs &t) {
         return dilated(c, t[0], t[1], t[2], t[6]);
       },
       [](int64_t i, int64_t n) {
         return std::min<int64_t>(i / 4, 64) +
                std::min<int64_t>((n - 1 - i) / 4, 64) + 1;
       }},
      {"bigbird64",
       [](effattn_context *c, Inputs &t) {
         return bigbird(c, t[0], t[1], t[2], t[6]);
       },
       visibleOfBigBird},
      {"axial_rows128",
       [](effattn_context *c, Inputs &t) {
         return axial_rows(c, t[0], t[1], t[2], kHeight, kWidth, t[6]);
       },
       [](int64_t, int64_t) { return kWidth; }},
      {"neighbourhood13x13",
       [](effattn_context *c, Inputs &t) {
         return neighbourhood_2d(c, t[0], t[1], t[2], kHeight, kWidth, t[6]);
       },
       [](int64_t, int64_t) { return int64_t{169}; }}};
  return all;
}

struct Context {
  Context(int threads, bool wide) {
    effattn_options options{};
    options.size = sizeof options;
    options.threads = threads;
    options.isa_limit =
        1 + (wide ? EFFATTN_TARGET_X86_64_V4 : EFFATTN_TARGET_X86_64_V3);
    effattn_context_create(&options, &context);
  }
  ~Context() { effattn_context_destroy(context); }
  effattn_context *context = nullptr;
};

void report(benchmark::State &state, const Workload &workload, Sizes sizes,
            double seconds, double peak) {
  effattn_statistics statistics{};
  statistics.size = sizeof statistics;
  effattn_last_statistics(&statistics);
  double pairs = 0;
  for (int64_t i = 0; i < sizes.tokens; ++i)
    pairs += static_cast<double>(workload.visible(i, sizes.tokens));
  // Two products, a multiply and an add each: 4 D a pair.
  double useful = 4.0 * pairs * sizes.heads * kChannels / seconds / 1e9;
  state.counters["useful_GFLOPs"] = useful;
  state.counters["computed_GFLOPs"] =
      4.0 * statistics.computed_pairs * kChannels / seconds / 1e9;
  state.counters["peak_GFLOPs"] = peak;
  state.counters["useful_share"] = useful / peak;
}

void run(benchmark::State &state, const Workload &workload, Sizes sizes,
         bool wide) {
  int threads = static_cast<int>(state.range(0));
  Inputs inputs(sizes.heads, sizes.tokens);
  Context context(threads, wide);
  double fastest = 1e9, peak = 0;
  for (auto _ : state) {
    auto start = std::chrono::steady_clock::now();
    effattn_status status = workload.launch(context.context, inputs);
    std::chrono::duration<double> time =
        std::chrono::steady_clock::now() - start;
    if (status != EFFATTN_OK) {
      state.SkipWithError(effattn_message());
      return;
    }
    state.SetIterationTime(time.count());
    fastest = std::min(fastest, time.count());
    peak = std::max(peak, measurePeak(wide));
  }
  report(state, workload, sizes, fastest, peak * threads);
}

void registerOne(const Workload &workload, Sizes sizes) {
  for (bool wide : {true, false}) {
    // No AVX-512 here: its rows would time the AVX2 code.
    if (wide && !__builtin_cpu_supports("x86-64-v4"))
      continue;
    std::string name = std::string(workload.name) + (wide ? "/v4" : "/v3") +
                       "/H:" + std::to_string(sizes.heads) +
                       "/N:" + std::to_string(sizes.tokens);
    benchmark::RegisterBenchmark(
        name.c_str(),
        [&workload, sizes, wide](benchmark::State &state) {
          run(state, workload, sizes, wide);
        })
        ->ArgName("threads")
        ->Arg(1)
        ->Arg(2)
        ->UseManualTime()
        ->Unit(benchmark::kMillisecond)
        ->Iterations(20);
  }
}

void registerAll() {
  for (const Workload &workload : workloads()) {
    registerOne(workload, {4, 8192});
    // The time of a window is linear in the number of tokens.
    if (std::string(workload.name) == "window512")
      for (int64_t tokens : {1024, 4096, 16384, 65536})
        registerOne(workload, {1, tokens});
  }
}

} // namespace
} // namespace effattn::bench

int main(int argc, char **argv) {
  effattn::bench::registerAll();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv))
    return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
