//===- StepTest.cpp - dense steps on Vulkan -------------------------------===//

#include "test/unit/Gpu/GpuHarness.h"
#include "test/unit/Schedule/StepTensor.h"

#include "lib/Target/Gpu.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace effattn;
using namespace effattn::test;

namespace {

class GpuSteps : public ::testing::Test {
protected:
  void SetUp() override {
    if (std::string why = whyNoVulkan(); !why.empty())
      GTEST_SKIP() << why;
  }

  effattn_code compile(const std::string &step,
                       const std::vector<Shape> &operands, const Shape &result,
                       std::vector<int64_t> integers = {}) {
    StepSpec spec;
    spec.integers = std::move(integers);
    spec.name = "step_" + step + std::to_string(loaded.size());
    spec.step = step;
    for (const Shape &shape : operands)
      spec.operands.push_back(typeOf(shape));
    spec.result = typeOf(result);
    ScheduleFailure failure;
    KernelObject object = compileStep(
        spec, true, findGpuDevice("vulkan")->halideTarget, &failure);
    if (!failure.message.empty())
      throw std::runtime_error(failure.message);
    loaded.push_back(std::make_unique<DeviceKernels>(
        std::vector<KernelObject>{std::move(object)}));
    return loaded.back()->find(spec.name);
  }

  static int32_t run(effattn_launch *launched, effattn_code code,
                     const std::vector<int> &operands, int result) {
    effattn_step step = {};
    step.name = "step";
    step.operands = static_cast<uint32_t>(operands.size());
    std::vector<effattn_view> views;
    for (int slot : operands)
      views.push_back(launched->slots[slot].view);
    return effattn_gpu.step(launched, &step, code, views.data(),
                            &launched->slots[result].view);
  }

  void check(effattn_code code, std::vector<StepTensor *> operands,
             StepTensor &result) {
    std::vector<Tensor> arguments;
    std::vector<int> slots;
    for (StepTensor *operand : operands) {
      slots.push_back(static_cast<int>(slots.size()));
      arguments.push_back({"operand", operand->view});
    }
    int place = static_cast<int>(slots.size());
    effattn_status status = launch(arguments, {{"result", result.view}}, 0,
                                   [&](effattn_launch *launched) {
                                     return run(launched, code, slots, place);
                                   });
    ASSERT_EQ(status, EFFATTN_OK) << effattn_message();
  }

  std::vector<std::unique_ptr<DeviceKernels>> loaded;
};

TEST_F(GpuSteps, Matmul) {
  StepTensor a({2, 3, 17, 9}), b({9, 21}), c({2, 3, 17, 21}, 1);
  effattn_code code = compile("matmul", {a.shape, b.shape}, c.shape);
  check(code, {&a.fill(1), &b.fill(2)}, c);
  for (int64_t x = 0; x < 2; ++x)
    for (int64_t y = 0; y < 3; ++y)
      for (int64_t i = 0; i < 17; ++i)
        for (int64_t j = 0; j < 21; ++j) {
          double sum = 0;
          for (int64_t k = 0; k < 9; ++k)
            sum += double(a.at({x, y, i, k})) * b.at({k, j});
          ASSERT_NEAR(c.at({x, y, i, j}), sum, 1e-5);
        }
}

TEST_F(GpuSteps, Transpose) {
  StepTensor in({2, 33, 17}, 3), out({2, 17, 33});
  check(compile("transpose", {in.shape}, out.shape), {&in.fill(3)}, out);
  for (int64_t x = 0; x < 2; ++x)
    for (int64_t i = 0; i < 33; ++i)
      for (int64_t j = 0; j < 17; ++j)
        ASSERT_EQ(out.at({x, j, i}), in.at({x, i, j}));
}

TEST_F(GpuSteps, AddRepeatsAxesOfOne) {
  StepTensor a({3, 10, 7}), b({1, 10, 1}), c({3, 10, 7});
  check(compile("add", {a.shape, b.shape}, c.shape), {&a.fill(1), &b.fill(2)},
        c);
  for (int64_t x = 0; x < 3; ++x)
    for (int64_t i = 0; i < 10; ++i)
      for (int64_t j = 0; j < 7; ++j)
        ASSERT_EQ(c.at({x, i, j}), a.at({x, i, j}) + b.at({0, i, 0}));
}

TEST_F(GpuSteps, StepsThatMoveTokens) {
  StepTensor a({3, 10, 7}), b({3, 12, 7}, 1), joined({3, 22, 7}),
      part({3, 4, 7});
  StepTensor moved({3, 10, 7}), inLines({3, 10, 7}), means({3, 3, 7});
  check(compile("concat", {a.shape, b.shape}, joined.shape),
        {&a.fill(1), &b.fill(2)}, joined);
  check(compile("take", {a.shape}, part.shape, {5, 9}), {&a}, part);
  check(compile("shift", {a.shape}, moved.shape, {-2}), {&a}, moved);
  check(compile("shift", {a.shape}, inLines.shape, {1, 4}), {&a}, inLines);
  check(compile("segment_mean", {a.shape}, means.shape, {3}), {&a}, means);
  for (int64_t x = 0; x < 3; ++x)
    for (int64_t j = 0; j < 7; ++j) {
      for (int64_t i = 0; i < 22; ++i)
        ASSERT_EQ(joined.at({x, i, j}),
                  i < 10 ? a.at({x, i, j}) : b.at({x, i - 10, j}));
      for (int64_t i = 0; i < 4; ++i)
        ASSERT_EQ(part.at({x, i, j}), a.at({x, i + 5, j}));
      for (int64_t i = 0; i < 10; ++i) {
        ASSERT_EQ(moved.at({x, i, j}), i < 8 ? a.at({x, i + 2, j}) : 0);
        ASSERT_EQ(inLines.at({x, i, j}), i % 4 ? a.at({x, i - 1, j}) : 0);
      }
      for (int64_t i = 0; i < 3; ++i)
        ASSERT_NEAR(means.at({x, i, j}),
                    (double(a.at({x, 3 * i, j})) + a.at({x, 3 * i + 1, j}) +
                     a.at({x, 3 * i + 2, j})) /
                        3,
                    1e-6);
    }
}

TEST_F(GpuSteps, ConcatOfAnEmptySide) {
  StepTensor a({3, 0, 7}), b({3, 12, 7}), out({3, 12, 7});
  effattn_code code = compile("concat", {{3, 2, 7}, b.shape}, out.shape);
  check(code, {&a, &b.fill(2)}, out);
  EXPECT_EQ(out.data, b.data);
}

TEST_F(GpuSteps, SoftmaxOfATransposeThatStaysOnTheDevice) {
  StepTensor in({2, 19, 45}), out({2, 45, 19});
  effattn_code transpose = compile("transpose", {in.shape}, out.shape);
  effattn_code softmax = compile("softmax", {out.shape}, out.shape);
  in.fill(5);
  effattn_status status = launch(
      {{"in", in.view}}, {{"out", out.view}}, 1, [&](effattn_launch *launched) {
        int32_t failed = effattn_host_allocate(launched, 2, EFFATTN_F32, 3,
                                               out.shape.data());
        if (!failed)
          failed = run(launched, transpose, {0}, 2);
        return failed ? failed : run(launched, softmax, {2}, 1);
      });
  ASSERT_EQ(status, EFFATTN_OK) << effattn_message();
  for (int64_t x = 0; x < 2; ++x)
    for (int64_t i = 0; i < 45; ++i) {
      double sum = 0;
      for (int64_t j = 0; j < 19; ++j)
        sum += std::exp(double(in.at({x, j, i})));
      for (int64_t j = 0; j < 19; ++j) {
        double want = std::exp(double(in.at({x, j, i}))) / sum;
        ASSERT_NEAR(out.at({x, i, j}), want, 2e-6 * want);
      }
    }
}

} // namespace
