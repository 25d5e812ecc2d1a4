//===- IsaTest.cpp - the choice of an instruction set ---------------------===//
#include "internal.h"

#include <gtest/gtest.h>

namespace {

effattn_processor best() {
  effattn_processor all = {};
  all.leaf1_ecx = all.leaf7_ebx = all.extended_ecx = ~0u;
  all.xcr0 = ~UINT64_C(0);
  return all;
}

int choose(const effattn_processor &processor, uint32_t limit = 0,
           const char *name = nullptr) {
  uint32_t target = 99;
  const effattn_status status = effattn_isa(&processor, limit, name, &target);
  return status ? -int(status) : int(target);
}

constexpr int kV3 = EFFATTN_TARGET_X86_64_V3, kV4 = EFFATTN_TARGET_X86_64_V4;

TEST(Isa, Levels) {
  EXPECT_EQ(choose(best()), kV4);
  effattn_processor processor = best();
  for (uint32_t bit : {16, 17, 28, 30, 31}) { // AVX-512 F, DQ, CD, BW, VL
    processor = best();
    processor.leaf7_ebx &= ~(1u << bit);
    EXPECT_EQ(choose(processor), kV3) << bit;
  }
  for (uint32_t bit : {3, 5, 8}) { // BMI1, AVX2, BMI2
    processor = best();
    processor.leaf7_ebx &= ~(1u << bit);
    EXPECT_EQ(choose(processor), -EFFATTN_PROCESSOR) << bit;
  }
  for (uint32_t bit : {0, 9, 12, 13, 19, 20, 22, 23, 27, 28, 29}) {
    processor = best();
    processor.leaf1_ecx &= ~(1u << bit);
    EXPECT_EQ(choose(processor), -EFFATTN_PROCESSOR) << bit;
  }
  processor = best();
  processor.extended_ecx &= ~(1u << 5); // LZCNT
  EXPECT_EQ(choose(processor), -EFFATTN_PROCESSOR);
}

TEST(Isa, SystemMustSaveTheRegisters) {
  effattn_processor processor = best();
  processor.xcr0 = 0x07; // x87, SSE, AVX
  EXPECT_EQ(choose(processor), kV3);
  processor.xcr0 = 0x67; // no upper half of zmm16..31
  EXPECT_EQ(choose(processor), kV3);
  processor.xcr0 = 0x03;
  EXPECT_EQ(choose(processor), -EFFATTN_PROCESSOR);
}

TEST(Isa, Limits) {
  EXPECT_EQ(choose(best(), 1 + kV3), kV3);
  EXPECT_EQ(choose(best(), 1 + kV4), kV4);
  EXPECT_EQ(choose(best(), 0, "v3"), kV3);
  EXPECT_EQ(choose(best(), 0, "v4"), kV4);
  EXPECT_EQ(choose(best(), 1 + kV3, "v4"), kV3);
  EXPECT_EQ(choose(best(), 0, ""), kV4);
  EXPECT_EQ(choose(best(), 0, "v2"), -EFFATTN_PROCESSOR);
  EXPECT_EQ(choose(best(), 0, "avx2"), -EFFATTN_OPTION);
  effattn_processor old = best();
  old.leaf7_ebx &= ~(1u << 16);
  EXPECT_EQ(choose(old, 0, "v4"), kV3) << "a limit, not an order";
}

TEST(Isa, ReadsThisProcessor) {
  effattn_processor processor;
  effattn_processor_read(&processor);
#if defined(__x86_64__)
  EXPECT_EQ(choose(processor) >= kV4, __builtin_cpu_supports("avx512f") &&
                                          __builtin_cpu_supports("avx512dq") &&
                                          __builtin_cpu_supports("avx512cd") &&
                                          __builtin_cpu_supports("avx512bw") &&
                                          __builtin_cpu_supports("avx512vl"));
#else
  EXPECT_EQ(choose(processor), -EFFATTN_PROCESSOR);
#endif
}

} // namespace
