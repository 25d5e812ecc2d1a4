//===- Ragged.cpp - which sequences a value is made of --------------------===//

#include "dialect/Ragged.h"

using namespace mlir;

namespace effattn::ir {

namespace {

Value argumentNamed(KernelOp kernel, StringRef name) {
  for (BlockArgument argument : kernel.getEntry().getArguments())
    if (kernel.getArgumentName(argument.getArgNumber()) == name)
      return argument;
  return {};
}

Value offsetsOfArgument(BlockArgument argument) {
  auto kernel = dyn_cast<KernelOp>(argument.getOwner()->getParentOp());
  if (!kernel || !kernel.getRaggedAttr())
    return {};
  auto offsets = kernel.getRaggedAttr().getAs<StringAttr>(
      kernel.getArgumentName(argument.getArgNumber()));
  return offsets ? argumentNamed(kernel, offsets.getValue()) : Value();
}

/// The tokens that `offsets` cuts, as lib/Frontend/CheckRagged.cpp finds them:
/// the axis before the last of the tensor of floats with most axes.
DimAttr tokensOf(BlockArgument offsets) {
  auto kernel = cast<KernelOp>(offsets.getOwner()->getParentOp());
  TensorType best, any;
  for (BlockArgument argument : kernel.getEntry().getArguments()) {
    auto type = dyn_cast<TensorType>(argument.getType());
    if (!type || type.getRank() == 0 || offsetsOfArgument(argument) != offsets)
      continue;
    if (!any)
      any = type;
    if (isa<FloatType>(type.getElementType()) && type.getRank() >= 2 &&
        (!best || type.getRank() > best.getRank()))
      best = type;
  }
  if (best)
    return best.getShape()[best.getRank() - 2];
  return any ? any.getShape().back() : DimAttr();
}

} // namespace

Value offsetsOf(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return offsetsOfArgument(argument);
  Operation *op = value.getDefiningOp();
  if (auto attend = dyn_cast<AttendOp>(op))
    return attend.getQ() ? offsetsOf(attend.getQ()) : Value();
  if (auto merge = dyn_cast<MergeOp>(op))
    return offsetsOf(merge.getOutputs().front());
  if (auto rows = dyn_cast<RowsOp>(op))
    return offsetsOf(rows.getThenOutput());
  if (auto heads = dyn_cast<ByHeadsOp>(op))
    return offsetsOf(heads.getOutputs().front());
  if (auto step = dyn_cast<StepOp>(op))
    for (Value input : step.getInputs())
      if (Value offsets = offsetsOf(input))
        return offsets;
  return {};
}

int64_t tokenAxisOf(Value value, Value offsets) {
  auto type = dyn_cast<TensorType>(value.getType());
  DimAttr tokens = tokensOf(cast<BlockArgument>(offsets));
  for (int64_t axis = 0; type && axis < type.getRank(); ++axis)
    if (type.getShape()[axis] == tokens)
      return axis;
  return -1;
}

bool keepsSequences(StepOp step) {
  StringRef name = step.getName();
  bool mixes = llvm::is_contained(
      {"concat", "take", "shift", "segment_mean", "transpose"}, name);
  if (name != "matmul" && name != "softmax" && name != "slice")
    return !mixes;
  Value x = step.getInputs().front(), offsets = offsetsOf(x);
  if (!offsets)
    return false;
  int64_t axis = tokenAxisOf(x, offsets);
  if (name == "slice")
    return step.getIntegers() && (*step.getIntegers())[0] != axis;
  int64_t rank = cast<TensorType>(x.getType()).getRank();
  return name == "softmax"
             ? axis != rank - 1
             : axis == rank - 2 && !offsetsOf(step.getInputs()[1]);
}

} // namespace effattn::ir
