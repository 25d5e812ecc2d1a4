//===- LaunchTest.cpp - launches that work --------------------------------===//
#include "FakeKernel.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

using namespace effattn::test;

namespace {

TEST(Launch, AgreesWithPlainLoops) {
  Context context(3);
  for (int64_t N : {1, 3, 4, 17, 50})
    for (int64_t M : {1, 5, 50}) {
      Problem problem(2, 4, 2, N, M, M < 3 ? 1 : 3);
      ASSERT_EQ(problem.launch(context), EFFATTN_OK) << effattn_message();
      EXPECT_LT(problem.error(), 1e-6) << N << " " << M;
      ASSERT_EQ(problem.launch(context, false), EFFATTN_OK);
      EXPECT_LT(problem.error(false), 1e-6) << N << " " << M;
    }
}

TEST(Launch, AnySizeMayBeZero) {
  Context context(2);
  const int64_t sizes[][6] = {{0, 4, 2, 5, 5, 1}, {1, 0, 2, 5, 5, 1},
                              {1, 4, 2, 0, 5, 1}, {1, 4, 2, 5, 0, 0},
                              {1, 4, 2, 5, 5, 0}, {0, 0, 0, 0, 0, 0}};
  for (const auto &s : sizes) {
    Problem problem(s[0], s[1], s[2], s[3], s[4], s[5]);
    const bool empty = s[0] * s[1] * s[3] == 0;
    if (empty)
      problem.q.dl.data = nullptr;
    ASSERT_EQ(problem.launch(context), EFFATTN_OK) << effattn_message();
    if (!empty) {
      EXPECT_LT(problem.error(), 1e-6);
    }
  }
}

TEST(Launch, RowsWithoutKeysAreZero) {
  Context context(1);
  Problem problem(1, 1, 1, 6, 0, 0);
  problem.o.randomise(9);
  ASSERT_EQ(problem.launch(context), EFFATTN_OK) << effattn_message();
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(problem.lse.f32()[i], -INFINITY);
    EXPECT_EQ(problem.o.f32()[i * kChannels], 0.0f);
  }
}

/// Tokens outermost, as [B, N, H, D] in memory, with padding between tokens.
TEST(Launch, StridesAreFree) {
  Context context(2);
  Problem problem(2, 4, 2, 9, 9, 2);
  Tensor wide({2, 9, 4, 12});
  wide.randomise(4);
  Tensor out({2, 9, 4, 12});
  std::memset(out.f32(), 0, out.size() * 4);
  for (int64_t b = 0; b < 2; ++b)
    for (int64_t h = 0; h < 4; ++h)
      for (int64_t i = 0; i < 9; ++i)
        std::memcpy(problem.q.f32() + ((b * 4 + h) * 9 + i) * 8,
                    wide.f32() + ((b * 9 + i) * 4 + h) * 12 + 4, 8 * 4);
  std::vector<int64_t> shape = {2, 4, 9, 8}, strides = {9 * 48, 12, 48, 1};
  for (Tensor *tensor : {&wide, &out}) {
    tensor->dl.shape = shape.data();
    tensor->dl.strides = strides.data();
    tensor->dl.byte_offset = 16;
  }
  auto arguments = problem.arguments();
  arguments[0].tensor = &wide.dl;
  DLTensor *results[] = {&out.dl, &problem.lse.dl};
  ASSERT_EQ(effattn_launch_kernel(context, fakeAttention(), arguments.data(),
                                  results),
            EFFATTN_OK)
      << effattn_message();
  for (int64_t b = 0; b < 2; ++b)
    for (int64_t h = 0; h < 4; ++h)
      for (int64_t i = 0; i < 9; ++i)
        std::memcpy(problem.o.f32() + ((b * 4 + h) * 9 + i) * 8,
                    out.f32() + ((b * 9 + i) * 4 + h) * 12 + 4, 8 * 4);
  EXPECT_LT(problem.error(), 1e-6);
  for (int64_t i = 0; i < 2 * 9 * 4; ++i)
    for (int d = 0; d < 4; ++d)
      EXPECT_EQ(out.f32()[i * 12 + d], 0.0f) << "padding was written";
}

TEST(Launch, DenseWithoutStridesAndBroadcastArguments) {
  Context context(2);
  Problem problem(2, 4, 2, 7, 7, 1);
  problem.o.dl.strides = nullptr;
  // All key heads and batches are one.
  problem.k.strides = {0, 0, 8, 1};
  ASSERT_EQ(problem.launch(context), EFFATTN_OK) << effattn_message();
  for (int64_t i = 1; i < 4; ++i)
    std::memcpy(problem.k.f32() + i * 56, problem.k.f32(), 56 * 4);
  EXPECT_LT(problem.error(), 1e-6);
}

TEST(Launch, StridesOfAxesOfSizeOneAreIgnored) {
  Context context(1);
  Problem problem(1, 1, 1, 1, 5, 1);
  problem.q.strides = {-3, 0, INT64_MIN, 1};
  problem.o.strides = {0, -1, 0, 1};
  ASSERT_EQ(problem.launch(context), EFFATTN_OK) << effattn_message();
  EXPECT_LT(problem.error(), 1e-6);
}

TEST(Launch, ResultShape) {
  Problem problem(2, 4, 2, 7, 9, 1);
  const auto arguments = problem.arguments();
  int64_t shape[EFFATTN_MAX_RANK];
  uint32_t rank = 0;
  ASSERT_EQ(
      effattn_result_shape(fakeAttention(), arguments.data(), 0, shape, &rank),
      EFFATTN_OK);
  EXPECT_EQ(std::vector<int64_t>(shape, shape + rank),
            (std::vector<int64_t>{2, 4, 7, 8}));
  ASSERT_EQ(
      effattn_result_shape(fakeAttention(), arguments.data(), 1, shape, &rank),
      EFFATTN_OK);
  EXPECT_EQ(std::vector<int64_t>(shape, shape + rank),
            (std::vector<int64_t>{2, 4, 7}));
}

TEST(Launch, DefaultContext) {
  Problem problem(1, 2, 1, 30, 30, 2);
  ASSERT_EQ(problem.launch(nullptr), EFFATTN_OK) << effattn_message();
  EXPECT_LT(problem.error(), 1e-6);
}

TEST(Launch, Statistics) {
  Context context(2);
  Problem problem(2, 2, 1, 20, 20, 2);
  ASSERT_EQ(problem.launch(context), EFFATTN_OK);
  effattn_statistics statistics = {};
  EXPECT_EQ(effattn_last_statistics(&statistics), EFFATTN_OPTION);
  EXPECT_EQ(effattn_last_statistics(nullptr), EFFATTN_NULL);
  statistics.size = sizeof statistics;
  ASSERT_EQ(effattn_last_statistics(&statistics), EFFATTN_OK);
  EXPECT_EQ(statistics.visible_tiles, 5);
  EXPECT_GT(statistics.plan_bytes, 0);
  EXPECT_GT(statistics.workspace_bytes, 0);
  EXPECT_GE(statistics.plan_seconds, 0);
  EXPECT_GT(statistics.run_seconds, 0);
}

//===----------------------------------------------------------------------===//
// Memory of host programs
//===----------------------------------------------------------------------===//

/// x: f32[N, 3] -> f32[N, 3]: copies through temporaries.
int32_t copyHost(effattn_launch *launch, const int64_t *dimensions,
                 const int64_t *, const double *) {
  const int64_t shape[] = {dimensions[0], 3};
  int32_t status = 0;
  for (int round = 0; round < 3 && !status; ++round) {
    status = effattn_host_allocate(launch, 2, EFFATTN_F32, 2, shape);
    if (!status)
      status = effattn_host_fill(launch, 2, 7.0);
    if (!status)
      status = effattn_host_copy(launch, 0, 2);
    if (!status)
      status = effattn_host_copy(launch, 2, 1);
    if (!status)
      status = effattn_host_release(launch, 2);
  }
  return status;
}

FakeKernel &copyKernel() {
  static FakeKernel &fake = *[] {
    auto *made = new FakeKernel("copy", {"N"});
    made->tensor("x", {dimension(0), constant(3)})
        .result({dimension(0), constant(3)})
        .temporaries(1)
        .host(copyHost);
    return made;
  }();
  return fake;
}

effattn_status copy(effattn_context *context, Tensor &x, Tensor &y) {
  effattn_value arguments[1];
  arguments[0].tensor = &x.dl;
  DLTensor *results[] = {&y.dl};
  return effattn_launch_kernel(context, &copyKernel().kernel, arguments,
                               results);
}

TEST(Host, FillAndCopy) {
  Context context(2);
  for (int64_t N : {0, 1, 1000, 100000}) {
    Tensor x({N, 3}), y({N, 3});
    x.randomise(5);
    ASSERT_EQ(copy(context, x, y), EFFATTN_OK) << effattn_message();
    EXPECT_EQ(std::memcmp(x.f32(), y.f32(), size_t(N) * 12), 0);
  }
}

TEST(Host, TemporariesAreReused) {
  Context context(1);
  Tensor x({1000, 3}), y({1000, 3});
  effattn_statistics statistics = {};
  statistics.size = sizeof statistics;
  ASSERT_EQ(copy(context, x, y), EFFATTN_OK);
  ASSERT_EQ(effattn_last_statistics(&statistics), EFFATTN_OK);
  EXPECT_GE(statistics.workspace_bytes, 12000);
  EXPECT_LT(statistics.workspace_bytes, 2 * 12000)
      << "three rounds hold one temporary at a time";
}

TEST(Host, RefusesWhatGeneratedCodeNeverDoes) {
  Context context(1);
  Tensor x({4, 3}), y({4, 3});
  effattn_value arguments[1];
  arguments[0].tensor = &x.dl;
  DLTensor *results[] = {&y.dl};
  using Host = int32_t (*)(effattn_launch *, const int64_t *, const int64_t *,
                           const double *);
  const Host hosts[] = {
      [](effattn_launch *l, const int64_t *, const int64_t *, const double *) {
        return effattn_host_fill(l, 3, 0);
      },
      [](effattn_launch *l, const int64_t *, const int64_t *, const double *) {
        const int64_t shape[] = {1};
        return effattn_host_allocate(l, 0, EFFATTN_F32, 1, shape);
      },
      [](effattn_launch *l, const int64_t *, const int64_t *, const double *) {
        return effattn_host_attend(l, 0, nullptr);
      },
      [](effattn_launch *l, const int64_t *, const int64_t *, const double *) {
        return effattn_host_step(l, 0, nullptr, 1);
      },
      [](effattn_launch *l, const int64_t *, const int64_t *, const double *) {
        return effattn_host_merge(l, 0, nullptr, nullptr, 1, -1);
      },
  };
  for (Host host : hosts) {
    effattn_kernel kernel = copyKernel().kernel;
    kernel.host = host;
    EXPECT_EQ(effattn_launch_kernel(context, &kernel, arguments, results),
              EFFATTN_INTERNAL);
    EXPECT_STRNE(effattn_message(), "");
  }
}

TEST(Host, TemporaryOfANegativeOrHugeSize) {
  Context context(1);
  Tensor x({4, 3}), y({4, 3});
  effattn_value arguments[1];
  arguments[0].tensor = &x.dl;
  DLTensor *results[] = {&y.dl};
  effattn_kernel kernel = copyKernel().kernel;
  kernel.host = [](effattn_launch *l, const int64_t *, const int64_t *,
                   const double *) {
    const int64_t shape[] = {4, -1};
    return effattn_host_allocate(l, 2, EFFATTN_F32, 2, shape);
  };
  EXPECT_EQ(effattn_launch_kernel(context, &kernel, arguments, results),
            EFFATTN_SIZE);
  kernel.host = [](effattn_launch *l, const int64_t *, const int64_t *,
                   const double *) {
    const int64_t shape[] = {INT64_C(1) << 40, INT64_C(1) << 40};
    return effattn_host_allocate(l, 2, EFFATTN_F32, 2, shape);
  };
  EXPECT_EQ(effattn_launch_kernel(context, &kernel, arguments, results),
            EFFATTN_OVERFLOW);
}

TEST(Host, FailureWithoutMessageGetsOne) {
  Context context(1);
  Tensor x({4, 3}), y({4, 3});
  effattn_value arguments[1];
  arguments[0].tensor = &x.dl;
  DLTensor *results[] = {&y.dl};
  effattn_kernel kernel = copyKernel().kernel;
  kernel.host = [](effattn_launch *, const int64_t *, const int64_t *,
                   const double *) { return int32_t(EFFATTN_UNSUPPORTED); };
  EXPECT_EQ(effattn_launch_kernel(context, &kernel, arguments, results),
            EFFATTN_UNSUPPORTED);
  EXPECT_STREQ(effattn_message(),
               "copy: the host program failed with EFFATTN_UNSUPPORTED");
}

} // namespace
