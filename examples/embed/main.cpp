// Longformer attention from C++: several threads share one context, each runs
// its own sequence; a wrong call is answered with a message.
#include "longformer.h"

#include <cstdio>
#include <random>
#include <thread>
#include <vector>

namespace {

struct Tensor {
  Tensor(std::vector<int64_t> shape, DLDataType type) : shape(shape) {
    int64_t count = 1;
    for (int64_t length : shape)
      count *= length;
    bytes.resize(static_cast<size_t>(count) * type.bits / 8);
    view.data = bytes.data();
    view.device = {kDLCPU, 0};
    view.ndim = static_cast<int32_t>(shape.size());
    view.dtype = type;
    view.shape = this->shape.data();
  }
  template <typename T> T *data() {
    return reinterpret_cast<T *>(bytes.data());
  }

  std::vector<int64_t> shape;
  std::vector<char> bytes;
  DLTensor view{};
};

constexpr DLDataType kFloat{kDLFloat, 32, 1}, kInt{kDLInt, 32, 1};

effattn_status runSequence(effattn_context *context, int64_t tokens) {
  std::mt19937 random(static_cast<unsigned>(tokens));
  std::normal_distribution<float> normal;
  std::vector<Tensor> projections;
  for (int k = 0; k < 6; ++k) {
    Tensor &one = projections.emplace_back(
        std::vector<int64_t>{1, 4, tokens, 32}, kFloat);
    for (int64_t x = 0; x < 4 * tokens * 32; ++x)
      one.data<float>()[x] = normal(random);
  }
  Tensor globals({2}, kInt), output({1, 4, tokens, 32}, kFloat);
  globals.data<int32_t>()[0] = 0;
  globals.data<int32_t>()[1] = static_cast<int32_t>(tokens / 2);
  std::vector<Tensor> &p = projections;
  return longformer(context, &p[0].view, &p[1].view, &p[2].view, &p[3].view,
                    &p[4].view, &p[5].view, &globals.view, &output.view);
}

} // namespace

int main() {
  effattn_options options{};
  options.size = sizeof options;
  effattn_context *context = nullptr;
  if (effattn_context_create(&options, &context) != EFFATTN_OK) {
    std::fprintf(stderr, "%s\n", effattn_message());
    return 1;
  }
  std::vector<effattn_status> statuses(3);
  std::vector<std::thread> workers;
  for (size_t k = 0; k < statuses.size(); ++k)
    workers.emplace_back([&, k] {
      statuses[k] = runSequence(context, 701 + 400 * static_cast<int64_t>(k));
    });
  for (std::thread &worker : workers)
    worker.join();
  bool ok = true;
  for (effattn_status status : statuses)
    ok &= status == EFFATTN_OK;
  std::printf("three sequences: %s\n", ok ? "done" : "failed");

  // Tokens / 2 is 0 for one token: the set {0, 0} does not increase.
  effattn_status wrong = runSequence(context, 1);
  std::printf("one token: %s: %s\n", effattn_status_name(wrong),
              effattn_message());
  effattn_context_destroy(context);
  return ok && wrong == EFFATTN_BAD_INDEX_SET ? 0 : 1;
}
