//===- ThreadsTest.cpp - loops and launches on many threads ---------------===//
#include "FakeKernel.h"
#include "internal.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <thread>

using namespace effattn::test;

namespace {

TEST(Threads, EightCallersOfOneContext) {
  for (int32_t workers : {1, 2, 7}) {
    Context context(workers);
    std::vector<std::thread> threads;
    std::atomic<int> wrong{0};
    for (int t = 0; t < 8; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < 10; ++i) {
          Problem problem(1, 4, 2, 20 + t, 30 - i, 3);
          const bool sets = (i + t) % 2;
          if (problem.launch(context, sets) != EFFATTN_OK ||
              !(problem.error(sets) < 1e-6))
            ++wrong;
        }
      });
    for (std::thread &thread : threads)
      thread.join();
    EXPECT_EQ(wrong, 0);
  }
}

TEST(Threads, EightCallersOfTheDefaultContext) {
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&] {
      Problem problem(1, 2, 1, 33, 33, 3);
      if (problem.launch(nullptr) != EFFATTN_OK || !(problem.error() < 1e-6))
        ++wrong;
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Threads, SameBitsForAnyNumberOfThreads) {
  Problem expected(2, 4, 2, 65, 65, 4);
  {
    Context context(1);
    ASSERT_EQ(expected.launch(context), EFFATTN_OK);
  }
  for (int32_t workers : {2, 7}) {
    Context context(workers);
    Problem problem(2, 4, 2, 65, 65, 4);
    ASSERT_EQ(problem.launch(context), EFFATTN_OK);
    EXPECT_EQ(std::memcmp(problem.o.f32(), expected.o.f32(),
                          size_t(problem.o.size()) * 4),
              0);
  }
}

struct Counter {
  effattn_context *context;
  std::atomic<int64_t> sum{0};
  std::atomic<int> inside[16] = {};
};

TEST(Threads, LoopRunsEachIndexOnceWithDistinctWorkers) {
  Context context(5);
  Counter counter;
  counter.context = context;
  for (int64_t count : {0, 1, 2, 5, 1000}) {
    counter.sum = 0;
    effattn_context_parallel_for(
        context.context, count, 5,
        [](void *data, int64_t index, int32_t worker) {
          auto *counter = static_cast<Counter *>(data);
          ASSERT_GE(worker, 0);
          ASSERT_LT(worker, 5);
          EXPECT_EQ(counter->inside[worker]++, 0) << "two at once";
          counter->sum += index + 1;
          --counter->inside[worker];
        },
        &counter);
    EXPECT_EQ(counter.sum, count * (count + 1) / 2);
  }
}

void nested(void *data, int64_t index, int32_t) {
  auto *counter = static_cast<Counter *>(data);
  effattn_arena *outer = effattn_worker_arena();
  effattn_context_parallel_for(
      counter->context, 20, 4,
      [](void *data, int64_t index, int32_t) {
        static_cast<Counter *>(data)->sum += index;
      },
      counter);
  EXPECT_EQ(effattn_worker_arena(), outer);
  counter->sum += index;
}

TEST(Threads, LoopsInsideLoopsOfManyCallers) {
  Context context(4);
  Counter counter;
  counter.context = context;
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t)
    threads.emplace_back([&] {
      effattn_context_parallel_for(context.context, 50, 4, nested, &counter);
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(counter.sum, 6 * (50 * 49 / 2 + 50 * 20 * 19 / 2));
}

TEST(Threads, MessageOfTheLowestIndexComesBack) {
  Context context(4);
  for (int round = 0; round < 20; ++round) {
    effattn_context_parallel_for(
        context.context, 100, 4,
        [](void *, int64_t index, int32_t) {
          if (index % 10 == 3)
            effattn_fail(EFFATTN_INTERNAL, "index %d", int(index));
        },
        nullptr);
    EXPECT_STREQ(effattn_message(), "index 3");
  }
}

TEST(Threads, MoreWorkersThanAnyList) {
  Context context(100);
  Counter counter;
  counter.context = context;
  effattn_context_parallel_for(
      context.context, 1000, 100,
      [](void *data, int64_t index, int32_t) {
        static_cast<Counter *>(data)->sum += index;
      },
      &counter);
  EXPECT_EQ(counter.sum, 1000 * 999 / 2);
}

TEST(Threads, ContextsComeAndGo) {
  for (int i = 0; i < 50; ++i) {
    Context context(3);
    Problem problem(1, 1, 1, 9, 9, 1);
    ASSERT_EQ(problem.launch(context), EFFATTN_OK);
  }
}

} // namespace
