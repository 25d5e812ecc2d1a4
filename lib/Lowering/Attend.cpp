//===- Attend.cpp - one attend as a kernel specification ------------------===//

#include "lib/Lowering/Attend.h"

#include "dialect/Ragged.h"
#include "lib/Analysis/Quantifiers.h"
#include "lib/Lowering/AttendPlanner.h"
#include "lib/Lowering/EmitRuns.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

using namespace mlir;

namespace effattn {

namespace {

/// Values of an `exists` that a kernel tries one by one.
constexpr int64_t mostUnrolled = 8;

/// Size of the axis `fromRight` (0: channels, 1: tokens).
ScalarRef sizeOf(ir::TensorType type, size_t fromRight) {
  return type.getShape()[type.getRank() - 1 - fromRight].toScalar();
}

/// Whether a score can be -inf where the logit is finite.
bool canVanish(const ScalarRef &score) {
  return contains(score, [](const Scalar &node) {
    if (node.type != ScalarType::Float)
      return false;
    switch (node.kind) {
    case ScalarKind::Constant:
      return !std::isfinite(node.real);
    case ScalarKind::Argument:
    case ScalarKind::Lookup:
    case ScalarKind::Div:
    case ScalarKind::Exp:
    case ScalarKind::Log:
      return true;
    default:
      return false;
    }
  });
}

bool isEmpty(const RunNestRef &nest) {
  return !nest || (nest->kind == RunNest::Kind::Block &&
                   llvm::all_of(nest->children, isEmpty));
}

/// Names, sizes and scale that every attend has.
void nameSizes(ir::AttendOp op, const ir::AttendParts &parts,
               AttendNames &names) {
  ir::TensorType q = op.getQ().getType();
  ScalarRef n = sizeOf(q, 1), m = sizeOf(op.getK().getType(), 1);
  names.addInteger("N", n);
  names.addInteger("M", m);
  names.addInteger("q0", parts.q0 ? withSizes(parts.q0, n, m) : m - n);
  int64_t headDim = q.getShape().back().getValue();
  names.addFloat("scale", parts.scale ? withSizes(parts.scale, n, m)
                                      : constantFloat(1 / std::sqrt(headDim)));
}

bool sameScalar(const ScalarRef &a, const ScalarRef &b) {
  return a && b ? equivalent(a, b) : !a && !b;
}

bool sameTable(const TableSpec &a, const TableSpec &b) {
  return a.element == b.element && a.rank == b.rank &&
         a.hasBatch == b.hasBatch && a.hasHead == b.hasHead;
}

/// All but the name.
bool sameKernel(const AttendSpec &a, const AttendSpec &b) {
  return a.headDim == b.headDim && a.valueDim == b.valueDim &&
         a.element == b.element && a.tileRows == b.tileRows &&
         a.keySets == b.keySets && a.querySets == b.querySets &&
         a.integers == b.integers && a.floats == b.floats &&
         a.tables.size() == b.tables.size() &&
         std::equal(a.tables.begin(), a.tables.end(), b.tables.begin(),
                    sameTable) &&
         sameScalar(a.predicate, b.predicate) && sameScalar(a.score, b.score);
}

std::string keyOf(StringRef set, const SetFrame &frame,
                  const std::vector<std::string> &parameters) {
  std::string text =
      fmt::format("{}|{}|{}", set.str(), fmt::join(frame.coordinates, ","),
                  fmt::join(parameters, ","));
  for (const ScalarRef &extent : frame.extents)
    text += "|" + toString(extent);
  text += fmt::format("|{}", fmt::join(frame.moduli, ","));
  if (frame.tiling)
    text += fmt::format("|{} {} {} {}", static_cast<int>(frame.tiling->order),
                        frame.tiling->rows, frame.tiling->modulus,
                        fmt::join(frame.tiling->shape, "x"));
  return text;
}

} // namespace

ScalarRef withSizes(ScalarRef scalar, const ScalarRef &n, const ScalarRef &m) {
  return substitute(substitute(std::move(scalar), "N", n), "M", m);
}

std::string sourceOf(Location location) {
  FileLineColLoc found;
  location->walk([&](Location part) {
    found = dyn_cast<FileLineColLoc>(part);
    return found ? WalkResult::interrupt() : WalkResult::advance();
  });
  if (!found)
    return "attend";
  return fmt::format("{}:{}", found.getFilename().str(), found.getLine());
}

std::vector<std::string>
plannedNames(const std::vector<std::string> &parameters,
             const std::vector<ScalarRef> &values,
             const std::vector<ScalarRef> &extras, AttendNames &names) {
  // Integers; the others are -1 (b), -2 (h) and from -3 on extras.
  std::vector<int> places;
  for (size_t k = 0; k < values.size(); ++k) {
    const ScalarRef &value = values[k];
    auto extra = llvm::find_if(extras, [&](const ScalarRef &other) {
      return equivalent(other, value);
    });
    if (extra != extras.end())
      places.push_back(-3 - static_cast<int>(extra - extras.begin()));
    else if (value->kind == ScalarKind::Variable && value->name == "b")
      places.push_back(-1);
    else if (value->kind == ScalarKind::Variable && value->name == "h")
      places.push_back(-2);
    else if (value->kind == ScalarKind::Variable)
      places.push_back(names.addInteger(value->name, value));
    else if (value->kind == ScalarKind::Dimension)
      places.push_back(names.addInteger("dim." + value->name, value));
    else if (value->kind == ScalarKind::Argument)
      places.push_back(names.addInteger("arg." + value->name, value));
    else
      places.push_back(names.addInteger("extent." + toString(value), value));
  }
  size_t integers = names.integers.size();
  std::vector<std::string> planned(integers + 2 + extras.size());
  for (size_t k = 0; k < places.size(); ++k)
    planned[places[k] >= 0 ? places[k] : integers - 1 - places[k]] =
        parameters[k];
  return planned;
}

std::optional<std::string>
SetFunctions::runs(Location location, const std::string &symbol, StringRef set,
                   const SetFrame &frame,
                   const std::vector<std::string> &parameters) {
  auto [place, isNew] = known.try_emplace(keyOf(set, frame, parameters));
  if (!isNew)
    return place->second;
  AnalysisFailure failure;
  RunNestRef nest = buildRuns(set.str(), frame, &failure);
  if (!nest) {
    emitError(location) << "no loops can be made for the columns of this "
                           "pattern: "
                        << failure.reason;
    return std::nullopt;
  }
  if (isEmpty(nest))
    return std::string();
  auto builder = OpBuilder::atBlockEnd(module.getBody());
  std::string unknown;
  if (emitRuns(builder, location, symbol, nest, frame, parameters, &unknown))
    return place->second = symbol;
  emitError(location) << "the columns of this pattern depend on '" << unknown
                      << "', which is no parameter of the attend";
  return std::nullopt;
}

bool leadsByBatch(Value table, ir::TensorType tensor) {
  ArrayRef<ir::DimAttr> shape;
  if (auto set = dyn_cast<ir::IndexSetType>(table.getType()))
    shape = set.getShape();
  else
    shape = cast<ir::TensorType>(table.getType()).getShape();
  return ir::leadsByBatch(shape, tensor);
}

void AttendLowering::share(AttendSpec &spec) {
  for (const AttendSpec &other : specs)
    if (sameKernel(spec, other)) {
      spec.name = other.name;
      return;
    }
  specs.push_back(spec);
}

/// The offsets of ragged tokens: those of q, k, and of each table.
static void nameSequences(ir::AttendOp op, AttendInputs &inputs) {
  inputs.queryOffsets = ir::offsetsOf(op.getQ());
  inputs.keyOffsets = ir::offsetsOf(op.getK());
  for (Value table : inputs.tables) {
    Value offsets = ir::offsetsOf(table);
    inputs.tableOffsets.push_back(offsets);
    inputs.tableAxes.push_back(
        offsets ? static_cast<int>(ir::tokenAxisOf(table, offsets)) : -1);
  }
}

std::optional<LoweredAttend> AttendLowering::lower(ir::AttendOp op,
                                                   const std::string &name,
                                                   AttendInputs &inputs) {
  std::optional<ir::AttendParts> parts = partsOf(op);
  if (!parts)
    return std::nullopt;
  std::optional<AttendFrame> frame = frameOf(*parts, op.getLoc());
  if (!frame)
    return std::nullopt;
  AttendNames names(inputs, parts->operands());
  nameSizes(op, *parts, names);
  ir::FactsAttr facts = *op.getFacts();
  LoweredAttend attend;
  attend.source = sourceOf(op.getLoc());
  AttendSpec &spec = attend.spec;
  spec.name = name;
  spec.headDim =
      static_cast<int>(op.getQ().getType().getShape().back().getValue());
  spec.valueDim =
      static_cast<int>(op.getV().getType().getShape().back().getValue());
  spec.tileRows = static_cast<int>(op.getTiling()->getRows());
  if (auto heads = op.getHeads()) {
    attend.headBegin = (*heads)[0];
    attend.headEnd = (*heads)[1];
  }
  AttendPlanner planner({op.getLoc(), op.getOutput().getType(), facts,
                         fromAttribute(*op.getTiling())},
                        *parts, *frame, names, functions);
  if (!planner.name(inputs, attend))
    return std::nullopt;
  if (!facts.getEmpty().getValue() && !facts.getDense().getValue())
    spec.predicate =
        names.ofKernel(withoutExists(frame->tokens, mostUnrolled));
  if (parts->score) {
    spec.score = names.ofKernel(parts->score);
    attend.scoresCanVanish = canVanish(spec.score);
  }
  nameSequences(op, inputs);
  const bool hasStart = inputs.queryOffsets && parts->q0;
  if (hasStart)
    names.ofPlan(parts->q0);
  spec.keySets = static_cast<int>(inputs.keySets.size());
  spec.querySets = static_cast<int>(inputs.querySets.size());
  spec.integers = names.integers;
  spec.floats = names.floats;
  spec.tables = names.tables;
  share(spec);
  if (!planner.emit(name, attend))
    return std::nullopt;
  if (hasStart && !planner.emitStart(name, parts->q0, attend))
    return std::nullopt;
  return attend;
}

} // namespace effattn
