/* Kernels are instrumented by LLVM, whose thread sanitizer calls these for
   memory intrinsics; GCC's library has the intercepted functions only. */
#include <stddef.h>
#include <string.h>

void *__tsan_memcpy(void *to, const void *from, size_t bytes) {
  return memcpy(to, from, bytes);
}
void *__tsan_memmove(void *to, const void *from, size_t bytes) {
  return memmove(to, from, bytes);
}
void *__tsan_memset(void *to, int value, size_t bytes) {
  return memset(to, value, bytes);
}
