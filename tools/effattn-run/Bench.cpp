//===- Bench.cpp - timing launches ----------------------------------------===//

#include "tools/effattn-run/Bench.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>

namespace effattn {

namespace {

constexpr size_t kLeastLaunches = 20;
constexpr double kSeconds = 2;

effattn_statistics lastStatistics() {
  effattn_statistics statistics{};
  statistics.size = sizeof statistics;
  effattn_last_statistics(&statistics);
  return statistics;
}

const char *targetName(uint32_t target) {
  static const char *const names[] = {"x86-64-v3", "x86-64-v4", "vulkan",
                                      "cuda"};
  return target < std::size(names) ? names[target] : "?";
}

} // namespace

std::string statisticsText() {
  effattn_statistics statistics = lastStatistics();
  return fmt::format(
      "ran on {}: {} tiles, {} pairs computed, plan {} bytes in {:.3f} ms, "
      "workspace {} bytes\n",
      targetName(statistics.target), statistics.visible_tiles,
      statistics.computed_pairs, statistics.plan_bytes,
      1e3 * statistics.plan_seconds, statistics.workspace_bytes);
}

std::string bench(const effattn_kernel *code, effattn_context *context,
                  const RunTensors &tensors) {
  std::vector<double> seconds;
  double total = 0;
  while (seconds.size() < kLeastLaunches || total < kSeconds) {
    auto start = std::chrono::steady_clock::now();
    effattn_status status = effattn_launch_kernel(
        context, code, tensors.values.data(), tensors.resultViews.data());
    std::chrono::duration<double> time =
        std::chrono::steady_clock::now() - start;
    if (status != EFFATTN_OK)
      return fmt::format("bench: {}\n", effattn_message());
    seconds.push_back(time.count());
    total += time.count();
  }
  std::sort(seconds.begin(), seconds.end());
  // Two products, a multiply and an add each: 4 D a pair.
  double channels =
      tensors.results.front().shape.empty()
          ? 0
          : static_cast<double>(tensors.results.front().shape.back());
  double computed = 4.0 * lastStatistics().computed_pairs * channels;
  return fmt::format("bench: {} launches, ms min {:.3f} median {:.3f} max "
                     "{:.3f}; computed {:.1f} GFLOP/s\n",
                     seconds.size(), 1e3 * seconds.front(),
                     1e3 * seconds[seconds.size() / 2], 1e3 * seconds.back(),
                     computed / seconds.front() / 1e9);
}

} // namespace effattn
