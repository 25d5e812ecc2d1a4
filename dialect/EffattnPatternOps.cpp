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

LogicalResult verifyOrder(Operation *op, OrderKind kind, Value table,
                          ValueRange given) {
  bool needsTable = kind == OrderKind::Sort || kind == OrderKind::Given;
  if (needsTable != static_cast<bool>(table))
    return op->emitOpError()
           << "expected " << (needsTable ? "a" : "no")
           << " table for the order '" << stringifyOrderKind(kind) << "'";
  size_t sizes = kind == OrderKind::BlockRaster   ? 4
                 : kind == OrderKind::ColumnMajor ? 2
                                                  : 0;
  if (given.size() != sizes)
    return op->emitOpError()
           << "expected " << sizes << " sizes for the order '"
           << stringifyOrderKind(kind) << "', but got " << given.size();
  for (Value size : given)
    if (failed(verifyAtLeast(op, size, 1, "size")))
      return failure();
  return success();
}

/// Both i32 of one shape: that of the table that orders, or one axis.
LogicalResult verifyOrderTables(Operation *op, TypedValue<TensorType> table,
                                TensorType tokens, TensorType ranks) {
  for (TensorType type : {tokens, ranks}) {
    if (!type.getElementType().isInteger(32))
      return op->emitOpError()
             << "expected tables of i32, but got " << type << " [S1]";
    int64_t rank = table ? table.getType().getRank() : 1;
    if (type.getRank() != rank)
      return op->emitOpError() << "expected tables of " << rank
                               << " axes, but got " << type << " [S1]";
  }
  if (!tokens.mayEqual(ranks))
    return op->emitOpError() << "expected tables of one type, but got "
                             << tokens << " and " << ranks;
  return success();
}

/// i32[heads, blocks, count] or i32[batch, heads, blocks, count]
LogicalResult verifyDrawn(Operation *op, TensorType type) {
  if (!type.getElementType().isInteger(32) || type.getRank() < 3 ||
      type.getRank() > 4)
    return op->emitOpError()
           << "expected drawn blocks of type i32 with axes heads, query "
              "blocks, count, or batch before them, but got "
           << type << " [S7]";
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
  if (failed(verifyAtLeast(*this, getCount(), 0, "count")))
    return failure();
  return getDrawn() ? verifyDrawn(*this, getDrawn().getType()) : success();
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
  if (failed(verifyOrder(*this, getKind(), getTable(), getSizes())))
    return failure();
  if (static_cast<bool>(getTokens()) != static_cast<bool>(getRanks()))
    return emitOpError() << "expected tables of tokens and of ranks, or none";
  if (getByBatch() && (!getTable() || getTable().getType().getRank() != 2))
    return emitOpError() << "expected a table of two axes, the batch and the "
                            "tokens, with 'by_batch'";
  return getTokens()
             ? verifyOrderTables(*this, getTable(), getTokens().getType(),
                                 getRanks().getType())
             : success();
}

LogicalResult OrderTablesOp::verify() {
  if (failed(verifyOrder(*this, getKind(), getTable(), getSizes())))
    return failure();
  return verifyOrderTables(*this, getTable(), getTokens().getType(),
                           getRanks().getType());
}

void OrderTablesOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  setName(getTokens(), "tokens");
  setName(getRanks(), "ranks");
}

DimAttr SetTokensOp::batchOf(ArrayRef<DimAttr> shape, bool byBatch) {
  return shape.size() > 2 || (shape.size() == 2 && byBatch) ? shape[0]
                                                            : DimAttr();
}

DimAttr SetTokensOp::headsOf(ArrayRef<DimAttr> shape, bool byBatch) {
  return shape.size() > 2                ? shape[1]
         : shape.size() == 2 && !byBatch ? shape[0]
                                         : DimAttr();
}

IndexSetType SetTokensOp::typeOf(IndexSetType set, TensorType tokens,
                                 bool setByBatch, bool orderByBatch) {
  DimAttr one = DimAttr::constant(set.getContext(), 1);
  SmallVector<DimAttr> shape;
  // A length of 1 gives way to the other one.
  auto add = [&](DimAttr own, DimAttr other) {
    if (DimAttr axis = !own || (own == one && other) ? other : own)
      shape.push_back(axis);
  };
  add(batchOf(set.getShape(), setByBatch),
      batchOf(tokens.getShape(), orderByBatch));
  add(headsOf(set.getShape(), setByBatch),
      headsOf(tokens.getShape(), orderByBatch));
  shape.push_back(set.getShape().back());
  return IndexSetType::get(set.getContext(), shape, set.getBound());
}

LogicalResult SetTokensOp::verify() {
  TensorType tokens = getTokens().getType();
  IndexSetType set = getSet().getType();
  if (!tokens.getElementType().isInteger(32) || tokens.getRank() < 1 ||
      tokens.getRank() > 3)
    return emitOpError() << "expected a table of i32, the tokens of each rank, "
                            "but got "
                         << tokens << " [S1]";
  if (set.getShape().empty() || set.getShape().size() > 3)
    return emitOpError() << "expected sets for all, by batch and by head, but "
                            "got "
                         << set << " [S1]";
  IndexSetType expected =
      typeOf(set, tokens, getSetByBatch(), getOrderByBatch());
  if (getType() != expected)
    return emitOpError() << "expected the result to be " << expected
                         << ", but got " << getType() << " [S1]";
  return success();
}

LogicalResult DrawBlocksOp::verify() {
  if (static_cast<int64_t>(getSize()) < 1)
    return emitOpError() << "expected blocks of at least 1 token, but got "
                         << static_cast<int64_t>(getSize()) << " [S7]";
  if (static_cast<int64_t>(getCount()) < 0)
    return emitOpError() << "expected a count of at least 0, but got "
                         << static_cast<int64_t>(getCount()) << " [S7]";
  if ((getTouched() || getFacts()) && !getOutside())
    return emitOpError() << "has touched blocks without a pattern outside";
  if (getTouched() && getFacts())
    return emitOpError() << "has both touched blocks and facts to find them";
  return verifyDrawn(*this, getType());
}

LogicalResult HeadsOp::verify() {
  return verifyHeadRanges(*this, getBounds(), getPatterns().size(), "pattern");
}

LogicalResult verifyHeadRanges(Operation *op, ArrayRef<int64_t> bounds,
                               size_t parts, StringRef what) {
  if (parts == 0 || bounds.size() != 2 * parts)
    return op->emitOpError() << "expected two bounds for each " << what
                             << ", but got " << bounds.size() << " bounds for "
                             << parts << " " << what << "s [S1]";
  int64_t next = 0;
  for (size_t k = 0; k < parts; ++k) {
    if (bounds[2 * k] != next)
      return op->emitOpError()
             << "expected range " << k << " to begin at head " << next
             << ", but got " << bounds[2 * k] << " [S1]";
    next = bounds[2 * k + 1];
    if (next <= bounds[2 * k])
      return op->emitOpError()
             << "expected range " << k << " to end after head " << bounds[2 * k]
             << ", but got " << next << " [S1]";
  }
  return success();
}

} // namespace effattn::ir
