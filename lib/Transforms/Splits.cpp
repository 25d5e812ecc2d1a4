//===- Splits.cpp - ways to split a pattern into bands --------------------===//
//
// The union of terms is split into groups; a group is one band, without what
// the groups before it hold. The cost of a split is
//
//   sum over bands  pairs * pairCost + tiles * tileCost
//   + bandRowCost * N  for each band after the first
//
// where a band has its cheapest tiling. Of equal costs the first split counts,
// and the whole pattern as one band comes first.
//
//===----------------------------------------------------------------------===//

#include "lib/Transforms/Splits.h"

#include "lib/Analysis/Estimate.h"
#include "lib/Transforms/Terms.h"

#include <algorithm>
#include <deque>
#include <limits>

using namespace mlir;

namespace effattn {

namespace {

/// Terms are put together until there are no more than this.
constexpr size_t mostGroups = 4;

bool isSameRows(const Tiling &a, const Tiling &b) {
  return a.order == b.order && a.modulus == b.modulus && a.shape == b.shape &&
         a.relation == b.relation && a.moduli == b.moduli;
}

/// Sorted rows cost what contiguous ones do where labels come sorted, and less
/// where they do not.
bool isBetter(const TilingChoice &choice, const TilingChoice &best) {
  bool sorts = choice.tiling.order == RowOrder::ByLabel &&
               best.tiling.order == RowOrder::Contiguous &&
               choice.tiling.rows == best.tiling.rows;
  return choice.cost < best.cost || (sorts && choice.cost == best.cost);
}

/// All partitions of {0, ..., n - 1}: the one group first, groups in the order
/// of their first elements; two groups also the other way round.
std::vector<std::vector<std::vector<size_t>>> partitions(size_t n) {
  using Groups = std::vector<std::vector<size_t>>;
  std::vector<Groups> all = {{{0}}};
  for (size_t next = 1; next < n; ++next) {
    std::vector<Groups> longer;
    for (const Groups &groups : all)
      for (size_t k = 0; k <= groups.size(); ++k) {
        longer.push_back(groups);
        if (k == groups.size())
          longer.back().emplace_back();
        longer.back()[k].push_back(next);
      }
    all = std::move(longer);
  }
  std::stable_sort(
      all.begin(), all.end(),
      [](const Groups &a, const Groups &b) { return a.size() < b.size(); });
  std::vector<Groups> result;
  for (const Groups &groups : all) {
    result.push_back(groups);
    if (groups.size() == 2)
      result.push_back({groups[1], groups[0]});
  }
  return result;
}

} // namespace

//===----------------------------------------------------------------------===//
// One band
//===----------------------------------------------------------------------===//

void SplitSearch::compareTilings(Tried &tried) {
  const Band &band = *tried.band;
  BandReport &report = tried.report;
  std::deque<ParameterValues> values;
  std::deque<TilingEstimator> estimators;
  for (const RepresentativeSizes &sizes :
       RepresentativeSizes(op, band.frame.extents).sequencesAround()) {
    values.push_back(sizes.parameters(*band.facts, band.parts.q0));
    estimators.emplace_back(*band.facts, values.back());
  }
  for (const TileRows &rows : strategy.tileRows)
    for (const Tiling &tiling : candidateTilings(*band.facts, rows.rows)) {
      TilingChoice choice{tiling};
      for (TilingEstimator &estimator : estimators) {
        TilingCost cost = estimator.of(tiling);
        choice.visible += cost.visible / estimators.size();
        choice.computed += cost.computed / estimators.size();
        choice.tiles += cost.tiles / estimators.size();
      }
      choice.cost = choice.computed * rows.pairCost +
                    choice.tiles * strategy.tileCost;
      if (!report.tried.empty() && isBetter(choice, report.tried[report.best]))
        report.best = report.tried.size();
      report.tried.push_back(std::move(choice));
    }
}

/// Null after an error.
const SplitSearch::Tried *SplitSearch::tryBand(Value pattern) {
  for (const auto &one : known)
    if (one->band->pattern == pattern)
      return one.get();
  auto tried = std::make_unique<Tried>();
  tried->band = analyser.analyse(pattern, q0, op->getLoc(), growingSizes(op));
  if (!tried->band)
    return nullptr;
  const Band &band = *tried->band;
  tried->report.pattern =
      toString(band.parts.pattern, tableNames(band.parts.operands()));
  tried->report.permuted = band.frame.permuted;
  if (!band.isBounded())
    tried->report.reason = band.reason();
  if (!band.facts)
    tried->band = analyser.opaque(band);
  if (!tried->band) {
    emitError(op->getLoc())
        << "the pattern cannot be analysed: " << tried->report.reason;
    return nullptr;
  }
  if (!tried->band->facts->empty)
    compareTilings(*tried);
  known.push_back(std::move(tried));
  return known.back().get();
}

//===----------------------------------------------------------------------===//
// Splits
//===----------------------------------------------------------------------===//

Value SplitSearch::patternOf(const std::vector<size_t> &group,
                             ArrayRef<Value> terms) {
  Value &result = unions[group];
  if (!result) {
    SmallVector<Value> members;
    for (size_t k : group)
      members.push_back(terms[k]);
    result = unionOf(builder, members);
  }
  return result;
}

/// Whether two patterns may share a pair.
bool SplitSearch::overlap(Value a, Value b) {
  Value both = ir::IntersectOp::create(builder, op->getLoc(), a, b);
  auto band = analyser.analyse(both, q0, op->getLoc(), growingSizes(op));
  return !band || !band->facts || !band->facts->empty;
}

/// The bands of the groups that have pairs; nothing where a band is not bounded
/// or cannot be analysed.
std::optional<std::vector<const SplitSearch::Tried *>>
SplitSearch::trySplit(const Groups &groups, ArrayRef<Value> terms) {
  std::vector<const Tried *> bands;
  std::vector<size_t> before;
  for (const std::vector<size_t> &group : groups) {
    Value pattern = patternOf(group, terms);
    if (!before.empty()) {
      std::sort(before.begin(), before.end());
      Value earlier = patternOf(before, terms);
      if (overlap(pattern, earlier)) {
        std::vector<size_t> key = group;
        key.push_back(std::numeric_limits<size_t>::max());
        key.insert(key.end(), before.begin(), before.end());
        Value &rest = unions[key];
        if (!rest)
          rest = ir::DifferenceOp::create(builder, pattern.getLoc(), pattern,
                                          earlier);
        pattern = rest;
      }
    }
    before.insert(before.end(), group.begin(), group.end());
    const Tried *tried = tryBand(pattern);
    if (!tried || !tried->report.reason.empty())
      return std::nullopt;
    if (!tried->band->facts->empty)
      bands.push_back(tried);
  }
  return bands;
}

double SplitSearch::costOf(const std::vector<const Tried *> &bands) const {
  double cost = 0;
  for (size_t k = 0; k < bands.size(); ++k)
    cost += bands[k]->report.tried[bands[k]->report.best].cost +
            (k > 0 ? strategy.bandRowCost * static_cast<double>(queries) : 0);
  return cost;
}

/// Terms that want the same rows in a tile gain nothing from being apart: they
/// are one. So are the last ones where there are too many.
SmallVector<Value> SplitSearch::cluster(ArrayRef<Value> terms) {
  std::vector<std::vector<size_t>> clusters;
  std::vector<const Tried *> firsts;
  for (size_t k = 0; k < terms.size(); ++k) {
    const Tried *tried = tryBand(terms[k]);
    if (!tried)
      return {};
    size_t place = 0;
    for (; place < clusters.size(); ++place) {
      const Tried *first = firsts[place];
      bool sameFrame =
          first->band->frame.permuted == tried->band->frame.permuted &&
          first->band->frame.queryTokens == tried->band->frame.queryTokens &&
          first->report.reason.empty() == tried->report.reason.empty();
      bool empty = tried->report.tried.empty();
      if (sameFrame && !first->report.tried.empty() &&
          (empty || isSameRows(first->report.tried[first->report.best].tiling,
                               tried->report.tried[tried->report.best].tiling)))
        break;
      if (place + 1 == mostGroups)
        break;
    }
    if (place == clusters.size()) {
      clusters.emplace_back();
      firsts.push_back(tried);
    }
    clusters[place].push_back(k);
  }
  SmallVector<Value> result;
  for (const std::vector<size_t> &members : clusters)
    result.push_back(patternOf(members, terms));
  return result;
}

std::vector<TiledBand> SplitSearch::run(Value whole, ArrayRef<Value> given,
                                        TilingReport &report) {
  const Tried *all = tryBand(whole);
  if (!all)
    return {};
  RepresentativeSizes sizes(op, all->band->frame.extents);
  queries = report.queries = sizes.queries;
  report.keys = sizes.keys;
  std::vector<const Tried *> best = {all};
  double bestCost = all->report.tried.empty() ? 0 : costOf(best);
  report.splits.push_back({{all->report}, bestCost});
  SmallVector<Value> terms(given);
  if (terms.size() > 2)
    terms = cluster(terms);
  unions.clear();
  if (terms.size() > 1 && !all->band->facts->empty)
    for (const Groups &groups : partitions(terms.size())) {
      if (groups.size() == 1)
        continue;
      auto bands = trySplit(groups, terms);
      if (!bands || bands->empty())
        continue;
      SplitReport split;
      for (const Tried *band : *bands)
        split.bands.push_back(band->report);
      split.cost = costOf(*bands);
      if (split.cost < bestCost || !best[0]->report.reason.empty()) {
        bestCost = split.cost;
        best = *bands;
        report.chosen = report.splits.size();
      }
      report.splits.push_back(std::move(split));
    }
  std::vector<TiledBand> result;
  for (const Tried *one : best) {
    TilingChoice choice;
    if (!one->report.tried.empty())
      choice = one->report.tried[one->report.best];
    else
      choice.tiling.rows = strategy.tileRows.front().rows;
    result.push_back({one->band, std::move(choice)});
  }
  return result;
}

} // namespace effattn
