//===- HalideRuntimeTest.cpp - what compiled kernels call -----------------===//
#include "FakeKernel.h"
#include "internal.h"

#include <gtest/gtest.h>

#include <cstring>

using namespace effattn::test;

namespace {

TEST(HalideRuntime, ErrorsReturnTheirCodeAndLeaveAMessage) {
  effattn_clear_message();
  EXPECT_EQ(halide_error_access_out_of_bounds(nullptr, "k", 1, 0, 9, 0, 7),
            halide_error_code_access_out_of_bounds);
  EXPECT_STREQ(effattn_message(), "k, axis 1 from the right: 0..9 is read or "
                                  "written, but 0..7 is there");
  EXPECT_EQ(effattn_kernel_status(halide_error_code_access_out_of_bounds,
                                  "tile of x"),
            EFFATTN_INTERNAL);
  EXPECT_EQ(std::string(effattn_message()).rfind("tile of x: k, axis 1", 0),
            0u);
  EXPECT_EQ(halide_error_param_too_small_i64(nullptr, "n", -1, 0),
            halide_error_code_param_too_small);
  EXPECT_EQ(halide_error_extern_stage_failed(nullptr, "s", 17), 17);
  halide_error(nullptr, "two\nlines\n");
  EXPECT_STREQ(effattn_message(), "two lines");
}

TEST(HalideRuntime, StatusesOfCodes) {
  EXPECT_EQ(effattn_kernel_status(0, "x"), EFFATTN_OK);
  EXPECT_EQ(effattn_kernel_status(halide_error_code_out_of_memory, "x"),
            EFFATTN_OUT_OF_MEMORY);
  EXPECT_EQ(
      effattn_kernel_status(halide_error_code_buffer_extents_too_large, "x"),
      EFFATTN_OVERFLOW);
  EXPECT_EQ(effattn_kernel_status(halide_error_code_symbol_not_found, "x"),
            EFFATTN_NO_DEVICE);
  EXPECT_EQ(effattn_kernel_status(halide_error_code_device_run_failed, "x"),
            EFFATTN_DEVICE_FAILED);
  effattn_clear_message();
  EXPECT_EQ(effattn_kernel_status(-1234, "tile"), EFFATTN_INTERNAL);
  EXPECT_STREQ(effattn_message(), "tile: failed with code -1234");
}

TEST(HalideRuntime, MemoryWithoutAContext) {
  void *memory = halide_malloc(nullptr, 1000);
  ASSERT_NE(memory, nullptr);
  EXPECT_EQ(uintptr_t(memory) % EFFATTN_ALIGNMENT_BYTES, 0u);
  std::memset(memory, 1, 1000);
  halide_free(nullptr, memory);
  halide_free(nullptr, nullptr);
  EXPECT_EQ(halide_malloc(nullptr, SIZE_MAX), nullptr);
}

struct InLoop {
  effattn_user user;
  void *memory[64];
};

TEST(HalideRuntime, MemoryInALoopIsTheWorkers) {
  Context context(4);
  InLoop data = {};
  data.user.context = context;
  effattn_context_parallel_for(
      context.context, 64, 4,
      [](void *given, int64_t index, int32_t) {
        auto *data = static_cast<InLoop *>(given);
        EXPECT_NE(effattn_worker_arena(), nullptr);
        void *memory = halide_malloc(&data->user, 10000);
        std::memset(memory, int(index), 10000);
        data->memory[index] = memory;
        halide_free(&data->user, memory);
      },
      &data);
  EXPECT_EQ(effattn_worker_arena(), nullptr);
  std::vector<void *> distinct(data.memory, data.memory + 64);
  std::sort(distinct.begin(), distinct.end());
  const auto end = std::unique(distinct.begin(), distinct.end());
  EXPECT_LE(end - distinct.begin(), 4) << "one place a worker";
}

TEST(HalideRuntime, LastingMemoryIsNotTheWorkers) {
  Context context(2);
  InLoop data = {};
  data.user.context = context;
  data.user.lasting = true;
  effattn_context_parallel_for(
      context.context, 8, 2,
      [](void *given, int64_t index, int32_t) {
        auto *data = static_cast<InLoop *>(given);
        data->memory[index] = halide_malloc(&data->user, 100);
        std::memset(data->memory[index], int(index), 100);
      },
      &data);
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(static_cast<char *>(data.memory[i])[99], i);
    halide_free(nullptr, data.memory[i]);
  }
}

} // namespace
