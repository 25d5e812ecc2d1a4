/*===- gpu_launch.c - slots of a launch on the device
----------------------===*\
|*
|* Tensors of the host are copied to the device when a kernel first needs them
|* and results are copied back once, when the launch ends; what is passed
|* between the steps of a launch never leaves the device. The flags of a slot's
|* halide_buffer_t say which side has the newer content.
|*
|* The device holds the memory of a tensor as it lies: from its first to its
|* last element. Where that would hold gaps (a slice of a larger tensor), or the
|* kernels' loads of 4 elements would not be aligned, a dense copy on the host
|* takes its place.
|*
\*===----------------------------------------------------------------------===*/
#include "gpu_internal.h"

#include <string.h>

enum {
  HOST_DIRTY = halide_buffer_flag_host_dirty,
  DEVICE_DIRTY = halide_buffer_flag_device_dirty
};

/* Elements of a vector load; q, k and v have strides in units of it. */
#define LOAD_ELEMENTS 4

effattn_gpu_launch *effattn_gpu_state(effattn_launch *launch) {
  return launch->gpu;
}

/*===- layout ------------------------------------------------------------===*/

/* True where the elements fill their memory and channels are aligned. */
static bool fits_device(const effattn_view *view, int64_t elements) {
  int64_t span = 1;
  for (uint32_t axis = 0; axis < view->rank; ++axis) {
    if (view->shape[axis] == 1)
      continue;
    span += (view->shape[axis] - 1) * view->stride[axis];
    if (view->stride[axis] == 0)
      return false;
    if (axis + 1 < view->rank && view->stride[axis] % LOAD_ELEMENTS != 0 &&
        view->shape[view->rank - 1] % LOAD_ELEMENTS == 0)
      return false;
  }
  return span == elements;
}

/* Copies all elements between a view and dense memory. */
static void pack(const effattn_view *view, int64_t elements, char *dense,
                 bool to_dense) {
  const int64_t size = effattn_element_bytes(view->element);
  const int64_t last = view->rank ? view->shape[view->rank - 1] : 1;
  for (int64_t row = 0; row < elements / last; ++row) {
    int64_t rest = row, offset = 0;
    for (uint32_t axis = view->rank ? view->rank - 1 : 0; axis-- > 0;) {
      offset += rest % view->shape[axis] * view->stride[axis];
      rest /= view->shape[axis];
    }
    char *strided = (char *)view->data + offset * size;
    char *packed = dense + row * last * size;
    memcpy(to_dense ? packed : strided, to_dense ? strided : packed,
           (size_t)(last * size));
  }
}

/* Puts a dense copy in the place of the tensor of a slot. */
static effattn_status replace(effattn_launch *launch, uint32_t number,
                              const char *name) {
  effattn_slot *slot = &launch->slots[number];
  effattn_gpu_slot *own = &effattn_gpu_state(launch)->slots[number];
  struct halide_buffer_t *buffer = slot->view.buffer;
  const size_t bytes =
      (size_t)(slot->elements * effattn_element_bytes(slot->view.element));
  own->packed = effattn_allocate(launch->context, bytes, 64);
  if (!own->packed)
    return effattn_out_of_memory("a dense copy of a tensor", bytes);
  own->packed_bytes = bytes;
  own->original = slot->view;
  pack(&slot->view, slot->elements, own->packed, true);
  effattn_status status = effattn_view_dense(
      &slot->view, own->packed, own->original.element, own->original.rank,
      own->original.shape, &slot->elements);
  slot->view.buffer = buffer;
  return status ? status
                : effattn_view_buffer(&slot->view, name, buffer, buffer->dim);
}

/*===- begin and end -----------------------------------------------------===*/

/* Memory of the caller on the device. */
static effattn_status wrap(effattn_launch *launch, uint32_t number,
                           const char *name) {
  effattn_slot *slot = &launch->slots[number];
  effattn_gpu_launch *state = effattn_gpu_state(launch);
  if (state->device->target != EFFATTN_TARGET_CUDA)
    return effattn_fail(EFFATTN_DEVICE,
                        "%s: expected memory of the host, but got that of a "
                        "device",
                        name);
  struct halide_buffer_t *buffer = slot->view.buffer;
  buffer->host = NULL;
  const int code = halide_cuda_wrap_device_ptr(
      &state->device->user, buffer, (uint64_t)(uintptr_t)slot->view.data);
  if (code)
    return effattn_kernel_status(code, name);
  buffer->flags = DEVICE_DIRTY;
  state->slots[number].wrapped = true;
  return EFFATTN_OK;
}

static effattn_status begin_slot(effattn_launch *launch, uint32_t number) {
  effattn_slot *slot = &launch->slots[number];
  const effattn_argument *argument = &launch->kernel->argument[number];
  if (argument->kind == EFFATTN_SCALAR || slot->elements == 0)
    return EFFATTN_OK;
  if (slot->device_type == kDLCUDA)
    return wrap(launch, number, argument->name);
  effattn_status status = EFFATTN_OK;
  if (!fits_device(&slot->view, slot->elements))
    status = replace(launch, number, argument->name);
  slot->view.buffer->host = slot->view.data;
  slot->view.buffer->flags = HOST_DIRTY;
  return status;
}

effattn_status effattn_gpu_begin(effattn_launch *launch) {
  effattn_gpu_device *device;
  effattn_status status =
      effattn_gpu_open(launch->context, launch->target, &device);
  if (status)
    return status;
  const effattn_kernel *kernel = launch->kernel;
  const size_t bytes =
      sizeof(effattn_gpu_launch) + kernel->slots * sizeof(effattn_gpu_slot);
  effattn_gpu_launch *state = effattn_allocate(launch->context, bytes, 64);
  if (!state)
    return effattn_out_of_memory("a launch", bytes);
  memset(state, 0, bytes);
  state->device = device;
  state->bytes = bytes;
  launch->gpu = state;
  effattn_gpu_lock();
  for (uint32_t i = 0; i < kernel->arguments + kernel->results && !status; ++i)
    status = begin_slot(launch, i);
  effattn_gpu_unlock();
  /* The caller ends only what has begun. */
  return status ? effattn_gpu_end(launch, status) : EFFATTN_OK;
}

static effattn_status fetch_results(effattn_launch *launch) {
  const effattn_kernel *kernel = launch->kernel;
  effattn_gpu_launch *state = effattn_gpu_state(launch);
  effattn_status status = EFFATTN_OK;
  for (uint32_t i = kernel->arguments;
       i < kernel->arguments + kernel->results && !status; ++i) {
    effattn_slot *slot = &launch->slots[i];
    if (slot->elements == 0 || state->slots[i].wrapped)
      continue;
    const bool written =
        (slot->view.buffer->flags & (uint64_t)DEVICE_DIRTY) != 0;
    status = effattn_gpu_download(state->device, slot->view.buffer,
                                  kernel->argument[i].name);
    if (!status && written && state->slots[i].packed)
      pack(&state->slots[i].original, slot->elements, state->slots[i].packed,
           false);
  }
  return status;
}

static void free_slot(effattn_launch *launch, uint32_t number) {
  effattn_gpu_launch *state = effattn_gpu_state(launch);
  effattn_gpu_slot *own = &state->slots[number];
  struct halide_buffer_t *buffer = launch->slots[number].view.buffer;
  if (own->wrapped)
    halide_cuda_detach_device_ptr(&state->device->user, buffer);
  else if (buffer)
    effattn_gpu_free(state->device, buffer);
  if (own->packed) {
    effattn_deallocate(launch->context, own->packed, own->packed_bytes, 64);
    launch->slots[number].view = own->original;
  }
}

effattn_status effattn_gpu_end(effattn_launch *launch, effattn_status status) {
  effattn_gpu_launch *state = effattn_gpu_state(launch);
  const effattn_kernel *kernel = launch->kernel;
  char message[EFFATTN_MESSAGE_BYTES];
  effattn_gpu_lock();
  if (!status)
    status = effattn_gpu_wait(state->device);
  if (!status)
    status = fetch_results(launch);
  /* Later failures do not hide the first. */
  strncpy(message, effattn_message(), sizeof message - 1);
  message[sizeof message - 1] = 0;
  const effattn_status waited = effattn_gpu_wait(state->device);
  if (status)
    effattn_fail(status, "%s", message);
  else
    status = waited;
  for (uint32_t i = 0; i < kernel->slots; ++i)
    free_slot(launch, i);
  for (effattn_gpu_scratch *each = state->scratch; each;) {
    effattn_gpu_scratch *next = each->next;
    effattn_gpu_free(state->device, &each->flat.buffer);
    effattn_deallocate(NULL, each, each->bytes, 64);
    each = next;
  }
  effattn_gpu_unlock();
  effattn_deallocate(launch->context, state, state->bytes, 64);
  launch->gpu = NULL;
  return status;
}

/*===- temporaries and scratch -------------------------------------------===*/

effattn_status effattn_gpu_allocate(effattn_launch *launch,
                                    effattn_slot *slot) {
  slot->view.buffer->host = NULL;
  slot->view.buffer->flags = 0;
  effattn_gpu_lock();
  const effattn_status status =
      effattn_gpu_ensure(effattn_gpu_state(launch)->device, slot->view.buffer,
                         EFFATTN_GPU_WRITE, "an intermediate result");
  effattn_gpu_unlock();
  return status;
}

void effattn_gpu_release(effattn_launch *launch, effattn_slot *slot) {
  effattn_gpu_lock();
  effattn_gpu_free(effattn_gpu_state(launch)->device, slot->view.buffer);
  effattn_gpu_unlock();
}

effattn_status effattn_gpu_host_data(effattn_launch *launch, effattn_slot *slot,
                                     bool write, void **data) {
  struct halide_buffer_t *buffer = slot->view.buffer;
  *data = NULL;
  if (slot->elements == 0)
    return EFFATTN_OK;
  if (!buffer->host) {
    const size_t bytes = (size_t)effattn_gpu_span(buffer) *
                         (size_t)effattn_element_bytes(slot->view.element);
    slot->block = effattn_block_take(launch, bytes);
    if (!slot->block)
      return effattn_out_of_memory("a copy of a table on the host", bytes);
    buffer->host = slot->block->data;
  }
  effattn_status status = EFFATTN_OK;
  if (write) {
    buffer->flags = HOST_DIRTY;
  } else {
    effattn_gpu_lock();
    status = effattn_gpu_download(effattn_gpu_state(launch)->device, buffer,
                                  "a table that planning reads");
    effattn_gpu_unlock();
  }
  *data = buffer->host;
  return status;
}

effattn_gpu_scratch *effattn_gpu_scratch_take(effattn_launch *launch,
                                              int64_t elements, bool on_host,
                                              bool is_float) {
  if (elements > INT32_MAX - 64) {
    effattn_fail(EFFATTN_DEVICE_LIMIT,
                 "the plan of an attend takes %lld words, but a device "
                 "addresses at most %d",
                 (long long)elements, INT32_MAX - 64);
    return NULL;
  }
  const size_t bytes = sizeof(effattn_gpu_scratch) +
                       (on_host ? (size_t)elements * sizeof(int32_t) : 0);
  effattn_gpu_scratch *scratch = effattn_allocate(NULL, bytes, 64);
  if (!scratch) {
    effattn_out_of_memory("a plan on the device", bytes);
    return NULL;
  }
  memset(scratch, 0, sizeof *scratch);
  scratch->bytes = bytes;
  struct halide_buffer_t *buffer = &scratch->flat.buffer;
  buffer->type = is_float ? effattn_gpu_float : effattn_gpu_word;
  buffer->dimensions = 1;
  buffer->dim = &scratch->flat.dimension;
  scratch->flat.dimension.extent = (int32_t)elements;
  scratch->flat.dimension.stride = 1;
  if (on_host) {
    buffer->host = (uint8_t *)scratch->data;
    buffer->flags = HOST_DIRTY;
  }
  effattn_gpu_launch *state = effattn_gpu_state(launch);
  scratch->next = state->scratch;
  state->scratch = scratch;
  return scratch;
}

/*===- fill and copy -----------------------------------------------------===*/

#define COPY_AXES 6

/* to = from on the device; a stride of 0 repeats. */
static effattn_status run_copy(effattn_launch *launch,
                               struct halide_buffer_t *from,
                               const int64_t *from_stride,
                               const effattn_view *to, int64_t elements) {
  effattn_gpu_device *device = effattn_gpu_state(launch)->device;
  if (effattn_element_bytes(to->element) != 4)
    return effattn_fail(EFFATTN_UNSUPPORTED,
                        "copying %s on a device is not supported",
                        effattn_element_name(to->element));
  effattn_gpu_scratch *words =
      effattn_gpu_scratch_take(launch, EFFATTN_GPU_COPY_WORDS, true, false);
  if (!words)
    return EFFATTN_OUT_OF_MEMORY;
  int32_t *word = (int32_t *)words->data;
  for (uint32_t k = 0; k < COPY_AXES; ++k) {
    const bool there = k < to->rank;
    const uint32_t axis = there ? to->rank - 1 - k : 0;
    word[EFFATTN_GPU_COPY_SHAPE + k] = there ? (int32_t)to->shape[axis] : 1;
    word[EFFATTN_GPU_COPY_FROM + k] = there ? (int32_t)from_stride[axis] : 0;
    word[EFFATTN_GPU_COPY_TO + k] = there ? (int32_t)to->stride[axis] : 0;
  }
  /* Gaps that a caller's device memory may have stay as they are. */
  effattn_status status =
      effattn_gpu_ensure(device, to->buffer, EFFATTN_GPU_WRITE, "a tensor");
  if (!status)
    status = effattn_gpu_ensure(device, from, EFFATTN_GPU_READ, "a tensor");
  if (!status)
    status = effattn_gpu_ensure(device, &words->flat.buffer, EFFATTN_GPU_READ,
                                "a copy");
  if (status)
    return status;
  effattn_gpu_flat source, target;
  effattn_gpu_flatten(from, &source);
  effattn_gpu_flatten(to->buffer, &target);
  /* The bits are copied, whatever they mean. */
  source.buffer.type = target.buffer.type = effattn_gpu_word;
  /* Never read: the device has the content. */
  target.buffer.host = source.buffer.host = (uint8_t *)word;
  void *user = &device->user;
  int32_t count = (int32_t)elements;
  void *arguments[] = {&user, &source.buffer, &words->flat.buffer, &count,
                       &target.buffer};
  status = effattn_gpu_call(device->target == EFFATTN_TARGET_CUDA
                                ? effattn_gpu_copy_cuda
                                : effattn_gpu_copy_vulkan,
                            arguments, "a copy");
  if (!status)
    to->buffer->flags = DEVICE_DIRTY;
  return status;
}

effattn_status effattn_gpu_fill(effattn_launch *launch, effattn_slot *slot,
                                double value) {
  if (slot->elements == 0)
    return EFFATTN_OK;
  const int64_t stride[EFFATTN_MAX_RANK] = {0};
  effattn_gpu_lock();
  effattn_gpu_scratch *source = effattn_gpu_scratch_take(launch, 1, true, true);
  effattn_status status = EFFATTN_OUT_OF_MEMORY;
  if (source) {
    const float single = (float)value;
    memcpy(source->data, &single, sizeof single);
    status = run_copy(launch, &source->flat.buffer, stride, &slot->view,
                      slot->elements);
  }
  effattn_gpu_unlock();
  return status;
}

effattn_status effattn_gpu_copy(effattn_launch *launch,
                                const effattn_slot *from, effattn_slot *to) {
  if (to->elements == 0)
    return EFFATTN_OK;
  effattn_gpu_lock();
  const effattn_status status = run_copy(
      launch, from->view.buffer, from->view.stride, &to->view, to->elements);
  effattn_gpu_unlock();
  return status;
}
