//===- EffattnPatternOps.cpp - verifiers of pattern operations ------------===//

#include "dialect/Effattn.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace effattn::ir {

namespace {

/// Error where `value` is a constant below `least`.
LogicalResult verifyAtLeast(Operation *op, Value value, int64_t least,
                            StringRef what) {
  llvm::APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant)) && constant.slt(least))
    return op->emitOpError()
           << "expected a " << what << " of at least " << least << ", but got "
           << constant.getSExtValue() << " [S1]";
  return success();
}

/// The region has arguments b, h, i, j and yields a truth value.
LogicalResult verifyPredicate(Operation *op, Region &region) {
  Block &block = region.front();
  bool integers = llvm::all_of(block.getArgumentTypes(),
                               [](Type type) { return type.isInteger(64); });
  if (block.getNumArguments() != 4 || !integers)
    return op->emitOpError()
           << "expected a region with arguments b, h, i, j of type i64 [S1]";
  auto yield = dyn_cast_or_null<YieldOp>(
      block.mightHaveTerminator() ? block.getTerminator() : nullptr);
  if (!yield)
    return op->emitOpError() << "expected the region to end with effattn.yield";
  if (!yield.getValue().getType().isInteger(1)) {
    auto diagnostic = op->emitOpError()
                      << "expected the region to yield i1, but got "
                      << yield.getValue().getType() << " [S1]";
    diagnostic.attachNote(yield.getLoc()) << "yielded here";
    return diagnostic;
  }
  return success();
}

void namePredicateArguments(Region &region, OpAsmSetValueNameFn setName) {
  if (region.empty() || region.getNumArguments() != 4)
    return;
  const char *names[] = {"b", "h", "i", "j"};
  for (auto [argument, name] : llvm::zip(region.getArguments(), names))
    setName(argument, name);
}

LogicalResult verifyLabels(Operation *op, TensorType table, int64_t ownAxes,
                           bool isBool) {
  Type element = table.getElementType();
  bool right = isBool ? element.isInteger(1)
                      : isa<IntegerType>(element) && !element.isInteger(1);
  if (!right)
    return op->emitOpError()
           << "expected a table of " << (isBool ? "i1" : "integers")
           << ", but got " << table << " [S1]";
  if (table.getRank() < ownAxes || table.getRank() > ownAxes + 2)
    return op->emitOpError()
           << "expected a table of " << ownAxes << " to " << ownAxes + 2
           << " axes, but got " << table.getRank() << " [S1]";
  return success();
}

} // namespace

LogicalResult WindowOp::verify() {
  return verifyAtLeast(*this, getDilation(), 1, "dilation");
}

LogicalResult StrideOp::verify() {
  return verifyAtLeast(*this, getModulus(), 1, "stride");
}

LogicalResult SameBlockOp::verify() {
  return verifyAtLeast(*this, getSize(), 1, "block size");
}

LogicalResult SegmentsOp::verify() {
  return verifyLabels(*this, getTable().getType(), 1, false);
}

LogicalResult BlocksOp::verify() {
  if (failed(verifyAtLeast(*this, getSize(), 1, "block size")))
    return failure();
  return verifyLabels(*this, getTable().getType(), 2, true);
}

LogicalResult RandomBlocksOp::verify() {
  if (failed(verifyAtLeast(*this, getSize(), 1, "block size")))
    return failure();
  return verifyAtLeast(*this, getCount(), 0, "count");
}

LogicalResult ComprehensionOp::verify() {
  return verifyPredicate(*this, getBody());
}

void ComprehensionOp::getAsmBlockArgumentNames(Region &region,
                                               OpAsmSetValueNameFn setName) {
  namePredicateArguments(region, setName);
}

LogicalResult OnGridOp::verify() {
  size_t axes = getExtents().size();
  if (axes != 2 && axes != 3)
    return emitOpError() << "expected a grid of 2 or 3 axes, but got " << axes;
  for (Value extent : getExtents())
    if (failed(verifyAtLeast(*this, extent, 1, "grid extent")))
      return failure();
  return verifyPredicate(*this, getBody());
}

void OnGridOp::getAsmBlockArgumentNames(Region &region,
                                        OpAsmSetValueNameFn setName) {
  namePredicateArguments(region, setName);
}

LogicalResult OrderOp::verify() {
  OrderKind kind = getKind();
  bool needsTable = kind == OrderKind::Sort || kind == OrderKind::Given;
  if (needsTable != static_cast<bool>(getTable()))
    return emitOpError() << "expected " << (needsTable ? "a" : "no")
                         << " table for the order '" << stringifyOrderKind(kind)
                         << "'";
  size_t sizes = kind == OrderKind::BlockRaster   ? 4
                 : kind == OrderKind::ColumnMajor ? 2
                                                  : 0;
  if (getSizes().size() != sizes)
    return emitOpError() << "expected " << sizes << " sizes for the order '"
                         << stringifyOrderKind(kind) << "', but got "
                         << getSizes().size();
  for (Value size : getSizes())
    if (failed(verifyAtLeast(*this, size, 1, "size")))
      return failure();
  return success();
}

LogicalResult HeadsOp::verify() {
  ArrayRef<int64_t> bounds = getBounds();
  size_t patterns = getPatterns().size();
  if (patterns == 0 || bounds.size() != 2 * patterns)
    return emitOpError() << "expected two bounds for each pattern, but got "
                         << bounds.size() << " bounds for " << patterns
                         << " patterns [S1]";
  int64_t next = 0;
  for (size_t k = 0; k < patterns; ++k) {
    if (bounds[2 * k] != next)
      return emitOpError() << "expected range " << k << " to begin at head "
                           << next << ", but got " << bounds[2 * k] << " [S1]";
    next = bounds[2 * k + 1];
    if (next <= bounds[2 * k])
      return emitOpError() << "expected range " << k << " to end after head "
                           << bounds[2 * k] << ", but got " << next << " [S1]";
  }
  return success();
}

} // namespace effattn::ir
