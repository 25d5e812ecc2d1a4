/*===- gpu_cuda.c - finding a CUDA device
----------------------------------===*\
|*
|* Kernels run in the primary context of the device (that of the CUDA runtime
|* and of PyTorch), on the caller's stream. The context is kept until the
|* process ends: Halide caches modules and memory by it.
|*
\*===----------------------------------------------------------------------===*/
#include "gpu_internal.h"

#include <dlfcn.h>
#include <string.h>

typedef int (*cu_init)(unsigned);
typedef int (*cu_count)(int *);
typedef int (*cu_device)(int *, int);
typedef int (*cu_name)(char *, int, int);
typedef int (*cu_attribute)(int *, int, int);
typedef int (*cu_retain)(void **, int);

/* CUdevice_attribute */
enum {
  THREADS = 1,
  BLOCKS_X = 5,
  BLOCKS_Y = 6,
  BLOCKS_Z = 7,
  SHARED_BYTES = 8,
  CAPABILITY_MAJOR = 75
};

#define MOST_DEVICES 64
static void *contexts[MOST_DEVICES]; /* retained ones; guarded by the lock */

/* Without a user context Halide is cleaning up at exit. */
static int acquire_context(void *user_context, void **context, bool create) {
  (void)create;
  const effattn_gpu_device *device = user_context;
  *context = device ? device->cuda_context : NULL;
  return 0;
}

static int get_stream(void *user_context, void *context, void **stream) {
  (void)context;
  const effattn_gpu_device *device = user_context;
  *stream = device ? device->cuda_stream : NULL;
  return 0;
}

static effattn_status find(effattn_gpu_device *device, void *library,
                           int32_t number) {
  cu_init init = __extension__(cu_init) dlsym(library, "cuInit");
  cu_count get_count =
      __extension__(cu_count) dlsym(library, "cuDeviceGetCount");
  cu_device get = __extension__(cu_device) dlsym(library, "cuDeviceGet");
  cu_name get_name = __extension__(cu_name) dlsym(library, "cuDeviceGetName");
  cu_attribute attribute =
      __extension__(cu_attribute) dlsym(library, "cuDeviceGetAttribute");
  cu_retain retain =
      __extension__(cu_retain) dlsym(library, "cuDevicePrimaryCtxRetain");
  if (!init || !get_count || !get || !get_name || !attribute || !retain)
    return effattn_fail(EFFATTN_NO_DEVICE,
                        "libcuda.so.1 is too old: install a current NVIDIA "
                        "driver");
  int count = 0;
  if (init(0) != 0 || get_count(&count) != 0 || count == 0)
    return effattn_fail(EFFATTN_NO_DEVICE,
                        "the NVIDIA driver (libcuda.so.1) finds no device");
  if (number < 0 || number >= count || number >= MOST_DEVICES)
    return effattn_fail(EFFATTN_NO_DEVICE,
                        "expected a CUDA device below %d, but got %d", count,
                        number);
  int handle = 0;
  if (get(&handle, number) != 0 ||
      get_name(device->name, sizeof device->name, handle) != 0)
    return effattn_fail(EFFATTN_NO_DEVICE, "CUDA device %d cannot be opened",
                        number);
  const int attributes[] = {THREADS,  BLOCKS_X,     BLOCKS_Y,
                            BLOCKS_Z, SHARED_BYTES, CAPABILITY_MAJOR};
  int values[6] = {0};
  for (int i = 0; i < 6; ++i)
    if (attribute(&values[i], attributes[i], handle) != 0)
      return effattn_fail(EFFATTN_NO_DEVICE,
                          "CUDA device '%s' does not tell its limits",
                          device->name);
  if (values[5] < 8)
    return effattn_fail(EFFATTN_NO_DEVICE,
                        "CUDA device '%s' has compute capability %d; 8.0 or "
                        "newer is supported",
                        device->name, values[5]);
  device->most_threads = values[0];
  for (int axis = 0; axis < 3; ++axis)
    device->most_blocks[axis] = values[1 + axis];
  device->most_shared_bytes = values[4];
  device->most_buffer_bytes = INT64_MAX;
  if (!contexts[number] && retain(&contexts[number], handle) != 0)
    return effattn_fail(EFFATTN_NO_DEVICE, "no context on CUDA device '%s'",
                        device->name);
  device->cuda_context = contexts[number];
  return EFFATTN_OK;
}

effattn_status effattn_gpu_find_cuda(effattn_gpu_device *device,
                                     int32_t number) {
  void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return effattn_fail(EFFATTN_NO_DEVICE,
                        "no CUDA driver (libcuda.so.1): install the NVIDIA "
                        "driver");
  const effattn_status status = find(device, library, number);
  if (status)
    return status;
  halide_set_cuda_acquire_context(acquire_context);
  halide_set_cuda_get_stream(get_stream);
  device->interface = halide_cuda_device_interface();
  return EFFATTN_OK;
}
