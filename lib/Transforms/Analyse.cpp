//===- Analyse.cpp - exact facts on each attend ---------------------------===//

#include "lib/Analysis/Analysis.h"
#include "lib/Transforms/Facts.h"
#include "lib/Transforms/Passes.h"
#include "lib/Transforms/Transforms.h"

#include "mlir/IR/Diagnostics.h"

#include <algorithm>

using namespace mlir;

namespace effattn {

namespace {

/// Facts of an earlier pattern with the same predicate and q0.
struct Known {
  ScalarRef predicate, q0;
  ir::FactsAttr facts;
};

bool sameQ0(const ScalarRef &a, const ScalarRef &b) {
  return (!a && !b) || (a && b && equivalent(a, b));
}

/// Names of the numbers that the kernel of the predicate needs, which the sets
/// of a pattern of all pairs do not mention.
void addParameters(PatternFacts &facts, const ScalarRef &predicate) {
  walk(predicate, [&](const Scalar &node) {
    bool isDimension = node.kind == ScalarKind::Dimension;
    bool isArgument =
        node.kind == ScalarKind::Argument && node.type == ScalarType::Int;
    if (!isDimension && !isArgument)
      return;
    ScalarRef value = isDimension ? dimension(node.name)
                                  : argument(node.name, ScalarType::Int);
    for (const ScalarRef &known : facts.parameterValues)
      if (equivalent(known, value))
        return;
    std::string name = (isDimension ? "dim_" : "arg_") + node.name;
    facts.parameters.push_back(std::move(name));
    facts.parameterValues.push_back(std::move(value));
  });
}

void findSets(const ScalarRef &predicate, ScalarKind kind,
              std::vector<int> &tables) {
  walk(predicate, [&](const Scalar &node) {
    if (node.kind == kind)
      tables.push_back(node.table);
  });
  std::sort(tables.begin(), tables.end());
  tables.erase(std::unique(tables.begin(), tables.end()), tables.end());
}

/// Facts that let every row visit every column, none of them whole: right for
/// each predicate, at a cost of N x M pairs.
std::shared_ptr<PatternFacts> everyPair(const ScalarRef &predicate,
                                        const AnalysisOptions &options,
                                        AnalysisFailure *failure) {
  AnalysisOptions all = options;
  all.count = false;
  auto known = analyse(constantBool(true), all, failure);
  if (!known)
    return nullptr;
  auto facts = std::make_shared<PatternFacts>(*known);
  addParameters(*facts, predicate);
  findSets(predicate, ScalarKind::KeyInSet, facts->keySetTables);
  findSets(predicate, ScalarKind::QueryInSet, facts->querySetTables);
  facts->keySets = facts->keySetTables.size();
  facts->querySets = facts->querySetTables.size();
  if (facts->keySets + facts->querySets > 6) {
    failure->reason = "expected at most 6 index sets in one pattern";
    return nullptr;
  }
  AnalysisCase one = facts->cases[0];
  std::swap(one.tile.full, one.tile.partial);
  std::swap(one.tile.fullRuns, one.tile.partialRuns);
  facts->cases.clear();
  for (uint32_t queries = 0; queries < 1u << facts->querySets; ++queries)
    for (uint32_t keys = 0; keys < 1u << facts->keySets; ++keys) {
      one.keys = keys;
      one.queries = queries;
      facts->cases.push_back(one);
    }
  facts->causality = {false, ""};
  facts->count = {};
  facts->dense = false;
  return facts;
}

class AttendAnalyser {
public:
  AttendAnalyser(const AnalyseOptions &options, AnalyseStatistics &statistics)
      : options(options), statistics(statistics) {}

  /// Null after an error.
  ir::FactsAttr run(Operation *op, std::optional<ir::AttendParts> parts) {
    if (!parts)
      return {};
    ScalarRef predicate = supportedPredicate(op, *parts);
    if (!predicate)
      return {};
    for (const Known &one : known)
      if (equivalent(one.predicate, predicate) && sameQ0(one.q0, parts->q0)) {
        ++statistics.shared;
        return one.facts;
      }
    Location location =
        parts->converter.locationOf(parts->pattern.get(), op->getLoc());
    auto facts = find(predicate, parts->q0, location);
    if (!facts)
      return {};
    ++statistics.analysed;
    auto attribute =
        toAttribute(op->getContext(), *facts, options.strategy.tileRows);
    known.push_back({predicate, parts->q0, attribute});
    return attribute;
  }

private:
  std::shared_ptr<const PatternFacts>
  find(const ScalarRef &predicate, const ScalarRef &q0, Location location) {
    AnalysisOptions analysis;
    analysis.strategy = options.strategy;
    analysis.q0 = q0;
    analysis.bottomRight = !q0;
    analysis.maxOperations = options.maxOperations;
    AnalysisFailure failure;
    if (auto facts = analyse(predicate, analysis, &failure))
      return facts;
    std::string reason = failure.construct.empty()
                             ? failure.reason
                             : "'" + failure.construct + "': " + failure.reason;
    if (!options.allowDense) {
      auto diagnostic = emitError(location)
                        << "the columns of this pattern cannot be bounded for "
                           "a tile of rows [S10]";
      diagnostic.attachNote() << reason;
      diagnostic.attachNote()
          << "with --allow-dense every one of the N x M pairs is computed";
      return nullptr;
    }
    auto facts = everyPair(predicate, analysis, &failure);
    if (!facts) {
      emitError(location) << "the pattern cannot be analysed: "
                          << failure.reason;
      return nullptr;
    }
    emitWarning(location) << "the columns of this pattern cannot be bounded "
                             "for a tile of rows: every one of the N x M "
                             "pairs is computed [S10]"
                          << "; " << reason;
    return facts;
  }

  const AnalyseOptions &options;
  AnalyseStatistics &statistics;
  SmallVector<Known> known;
};

} // namespace

LogicalResult analysePatterns(ModuleOp module, const AnalyseOptions &options,
                              AnalyseStatistics *statistics) {
  AnalyseStatistics own;
  AttendAnalyser analyser(options, statistics ? *statistics : own);
  bool ok = true;
  auto set = [&](auto op) {
    ir::FactsAttr facts = analyser.run(op, ir::partsOf(op));
    if (facts)
      op.setFactsAttr(facts);
    ok &= static_cast<bool>(facts);
  };
  module.walk([&](Operation *op) {
    if (auto attend = dyn_cast<ir::AttendOp>(op))
      set(attend);
    else if (auto sums = dyn_cast<ir::ColumnSumsOp>(op))
      set(sums);
  });
  return success(ok);
}

#define GEN_PASS_DEF_EFFATTNANALYSE
#include "lib/Transforms/Passes.h.inc"

namespace {

struct AnalysePass : impl::EffattnAnalyseBase<AnalysePass> {
  using EffattnAnalyseBase::EffattnAnalyseBase;
  void runOnOperation() override {
    AnalyseOptions options;
    options.strategy.tileRows = tileRows;
    options.allowDense = allowDense;
    options.maxOperations = maxOperations;
    if (tileRows < 1) {
      getOperation().emitError()
          << "expected tiles of at least 1 row, but got " << tileRows;
      return signalPassFailure();
    }
    AnalyseStatistics statistics;
    if (failed(analysePatterns(getOperation(), options, &statistics)))
      signalPassFailure();
    numAnalysed += statistics.analysed;
    numShared += statistics.shared;
  }
};

} // namespace

} // namespace effattn
