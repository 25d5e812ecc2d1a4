//===- CausalityReach.cpp - reaches of arguments, steps and choices -------===//

#include "lib/Frontend/Steps.h"
#include "lib/Transforms/Causality.h"

#include <fmt/format.h>

using namespace mlir;

namespace effattn {

StreamReach atSlot(const StreamReach &reach, const ScalarRef &slot) {
  StreamReach result = reach;
  if (result.last)
    result.last = substitute(result.last, "t", slot);
  return result;
}

void add(ValueReach &all, const StreamReach &stream) {
  for (StreamReach &known : all.streams) {
    if (!equivalent(known.tokens, stream.tokens))
      continue;
    if (!known.last || (stream.last && equivalent(known.last, stream.last)))
      return;
    if (!stream.last)
      known = stream;
    else
      known.last = binary(ScalarKind::Max, known.last, stream.last);
    if (known.why.empty())
      known.why = stream.why, known.where = stream.where;
    return;
  }
  all.streams.push_back(stream);
}

void add(ValueReach &all, const ValueReach &more) {
  for (const StreamReach &stream : more.streams)
    add(all, stream);
  if (all.selection.empty())
    all.selection = more.selection;
  if (all.rounding.empty())
    all.rounding = more.rounding;
}

std::string placeOf(Location location) {
  if (auto line = location->findInstanceOf<FileLineColLoc>())
    return fmt::format("line {}", line.getLine());
  return "of the kernel";
}

ScalarRef tokensOf(Value value) {
  auto type = dyn_cast<ir::TensorType>(value.getType());
  if (!type)
    return nullptr;
  TensorType shape = ir::toProgram(type);
  bool isLse = false;
  if (auto result = dyn_cast<OpResult>(value))
    isLse = result.getResultNumber() == 1 &&
            isa<ir::AttendOp, ir::MergeOp, ir::RowsOp>(result.getOwner());
  int axis = shape.rank() - (isLse ? 1 : 2);
  return axis < 0 ? nullptr : shape.shape[axis];
}

namespace {

void addNames(const ScalarRef &length, std::vector<std::string> &names) {
  if (length)
    walk(length, [&](const Scalar &node) {
      if (node.kind == ScalarKind::Dimension &&
          !llvm::is_contained(names, node.name))
        names.push_back(node.name);
    });
}

} // namespace

Reaches::Reaches(ir::KernelOp kernel, uint64_t maxOperations)
    : kernel(kernel), maxOperations(maxOperations) {
  kernel.walk([&](Operation *op) {
    if (auto attend = dyn_cast<ir::AttendOp>(op))
      for (Value value : {attend.getQ(), attend.getK(), attend.getV()})
        if (value)
          addNames(tokensOf(value), tokenSizes);
    if (auto sums = dyn_cast<ir::ColumnSumsOp>(op))
      for (Value value : {sums.getQ(), sums.getK()})
        addNames(tokensOf(value), tokenSizes);
    if (auto step = dyn_cast<ir::StepOp>(op)) {
      hasShift |= step.getName() == "shift";
      // Sizes that only steps see, as the keys that a projection mixes.
      for (Value input : step.getInputs())
        if (isa<BlockArgument>(input))
          addNames(tokensOf(input), tokenSizes);
    }
  });
  // Results have tokens even where no attend does.
  for (Value result : kernel.getEntry().getTerminator()->getOperands())
    addNames(tokensOf(result), tokenSizes);
}

const ValueReach &Reaches::of(Value value) {
  auto place = known.find(value);
  if (place == known.end()) {
    ValueReach reach = find(value);
    place = known.try_emplace(value, std::move(reach)).first;
  }
  return place->second;
}

ValueReach Reaches::find(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return ofArgument(argument);
  Operation *op = value.getDefiningOp();
  if (auto step = dyn_cast<ir::StepOp>(op))
    return ofStep(step);
  if (auto attend = dyn_cast<ir::AttendOp>(op))
    if (auto parts = ir::partsOf(attend))
      return ofAttend(op, *parts, attend.getQ(), attend.getK(), attend.getV());
  if (auto sums = dyn_cast<ir::ColumnSumsOp>(op))
    if (auto parts = ir::partsOf(sums)) {
      // A sum over queries: slot j reads every query that sees it.
      ValueReach reach =
          ofAttend(op, *parts, sums.getQ(), sums.getK(), Value());
      for (StreamReach &stream : reach.streams) {
        stream.last = nullptr;
        stream.why = fmt::format("column_sums ({}) sums over all queries",
                                 placeOf(op->getLoc()));
        stream.where = op->getLoc();
      }
      return reach;
    }
  return ofOthers(op);
}

/// Floats with a token axis are tokens; integers, truth values, index sets,
/// scalars and weights count as given.
ValueReach Reaches::ofArgument(BlockArgument argument) {
  auto type = dyn_cast<ir::TensorType>(argument.getType());
  ScalarRef tokens = tokensOf(argument);
  if (!type || !tokens || !isa<FloatType>(type.getElementType()))
    return {};
  bool counts = contains(tokens, [&](const Scalar &node) {
    return node.kind == ScalarKind::Dimension &&
           llvm::is_contained(tokenSizes, node.name);
  });
  if (!counts)
    return {};
  ValueReach reach;
  reach.streams.push_back({tokens, variable("t"), "", std::nullopt});
  return reach;
}

/// Parts of one stream keep its tokens. Parts of two streams become one line:
/// the first part is the past of the second, as a memory is.
ValueReach Reaches::ofConcat(ir::StepOp op) {
  ScalarRef length = tokensOf(op.getInputs()[0]);
  ScalarRef isFirst = variable("t") < length;
  ValueReach parts[2] = {of(op.getInputs()[0]), of(op.getInputs()[1])};
  ValueReach reach;
  bool shared = false, plain = true;
  for (const StreamReach &a : parts[0].streams)
    for (const StreamReach &b : parts[1].streams)
      shared |= equivalent(a.tokens, b.tokens);
  for (ValueReach &part : parts)
    for (StreamReach &stream : part.streams)
      plain &= stream.last && equivalent(stream.last, variable("t"));
  if (!shared && plain && parts[0].readsTokens() && parts[1].readsTokens()) {
    add(reach, StreamReach{tokensOf(op.getResult(0)), variable("t"), "", {}});
    parts[0].streams.clear();
    parts[1].streams.clear();
  }
  for (int k = 0; k < 2; ++k) {
    for (StreamReach &stream : parts[k].streams) {
      if (!stream.last)
        continue;
      stream = atSlot(stream, k == 0 ? variable("t") : variable("t") - length);
      // A slot of one part reads nothing of the other.
      stream.last = k == 0 ? select(isFirst, stream.last, constantInt(-1))
                           : select(isFirst, constantInt(-1), stream.last);
      stream.where = op.getLoc();
      stream.why = fmt::format("step 'concat' ({}) puts tokens of one stream "
                               "side by side",
                               placeOf(op.getLoc()));
    }
    add(reach, parts[k]);
  }
  return reach;
}

ValueReach Reaches::ofStep(ir::StepOp op) {
  const Step *step = findStep(op.getName());
  if (op.getName() == "concat" && op.getInputs().size() == 2 &&
      tokensOf(op.getInputs()[0]))
    return ofConcat(op);
  std::vector<TensorType> types;
  for (Value input : op.getInputs()) {
    if (auto tensor = dyn_cast<ir::TensorType>(input.getType()))
      types.push_back(ir::toProgram(tensor));
    else if (auto set = dyn_cast<ir::IndexSetType>(input.getType()))
      types.push_back(ir::toProgram(set));
  }
  std::vector<int64_t> integers;
  if (auto constants = op.getIntegers())
    integers.assign(constants->begin(), constants->end());
  std::string name =
      fmt::format("step '{}' ({})", op.getName().str(), placeOf(op.getLoc()));
  ValueReach reach;
  for (unsigned k = 0; k < op.getInputs().size(); ++k) {
    const ValueReach operand = of(op.getInputs()[k]);
    ScalarRef slot = step && types.size() == op.getInputs().size()
                         ? greatestToken(*step, static_cast<int>(k), types,
                                         integers, variable("t"))
                         : nullptr;
    bool same = slot && equivalent(slot, variable("t"));
    ValueReach moved = operand;
    for (StreamReach &stream : moved.streams) {
      if (!stream.last || same)
        continue;
      if (slot)
        stream = atSlot(stream, slot);
      else
        stream.last = nullptr;
      stream.why = slot ? fmt::format("{} reads up to token {} for slot t",
                                      name, effattn::toString(stream.last))
                        : fmt::format("{} reads every token", name);
      stream.where = op.getLoc();
    }
    add(reach, moved);
  }
  return reach;
}

/// Choices among values slot by slot keep reaches; what is not known reads all.
ValueReach Reaches::ofOthers(Operation *op) {
  bool slotwise =
      isa<ir::MergeOp, ir::RowsOp, ir::AverageOp, ir::ConstantOp, ir::SplatOp>(
          op) ||
      op->getName().getStringRef() == "effattn.by_heads";
  ValueReach reach;
  for (Value operand : op->getOperands()) {
    ValueReach one = of(operand);
    bool isSet = isa<ir::IndexSetType>(operand.getType());
    if (slotwise && isSet && one.readsTokens() && one.selection.empty())
      one.selection = fmt::format(
          "the rows of '{}' ({}) are chosen by computed values",
          op->getName().stripDialect().str(), placeOf(op->getLoc()));
    if (!slotwise)
      for (StreamReach &stream : one.streams)
        if (stream.last) {
          stream.last = nullptr;
          stream.where = op->getLoc();
          stream.why = fmt::format("'{}' ({}) reads every token",
                                   op->getName().stripDialect().str(),
                                   placeOf(op->getLoc()));
        }
    add(reach, one);
  }
  if (isa<ir::LinearAttendOp>(op) && reach.rounding.empty())
    reach.rounding = fmt::format("linear_attend ({}) carries sums in blocks",
                                 placeOf(op->getLoc()));
  return reach;
}

} // namespace effattn
