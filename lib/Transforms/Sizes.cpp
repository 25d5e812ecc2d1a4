//===- Sizes.cpp - the sizes at which costs are compared ------------------===//

#include "lib/Transforms/Sizes.h"

#include <algorithm>

using namespace mlir;

namespace effattn {

namespace {

std::optional<int64_t> apply(const Scalar &node, int64_t a, int64_t b) {
  int64_t result = 0;
  auto checked = [&](bool overflows) -> std::optional<int64_t> {
    return overflows ? std::nullopt : std::optional(result);
  };
  switch (node.kind) {
  case ScalarKind::Add:
    return checked(__builtin_add_overflow(a, b, &result));
  case ScalarKind::Sub:
    return checked(__builtin_sub_overflow(a, b, &result));
  case ScalarKind::Mul:
    return checked(__builtin_mul_overflow(a, b, &result));
  case ScalarKind::Min:
    return std::min(a, b);
  case ScalarKind::Max:
    return std::max(a, b);
  case ScalarKind::FloorDiv:
  case ScalarKind::CeilDiv:
  case ScalarKind::Mod: {
    if (b < 1)
      return std::nullopt;
    int64_t quotient = a / b - (a % b < 0 ? 1 : 0);
    if (node.kind == ScalarKind::FloorDiv)
      return quotient;
    int64_t rest = a - quotient * b;
    return node.kind == ScalarKind::Mod ? rest : quotient + (rest > 0);
  }
  case ScalarKind::Less:
    return a < b;
  case ScalarKind::LessEqual:
    return a <= b;
  case ScalarKind::Equal:
    return a == b;
  case ScalarKind::NotEqual:
    return a != b;
  case ScalarKind::And:
    return a && b;
  case ScalarKind::Or:
    return a || b;
  default:
    return std::nullopt;
  }
}

/// Nothing where a leaf has no value, or on overflow.
std::optional<int64_t>
evaluateInt(const ScalarRef &root,
            const std::map<std::string, int64_t> &known) {
  if (root->isConstant())
    return root->integer;
  switch (root->kind) {
  case ScalarKind::Variable:
  case ScalarKind::Dimension:
  case ScalarKind::Argument: {
    const char *prefix = root->kind == ScalarKind::Variable ? "variable " : "";
    auto found = known.find(prefix + root->name);
    return found != known.end() ? std::optional(found->second) : std::nullopt;
  }
  default:
    break;
  }
  std::vector<int64_t> in;
  for (const ScalarRef &operand : root->operands) {
    auto value = evaluateInt(operand, known);
    if (!value || root->type == ScalarType::Float)
      return std::nullopt;
    in.push_back(*value);
  }
  if (root->kind == ScalarKind::Neg)
    return -in[0];
  if (root->kind == ScalarKind::Abs)
    return in[0] < 0 ? -in[0] : in[0];
  if (root->kind == ScalarKind::Not)
    return !in[0];
  if (root->kind == ScalarKind::Select)
    return in[0] ? in[1] : in[2];
  return in.size() == 2 ? apply(*root, in[0], in[1]) : std::nullopt;
}

ir::DimAttr tokenAxis(ir::TensorType type) {
  return type.getShape()[type.getRank() - 2];
}

} // namespace

RepresentativeSizes::RepresentativeSizes(
    Operation *op, const std::vector<ScalarRef> &extents) {
  choose(op, extents);
  ir::DimAttr n, m;
  if (auto attend = dyn_cast<ir::AttendOp>(op)) {
    n = tokenAxis(attend.getOutput().getType());
    m = tokenAxis(attend.getV().getType());
  } else {
    auto sums = cast<ir::ColumnSumsOp>(op);
    n = tokenAxis(sums.getQ().getType());
    m = tokenAxis(sums.getK().getType());
  }
  queries = evaluateInt(n.toScalar(), known).value_or(tokens);
  keys = evaluateInt(m.toScalar(), known).value_or(queries);
  if (!extents.empty()) {
    int64_t product = 1;
    for (const ScalarRef &extent : extents)
      product *= std::max<int64_t>(valueOf(extent), 1);
    queries = keys = product;
  }
  known["variable N"] = queries;
  known["variable M"] = keys;
  known["variable b"] = known["variable h"] = 0;
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
