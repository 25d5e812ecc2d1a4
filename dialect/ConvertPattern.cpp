//===- ConvertPattern.cpp - operations to patterns ------------------------===//

#include "dialect/Convert.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace effattn::ir {

namespace {

int numberOf(Value value, SmallVectorImpl<Value> &list) {
  auto place = llvm::find(list, value);
  if (place == list.end()) {
    list.push_back(value);
    return list.size() - 1;
  }
  return place - list.begin();
}

std::optional<PatternKind> kindOf(Operation *op) {
  return TypeSwitch<Operation *, std::optional<PatternKind>>(op)
      .Case<AllOp>([](auto) { return PatternKind::All; })
      .Case<NoneOp>([](auto) { return PatternKind::None; })
      .Case<CausalOp>([](auto) { return PatternKind::Causal; })
      .Case<WindowOp>([](auto) { return PatternKind::Window; })
      .Case<StrideOp>([](auto) { return PatternKind::Stride; })
      .Case<SameBlockOp>([](auto) { return PatternKind::SameBlock; })
      .Case<PrefixOp>([](auto) { return PatternKind::Prefix; })
      .Case<SegmentsOp>([](auto) { return PatternKind::Segments; })
      .Case<BlocksOp>([](auto) { return PatternKind::Blocks; })
      .Case<RandomBlocksOp>([](auto) { return PatternKind::RandomBlocks; })
      .Case<QueriesOp>([](auto) { return PatternKind::Queries; })
      .Case<KeysOp>([](auto) { return PatternKind::Keys; })
      .Case<ComprehensionOp>([](auto) { return PatternKind::Comprehension; })
      .Case<OnGridOp>([](auto) { return PatternKind::OnGrid; })
      .Case<InOrderOp>([](auto) { return PatternKind::InOrder; })
      .Case<HeadsOp>([](auto) { return PatternKind::Heads; })
      .Case<UnionOp>([](auto) { return PatternKind::Union; })
      .Case<IntersectOp>([](auto) { return PatternKind::Intersection; })
      .Case<DifferenceOp>([](auto) { return PatternKind::Difference; })
      .Case<ComplementOp>([](auto) { return PatternKind::Complement; })
      .Default([](Operation *) { return std::nullopt; });
}

effattn::OrderKind orderKind(OrderKind kind) {
  switch (kind) {
  case OrderKind::Sort:
    return effattn::OrderKind::Sort;
  case OrderKind::BlockRaster:
    return effattn::OrderKind::BlockRaster;
  case OrderKind::ColumnMajor:
    return effattn::OrderKind::ColumnMajor;
  case OrderKind::Given:
    return effattn::OrderKind::Given;
  }
  return effattn::OrderKind::Given;
}

} // namespace

Location Converter::locationOf(const Pattern *pattern,
                               Location otherwise) const {
  auto place = origins.find(pattern);
  return place == origins.end() ? otherwise : place->second->getLoc();
}

PatternRef Converter::pattern(Value value) {
  auto known = patterns.find(value);
  if (known != patterns.end())
    return known->second;
  constexpr int maxNesting = 1000;
  if (depth >= maxNesting) {
    emitError(value.getLoc())
        << "pattern nests more than " << maxNesting << " operations";
    return nullptr;
  }
  ++depth;
  PatternRef result = convertPattern(value);
  --depth;
  if (result)
    patterns[value] = result;
  return result;
}

bool Converter::readScalars(ValueRange values, std::vector<ScalarRef> &result) {
  for (Value value : values) {
    result.push_back(scalar(value));
    if (!result.back())
      return false;
  }
  return true;
}

bool Converter::readOrder(Value value, std::vector<Order> &orders) {
  auto op = value.getDefiningOp<OrderOp>();
  if (!op) {
    emitError(value.getLoc()) << "expected an order made by effattn.order";
    return false;
  }
  Order order{orderKind(op.getKind())};
  order.byBatch = op.getByBatch();
  if (op.getTable()) {
    order.table = numberOf(op.getTable(), operands.tables);
    order.tableRank = op.getTable().getType().getRank();
  }
  if (op.getTokens()) {
    order.tokenTable = numberOf(op.getTokens(), operands.tables);
    order.rankTable = numberOf(op.getRanks(), operands.tables);
    order.tableRank = op.getTokens().getType().getRank();
  }
  if (!readScalars(op.getSizes(), order.scalars))
    return false;
  orders.push_back(std::move(order));
  return true;
}

PatternRef Converter::convertPattern(Value value) {
  Operation *op = value.getDefiningOp();
  auto kind = op ? kindOf(op) : std::nullopt;
  if (!kind) {
    emitError(value.getLoc()) << "expected a pattern operation";
    return nullptr;
  }
  auto result = std::make_shared<Pattern>(*kind);
  origins[result.get()] = op;
  if (auto heads = dyn_cast<HeadsOp>(op))
    for (int64_t bound : heads.getBounds())
      result->scalars.push_back(constantInt(bound));
  if (auto inOrder = dyn_cast<InOrderOp>(op)) {
    if (!readOrder(inOrder.getQueryOrder(), result->orders))
      return nullptr;
    if (inOrder.getKeyOrder() != inOrder.getQueryOrder() &&
        !readOrder(inOrder.getKeyOrder(), result->orders))
      return nullptr;
  }
  for (Value operand : op->getOperands()) {
    Type type = operand.getType();
    if (isa<PatternType>(type)) {
      result->children.push_back(pattern(operand));
      if (!result->children.back())
        return nullptr;
    } else if (auto tensor = dyn_cast<TensorType>(type)) {
      result->table = numberOf(operand, operands.tables);
      result->tableRank = tensor.getRank();
    } else if (auto set = dyn_cast<IndexSetType>(type)) {
      bool ofKeys = isa<KeysOp>(op);
      result->table =
          numberOf(operand, ofKeys ? operands.keySets : operands.querySets);
      result->tableRank = set.getShape().size();
    } else if (!isa<OrderType>(type)) {
      if (!readScalars(operand, result->scalars))
        return nullptr;
    }
  }
  if (isa<ComprehensionOp, OnGridOp>(op)) {
    result->predicate = yielded(op->getRegion(0));
    if (!result->predicate)
      return nullptr;
  }
  return result;
}

PatternRef patternOf(Value value, ConvertedOperands &operands) {
  Converter converter;
  converter.operands = operands;
  PatternRef result = converter.pattern(value);
  operands = converter.operands;
  return result;
}

//===----------------------------------------------------------------------===//
// Attends
//===----------------------------------------------------------------------===//

namespace {

/// False after an error.
template <typename Op> bool readCommon(Op op, AttendParts &parts) {
  Converter &converter = parts.converter;
  parts.pattern = converter.pattern(op.getPattern());
  if (!parts.pattern)
    return false;
  parts.opaque = op.getFacts() && op.getFacts()->getOpaque().getValue();
  if (op.getScale() && !(parts.scale = converter.scalar(op.getScale())))
    return false;
  if (op.getQ0() && !(parts.q0 = converter.scalar(op.getQ0())))
    return false;
  return op.getScore().empty() ||
         (parts.score = converter.yielded(op.getScore()));
}

} // namespace

std::optional<AttendParts> partsOf(AttendOp op) {
  AttendParts parts;
  if (!readCommon(op, parts))
    return std::nullopt;
  if (!op.getLogits().empty() &&
      !(parts.logits = parts.converter.yielded(op.getLogits())))
    return std::nullopt;
  return parts;
}

std::optional<AttendParts> partsOf(ColumnSumsOp op) {
  AttendParts parts;
  if (!readCommon(op, parts))
    return std::nullopt;
  return parts;
}

std::optional<AttendParts> partsOf(DrawBlocksOp op) {
  AttendParts parts;
  parts.inTokens = true;
  parts.pattern = parts.converter.pattern(op.getOutside());
  parts.opaque = op.getFacts() && op.getFacts()->getOpaque().getValue();
  if (!parts.pattern ||
      (op.getQ0() && !(parts.q0 = parts.converter.scalar(op.getQ0()))))
    return std::nullopt;
  return parts;
}

} // namespace effattn::ir
