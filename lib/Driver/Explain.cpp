//===- Explain.cpp - what the compiler understood, for people -------------===//

#include "lib/Driver/Explain.h"

#include "lib/Driver/ExplainAttend.h"
#include "lib/Driver/Inputs.h"
#include "lib/Driver/Mask.h"
#include "lib/Driver/TargetPlan.h"

#include <algorithm>
#include <fmt/format.h>

namespace effattn {

namespace {

constexpr int kPictureRows = 24, kPictureColumns = 48;
/// Of each of several pictures.
constexpr int kSmallRows = 12, kSmallColumns = 24, kMostPictures = 8;

/// Share of the multiply-add peak that full tiles of the usual rows reach
/// (dense attention in docs/measurements.md).
constexpr double kDenseShare = 0.75;

std::string count(double number) { return fmt::format("{:.0f}", number); }

const char *orderText(uint32_t order) {
  switch (order) {
  case EFFATTN_ROWS_CONTIGUOUS:
    return "contiguous rows";
  case EFFATTN_ROWS_LISTED:
    return "listed rows";
  default:
    return "rows by label";
  }
}

/// One attend of the lowered kernel, over the heads that it computes.
struct Band {
  const ProbedAttend *attend = nullptr;
  double heads = 0;
  PlanTotals totals; ///< over these heads
};

void addTotals(PlanTotals &sum, const PlanTotals &one, double times) {
  sum.visible += times * one.visible;
  sum.computed += times * one.computed;
  sum.full += times * one.full;
  sum.tiles += times * one.tiles;
  sum.bytes += one.bytes;
  sum.cost += times * one.cost;
  sum.sampled |= one.sampled;
}

std::vector<Band> bandsOf(const std::vector<PlannedHeads> &groups,
                          const std::string &source, const Strategy &strategy) {
  std::vector<Band> bands;
  for (const PlannedHeads &group : groups)
    for (const ProbedAttend &attend : group.attends) {
      if (attend.source != source || attend.tileCount() == 0)
        continue;
      auto place =
          std::find_if(bands.begin(), bands.end(), [&](const Band &band) {
            return band.attend->number == attend.number;
          });
      if (place == bands.end()) {
        bands.push_back({&attend, 0, {}});
        place = bands.end() - 1;
      }
      auto times = static_cast<double>(group.heads.size());
      place->heads += times;
      addTotals(place->totals, totalsOf(attend, strategy), times);
    }
  return bands;
}

std::string bandText(const Band &band, bool several) {
  const ProbedAttend &attend = *band.attend;
  std::string name =
      !several ? "plan"
      : attend.headEnd
          ? fmt::format("heads {}-{}", attend.headBegin, attend.headEnd - 1)
      : attend.continues ? "further band"
                         : "band";
  return fmt::format(
      "  {}: {}{}, {} rows a tile; {} tiles, {} pairs computed, {:.0f}% of "
      "them without a mask, {} bytes\n",
      name, attend.permuted ? "in the ranks of an order, " : "",
      orderText(attend.rowOrder), attend.tileRows, count(band.totals.tiles),
      count(band.totals.computed),
      band.totals.computed ? 100 * band.totals.full / band.totals.computed : 0,
      count(band.totals.bytes));
}

std::string planText(const std::vector<PlannedHeads> &groups,
                     const std::string &source, const Strategy &strategy) {
  std::vector<Band> bands = bandsOf(groups, source, strategy);
  if (bands.empty())
    return "";
  std::string text;
  PlanTotals all;
  for (const Band &band : bands) {
    text += bandText(band, bands.size() > 1);
    addTotals(all, band.totals, 1);
  }
  // Bytes were counted once each above.
  text += fmt::format(
      "  at these sizes, all heads: {}{} pairs visible, {} computed ({:.2f} "
      "x)\n",
      all.sampled ? "about " : "", count(all.visible), count(all.computed),
      all.visible ? all.computed / all.visible : 0.0);
  if (all.cost > 0)
    text += fmt::format("  expected share of the peak: {:.2f} in visible pairs "
                        "(dense {:.2f})\n",
                        kDenseShare * all.visible / all.cost, kDenseShare);
  return text;
}

std::string picturesOf(const std::vector<PlannedHeads> &groups) {
  std::vector<Mask> masks = makeMasks(groups, kPictureRows, kPictureColumns);
  if (masks.size() > 1)
    masks = makeMasks(groups, kSmallRows, kSmallColumns);
  std::string text;
  for (size_t k = 0; k < masks.size() && k < kMostPictures; ++k) {
    const Mask &mask = masks[k];
    if (masks.size() > 1)
      text += fmt::format("  {}{}{}\n", mask.heads,
                          mask.heads.empty() || mask.what.empty() ? "" : ", ",
                          mask.what);
    text += textOf(mask, "  ");
  }
  if (masks.size() > kMostPictures)
    text += fmt::format("  ... and {} more\n", masks.size() - kMostPictures);
  return text.empty() ? text : text + "  " + kShadeLegend + "\n";
}

class KernelText {
public:
  KernelText(PlanProbe &probe, size_t number, const ExplainedKernel &known,
             const Strategy &strategy)
      : probe(probe), number(number), known(known), strategy(strategy) {}

  std::string run() {
    std::string text = fmt::format("kernel {}\n", known.name) + known.causality;
    std::string problem = plan();
    if (problem.empty())
      text += fmt::format("mask at{}\n", sizes) + picturesOf(groups);
    else
      text += fmt::format("no plans: {}\n", problem);
    for (const ExplainedAttend &attend : known.attends) {
      text += attend.text;
      if (problem.empty())
        text += planText(groups, attend.source, strategy);
    }
    return text;
  }

private:
  std::string plan() {
    const ProgramKernel &kernel = probe.program().kernels.at(number);
    RunRequest request;
    request.tablesOnly = true;
    auto inputs = makeInputs(kernel, request);
    if (!inputs)
      return llvm::toString(inputs.takeError());
    for (const std::string &name : kernel.dimensions)
      sizes += fmt::format(" {}={}", name, inputs->dimensions.at(name));
    reference::Inputs tables = referenceInputs(kernel, *inputs);
    std::optional<LongestSequence> sequence = longestSequence(kernel, tables);
    if (sequence)
      sizes += fmt::format(", sequence {} of {}, the longest", sequence->number,
                           sequence->count);
    auto made = planHeads(probe, number, tables,
                          sequence ? sequence->number : 0, std::nullopt);
    if (!made)
      return llvm::toString(made.takeError());
    groups = std::move(*made);
    return "";
  }

  PlanProbe &probe;
  size_t number;
  const ExplainedKernel &known;
  const Strategy &strategy;
  std::vector<PlannedHeads> groups;
  std::string sizes;
};

/// Puts each report with the attend that it is about.
void addReports(const std::vector<TilingReport> &reports,
                std::vector<ExplainedKernel> &kernels) {
  for (const TilingReport &report : reports) {
    std::string source = sourceText(report.location);
    for (ExplainedKernel &kernel : kernels)
      for (ExplainedAttend &attend : kernel.attends) {
        if (attend.source != source)
          continue;
        std::string text = toString(report);
        llvm::SmallVector<llvm::StringRef> lines;
        llvm::StringRef(text).rtrim().split(lines, '\n');
        for (llvm::StringRef line : lines)
          attend.text += "  " + line.str() + "\n";
      }
  }
}

} // namespace

bool explain(llvm::SourceMgr &sources, CompileOptions options,
             llvm::raw_ostream &errors, std::string &text) {
  std::vector<ExplainedKernel> known;
  options.targets.resize(1);
  Strategy strategy = planTarget(options.targets[0], options).strategy;
  options.analysed = [&](mlir::Operation *module) {
    known = explainAnalysis(mlir::cast<mlir::ModuleOp>(module));
  };
  options.tiled = [&](const std::vector<TilingReport> &reports) {
    addReports(reports, known);
  };
  auto probe = PlanProbe::make(sources, options, errors);
  if (!probe)
    return false;
  for (size_t k = 0; k < known.size(); ++k)
    text += (k ? "\n" : "") + KernelText(*probe, k, known[k], strategy).run();
  return true;
}

} // namespace effattn
