//===- Analyse.cpp - exact facts on each attend ---------------------------===//

#include "lib/Transforms/Bands.h"
#include "lib/Transforms/Passes.h"
#include "lib/Transforms/Sizes.h"
#include "lib/Transforms/Terms.h"
#include "lib/Transforms/Transforms.h"

#include "mlir/IR/Diagnostics.h"

using namespace mlir;

namespace effattn {

namespace {

class AttendAnalyser {
public:
  explicit AttendAnalyser(const AnalyseOptions &options)
      : options(options), analyser(options.maxOperations, /*count=*/true) {}

  /// Null after an error.
  template <typename Op> ir::FactsAttr run(Op op) {
    std::optional<ir::AttendParts> parts = ir::partsOf(op);
    if (!parts || failed(checkSupported(op, *parts)))
      return {};
    Location location =
        parts->converter.locationOf(parts->pattern.get(), op.getLoc());
    auto band = analyser.analyse(op.getPattern(), op.getQ0(), location);
    if (!band)
      return {};
    if (!band->isBounded()) {
      bool canSplit = isa<ir::AttendOp>(op.getOperation());
      Value open =
          canSplit ? unboundedPart(op, *parts, location) : op.getPattern();
      if (open && failed(report(op, *band, open, location)))
        return {};
    }
    if (!band->facts && !(band = analyser.opaque(*band))) {
      emitError(location) << "the pattern cannot be analysed";
      return {};
    }
    ir::FactsAttr facts =
        toAttribute(op.getContext(), *band->facts, band->frame);
    if (!facts)
      emitError(location) << "the pattern has a parameter that is no size, "
                             "argument or look-up by b and h";
    return facts;
  }

  BandAnalyser &statistics() { return analyser; }

private:
  /// What is left of a pattern that tiling splits into bands: the first part
  /// that is not bounded by itself, or null.
  template <typename Op>
  Value unboundedPart(Op op, const ir::AttendParts &parts, Location location) {
    OpBuilder builder(op);
    for (HeadRange &range : headRanges(builder, op.getPattern(), parts.pattern))
      for (Value term : range.terms) {
        auto band = analyser.analyse(term, op.getQ0(), location);
        if (!band || !band->isBounded())
          return term;
      }
    return {};
  }

  LogicalResult report(Operation *op, const Band &whole, Value open,
                       Location location) {
    // The part by itself may say more than the whole.
    std::string reason = whole.reason();
    if (open != whole.pattern)
      if (auto part = analyser.analyse(open, q0Of(op), location);
          part && !part->isBounded())
        reason = part->reason();
    RepresentativeSizes sizes(op, whole.frame.extents);
    std::string cost = "N x M pairs";
    std::string example = exampleOf(op);
    if (!example.empty())
      cost += " (" + std::to_string(sizes.queries) + " x " +
              std::to_string(sizes.keys) + " at " + example + ")";
    if (options.allowDense) {
      emitWarning(location)
          << "the columns of this pattern cannot be bounded for a tile of "
             "rows: every one of the "
          << cost << " is computed for each batch and head [S10]; " << reason;
      return success();
    }
    auto diagnostic = emitError(location)
                      << "the columns of this pattern cannot be bounded for a "
                         "tile of rows [S10]";
    diagnostic.attachNote() << reason;
    diagnostic.attachNote() << "with --allow-dense every one of the " << cost
                            << " is computed for each batch and head";
    return failure();
  }

  static Value q0Of(Operation *op) {
    if (auto attend = dyn_cast<ir::AttendOp>(op))
      return attend.getQ0();
    return cast<ir::ColumnSumsOp>(op).getQ0();
  }

  const AnalyseOptions &options;
  BandAnalyser analyser;
};

} // namespace

LogicalResult analysePatterns(ModuleOp module, const AnalyseOptions &options,
                              AnalyseStatistics *statistics) {
  AttendAnalyser analyser(options);
  bool ok = true;
  auto set = [&](auto op) {
    ir::FactsAttr facts = analyser.run(op);
    if (facts)
      op.setFactsAttr(facts);
    ok &= static_cast<bool>(facts);
  };
  SmallVector<Operation *> operations;
  module.walk([&](Operation *op) { operations.push_back(op); });
  for (Operation *op : operations) {
    if (auto attend = dyn_cast<ir::AttendOp>(op))
      set(attend);
    else if (auto sums = dyn_cast<ir::ColumnSumsOp>(op))
      set(sums);
  }
  cleanUp(module);
  if (statistics)
    *statistics = {analyser.statistics().analysed,
                   analyser.statistics().shared};
  return success(ok);
}

#define GEN_PASS_DEF_EFFATTNANALYSE
#include "lib/Transforms/Passes.h.inc"

namespace {

struct AnalysePass : impl::EffattnAnalyseBase<AnalysePass> {
  using EffattnAnalyseBase::EffattnAnalyseBase;
  void runOnOperation() override {
    AnalyseOptions own;
    own.allowDense = allowDense;
    own.maxOperations = maxOperations;
    AnalyseStatistics statistics;
    if (failed(analysePatterns(getOperation(), own, &statistics)))
      signalPassFailure();
    numAnalysed += statistics.analysed;
    numShared += statistics.shared;
  }
};

} // namespace

} // namespace effattn
