//===- Parts.cpp - trees of attend, merge, rows, by_heads -----------------===//

#include "lib/Lowering/Parts.h"

#include "dialect/Convert.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace effattn {

bool isCombination(Operation *op) {
  return isa_and_nonnull<ir::AttendOp, ir::MergeOp, ir::RowsOp, ir::ByHeadsOp>(
      op);
}

/// Tables and index sets that the pattern of an attend, or the one outside of a
/// draw, reads.
template <typename Op> static SmallVector<Value> tablesOf(Op op) {
  std::optional<ir::AttendParts> parts = partsOf(op);
  if (!parts)
    return {};
  const ir::ConvertedOperands &operands = parts->operands();
  SmallVector<Value> all(operands.tables);
  llvm::append_range(all, operands.keySets);
  llvm::append_range(all, operands.querySets);
  return all;
}

static SmallVector<Value> tablesOfDraw(ir::DrawBlocksOp op) {
  return op.getFacts() ? tablesOf(op) : SmallVector<Value>();
}

/// Users come after what they use: going backwards, all uses of an operation
/// are known when it is met.
Demand::Demand(ir::KernelOp kernel) {
  for (Operation &op : llvm::reverse(kernel.getEntry())) {
    if (auto result = dyn_cast<ir::ReturnOp>(&op)) {
      for (Value value : result.getResults())
        use(value);
      continue;
    }
    bool isTensor = llvm::any_of(op.getResultTypes(), [](Type type) {
      return isa<ir::TensorType, ir::IndexSetType>(type);
    });
    if (isTensor)
      visit(&op);
  }
}

void Demand::use(Value value) {
  read.insert(value);
  if (Operation *op = value.getDefiningOp())
    computed.insert(op);
}

void Demand::usePart(Value output, Value lse, bool plain, bool filtered) {
  Operation *op = output.getDefiningOp();
  if (!isCombination(op)) {
    use(output);
    use(lse);
    return;
  }
  Uses &known = uses[op];
  known.parts += plain;
  known.inTree = true;
  known.plain |= plain;
  known.filtered |= filtered;
}

void Demand::visit(Operation *op) {
  Uses known = uses.lookup(op);
  // A part of several trees is computed once for all that take all its rows.
  if (known.parts > 1)
    computed.insert(op);
  bool isRoot = computed.contains(op);
  if (!isRoot && !known.inTree)
    return;
  if (isRoot && known.parts > 0)
    read.insert_range(op->getResults());
  bool plain = isRoot || known.plain;
  if (auto attend = dyn_cast<ir::AttendOp>(op)) {
    for (Value operand : {attend.getQ(), attend.getK(), attend.getV()})
      use(operand);
    for (Value table : tablesOf(attend))
      use(table);
  } else if (auto draw = dyn_cast<ir::DrawBlocksOp>(op)) {
    for (Value table : tablesOfDraw(draw))
      use(table);
  } else if (auto merge = dyn_cast<ir::MergeOp>(op)) {
    for (auto [output, lse] : llvm::zip(merge.getOutputs(), merge.getLses()))
      usePart(output, lse, plain, known.filtered);
  } else if (auto heads = dyn_cast<ir::ByHeadsOp>(op)) {
    for (auto [output, lse] : llvm::zip(heads.getOutputs(), heads.getLses()))
      usePart(output, lse, false, true);
  } else if (auto rows = dyn_cast<ir::RowsOp>(op)) {
    usePart(rows.getThenOutput(), rows.getThenLse(), false, true);
    if (rows.getElseOutput())
      usePart(rows.getElseOutput(), rows.getElseLse(), false, true);
  } else {
    for (Value operand : op->getOperands())
      if (isa<ir::TensorType, ir::IndexSetType>(operand.getType()))
        use(operand);
  }
}

namespace {

/// Layers over disjoint rows or heads, pairwise one layer.
std::vector<Layer> beside(std::vector<Layer> a, std::vector<Layer> b) {
  if (a.size() < b.size())
    a.swap(b);
  for (size_t k = 0; k < a.size(); ++k) {
    if (k >= b.size()) {
      a[k].covers = false;
      continue;
    }
    llvm::append_range(a[k].leaves, b[k].leaves);
    a[k].covers = a[k].covers && b[k].covers;
  }
  return a;
}

} // namespace

std::vector<Layer> Demand::expandRows(ir::RowsOp op, const Place &place) const {
  auto inSet = [&](bool keep) {
    Place inside = place;
    inside.filters.push_back({op.getSet(), keep});
    return inside;
  };
  std::vector<Layer> kept =
      layersOf(op.getThenOutput(), op.getThenLse(), inSet(true));
  std::vector<Layer> others;
  if (op.getElseOutput())
    others = layersOf(op.getElseOutput(), op.getElseLse(), inSet(false));
  return beside(std::move(kept), std::move(others));
}

std::vector<Layer> Demand::expand(Operation *op, const Place &place) const {
  if (auto attend = dyn_cast<ir::AttendOp>(op)) {
    bool covers = place.byHeads || !attend.getHeads();
    return {Layer{{{attend, place.filters}}, covers, {}, {}}};
  }
  if (auto merge = dyn_cast<ir::MergeOp>(op)) {
    std::vector<Layer> all;
    for (auto [output, lse] : llvm::zip(merge.getOutputs(), merge.getLses()))
      llvm::append_range(all, layersOf(output, lse, place));
    return all;
  }
  if (auto rows = dyn_cast<ir::RowsOp>(op))
    return expandRows(rows, place);
  auto heads = cast<ir::ByHeadsOp>(op);
  Place inside = place;
  inside.byHeads = true;
  std::vector<Layer> all;
  bool isFirst = true;
  for (auto [output, lse] : llvm::zip(heads.getOutputs(), heads.getLses())) {
    std::vector<Layer> part = layersOf(output, lse, inside);
    all = isFirst ? part : beside(std::move(all), std::move(part));
    isFirst = false;
  }
  return all;
}

std::vector<Layer> Demand::layersOf(Value output, Value lse,
                                    const Place &place) const {
  Operation *op = output.getDefiningOp();
  if (isCombination(op) && !(place.isWhole() && computed.contains(op)))
    return expand(op, place);
  return {Layer{{}, true, output, lse}};
}

std::vector<Layer> Demand::layers(Operation *op) const {
  return expand(op, {});
}

SmallVector<Value, 0> Demand::reads(Operation *op) const {
  llvm::SetVector<Value> all;
  auto add = [&](Value value) {
    if (isa<ir::TensorType, ir::IndexSetType>(value.getType()))
      all.insert(value);
  };
  if (auto draw = dyn_cast<ir::DrawBlocksOp>(op)) {
    llvm::for_each(tablesOfDraw(draw), add);
    return all.takeVector();
  }
  if (!isCombination(op)) {
    llvm::for_each(op->getOperands(), add);
    return all.takeVector();
  }
  for (const Layer &layer : layers(op)) {
    if (layer.output) {
      add(layer.output);
      add(layer.lse);
    }
    for (const Leaf &leaf : layer.leaves) {
      ir::AttendOp attend = leaf.attend;
      for (Value operand : {attend.getQ(), attend.getK(), attend.getV()})
        add(operand);
      llvm::for_each(tablesOf(attend), add);
    }
  }
  return all.takeVector();
}

} // namespace effattn
