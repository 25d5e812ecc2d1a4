//===- Kernel.cpp - the host program of one kernel ------------------------===//
//
// Operations whose tensors something reads are computed in the order of the
// source, each into a result of the kernel where it is returned, else into a
// temporary that is released after its last use.
//
//===----------------------------------------------------------------------===//

#include "lib/Lowering/Kernel.h"

#include "dialect/Convert.h"
#include "lib/Lowering/AttendNames.h"
#include "lib/Lowering/HostBuilder.h"
#include "lib/Lowering/Signature.h"
#include "lib/Transforms/Facts.h"
#include "runtime/include/effattn/host.h"

#include <fmt/format.h>

#include <limits>

using namespace mlir;

namespace effattn {

namespace {

std::string signatureOf(const StepSpec &spec) {
  std::string text = spec.step;
  auto add = [&](const TensorType &type) {
    text += fmt::format("|{}", spelling(type.element));
    for (const ScalarRef &size : type.shape)
      text += "," + toString(size);
  };
  for (const TensorType &type : spec.operands)
    add(type);
  add(spec.result);
  for (int64_t integer : spec.integers)
    text += fmt::format("|{}", integer);
  for (double real : spec.reals)
    text += fmt::format("|{}", real);
  return text;
}

/// All axes but the last; the last one where it is the only one and the step
/// does not work along it.
int parallelAxisOf(const StepSpec &spec) {
  int rank = spec.result.rank();
  return rank == 1 && spec.step == "softmax" ? rank : 0;
}

class KernelLowering {
public:
  KernelLowering(ir::KernelOp op, ModuleOp module, AttendLowering &attends)
      : op(op), module(module), attends(attends), demand(op) {}

  std::optional<LoweredKernel> run();

private:
  void assignResults();
  void findLastUses();
  bool compute(Operation *op);
  bool computeTree(Operation *op);
  bool computeStep(ir::StepOp op);
  bool computeNumber(Operation *op);
  bool computeOrder(ir::OrderTablesOp op);
  bool computeSetTokens(ir::SetTokensOp op);
  bool computeDraw(ir::DrawBlocksOp op);
  bool attendAll(const std::vector<Layer> &layers, int output, int lse);
  bool attend(const Leaf &leaf, int output, int lse, bool continues);
  void setTables(AttendCall &call, const AttendInputs &inputs) const;
  int attendNumber(ir::AttendOp op);
  bool allocate(Value value, int &slot);
  bool allocate(const TensorType &type, int &slot);
  void release(Operation *op);
  void returnResults();

  int slotOf(Value value) const {
    auto found = slots.find(value);
    return found == slots.end() ? -1 : found->second;
  }
  std::vector<int> slotsOf(ValueRange values) const {
    std::vector<int> all;
    for (Value value : values)
      all.push_back(slotOf(value));
    return all;
  }
  static TensorType typeOf(Value value) {
    if (auto set = dyn_cast<ir::IndexSetType>(value.getType()))
      return ir::toProgram(set);
    return ir::toProgram(cast<ir::TensorType>(value.getType()));
  }

  ir::KernelOp op;
  ModuleOp module;
  AttendLowering &attends;
  Demand demand;
  LoweredKernel kernel;
  std::optional<HostBuilder> host;
  llvm::DenseMap<Value, int> slots;
  llvm::DenseMap<Value, Operation *> lastUses;
  llvm::DenseMap<Operation *, int> attendNumbers;
  std::vector<AttendInputs> attendInputs;
  std::map<std::string, int> stepNumbers;
};

/// A value that is returned is computed where it goes; what is returned again,
/// and arguments, are copied at the end.
void KernelLowering::assignResults() {
  auto result = cast<ir::ReturnOp>(op.getEntry().getTerminator());
  int slot = static_cast<int>(kernel.arguments.size());
  for (Value value : result.getResults())
    slots.try_emplace(value, slot++);
}

void KernelLowering::findLastUses() {
  for (Operation &one : op.getEntry()) {
    if (!demand.isComputed(&one))
      continue;
    for (Value result : one.getResults())
      lastUses[result] = &one;
    for (Value value : demand.reads(&one))
      lastUses[value] = &one;
  }
}

bool KernelLowering::allocate(const TensorType &type, int &slot) {
  slot = kernel.slots++;
  return host->allocate(slot, type);
}

bool KernelLowering::allocate(Value value, int &slot) {
  slot = slotOf(value);
  if (slot >= 0)
    return true;
  if (!allocate(typeOf(value), slot))
    return false;
  slots[value] = slot;
  return true;
}

/// Temporaries that `op` was the last to use.
void KernelLowering::release(Operation *op) {
  int firstTemporary =
      static_cast<int>(kernel.arguments.size() + kernel.results.size());
  SmallVector<Value, 0> done = demand.reads(op);
  llvm::append_range(done, op->getResults());
  for (Value value : done) {
    int slot = slotOf(value);
    if (slot >= firstTemporary && lastUses.lookup(value) == op) {
      host->release(slot);
      slots.erase(value);
    }
  }
}

int KernelLowering::attendNumber(ir::AttendOp attend) {
  auto found = attendNumbers.find(attend);
  if (found != attendNumbers.end())
    return found->second;
  int number = static_cast<int>(kernel.attends.size());
  AttendInputs inputs;
  auto lowered = attends.lower(
      attend, fmt::format("{}_attend{}", kernel.name, number), inputs);
  if (!lowered)
    return -1;
  kernel.attends.push_back(*lowered);
  attendInputs.push_back(inputs);
  return attendNumbers[attend] = number;
}

/// A bit for each key set, query set and row filter that leads by the batch.
static uint32_t batchSets(const AttendInputs &inputs,
                          ArrayRef<RowFilter> filters, ir::TensorType rows) {
  SmallVector<Value> sets(inputs.keySets);
  sets.append(inputs.querySets);
  for (const RowFilter &filter : filters)
    sets.push_back(filter.set);
  uint32_t bits = 0;
  for (auto [number, set] : llvm::enumerate(sets))
    if (number < 32 && leadsByBatch(set, rows))
      bits |= uint32_t(1) << number;
  return bits;
}

void KernelLowering::setTables(AttendCall &call,
                               const AttendInputs &inputs) const {
  call.keySets = slotsOf(inputs.keySets);
  call.querySets = slotsOf(inputs.querySets);
  call.tables = slotsOf(inputs.tables);
  call.integers = inputs.integers;
  call.floats = inputs.floats;
}

bool KernelLowering::attend(const Leaf &leaf, int output, int lse,
                            bool continues) {
  ir::AttendOp attend = leaf.attend;
  AttendCall call;
  call.attend = attendNumber(attend);
  if (call.attend < 0)
    return false;
  host->setLocation(attend.getLoc());
  const AttendInputs &inputs = attendInputs[call.attend];
  call.query = slotOf(attend.getQ());
  call.key = slotOf(attend.getK());
  call.value = slotOf(attend.getV());
  call.output = output;
  call.lse = lse;
  for (const RowFilter &filter : leaf.filters)
    call.filters.push_back({slotOf(filter.set), filter.keep});
  const ir::TensorType rows = attend.getOutput().getType();
  call.batchSets = batchSets(inputs, leaf.filters, rows);
  setTables(call, inputs);
  call.continues = continues;
  call.queryOrder = inputs.queryOrder ? slotOf(inputs.queryOrder) : -1;
  call.keyOrder = inputs.keyOrder ? slotOf(inputs.keyOrder) : -1;
  if (inputs.queryOrder)
    call.batchOrders = leadsByBatch(inputs.queryOrder, rows) |
                       leadsByBatch(inputs.keyOrder, rows) << 1;
  if (inputs.queryOffsets) {
    call.queryOffsets = slotOf(inputs.queryOffsets);
    call.keyOffsets = slotOf(inputs.keyOffsets);
    for (Value offsets : inputs.tableOffsets)
      call.tableOffsets.push_back(offsets ? slotOf(offsets) : -1);
    call.tableAxes.assign(inputs.tableAxes.begin(), inputs.tableAxes.end());
  }
  return host->attend(call);
}

/// Attends one after the other, each going on from those before it. The first
/// is one that has all rows, where there is one: then nothing need be filled.
bool KernelLowering::attendAll(const std::vector<Layer> &layers, int output,
                               int lse) {
  size_t first = 0;
  while (first < layers.size() && !layers[first].covers)
    ++first;
  if (first == layers.size()) {
    first = 0;
    host->fill(output, 0.0);
    if (lse >= 0)
      host->fill(lse, -std::numeric_limits<double>::infinity());
  }
  auto attendLayer = [&](const Layer &layer, bool continues) {
    return llvm::all_of(layer.leaves, [&](const Leaf &leaf) {
      return attend(leaf, output, lse, continues);
    });
  };
  if (!attendLayer(layers[first], false))
    return false;
  for (size_t k = 0; k < layers.size(); ++k)
    if (k != first && !attendLayer(layers[k], true))
      return false;
  return true;
}

bool KernelLowering::computeTree(Operation *op) {
  std::vector<Layer> attended;
  std::vector<int> outputs, lses, temporaries;
  for (Layer &layer : demand.layers(op)) {
    if (!layer.output) {
      attended.push_back(std::move(layer));
      continue;
    }
    outputs.push_back(slotOf(layer.output));
    lses.push_back(slotOf(layer.lse));
  }
  Value lseValue = op->getNumResults() > 1 ? op->getResult(1) : Value();
  int output = -1, lse = -1;
  if (!allocate(op->getResult(0), output))
    return false;
  if (lseValue && demand.isRead(lseValue) && !allocate(lseValue, lse))
    return false;
  TensorType outputType = typeOf(op->getResult(0));
  TensorType lseType = outputType;
  lseType.shape.pop_back();
  auto temporary = [&](const TensorType &type, int &slot) {
    if (!allocate(type, slot))
      return false;
    temporaries.push_back(slot);
    return true;
  };
  if (outputs.empty()) {
    int carried = lse;
    if (carried < 0 && attended.size() > 1 && !temporary(lseType, carried))
      return false;
    if (!attendAll(attended, output, carried))
      return false;
  } else {
    int partOutput = -1, partLse = -1;
    if (!attended.empty()) {
      if (!temporary(outputType, partOutput) || !temporary(lseType, partLse) ||
          !attendAll(attended, partOutput, partLse))
        return false;
      outputs.push_back(partOutput);
      lses.push_back(partLse);
    }
    host->setLocation(op->getLoc());
    host->merge(outputs, lses, output, lse);
  }
  for (int slot : temporaries)
    host->release(slot);
  return true;
}

bool KernelLowering::computeOrder(ir::OrderTablesOp order) {
  ir::ConvertedOperands operands;
  std::vector<ScalarRef> sizes;
  for (Value size : order.getSizes()) {
    sizes.push_back(scalarOf(size, operands));
    if (!sizes.back())
      return false;
  }
  effattn_order_kind kind = EFFATTN_ORDER_GIVEN;
  switch (order.getKind()) {
  case ir::OrderKind::Sort:
    kind = EFFATTN_ORDER_SORT;
    break;
  case ir::OrderKind::BlockRaster:
    kind = EFFATTN_ORDER_BLOCK_RASTER;
    break;
  case ir::OrderKind::ColumnMajor:
    kind = EFFATTN_ORDER_COLUMN_MAJOR;
    break;
  case ir::OrderKind::Given:
    break;
  }
  int tokens = -1, ranks = -1;
  return allocate(order.getTokens(), tokens) &&
         allocate(order.getRanks(), ranks) &&
         host->order(kind, order.getTable() ? slotOf(order.getTable()) : -1,
                     sizes, tokens, ranks);
}

bool KernelLowering::computeSetTokens(ir::SetTokensOp op) {
  int result = -1;
  if (!allocate(op.getResult(), result))
    return false;
  int byBatch = op.getSetByBatch() | op.getOrderByBatch() << 1;
  host->setTokens(slotOf(op.getSet()), slotOf(op.getTokens()), byBatch, result);
  return true;
}

bool KernelLowering::computeDraw(ir::DrawBlocksOp op) {
  AttendInputs inputs;
  int number = static_cast<int>(kernel.draws.size());
  auto lowered =
      attends.lower(op, fmt::format("{}_draw{}", kernel.name, number), inputs);
  if (!lowered)
    return false;
  kernel.draws.push_back(std::move(*lowered));
  AttendCall call;
  setTables(call, inputs);
  call.batchSets = batchSets(inputs, {}, op.getType());
  int slot = -1;
  return allocate(op.getResult(), slot) && host->draw(number, call, slot);
}

bool KernelLowering::computeStep(ir::StepOp step) {
  LoweredStep lowered;
  StepSpec &spec = lowered.spec;
  spec.step = step.getName().str();
  for (Value input : step.getInputs())
    spec.operands.push_back(typeOf(input));
  spec.result = typeOf(step.getResult(0));
  if (step.getIntegers())
    spec.integers = *step.getIntegers();
  if (step.getReals())
    spec.reals = *step.getReals();
  lowered.parallelAxis = parallelAxisOf(spec);
  int number = static_cast<int>(kernel.steps.size());
  auto [place, isNew] = stepNumbers.try_emplace(signatureOf(spec), number);
  if (isNew) {
    spec.name = fmt::format("{}_step{}", kernel.name, number);
    kernel.steps.push_back(lowered);
  }
  int result = -1;
  if (!allocate(step.getResult(0), result))
    return false;
  host->step(place->second, slotsOf(step.getInputs()), result);
  return true;
}

/// A number that broadcasts is a tensor of one element.
bool KernelLowering::computeNumber(Operation *op) {
  int slot = -1;
  if (!allocate(op->getResult(0), slot))
    return false;
  if (auto constant = dyn_cast<ir::ConstantOp>(op)) {
    host->fill(slot, constant.getValue().convertToDouble());
    return true;
  }
  ir::ConvertedOperands operands;
  ScalarRef value = scalarOf(cast<ir::SplatOp>(op).getValue(), operands);
  return value && host->fill(slot, value);
}

bool KernelLowering::compute(Operation *op) {
  host->setLocation(op->getLoc());
  bool done = false;
  if (isCombination(op))
    done = computeTree(op);
  else if (auto step = dyn_cast<ir::StepOp>(op))
    done = computeStep(step);
  else if (auto order = dyn_cast<ir::OrderTablesOp>(op))
    done = computeOrder(order);
  else if (auto set = dyn_cast<ir::SetTokensOp>(op))
    done = computeSetTokens(set);
  else if (auto draw = dyn_cast<ir::DrawBlocksOp>(op))
    done = computeDraw(draw);
  else if (isa<ir::ConstantOp, ir::SplatOp>(op))
    done = computeNumber(op);
  else
    emitError(op->getLoc())
        << "stage lower: unexpected operation '" << op->getName() << "'";
  if (done)
    release(op);
  return done;
}

void KernelLowering::returnResults() {
  auto result = cast<ir::ReturnOp>(op.getEntry().getTerminator());
  host->setLocation(result.getLoc());
  int slot = static_cast<int>(kernel.arguments.size());
  for (Value value : result.getResults()) {
    if (slotOf(value) != slot)
      host->copy(slotOf(value), slot);
    ++slot;
  }
}

std::optional<LoweredKernel> KernelLowering::run() {
  if (!describeKernel(op, kernel))
    return std::nullopt;
  for (BlockArgument argument : op.getEntry().getArguments())
    slots[argument] = static_cast<int>(argument.getArgNumber());
  assignResults();
  findLastUses();
  host.emplace(module, op.getLoc(), kernel.host, kernel);
  for (Operation &one : op.getEntry())
    if (demand.isComputed(&one) && !compute(&one))
      return std::nullopt;
  returnResults();
  host->finish();
  return std::move(kernel);
}

} // namespace

std::optional<LoweredKernel> lowerKernel(ir::KernelOp op, ModuleOp module,
                                         AttendLowering &attends) {
  return KernelLowering(op, module, attends).run();
}

} // namespace effattn
