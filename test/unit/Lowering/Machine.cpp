//===- Machine.cpp - a runtime that traces host programs ------------------===//

#include "Machine.h"

#include "Jit.h"

#include "lib/Frontend/Check.h"
#include "lib/Frontend/Parser.h"
#include "lib/Import/Import.h"
#include "lib/Lowering/Lower.h"
#include "lib/Transforms/Transforms.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/SourceMgr.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

namespace effattn::test {

size_t Machine::calls(const std::string &name) const {
  size_t count = 0;
  for (const std::string &line : trace)
    count += line.rfind(name, 0) == 0;
  return count;
}

int Machine::called(const std::string &line) {
  bool fails = static_cast<int>(trace.size()) == failing;
  trace.push_back(line);
  return fails ? 13 : 0;
}

std::vector<Machine::Row> *Machine::find(int slot) {
  auto found = tensors.find(slot);
  if (found != tensors.end())
    return &found->second;
  faults.push_back(
      fmt::format("{}: slot {} has no tensor", trace.back(), slot));
  return nullptr;
}

int Machine::allocate(int slot, int element, int rank, const int64_t *shape) {
  std::vector<int64_t> sizes(shape, shape + rank);
  int status = called(fmt::format("allocate {} {}[{}]", slot,
                                  spelling(static_cast<ElementType>(element)),
                                  fmt::join(sizes, ", ")));
  if (tensors.count(slot))
    faults.push_back(trace.back() + ": the slot is in use");
  tensors[slot].assign(cells(), {garbage});
  return status;
}

int Machine::release(int slot) {
  int status = called(fmt::format("release {}", slot));
  find(slot);
  tensors.erase(slot);
  return status;
}

int Machine::fill(int slot, double value) {
  int status = called(fmt::format("fill {} {}", slot, value));
  if (std::vector<Row> *tensor = find(slot))
    tensor->assign(cells(), {});
  return status;
}

int Machine::copy(int from, int to) {
  int status = called(fmt::format("copy {} {}", from, to));
  std::vector<Row> *source = find(from), *target = find(to);
  if (source && target)
    *target = *source;
  return status;
}

int Machine::step(int number, const int32_t *operands, int result) {
  const LoweredStep &one = kernel->steps.at(number);
  std::vector<int> slots(operands, operands + one.spec.operands.size());
  int status =
      called(fmt::format("step {} {} [{}] -> {}", number, one.spec.step,
                         fmt::join(slots, ", "), result));
  for (int slot : slots)
    find(slot);
  if (std::vector<Row> *tensor = find(result))
    tensor->assign(cells(), {});
  return status;
}

/// One row of one head.
void Machine::attendCell(const effattn_attend_operands &call, int cell) {
  std::vector<Row> *output = find(call.output);
  std::vector<Row> *lse = call.lse >= 0 ? find(call.lse) : nullptr;
  if (!output || (call.lse >= 0 && !lse))
    return;
  Row content = {static_cast<int>(call.floats[0])};
  if (call.continues) {
    const Row &known = lse ? (*lse)[cell] : content;
    if (!lse || known.count(garbage) ||
        (!known.empty() && (*output)[cell] != known))
      faults.push_back(
          fmt::format("{}: cell {} cannot be continued", trace.back(), cell));
    content.insert(known.begin(), known.end());
  } else if (!(*output)[cell].empty() && !(*output)[cell].count(garbage)) {
    faults.push_back(fmt::format("{}: cell {} is there", trace.back(), cell));
  }
  (*output)[cell] = content;
  if (lse)
    (*lse)[cell] = content;
}

int Machine::attend(int number, const effattn_attend_operands &call) {
  const LoweredAttend &attend = kernel->attends.at(number);
  const AttendSpec &spec = attend.spec;
  std::string filters;
  for (int k = 0; k < call.row_filters; ++k)
    filters += fmt::format(" {} {}", call.row_filter[k].keep ? "in" : "not in",
                           call.row_filter[k].set_slot);
  auto list = [](const auto *values, size_t count) {
    return std::vector(values, values + count);
  };
  int status = called(fmt::format(
      "attend {} q{} k{} v{} -> {}, {};{} keys [{}] queries [{}] tables [{}] "
      "integers [{}] floats [{}]{}",
      number, call.query, call.key, call.value, call.output, call.lse, filters,
      fmt::join(list(call.key_sets, spec.keySets), ", "),
      fmt::join(list(call.query_sets, spec.querySets), ", "),
      fmt::join(list(call.tables, spec.tables.size()), ", "),
      fmt::join(list(call.integers, spec.integers.size()), ", "),
      fmt::join(list(call.floats, spec.floats.size()), ", "),
      call.continues ? " continues" : ""));
  for (int slot : {call.query, call.key, call.value})
    find(slot);
  for (int k = 0; k < spec.keySets; ++k)
    find(call.key_sets[k]);
  for (int k = 0; k < spec.querySets; ++k)
    find(call.query_sets[k]);
  for (int slot : {call.query_order, call.key_order}) {
    if ((slot >= 0) != attend.permuted)
      faults.push_back(trace.back() + ": orders for an attend in none");
    if (slot >= 0)
      find(slot);
  }
  for (int row = 0; row < rows; ++row) {
    bool kept = true;
    for (int k = 0; k < call.row_filters; ++k)
      kept &=
          static_cast<int>(sets.at(call.row_filter[k].set_slot).count(row)) ==
          call.row_filter[k].keep;
    for (int head = 0; kept && head < heads; ++head)
      if (attend.headEnd == 0 ||
          (head >= attend.headBegin && head < attend.headEnd))
        attendCell(call, row * heads + head);
  }
  return status;
}

int Machine::order(int kind, int table, const int64_t *sizes, int order,
                   int rank) {
  std::string extents;
  int count = kind == EFFATTN_ORDER_BLOCK_RASTER   ? 4
              : kind == EFFATTN_ORDER_COLUMN_MAJOR ? 2
                                                   : 0;
  for (int k = 0; k < count; ++k)
    extents += fmt::format(" {}", sizes[k]);
  int status = called(fmt::format("order {} {}{} -> {}, {}", kind, table,
                                  extents, order, rank));
  if (table >= 0)
    find(table);
  for (int slot : {order, rank})
    if (std::vector<Row> *tensor = find(slot))
      tensor->assign(cells(), {});
  return status;
}

int Machine::setTokens(int set, int order, int byBatch, int result) {
  int status = called(
      fmt::format("set_tokens {} {} {} -> {}", set, order, byBatch, result));
  find(set);
  find(order);
  if (std::vector<Row> *tensor = find(result))
    tensor->assign(cells(), {});
  return status;
}

int Machine::draw(int number, const effattn_attend_operands &call, int table) {
  const LoweredDraw &draw = kernel->draws.at(number);
  std::vector<int64_t> values(call.integers, call.integers + draw.integers);
  std::string outside;
  if (draw.outside) {
    const AttendSpec &spec = draw.outside->spec;
    std::vector<int> slots(call.key_sets, call.key_sets + spec.keySets);
    slots.insert(slots.end(), call.query_sets,
                 call.query_sets + spec.querySets);
    slots.insert(slots.end(), call.tables, call.tables + spec.tables.size());
    outside = fmt::format(" outside [{}]", fmt::join(slots, ", "));
    for (int slot : slots)
      find(slot);
  }
  int status = called(fmt::format("draw {} [{}]{} -> {}", number,
                                  fmt::join(values, ", "), outside, table));
  if (std::vector<Row> *tensor = find(table))
    tensor->assign(cells(), {});
  return status;
}

int Machine::merge(int count, const int32_t *outputs, const int32_t *lses,
                   int output, int lse) {
  std::vector<int> o(outputs, outputs + count), l(lses, lses + count);
  int status =
      called(fmt::format("merge [{}] [{}] -> {}, {}", fmt::join(o, ", "),
                         fmt::join(l, ", "), output, lse));
  std::vector<Row> merged(cells());
  for (int part = 0; part < count; ++part) {
    std::vector<Row> *from = find(o[part]), *weights = find(l[part]);
    for (int row = 0; from && weights && row < cells(); ++row) {
      const Row &keys = (*weights)[row];
      // A part without keys is not read.
      if (!keys.empty() && (keys.count(garbage) || (*from)[row] != keys))
        faults.push_back(fmt::format("{}: row {} of part {} is not ready",
                                     trace.back(), row, part));
      merged[row].insert(keys.begin(), keys.end());
    }
  }
  for (int slot : {output, lse})
    if (slot >= 0)
      if (std::vector<Row> *tensor = find(slot))
        *tensor = merged;
  return status;
}

//===----------------------------------------------------------------------===//

namespace {

Machine &machine(effattn_launch *launch) {
  return *reinterpret_cast<Machine *>(launch);
}

int32_t hostAllocate(effattn_launch *launch, int32_t slot, int32_t element,
                     int32_t rank, const int64_t *shape) {
  return machine(launch).allocate(slot, element, rank, shape);
}
int32_t hostRelease(effattn_launch *launch, int32_t slot) {
  return machine(launch).release(slot);
}
int32_t hostFill(effattn_launch *launch, int32_t slot, double value) {
  return machine(launch).fill(slot, value);
}
int32_t hostCopy(effattn_launch *launch, int32_t from, int32_t to) {
  return machine(launch).copy(from, to);
}
int32_t hostStep(effattn_launch *launch, int32_t step, const int32_t *operands,
                 int32_t result) {
  return machine(launch).step(step, operands, result);
}
int32_t hostAttend(effattn_launch *launch, int32_t attend,
                   const effattn_attend_operands *operands) {
  return machine(launch).attend(attend, *operands);
}
int32_t hostMerge(effattn_launch *launch, int32_t count, const int32_t *outputs,
                  const int32_t *lses, int32_t output, int32_t lse) {
  return machine(launch).merge(count, outputs, lses, output, lse);
}

int32_t hostOrder(effattn_launch *launch, int32_t kind, int32_t table,
                  const int64_t *sizes, int32_t order, int32_t rank) {
  return machine(launch).order(kind, table, sizes, order, rank);
}
int32_t hostSetTokens(effattn_launch *launch, int32_t set, int32_t order,
                      int32_t byBatch, int32_t result) {
  return machine(launch).setTokens(set, order, byBatch, result);
}
int32_t hostDraw(effattn_launch *launch, int32_t draw,
                 const effattn_attend_operands *operands, int32_t table) {
  return machine(launch).draw(draw, *operands, table);
}

// The host functions have the types that host.h declares.
static_assert(
    std::is_same_v<decltype(&hostAllocate), decltype(&effattn_host_allocate)> &&
    std::is_same_v<decltype(&hostRelease), decltype(&effattn_host_release)> &&
    std::is_same_v<decltype(&hostFill), decltype(&effattn_host_fill)> &&
    std::is_same_v<decltype(&hostCopy), decltype(&effattn_host_copy)> &&
    std::is_same_v<decltype(&hostStep), decltype(&effattn_host_step)> &&
    std::is_same_v<decltype(&hostAttend), decltype(&effattn_host_attend)> &&
    std::is_same_v<decltype(&hostOrder), decltype(&effattn_host_order)> &&
    std::is_same_v<decltype(&hostSetTokens),
                   decltype(&effattn_host_set_tokens)> &&
    std::is_same_v<decltype(&hostDraw), decltype(&effattn_host_draw)> &&
    std::is_same_v<decltype(&hostMerge), decltype(&effattn_host_merge)>);

/// The tiled module of a pattern file; null with errors.
mlir::OwningOpRef<mlir::ModuleOp> compile(const std::string &text,
                                          mlir::MLIRContext &context,
                                          std::string &errors,
                                          const AnalyseOptions &options = {}) {
  llvm::SourceMgr sources;
  unsigned buffer = sources.AddNewSourceBuffer(
      llvm::MemoryBuffer::getMemBufferCopy(text, "test.attn"), {});
  DiagnosticEngine diagnostics(sources, buffer);
  llvm::raw_string_ostream stream(errors);
  auto file = parse(sources, buffer, diagnostics);
  auto program =
      file ? check(*file, {}, diagnostics) : std::unique_ptr<Program>();
  if (!program) {
    diagnostics.print(stream);
    return {};
  }
  mlir::SourceMgrDiagnosticHandler handler(sources, &context, stream);
  auto module = importProgram(*program, sources, context);
  if (!module || mlir::failed(simplify(*module)) ||
      mlir::failed(makeTables(*module)) ||
      mlir::failed(analysePatterns(*module, options)) ||
      mlir::failed(
          tileAttends(*module, Strategy(), nullptr, options.maxOperations)))
    return {};
  if (mlir::failed(verifyLowerable(*module)))
    return {};
  return module;
}

} // namespace

std::string lowerErrors(const std::string &text) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  std::string errors;
  auto module = compile(text, context, errors);
  return module && errors.empty() ? "no errors" : errors;
}

std::optional<LoweredKernel> lowerUnanalysed(const std::string &text,
                                             std::string *errors) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  auto module = compile(text, context, *errors,
                        {.allowDense = true, .maxOperations = 10});
  std::optional<LoweredProgram> program;
  if (module)
    program = lower(*module);
  if (!program)
    return std::nullopt;
  return program->kernels.at(0);
}

int32_t runHost(const std::string &text, const HostRun &run, Machine &machine,
                std::string *errors) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  auto module = compile(text, context, *errors);
  std::optional<LoweredProgram> program;
  if (module)
    program = lower(*module);
  if (!program) {
    *errors += "not lowered";
    return -1;
  }
  const LoweredKernel &kernel = program->kernels.at(0);
  machine.kernel = &kernel;
  for (size_t k = 0; k < kernel.arguments.size() + kernel.results.size(); ++k) {
    bool isResult = k >= kernel.arguments.size();
    machine.tensors[static_cast<int>(k)].assign(
        machine.cells(),
        isResult ? Machine::Row{Machine::garbage} : Machine::Row{});
  }
  Jit jit(*program->module,
          {{"effattn_host_allocate", reinterpret_cast<void *>(hostAllocate)},
           {"effattn_host_release", reinterpret_cast<void *>(hostRelease)},
           {"effattn_host_fill", reinterpret_cast<void *>(hostFill)},
           {"effattn_host_copy", reinterpret_cast<void *>(hostCopy)},
           {"effattn_host_step", reinterpret_cast<void *>(hostStep)},
           {"effattn_host_attend", reinterpret_cast<void *>(hostAttend)},
           {"effattn_host_order", reinterpret_cast<void *>(hostOrder)},
           {"effattn_host_set_tokens", reinterpret_cast<void *>(hostSetTokens)},
           {"effattn_host_draw", reinterpret_cast<void *>(hostDraw)},
           {"effattn_host_merge", reinterpret_cast<void *>(hostMerge)}});
  std::vector<int64_t> dimensions;
  for (const std::string &name : kernel.dimensions)
    dimensions.push_back(run.dimensions.at(name));
  using Host = int32_t(effattn_launch *, const int64_t *, const int64_t *,
                       const double *);
  int32_t status = jit.find<Host>(kernel.host)(
      reinterpret_cast<effattn_launch *>(&machine), dimensions.data(),
      run.integers.data(), run.floats.data());
  // Temporaries may not outlive the launch.
  if (status == 0)
    for (const auto &[slot, tensor] : machine.tensors)
      if (slot >= int(kernel.arguments.size() + kernel.results.size()))
        machine.faults.push_back(
            fmt::format("slot {} is never released", slot));
  machine.kernel = nullptr;
  return status;
}

} // namespace effattn::test
