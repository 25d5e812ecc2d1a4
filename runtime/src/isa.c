/*===- isa.c - the instruction set of this processor
-----------------------===*\
|*
|* A level counts only where the processor has all its features and the system
|* saves the registers (XCR0): AVX state for v3, and opmask and 512-bit state
|* for v4. Features are those that the compiler is allowed to use:
|* x86-64-v3 and x86-64-v4 of the System V ABI.
|*
\*===----------------------------------------------------------------------===*/
#include "internal.h"

#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

/* cpuid 1, ecx */
#define FMA (1u << 12)
#define SSE42_AND_BELOW ((1u << 0) | (1u << 9) | (1u << 19) | (1u << 20))
#define CX16 (1u << 13)
#define MOVBE (1u << 22)
#define POPCNT (1u << 23)
#define OSXSAVE (1u << 27)
#define AVX (1u << 28)
#define F16C (1u << 29)
/* cpuid 7.0, ebx */
#define BMI1 (1u << 3)
#define AVX2 (1u << 5)
#define BMI2 (1u << 8)
#define AVX512F (1u << 16)
#define AVX512DQ (1u << 17)
#define AVX512CD (1u << 28)
#define AVX512BW (1u << 30)
#define AVX512VL (1u << 31)
/* cpuid 0x80000001, ecx */
#define LZCNT (1u << 5)

#define V3_LEAF1                                                               \
  (FMA | SSE42_AND_BELOW | CX16 | MOVBE | POPCNT | OSXSAVE | AVX | F16C)
#define V3_LEAF7 (BMI1 | AVX2 | BMI2)
#define V4_LEAF7 (AVX512F | AVX512DQ | AVX512CD | AVX512BW | AVX512VL)
#define AVX_STATE UINT64_C(0x06)
#define AVX512_STATE UINT64_C(0xe6)

void effattn_processor_read(effattn_processor *processor) {
  memset(processor, 0, sizeof *processor);
#if defined(__x86_64__)
  unsigned a, b, c, d;
  if (__get_cpuid(1, &a, &b, &c, &d))
    processor->leaf1_ecx = c;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d))
    processor->leaf7_ebx = b;
  if (__get_cpuid(0x80000001u, &a, &b, &c, &d))
    processor->extended_ecx = c;
  if (processor->leaf1_ecx & OSXSAVE) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    processor->xcr0 = (uint64_t)high << 32 | low;
  }
#endif
}

static bool has(uint64_t value, uint64_t bits) {
  return (value & bits) == bits;
}

effattn_status effattn_isa(const effattn_processor *processor, uint32_t limit,
                           const char *name, uint32_t *target) {
  bool v3 = has(processor->leaf1_ecx, V3_LEAF1) &&
            has(processor->leaf7_ebx, V3_LEAF7) &&
            has(processor->extended_ecx, LZCNT) &&
            has(processor->xcr0, AVX_STATE);
  bool v4 = v3 && has(processor->leaf7_ebx, V4_LEAF7) &&
            has(processor->xcr0, AVX512_STATE) &&
            limit != 1 + EFFATTN_TARGET_X86_64_V3;
  if (name && name[0]) {
    const bool v2 = strcmp(name, "v2") == 0;
    if (!v2 && strcmp(name, "v3") != 0 && strcmp(name, "v4") != 0)
      return effattn_fail(EFFATTN_OPTION,
                          "environment variable EFFATTN_ISA: expected v2, v3 "
                          "or v4, but got '%s'",
                          name);
    v4 = v4 && strcmp(name, "v4") == 0;
    v3 = v3 && !v2;
  }
  if (!v3)
    return effattn_fail(EFFATTN_PROCESSOR,
                        "kernels for the CPU need x86-64-v3 (AVX2, FMA, BMI), "
                        "which this processor or system does not have");
  *target = v4 ? EFFATTN_TARGET_X86_64_V4 : EFFATTN_TARGET_X86_64_V3;
  return EFFATTN_OK;
}
