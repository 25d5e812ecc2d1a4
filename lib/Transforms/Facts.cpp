//===- Facts.cpp - results of analysis to attributes and back -------------===//

#include "lib/Transforms/Facts.h"

#include "mlir/IR/Builders.h"

using namespace mlir;

namespace effattn {

namespace {

ir::ParameterKind kindOf(const ScalarRef &value) {
  switch (value->kind) {
  case ScalarKind::Dimension:
    return ir::ParameterKind::Dimension;
  case ScalarKind::Argument:
    return ir::ParameterKind::Argument;
  default:
    return ir::ParameterKind::Variable;
  }
}

ScalarRef valueOf(ir::ParameterAttr parameter) {
  std::string symbol = parameter.getSymbol().str();
  switch (parameter.getKind()) {
  case ir::ParameterKind::Dimension:
    return dimension(symbol);
  case ir::ParameterKind::Argument:
    return argument(symbol, ScalarType::Int);
  case ir::ParameterKind::Variable:
    return variable(symbol);
  }
  return nullptr;
}

DenseI64ArrayAttr array(MLIRContext *context, const std::vector<int> &numbers) {
  return DenseI64ArrayAttr::get(
      context, SmallVector<int64_t>(numbers.begin(), numbers.end()));
}

DenseI64ArrayAttr piecesOf(MLIRContext *context, const PairCount &count) {
  SmallVector<int64_t> numbers;
  for (const CountPiece &p : count.pieces)
    numbers.append({p.period, p.low, p.high, p.rLow, p.rHigh, p.uu, p.ur, p.u1,
                    p.rr, p.r1, p.one});
  return DenseI64ArrayAttr::get(context, numbers);
}

std::vector<CountPiece> piecesOf(DenseI64ArrayAttr attribute) {
  std::vector<CountPiece> pieces;
  for (ArrayRef<int64_t> rest = attribute; !rest.empty();
       rest = rest.drop_front(11))
    pieces.push_back({rest[0], rest[1], rest[2], rest[3], rest[4], rest[5],
                      rest[6], rest[7], rest[8], rest[9], rest[10]});
  return pieces;
}

} // namespace

ir::FactsAttr toAttribute(MLIRContext *context, const PatternFacts &facts,
                          int64_t tileRows) {
  Builder builder(context);
  SmallVector<ir::ParameterAttr> parameters;
  for (size_t k = 0; k < facts.parameters.size(); ++k) {
    const ScalarRef &value = facts.parameterValues[k];
    parameters.push_back(ir::ParameterAttr::get(context, facts.parameters[k],
                                                kindOf(value), value->name));
  }
  SmallVector<ir::CaseAttr> cases;
  for (const AnalysisCase &c : facts.cases)
    cases.push_back(ir::CaseAttr::get(context, c.keys, c.queries, c.tile.touch,
                                      c.tile.full, c.tile.partial, c.row));
  return ir::FactsAttr::get(
      context, tileRows, parameters, builder.getDenseI64ArrayAttr(facts.moduli),
      array(context, facts.keySetTables), array(context, facts.querySetTables),
      facts.hullLower, facts.hullUpper,
      builder.getBoolAttr(facts.causality.pairCausal),
      facts.causality.counterexample, builder.getBoolAttr(facts.count.exact),
      facts.count.formula, piecesOf(context, facts.count),
      builder.getBoolAttr(facts.empty), builder.getBoolAttr(facts.dense),
      cases);
}

PatternFacts fromAttribute(ir::FactsAttr attribute) {
  PatternFacts facts;
  for (ir::ParameterAttr parameter : attribute.getParameters()) {
    facts.parameters.push_back(parameter.getName().str());
    facts.parameterValues.push_back(valueOf(parameter));
  }
  ArrayRef<int64_t> keys = attribute.getKeySets(),
                    queries = attribute.getQuerySets(),
                    moduli = attribute.getModuli();
  facts.keySetTables.assign(keys.begin(), keys.end());
  facts.querySetTables.assign(queries.begin(), queries.end());
  facts.moduli.assign(moduli.begin(), moduli.end());
  facts.keySets = keys.size();
  facts.querySets = queries.size();
  for (ir::CaseAttr c : attribute.getCases()) {
    AnalysisCase result;
    result.keys = c.getKeys();
    result.queries = c.getQueries();
    result.tile.touch = c.getTouch().str();
    result.tile.full = c.getFull().str();
    result.tile.partial = c.getPartial().str();
    result.row = c.getRow().str();
    facts.cases.push_back(std::move(result));
  }
  facts.hullLower = attribute.getHullLower().str();
  facts.hullUpper = attribute.getHullUpper().str();
  facts.causality = {attribute.getPairCausal().getValue(),
                     attribute.getCounterexample().str()};
  facts.count.exact = attribute.getCountExact().getValue();
  facts.count.formula = attribute.getCount().str();
  facts.count.pieces = piecesOf(attribute.getPieces());
  facts.empty = attribute.getEmpty().getValue();
  facts.dense = attribute.getDense().getValue();
  return facts;
}

bool rebuildRuns(PatternFacts &facts, int64_t tileRows,
                 AnalysisFailure *failure) {
  for (AnalysisCase &c : facts.cases) {
    c.tile.fullRuns =
        buildRuns(c.tile.full, "t", facts.moduli, failure, tileRows);
    c.tile.partialRuns =
        buildRuns(c.tile.partial, "t", facts.moduli, failure, tileRows);
    c.rowRuns = buildRuns(c.row, "i", facts.moduli, failure, 1);
    if (!c.tile.fullRuns || !c.tile.partialRuns || !c.rowRuns)
      return false;
  }
  return true;
}

} // namespace effattn
