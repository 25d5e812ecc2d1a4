/*===- launch.c - running a kernel
 * -----------------------------------------===*/
#define _POSIX_C_SOURCE 200809L /* clock_gettime */
#include "context.h"
#include "host_internal.h"
#include "validate.h"

#include <string.h>
#include <time.h>

static _Thread_local effattn_statistics last_statistics;

double effattn_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/*===- memory of a launch
 * --------------------------------------------------===*/

/* Everything whose size the descriptor gives, in one allocation. */
typedef struct frame {
  effattn_launch launch;
  effattn_binding binding;
  int64_t *integers;
  double *floats;
  size_t bytes;
} frame;

/* Adds an array of `count` elements to the layout and gives its offset. */
static size_t place(size_t *bytes, size_t count, size_t size) {
  const size_t at = (*bytes + 15) / 16 * 16;
  *bytes = at + count * size;
  return at;
}

static effattn_status make_frame(effattn_context *context,
                                 const effattn_kernel *kernel,
                                 const effattn_value *arguments,
                                 frame **result) {
  const bool gpu = kernel->target_kind != 0;
  size_t bytes = 0;
  place(&bytes, 1, sizeof(frame));
  const size_t slots = place(&bytes, kernel->slots, sizeof(effattn_slot));
  const size_t dimensions = place(&bytes, kernel->dimensions, sizeof(int64_t));
  const size_t bound_by = place(&bytes, kernel->dimensions, sizeof(char *));
  const size_t integers = place(&bytes, kernel->arguments, sizeof(int64_t));
  const size_t floats = place(&bytes, kernel->arguments, sizeof(double));
  const size_t buffers =
      place(&bytes, gpu ? kernel->slots : 0, sizeof(struct halide_buffer_t));
  const size_t buffer_dimensions =
      place(&bytes, gpu ? kernel->slots : 0,
            EFFATTN_MAX_RANK * sizeof(struct halide_dimension_t));
  char *memory = effattn_allocate(context, bytes, 16);
  if (!memory)
    return effattn_out_of_memory("a launch", bytes);
  memset(memory, 0, bytes);
  frame *made = (frame *)memory;
  made->bytes = bytes;
  made->integers = (int64_t *)(memory + integers);
  made->floats = (double *)(memory + floats);
  made->binding =
      (effattn_binding){.kernel = kernel,
                        .dimensions = (int64_t *)(memory + dimensions),
                        .bound_by = (const char **)(memory + bound_by),
                        .arguments = arguments};
  effattn_launch *launch = &made->launch;
  launch->context = context;
  launch->kernel = kernel;
  launch->slots = (effattn_slot *)(memory + slots);
  if (gpu) {
    launch->buffers = (struct halide_buffer_t *)(memory + buffers);
    launch->buffer_dimensions =
        (struct halide_dimension_t *)(memory + buffer_dimensions);
  }
  launch->user = (effattn_user){context, launch, gpu};
  *result = made;
  return EFFATTN_OK;
}

/* Gives back what a host program that stopped half-way left. */
static void free_frame(frame *made) {
  effattn_launch *launch = &made->launch;
  for (uint32_t i = 0; i < launch->kernel->slots; ++i)
    if (launch->slots[i].block)
      effattn_block_give(launch, launch->slots[i].block);
  effattn_deallocate(launch->context, made, made->bytes, 16);
}

/*===- targets
 * -------------------------------------------------------------===*/

static effattn_status choose_target(effattn_launch *launch) {
  const uint32_t kind = launch->kernel->target_kind;
  if (kind != 0) {
    if (kind != EFFATTN_TARGET_VULKAN && kind != EFFATTN_TARGET_CUDA)
      return effattn_fail(EFFATTN_INTERNAL, "%s: unknown target %u",
                          launch->kernel->name, kind);
    if (!&effattn_gpu)
      return effattn_fail(EFFATTN_NO_DEVICE,
                          "%s: compiled for %s, but the GPU runtime is not "
                          "linked: link effattn_runtime_gpu",
                          launch->kernel->name,
                          kind == EFFATTN_TARGET_CUDA ? "CUDA" : "Vulkan");
    if (effattn_gpu.abi_version != EFFATTN_ABI_VERSION)
      return effattn_fail(EFFATTN_VERSION_MISMATCH,
                          "effattn_runtime_gpu has ABI %u.%u, but "
                          "effattn_runtime has %u.%u",
                          effattn_gpu.abi_version >> 16,
                          effattn_gpu.abi_version & 0xffffu, EFFATTN_ABI_MAJOR,
                          EFFATTN_ABI_MINOR);
    launch->target = kind;
    return EFFATTN_OK;
  }
  launch->target = launch->context->isa;
  if (launch->context->isa_status)
    return effattn_fail(launch->context->isa_status,
                        "%s: kernels for the CPU need x86-64-v3 (AVX2, FMA, "
                        "BMI), which this processor or system does not have, "
                        "or which EFFATTN_ISA forbids",
                        launch->kernel->name);
  return EFFATTN_OK;
}

static effattn_status begin_gpu(effattn_launch *launch) {
  const effattn_kernel *kernel = launch->kernel;
  for (uint32_t i = 0; i < kernel->slots; ++i) {
    effattn_slot *slot = &launch->slots[i];
    slot->view.buffer = &launch->buffers[i];
    struct halide_dimension_t *dimensions =
        &launch->buffer_dimensions[(size_t)i * EFFATTN_MAX_RANK];
    slot->view.buffer->dim = dimensions;
    if (i >= kernel->arguments + kernel->results)
      continue;
    const effattn_status status = effattn_view_buffer(
        &slot->view, kernel->argument[i].name, slot->view.buffer, dimensions);
    if (status)
      return status;
  }
  return effattn_gpu.begin(launch);
}

/*===- running
 * -------------------------------------------------------------===*/

static void read_scalars(frame *made) {
  const effattn_kernel *kernel = made->binding.kernel;
  uint32_t integers = 0, floats = 0;
  for (uint32_t i = 0; i < kernel->arguments; ++i) {
    if (kernel->argument[i].kind != EFFATTN_SCALAR)
      continue;
    if (kernel->argument[i].element == EFFATTN_I64)
      made->integers[integers++] = made->binding.arguments[i].i64;
    else
      made->floats[floats++] = made->binding.arguments[i].f32;
  }
}

static effattn_status run(frame *made, DLTensor *const *results) {
  effattn_launch *launch = &made->launch;
  const effattn_kernel *kernel = launch->kernel;
  effattn_status status = effattn_check_arguments(
      &made->binding, results, launch->context->options.device, launch->slots);
  if (!status)
    status = choose_target(launch);
  if (!status && kernel->target_kind)
    status = begin_gpu(launch);
  if (status)
    return status;
  read_scalars(made);
  effattn_parallel_status(); /* of an earlier call inside a caller's loop */
  const double start = effattn_seconds();
  status = (effattn_status)kernel->host(launch, made->binding.dimensions,
                                        made->integers, made->floats);
  const effattn_status hook = effattn_parallel_status();
  if (!status)
    status = hook;
  if (kernel->target_kind)
    status = effattn_gpu.end(launch, status);
  effattn_statistics *statistics = &launch->statistics;
  statistics->target = launch->target;
  statistics->workspace_bytes = launch->workspace_peak;
  statistics->run_seconds =
      effattn_seconds() - start - statistics->plan_seconds;
  if (status && !effattn_message()[0])
    effattn_fail(status, "%s: the host program failed with %s", kernel->name,
                 effattn_status_name(status));
  return status;
}

effattn_status effattn_launch_kernel(effattn_context *given,
                                     const effattn_kernel *kernel,
                                     const effattn_value *arguments,
                                     DLTensor *const *results) {
  effattn_clear_message();
  memset(&last_statistics, 0, sizeof last_statistics);
  effattn_status status = effattn_check_kernel(kernel);
  if (status)
    return status;
  effattn_context *context;
  status = effattn_context_acquire(given, &context);
  if (status)
    return status;
  frame *made = NULL;
  status = make_frame(context, kernel, arguments, &made);
  if (!status) {
    status = run(made, results);
    last_statistics = made->launch.statistics;
    free_frame(made);
  }
  effattn_context_release(context);
  return status;
}

effattn_status effattn_last_statistics(effattn_statistics *statistics) {
  if (!statistics)
    return effattn_fail(EFFATTN_NULL, "effattn_last_statistics: expected a "
                                      "place for statistics, but got NULL");
  const uint32_t size = statistics->size;
  if (size < offsetof(effattn_statistics, visible_tiles))
    return effattn_fail(EFFATTN_OPTION,
                        "effattn_last_statistics: expected size = "
                        "sizeof(effattn_statistics), but got %u",
                        size);
  const size_t known = sizeof last_statistics;
  memset(statistics, 0, size);
  memcpy(statistics, &last_statistics, size < known ? size : known);
  statistics->size = size;
  return EFFATTN_OK;
}

/*===- shapes of results
 * ---------------------------------------------------===*/

static effattn_status result_shape(const effattn_binding *binding,
                                   uint32_t result, int64_t *shape,
                                   uint32_t *rank) {
  effattn_status status = effattn_bind_arguments((effattn_binding *)binding);
  if (!status)
    status = effattn_check_requires(binding);
  const effattn_argument *argument =
      &binding->kernel->argument[binding->kernel->arguments + result];
  for (uint32_t axis = 0; axis < argument->rank && !status; ++axis) {
    status = effattn_evaluate(binding, argument->shape[axis],
                              "the shape of a result", &shape[axis]);
    if (!status && shape[axis] < 0)
      status = effattn_fail(
          EFFATTN_SIZE, "%s: result %u, axis %u: negative size %lld",
          binding->kernel->name, result, axis, (long long)shape[axis]);
  }
  *rank = argument->rank;
  return status;
}

effattn_status effattn_result_shape(const effattn_kernel *kernel,
                                    const effattn_value *arguments,
                                    uint32_t result, int64_t *shape,
                                    uint32_t *rank) {
  effattn_clear_message();
  effattn_status status = effattn_check_kernel(kernel);
  if (status)
    return status;
  if (!shape || !rank)
    return effattn_fail(EFFATTN_NULL,
                        "%s: expected a place for the shape, "
                        "but got NULL",
                        kernel->name);
  if (result >= kernel->results)
    return effattn_fail(EFFATTN_SIZE,
                        "%s: expected a result below %u, but "
                        "got %u",
                        kernel->name, kernel->results, result);
  const size_t count = kernel->dimensions ? kernel->dimensions : 1;
  const size_t bytes = count * (sizeof(int64_t) + sizeof(char *));
  int64_t *memory = effattn_allocate(NULL, bytes, _Alignof(int64_t));
  if (!memory)
    return effattn_out_of_memory("the shape of a result", bytes);
  effattn_binding binding = {.kernel = kernel,
                             .dimensions = memory,
                             .bound_by = (const char **)(memory + count),
                             .arguments = arguments};
  status = result_shape(&binding, result, shape, rank);
  effattn_deallocate(NULL, memory, bytes, _Alignof(int64_t));
  return status;
}
