//===- Inputs.cpp - tensors of a launch -----------------------------------===//

#include "tools/effattn-run/Inputs.h"

#include "lib/Driver/Random.h"

#include <limits>
#include <random>

namespace effattn {

namespace {

DLDataType dlType(ElementType element) {
  uint8_t bits = static_cast<uint8_t>(8 * sizeOf(element));
  switch (element) {
  case ElementType::F32:
  case ElementType::F16:
    return {kDLFloat, bits, 1};
  case ElementType::BF16:
    return {kDLBfloat, bits, 1};
  case ElementType::Bool:
    return {kDLUInt, 8, 1};
  default:
    return {kDLInt, bits, 1};
  }
}

DLTensor viewOf(HostTensor &tensor) {
  DLTensor view{};
  view.data = tensor.bytes.data();
  view.device = {kDLCPU, 0};
  view.ndim = static_cast<int32_t>(tensor.shape.size());
  view.dtype = dlType(tensor.element);
  view.shape = tensor.shape.data();
  view.strides = tensor.strides.data();
  return view;
}

void makeViews(const ProgramKernel &kernel, RunTensors &tensors) {
  size_t count = tensors.arguments.size();
  tensors.views.resize(count + tensors.results.size());
  tensors.values.resize(count);
  for (size_t k = 0; k < count; ++k) {
    const ProgramArgument &argument = kernel.arguments[k];
    if (argument.kind != ArgumentKind::Scalar) {
      tensors.views[k] = viewOf(tensors.arguments[k]);
      tensors.values[k].tensor = &tensors.views[k];
    } else if (argument.type.element == ElementType::F32) {
      tensors.values[k].f32 = tensors.scalars[k];
    } else {
      tensors.values[k].i64 = static_cast<int64_t>(tensors.scalars[k]);
    }
  }
  for (size_t k = 0; k < tensors.results.size(); ++k) {
    tensors.views[count + k] = viewOf(tensors.results[k]);
    tensors.resultViews.push_back(&tensors.views[count + k]);
  }
}

} // namespace

llvm::Expected<RunTensors> prepare(const ProgramKernel &kernel,
                                   const RunRequest &request) {
  auto inputs = makeInputs(kernel, request);
  if (!inputs)
    return inputs.takeError();
  RunTensors tensors;
  static_cast<HostInputs &>(tensors) = std::move(*inputs);
  for (const ProgramResult &result : kernel.results) {
    HostTensor &tensor = tensors.results.emplace_back();
    tensor.element = result.type.element;
    tensor.shape = reference::shapeOf(result.type, tensors.dimensions);
    tensor.allocate(memoryOrder(result.result == 0 ? tensor.shape.size() : 0,
                                request.layout));
  }
  makeViews(kernel, tensors);
  return tensors;
}

bool poison(const ProgramKernel &kernel, RunTensors &tensors, double share,
            uint64_t seed) {
  std::map<int, size_t> roles; // argument number -> 1 key, 2 value
  for (const ProgramValue &value : kernel.values) {
    if (value.op != TensorOp::Attend)
      continue;
    for (size_t role = value.logits ? 2 : 1; role <= 2; ++role) {
      int number = value.operands[value.logits ? 0 : role];
      if (kernel.values[number].op == TensorOp::Argument)
        roles[kernel.values[number].argument] = role;
    }
  }
  for (auto [number, role] : roles) {
    HostTensor &tensor = tensors.arguments[number];
    int64_t channels = tensor.shape.back();
    int64_t tokens = tensor.shape[tensor.shape.size() - 2];
    for (int64_t row = 0; row < tensor.count() / std::max<int64_t>(channels, 1);
         ++row) {
      // The same tokens for every argument and head, at least one, a key or a
      // value each.
      auto token = static_cast<uint64_t>(row % tokens);
      std::mt19937_64 random(seed * 7919 + token);
      bool isChosen = std::uniform_real_distribution<>()(random) < share ||
                      token == seed * 7919 % static_cast<uint64_t>(tokens);
      if (!isChosen || (random() % 2 ? 1u : 2u) != role)
        continue;
      double bad = random() % 2 ? std::numeric_limits<double>::quiet_NaN()
                                : std::numeric_limits<double>::infinity();
      int64_t place =
          row * channels + static_cast<int64_t>(random() % channels);
      tensor.set(tensor.offsetOf(place), bad);
    }
  }
  return !roles.empty();
}

} // namespace effattn
