/*===- gpu_memory.c - device memory of one buffer ------------------------===*/
#include "gpu_internal.h"

#include <string.h>

/* Device buffers are multiples of this: see ALLOCATOR_CONFIGURATION. */
#define DEVICE_BYTES 256

enum {
  HOST_DIRTY = halide_buffer_flag_host_dirty,
  DEVICE_DIRTY = halide_buffer_flag_device_dirty
};

const struct halide_type_t effattn_gpu_float = {halide_type_float, 32, 1};
const struct halide_type_t effattn_gpu_word = {halide_type_int, 32, 1};

static int64_t bytes_of(struct halide_type_t type) {
  return (type.bits + 7) / 8;
}

int64_t effattn_gpu_span(const struct halide_buffer_t *buffer) {
  int64_t span = 1;
  for (int32_t i = 0; i < buffer->dimensions; ++i) {
    if (buffer->dim[i].extent == 0)
      return 0;
    span += (int64_t)(buffer->dim[i].extent - 1) * buffer->dim[i].stride;
  }
  return span;
}

void effattn_gpu_flatten(const struct halide_buffer_t *buffer,
                         effattn_gpu_flat *flat) {
  flat->buffer = *buffer;
  flat->buffer.dimensions = 1;
  flat->buffer.dim = &flat->dimension;
  flat->dimension.min = 0;
  flat->dimension.extent = (int32_t)effattn_gpu_span(buffer);
  flat->dimension.stride = 1;
  flat->dimension.flags = 0;
}

static effattn_status allocate(effattn_gpu_device *device,
                               struct halide_buffer_t *buffer,
                               const char *what) {
  const int64_t size = bytes_of(buffer->type);
  const int64_t unit = DEVICE_BYTES / size;
  int64_t elements = effattn_gpu_span(buffer);
  /* Kernels index elements in 32 bits. */
  if (elements > INT32_MAX - unit)
    return effattn_fail(EFFATTN_DEVICE_LIMIT,
                        "%s has %lld elements, but device '%s' addresses "
                        "at most %lld",
                        what, (long long)elements, device->name,
                        (long long)(INT32_MAX - unit));
  elements = elements ? (elements + unit - 1) / unit * unit : unit;
  if (elements * size > device->most_buffer_bytes)
    return effattn_fail(EFFATTN_DEVICE_LIMIT,
                        "%s takes %lld bytes, but device '%s' holds at most "
                        "%lld in one tensor",
                        what, (long long)(elements * size), device->name,
                        (long long)device->most_buffer_bytes);
  effattn_gpu_flat flat;
  effattn_gpu_flatten(buffer, &flat);
  flat.dimension.extent = (int32_t)elements;
  flat.buffer.flags = 0;
  const int code =
      halide_device_malloc(&device->user, &flat.buffer, device->interface);
  if (code)
    return effattn_kernel_status(halide_error_code_device_malloc_failed, what);
  buffer->device = flat.buffer.device;
  buffer->device_interface = flat.buffer.device_interface;
  return EFFATTN_OK;
}

effattn_status effattn_gpu_ensure(effattn_gpu_device *device,
                                  struct halide_buffer_t *buffer,
                                  effattn_gpu_use use, const char *what) {
  effattn_status status = EFFATTN_OK;
  if (!buffer->device)
    status = allocate(device, buffer, what);
  if (status || !(buffer->flags & HOST_DIRTY))
    return status;
  if (use != EFFATTN_GPU_WRITE && effattn_gpu_span(buffer) > 0) {
    effattn_gpu_flat flat;
    effattn_gpu_flatten(buffer, &flat);
    const int code =
        halide_copy_to_device(&device->user, &flat.buffer, device->interface);
    if (code)
      return effattn_kernel_status(halide_error_code_copy_to_device_failed,
                                   what);
  }
  buffer->flags &= ~(uint64_t)HOST_DIRTY;
  return EFFATTN_OK;
}

effattn_status effattn_gpu_download(effattn_gpu_device *device,
                                    struct halide_buffer_t *buffer,
                                    const char *what) {
  if (!(buffer->flags & DEVICE_DIRTY) || effattn_gpu_span(buffer) == 0)
    return EFFATTN_OK;
  effattn_gpu_flat flat;
  effattn_gpu_flatten(buffer, &flat);
  const int code = halide_copy_to_host(&device->user, &flat.buffer);
  if (code)
    return effattn_kernel_status(halide_error_code_copy_to_host_failed, what);
  buffer->flags &= ~(uint64_t)DEVICE_DIRTY;
  return EFFATTN_OK;
}

void effattn_gpu_free(effattn_gpu_device *device,
                      struct halide_buffer_t *buffer) {
  if (!buffer->device)
    return;
  halide_device_free(&device->user, buffer);
  buffer->device = 0;
  buffer->device_interface = NULL;
  buffer->flags = 0;
}

effattn_status effattn_gpu_call(effattn_code code, void **arguments,
                                const char *what) {
  effattn_clear_message();
  return effattn_kernel_status(code(arguments), what);
}

effattn_status effattn_gpu_wait(effattn_gpu_device *device) {
  effattn_clear_message();
  const int code = halide_device_sync_global(&device->user, device->interface);
  return effattn_kernel_status(code ? halide_error_code_device_sync_failed : 0,
                               device->name);
}
