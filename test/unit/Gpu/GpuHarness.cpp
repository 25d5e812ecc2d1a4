//===- GpuHarness.cpp - attends and steps on a device ---------------------===//

#include "test/unit/Gpu/GpuHarness.h"

#include "lib/Schedule/GpuRuntime.h"
#include "lib/Target/Gpu.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <deque>
#include <dlfcn.h>
#include <stdexcept>

namespace effattn::test {

//===- loading ------------------------------------------------------------===//

DeviceKernels::DeviceKernels(std::vector<KernelObject> objects) {
  for (KernelObject &object : objects) {
    ScheduleFailure failure;
    makeHalidePrivate(object, &failure);
    if (!failure.message.empty())
      throw std::runtime_error(failure.message);
  }
  // Error functions are hidden in this program; the kernels get their own.
  handle = loadObjects(objects, " " EFFATTN_RUNTIME_ARCHIVE);
}

/// Never unloaded: Halide's runtime keeps their code by address.
DeviceKernels::~DeviceKernels() = default;

effattn_code DeviceKernels::find(const std::string &symbol) const {
  void *address = dlsym(handle, symbol.c_str());
  EXPECT_NE(address, nullptr) << symbol;
  return reinterpret_cast<effattn_code>(address);
}

//===- launching ----------------------------------------------------------===//

namespace {

thread_local const std::function<int32_t(effattn_launch *)> *currentHost;

int32_t callHost(effattn_launch *launch, const int64_t *, const int64_t *,
                 const double *) {
  return (*currentHost)(launch);
}

DLDataType typeOf(uint32_t element) {
  switch (element) {
  case EFFATTN_I8:
    return {kDLInt, 8, 1};
  case EFFATTN_I32:
    return {kDLInt, 32, 1};
  case EFFATTN_I64:
    return {kDLInt, 64, 1};
  case EFFATTN_BOOL:
    return {6, 8, 1}; // kDLBool of newer headers
  default:
    return {kDLFloat, 32, 1};
  }
}

/// Descriptors with the sizes as constants.
struct Description {
  std::deque<std::vector<int64_t>> code;
  std::deque<std::vector<effattn_expression>> shapes;
  std::vector<effattn_argument> arguments;
  std::deque<DLTensor> tensors;

  void add(const Tensor &tensor, bool written) {
    std::vector<effattn_expression> &shape = shapes.emplace_back();
    for (uint32_t axis = 0; axis < tensor.view.rank; ++axis) {
      code.push_back({EFFATTN_OP_CONSTANT, tensor.view.shape[axis]});
      shape.push_back({2, code.back().data()});
    }
    effattn_argument argument = {};
    argument.name = tensor.name.c_str();
    argument.kind = EFFATTN_TENSOR;
    argument.element = tensor.view.element;
    argument.rank = tensor.view.rank;
    argument.written = written;
    argument.shape = shape.data();
    arguments.push_back(argument);
    DLTensor &own = tensors.emplace_back();
    own = {};
    own.data = tensor.view.data;
    own.device = {kDLCPU, 0};
    own.ndim = static_cast<int32_t>(tensor.view.rank);
    own.dtype = typeOf(tensor.view.element);
    own.shape = const_cast<int64_t *>(tensor.view.shape);
    own.strides = const_cast<int64_t *>(tensor.view.stride);
  }
};

} // namespace

effattn_status launch(const std::vector<Tensor> &arguments,
                      const std::vector<Tensor> &results, uint32_t temporaries,
                      const std::function<int32_t(effattn_launch *)> &host,
                      effattn_context *context, effattn_target target) {
  Description description;
  for (const Tensor &tensor : arguments)
    description.add(tensor, false);
  for (const Tensor &tensor : results)
    description.add(tensor, true);
  effattn_kernel kernel = {};
  kernel.abi_version = EFFATTN_ABI_VERSION;
  kernel.size = sizeof kernel;
  kernel.name = "test";
  kernel.compiler = "test";
  kernel.target_kind = target;
  kernel.arguments = static_cast<uint32_t>(arguments.size());
  kernel.results = static_cast<uint32_t>(results.size());
  kernel.argument = description.arguments.data();
  kernel.slots = kernel.arguments + kernel.results + temporaries;
  kernel.host = callHost;
  std::vector<effattn_value> values(arguments.size());
  for (size_t n = 0; n < arguments.size(); ++n)
    values[n].tensor = &description.tensors[n];
  std::vector<DLTensor *> places;
  for (size_t n = 0; n < results.size(); ++n)
    places.push_back(&description.tensors[arguments.size() + n]);
  currentHost = &host;
  return effattn_launch_kernel(context, &kernel, values.data(), places.data());
}

std::string whyNoVulkan() {
  static const std::string why = [] {
    float value = 0;
    effattn_view view = {};
    view.data = &value;
    view.element = EFFATTN_F32;
    view.rank = 1;
    view.shape[0] = view.stride[0] = 1;
    effattn_status status =
        launch({}, {{"o", view}}, 0, [](effattn_launch *) { return 0; });
    return status == EFFATTN_NO_DEVICE ? std::string(effattn_message())
                                       : std::string();
  }();
  return why;
}

//===- attends ------------------------------------------------------------===//

GpuAttendKernel::GpuAttendKernel(const AttendSpec &spec) : spec(spec) {
  ScheduleFailure failure;
  std::vector<KernelObject> objects =
      compileAttendGpu(spec, gpuNumbers(spec.headDim, spec.valueDim),
                       findGpuDevice("vulkan")->halideTarget, &failure);
  if (!failure.message.empty())
    throw std::runtime_error(failure.message);
  kernels = std::make_unique<DeviceKernels>(std::move(objects));
}

GpuAttendKernel::~GpuAttendKernel() = default;

int32_t GpuAttendKernel::attend(effattn_launch *launch, const Problem &problem,
                                int q, int k, int v, int o, int lse,
                                int firstTable, bool continues) const {
  AttendNumbers numbers = gpuNumbers(spec.headDim, spec.valueDim);
  effattn_attend_code code = {};
  code.target = EFFATTN_TARGET_VULKAN;
  code.tile_rows = static_cast<uint32_t>(numbers.tileRows);
  code.column_unroll = static_cast<uint32_t>(numbers.columnUnroll);
  code.tile = kernels->find(spec.name + "_vulkan_tile");
  effattn_attend attend = {};
  attend.name = "test attend";
  attend.head_dim = static_cast<uint32_t>(spec.headDim);
  attend.value_dim = static_cast<uint32_t>(spec.valueDim);
  attend.integers = static_cast<uint32_t>(spec.integers.size());
  attend.floats = static_cast<uint32_t>(spec.floats.size());
  attend.tables = static_cast<uint32_t>(spec.tables.size());

  // Patterns that do not depend on the head share one plan.
  bool each = spec.predicate &&
              (usesVariable(spec.predicate, "h") ||
               usesVariable(spec.predicate, "b") || !spec.tables.empty());
  std::vector<std::unique_ptr<OwnedPlan>> owned;
  std::vector<const effattn_plan *> plans;
  for (int64_t b = 0; b < (each ? problem.batches : 1); ++b)
    for (int64_t h = 0; h < (each ? problem.heads : 1); ++h) {
      owned.push_back(makePlan(problem, b, h, numbers.tileRows));
      plans.push_back(&owned.back()->plan);
    }
  std::vector<int64_t> integers = {problem.queries, problem.keys, problem.q0};
  std::vector<double> floats = {problem.scale};
  floats.insert(floats.end(), problem.otherFloats.begin(),
                problem.otherFloats.end());
  std::vector<effattn_view> tables;
  for (size_t t = 0; t < spec.tables.size(); ++t)
    tables.push_back(launch->slots[firstTable + static_cast<int>(t)].view);

  effattn_attend_run run = {};
  run.attend = &attend;
  run.code = &code;
  effattn_host_view(launch, q, 4, &run.query);
  effattn_host_view(launch, k, 4, &run.key);
  effattn_host_view(launch, v, 4, &run.value);
  effattn_host_view(launch, o, 4, &run.output);
  if (lse >= 0)
    effattn_host_view(launch, lse, 3, &run.lse);
  run.plans = plans.data();
  run.plan_batch_stride = each ? problem.heads : 0;
  run.plan_head_stride = each ? 1 : 0;
  run.head_begin = problem.headBegin;
  run.head_end = problem.headEnd ? problem.headEnd : problem.heads;
  run.continues = continues;
  run.tables = tables.data();
  run.integers = integers.data();
  run.floats = floats.data();
  run.user_context = &launch->user;
  return effattn_attend_gpu(&run);
}

effattn_status GpuAttendKernel::execute(const Problem &problem,
                                        Outcome &outcome, bool wantLse,
                                        bool continues) const {
  effattn_view lse = outcome.lse.view();
  lse.rank = 3;
  std::vector<Tensor> arguments = {{"q", problem.q.view()},
                                   {"k", problem.k.view()},
                                   {"v", problem.v.view()}};
  std::deque<std::vector<char>> bytes;
  for (const Table &table : problem.tables)
    arguments.push_back({"table", viewOf(table, bytes.emplace_back())});
  int o = static_cast<int>(arguments.size());
  std::vector<Tensor> results = {{"o", outcome.o.view()}};
  if (wantLse)
    results.push_back({"lse", lse});
  return launch(arguments, results, 0, [&](effattn_launch *launched) {
    return attend(launched, problem, 0, 1, 2, o, wantLse ? o + 1 : -1, 3,
                  continues);
  });
}

Outcome GpuAttendKernel::run(const Problem &problem, bool wantLse) const {
  Outcome outcome = untouchedOutcome(problem);
  EXPECT_EQ(execute(problem, outcome, wantLse, false), EFFATTN_OK)
      << effattn_message();
  return outcome;
}

void GpuAttendKernel::resume(const Problem &problem, Outcome &outcome) const {
  EXPECT_EQ(execute(problem, outcome, true, true), EFFATTN_OK)
      << effattn_message();
}

effattn_status GpuAttendKernel::status(const Problem &problem) const {
  Outcome outcome = untouchedOutcome(problem);
  return execute(problem, outcome, true, false);
}

} // namespace effattn::test
