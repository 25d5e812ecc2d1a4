//===- LaunchTest.cpp - tensors between host and device -------------------===//
//
// What a host program does around attends: temporaries that stay on the device,
// fill, copy and merge; tensors with gaps; several threads at once.
//
//===----------------------------------------------------------------------===//

#include "test/unit/Gpu/GpuHarness.h"

#include <gtest/gtest.h>

#include <thread>

using namespace effattn;
using namespace effattn::test;

namespace {

class GpuLaunch : public ::testing::Test {
protected:
  void SetUp() override {
    if (std::string why = whyNoVulkan(); !why.empty())
      GTEST_SKIP() << why;
  }
  static AttendSpec denseSpec() { return makeSpec(16, 16, nullptr); }
  static const GpuAttendKernel &dense() {
    static GpuAttendKernel kernel(denseSpec());
    return kernel;
  }
};

/// Keys [first, first + count) of a problem.
Problem partOf(const Problem &whole, int64_t first, int64_t count) {
  Problem part = whole;
  part.keys = count;
  part.k = Heads(whole.batches, whole.keyHeads, count, whole.spec.headDim);
  part.v = Heads(whole.batches, whole.keyHeads, count, whole.spec.valueDim);
  for (int64_t b = 0; b < whole.batches; ++b)
    for (int64_t h = 0; h < whole.keyHeads; ++h)
      for (int64_t n = 0; n < count; ++n) {
        for (int64_t c = 0; c < whole.spec.headDim; ++c)
          part.k.at(b, h, n, c) = whole.k.at(b, h, first + n, c);
        for (int64_t c = 0; c < whole.spec.valueDim; ++c)
          part.v.at(b, h, n, c) = whole.v.at(b, h, first + n, c);
      }
  return part;
}

TEST_F(GpuLaunch, MergesPartsThatStayOnTheDevice) {
  Problem whole(denseSpec(), 2, 2, 1, 70, 83);
  Problem first = partOf(whole, 0, 50), second = partOf(whole, 50, 33),
          none = partOf(whole, 0, 0);
  Outcome got{Heads(2, 2, 70, 16, Heads::Layout::Nhd), Heads(2, 2, 70, 1)};
  effattn_view lse = got.lse.view();
  lse.rank = 3;
  const int64_t shape[] = {2, 2, 70, 16};
  // Slots: q, k1, v1, k2, v2, k0, v0, o, lse; then (o, lse) of three parts.
  effattn_status status = launch(
      {{"q", whole.q.view()},
       {"k1", first.k.view()},
       {"v1", first.v.view()},
       {"k2", second.k.view()},
       {"v2", second.v.view()},
       {"k0", none.k.view()},
       {"v0", none.v.view()}},
      {{"o", got.o.view()}, {"lse", lse}}, 6, [&](effattn_launch *launched) {
        const Problem *parts[] = {&none, &first, &second};
        const int keys[] = {5, 1, 3};
        const int32_t outputs[] = {9, 11, 13}, lses[] = {10, 12, 14};
        for (int p = 0; p < 3; ++p) {
          int32_t failed = effattn_host_allocate(launched, outputs[p],
                                                 EFFATTN_F32, 4, shape);
          if (!failed)
            failed =
                effattn_host_allocate(launched, lses[p], EFFATTN_F32, 3, shape);
          if (!failed)
            failed = dense().attend(launched, *parts[p], 0, keys[p],
                                    keys[p] + 1, outputs[p], lses[p]);
          if (failed)
            return failed;
        }
        int32_t failed = effattn_host_merge(launched, 3, outputs, lses, 7, 8);
        for (int p = 0; p < 3; ++p)
          effattn_host_release(launched, outputs[p]);
        return failed;
      });
  ASSERT_EQ(status, EFFATTN_OK) << effattn_message();
  whole.layout = Heads::Layout::Nhd; // of the result
  expectClose(whole, got);
}

TEST_F(GpuLaunch, FillsAndCopies) {
  Heads source(1, 3, 37, 5), filled(1, 3, 37, 5, Heads::Layout::Nhd),
      copied(1, 3, 37, 5, Heads::Layout::Nhd);
  std::mt19937 random(3);
  source.fill(random);
  const int64_t shape[] = {1, 3, 37, 5};
  effattn_status status =
      launch({{"s", source.view()}},
             {{"filled", filled.view()}, {"copied", copied.view()}}, 1,
             [&](effattn_launch *launched) {
               int32_t failed =
                   effattn_host_allocate(launched, 3, EFFATTN_F32, 4, shape);
               if (!failed)
                 failed = effattn_host_fill(launched, 1, -2.5);
               if (!failed)
                 failed = effattn_host_copy(launched, 0, 3);
               return failed ? failed : effattn_host_copy(launched, 3, 2);
             });
  ASSERT_EQ(status, EFFATTN_OK) << effattn_message();
  for (int64_t h = 0; h < 3; ++h)
    for (int64_t n = 0; n < 37; ++n)
      for (int64_t c = 0; c < 5; ++c) {
        EXPECT_EQ(filled.at(0, h, n, c), -2.5f);
        EXPECT_EQ(copied.at(0, h, n, c), source.at(0, h, n, c));
      }
}

TEST_F(GpuLaunch, TensorsWithGapsAndOddStrides) {
  // q, k, v and o side by side in one tensor, a row of 67 elements.
  const int64_t n = 45, width = 67;
  Problem problem(denseSpec(), 1, 1, 1, n, n);
  std::vector<float> memory(n * width, 7.0f);
  auto place = [&](int64_t first, int64_t row, int64_t c) -> float & {
    return memory[row * width + first + c];
  };
  auto slice = [&](int64_t first) {
    effattn_view view = problem.q.view();
    view.data = memory.data() + first;
    view.stride[0] = view.stride[1] = n * width;
    view.stride[2] = width;
    return view;
  };
  for (int64_t row = 0; row < n; ++row)
    for (int64_t c = 0; c < 16; ++c) {
      place(0, row, c) = problem.q.at(0, 0, row, c);
      place(16, row, c) = problem.k.at(0, 0, row, c);
      place(32, row, c) = problem.v.at(0, 0, row, c);
    }
  std::vector<float> before = memory;
  effattn_status status =
      launch({{"q", slice(0)}, {"k", slice(16)}, {"v", slice(32)}},
             {{"o", slice(48)}}, 0, [&](effattn_launch *launched) {
               return dense().attend(launched, problem, 0, 1, 2, 3, -1);
             });
  ASSERT_EQ(status, EFFATTN_OK) << effattn_message();
  Outcome got = expected(problem);
  for (int64_t row = 0; row < n; ++row)
    for (int64_t c = 0; c < width; ++c)
      if (c >= 48 && c < 64)
        got.o.at(0, 0, row, c - 48) = place(0, row, c);
      else
        EXPECT_EQ(place(0, row, c), before[row * width + c]);
  expectClose(problem, got);
}

TEST_F(GpuLaunch, ManyThreads) {
  dense();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([t] {
      Problem problem(denseSpec(), 1, 1 + t, 1, 40 + t, 30 + t);
      for (int again = 0; again < 3; ++again)
        expectClose(problem, dense().run(problem));
    });
  for (std::thread &thread : threads)
    thread.join();
}

TEST_F(GpuLaunch, EmptySizes) {
  for (auto [n, m] : {std::pair<int64_t, int64_t>{0, 5}, {5, 0}, {0, 0}}) {
    Problem problem(denseSpec(), 1, 2, 1, n, m);
    expectClose(problem, dense().run(problem));
  }
}

} // namespace
