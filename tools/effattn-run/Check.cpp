//===- Check.cpp - a run against the oracle -------------------------------===//

#include "tools/effattn-run/Check.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <limits>
#include <random>
#include <set>

namespace effattn {

namespace {

/// Multiply-adds that the oracle may take: a few seconds.
constexpr double kOracleWork = 2e9;

struct RowSample {
  bool all = true;
  std::set<int64_t> rows;
  bool keeps(int64_t row) const { return all || rows.count(row); }
};

int64_t longest(const std::vector<int64_t> &shape) {
  return shape.empty() ? 1 : *std::max_element(shape.begin(), shape.end());
}

/// All rows where that is cheap; else the first, the last, some members of
/// index sets, and a random choice.
RowSample chooseRows(const ProgramKernel &kernel, const RunTensors &tensors,
                     uint64_t seed) {
  RowSample sample;
  const HostTensor &result = tensors.results.front();
  if (result.shape.size() < 2 || result.count() == 0)
    return sample;
  int64_t tokens = result.shape[result.shape.size() - 2];
  int64_t keys = 1;
  for (const HostTensor &argument : tensors.arguments)
    keys = std::max(keys, longest(argument.shape));
  // The predicate costs about 16 multiply-adds, once for all heads.
  double rowWork = (static_cast<double>(result.count()) / tokens + 16) * keys;
  double count = kOracleWork / rowWork;
  if (count >= tokens)
    return sample;
  sample.all = false;
  sample.rows = {0, tokens / 2, tokens - 1};
  for (size_t k = 0; k < kernel.arguments.size(); ++k)
    if (kernel.arguments[k].kind == ArgumentKind::IndexSet)
      for (int64_t member = 0;
           member < std::min<int64_t>(tensors.arguments[k].count(), 4);
           ++member)
        sample.rows.insert(static_cast<int64_t>(
            std::min<double>(tensors.arguments[k].at(member), tokens - 1)));
  std::mt19937_64 random(seed ^ 0x5eed);
  std::uniform_int_distribution<int64_t> token(0, tokens - 1);
  for (int k = 0; k < std::clamp(static_cast<int>(count), 16, 4096); ++k)
    sample.rows.insert(token(random));
  return sample;
}

struct Errors {
  double largest = 0, sum = 0;
  int64_t count = 0, place = -1;
  bool kindsAgree = true; ///< NaN and infinities are where the oracle has them

  void add(double expected, double got, int64_t offset) {
    ++count;
    double error = std::fabs(expected - got);
    if (std::isnan(expected) || std::isinf(expected)) {
      bool same = std::isnan(expected) ? std::isnan(got) : expected == got;
      if (!same && kindsAgree) {
        kindsAgree = false;
        place = offset;
      }
      return;
    }
    if (!std::isfinite(got) && kindsAgree) {
      kindsAgree = false;
      place = offset;
      return;
    }
    sum += error;
    if (kindsAgree && error > largest) {
      largest = error;
      place = offset;
    }
  }
};

double ulp(double x) {
  float value = static_cast<float>(std::fabs(x));
  return static_cast<double>(
             std::nextafter(value, std::numeric_limits<float>::infinity())) -
         value;
}

std::string indicesOf(int64_t offset, const std::vector<int64_t> &shape) {
  std::vector<int64_t> indices(shape.size());
  for (size_t axis = shape.size(); axis-- > 0;) {
    indices[axis] = offset % shape[axis];
    offset /= shape[axis];
  }
  return fmt::format("[{}]", fmt::join(indices, ", "));
}

/// Token position of an element: results are [..., N, D], LSE is [..., N].
int64_t rowOf(int64_t offset, const std::vector<int64_t> &shape, bool isLse) {
  int64_t channels = isLse ? 1 : shape.back();
  int64_t tokens = shape[shape.size() - (isLse ? 1 : 2)];
  return offset / channels % tokens;
}

} // namespace

CheckReport check(const ProgramKernel &kernel, const RunTensors &tensors,
                  uint64_t seed, reference::VisiblePairs &pairs) {
  CheckReport report;
  report.held = true;
  RowSample sample = chooseRows(kernel, tensors, seed);
  auto keep = [&](int64_t row) { return sample.keeps(row); };
  reference::Inputs inputs = referenceInputs(kernel, tensors);
  auto exact = reference::run(kernel, inputs, reference::Precision::Double,
                              keep, &pairs);
  auto naive =
      reference::run(kernel, inputs, reference::Precision::Float, keep, &pairs);
  if (!exact.failure.message.empty()) {
    report = {false, false, exact.failure.message + "\n"};
    return report;
  }
  for (size_t k = 0; k < kernel.results.size(); ++k) {
    const HostTensor &got = tensors.results[k];
    bool isLse = kernel.results[k].result == 1;
    Errors own, naiveErrors;
    for (int64_t offset = 0; offset < got.count(); ++offset) {
      if (!sample.all && !sample.keeps(rowOf(offset, got.shape, isLse)))
        continue;
      double expected = exact.results[k].data[offset];
      own.add(expected, got.at(got.offsetOf(offset)), offset);
      naiveErrors.add(expected, naive.results[k].data[offset], offset);
    }
    double bound = std::max(2 * naiveErrors.largest, 4 * ulp(exact.scales[k]));
    bool held = own.kindsAgree && own.largest <= bound;
    report.held &= held;
    std::string where =
        own.place < 0 ? "" : " at " + indicesOf(own.place, got.shape);
    if (!own.kindsAgree)
      where +=
          fmt::format(": got {}, expected {}", got.at(got.offsetOf(own.place)),
                      exact.results[k].data[own.place]);
    report.text += fmt::format(
        "check: {} result {}: largest error {:.3g}{}, mean {:.3g}, bound "
        "{:.3g} (naive float32 {:.3g}), {} values{}\n",
        held ? "held" : "FAILED", k, own.largest, where,
        own.count ? own.sum / own.count : 0, bound, naiveErrors.largest,
        own.count,
        sample.all ? ""
                   : fmt::format(" of {} sampled rows", sample.rows.size()));
  }
  return report;
}

namespace {

bool sameBits(const double *a, const double *b, int64_t count) {
  return std::memcmp(a, b, sizeof(double) * count) == 0;
}

/// Rows that the oracle leaves as they were must be bitwise as they were.
void compareUntouched(const ProgramKernel &kernel,
                      const reference::Evaluation &before,
                      const reference::Evaluation &after,
                      const std::vector<HostTensor> &clean,
                      const RunTensors &poisoned, CheckReport &report) {
  int64_t rows = 0, untouched = 0;
  for (size_t k = 0; k < kernel.results.size(); ++k) {
    const HostTensor &got = poisoned.results[k];
    int64_t channels = kernel.results[k].result == 1 ? 1 : got.shape.back();
    for (int64_t first = 0; first < got.count(); first += channels) {
      ++rows;
      if (!sameBits(before.results[k].data.data() + first,
                    after.results[k].data.data() + first, channels))
        continue;
      ++untouched;
      for (int64_t place = first; place < first + channels; ++place) {
        double old = clean[k].at(clean[k].offsetOf(place));
        double now = got.at(got.offsetOf(place));
        if (sameBits(&old, &now, 1) || !report.held)
          continue;
        report.held = false;
        report.text +=
            fmt::format("poison: FAILED result {} at {}: {} before, {} after\n",
                        k, indicesOf(place, got.shape), old, now);
      }
    }
  }
  if (report.held)
    report.text += fmt::format("poison: held, {} of {} rows see no poison and "
                               "are bitwise the same\n",
                               untouched, rows);
}

/// The share s of tokens with (1 - s)^k near 1/2 for rows of k keys.
double poisonShare(const reference::VisiblePairs &pairs) {
  double keys = 0;
  for (const auto &[row, columns] : pairs.keys)
    keys += static_cast<double>(columns.size());
  double most = 0.02;
  return keys > 0 ? std::min(most, 0.7 * double(pairs.keys.size()) / keys)
                  : most;
}

} // namespace

CheckReport checkPoisoned(
    const ProgramKernel &kernel, RunTensors &tensors, uint64_t seed,
    reference::VisiblePairs &pairs,
    const std::function<bool(RunTensors &, std::string &problem)> &launch) {
  CheckReport report;
  auto before = reference::run(kernel, referenceInputs(kernel, tensors),
                               reference::Precision::Double, {}, &pairs);
  std::vector<HostTensor> clean = tensors.results;
  if (!poison(kernel, tensors, poisonShare(pairs), seed))
    return {false, false,
            "no attend takes its keys or values from an argument\n"};
  auto after = reference::run(kernel, referenceInputs(kernel, tensors),
                              reference::Precision::Double, {}, &pairs);
  for (const auto *run : {&before, &after})
    if (!run->failure.message.empty())
      return {false, false, run->failure.message + "\n"};
  std::string problem;
  if (!launch(tensors, problem))
    return {false, false, problem + "\n"};
  report.held = true;
  compareUntouched(kernel, before, after, clean, tensors, report);
  return report;
}

} // namespace effattn
