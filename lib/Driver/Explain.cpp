//===- Explain.cpp - what the compiler understood, for people -------------===//

#include "lib/Driver/Explain.h"

#include "lib/Driver/Mask.h"
#include "lib/Target/Cpu.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace effattn {

namespace {

constexpr int kPictureRows = 24, kPictureColumns = 48;

/// Tiles that are counted one by one; more are counted by a sample.
constexpr int64_t kTilesCounted = 4096;

std::string picture(const Mask &mask) {
  std::string text;
  for (int row = 0; row < mask.rows; ++row) {
    text += "  ";
    for (int column = 0; column < mask.columns; ++column) {
      double share = mask.at(row, column).visible;
      text += share <= 0     ? "·"
              : share < 0.34 ? "░"
              : share < 0.67 ? "▒"
              : share < 0.99 ? "▓"
                             : "█";
    }
    text += "\n";
  }
  return text + "  · nothing  ░ ▒ ▓ part  █ all visible; queries down, keys "
                "to the right\n";
}

std::string rowsText(const AttendReport &report, const ProgramKernel &kernel) {
  std::string text;
  for (const RowFilter &filter : report.filters)
    text += fmt::format("{}{} {}", text.empty() ? "rows " : " and ",
                        filter.keep ? "in" : "not in",
                        kernel.arguments[filter.set].name);
  return text.empty() ? "all rows" : text;
}

int64_t sumOf(const std::vector<Run> &runs) {
  int64_t sum = 0;
  for (const Run &run : runs)
    sum += std::max<int64_t>(run.count, 0);
  return sum;
}

/// Totals over the tiles of one head.
struct Totals {
  double visible = 0, full = 0, partial = 0, runs = 0;
};

Totals countTiles(const AttendReport &report, const Instance &instance) {
  Columns columns(report, instance);
  Totals totals;
  int64_t rows = report.strategy.tileRows;
  int64_t tiles = (columns.queryCount() + rows - 1) / rows;
  int64_t counted = std::min(tiles, kTilesCounted);
  double weight = counted ? static_cast<double>(tiles) / counted : 0;
  for (int64_t k = 0; k < counted; ++k) {
    int64_t tile = k * tiles / counted;
    std::vector<Run> full, partial;
    columns.tile(tile, full, partial);
    totals.full += weight * sumOf(full);
    totals.partial += weight * sumOf(partial);
    totals.runs += weight * (full.size() + partial.size());
    for (int64_t row = tile * rows;
         row < std::min((tile + 1) * rows, columns.queryCount()); ++row)
      if (columns.hasRow(row))
        totals.visible += weight * sumOf(columns.row(row));
  }
  return totals;
}

bool isGathered(const AttendReport &report) {
  for (const RowFilter &filter : report.filters)
    if (filter.keep)
      return true;
  return !report.querySets.empty();
}

std::string attendText(const AttendReport &report, const ProgramKernel &kernel,
                       const Instance *instance) {
  std::string text =
      fmt::format("attend, {}: {}\n", rowsText(report, kernel), report.pattern);
  if (!report.facts)
    return text + fmt::format("  not analysed: {}\n", report.failure.reason);
  const PatternFacts &facts = *report.facts;
  text += fmt::format("  visible pairs a head (N = M): {}\n",
                      facts.count.exact ? facts.count.formula
                                        : "no formula for this pattern");
  text += fmt::format("  causality: {}\n",
                      facts.causality.pairCausal
                          ? "pair-causal: no query sees a key after it"
                      : facts.causality.counterexample.empty()
                          ? "not causal"
                          : "not causal: " + facts.causality.counterexample);
  text += fmt::format("  columns of tile t: from {} to {}{}\n", facts.hullLower,
                      facts.hullUpper,
                      report.keySets.empty() ? "" : ", and those of the sets");
  text +=
      fmt::format("  row order: {}, {} rows a tile, {} column{} at once\n",
                  isGathered(report) ? "rows of a set gathered" : "contiguous",
                  report.strategy.tileRows, report.strategy.columnBlock,
                  report.strategy.columnBlock == 1 ? "" : "s");
  if (!instance || isGathered(report))
    return text;
  Totals totals = countTiles(report, *instance);
  double computed = (totals.full + totals.partial) * report.strategy.tileRows;
  text += fmt::format(
      "  at these sizes, a head: {:.0f} pairs visible, {:.0f} computed "
      "({:.2f} x), {:.0f}% of columns without a mask, plan about {:.0f} "
      "bytes\n",
      totals.visible, computed,
      totals.visible ? computed / totals.visible : 0.0,
      computed ? 100 * totals.full / (totals.full + totals.partial) : 0.0,
      16 * totals.runs);
  return text;
}

std::string kernelText(const ProgramKernel &kernel) {
  std::string text = fmt::format("kernel {}\n", kernel.name);
  auto reports = reportAttends(kernel, cpuStrategy(cpuIsas().back()));
  Instance instance;
  std::string problem;
  bool hasSizes = makeInstance(kernel, {}, instance, problem);
  if (hasSizes) {
    std::string sizes;
    for (const auto &[name, value] : instance.dimensions)
      sizes += fmt::format(" {}={}", name, value);
    text += "mask at" + sizes + "\n" +
            picture(makeMask(reports, instance, kPictureRows, kPictureColumns));
  } else {
    text += fmt::format("no picture: {}\n", problem);
  }
  for (const AttendReport &report : reports)
    text += attendText(report, kernel, hasSizes ? &instance : nullptr);
  return text;
}

} // namespace

std::string explainText(const Compilation &compilation) {
  std::string text;
  for (const ProgramKernel &kernel : compilation.program->kernels)
    text += (text.empty() ? "" : "\n") + kernelText(kernel);
  return text;
}

} // namespace effattn
