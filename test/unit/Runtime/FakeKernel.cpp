//===- FakeKernel.cpp - descriptors and tensors for tests -----------------===//
#include "FakeKernel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace effattn::test {

Tensor::Tensor(std::vector<int64_t> sizes, DLDataType type)
    : shape(std::move(sizes)), strides(shape.size()) {
  int64_t stride = 1;
  for (size_t axis = shape.size(); axis-- > 0;) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  memory.resize(size_t(size()) * type.bits / 8 + 64);
  dl = {};
  dl.data = memory.data() + (64 - uintptr_t(memory.data()) % 64) % 64;
  dl.device = {kDLCPU, 0};
  dl.ndim = int(shape.size());
  dl.dtype = type;
  dl.shape = shape.data();
  dl.strides = strides.data();
}

int64_t Tensor::size() const {
  int64_t elements = 1;
  for (int64_t axis : shape)
    elements *= axis;
  return elements;
}

std::vector<Words> shapeOf(const Tensor &tensor) {
  std::vector<Words> shape;
  for (int64_t length : tensor.shape)
    shape.push_back(constant(length));
  return shape;
}

Tensor &Tensor::randomise(uint32_t seed) {
  std::mt19937 engine(seed);
  for (int64_t i = 0; i < size(); ++i)
    f32()[i] = float(engine() % 20001) / 10000.0f - 1.0f;
  return *this;
}

FakeKernel::FakeKernel(const char *name, std::vector<std::string> dimensions) {
  kernel.abi_version = EFFATTN_ABI_VERSION;
  kernel.size = sizeof kernel;
  kernel.name = name;
  kernel.compiler = "test";
  for (std::string &dimension : dimensions)
    dimensionNames.push_back(names.emplace_back(std::move(dimension)).c_str());
  kernel.dimensions = uint32_t(dimensionNames.size());
  kernel.dimension_names = dimensionNames.data();
  kernel.host = [](effattn_launch *, const int64_t *, const int64_t *,
                   const double *) -> int32_t { return 0; };
}

effattn_expression FakeKernel::expression(Words code) {
  const Words &kept = words.emplace_back(std::move(code));
  return {uint32_t(kept.size()), kept.data()};
}

void FakeKernel::finish() {
  all = arguments;
  all.insert(all.end(), results.begin(), results.end());
  kernel.slots -= kernel.arguments + kernel.results;
  kernel.argument = all.data();
  kernel.arguments = uint32_t(arguments.size());
  kernel.results = uint32_t(results.size());
  kernel.slots += kernel.arguments + kernel.results;
  kernel.require = requires_.data();
  kernel.requires_count = uint32_t(requires_.size());
  kernel.attend = attends.data();
  kernel.attends = uint32_t(attends.size());
}

void FakeKernel::add(std::vector<effattn_argument> &list, const char *name,
                     uint32_t kind, uint32_t element,
                     const std::vector<Words> &shape, Words bound) {
  std::vector<effattn_expression> axes;
  for (const Words &axis : shape)
    axes.push_back(expression(axis));
  effattn_argument argument = {};
  argument.name = names.emplace_back(name).c_str();
  argument.kind = kind;
  argument.element = element;
  argument.rank = uint32_t(shape.size());
  argument.written = &list == &results;
  argument.shape = shapes.emplace_back(std::move(axes)).data();
  if (!bound.empty())
    argument.bound = expression(std::move(bound));
  list.push_back(argument);
  finish();
}

FakeKernel &FakeKernel::tensor(const char *name, std::vector<Words> shape,
                               uint32_t element) {
  add(arguments, name, EFFATTN_TENSOR, element, shape, {});
  return *this;
}

FakeKernel &FakeKernel::set(const char *name, std::vector<Words> shape,
                            Words bound) {
  add(arguments, name, EFFATTN_INDEX_SET, EFFATTN_I32, shape, bound);
  return *this;
}

FakeKernel &FakeKernel::scalar(const char *name, uint32_t element) {
  add(arguments, name, EFFATTN_SCALAR, element, {}, {});
  return *this;
}

FakeKernel &FakeKernel::result(std::vector<Words> shape, uint32_t element) {
  add(results, "", EFFATTN_TENSOR, element, shape, {});
  return *this;
}

FakeKernel &FakeKernel::require(Words condition, const char *message) {
  requires_.push_back({expression(std::move(condition)), message});
  finish();
  return *this;
}

FakeKernel &FakeKernel::attend(uint32_t channels, uint32_t integers,
                               uint32_t keySets, const effattn_case *cases) {
  effattn_attend_code code = {};
  code.target = EFFATTN_TARGET_X86_64_V3;
  code.tile_rows = 4;
  code.column_unroll = 2;
  code.column_chunk = 16;
  code.cases = cases;
  effattn_attend attend = {};
  attend.name = "fake.attn:3";
  attend.head_dim = attend.value_dim = channels;
  attend.integers = integers;
  attend.floats = 1;
  attend.key_sets = keySets;
  attend.codes = 1;
  attend.code = &codes.emplace_back(code);
  attends.push_back(attend);
  finish();
  return *this;
}

FakeKernel &FakeKernel::temporaries(uint32_t count) {
  kernel.slots += count;
  return *this;
}

FakeKernel &
FakeKernel::host(int32_t (*function)(effattn_launch *, const int64_t *,
                                     const int64_t *, const double *)) {
  kernel.host = function;
  return *this;
}

//===----------------------------------------------------------------------===//
// window(w) | keys(g). Integers of the attend: N, M, q0 = 0, w.
//===----------------------------------------------------------------------===//

static int64_t putRun(effattn_run *runs, int64_t capacity, int64_t at,
                      int64_t first, int64_t end) {
  if (end <= first)
    return at;
  if (at < capacity)
    runs[at] = {int32_t(first), 1, int32_t(end - first)};
  return at + 1;
}

static int64_t windowFull(const int64_t *p, int64_t tile, effattn_run *runs,
                          int64_t capacity) {
  const int64_t first = 4 * tile, last = first + 3, M = p[1], w = p[3];
  return putRun(runs, capacity, 0, std::max<int64_t>(0, last - w),
                std::min(M, first + 1));
}

static int64_t windowPartial(const int64_t *p, int64_t tile, effattn_run *runs,
                             int64_t capacity) {
  const int64_t first = 4 * tile, last = first + 3, M = p[1], w = p[3];
  const int64_t begin = std::max<int64_t>(0, first - w);
  const int64_t end = std::min(M, last + 1);
  const int64_t fullBegin = std::max<int64_t>(0, last - w);
  const int64_t fullEnd = std::min(M, first + 1);
  if (fullEnd <= fullBegin)
    return putRun(runs, capacity, 0, begin, end);
  int64_t at = putRun(runs, capacity, 0, begin, fullBegin);
  return putRun(runs, capacity, at, fullEnd, end);
}

static int64_t windowRow(const int64_t *p, int64_t row, effattn_run *runs,
                         int64_t capacity) {
  return putRun(runs, capacity, 0, std::max<int64_t>(0, row - p[3]),
                std::min(p[1], row + 1));
}

static int64_t everything(const int64_t *p, int64_t, effattn_run *runs,
                          int64_t capacity) {
  return putRun(runs, capacity, 0, 0, p[1]);
}

static int64_t nothing(const int64_t *, int64_t, effattn_run *, int64_t) {
  return 0;
}

static const effattn_case cases[] = {{windowFull, windowPartial, windowRow},
                                     {everything, nothing, everything}};

/// Slots: q, k, v, g, w, s, o, lse.
static int32_t attentionHost(effattn_launch *launch, const int64_t *dimensions,
                             const int64_t *integers, const double *floats) {
  const int64_t N = dimensions[2], M = dimensions[4];
  const int64_t parameters[] = {N, M, 0, integers[0]};
  const int32_t sets[] = {3};
  effattn_attend_operands operands = {};
  operands.query = 0, operands.key = 1, operands.value = 2;
  operands.output = 6, operands.lse = 7;
  operands.key_sets = sets;
  operands.integers = parameters;
  operands.floats = floats;
  return effattn_host_attend(launch, 0, &operands);
}

/// Slots: q, k, v, w, s, o, lse.
static int32_t windowHost(effattn_launch *launch, const int64_t *dimensions,
                          const int64_t *integers, const double *floats) {
  const int64_t N = dimensions[2], M = dimensions[4];
  const int64_t parameters[] = {N, M, 0, integers[0]};
  effattn_attend_operands operands = {};
  operands.query = 0, operands.key = 1, operands.value = 2;
  operands.output = 5, operands.lse = 6;
  operands.integers = parameters;
  operands.floats = floats;
  return effattn_host_attend(launch, 0, &operands);
}

static FakeKernel *makeKernel(bool sets) {
  enum { B, H, N, K, M, G };
  auto *fake =
      new FakeKernel(sets ? "fake" : "window", {"B", "H", "N", "K", "M", "G"});
  const std::vector<Words> keys = {dimension(B), dimension(K), dimension(M),
                                   constant(kChannels)};
  fake->tensor("q",
               {dimension(B), dimension(H), dimension(N), constant(kChannels)});
  fake->tensor("k", keys).tensor("v", keys);
  if (sets)
    fake->set("g", {dimension(G)}, dimension(M));
  fake->scalar("w", EFFATTN_I64).scalar("s", EFFATTN_F32);
  fake->result({dimension(B), dimension(H), dimension(N), constant(kChannels)});
  fake->result({dimension(B), dimension(H), dimension(N)});
  fake->require(
      {EFFATTN_OP_CONSTANT, 0, EFFATTN_OP_SCALAR, 0, EFFATTN_OP_LESS_EQUAL},
      "the window must not be negative");
  fake->attend(kChannels, 4, sets ? 1 : 0, cases);
  fake->host(sets ? attentionHost : windowHost);
  return fake;
}

const effattn_kernel *fakeAttention() {
  static FakeKernel &fake = *makeKernel(true);
  return &fake.kernel;
}

const effattn_kernel *fakeWindow() {
  static FakeKernel &fake = *makeKernel(false);
  return &fake.kernel;
}

Problem::Problem(int64_t B, int64_t H, int64_t K, int64_t N, int64_t M,
                 int64_t G)
    : B(B), H(H), K(K), N(N), M(M), G(G), q({B, H, N, kChannels}),
      k({B, K, M, kChannels}), v({B, K, M, kChannels}), g({G}, kI32),
      o({B, H, N, kChannels}), lse({B, H, N}) {
  q.randomise(1), k.randomise(2), v.randomise(3);
  for (int64_t i = 0; i < G; ++i)
    g.i32()[i] = int32_t(i * M / G);
}

std::vector<effattn_value> Problem::arguments(bool sets) {
  std::vector<effattn_value> list(sets ? 6 : 5);
  size_t at = 0;
  for (Tensor *tensor : {&q, &k, &v})
    list[at++].tensor = &tensor->dl;
  if (sets)
    list[at++].tensor = &g.dl;
  list[at++].i64 = w;
  list[at++].f32 = s;
  return list;
}

effattn_status Problem::launch(effattn_context *context, bool sets) {
  const auto given = arguments(sets);
  auto written = results();
  return effattn_launch_kernel(context, sets ? fakeAttention() : fakeWindow(),
                               given.data(), written.data());
}

double Problem::error(bool sets) {
  double worst = 0;
  for (int64_t b = 0; b < B; ++b)
    for (int64_t h = 0; h < H; ++h)
      for (int64_t i = 0; i < N; ++i) {
        const int64_t keyHead = b * K + h / (H / K);
        const int64_t row = (b * H + h) * N + i;
        double sum = 0, out[kChannels] = {};
        for (int64_t j = 0; j < M; ++j) {
          bool visible = i - j >= 0 && i - j <= w;
          for (int64_t c = 0; c < G && sets; ++c)
            visible |= g.i32()[c] == j;
          if (!visible)
            continue;
          double logit = 0;
          for (int d = 0; d < kChannels; ++d)
            logit += double(q.f32()[row * kChannels + d]) *
                     k.f32()[(keyHead * M + j) * kChannels + d];
          const double p = std::exp(s * logit);
          sum += p;
          for (int d = 0; d < kChannels; ++d)
            out[d] += p * v.f32()[(keyHead * M + j) * kChannels + d];
        }
        for (int d = 0; d < kChannels; ++d) {
          const double e = std::abs(o.f32()[row * kChannels + d] -
                                    (sum > 0 ? out[d] / sum : 0));
          worst = e <= worst ? worst : e;
        }
        const double l = lse.f32()[row];
        const double e = sum > 0 ? std::abs(l - std::log(sum))
                                 : (l == -INFINITY ? 0 : INFINITY);
        worst = e <= worst ? worst : e;
      }
  return worst;
}

Context::Context(int32_t threads) {
  effattn_options options = {};
  options.size = sizeof options;
  options.threads = threads;
  EXPECT_EQ(effattn_context_create(&options, &context), EFFATTN_OK)
      << effattn_message();
}

Context::Context(const effattn_options &options) {
  EXPECT_EQ(effattn_context_create(&options, &context), EFFATTN_OK)
      << effattn_message();
}

} // namespace effattn::test
