//===- Report.cpp - how an attend was tiled, for people -------------------===//

#include "lib/Transforms/Transforms.h"

#include <fmt/format.h>

namespace effattn {

namespace {

std::string describe(const TilingChoice &choice) {
  double share = choice.visible > 0 ? choice.computed / choice.visible : 0;
  return fmt::format("{}: {:.0f} pairs computed for {:.0f} visible "
                     "({:.2f}), {:.0f} tiles, cost {:.0f}",
                     toString(choice.tiling), choice.computed, choice.visible,
                     share, choice.tiles, choice.cost);
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
      if (!band.tried.empty())
        text += "\n    " + describe(band.tried[band.best]);
    }
  }
  return text;
}

} // namespace effattn
