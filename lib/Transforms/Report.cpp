//===- Report.cpp - how an attend was tiled, for people -------------------===//

#include "lib/Transforms/Transforms.h"

#include "llvm/ADT/STLExtras.h"

#include <fmt/format.h>

#include <tuple>

namespace effattn {

namespace {

double share(const TilingChoice &choice) {
  return choice.visible > 0 ? choice.computed / choice.visible : 0;
}

std::string describe(const TilingChoice &choice) {
  return fmt::format("{}: {:.0f} pairs computed for {:.0f} visible "
                     "({:.2f}), {:.0f} tiles, cost {:.0f}",
                     toString(choice.tiling), choice.computed, choice.visible,
                     share(choice), choice.tiles, choice.cost);
}

/// The cheapest of each other row order, the cheapest order first: "rather than
/// contiguous, 32 rows (1.85, cost 367452), ..."; empty where there is none.
std::string describeOthers(const BandReport &band) {
  constexpr size_t most = 3;
  auto order = [](const Tiling &tiling) {
    return std::tie(tiling.order, tiling.modulus, tiling.moduli);
  };
  std::vector<const TilingChoice *> others;
  for (const TilingChoice &choice : band.tried)
    others.push_back(&choice);
  llvm::stable_sort(
      others, [](const auto *a, const auto *b) { return a->cost < b->cost; });
  std::vector<Tiling> named = {band.tried[band.best].tiling};
  std::string text;
  for (const TilingChoice *choice : others) {
    if (named.size() > most || llvm::any_of(named, [&](const Tiling &one) {
          return order(one) == order(choice->tiling);
        }))
      continue;
    named.push_back(choice->tiling);
    text += fmt::format("{}{} ({:.2f}, cost {:.0f})",
                        text.empty() ? "rather than " : "; ",
                        toString(choice->tiling), share(*choice), choice->cost);
  }
  return text;
}

} // namespace

std::string toString(const TilingReport &report) {
  std::string text = fmt::format("tilings compared for {} x {} pairs",
                                 report.queries, report.keys);
  if (report.headEnd > 0)
    text =
        fmt::format("heads {}..{}, {}", report.headBegin, report.headEnd, text);
  for (size_t k = 0; k < report.splits.size(); ++k) {
    const SplitReport &split = report.splits[k];
    text += fmt::format(
        "\n{} {}, cost {:.0f}", k == report.chosen ? "taken:" : "tried:",
        split.bands.size() == 1 ? std::string("one band")
                                : fmt::format("{} bands", split.bands.size()),
        split.cost);
    for (const BandReport &band : split.bands) {
      text += "\n  " + band.pattern + (band.permuted ? ", by rank" : "");
      if (!band.reason.empty())
        text += "\n    " + band.reason;
      if (band.tried.empty())
        continue;
      text += "\n    " + describe(band.tried[band.best]);
      std::string others = describeOthers(band);
      if (k == report.chosen && !others.empty())
        text += "\n    " + others;
    }
  }
  return text;
}

} // namespace effattn
