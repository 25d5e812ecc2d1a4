//===- Sizes.cpp - the sizes at which costs are compared ------------------===//

#include "lib/Transforms/Sizes.h"

#include "dialect/Ragged.h"

#include <algorithm>

using namespace mlir;

namespace effattn {

namespace {

/// Nothing where a leaf has no value, or on overflow.
std::optional<int64_t>
evaluateInt(const ScalarRef &root,
            const std::map<std::string, int64_t> &known) {
  ScalarRef value = rewrite(root, [&](const ScalarRef &node) -> ScalarRef {
    bool isVariable = node->kind == ScalarKind::Variable;
    bool isLeaf = isVariable || node->kind == ScalarKind::Dimension ||
                  node->kind == ScalarKind::Argument;
    if (!isLeaf || node->type != ScalarType::Int)
      return nullptr;
    auto found = known.find((isVariable ? "variable " : "") + node->name);
    return found == known.end() ? nullptr : constantInt(found->second);
  });
  bool isKnown = value->isConstant() && value->type != ScalarType::Float;
  return isKnown ? std::optional(value->integer) : std::nullopt;
}

ir::DimAttr tokenAxis(ir::TensorType type) {
  return type.getShape()[type.getRank() - 2];
}

} // namespace

TokenAxes tokenAxesOf(Operation *op) {
  if (auto attend = dyn_cast<ir::AttendOp>(op))
    return {tokenAxis(attend.getOutput().getType()),
            tokenAxis(attend.getV().getType())};
  if (auto draw = dyn_cast<ir::DrawBlocksOp>(op))
    return {draw.getQueries(), draw.getKeys()};
  auto sums = cast<ir::ColumnSumsOp>(op);
  return {tokenAxis(sums.getQ().getType()), tokenAxis(sums.getK().getType())};
}

RepresentativeSizes::RepresentativeSizes(
    Operation *op, const std::vector<ScalarRef> &extents) {
  choose(op, extents);
  TokenAxes axes = tokenAxesOf(op);
  queries = evaluateInt(axes.queries.toScalar(), known).value_or(tokens);
  keys = evaluateInt(axes.keys.toScalar(), known).value_or(queries);
  const int64_t sequences = sequencesOf(op);
  isRagged = sequences > 1;
  queries = (queries + sequences - 1) / sequences;
  keys = (keys + sequences - 1) / sequences;
  if (!extents.empty()) {
    int64_t product = 1;
    for (const ScalarRef &extent : extents)
      product *= std::max<int64_t>(valueOf(extent), 1);
    queries = keys = product;
  }
  setSizes(queries, keys);
  known["variable b"] = known["variable h"] = 0;
}

void RepresentativeSizes::setSizes(int64_t newQueries, int64_t newKeys) {
  known["variable N"] = queries = newQueries;
  known["variable M"] = keys = newKeys;
}

std::vector<RepresentativeSizes> RepresentativeSizes::sequencesAround() const {
  std::vector<RepresentativeSizes> all;
  // Evenly in a range of 32, the tallest tile.
  for (int64_t shift : {-12, -4, 4, 12})
    if (isRagged && queries + shift > 0 && keys + shift > 0) {
      all.push_back(*this);
      all.back().setSizes(queries + shift, keys + shift);
    }
  if (all.empty())
    all.push_back(*this);
  return all;
}

/// Ragged tokens: sequences of equal sizes stand for those of a launch. 1 where
/// their number is not known.
int64_t RepresentativeSizes::sequencesOf(Operation *op) const {
  auto attend = dyn_cast<ir::AttendOp>(op);
  Value offsets =
      attend && attend.getQ() ? ir::offsetsOf(attend.getQ()) : Value();
  auto type =
      offsets ? dyn_cast<ir::TensorType>(offsets.getType()) : ir::TensorType();
  if (!type)
    return 1;
  ScalarRef entries = type.getShape()[0].toScalar();
  return std::max<int64_t>(evaluateInt(entries, known).value_or(2) - 1, 1);
}

void RepresentativeSizes::choose(Operation *op,
                                 const std::vector<ScalarRef> &extents) {
  auto kernel = op->getParentOfType<ir::KernelOp>();
  if (!kernel)
    return;
  if (kernel.getExample())
    for (NamedAttribute size : kernel.getExampleAttr())
      if (auto value = dyn_cast<IntegerAttr>(size.getValue()))
        known[size.getName().str()] = value.getInt();
  const int64_t plane[] = {64, 128}, space[] = {16, 16, 32};
  for (size_t k = 0; k < extents.size(); ++k)
    if (extents[k]->kind == ScalarKind::Dimension && extents.size() <= 3 &&
        extents.size() >= 2)
      known.try_emplace(extents[k]->name,
                        extents.size() == 2 ? plane[k] : space[k]);
  for (Attribute name : kernel.getDimensions())
    known.try_emplace(cast<StringAttr>(name).getValue().str(), tokens);
}

int64_t RepresentativeSizes::valueOf(const ScalarRef &expression) const {
  return evaluateInt(expression, known).value_or(unknown);
}

ParameterValues RepresentativeSizes::parameters(const PatternFacts &facts,
                                                const ScalarRef &q0) const {
  std::map<std::string, int64_t> values;
  int64_t start = q0 ? valueOf(q0) : keys - queries;
  for (size_t k = 0; k < facts.parameters.size(); ++k) {
    const ScalarRef &value = facts.parameterValues[k];
    bool isStart = value->kind == ScalarKind::Variable && value->name == "q0";
    values[facts.parameters[k]] = isStart ? start : valueOf(value);
  }
  return [values](const std::string &name) {
    auto found = values.find(name);
    return found != values.end() ? found->second : unknown;
  };
}

std::string exampleOf(Operation *op) {
  std::string text;
  auto kernel = op->getParentOfType<ir::KernelOp>();
  if (!kernel || !kernel.getExample())
    return text;
  for (NamedAttribute size : kernel.getExampleAttr())
    if (auto value = dyn_cast<IntegerAttr>(size.getValue()))
      text += (text.empty() ? "" : ", ") + size.getName().str() + " = " +
              std::to_string(value.getInt());
  return text;
}

} // namespace effattn
