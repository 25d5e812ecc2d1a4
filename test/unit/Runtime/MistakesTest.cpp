//===- MistakesTest.cpp - what callers get wrong, and what they are told --===//
#include "FakeKernel.h"

#include <gtest/gtest.h>

#include <functional>

using namespace effattn::test;

namespace {

/// One launch of the fake kernel with one thing wrong.
struct Call {
  Problem problem{2, 4, 2, 10, 12, 3};
  effattn_kernel kernel = *fakeAttention();
  std::vector<effattn_value> arguments = problem.arguments();
  std::vector<DLTensor *> results = problem.results();

  effattn_status launch() {
    static Context context(2);
    return effattn_launch_kernel(context, &kernel, arguments.data(),
                                 results.data());
  }
};

struct Mistake {
  const char *name;
  std::function<void(Call &)> make;
  effattn_status status;
  const char *message; ///< a part of it
};

void PrintTo(const Mistake &mistake, std::ostream *os) { *os << mistake.name; }

const Mistake kMistakes[] = {
    {"NullArgument", [](Call &c) { c.arguments[0].tensor = nullptr; },
     EFFATTN_NULL, "fake: argument 'q': expected a tensor, but got NULL"},
    {"NullResult", [](Call &c) { c.results[1] = nullptr; }, EFFATTN_NULL,
     "fake: result 1: expected a tensor, but got NULL"},
    {"NullShape", [](Call &c) { c.problem.k.dl.shape = nullptr; }, EFFATTN_NULL,
     "fake: argument 'k': expected a shape"},
    {"NullData", [](Call &c) { c.problem.v.dl.data = nullptr; }, EFFATTN_NULL,
     "fake: argument 'v': expected data"},
    {"NewerMajor",
     [](Call &c) { c.kernel.abi_version = (EFFATTN_ABI_MAJOR + 1) << 16; },
     EFFATTN_VERSION_MISMATCH, "compiled for ABI 6.0, but this runtime"},
    {"OlderMajor",
     [](Call &c) { c.kernel.abi_version = (EFFATTN_ABI_MAJOR - 1) << 16; },
     EFFATTN_VERSION_MISMATCH, "compiled for ABI 4.0"},
    {"NewerMinor", [](Call &c) { c.kernel.abi_version += 1; },
     EFFATTN_VERSION_MISMATCH, "compiled for ABI"},
    {"ShortDescriptor", [](Call &c) { c.kernel.size -= 8; },
     EFFATTN_VERSION_MISMATCH, "descriptor has"},
    {"DoubleInsteadOfFloat", [](Call &c) { c.problem.q.dl.dtype.bits = 64; },
     EFFATTN_TYPE, "argument 'q': expected f32, but got float64"},
    {"HalfInsteadOfFloat", [](Call &c) { c.problem.o.dl.dtype.bits = 16; },
     EFFATTN_TYPE, "result 0: expected f32, but got float16"},
    {"BfloatInsteadOfFloat",
     [](Call &c) {
       c.problem.q.dl.dtype = {kDLBfloat, 16, 1};
     },
     EFFATTN_TYPE, "expected f32, but got bfloat16"},
    {"VectorType", [](Call &c) { c.problem.q.dl.dtype.lanes = 4; },
     EFFATTN_TYPE, "in vectors"},
    {"SetOfInt64", [](Call &c) { c.problem.g.dl.dtype.bits = 64; },
     EFFATTN_TYPE, "argument 'g': expected i32, but got int64"},
    {"SetOfUnsigned", [](Call &c) { c.problem.g.dl.dtype.code = kDLUInt; },
     EFFATTN_TYPE, "expected i32, but got uint32"},
    {"TooFewAxes", [](Call &c) { c.problem.q.dl.ndim = 3; }, EFFATTN_RANK,
     "argument 'q': expected 4 axes, but got 3"},
    {"TooManyAxes", [](Call &c) { c.problem.lse.dl.ndim = 4; }, EFFATTN_RANK,
     "result 1: expected 3 axes, but got 4"},
    {"NegativeRank", [](Call &c) { c.problem.lse.dl.ndim = -1; }, EFFATTN_RANK,
     "but got -1"},
    {"NegativeSize", [](Call &c) { c.problem.q.shape[2] = -10; }, EFFATTN_SIZE,
     "argument 'q', axis 2: negative size -10"},
    {"BatchDiffers", [](Call &c) { c.problem.k.shape[0] = 1; }, EFFATTN_SIZE,
     "argument 'k', axis 0: expected 2 (B, given by 'q'), but got 1"},
    {"TokensDiffer", [](Call &c) { c.problem.v.shape[2] = 11; }, EFFATTN_SIZE,
     "argument 'v', axis 2: expected 12 (M, given by 'k'), but got 11"},
    {"ChannelsDiffer", [](Call &c) { c.problem.q.shape[3] = 4; }, EFFATTN_SIZE,
     "argument 'q', axis 3: expected 8, but got 4"},
    {"ResultTooShort", [](Call &c) { c.problem.o.shape[2] = 9; }, EFFATTN_SIZE,
     "result 0, axis 2: expected 10 (N, given by 'q'), but got 9"},
    {"HeadsDoNotDivide",
     [](Call &c) {
       c.problem.q.shape[1] = c.problem.o.shape[1] = c.problem.lse.shape[1] = 3;
     },
     EFFATTN_SIZE, "expected a number of key heads that divides 3, but got 2"},
    {"ChannelsNotContiguous", [](Call &c) { c.problem.q.strides[3] = 2; },
     EFFATTN_STRIDE,
     "argument 'q', axis 3: expected a last axis with stride 1, but got 2"},
    {"ChannelsBroadcast", [](Call &c) { c.problem.k.strides[3] = 0; },
     EFFATTN_STRIDE, "argument 'k', axis 3"},
    {"NegativeStride", [](Call &c) { c.problem.k.strides[2] = -8; },
     EFFATTN_STRIDE, "argument 'k', axis 2: negative stride -8"},
    {"Misaligned", [](Call &c) { c.problem.q.dl.byte_offset = 2; },
     EFFATTN_ALIGNMENT, "argument 'q': expected data aligned to 4 bytes"},
    {"OnCuda", [](Call &c) { c.problem.q.dl.device.device_type = kDLCUDA; },
     EFFATTN_DEVICE, "argument 'q': expected memory of the CPU, but got CUDA"},
    {"OnVulkan", [](Call &c) { c.problem.o.dl.device.device_type = kDLVulkan; },
     EFFATTN_DEVICE, "result 0: expected memory of the CPU, but got Vulkan"},
    {"ResultIsArgument",
     [](Call &c) { c.problem.o.dl.data = c.problem.q.dl.data; },
     EFFATTN_OVERLAP, "result 0 shares memory with argument 'q'"},
    {"ResultsShare",
     [](Call &c) { c.problem.lse.dl.data = c.problem.o.f32() + 8; },
     EFFATTN_OVERLAP, "result 1 shares memory with result 0"},
    {"ResultOverSet",
     [](Call &c) { c.problem.lse.dl.data = c.problem.g.dl.data; },
     EFFATTN_OVERLAP, "result 1 shares memory with argument 'g'"},
    {"ResultBroadcast", [](Call &c) { c.problem.o.strides[1] = 0; },
     EFFATTN_OVERLAP, "result 0, axis 1: a result cannot be broadcast"},
    {"ResultOverlapsItself", [](Call &c) { c.problem.o.strides[2] = 4; },
     EFFATTN_OVERLAP, "result 0: elements share memory with each other"},
    {"SizeOverflows",
     [](Call &c) {
       for (Tensor *t : {&c.problem.q, &c.problem.o, &c.problem.lse})
         t->shape[2] = INT64_C(1) << 60;
     },
     EFFATTN_OVERFLOW, "does not fit 64 bits"},
    {"StrideOverflows",
     [](Call &c) { c.problem.q.strides[0] = INT64_C(1) << 61; },
     EFFATTN_OVERFLOW, "argument 'q': the tensor does not fit the address"},
    {"OffsetOverflows",
     [](Call &c) { c.problem.q.dl.byte_offset = UINT64_MAX - 64; },
     EFFATTN_OVERFLOW, "argument 'q': the tensor does not fit the address"},
    {"TooManyTokens",
     [](Call &c) {
       c.problem.q.shape = {2, 4, INT64_C(1) << 31, 8};
       c.problem.o.shape = c.problem.q.shape;
       c.problem.lse.shape = {2, 4, INT64_C(1) << 31};
       for (Tensor *t : {&c.problem.q, &c.problem.o, &c.problem.lse})
         t->dl.shape = t->shape.data(), t->dl.strides = nullptr;
       // Never touched: refused before.
       c.problem.q.dl.data = reinterpret_cast<void *>(UINT64_C(1) << 50);
       c.problem.o.dl.data = reinterpret_cast<void *>(UINT64_C(1) << 51);
       c.problem.lse.dl.data = reinterpret_cast<void *>(UINT64_C(1) << 52);
     },
     EFFATTN_OVERFLOW,
     "expected at most 2147480000 tokens, but got 2147483648"},
    {"IndexOutOfRange", [](Call &c) { c.problem.g.i32()[2] = 12; },
     EFFATTN_BAD_INDEX_SET,
     "argument 'g': expected indices in 0..11, but got 12 at position 2"},
    {"IndexNegative", [](Call &c) { c.problem.g.i32()[0] = -1; },
     EFFATTN_BAD_INDEX_SET, "but got -1 at position 0"},
    {"IndexRepeated",
     [](Call &c) { c.problem.g.i32()[1] = c.problem.g.i32()[0]; },
     EFFATTN_BAD_INDEX_SET,
     "expected strictly increasing indices, but got 0 "
     "after 0 at position 1"},
    {"IndexNotSorted", [](Call &c) { c.problem.g.i32()[0] = 5; },
     EFFATTN_BAD_INDEX_SET, "strictly increasing"},
    {"RequireFails", [](Call &c) { c.arguments[4].i64 = -1; }, EFFATTN_REQUIRE,
     "fake: the window must not be negative"},
    {"NoGpuRuntime",
     [](Call &c) { c.kernel.target_kind = EFFATTN_TARGET_VULKAN; },
     EFFATTN_NO_DEVICE,
     "compiled for Vulkan, but the GPU runtime is not "
     "linked: link effattn_runtime_gpu"},
};

class Mistakes : public testing::TestWithParam<Mistake> {};

TEST_P(Mistakes, AreToldApart) {
  Call call;
  GetParam().make(call);
  const effattn_status status = call.launch();
  EXPECT_EQ(status, GetParam().status)
      << effattn_status_name(status) << ": " << effattn_message();
  EXPECT_NE(std::string(effattn_message()).find(GetParam().message),
            std::string::npos)
      << effattn_message();
}

INSTANTIATE_TEST_SUITE_P(Runtime, Mistakes, testing::ValuesIn(kMistakes),
                         [](const auto &info) { return info.param.name; });

TEST(MistakesOfCalls, NullPointers) {
  Call call;
  EXPECT_EQ(effattn_launch_kernel(nullptr, nullptr, call.arguments.data(),
                                  call.results.data()),
            EFFATTN_NULL);
  EXPECT_EQ(effattn_launch_kernel(nullptr, &call.kernel, nullptr,
                                  call.results.data()),
            EFFATTN_NULL);
  EXPECT_STREQ(effattn_message(), "fake: expected 6 arguments, but got NULL");
  EXPECT_EQ(effattn_launch_kernel(nullptr, &call.kernel, call.arguments.data(),
                                  nullptr),
            EFFATTN_NULL);
  EXPECT_STREQ(effattn_message(), "fake: expected 2 results, but got NULL");
}

TEST(MistakesOfCalls, MessageIsThatOfTheLastCall) {
  Call call;
  call.arguments[4].i64 = -1;
  EXPECT_EQ(call.launch(), EFFATTN_REQUIRE);
  EXPECT_STRNE(effattn_message(), "");
  call.arguments[4].i64 = 1;
  EXPECT_EQ(call.launch(), EFFATTN_OK);
  EXPECT_STREQ(effattn_message(), "");
}

TEST(MistakesOfCalls, ResultShape) {
  Call call;
  int64_t shape[EFFATTN_MAX_RANK];
  uint32_t rank;
  EXPECT_EQ(effattn_result_shape(&call.kernel, call.arguments.data(), 2, shape,
                                 &rank),
            EFFATTN_SIZE);
  EXPECT_EQ(effattn_result_shape(&call.kernel, call.arguments.data(), 0,
                                 nullptr, &rank),
            EFFATTN_NULL);
  call.problem.v.shape[2] = 1;
  EXPECT_EQ(effattn_result_shape(&call.kernel, call.arguments.data(), 0, shape,
                                 &rank),
            EFFATTN_SIZE);
}

TEST(MistakesOfCalls, StatusNames) {
  for (int status = EFFATTN_OK; status <= EFFATTN_OPTION; ++status)
    EXPECT_EQ(std::string(effattn_status_name(effattn_status(status)))
                  .rfind("EFFATTN_", 0),
              0u)
        << status;
  EXPECT_STREQ(effattn_status_name(effattn_status(999)), "unknown status");
}

} // namespace
