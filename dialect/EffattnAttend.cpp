//===- EffattnAttend.cpp - verifiers of attention operations --------------===//

#include "dialect/Effattn.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace effattn::ir {

//===----------------------------------------------------------------------===//
// Shared checks
//===----------------------------------------------------------------------===//

namespace {

/// Size of the axis `fromRight` (0: channels, 1: tokens, 2: heads, 3: batch).
DimAttr axis(TensorType type, int64_t fromRight) {
  int64_t rank = type.getRank();
  return fromRight < rank ? type.getShape()[rank - 1 - fromRight] : DimAttr();
}

LogicalResult verifyAxis(Operation *op, TensorType left, StringRef leftName,
                         TensorType right, StringRef rightName,
                         int64_t fromRight, StringRef what, StringRef rule) {
  DimAttr a = axis(left, fromRight), b = axis(right, fromRight);
  if (!a || !b || a.mayEqual(b))
    return success();
  std::string first, second;
  llvm::raw_string_ostream firstStream(first), secondStream(second);
  a.printExpression(firstStream);
  b.printExpression(secondStream);
  return op->emitOpError() << "expected as many " << what << " in " << rightName
                           << " as in " << leftName << ", but got " << second
                           << " and " << first << " " << rule;
}

/// Constant key heads divide constant query heads.
LogicalResult verifyHeads(Operation *op, TensorType queries, TensorType keys,
                          StringRef name) {
  DimAttr q = axis(queries, 2), k = axis(keys, 2);
  if (!q || !k || !q.isConstant() || !k.isConstant())
    return success();
  if (k.getValue() == 0 ? q.getValue() == 0 : q.getValue() % k.getValue() == 0)
    return success();
  return op->emitOpError() << "expected the heads of " << name
                           << " to divide the " << q.getValue()
                           << " heads of q, but got " << k.getValue()
                           << " [S1]";
}

LogicalResult verifyTokens(Operation *op, TensorType type, StringRef name) {
  if (type.getRank() < 2 || type.getRank() > 4)
    return op->emitOpError() << "expected " << name
                             << " of 2 to 4 axes (batch, heads, tokens, "
                                "channels), but got "
                             << type;
  if (!isa<FloatType>(type.getElementType()))
    return op->emitOpError()
           << "expected " << name << " of floats, but got " << type;
  return success();
}

LogicalResult verifyQueriesAndKeys(Operation *op, TensorType q, TensorType k) {
  if (failed(verifyTokens(op, q, "q")) || failed(verifyTokens(op, k, "k")) ||
      failed(verifyAxis(op, q, "q", k, "k", 0, "channels", "[S1]")) ||
      failed(verifyHeads(op, q, k, "k")))
    return failure();
  return verifyAxis(op, q, "q", k, "k", 3, "batches", "[S1]");
}

/// A region over f64 s (with `logit`) and i64 b, h, i, j that yields f64.
LogicalResult verifyScore(Operation *op, Region &region, bool logit,
                          StringRef name) {
  if (region.empty())
    return success();
  auto fail = [&]() {
    return op->emitOpError()
           << "expected a " << name << " region over "
           << (logit ? "s of type f64 and b, h, i, j" : "b, h, i, j")
           << " of type i64 that yields f64 [S4]";
  };
  if (!region.hasOneBlock())
    return fail();
  Block &block = region.front();
  if (block.getNumArguments() != (logit ? 5 : 4))
    return fail();
  for (BlockArgument argument : block.getArguments()) {
    bool isLogit = logit && argument.getArgNumber() == 0;
    if (isLogit ? !argument.getType().isF64()
                : !argument.getType().isInteger(64))
      return fail();
  }
  auto yield = dyn_cast_or_null<YieldOp>(
      block.mightHaveTerminator() ? block.getTerminator() : nullptr);
  if (!yield || !yield.getValue().getType().isF64())
    return fail();
  return success();
}

void nameScoreArguments(Region &region, OpAsmSetValueNameFn setName) {
  if (region.empty())
    return;
  const char *names[] = {"s", "b", "h", "i", "j"};
  unsigned count = region.getNumArguments();
  if (count != 4 && count != 5)
    return;
  for (BlockArgument argument : region.getArguments())
    setName(argument, names[argument.getArgNumber() + (5 - count)]);
}

/// Tiles have a case for each assignment to the atoms of the facts, on the
/// grid of the facts.
LogicalResult verifyTiling(Operation *op, std::optional<FactsAttr> facts,
                           std::optional<TilingAttr> tiling) {
  if (!tiling)
    return success();
  if (!facts)
    return op->emitOpError() << "has a tiling without facts";
  bool hasCases = !tiling->getGathered().getValue() &&
                  tiling->getOrder() != RowOrder::ByLabel;
  if (hasCases && tiling->getCases().size() != facts->getCases().size())
    return op->emitOpError() << "expected " << facts->getCases().size()
                             << " cases of tiles, as its facts have, but got "
                             << tiling->getCases().size();
  if (tiling->getOrder() == RowOrder::Grid &&
      static_cast<size_t>(tiling->getShape().size()) !=
          facts->getExtents().size())
    return op->emitOpError()
           << "expected tiles of " << facts->getExtents().size()
           << " extents, as the grid has, but got "
           << tiling->getShape().size();
  if (tiling->getOrder() == RowOrder::ByLabel &&
      tiling->getRelation() >= facts->getRelations())
    return op->emitOpError()
           << "sorts rows by relation " << tiling->getRelation()
           << ", but its facts have " << facts->getRelations();
  return success();
}

/// A range of heads that there may be.
LogicalResult verifyHeadRange(AttendOp op) {
  std::optional<ArrayRef<int64_t>> heads = op.getHeads();
  if (!heads)
    return success();
  if (heads->size() != 2 || (*heads)[0] < 0 || (*heads)[1] <= (*heads)[0])
    return op.emitOpError() << "expected a range [low, high] of heads, but got "
                            << op.getHeadsAttr();
  DimAttr all = axis(op.getOutput().getType(), 2);
  int64_t most = !all ? 1 : all.isConstant() ? all.getValue() : (*heads)[1];
  if ((*heads)[1] > most)
    return op.emitOpError() << "expected a range within " << most
                            << " heads, but got " << op.getHeadsAttr();
  return success();
}

/// `lse` is f32 with the axes of `output` but the last.
LogicalResult verifyLse(Operation *op, TensorType output, TensorType lse) {
  ArrayRef<DimAttr> shape = output.getShape();
  auto expected = TensorType::get(op->getContext(),
                                  shape.empty() ? shape : shape.drop_back(),
                                  Float32Type::get(op->getContext()));
  if (!lse.mayEqual(expected))
    return op->emitOpError() << "expected an LSE of type " << expected
                             << ", but got " << lse << " [S3]";
  return success();
}

} // namespace

//===----------------------------------------------------------------------===//
// attend, column_sums
//===----------------------------------------------------------------------===//

LogicalResult AttendOp::verify() {
  if (static_cast<bool>(getQ()) != static_cast<bool>(getK()) ||
      static_cast<bool>(getQ()) != getLogits().empty())
    return emitOpError() << "expected q and k, or logits in place of both";
  TensorType v = getV().getType(), output = getOutput().getType();
  if (failed(verifyTokens(*this, v, "v")) ||
      failed(verifyTokens(*this, output, "the result")) ||
      failed(verifyScore(*this, getScore(), true, "score")) ||
      failed(verifyScore(*this, getLogits(), false, "logits")) ||
      failed(verifyLse(*this, output, getLse().getType())) ||
      failed(verifyAxis(*this, v, "v", output, "the result", 0, "channels",
                        "[S3]")))
    return failure();
  if (getSelectTop() && static_cast<int64_t>(*getSelectTop()) < 1)
    return emitOpError() << "expected to select at least 1 pair, but got "
                         << static_cast<int64_t>(*getSelectTop());
  if (failed(verifyHeadRange(*this)) ||
      failed(verifyTiling(*this, getFacts(), getTiling())))
    return failure();
  if (!getQ())
    return success();
  TensorType q = getQ().getType(), k = getK().getType();
  if (failed(verifyQueriesAndKeys(*this, q, k)) ||
      failed(verifyAxis(*this, k, "k", v, "v", 1, "tokens", "[S1]")) ||
      failed(verifyAxis(*this, k, "k", v, "v", 2, "heads", "[S1]")) ||
      failed(verifyAxis(*this, k, "k", v, "v", 3, "batches", "[S1]")))
    return failure();
  for (int64_t fromRight : {1, 2, 3})
    if (failed(verifyAxis(*this, q, "q", output, "the result", fromRight,
                          fromRight == 1   ? "tokens"
                          : fromRight == 2 ? "heads"
                                           : "batches",
                          "[S3]")))
      return failure();
  return success();
}

void AttendOp::getAsmBlockArgumentNames(Region &region,
                                        OpAsmSetValueNameFn setName) {
  nameScoreArguments(region, setName);
}

void AttendOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  setName(getOutput(), "o");
  setName(getLse(), "lse");
}

LogicalResult ColumnSumsOp::verify() {
  if (failed(verifyQueriesAndKeys(*this, getQ().getType(), getK().getType())))
    return failure();
  if (failed(verifyTiling(*this, getFacts(), getTiling())))
    return failure();
  return verifyScore(*this, getScore(), true, "score");
}

void ColumnSumsOp::getAsmBlockArgumentNames(Region &region,
                                            OpAsmSetValueNameFn setName) {
  nameScoreArguments(region, setName);
}

//===----------------------------------------------------------------------===//
// merge, by_heads, rows, average
//===----------------------------------------------------------------------===//

namespace {

/// Parts of a merge, or by heads: of the types of the results.
template <typename Op> LogicalResult verifyParts(Op op) {
  TensorType output = op.getOutput().getType();
  if (failed(verifyLse(op, output, op.getLse().getType())))
    return failure();
  for (auto [number, part] : llvm::enumerate(op.getOutputs())) {
    if (!cast<TensorType>(part.getType()).mayEqual(output))
      return op.emitOpError()
             << "expected part " << number << " of type " << output
             << ", but got " << part.getType() << " [S5]";
    if (failed(verifyLse(op, output,
                         cast<TensorType>(op.getLses()[number].getType()))))
      return failure();
  }
  return success();
}

} // namespace

LogicalResult MergeOp::verify() {
  if (getOutputs().empty())
    return emitOpError() << "expected at least one part [S5]";
  return verifyParts(*this);
}

LogicalResult ByHeadsOp::verify() {
  if (failed(verifyHeadRanges(*this, getBounds(), getOutputs().size(), "part")))
    return failure();
  return verifyParts(*this);
}

void ByHeadsOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  setName(getOutput(), "o");
  setName(getLse(), "lse");
}

/// A merge of one part is that part.
LogicalResult MergeOp::fold(FoldAdaptor,
                            SmallVectorImpl<OpFoldResult> &results) {
  if (getOutputs().size() != 1 ||
      getOutputs()[0].getType() != getOutput().getType() ||
      getLses()[0].getType() != getLse().getType())
    return failure();
  results.push_back(getOutputs()[0]);
  results.push_back(getLses()[0]);
  return success();
}

void MergeOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  setName(getOutput(), "o");
  setName(getLse(), "lse");
}

LogicalResult RowsOp::verify() {
  TensorType output = getOutput().getType();
  auto verifyPart = [&](TypedValue<TensorType> part,
                        StringRef name) -> LogicalResult {
    if (!part || part.getType().mayEqual(output))
      return success();
    return emitOpError() << "expected the " << name << " part of type "
                         << output << ", but got " << part.getType() << " [S1]";
  };
  if (failed(verifyPart(getThenOutput(), "first")) ||
      failed(verifyPart(getElseOutput(), "else")))
    return failure();
  bool hasLse = getThenLse() && (!getElseOutput() || getElseLse());
  if (static_cast<bool>(getLse()) && !hasLse)
    return emitOpError() << "expected no LSE result where a part has none [S3]";
  for (TypedValue<TensorType> lse : {getThenLse(), getElseLse(), getLse()})
    if (lse && failed(verifyLse(*this, output, lse.getType())))
      return failure();
  return success();
}

void RowsOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  setName(getOutput(), "o");
  if (getLse())
    setName(getLse(), "lse");
}

LogicalResult AverageOp::verify() {
  for (auto [number, part] : llvm::enumerate(getParts()))
    if (!cast<TensorType>(part.getType()).mayEqual(getOutput().getType()))
      return emitOpError() << "expected part " << number << " of type "
                           << getOutput().getType() << ", but got "
                           << part.getType();
  return success();
}

} // namespace effattn::ir
