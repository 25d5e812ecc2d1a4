//===- Tile.cpp - bands, row orders and tile shapes -----------------------===//
//
// Splits.cpp says which bands; here they become operations.
//
//===----------------------------------------------------------------------===//

#include "lib/Transforms/Passes.h"
#include "lib/Transforms/Splits.h"
#include "lib/Transforms/Transforms.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace effattn {

namespace {

class Tiler {
public:
  Tiler(const Strategy &strategy, std::vector<TilingReport> *reports,
        uint64_t maxOperations)
      : strategy(strategy), reports(reports), maxOperations(maxOperations),
        analyser(maxOperations, /*count=*/false) {}

  LogicalResult tile(ir::AttendOp op);
  LogicalResult tile(ir::ColumnSumsOp op);

private:
  template <typename Op>
  std::vector<TiledBand> search(OpBuilder &builder, Op op,
                                const HeadRange &range, bool split);
  template <typename Op>
  LogicalResult write(Op op, const TiledBand &band, bool whole);
  ir::AttendOp makeBand(OpBuilder &builder, ir::AttendOp op,
                        const HeadRange &range, bool split,
                        const TiledBand &band);

  const Strategy &strategy;
  std::vector<TilingReport> *reports;
  uint64_t maxOperations;
  BandAnalyser analyser;
};

template <typename Op>
std::vector<TiledBand> Tiler::search(OpBuilder &builder, Op op,
                                     const HeadRange &range, bool split) {
  SplitSearch search(builder, op, op.getQ0(), strategy, analyser);
  TilingReport report(op.getLoc());
  report.headBegin = range.low;
  report.headEnd = range.high;
  ArrayRef<Value> terms = range.terms;
  std::vector<TiledBand> bands =
      search.run(range.pattern, split ? terms : terms.take_front(1), report);
  if (reports && !bands.empty())
    reports->push_back(std::move(report));
  return bands;
}

/// Sets the columns of the tiles of a band, and its facts where it is not the
/// whole pattern, whose facts are there.
template <typename Op>
LogicalResult Tiler::write(Op op, const TiledBand &one, bool whole) {
  const Band &band = *one.band;
  AnalysisOptions options = analysisOptions(band.parts, band.frame);
  options.maxOperations = maxOperations;
  AnalysisFailure failure;
  auto tiles = analyseTiles(band.frame.predicate, options, *band.facts,
                            one.best.tiling, &failure);
  if (!tiles)
    return emitError(op.getLoc())
           << "the tiles of this pattern cannot be found: "
           << (failure.construct.empty() ? "" : "'" + failure.construct + "': ")
           << failure.reason;
  if (!whole) {
    ir::FactsAttr facts = toAttribute(op.getContext(), *band.facts, band.frame);
    if (!facts)
      return emitError(op.getLoc()) << "the pattern has a parameter that is no "
                                       "size, argument or look-up by b and h";
    op.setFactsAttr(facts);
  }
  op.setTilingAttr(toAttribute(op.getContext(), *tiles, strategy));
  return success();
}

/// A copy of the attend for one band, of one range of heads where they are
/// `split`.
ir::AttendOp Tiler::makeBand(OpBuilder &builder, ir::AttendOp op,
                             const HeadRange &range, bool split,
                             const TiledBand &band) {
  auto copy = cast<ir::AttendOp>(builder.clone(*op));
  copy.getPatternMutable().assign(band.band->pattern);
  if (split)
    copy.setHeads(ArrayRef<int64_t>{range.low, range.high});
  return copy;
}

LogicalResult Tiler::tile(ir::AttendOp op) {
  std::optional<ir::AttendParts> parts = ir::partsOf(op);
  if (!parts)
    return failure();
  OpBuilder builder(op);
  SmallVector<HeadRange> ranges =
      headRanges(builder, op.getPattern(), parts->pattern);
  // The best pairs of a row are those of its whole pattern.
  bool canSplit = !op.getSelectTop();
  SmallVector<Value> outputs, lses;
  SmallVector<int64_t> bounds;
  for (const HeadRange &range : ranges) {
    std::vector<TiledBand> bands = search(builder, op, range, canSplit);
    if (bands.empty())
      return failure();
    if (ranges.size() == 1 && bands.size() == 1) {
      bool whole =
          bands[0].band->pattern == op.getPattern() &&
          bands[0].band->frame.opaque == op.getFacts()->getOpaque().getValue();
      op.getPatternMutable().assign(bands[0].band->pattern);
      return write(op, bands[0], whole);
    }
    SmallVector<Value> bandOutputs, bandLses;
    for (const TiledBand &band : bands) {
      ir::AttendOp part = makeBand(builder, op, range, ranges.size() > 1, band);
      if (failed(write(part, band, /*whole=*/false)))
        return failure();
      bandOutputs.push_back(part.getOutput());
      bandLses.push_back(part.getLse());
    }
    Value output = bandOutputs[0], lse = bandLses[0];
    if (bands.size() > 1) {
      auto merge =
          ir::MergeOp::create(builder, op.getLoc(), op->getResultTypes(),
                              bandOutputs, bandLses, UnitAttr());
      output = merge.getOutput();
      lse = merge.getLse();
    }
    outputs.push_back(output);
    lses.push_back(lse);
    bounds.append({range.low, range.high});
  }
  if (ranges.size() > 1) {
    auto whole = ir::ByHeadsOp::create(
        builder, op.getLoc(), op->getResultTypes(),
        builder.getDenseI64ArrayAttr(bounds), outputs, lses);
    outputs[0] = whole.getOutput();
    lses[0] = whole.getLse();
  }
  op.getOutput().replaceAllUsesWith(outputs[0]);
  op.getLse().replaceAllUsesWith(lses[0]);
  op.erase();
  return success();
}

LogicalResult Tiler::tile(ir::ColumnSumsOp op) {
  OpBuilder builder(op);
  HeadRange all;
  all.pattern = op.getPattern();
  all.terms = {all.pattern};
  std::vector<TiledBand> bands = search(builder, op, all, false);
  return bands.empty() ? failure() : write(op, bands[0], /*whole=*/true);
}

} // namespace

LogicalResult tileAttends(ModuleOp module, const Strategy &strategy,
                          std::vector<TilingReport> *reports,
                          uint64_t maxOperations) {
  if (strategy.tileRows.empty() || strategy.columnBlock < 1 ||
      strategy.columnChunk < strategy.columnBlock ||
      strategy.columnChunk % strategy.columnBlock != 0)
    return module.emitError()
           << "expected a number of tile rows and a column chunk that is a "
              "multiple of the column block, but got "
           << strategy.tileRows.size() << " numbers, " << strategy.columnChunk
           << " and " << strategy.columnBlock;
  Tiler tiler(strategy, reports, maxOperations);
  bool ok = true;
  SmallVector<Operation *> operations;
  module.walk([&](Operation *op) { operations.push_back(op); });
  auto tile = [&](auto op) {
    if (op.getFacts()) {
      ok &= succeeded(tiler.tile(op));
      return;
    }
    ok = false;
    op.emitOpError() << "has no facts to tile by; expected stage 'analyse' to "
                        "have run";
  };
  for (Operation *op : operations) {
    if (auto attend = dyn_cast<ir::AttendOp>(op))
      tile(attend);
    else if (auto sums = dyn_cast<ir::ColumnSumsOp>(op))
      tile(sums);
  }
  if (ok)
    cleanUp(module);
  return success(ok);
}

#define GEN_PASS_DEF_EFFATTNTILE
#include "lib/Transforms/Passes.h.inc"

namespace {

struct TilePass : impl::EffattnTileBase<TilePass> {
  using EffattnTileBase::EffattnTileBase;
  void runOnOperation() override {
    Strategy strategy;
    if (!rows.empty()) {
      strategy.tileRows.clear();
      for (int64_t number : rows)
        strategy.tileRows.push_back({number, 1});
    }
    strategy.columnBlock = columnBlock;
    strategy.columnChunk = columnChunk;
    std::vector<TilingReport> reports;
    if (failed(tileAttends(getOperation(), strategy,
                           remarks ? &reports : nullptr)))
      signalPassFailure();
    for (const TilingReport &report : reports)
      emitRemark(report.location) << toString(report);
  }
};

} // namespace

} // namespace effattn
