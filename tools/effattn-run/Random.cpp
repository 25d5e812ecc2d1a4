//===- Random.cpp - made-up arguments -------------------------------------===//

#include "tools/effattn-run/Random.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace effattn {

void fillIndexSet(HostTensor &tensor, int64_t bound, std::mt19937_64 &random) {
  int64_t length = tensor.shape.back();
  if (tensor.count() == 0)
    return;
  for (int64_t first = 0; first < tensor.count(); first += length) {
    // Floyd's sample of length - 1 distinct values of [1, bound).
    std::vector<int64_t> chosen = {0};
    for (int64_t top = bound - length + 1; top < bound; ++top) {
      int64_t value = std::uniform_int_distribution<int64_t>(
          1, std::max<int64_t>(top, 1))(random);
      bool taken = llvm::is_contained(chosen, value);
      chosen.push_back(taken ? top : value);
    }
    std::sort(chosen.begin(), chosen.end());
    for (int64_t k = 0; k < length; ++k)
      tensor.set(first + k, static_cast<double>(chosen[k]));
  }
}

void fillRandom(HostTensor &tensor, std::mt19937_64 &random) {
  std::normal_distribution<float> normal;
  std::uniform_int_distribution<int> small(0, 3), bit(0, 1);
  for (int64_t k = 0; k < tensor.count(); ++k) {
    if (tensor.element == ElementType::F32)
      tensor.set(k, normal(random));
    else
      tensor.set(k, tensor.element == ElementType::Bool ? bit(random)
                                                        : small(random));
  }
}

std::vector<int> memoryOrder(size_t rank, const std::string &layout) {
  std::vector<int> order(rank);
  std::iota(order.begin(), order.end(), 0);
  if (layout == "nhd" && rank >= 3)
    std::swap(order[rank - 2], order[rank - 3]);
  return order;
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
      // The same tokens for every argument and head, a key or a value each.
      std::mt19937_64 random(seed * 7919 + static_cast<uint64_t>(row % tokens));
      if (std::uniform_real_distribution<>()(random) >= share ||
          (random() % 2 ? 1u : 2u) != role)
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
