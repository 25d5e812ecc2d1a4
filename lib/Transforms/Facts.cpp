//===- Facts.cpp - results of analysis to attributes and back -------------===//

#include "lib/Transforms/Facts.h"

#include "mlir/IR/Builders.h"

using namespace mlir;

namespace effattn {

namespace {

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

/// Position in a list of expressions; nothing where it is not there.
std::optional<size_t> positionOf(const ScalarRef &value,
                                 const std::vector<ScalarRef> &list) {
  for (size_t k = 0; k < list.size(); ++k)
    if (equivalent(list[k], value))
      return k;
  return std::nullopt;
}

ScalarRef nth(const std::vector<ScalarRef> &list, StringRef number) {
  size_t k = 0;
  return !number.getAsInteger(10, k) && k < list.size() ? list[k] : nullptr;
}

} // namespace

//===----------------------------------------------------------------------===//
// Parameters
//===----------------------------------------------------------------------===//

ScalarRef valueOf(ir::ParameterAttr parameter,
                  const std::vector<ScalarRef> &extents,
                  const std::vector<ScalarRef> &extras) {
  std::string symbol = parameter.getSymbol().str();
  switch (parameter.getKind()) {
  case ir::ParameterKind::Dimension:
    return dimension(symbol);
  case ir::ParameterKind::Argument:
    return argument(symbol, ScalarType::Int);
  case ir::ParameterKind::Variable:
    return variable(symbol);
  case ir::ParameterKind::Extent:
    return nth(extents, symbol);
  case ir::ParameterKind::Extra:
    return nth(extras, symbol);
  }
  return nullptr;
}

ir::ParameterAttr toAttribute(MLIRContext *context, const std::string &name,
                              const ScalarRef &value,
                              const std::vector<ScalarRef> &extents,
                              const std::vector<ScalarRef> &extras) {
  auto make = [&](ir::ParameterKind kind, const std::string &symbol) {
    return ir::ParameterAttr::get(context, name, kind, symbol);
  };
  switch (value->kind) {
  case ScalarKind::Variable:
    return make(ir::ParameterKind::Variable, value->name);
  case ScalarKind::Dimension:
    return make(ir::ParameterKind::Dimension, value->name);
  case ScalarKind::Argument:
    return make(ir::ParameterKind::Argument, value->name);
  default:
    break;
  }
  if (auto number = positionOf(value, extras))
    return make(ir::ParameterKind::Extra, std::to_string(*number));
  if (auto number = positionOf(value, extents))
    return make(ir::ParameterKind::Extent, std::to_string(*number));
  return {};
}

//===----------------------------------------------------------------------===//
// Facts
//===----------------------------------------------------------------------===//

ir::FactsAttr toAttribute(MLIRContext *context, const PatternFacts &facts,
                          const AttendFrame &frame) {
  Builder builder(context);
  SmallVector<ir::ParameterAttr> parameters;
  for (size_t k = 0; k < facts.parameters.size(); ++k) {
    parameters.push_back(toAttribute(context, facts.parameters[k],
                                     facts.parameterValues[k], frame.extents,
                                     facts.atoms.extras));
    if (!parameters.back())
      return {};
  }
  SmallVector<Attribute> extents, cases;
  for (const ScalarRef &extent : facts.extents)
    extents.push_back(
        extent->isConstant()
            ? Attribute(builder.getI64IntegerAttr(extent->integer))
            : Attribute(builder.getStringAttr(extent->name)));
  for (const RowCase &c : facts.cases)
    cases.push_back(builder.getStringAttr(c.row));
  return ir::FactsAttr::get(
      context, parameters, builder.getArrayAttr(extents),
      builder.getDenseI64ArrayAttr(facts.moduli), facts.atoms.keys.size(),
      facts.atoms.queries.size(), facts.atoms.relations.size(),
      builder.getBoolAttr(frame.permuted), builder.getBoolAttr(frame.opaque),
      facts.hullLower, facts.hullUpper,
      builder.getBoolAttr(facts.causality.pairCausal),
      facts.causality.counterexample, builder.getBoolAttr(facts.count.exact),
      facts.count.formula, piecesOf(context, facts.count),
      builder.getBoolAttr(facts.empty), builder.getBoolAttr(facts.dense),
      facts.unbounded, builder.getArrayAttr(cases));
}

PatternFacts fromAttribute(ir::FactsAttr attribute, const AttendFrame &frame) {
  PatternFacts facts;
  facts.atoms = frame.atoms;
  for (ir::ParameterAttr parameter : attribute.getParameters()) {
    facts.parameters.push_back(parameter.getName().str());
    facts.parameterValues.push_back(
        valueOf(parameter, frame.extents, frame.atoms.extras));
  }
  const char *grids[][3] = {{"i"}, {}, {"iy", "ix"}, {"iz", "iy", "ix"}};
  size_t axes = attribute.getExtents().size();
  for (size_t k = 0; k < std::max<size_t>(axes, 1); ++k)
    facts.rowParameters.push_back(grids[axes][k]);
  for (Attribute extent : attribute.getExtents()) {
    auto name = dyn_cast<StringAttr>(extent);
    facts.extents.push_back(
        name ? variable(name.getValue().str())
             : constantInt(cast<IntegerAttr>(extent).getInt()));
  }
  ArrayRef<int64_t> moduli = attribute.getModuli();
  facts.moduli.assign(moduli.begin(), moduli.end());
  for (Attribute row : attribute.getCases())
    facts.cases.push_back({cast<StringAttr>(row).getValue().str(), nullptr});
  facts.hullLower = attribute.getHullLower().str();
  facts.hullUpper = attribute.getHullUpper().str();
  facts.causality.pairCausal = attribute.getPairCausal().getValue();
  facts.causality.counterexample = attribute.getCounterexample().str();
  facts.count.exact = attribute.getCountExact().getValue();
  facts.count.formula = attribute.getCount().str();
  facts.count.pieces = piecesOf(attribute.getPieces());
  facts.empty = attribute.getEmpty().getValue();
  facts.dense = attribute.getDense().getValue();
  facts.unbounded = attribute.getUnbounded().str();
  return facts;
}

//===----------------------------------------------------------------------===//
// Tilings
//===----------------------------------------------------------------------===//

ir::TilingAttr toAttribute(MLIRContext *context, const TileFacts &tiles,
                           const Strategy &strategy) {
  Builder builder(context);
  SmallVector<Attribute> cases;
  for (const TileCase &c : tiles.cases)
    cases.push_back(ir::TileCaseAttr::get(context, c.touch, c.full, c.partial));
  const Tiling &tiling = tiles.tiling;
  return ir::TilingAttr::get(
      context, static_cast<ir::RowOrder>(tiling.order), tiling.rows,
      tiling.modulus, builder.getDenseI64ArrayAttr(tiling.shape), tiling.moduli,
      tiling.relation, builder.getBoolAttr(tiles.gathered),
      strategy.columnBlock, strategy.columnChunk, builder.getArrayAttr(cases));
}

TileFacts fromAttribute(ir::TilingAttr attribute) {
  TileFacts tiles;
  tiles.tiling.order = static_cast<RowOrder>(attribute.getOrder());
  tiles.tiling.rows = attribute.getRows();
  tiles.tiling.modulus = attribute.getModulus();
  ArrayRef<int64_t> shape = attribute.getShape();
  tiles.tiling.shape.assign(shape.begin(), shape.end());
  ArrayRef<int64_t> moduli = attribute.getModuli();
  tiles.tiling.moduli.assign(moduli.begin(), moduli.end());
  tiles.tiling.relation = attribute.getRelation();
  tiles.gathered = attribute.getGathered().getValue();
  for (Attribute one : attribute.getCases()) {
    auto c = cast<ir::TileCaseAttr>(one);
    TileCase result;
    result.touch = c.getTouch().str();
    result.full = c.getFull().str();
    result.partial = c.getPartial().str();
    tiles.cases.push_back(std::move(result));
  }
  return tiles;
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

SetFrame setFrame(const PatternFacts &facts,
                  const std::optional<Tiling> &tiling) {
  SetFrame frame;
  frame.coordinates = tiling ? tileParameters(*tiling) : facts.rowParameters;
  frame.extents = facts.extents;
  frame.moduli = facts.moduli;
  frame.tiling = tiling;
  return frame;
}

bool rebuildRuns(PatternFacts &facts, AnalysisFailure *failure) {
  SetFrame frame = setFrame(facts, std::nullopt);
  for (RowCase &c : facts.cases)
    if (!(c.rowRuns = buildRuns(c.row, frame, failure)))
      return false;
  return true;
}

bool rebuildRuns(TileFacts &tiles, const PatternFacts &facts,
                 AnalysisFailure *failure) {
  SetFrame frame = setFrame(facts, tiles.tiling);
  for (TileCase &c : tiles.cases) {
    c.fullRuns = buildRuns(c.full, frame, failure);
    c.partialRuns = buildRuns(c.partial, frame, failure);
    if (!c.fullRuns || !c.partialRuns)
      return false;
  }
  return true;
}

} // namespace effattn
