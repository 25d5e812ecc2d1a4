/*===- gpu_device.c - devices of a context -------------------------------===*/
#include "gpu_internal.h"

#include <pthread.h>
#include <string.h>

/* Halide's Vulkan runtime keeps one device and one queue for the process, and
   its memory pools are not made for several threads. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void effattn_gpu_lock(void) { pthread_mutex_lock(&lock); }
void effattn_gpu_unlock(void) { pthread_mutex_unlock(&lock); }

/* Both devices that a context may use. */
typedef struct gpu_state {
  effattn_gpu_device *devices[2]; /* Vulkan, CUDA */
} gpu_state;

const char *effattn_gpu_target_name(uint32_t target) {
  return target == EFFATTN_TARGET_CUDA ? "CUDA" : "Vulkan";
}

/* Makes Halide open the device, so that a device it cannot use is found before
   a kernel needs it. */
static effattn_status try_device(effattn_gpu_device *device) {
  struct halide_dimension_t dimension = {0, 64, 1, 0};
  struct halide_buffer_t buffer;
  memset(&buffer, 0, sizeof buffer);
  buffer.type = effattn_gpu_word;
  buffer.dimensions = 1;
  buffer.dim = &dimension;
  effattn_clear_message();
  const int code =
      halide_device_malloc(&device->user, &buffer, device->interface);
  if (code == 0) {
    halide_device_free(&device->user, &buffer);
    return EFFATTN_OK;
  }
  return effattn_fail(EFFATTN_NO_DEVICE, "%s device '%s' cannot be used: %s",
                      effattn_gpu_target_name(device->target), device->name,
                      effattn_message()[0] ? effattn_message()
                                           : "the driver refused");
}

static effattn_status open_locked(effattn_context *context, uint32_t target,
                                  effattn_gpu_device **opened) {
  void **place = effattn_context_gpu(context);
  gpu_state *state = *place;
  if (!state) {
    state = effattn_allocate(NULL, sizeof *state, 16);
    if (!state)
      return effattn_out_of_memory("a device", sizeof *state);
    memset(state, 0, sizeof *state);
    *place = state;
  }
  effattn_gpu_device **kept = &state->devices[target == EFFATTN_TARGET_CUDA];
  if (!*kept) {
    effattn_gpu_device *device = effattn_allocate(NULL, sizeof *device, 16);
    if (!device)
      return effattn_out_of_memory("a device", sizeof *device);
    memset(device, 0, sizeof *device);
    device->user.lasting = true;
    device->target = target;
    const effattn_options *options = effattn_context_options(context);
    device->cuda_stream = options->cuda_stream;
    effattn_status status =
        target == EFFATTN_TARGET_CUDA
            ? effattn_gpu_find_cuda(device, options->device)
            : effattn_gpu_find_vulkan(device, options->device);
    if (!status)
      status = try_device(device);
    if (status) {
      effattn_deallocate(NULL, device, sizeof *device, 16);
      return status;
    }
    *kept = device;
  }
  *opened = *kept;
  return EFFATTN_OK;
}

effattn_status effattn_gpu_open(effattn_context *context, uint32_t target,
                                effattn_gpu_device **device) {
  effattn_gpu_lock();
  const effattn_status status = open_locked(context, target, device);
  effattn_gpu_unlock();
  return status;
}

/* Halide's device state stays for other contexts, and for the next one. */
void effattn_gpu_close(effattn_context *context) {
  effattn_gpu_lock();
  void **place = effattn_context_gpu(context);
  gpu_state *state = *place;
  *place = NULL;
  effattn_gpu_unlock();
  if (!state)
    return;
  for (int i = 0; i < 2; ++i)
    if (state->devices[i])
      effattn_deallocate(NULL, state->devices[i], sizeof *state->devices[i],
                         16);
  effattn_deallocate(NULL, state, sizeof *state, 16);
}

/* The definition has the visibility of the weak declaration. */
const effattn_gpu_table effattn_gpu = {
    .abi_version = EFFATTN_ABI_VERSION,
    .begin = effattn_gpu_begin,
    .end = effattn_gpu_end,
    .allocate = effattn_gpu_allocate,
    .release = effattn_gpu_release,
    .fill = effattn_gpu_fill,
    .copy = effattn_gpu_copy,
    .step = effattn_gpu_step,
    .host_data = effattn_gpu_host_data,
    .attend = effattn_attend_gpu,
    .merge = effattn_gpu_merge,
    .close = effattn_gpu_close,
};
