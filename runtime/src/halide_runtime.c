/*===- halide_runtime.c - what compiled kernels call
-----------------------===*\
|*
|* Kernels are compiled without Halide's runtime, which aborts on errors. This
|* is the part of it that CPU kernels need: scratch memory from the worker's
|* arena, and error functions that leave a message and return their code, which
|* the kernel then returns. Where the GPU runtime is linked too, Halide's own
|* (weak) definitions of these functions give way to ours.
|*
\*===----------------------------------------------------------------------===*/
#include "internal.h"

#include <inttypes.h>
#include <string.h>

/*===- memory
 * --------------------------------------------------------------===*/

/* In front of each allocation: who gave it. */
typedef struct header {
  effattn_arena *arena;     /* or NULL: the allocator of */
  effattn_context *context; /* this context (NULL: the default allocator) */
  size_t bytes;             /* header included */
  char padding[EFFATTN_ALIGNMENT_BYTES - 3 * sizeof(void *)];
} header;

_Static_assert(sizeof(header) == EFFATTN_ALIGNMENT_BYTES, "keeps alignment");

void *halide_malloc(void *user_context, size_t bytes) {
  const effattn_user *user = user_context;
  if (bytes > PTRDIFF_MAX / 2)
    return NULL;
  const size_t all = sizeof(header) + bytes;
  effattn_arena *arena = user && !user->lasting ? effattn_worker_arena() : NULL;
  effattn_context *context = user ? user->context : NULL;
  header *made = arena
                     ? effattn_arena_allocate(arena, all)
                     : effattn_allocate(context, all, EFFATTN_ALIGNMENT_BYTES);
  if (!made)
    return NULL;
  made->arena = arena;
  made->context = context;
  made->bytes = all;
  return made + 1;
}

void halide_free(void *user_context, void *memory) {
  (void)user_context;
  if (!memory)
    return;
  header *gone = (header *)memory - 1;
  if (gone->arena)
    effattn_arena_free(gone->arena, gone);
  else
    effattn_deallocate(gone->context, gone, gone->bytes,
                       EFFATTN_ALIGNMENT_BYTES);
}

/*===- errors
 * --------------------------------------------------------------===*/

void halide_print(void *user_context, const char *text) {
  (void)user_context, (void)text;
}

void halide_error(void *user_context, const char *text) {
  (void)user_context;
  effattn_fail(EFFATTN_INTERNAL, "%s", text);
}

effattn_status effattn_kernel_status(int code, const char *what) {
  effattn_status status = EFFATTN_INTERNAL;
  switch (code) {
  case 0:
    return EFFATTN_OK;
  case halide_error_code_out_of_memory:
    status = EFFATTN_OUT_OF_MEMORY;
    break;
  case halide_error_code_buffer_allocation_too_large:
  case halide_error_code_buffer_extents_too_large:
    status = EFFATTN_OVERFLOW;
    break;
  case halide_error_code_device_malloc_failed:
    status = EFFATTN_OUT_OF_MEMORY;
    break;
  case halide_error_code_symbol_not_found:
    status = EFFATTN_NO_DEVICE;
    break;
  case halide_error_code_copy_to_host_failed:
  case halide_error_code_copy_to_device_failed:
  case halide_error_code_device_sync_failed:
  case halide_error_code_device_free_failed:
  case halide_error_code_device_run_failed:
  case halide_error_code_gpu_device_error:
  case halide_error_code_device_wrap_native_failed:
  case halide_error_code_device_detach_native_failed:
  case halide_error_code_device_buffer_copy_failed:
  case halide_error_code_device_crop_failed:
    status = EFFATTN_DEVICE_FAILED;
    break;
  }
  const char *message = effattn_message();
  if (message[0])
    return effattn_fail(status, "%s: %s", what, message);
  return effattn_fail(status, "%s: failed with code %d", what, code);
}

/* Defines halide_error_NAME with arguments ARGUMENTS after the user context:
   the message of FORMAT and the code of the same name (or CODE). */
#define ERROR_AS(NAME, CODE, ARGUMENTS, ...)                                   \
  int halide_error_##NAME ARGUMENTS {                                          \
    (void)user_context;                                                        \
    effattn_fail(EFFATTN_INTERNAL, __VA_ARGS__);                               \
    return halide_error_code_##CODE;                                           \
  }
#define ERROR(NAME, ARGUMENTS, ...) ERROR_AS(NAME, NAME, ARGUMENTS, __VA_ARGS__)

int halide_error_bounds_inference_call_failed(void *user_context,
                                              const char *stage, int result) {
  (void)user_context;
  effattn_fail(EFFATTN_INTERNAL, "bounds of %s failed with code %d", stage,
               result);
  return result;
}

int halide_error_extern_stage_failed(void *user_context, const char *stage,
                                     int result) {
  (void)user_context;
  effattn_fail(EFFATTN_INTERNAL, "%s failed with code %d", stage, result);
  return result;
}

ERROR(explicit_bounds_too_small,
      (void *user_context, const char *func, const char *variable, int min,
       int max, int min_required, int max_required),
      "%s, axis %s: bounds %d..%d do not hold %d..%d", func, variable, min, max,
      min_required, max_required)
ERROR(bad_type,
      (void *user_context, const char *func, uint32_t given, uint32_t correct),
      "%s: type is %08x, not %08x", func, given, correct)
ERROR(bad_dimensions,
      (void *user_context, const char *func, int32_t given, int32_t correct),
      "%s: expected %d axes, but got %d", func, correct, given)
ERROR(access_out_of_bounds,
      (void *user_context, const char *func, int dimension, int min, int max,
       int min_valid, int max_valid),
      "%s, axis %d from the right: %d..%d is read or written, but %d..%d is "
      "there",
      func, dimension, min, max, min_valid, max_valid)
ERROR(buffer_allocation_too_large,
      (void *user_context, const char *buffer, uint64_t size, uint64_t most),
      "%s: %" PRIu64 " bytes are more than %" PRIu64, buffer, size, most)
ERROR(buffer_extents_negative,
      (void *user_context, const char *buffer, int dimension, int extent),
      "%s, axis %d from the right: negative size %d", buffer, dimension, extent)
ERROR(buffer_extents_too_large,
      (void *user_context, const char *buffer, int64_t size, int64_t most),
      "%s: %" PRId64 " elements are more than %" PRId64, buffer, size, most)
ERROR(constraints_make_required_region_smaller,
      (void *user_context, const char *buffer, int dimension, int min,
       int extent, int required_min, int required_extent),
      "%s, axis %d from the right: %d elements from %d do not hold %d from %d",
      buffer, dimension, extent, min, required_extent, required_min)
ERROR(constraint_violated,
      (void *user_context, const char *variable, int value,
       const char *constrained, int constrained_value),
      "expected %s == %s, but got %d and %d", variable, constrained, value,
      constrained_value)
ERROR_AS(param_too_small_i64, param_too_small,
         (void *user_context, const char *name, int64_t value, int64_t least),
         "%s: expected at least %" PRId64 ", but got %" PRId64, name, least,
         value)
ERROR_AS(param_too_small_u64, param_too_small,
         (void *user_context, const char *name, uint64_t value, uint64_t least),
         "%s: expected at least %" PRIu64 ", but got %" PRIu64, name, least,
         value)
ERROR_AS(param_too_small_f64, param_too_small,
         (void *user_context, const char *name, double value, double least),
         "%s: expected at least %g, but got %g", name, least, value)
ERROR_AS(param_too_large_i64, param_too_large,
         (void *user_context, const char *name, int64_t value, int64_t most),
         "%s: expected at most %" PRId64 ", but got %" PRId64, name, most,
         value)
ERROR_AS(param_too_large_u64, param_too_large,
         (void *user_context, const char *name, uint64_t value, uint64_t most),
         "%s: expected at most %" PRIu64 ", but got %" PRIu64, name, most,
         value)
ERROR_AS(param_too_large_f64, param_too_large,
         (void *user_context, const char *name, double value, double most),
         "%s: expected at most %g, but got %g", name, most, value)
ERROR(out_of_memory, (void *user_context), "out of memory")
ERROR(buffer_argument_is_null, (void *user_context, const char *buffer),
      "%s: no buffer", buffer)
ERROR(debug_to_file_failed,
      (void *user_context, const char *func, const char *file, int code),
      "%s: cannot write %s (%d)", func, file, code)
ERROR(unaligned_host_ptr, (void *user_context, const char *func, int alignment),
      "%s: data is not aligned to %d bytes", func, alignment)
ERROR(host_is_null, (void *user_context, const char *func),
      "%s: no data on the host", func)
ERROR(bad_fold,
      (void *user_context, const char *func, const char *variable,
       const char *loop),
      "%s: storage folded along %s is not walked in order by %s", func,
      variable, loop)
ERROR(bad_extern_fold,
      (void *user_context, const char *func, int dimension, int min, int extent,
       int valid_min, int factor),
      "%s, axis %d: %d elements from %d wrap around a fold of %d from %d", func,
      dimension, extent, min, factor, valid_min)
ERROR(fold_factor_too_small,
      (void *user_context, const char *func, const char *variable, int factor,
       const char *loop, int required),
      "%s: a fold of %s by %d does not hold %d of loop %s", func, variable,
      factor, required, loop)
ERROR(requirement_failed,
      (void *user_context, const char *condition, const char *message),
      "requirement %s failed: %s", condition, message)
ERROR(specialize_fail, (void *user_context, const char *message), "%s", message)
ERROR(no_device_interface, (void *user_context),
      "a buffer has device memory and no device interface")
ERROR(device_interface_no_device, (void *user_context),
      "a buffer has a device interface and no device memory")
ERROR(host_and_device_dirty, (void *user_context),
      "a buffer is dirty on the host and on the device")
ERROR(buffer_is_null, (void *user_context, const char *routine),
      "%s: no buffer", routine)
ERROR(device_dirty_with_no_device_support,
      (void *user_context, const char *buffer), "%s: the data is on a device",
      buffer)
ERROR(storage_bound_too_small,
      (void *user_context, const char *func, const char *variable, int provided,
       int required),
      "%s, axis %s: storage of %d does not hold %d", func, variable, provided,
      required)
ERROR(device_crop_failed, (void *user_context), "cannot crop a device buffer")
ERROR(split_factor_not_positive,
      (void *user_context, const char *func, const char *original,
       const char *outer, const char *inner, const char *text, int factor),
      "%s: split of %s into %s and %s by %s = %d", func, original, outer, inner,
      text, factor)
ERROR(vscale_invalid,
      (void *user_context, const char *func, int runtime_scale, int scale),
      "%s: vector scale is %d, but was compiled for %d", func, runtime_scale,
      scale)
