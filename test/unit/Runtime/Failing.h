//===- Failing.h - an allocator that fails once -----------------*- C++ -*-===//
#ifndef EFFATTN_TEST_UNIT_RUNTIME_FAILING_H
#define EFFATTN_TEST_UNIT_RUNTIME_FAILING_H

#include "effattn/effattn.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>

namespace effattn::test {

/// Gives NULL for allocation number `fail` (from 0).
struct Failing {
  std::atomic<int64_t> live{0}, calls{0};
  int64_t fail = -1;

  static void *allocate(void *user, size_t bytes, size_t alignment) {
    auto *self = static_cast<Failing *>(user);
    if (self->calls++ == self->fail)
      return nullptr;
    void *memory = nullptr;
    if (posix_memalign(&memory, std::max(alignment, sizeof(void *)), bytes))
      return nullptr;
    ++self->live;
    return memory;
  }
  static void deallocate(void *user, void *memory, size_t, size_t) {
    --static_cast<Failing *>(user)->live;
    std::free(memory);
  }
};

/// Runs `launch` in a context of one thread with allocation 0, 1, ... failing
/// until none does: each time the launch says so and nothing leaks.
template <typename Function> void failEach(int64_t least, Function launch) {
  int64_t tried = 0;
  for (bool failed = true; failed; ++tried) {
    Failing memory;
    effattn_options options = {};
    options.size = sizeof options;
    options.threads = 1;
    options.user = &memory;
    options.allocate = Failing::allocate;
    options.deallocate = Failing::deallocate;
    effattn_context *context = nullptr;
    ASSERT_EQ(effattn_context_create(&options, &context), EFFATTN_OK);
    const int64_t before = memory.calls;
    memory.fail = before + tried;
    const effattn_status status = launch(context);
    failed = memory.calls > memory.fail;
    EXPECT_EQ(status, failed ? EFFATTN_OUT_OF_MEMORY : EFFATTN_OK)
        << "allocation " << tried << ": " << effattn_message();
    memory.fail = -1;
    EXPECT_EQ(launch(context), EFFATTN_OK) << effattn_message();
    effattn_context_destroy(context);
    EXPECT_EQ(memory.live, 0);
  }
  EXPECT_GT(tried, least);
}

} // namespace effattn::test

#endif // EFFATTN_TEST_UNIT_RUNTIME_FAILING_H
