//===- OutOfMemoryTest.cpp - every allocation fails once ------------------===//
#include "Failing.h"
#include "FakeKernel.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>

using namespace effattn::test;

namespace {

/// Two launches in a context of its own. The second one, with enough memory,
/// must be right whatever the first one met.
void attempt(int64_t fail, int32_t threads, bool *failed) {
  Failing memory;
  memory.fail = fail;
  effattn_options options = {};
  options.size = sizeof options;
  options.threads = threads;
  options.user = &memory;
  options.allocate = Failing::allocate;
  options.deallocate = Failing::deallocate;
  effattn_context *context = nullptr;
  effattn_status status = effattn_context_create(&options, &context);
  *failed = memory.calls > fail;
  if (status) {
    EXPECT_EQ(status, EFFATTN_OUT_OF_MEMORY);
    EXPECT_EQ(context, nullptr);
    EXPECT_EQ(memory.live, 0);
    return;
  }
  Problem problem(1, 2, 1, 40, 40, 3);
  for (bool sets : {true, false}) {
    status = problem.launch(context, sets);
    // Scratch of kernels falls back to a smaller request: not all fail.
    if (status) {
      EXPECT_EQ(status, EFFATTN_OUT_OF_MEMORY) << effattn_message();
      EXPECT_EQ(std::string(effattn_message()).rfind("out of memory", 0) == 0 ||
                    std::string(effattn_message()).find(": out of memory") !=
                        std::string::npos,
                true)
          << effattn_message();
    } else {
      EXPECT_LT(problem.error(sets), 1e-6);
    }
  }
  *failed = memory.calls > fail;
  memory.fail = -1;
  for (bool sets : {true, false}) {
    EXPECT_EQ(problem.launch(context, sets), EFFATTN_OK) << effattn_message();
    EXPECT_LT(problem.error(sets), 1e-6);
  }
  effattn_context_destroy(context);
  EXPECT_EQ(memory.live, 0);
}

TEST(OutOfMemory, EveryAllocationFailsOnce) {
  for (int32_t threads : {1, 3}) {
    int64_t tried = 0;
    for (bool failed = true; failed; ++tried)
      attempt(tried, threads, &failed);
    EXPECT_GT(tried, 10) << "allocations of a context and two launches";
  }
}

TEST(OutOfMemory, HugeTemporary) {
  FakeKernel fake("huge", {});
  fake.temporaries(1);
  fake.host([](effattn_launch *launch, const int64_t *, const int64_t *,
               const double *) {
    const int64_t shape[] = {INT64_C(1) << 58};
    return effattn_host_allocate(launch, 0, EFFATTN_F32, 1, shape);
  });
  // An allocator of our own, since sanitizers end the program at such sizes.
  effattn_options options = {};
  options.size = sizeof options;
  options.threads = 1;
  options.allocate = [](void *, size_t bytes, size_t alignment) -> void * {
    void *memory = nullptr;
    if (bytes > size_t(1) << 40 ||
        posix_memalign(&memory, std::max(alignment, sizeof(void *)), bytes))
      return nullptr;
    return memory;
  };
  options.deallocate = [](void *, void *memory, size_t, size_t) {
    std::free(memory);
  };
  Context context(options);
  EXPECT_EQ(effattn_launch_kernel(context, &fake.kernel, nullptr, nullptr),
            EFFATTN_OUT_OF_MEMORY);
  EXPECT_STREQ(effattn_message(), "out of memory: an intermediate result needs "
                                  "1152921504606846976 bytes");
}

} // namespace
