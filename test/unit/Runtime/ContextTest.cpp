//===- ContextTest.cpp - options and hooks --------------------------------===//
#include "FakeKernel.h"

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <thread>

using namespace effattn::test;

namespace {

effattn_options options() {
  effattn_options made = {};
  made.size = sizeof made;
  return made;
}

effattn_status create(const effattn_options &given) {
  effattn_context *context = nullptr;
  const effattn_status status = effattn_context_create(&given, &context);
  EXPECT_EQ(status == EFFATTN_OK, context != nullptr);
  effattn_context_destroy(context);
  return status;
}

void *allocate(void *, size_t, size_t) { return nullptr; }
void deallocate(void *, void *, size_t, size_t) {}

TEST(Context, RefusesWrongOptions) {
  effattn_options wrong = options();
  wrong.size = 0;
  EXPECT_EQ(create(wrong), EFFATTN_OPTION);
  wrong = options();
  wrong.threads = -1;
  EXPECT_EQ(create(wrong), EFFATTN_OPTION);
  EXPECT_STREQ(effattn_message(),
               "options: expected threads in 0..4096, but got -1");
  wrong.threads = 100000;
  EXPECT_EQ(create(wrong), EFFATTN_OPTION);
  wrong = options();
  wrong.allocate = allocate;
  EXPECT_EQ(create(wrong), EFFATTN_OPTION);
  wrong = options();
  wrong.deallocate = deallocate;
  EXPECT_EQ(create(wrong), EFFATTN_OPTION);
  wrong = options();
  wrong.isa_limit = 3;
  EXPECT_EQ(create(wrong), EFFATTN_OPTION);
  wrong = options();
  wrong.device = -1;
  EXPECT_EQ(create(wrong), EFFATTN_OPTION);
  EXPECT_EQ(effattn_context_create(nullptr, nullptr), EFFATTN_NULL);
  effattn_context_destroy(nullptr);
}

TEST(Context, OlderAndNewerCallers) {
  effattn_options older = options();
  older.size = offsetof(effattn_options, device);
  EXPECT_EQ(create(older), EFFATTN_OK) << effattn_message();
  struct {
    effattn_options known;
    uint64_t added;
  } newer = {options(), 0};
  newer.known.size = sizeof newer;
  effattn_context *context = nullptr;
  EXPECT_EQ(effattn_context_create(&newer.known, &context), EFFATTN_OK);
  effattn_context_destroy(context);
  newer.added = 1;
  EXPECT_EQ(effattn_context_create(&newer.known, &context), EFFATTN_OPTION);
  EXPECT_EQ(context, nullptr);
}

TEST(Context, EnvironmentLimitsTheInstructionSet) {
  Problem problem(1, 1, 1, 4, 4, 1);
  setenv("EFFATTN_ISA", "v2", 1);
  {
    Context context(1);
    EXPECT_EQ(problem.launch(context), EFFATTN_PROCESSOR);
    EXPECT_NE(std::string(effattn_message()).find("x86-64-v3"),
              std::string::npos);
  }
  setenv("EFFATTN_ISA", "v3", 1);
  {
    Context context(1);
    EXPECT_EQ(problem.launch(context), EFFATTN_OK) << effattn_message();
    effattn_statistics statistics = {};
    statistics.size = sizeof statistics;
    effattn_last_statistics(&statistics);
    EXPECT_EQ(statistics.target, uint32_t(EFFATTN_TARGET_X86_64_V3));
  }
  setenv("EFFATTN_ISA", "avx9", 1);
  EXPECT_EQ(create(options()), EFFATTN_OPTION);
  EXPECT_STREQ(effattn_message(), "environment variable EFFATTN_ISA: expected "
                                  "v2, v3 or v4, but got 'avx9'");
  unsetenv("EFFATTN_ISA");
}

//===----------------------------------------------------------------------===//
// Allocator
//===----------------------------------------------------------------------===//

/// Counts bytes; checks that sizes and alignments come back as they were.
struct Counting {
  struct Header {
    size_t bytes, alignment;
  };
  std::atomic<int64_t> bytes{0}, calls{0};

  static void *allocate(void *user, size_t bytes, size_t alignment) {
    auto *self = static_cast<Counting *>(user);
    self->bytes += int64_t(bytes);
    ++self->calls;
    const size_t room = std::max(alignment, sizeof(Header));
    void *memory = nullptr;
    if (posix_memalign(&memory, std::max(alignment, sizeof(void *)),
                       bytes + room))
      return nullptr;
    char *data = static_cast<char *>(memory) + room;
    const Header header = {bytes, alignment};
    std::memcpy(data - sizeof header, &header, sizeof header);
    return data;
  }
  static void deallocate(void *user, void *memory, size_t bytes,
                         size_t alignment) {
    auto *self = static_cast<Counting *>(user);
    Header header;
    std::memcpy(&header, static_cast<char *>(memory) - sizeof header,
                sizeof header);
    EXPECT_EQ(header.bytes, bytes);
    EXPECT_EQ(header.alignment, alignment);
    self->bytes -= int64_t(bytes);
    std::free(static_cast<char *>(memory) -
              std::max(alignment, sizeof(Header)));
  }
};

TEST(Context, AllocatorHooksBalance) {
  Counting counting;
  effattn_options given = options();
  given.threads = 3;
  given.user = &counting;
  given.allocate = Counting::allocate;
  given.deallocate = Counting::deallocate;
  {
    Context context(given);
    Problem problem(2, 4, 2, 40, 40, 5);
    ASSERT_EQ(problem.launch(context), EFFATTN_OK) << effattn_message();
    ASSERT_EQ(problem.launch(context, false), EFFATTN_OK);
    EXPECT_LT(problem.error(false), 1e-6);
    EXPECT_GT(counting.calls, 5);
  }
  EXPECT_EQ(counting.bytes, 0);
}

TEST(Context, LaunchesSettleToFewAllocations) {
  Counting counting;
  effattn_options given = options();
  given.threads = 2;
  given.user = &counting;
  given.allocate = Counting::allocate;
  given.deallocate = Counting::deallocate;
  Context context(given);
  Problem problem(2, 4, 2, 400, 400, 0);
  for (int i = 0; i < 20; ++i)
    ASSERT_EQ(problem.launch(context, false), EFFATTN_OK);
  const int64_t before = counting.bytes, calls = counting.calls;
  for (int i = 0; i < 20; ++i)
    ASSERT_EQ(problem.launch(context, false), EFFATTN_OK);
  EXPECT_EQ(counting.calls - calls, 2 * 20) << "the launch, the attend's lists";
  EXPECT_EQ(counting.bytes, before);
}

//===----------------------------------------------------------------------===//
// Parallel-for
//===----------------------------------------------------------------------===//

struct ForHook {
  std::atomic<int> loops{0};
  int32_t workers = 0;
  enum { Right, SkipsLast, RunsTwice, WorkerTooLarge } kind = Right;

  static void run(void *user, int64_t count, int32_t workers,
                  effattn_parallel_body body, void *data) {
    auto *self = static_cast<ForHook *>(user);
    ++self->loops;
    self->workers = workers;
    if (self->kind == SkipsLast)
      --count;
    if (self->kind == RunsTwice)
      body(data, 0, 0);
    if (self->kind == WorkerTooLarge)
      return body(data, 0, workers);
    std::vector<std::thread> threads;
    for (int32_t worker = 0; worker < workers; ++worker)
      threads.emplace_back([=] {
        for (int64_t i = worker; i < count; i += workers)
          body(data, i, worker);
      });
    for (std::thread &thread : threads)
      thread.join();
  }
};

TEST(Context, ParallelForHook) {
  ForHook hook;
  effattn_options given = options();
  given.threads = 3;
  given.user = &hook;
  given.parallel_for = ForHook::run;
  Context context(given);
  Problem problem(2, 2, 1, 30, 30, 2);
  ASSERT_EQ(problem.launch(context), EFFATTN_OK) << effattn_message();
  EXPECT_LT(problem.error(), 1e-6);
  EXPECT_EQ(hook.loops, 1);
  EXPECT_EQ(hook.workers, 3);
}

TEST(Context, WrongParallelForHooksAreFound) {
  ForHook hook;
  effattn_options given = options();
  given.threads = 3;
  given.user = &hook;
  given.parallel_for = ForHook::run;
  Context context(given);
  Problem problem(2, 2, 1, 30, 30, 2);
  hook.kind = ForHook::SkipsLast;
  EXPECT_EQ(problem.launch(context), EFFATTN_OPTION);
  EXPECT_STREQ(effattn_message(), "the parallel_for hook ran 31 indices, but "
                                  "32 were asked for");
  hook.kind = ForHook::RunsTwice;
  EXPECT_EQ(problem.launch(context), EFFATTN_OPTION);
  hook.kind = ForHook::WorkerTooLarge;
  EXPECT_EQ(problem.launch(context), EFFATTN_OPTION);
  EXPECT_STREQ(effattn_message(),
               "the parallel_for hook gave an index or a worker out of range");
  hook.kind = ForHook::Right;
  EXPECT_EQ(problem.launch(context), EFFATTN_OK) << effattn_message();
}

//===----------------------------------------------------------------------===//
// Fork
//===----------------------------------------------------------------------===//

/// A child has the memory of the pool and not its threads: launches work on the
/// caller's thread, and neither destruction nor exit waits for ever.
TEST(Context, ForkedChild) {
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
  GTEST_SKIP() << "forking a program with threads is outside of tsan's model";
#endif
#endif
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "forking a program with threads is outside of tsan's model";
#endif
  effattn_context *context = nullptr;
  effattn_options given = options();
  given.threads = 3;
  ASSERT_EQ(effattn_context_create(&given, &context), EFFATTN_OK);
  Problem problem(1, 2, 1, 30, 30, 2);
  ASSERT_EQ(problem.launch(context), EFFATTN_OK);
  ASSERT_EQ(problem.launch(nullptr), EFFATTN_OK);
  for (int round = 0; round < 50; ++round) {
    ASSERT_EQ(problem.launch(context), EFFATTN_OK);
    const pid_t child = fork();
    if (child == 0) {
      alarm(60);
      const bool works = problem.launch(context) == EFFATTN_OK &&
                         problem.launch(nullptr) == EFFATTN_OK &&
                         problem.error() < 1e-6;
      effattn_context_destroy(context);
      _exit(works ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);
  }
  effattn_context_destroy(context);
}

} // namespace
