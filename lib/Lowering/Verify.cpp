//===- Verify.cpp - what lowering does not do yet -------------------------===//

#include "lib/Lowering/Lower.h"

#include "dialect/Convert.h"
#include "dialect/Ragged.h"
#include "lib/Lowering/Parts.h"
#include "runtime/include/effattn/kernel.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace effattn {

namespace {

constexpr int64_t leastDim = 16, mostDim = 256, dimUnit = 8;

LogicalResult refuse(Operation *op, const Twine &construct,
                     const Twine &supported) {
  return emitError(op->getLoc())
         << "not supported yet: " << construct << "; " << supported;
}

LogicalResult verifyType(Operation *op, Type type) {
  auto tensor = dyn_cast<ir::TensorType>(type);
  if (tensor && tensor.getRank() > EFFATTN_MAX_RANK)
    return refuse(op, Twine("a tensor of ") + Twine(tensor.getRank()) + " axes",
                  Twine("at most ") + Twine(EFFATTN_MAX_RANK) + " are");
  return success();
}

std::string textOf(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

LogicalResult verifyF32(Operation *op, const char *what, ValueRange values) {
  for (Value value : values) {
    auto tensor = dyn_cast<ir::TensorType>(value.getType());
    if (!tensor || !tensor.getElementType().isF32())
      return refuse(
          op,
          Twine(what) + " over " +
              textOf(tensor ? tensor.getElementType() : value.getType()),
          "f32 is");
  }
  return success();
}

LogicalResult verifyDim(Operation *op, ir::TensorType type, const char *what) {
  ir::DimAttr size = type.getShape().back();
  if (!size.isConstant())
    return refuse(op, Twine("an attend whose ") + what + " is bound at launch",
                  "a constant, for instance a `param`, is");
  if (size.getValue() >= leastDim && size.getValue() <= mostDim &&
      size.getValue() % dimUnit == 0)
    return success();
  return refuse(op,
                Twine("an attend with ") + Twine(size.getValue()) + " " + what,
                Twine("multiples of ") + Twine(dimUnit) + " from " +
                    Twine(leastDim) + " to " + Twine(mostDim) + " are");
}

LogicalResult verifyLookups(Operation *op, const ScalarRef &scalar,
                            const ir::ConvertedOperands &operands) {
  bool short_ = contains(scalar, [&](const Scalar &node) {
    if (node.kind != ScalarKind::Lookup)
      return false;
    auto type = dyn_cast<ir::TensorType>(operands.tables[node.table].getType());
    return type && type.getRank() != static_cast<int64_t>(node.operands.size());
  });
  return short_ ? refuse(op, "a look-up that leaves out axes of its table",
                         "all axes, with b and h, are")
                : success();
}

LogicalResult verifyScore(Operation *op, const ir::AttendParts &parts) {
  if (!parts.score)
    return success();
  bool member = contains(parts.score, [](const Scalar &node) {
    return node.kind == ScalarKind::KeyInSet ||
           node.kind == ScalarKind::QueryInSet;
  });
  if (member)
    return refuse(op, "membership in an index set inside a score",
                  "in patterns it is");
  return verifyLookups(op, parts.score, parts.operands());
}

LogicalResult verifyFacts(ir::AttendOp op) {
  if (!op.getFacts() || !op.getTiling())
    return emitError(op.getLoc())
           << "stage lower: expected an effattn.attend with facts and tiling, "
              "but got one without "
           << (op.getFacts() ? "tiling" : "facts");
  return success();
}

/// All tensors are cut, or none: k and v by the same offsets.
LogicalResult verifySequences(ir::AttendOp op, const ir::AttendParts &parts) {
  Value queries = ir::offsetsOf(op.getQ()), keys = ir::offsetsOf(op.getK());
  if (ir::offsetsOf(op.getV()) != keys || !queries != !keys)
    return refuse(op, "an attend of ragged and other tensors",
                  "q, k and v that are all ragged, or none, are");
  for (Value table : parts.operands().tables)
    if (Value offsets = ir::offsetsOf(table);
        offsets && offsets != queries && offsets != keys)
      return refuse(op, "a table of other sequences than those of the attend",
                    "tables of its sequences, or of positions, are");
  return success();
}

LogicalResult verifyAttend(ir::AttendOp op) {
  if (!op.getLogits().empty())
    return refuse(op, "an attend over `logits`", "q and k are");
  if (op.getSelectTop())
    return refuse(op, "`select = top(...)`", "all pairs of a pattern are");
  if (failed(verifyF32(op, "an attend", {op.getQ(), op.getK(), op.getV()})) ||
      failed(verifyDim(op, op.getQ().getType(), "channels of q and k")) ||
      failed(verifyDim(op, op.getV().getType(), "channels of v")) ||
      failed(verifyFacts(op)))
    return failure();
  std::optional<ir::AttendParts> parts = partsOf(op);
  if (!parts || failed(verifyScore(op, *parts)) ||
      failed(verifySequences(op, *parts)))
    return failure();
  const Pattern *unsupported = nullptr;
  ScalarRef known = predicate(parts->pattern, &unsupported);
  if (!known)
    return emitError(parts->converter.locationOf(unsupported, op.getLoc()))
           << "not supported yet: this pattern as a predicate over pairs";
  for (Value table : parts->operands().tables)
    if (failed(verifyType(op, table.getType())))
      return failure();
  return verifyLookups(op, known, parts->operands());
}

std::string nameOf(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return "an argument";
  if (auto step = dyn_cast<ir::StepOp>(op))
    return ("'" + step.getName() + "'").str();
  return ("'" + op->getName().stripDialect() + "'").str();
}

/// What is restricted to rows or heads is computed there: it cannot be a value
/// that exists already.
LogicalResult verifyPart(Operation *op, const char *what, Value part) {
  Operation *made = part.getDefiningOp();
  if (!isCombination(made))
    return refuse(op, Twine(what) + " of " + nameOf(part),
                  "attend, merge and rows are");
  if (auto merge = dyn_cast<ir::MergeOp>(made))
    for (Value one : merge.getOutputs())
      if (failed(verifyPart(op, what, one)))
        return failure();
  if (auto heads = dyn_cast<ir::ByHeadsOp>(made))
    for (Value one : heads.getOutputs())
      if (failed(verifyPart(op, what, one)))
        return failure();
  return success();
}

/// Attends of the part have the heads lo..hi.
LogicalResult verifyHeads(ir::ByHeadsOp op, Value part, int64_t low,
                          int64_t high) {
  Operation *made = part.getDefiningOp();
  if (auto attend = dyn_cast<ir::AttendOp>(made)) {
    auto heads = attend.getHeads();
    if (heads && (*heads)[0] == low && (*heads)[1] == high)
      return success();
    return emitError(op.getLoc())
           << "stage lower: expected attends of heads " << low << ".." << high
           << " in this part of effattn.by_heads";
  }
  SmallVector<Value> parts;
  if (auto merge = dyn_cast<ir::MergeOp>(made))
    llvm::append_range(parts, merge.getOutputs());
  else if (auto rows = dyn_cast<ir::RowsOp>(made))
    for (Value one : {rows.getThenOutput(), rows.getElseOutput()})
      if (one)
        parts.push_back(one);
  for (Value one : parts)
    if (failed(verifyHeads(op, one, low, high)))
      return failure();
  return success();
}

LogicalResult verifyByHeads(ir::ByHeadsOp op) {
  for (auto [number, part] : llvm::enumerate(op.getOutputs()))
    if (failed(verifyPart(op, "heads", part)) ||
        failed(verifyHeads(op, part, op.getBounds()[2 * number],
                           op.getBounds()[2 * number + 1])))
      return failure();
  return success();
}

LogicalResult verifyRows(ir::RowsOp op) {
  if (!isa<BlockArgument>(op.getSet()))
    return refuse(op, "rows of an index set that a step computes",
                  "an argument is");
  for (Value part : {op.getThenOutput(), op.getElseOutput()})
    if (part && failed(verifyPart(op, "rows", part)))
      return failure();
  return success();
}

LogicalResult verifyMerge(ir::MergeOp op) {
  if (op.getDuplicatesOnce())
    return refuse(op, "`duplicates = once`",
                  "a key that is in two parts counts twice");
  for (auto [output, lse] : llvm::zip(op.getOutputs(), op.getLses()))
    if (isCombination(output.getDefiningOp()) &&
        output.getDefiningOp() != lse.getDefiningOp())
      return refuse(op, "a merge of an output and the LSE of another attend",
                    "both of one part are");
  return verifyF32(op, "a merge", op.getOutputs());
}

LogicalResult verifyStep(ir::StepOp op) {
  if (op.getNumResults() != 1)
    return refuse(op, Twine("'") + op.getName() + "' with several results",
                  "one is");
  std::string name = ("'" + op.getName() + "'").str();
  if (llvm::any_of(op.getInputs(), ir::offsetsOf) && !ir::keepsSequences(op))
    return refuse(op, name + " of ragged tokens, which would mix sequences",
                  "elementwise steps, softmax along channels and matmul by "
                  "weights are");
  if (failed(verifyF32(op, name.c_str(), op.getInputs())))
    return failure();
  return verifyF32(op, name.c_str(), op.getResults());
}

LogicalResult verifyKernel(ir::KernelOp op) {
  for (BlockArgument argument : op.getEntry().getArguments())
    if (failed(verifyType(op, argument.getType())))
      return failure();
  return success();
}

LogicalResult verifyOne(Operation *op) {
  for (Type type : op->getResultTypes())
    if (failed(verifyType(op, type)))
      return failure();
  return TypeSwitch<Operation *, LogicalResult>(op)
      .Case([](ir::KernelOp kernel) { return verifyKernel(kernel); })
      .Case([](ir::AttendOp attend) { return verifyAttend(attend); })
      .Case([](ir::RowsOp rows) { return verifyRows(rows); })
      .Case([](ir::ByHeadsOp heads) { return verifyByHeads(heads); })
      .Case([](ir::MergeOp merge) { return verifyMerge(merge); })
      .Case([](ir::StepOp step) { return verifyStep(step); })
      .Case<ir::ColumnSumsOp, ir::AverageOp, ir::LinearAttendOp>(
          [](Operation *other) {
            return refuse(other, "'" + other->getName().stripDialect() + "'",
                          "attend, merge, rows and steps are");
          })
      .Default([](Operation *) { return success(); });
}

} // namespace

LogicalResult verifyLowerable(ModuleOp module) {
  bool failed = false;
  module.walk([&](Operation *op) { failed |= verifyOne(op).failed(); });
  return failure(failed);
}

} // namespace effattn
