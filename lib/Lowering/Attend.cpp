//===- Attend.cpp - one attend as a kernel specification ------------------===//

#include "lib/Lowering/Attend.h"

#include "lib/Analysis/Analysis.h"
#include "lib/Lowering/EmitRuns.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

using namespace mlir;

namespace effattn {

namespace {

/// Size of the axis `fromRight` (0: channels, 1: tokens).
ScalarRef sizeOf(ir::TensorType type, size_t fromRight) {
  return type.getShape()[type.getRank() - 1 - fromRight].toScalar();
}

/// Names of a kernel's parameters. `N` is the attend's number of queries; the
/// kernel's dimension N, which may be another number, is `dim.N`.
class Parameters {
public:
  explicit Parameters(AttendInputs &inputs) : inputs(inputs) {}

  std::vector<std::string> integers, floats;

  void addInteger(const std::string &name, const ScalarRef &value) {
    if (std::find(integers.begin(), integers.end(), name) != integers.end())
      return;
    integers.push_back(name);
    inputs.integers.push_back(value);
  }
  void addFloat(const std::string &name, const ScalarRef &value) {
    if (std::find(floats.begin(), floats.end(), name) != floats.end())
      return;
    floats.push_back(name);
    inputs.floats.push_back(value);
  }

  /// Number of the integer parameter that a parameter of the facts is.
  size_t find(ir::ParameterAttr parameter) {
    std::string symbol = parameter.getSymbol().str(), name = symbol;
    if (parameter.getKind() == ir::ParameterKind::Dimension)
      addInteger(name = "dim." + symbol, dimension(symbol));
    else if (parameter.getKind() == ir::ParameterKind::Argument)
      addInteger(name = "arg." + symbol, argument(symbol, ScalarType::Int));
    return std::find(integers.begin(), integers.end(), name) - integers.begin();
  }

  /// The expression over the parameters' names, and sets by their place in
  /// `keySets` and `querySets`.
  ScalarRef rename(const ScalarRef &scalar, ArrayRef<int64_t> keySets,
                   ArrayRef<int64_t> querySets) {
    return rewrite(scalar, [&](const ScalarRef &node) -> ScalarRef {
      switch (node->kind) {
      case ScalarKind::Dimension:
        addInteger("dim." + node->name, node);
        return dimension("dim." + node->name);
      case ScalarKind::Argument:
        if (node->type == ScalarType::Float)
          addFloat("arg." + node->name, node);
        else
          addInteger("arg." + node->name, node);
        return argument("arg." + node->name, node->type);
      case ScalarKind::KeyInSet:
        return keyInSet(place(keySets, node->table));
      case ScalarKind::QueryInSet:
        return queryInSet(place(querySets, node->table));
      default:
        return nullptr;
      }
    });
  }

private:
  static int place(ArrayRef<int64_t> sets, int64_t number) {
    return static_cast<int>(llvm::find(sets, number) - sets.begin());
  }

  AttendInputs &inputs;
};

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

/// In q0 and scale the attend's sizes, and its scale in a score, are names.
ScalarRef withSizes(ScalarRef scalar, const ScalarRef &n, const ScalarRef &m) {
  return substitute(substitute(std::move(scalar), "N", n), "M", m);
}

bool isEmpty(const RunNestRef &nest) {
  return !nest || (nest->kind == RunNest::Kind::Block &&
                   llvm::all_of(nest->children, isEmpty));
}

std::vector<TableSpec> tableSpecs(ArrayRef<Value> tables) {
  std::vector<TableSpec> specs;
  for (Value table : tables) {
    TableSpec spec;
    if (auto tensor = dyn_cast<ir::TensorType>(table.getType())) {
      spec.element = ir::toProgram(tensor.getElementType());
      spec.rank = static_cast<int>(tensor.getRank());
    } else {
      spec.element = ElementType::I32;
      spec.rank = static_cast<int>(
          cast<ir::IndexSetType>(table.getType()).getShape().size());
    }
    specs.push_back(spec);
  }
  return specs;
}

} // namespace

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

std::optional<LoweredAttend> AttendLowering::lower(ir::AttendOp op,
                                                   const std::string &name,
                                                   AttendInputs &inputs) {
  std::optional<ir::AttendParts> parts = partsOf(op);
  if (!parts)
    return std::nullopt;
  ir::FactsAttr facts = *op.getFacts();
  ir::TensorType q = op.getQ().getType(), v = op.getV().getType();
  ScalarRef n = sizeOf(q, 1), m = sizeOf(op.getK().getType(), 1);

  Parameters parameters(inputs);
  parameters.addInteger("N", n);
  parameters.addInteger("M", m);
  parameters.addInteger("q0", parts->q0 ? withSizes(parts->q0, n, m) : m - n);
  int64_t headDim = q.getShape().back().getValue();
  parameters.addFloat("scale", parts->scale
                                   ? withSizes(parts->scale, n, m)
                                   : constantFloat(1 / std::sqrt(headDim)));

  LoweredAttend attend;
  attend.source = sourceOf(op.getLoc());
  attend.tileRows = op.getTiling()->getRows();
  AttendSpec &spec = attend.spec;
  spec.name = name;
  spec.headDim = static_cast<int>(headDim);
  spec.valueDim = static_cast<int>(v.getShape().back().getValue());
  ArrayRef<int64_t> keySets = facts.getKeySets().asArrayRef(),
                    querySets = facts.getQuerySets().asArrayRef();
  spec.keySets = static_cast<int>(keySets.size());
  spec.querySets = static_cast<int>(querySets.size());
  if (!facts.getEmpty().getValue() && !facts.getDense().getValue())
    spec.predicate = parameters.rename(predicate(parts->pattern, nullptr),
                                       keySets, querySets);
  if (parts->score) {
    spec.score = parameters.rename(parts->score, {}, {});
    attend.scoresCanVanish = canVanish(spec.score);
  }
  std::vector<std::string> planned;
  for (ir::ParameterAttr parameter : facts.getParameters()) {
    size_t number = parameters.find(parameter);
    planned.resize(std::max(planned.size(), number + 1));
    planned[number] = parameter.getName().str();
  }
  spec.integers = parameters.integers;
  spec.floats = parameters.floats;
  const ir::ConvertedOperands &operands = parts->operands();
  spec.tables = tableSpecs(operands.tables);
  inputs.tables = operands.tables;
  for (int64_t set : keySets)
    inputs.keySets.push_back(operands.keySets[set]);
  for (int64_t set : querySets)
    inputs.querySets.push_back(operands.querySets[set]);

  auto cases = planner(op, name, planned);
  if (!cases)
    return std::nullopt;
  attend.cases = *cases;
  return attend;
}

std::optional<std::vector<LoweredCase>>
AttendLowering::planner(ir::AttendOp op, const std::string &name,
                        const std::vector<std::string> &parameters) {
  ir::FactsAttr facts = *op.getFacts();
  int64_t tileRows = op.getTiling()->getRows();
  auto key = std::make_pair(facts.getAsOpaquePointer(), parameters);
  auto found = known.find(key);
  if (found != known.end())
    return found->second;
  std::vector<LoweredCase> cases;
  for (ir::CaseAttr one : facts.getCases()) {
    std::string prefix = fmt::format("{}_case{}", name, cases.size());
    auto full =
        emit(op, prefix + "_full", one.getFull(), "t", tileRows, parameters);
    auto partial = emit(op, prefix + "_partial", one.getPartial(), "t",
                        tileRows, parameters);
    auto row = emit(op, prefix + "_row", one.getRow(), "i", 1, parameters);
    if (!full || !partial || !row)
      return std::nullopt;
    cases.push_back({*full, *partial, *row});
  }
  known[key] = cases;
  return cases;
}

std::optional<std::string>
AttendLowering::emit(ir::AttendOp op, const std::string &symbol, StringRef set,
                     const char *index, int64_t tileRows,
                     const std::vector<std::string> &parameters) {
  AnalysisFailure failure;
  std::vector<int64_t> moduli(op.getFacts()->getModuli().asArrayRef());
  RunNestRef nest = buildRuns(set.str(), index, moduli, &failure, tileRows);
  if (!nest) {
    emitError(op.getLoc()) << "no loops can be made for the columns of this "
                              "pattern: "
                           << failure.reason;
    return std::nullopt;
  }
  if (isEmpty(nest))
    return std::string();
  auto builder = OpBuilder::atBlockEnd(module.getBody());
  std::string unknown;
  if (emitRuns(builder, op.getLoc(), symbol, nest, parameters, index, &unknown))
    return symbol;
  emitError(op.getLoc()) << "the columns of this pattern depend on '" << unknown
                         << "', which is no parameter of the attend";
  return std::nullopt;
}

} // namespace effattn
