//===- stress.cpp - kernels called from many threads at once --------------===//
//
// Eight threads share a context and call the kernels in turn, at sizes that are
// not multiples of anything; each result must be bitwise what one thread alone
// computed, and so must results with 1, 2 and 7 threads in the pool.
//
//===----------------------------------------------------------------------===//

#include "linformer.h"
#include "longformer.h"
#include "ragged_local.h"

#include <cstdio>
#include <cstring>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace {

constexpr int64_t kHeads = 3, kChannels = 32, kSlots = 256;
constexpr DLDataType kFloat{kDLFloat, 32, 1}, kInt{kDLInt, 32, 1};

struct Tensor {
  Tensor(std::vector<int64_t> extents, DLDataType type, unsigned seed = 0)
      : shape(std::move(extents)) {
    int64_t count = 1;
    for (int64_t length : shape)
      count *= length;
    floats.resize(static_cast<size_t>(count));
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    for (float &x : floats)
      x = seed ? normal(random) : 0;
    view.data = floats.data();
    view.device = {kDLCPU, 0};
    view.ndim = static_cast<int32_t>(shape.size());
    view.dtype = type;
    view.shape = shape.data();
  }
  Tensor(const Tensor &) = delete;

  std::vector<int64_t> shape;
  std::vector<float> floats; // four bytes an element, whatever the type
  DLTensor view{};
};

/// Inputs of one sequence length.
struct Sequence {
  explicit Sequence(int64_t n)
      : tokens(n), globals({3}, kInt), cuts({6}, kInt), firsts({2}, kInt) {
    for (unsigned k = 0; k < 6; ++k)
      projections.push_back(std::make_unique<Tensor>(
          std::vector<int64_t>{1, kHeads, n, kChannels}, kFloat, k + 1));
    for (unsigned k = 0; k < 2; ++k)
      mixing.push_back(std::make_unique<Tensor>(std::vector<int64_t>{kSlots, n},
                                                kFloat, k + 10));
    const int32_t chosen[] = {0, static_cast<int32_t>(n / 3),
                              static_cast<int32_t>(n - 1)};
    std::memcpy(globals.view.data, chosen, sizeof chosen);
    // An empty sequence, and one of a single token.
    const auto third = static_cast<int32_t>(n / 3);
    const int32_t begin[] = {
        0, third, third, third + 1, static_cast<int32_t>(n / 2), int32_t(n)};
    std::memcpy(cuts.view.data, begin, sizeof begin);
    const int32_t first[] = {0, 1};
    std::memcpy(firsts.view.data, first, sizeof first);
    for (unsigned k = 0; k < 3; ++k)
      packed.push_back(std::make_unique<Tensor>(
          std::vector<int64_t>{kHeads, n, kChannels}, kFloat, k + 20));
  }

  std::vector<float> longformerOf(effattn_context *context) const {
    Tensor out({1, kHeads, tokens, kChannels}, kFloat);
    auto p = [&](int k) { return &projections[k]->view; };
    return finish(longformer(context, p(0), p(1), p(2), p(3), p(4), p(5),
                             &globals.view, &out.view),
                  out);
  }
  std::vector<float> linformerOf(effattn_context *context) const {
    Tensor out({1, kHeads, tokens, kChannels}, kFloat);
    auto p = [&](int k) { return &projections[k]->view; };
    return finish(linformer(context, p(0), p(1), p(2), &mixing[0]->view,
                            &mixing[1]->view, &out.view),
                  out);
  }

  std::vector<float> raggedOf(effattn_context *context) const {
    Tensor out({kHeads, tokens, kChannels}, kFloat);
    auto p = [&](int k) { return &packed[k]->view; };
    return finish(ragged_local(context, p(0), p(1), p(2), &cuts.view,
                               &firsts.view, &out.view),
                  out);
  }

private:
  static std::vector<float> finish(effattn_status status, Tensor &out) {
    if (status == EFFATTN_OK)
      return out.floats;
    std::fprintf(stderr, "%s: %s\n", effattn_status_name(status),
                 effattn_message());
    return {};
  }

  int64_t tokens;
  std::vector<std::unique_ptr<Tensor>> projections, mixing, packed;
  Tensor globals, cuts, firsts;
};

struct Context {
  explicit Context(int threads) {
    effattn_options options{};
    options.size = sizeof options;
    options.threads = threads;
    effattn_context_create(&options, &context);
  }
  ~Context() { effattn_context_destroy(context); }
  effattn_context *context = nullptr;
};

bool same(const std::vector<float> &a, const std::vector<float> &b) {
  return !a.empty() && a.size() == b.size() &&
         std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

} // namespace

int main() {
  const int64_t lengths[] = {37, 301};
  int failures = 0;
  for (int64_t length : lengths) {
    Sequence sequence(length);
    Context one(1);
    std::vector<float> first = sequence.longformerOf(one.context);
    std::vector<float> second = sequence.linformerOf(one.context);
    std::vector<float> third = sequence.raggedOf(one.context);
    for (int threads : {2, 7}) {
      Context several(threads);
      if (!same(first, sequence.longformerOf(several.context)) ||
          !same(second, sequence.linformerOf(several.context)) ||
          !same(third, sequence.raggedOf(several.context)))
        ++failures, std::printf("%d threads differ\n", threads);
    }
    Context shared(2);
    std::vector<int> wrong(8, 0);
    std::vector<std::thread> callers;
    for (size_t k = 0; k < wrong.size(); ++k)
      callers.emplace_back([&, k] {
        for (int round = 0; round < 3; ++round) {
          wrong[k] += !same(first, sequence.longformerOf(shared.context));
          wrong[k] += !same(second, sequence.linformerOf(shared.context));
          wrong[k] += !same(third, sequence.raggedOf(shared.context));
        }
      });
    for (std::thread &caller : callers)
      caller.join();
    for (int count : wrong)
      failures += count;
  }
  std::printf("%d failures\n", failures);
  return failures ? 1 : 0;
}
