//===- ProbeLaunch.cpp - a launch whose attends are only planned ----------===//

#include "lib/Driver/ProbeLaunch.h"

#include "runtime/src/context.h"
#include "runtime/src/host_internal.h"
#include "runtime/src/validate.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace effattn {

//===----------------------------------------------------------------------===//
// Context
//===----------------------------------------------------------------------===//

effattn_context *ProbeContext::get() {
  if (context)
    return context;
  effattn_options options = {};
  options.size = sizeof options;
  options.threads = 1;
  return effattn_context_create(&options, &context) ? nullptr : context;
}

ProbeContext::~ProbeContext() {
  if (context)
    effattn_context_destroy(context);
}

void ProbeContext::forget(const effattn_kernel &kernel) {
  effattn_context_forget(context, &kernel);
}

//===----------------------------------------------------------------------===//
// Slots
//===----------------------------------------------------------------------===//

/// `launch` comes first: the host program gets its address.
struct ProbeLaunch::Frame {
  effattn_launch launch = {};
  ProbeLaunch *self = nullptr;
  std::vector<effattn_slot> slots;
  /// Values of arguments in the form of the launch.
  std::vector<std::vector<char>> memory;
};

namespace {

template <typename Element>
void copyAs(const std::vector<double> &from, std::vector<char> &to) {
  to.resize(from.size() * sizeof(Element));
  for (size_t k = 0; k < from.size(); ++k) {
    Element value = static_cast<Element>(from[k]);
    std::memcpy(to.data() + k * sizeof(Element), &value, sizeof value);
  }
}

const llvm::fltSemantics &semanticsOf(bool brain) {
  return brain ? llvm::APFloat::BFloat() : llvm::APFloat::IEEEhalf();
}

void copyHalves(const std::vector<double> &from, bool brain,
                std::vector<char> &to) {
  to.resize(from.size() * sizeof(uint16_t));
  for (size_t k = 0; k < from.size(); ++k) {
    llvm::APFloat value(from[k]);
    bool isInexact;
    value.convert(semanticsOf(brain), llvm::APFloat::rmNearestTiesToEven,
                  &isInexact);
    auto bits = static_cast<uint16_t>(value.bitcastToAPInt().getZExtValue());
    std::memcpy(to.data() + k * sizeof bits, &bits, sizeof bits);
  }
}

double halfAt(uint16_t bits, bool brain) {
  llvm::APFloat value(semanticsOf(brain), llvm::APInt(16, bits));
  bool isInexact;
  value.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven,
                &isInexact);
  return value.convertToDouble();
}

void copyValues(const std::vector<double> &from, ElementType element,
                std::vector<char> &to) {
  switch (element) {
  case ElementType::F32:
    return copyAs<float>(from, to);
  case ElementType::F16:
  case ElementType::BF16:
    return copyHalves(from, element == ElementType::BF16, to);
  case ElementType::I8:
  case ElementType::Bool:
    return copyAs<int8_t>(from, to);
  case ElementType::I32:
    return copyAs<int32_t>(from, to);
  case ElementType::I64:
    return copyAs<int64_t>(from, to);
  }
}

double elementAt(const effattn_view &view, int64_t offset) {
  auto read = [&](auto element) {
    std::memcpy(&element,
                static_cast<const char *>(view.data) +
                    offset * int64_t(sizeof element),
                sizeof element);
    return static_cast<double>(element);
  };
  switch (view.element) {
  case EFFATTN_F32:
    return read(float());
  case EFFATTN_F16:
  case EFFATTN_BF16: {
    uint16_t bits;
    std::memcpy(&bits,
                static_cast<const char *>(view.data) +
                    offset * int64_t(sizeof bits),
                sizeof bits);
    return halfAt(bits, view.element == EFFATTN_BF16);
  }
  case EFFATTN_I8:
  case EFFATTN_BOOL:
    return read(int8_t());
  case EFFATTN_I32:
    return read(int32_t());
  case EFFATTN_I64:
    return read(int64_t());
  default:
    return 0;
  }
}

/// The tokens of one sequence of a ragged table.
effattn_view cutOf(const effattn_attend_run &run, uint32_t table,
                   int64_t sequence) {
  effattn_view view = run.tables[table];
  if (!run.sequences || !run.cuts[table].offsets)
    return view;
  const effattn_table_cut &cut = run.cuts[table];
  int64_t first = cut.offsets[sequence];
  view.shape[cut.axis] = cut.offsets[sequence + 1] - first;
  if (view.data)
    view.data =
        static_cast<char *>(view.data) +
        first * view.stride[cut.axis] * effattn_element_bytes(view.element);
  return view;
}

/// A copy of what a view shows; without values where it has no memory.
std::shared_ptr<const reference::Tensor> copyOf(const effattn_view &view) {
  auto copy = std::make_shared<reference::Tensor>();
  copy->shape.assign(view.shape, view.shape + view.rank);
  if (!view.data)
    return copy;
  int64_t count = copy->size();
  copy->data.resize(count);
  for (int64_t place = 0; place < count; ++place) {
    int64_t rest = place, offset = 0;
    for (uint32_t axis = view.rank; axis-- > 0;) {
      offset += rest % view.shape[axis] * view.stride[axis];
      rest /= view.shape[axis];
    }
    copy->data[place] = elementAt(view, offset);
  }
  return copy;
}

bool isFloat(uint32_t element) {
  return element == EFFATTN_F32 || element == EFFATTN_F16 ||
         element == EFFATTN_BF16;
}

llvm::Error failure(const std::string &message) {
  return llvm::createStringError(std::errc::invalid_argument, "%s",
                                 message.c_str());
}

} // namespace

//===----------------------------------------------------------------------===//
// Host functions
//===----------------------------------------------------------------------===//

namespace {

/// Floats are never computed, so they have no memory.
int32_t allocate(effattn_launch *launch, int32_t number, int32_t element,
                 int32_t rank, const int64_t *shape) {
  if (!isFloat(static_cast<uint32_t>(element)))
    return effattn_host_allocate(launch, number, element, rank, shape);
  effattn_slot *slot = effattn_host_slot(launch, number);
  if (!slot)
    return EFFATTN_INTERNAL;
  return effattn_view_dense(&slot->view, nullptr, element, rank, shape,
                            &slot->elements);
}

int32_t fill(effattn_launch *, int32_t, double) { return EFFATTN_OK; }
int32_t copy(effattn_launch *, int32_t, int32_t) { return EFFATTN_OK; }
int32_t merge(effattn_launch *, int32_t, const int32_t *, const int32_t *,
              int32_t, int32_t) {
  return EFFATTN_OK;
}

int32_t step(effattn_launch *launch, int32_t number, const int32_t *,
             int32_t result) {
  const effattn_slot *slot = effattn_host_slot(launch, result);
  if (slot && isFloat(slot->view.element))
    return EFFATTN_OK;
  return effattn_fail(EFFATTN_UNSUPPORTED,
                      "%s: the integers that step %d computes are not known "
                      "without running it; supported: tables that are "
                      "arguments",
                      launch->kernel->name, number);
}

int32_t order(effattn_launch *launch, int32_t kind, int32_t table,
              const int64_t *sizes, int32_t order, int32_t rank) {
  const effattn_slot *slot =
      table >= 0 ? effattn_host_slot(launch, table) : nullptr;
  if (slot && slot->elements > 0 && !slot->view.data)
    return effattn_fail(EFFATTN_UNSUPPORTED,
                        "%s: an order by values that have not been given",
                        launch->kernel->name);
  return effattn_host_order(launch, kind, table, sizes, order, rank);
}

int32_t setTokens(effattn_launch *launch, int32_t set, int32_t order,
                  int32_t byBatch, int32_t result) {
  const effattn_slot *slot = effattn_host_slot(launch, set);
  if (slot && slot->elements > 0 && !slot->view.data)
    return effattn_fail(EFFATTN_UNSUPPORTED,
                        "%s: an index set that has not been given",
                        launch->kernel->name);
  return effattn_host_set_tokens(launch, set, order, byBatch, result);
}

int32_t watch(effattn_launch *launch, const effattn_attend_operands *operands,
              const effattn_attend_run *run) {
  return reinterpret_cast<ProbeLaunch::Frame *>(launch)->self->record(operands,
                                                                      run);
}

} // namespace

void *probeHostFunction(llvm::StringRef symbol) {
  auto at = [](auto *function) { return reinterpret_cast<void *>(function); };
  return llvm::StringSwitch<void *>(symbol)
      .Case("effattn_host_allocate", at(&allocate))
      .Case("effattn_host_release", at(&effattn_host_release))
      .Case("effattn_host_fill", at(&fill))
      .Case("effattn_host_copy", at(&copy))
      .Case("effattn_host_step", at(&step))
      .Case("effattn_host_attend", at(&effattn_host_attend))
      .Case("effattn_host_order", at(&order))
      .Case("effattn_host_set_tokens", at(&setTokens))
      .Case("effattn_host_draw", at(&effattn_host_draw))
      .Case("effattn_host_merge", at(&merge))
      .Case("memcpy", at(&memcpy))
      .Case("memmove", at(&memmove))
      .Case("memset", at(&memset))
      .Default(nullptr);
}

//===----------------------------------------------------------------------===//
// The launch
//===----------------------------------------------------------------------===//

ProbeLaunch::ProbeLaunch(const ProgramKernel &program,
                         const ProbeKernel &kernel,
                         const reference::Inputs &inputs, int64_t batch,
                         int64_t head)
    : program(program), kernel(kernel), inputs(inputs), batch(batch),
      head(head), frame(std::make_unique<Frame>()) {}

ProbeLaunch::~ProbeLaunch() = default;

llvm::Error ProbeLaunch::bindTensor(size_t number, const std::string &name,
                                    const TensorType &type) {
  effattn_slot &slot = frame->slots[number];
  std::vector<int64_t> shape = reference::shapeOf(type, inputs.dimensions);
  if (shape.size() > EFFATTN_MAX_RANK)
    return failure(
        fmt::format("{} has more than {} axes", name, int(EFFATTN_MAX_RANK)));
  auto element = static_cast<uint32_t>(type.element);
  if (effattn_view_dense(&slot.view, nullptr, element,
                         static_cast<uint32_t>(shape.size()), shape.data(),
                         &slot.elements))
    return failure(effattn_message());
  auto given = inputs.tensors.find(name);
  if (given == inputs.tensors.end() || given->second.data.empty()) {
    if (isFloat(element) || slot.elements == 0)
      return llvm::Error::success();
    return failure(fmt::format("{} has no values", name));
  }
  if (given->second.shape != shape)
    return failure(fmt::format("the values of {} have another shape", name));
  std::vector<char> &memory = frame->memory.emplace_back();
  copyValues(given->second.data, type.element, memory);
  slot.view.data = memory.data();
  return llvm::Error::success();
}

/// Floats are never computed, so that no pattern may ask for them.
llvm::Error ProbeLaunch::checkTables(const Pattern &pattern) const {
  bool isComputed = false;
  auto visit = [&](const ScalarRef &scalar) {
    isComputed |= scalar && contains(scalar, [&](const Scalar &node) {
                    return node.kind == ScalarKind::Lookup &&
                           node.type == ScalarType::Float &&
                           program.values[node.table].op != TensorOp::Argument;
                  });
  };
  visit(pattern.predicate);
  llvm::for_each(pattern.scalars, visit);
  if (isComputed)
    return failure("the floats of a table that steps compute are not known "
                   "without running them; supported: tables that are "
                   "arguments");
  for (const PatternRef &child : pattern.children)
    if (auto error = checkTables(*child))
      return error;
  return llvm::Error::success();
}

/// The offsets that cut argument `number`, as a launch checks them.
llvm::Error ProbeLaunch::checkSequences(size_t number) {
  const TensorType &type = program.arguments[number].type;
  for (size_t k = 0; type.isRagged() && k < program.arguments.size(); ++k) {
    if (program.arguments[k].name != type.offsets)
      continue;
    std::string who = fmt::format("argument '{}'", type.offsets);
    if (effattn_check_offsets(&frame->slots[k].view,
                              frame->slots[number].view.shape[type.tokenAxis],
                              who.c_str()))
      return failure(effattn_message());
  }
  return llvm::Error::success();
}

llvm::Error ProbeLaunch::bindArguments() {
  for (const ProgramValue &value : program.values)
    if (value.pattern)
      if (auto error = checkTables(*value.pattern))
        return error;
  size_t arguments = program.arguments.size();
  for (size_t k = 0; k < arguments; ++k) {
    const ProgramArgument &argument = program.arguments[k];
    if (argument.kind != ArgumentKind::Scalar)
      if (auto error = bindTensor(k, argument.name, argument.type))
        return error;
  }
  for (size_t k = 0; k < arguments; ++k)
    if (auto error = checkSequences(k))
      return error;
  for (size_t k = 0; k < program.results.size(); ++k)
    if (auto error = bindTensor(arguments + k, "", program.results[k].type))
      return error;
  return llvm::Error::success();
}

llvm::Expected<std::vector<ProbedAttend>>
ProbeLaunch::run(ProbeContext &context) {
  const effattn_kernel &descriptor = kernel.descriptor;
  effattn_launch &launch = frame->launch;
  launch.context = context.get();
  if (!launch.context)
    return failure(effattn_message());
  frame->self = this;
  frame->slots.resize(descriptor.slots);
  launch.kernel = &descriptor;
  launch.target = kernel.target;
  launch.slots = frame->slots.data();
  launch.user = {launch.context, &launch, false};
  launch.watch = watch;
  if (auto error = bindArguments())
    return error;
  std::vector<int64_t> dimensions, integers;
  std::vector<double> floats;
  for (uint32_t k = 0; k < descriptor.dimensions; ++k) {
    auto size = inputs.dimensions.find(descriptor.dimension_names[k]);
    if (size == inputs.dimensions.end())
      return failure(fmt::format("the size {} has no value",
                                 descriptor.dimension_names[k]));
    dimensions.push_back(size->second);
  }
  for (const ProgramArgument &argument : program.arguments) {
    if (argument.kind != ArgumentKind::Scalar)
      continue;
    auto given = inputs.scalars.find(argument.name);
    double value = given == inputs.scalars.end() ? 0 : given->second;
    if (argument.type.element == ElementType::F32)
      floats.push_back(value);
    else if (given == inputs.scalars.end())
      return failure(fmt::format("{} has no value", argument.name));
    else
      integers.push_back(static_cast<int64_t>(value));
  }
  effattn_clear_message();
  int32_t status = descriptor.host(&launch, dimensions.data(), integers.data(),
                                   floats.data());
  for (effattn_slot &slot : frame->slots)
    if (slot.block)
      effattn_block_give(&launch, slot.block);
  context.forget(descriptor);
  if (status)
    return failure(effattn_message()[0]
                       ? effattn_message()
                       : effattn_status_name(effattn_status(status)));
  return std::move(attends);
}

//===----------------------------------------------------------------------===//
// Plans
//===----------------------------------------------------------------------===//

namespace {

/// Appends the runs [first, first + count) of the plan, in tokens.
int64_t appendRuns(const effattn_plan &plan, int64_t first, int64_t count,
                   std::vector<ProbedRun> &runs) {
  size_t before = runs.size();
  for (int64_t k = first; k < first + count; ++k) {
    const effattn_plan_run &run = plan.runs[k];
    if (!plan.key_order) {
      runs.push_back({{run.first, run.step, run.count}, run.sets});
      continue;
    }
    std::vector<int64_t> columns;
    for (int64_t c = 0; c < run.count; ++c)
      columns.push_back(plan.key_order[run.first + c * run.step]);
    std::sort(columns.begin(), columns.end());
    for (size_t c = 0; c < columns.size();) {
      size_t end = c + 1;
      while (end < columns.size() && columns[end] == columns[end - 1] + 1)
        ++end;
      runs.push_back({{columns[c], 1, int64_t(end - c)}, run.sets});
      c = end;
    }
  }
  return static_cast<int64_t>(runs.size() - before);
}

void appendTile(const effattn_plan &plan, const effattn_plan_tile &tile,
                ProbedAttend &attend) {
  ProbedAttend::TileRange range = {};
  range.firstRow = static_cast<int64_t>(attend.rows.size());
  for (uint32_t k = 0; k < plan.tile_rows; ++k) {
    int32_t row = plan.rows[tile.rows + k];
    if (row < 0)
      continue;
    attend.rows.push_back(row);
    if (plan.row_sets)
      attend.rowSets.push_back(plan.row_sets[tile.rows + k]);
  }
  range.rows = static_cast<int64_t>(attend.rows.size()) - range.firstRow;
  range.firstRun = static_cast<int64_t>(attend.runs.size());
  range.fullRuns = appendRuns(plan, tile.runs, tile.full_runs, attend.runs);
  range.partialRuns = appendRuns(plan, tile.runs + tile.full_runs,
                                 tile.partial_runs, attend.runs);
  attend.tiles.push_back(range);
}

} // namespace

int32_t ProbeLaunch::record(const void *operandsAddress,
                            const void *runAddress) {
  const auto &operands =
      *static_cast<const effattn_attend_operands *>(operandsAddress);
  const auto &run = *static_cast<const effattn_attend_run *>(runAddress);
  ProbedAttend &attend = attends.emplace_back();
  attend.number = static_cast<int>(run.attend - kernel.descriptor.attend);
  const ProbeKernel::Attend &known = kernel.attends.at(attend.number);
  attend.source = known.source;
  attend.headBegin = run.attend->head_begin;
  attend.headEnd = run.attend->head_end;
  attend.predicate = known.spec.predicate;
  for (uint32_t k = 0; k < run.attend->integers; ++k)
    attend.integers[known.spec.integers.at(k)] = run.integers[k];
  if (run.sequences) {
    const effattn_sequence &own = run.sequences[batch];
    const int64_t sizes[] = {own.queries, own.keys, own.q0};
    for (int k = 0; k < 3; ++k)
      attend.integers[known.spec.integers.at(k)] = sizes[k];
  }
  attend.queries = attend.integers[known.spec.integers.at(0)];
  attend.keys = attend.integers[known.spec.integers.at(1)];
  attend.firstPosition = attend.integers[known.spec.integers.at(2)];
  attend.dimensions = inputs.dimensions;
  attend.scalars = inputs.scalars;
  for (uint32_t k = 0; k < run.attend->floats; ++k)
    attend.scalars[known.spec.floats.at(k)] = run.floats[k];
  attend.batch = batch;
  attend.head = head;
  attend.continues = operands.continues != 0;
  attend.query = operands.query;
  attend.key = operands.key;
  attend.value = operands.value;
  attend.output = operands.output;
  attend.tileRows = run.code->tile_rows;
  attend.rowOrder = run.code->row_order;
  attend.permuted = run.attend->permuted != 0;
  for (uint32_t k = 0; k < run.attend->tables; ++k)
    attend.tables.push_back(copyOf(cutOf(run, k, batch)));
  double &before = frame->launch.statistics.plan_seconds;
  attend.seconds = before;
  before = 0;
  bool hasHead = attend.headEnd == 0 ||
                 (attend.headBegin <= head && head < attend.headEnd);
  if (!hasHead)
    return EFFATTN_OK;
  const effattn_plan *plan = effattn_plan_of(&run, batch, head);
  attend.bytes = plan->bytes;
  attend.tiles.reserve(plan->tile_count);
  for (int64_t t = 0; t < plan->tile_count; ++t)
    appendTile(*plan, plan->tiles[t], attend);
  return EFFATTN_OK;
}

} // namespace effattn
