//===- Analyse.cpp - exact facts on each attend ---------------------------===//

#include "lib/Transforms/Bands.h"
#include "lib/Transforms/Passes.h"
#include "lib/Transforms/Sizes.h"
#include "lib/Transforms/Terms.h"
#include "lib/Transforms/Transforms.h"

#include "mlir/IR/Diagnostics.h"

#include <fmt/format.h>

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
    GrowingSizes growing = growingSizes(op);
    auto band = analyser.analyse(patternOf(op), op.getQ0(), location, growing,
                                 parts->inTokens);
    if (!band)
      return {};
    if (!band->isBounded()) {
      Open open{patternOf(op), band, "head"};
      if constexpr (std::is_same_v<Op, ir::AttendOp>)
        open = openPart(op, *parts, location);
      if (open.pattern && failed(report(op, open, location)))
        return {};
    }
    if (!band->facts && !(band = analyser.opaque(*band))) {
      emitError(location) << "the pattern cannot be analysed";
      return {};
    }
    PatternFacts found = *band->facts;
    found.causality.counterexample =
        withTableNames(found.causality.counterexample, band->parts.operands());
    ir::FactsAttr facts = toAttribute(op.getContext(), found, band->frame);
    if (!facts)
      emitError(location) << "the pattern has a parameter that is no size, "
                             "argument or look-up by b and h";
    return facts;
  }

  BandAnalyser &statistics() { return analyser; }

private:
  template <typename Op> static Value patternOf(Op op) {
    if constexpr (std::is_same_v<Op, ir::DrawBlocksOp>)
      return op.getOutside();
    else
      return op.getPattern();
  }

  /// A part of a pattern that is not bounded by itself.
  struct Open {
    Value pattern; ///< null: there is none
    /// What is computed for it: the pattern of its range of heads.
    std::shared_ptr<const Band> whole;
    std::string heads; ///< "head", "each of heads 0 to 3"
  };

  /// Tiling splits a pattern into ranges of heads and into bands.
  template <typename Op>
  Open openPart(Op op, const ir::AttendParts &parts, Location location) {
    OpBuilder builder(op);
    GrowingSizes growing = growingSizes(op);
    for (HeadRange &range : headRanges(builder, op.getPattern(), parts.pattern))
      for (Value term : range.terms) {
        auto band = analyser.analyse(term, op.getQ0(), location, growing);
        if (band && band->isBounded())
          continue;
        std::string heads = "head";
        if (range.high > 0)
          heads =
              fmt::format("each of heads {} to {}", range.low, range.high - 1);
        return {term,
                analyser.analyse(range.pattern, op.getQ0(), location, growing),
                heads};
      }
    return {};
  }

  LogicalResult report(Operation *op, const Open &open, Location location) {
    if (!open.whole)
      return failure();
    // The part by itself may say more than the whole.
    auto part = analyser.analyse(open.pattern, q0Of(op), location,
                                 growingSizes(op), open.whole->parts.inTokens);
    std::string reason =
        part && !part->isBounded() ? part->reason() : open.whole->reason();
    std::string cost = costOf(op, *open.whole);
    if (options.allowDense) {
      emitWarning(location)
          << "the columns of this pattern cannot be bounded for a tile of "
             "rows: "
          << cost << " computed for each batch and " << open.heads << " [S10]; "
          << reason;
      return success();
    }
    auto diagnostic = emitError(location)
                      << "the columns of this pattern cannot be bounded for a "
                         "tile of rows [S10]";
    diagnostic.attachNote() << reason;
    diagnostic.attachNote() << "with --allow-dense " << cost
                            << " computed for each batch and " << open.heads;
    return failure();
  }

  /// "about 0.50 of the N x M pairs (130816 of 512 x 512 at N = 512) are".
  std::string costOf(Operation *op, const Band &whole) const {
    RepresentativeSizes sizes(op, whole.frame.extents);
    std::string example = exampleOf(op), place;
    if (!example.empty())
      place = " at " + example;
    std::string all = fmt::format("{} x {}", sizes.queries, sizes.keys);
    double number = static_cast<double>(sizes.queries) * sizes.keys;
    double computed = number;
    // Rows that data choose may be all rows.
    bool isMost = false;
    if (whole.facts) {
      const PatternFacts &facts = *whole.facts;
      isMost = assignmentOf(facts.atoms, facts.unboundedCase).queries != 0;
      computed = casePairs(facts, facts.unboundedCase,
                           sizes.parameters(facts, whole.parts.q0));
    }
    const char *upTo = isMost ? "up to " : "";
    if (computed >= number)
      return fmt::format("{}every one of the N x M pairs ({}{}) is", upTo, all,
                         place);
    return fmt::format("{}{:.2g} of the N x M pairs ({:.0f} of {}{}) are",
                       isMost ? upTo : "about ", computed / number, computed,
                       all, place);
  }

  static Value q0Of(Operation *op) {
    if (auto attend = dyn_cast<ir::AttendOp>(op))
      return attend.getQ0();
    if (auto draw = dyn_cast<ir::DrawBlocksOp>(op))
      return draw.getQ0();
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
    else if (auto draw = dyn_cast<ir::DrawBlocksOp>(op))
      if (draw.getOutside() && !draw.getTouched())
        set(draw);
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
