//===- ArenaTest.cpp - scratch of a worker --------------------------------===//
#include "FakeKernel.h"
#include "internal.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

using namespace effattn::test;

namespace {

struct Arena {
  effattn_context *context;
  effattn_arena *arena;
  explicit Arena(effattn_context *context)
      : context(context), arena(effattn_arena_take(context)) {}
  ~Arena() { effattn_arena_give(context, arena); }
  void *take(size_t bytes) { return effattn_arena_allocate(arena, bytes); }
  void free(void *memory) { effattn_arena_free(arena, memory); }
};

TEST(Arena, GivesTheSameMemoryAgain) {
  Context context(1);
  void *first;
  {
    Arena arena(context);
    first = arena.take(1000);
    arena.free(first);
    EXPECT_EQ(arena.take(1000), first);
  }
  Arena again(context);
  EXPECT_EQ(again.take(500), first) << "the context keeps it";
}

TEST(Arena, FreesInAnyOrder) {
  Context context(1);
  Arena arena(context);
  void *a = arena.take(100), *b = arena.take(100), *c = arena.take(100);
  arena.free(a);
  arena.free(b);
  void *d = arena.take(100);
  EXPECT_NE(d, a);
  EXPECT_NE(d, b);
  arena.free(d);
  arena.free(c);
  EXPECT_EQ(arena.take(100), a) << "all below the last one were free";
}

TEST(Arena, KeepsWhatIsNotFree) {
  Context context(1);
  Arena arena(context);
  struct Block {
    unsigned char *memory;
    size_t bytes;
    unsigned char fill;
  };
  std::vector<Block> live;
  std::mt19937 random(3);
  for (int round = 0; round < 3000; ++round) {
    if (live.empty() || random() % 2) {
      const size_t bytes =
          random() % 50 == 0 ? random() % 2000000 : random() % 5000;
      auto *memory = static_cast<unsigned char *>(arena.take(bytes));
      ASSERT_NE(memory, nullptr);
      ASSERT_EQ(uintptr_t(memory) % EFFATTN_ALIGNMENT_BYTES, 0u);
      std::memset(memory, round & 255, bytes);
      live.push_back({memory, bytes, (unsigned char)(round & 255)});
    } else {
      const size_t at = random() % 4 ? live.size() - 1 : random() % live.size();
      for (size_t i = 0; i < live[at].bytes; i += 97)
        ASSERT_EQ(live[at].memory[i], live[at].fill);
      arena.free(live[at].memory);
      live.erase(live.begin() + long(at));
    }
  }
}

TEST(Arena, RefusesAbsurdSizes) {
  Context context(1);
  Arena arena(context);
  EXPECT_EQ(arena.take(SIZE_MAX), nullptr);
  EXPECT_EQ(arena.take(SIZE_MAX / 2), nullptr);
  EXPECT_NE(arena.take(0), nullptr);
}

} // namespace
