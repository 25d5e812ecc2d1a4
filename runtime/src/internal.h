/*===- internal.h - what the parts of the runtime share --------------------===*\
|*
|* The parts, and who calls whom:
|*
|*   launch.c    effattn_launch_kernel: bind.c, validate.c, then kernel->host
|*   host.c      effattn_host_*: what the generated host program calls
|*   plan.c      generated run functions -> the tiles of one attend (plan.h)
|*   attend_cpu.c, attend_gpu.c   plan + tensors -> output, lse (attend.h)
|*   merge.c     one softmax from parts
|*   context.c, pool.c, arena.c, plan_cache.c, isa.c   shared means
|*
|* Conventions. A function that can fail returns an effattn_status after
|* effattn_fail() has left a message; it never aborts. Memory comes from
|* effattn_allocate() or an arena, never from malloc. Sizes are int64_t; axes
|* are outermost first; strides are in elements.
|*
\*===----------------------------------------------------------------------===*/
#ifndef EFFATTN_SRC_INTERNAL_H
#define EFFATTN_SRC_INTERNAL_H

#include "effattn/effattn.h"
#include "effattn/host.h"
#include "effattn/kernel.h"

#include "attend.h"
#include "halide.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct effattn_block effattn_block;

/*===- status.c ------------------------------------------------------------===*/

/* Leaves the message (printf) for this thread and returns `status`. */
effattn_status effattn_fail(effattn_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Forgets the message of this thread. */
void effattn_clear_message(void);
/* This thread's message, for moving it to another thread. */
#define EFFATTN_MESSAGE_BYTES 1024

/*===- tensors -------------------------------------------------------------===*/

/* A tensor of a launch: an argument, a result or a temporary. */
typedef struct effattn_slot {
  effattn_view view; /* byte_offset included in data; a stride is 0 where an
                        argument is broadcast along an axis */
  int64_t elements;     /* product of the shape; 0: data is not to be read */
  int32_t device_type;  /* DLDeviceType: kDLCPU, kDLCUDA, ... */
  int32_t device_id;
  effattn_block *block; /* memory of a temporary on the host */
} effattn_slot;

int64_t effattn_element_bytes(uint32_t element);
const char *effattn_element_name(uint32_t element); /* "f32" */
struct halide_type_t effattn_element_halide(uint32_t element);

/* A dense view over `data`; *elements gets their number. */
effattn_status effattn_view_dense(effattn_view *view, void *data,
                                  uint32_t element, uint32_t rank,
                                  const int64_t *shape, int64_t *elements);

/* Describes `view` as a Halide host buffer: dimension 0 is the last axis,
   minima are 0. `dimensions` has room for EFFATTN_MAX_RANK. EFFATTN_OVERFLOW
   where a size or stride does not fit Halide's 32 bits; `what` names the
   tensor in the message. */
effattn_status effattn_view_buffer(const effattn_view *view, const char *what,
                                   struct halide_buffer_t *buffer,
                                   struct halide_dimension_t *dimensions);

/*===- context.c: memory ---------------------------------------------------===*/

/* NULL when there is none (and no message). `alignment` is a power of two;
   bytes of 0 give a pointer all the same. */
void *effattn_allocate(effattn_context *context, size_t bytes,
                       size_t alignment);
/* `memory` may be NULL; bytes and alignment as when allocated. */
void effattn_deallocate(effattn_context *context, void *memory, size_t bytes,
                        size_t alignment);
/* Leaves "out of memory: <what> needs <bytes> bytes" and returns
   EFFATTN_OUT_OF_MEMORY. */
effattn_status effattn_out_of_memory(const char *what, size_t bytes);

/* The default context for NULL, made on first use; NULL in *context with a
   status where that fails. Each success is paired with a release. */
effattn_status effattn_context_acquire(effattn_context *given,
                                       effattn_context **context);
void effattn_context_release(effattn_context *context);

int32_t effattn_context_threads(const effattn_context *context);
const effattn_options *effattn_context_options(const effattn_context *context);
/* Room for the GPU backend's own state of this context (see below). */
void **effattn_context_gpu(effattn_context *context);

/*===- arena.c: scratch of one worker --------------------------------------===*/

/* A stack of memory that keeps its pages from launch to launch. Used by one
   thread at a time. Nothing is given back before the context is destroyed. */
typedef struct effattn_arena effattn_arena;

typedef struct effattn_mark {
  void *block;
  size_t used;
} effattn_mark;

/* NULL when there is no memory. */
void *effattn_arena_allocate(effattn_arena *arena, size_t bytes,
                             size_t alignment);
effattn_mark effattn_arena_mark(effattn_arena *arena);
/* Frees all that was allocated since the mark was taken. */
void effattn_arena_reset(effattn_arena *arena, effattn_mark mark);

/*===- what kernels see as user context ------------------------------------===*/

/* Halide kernels get a pointer to this as `user_context` (argument 0 of their
   argv holds the address of the pointer). One for all threads of a launch:
   halide_malloc takes the arena of the worker that runs on the calling thread
   (pool.c), and the context's allocator outside of parallel loops. */
typedef struct effattn_user {
  effattn_context *context;
  effattn_launch *launch; /* NULL outside of launches (effattn_merge) */
  bool lasting; /* halide_malloc: the memory may outlive the loop or change
                   threads (GPU runtime), so never from an arena */
} effattn_user;

/* The status for what a kernel returned: 0 is EFFATTN_OK; out of memory and
   device errors are told apart. The message that the kernel's error handler
   left is kept, with `what` ("tile kernel of ...") in front. */
effattn_status effattn_kernel_status(int code, const char *what);

/*===- pool.c: parallel loops ----------------------------------------------===*/

/* A loop over [0, count) on at most `workers` threads of the context, or by the
   caller's parallel_for; `user` is the effattn_context. Has the signature that
   effattn_attend_run.parallel_for asks for. May be called inside a body.
   A message that bodies left on other threads comes back to the calling
   thread: that of the lowest index. Which worker runs which index is not
   fixed: results must not depend on it. */
void effattn_context_parallel_for(void *context, int64_t count,
                                  int32_t workers, effattn_parallel_body body,
                                  void *body_data);

/* The arena of the worker that the calling thread is inside of such a loop
   (empty when the loop starts), NULL outside. */
effattn_arena *effattn_worker_arena(void);

typedef struct effattn_pool effattn_pool;
effattn_status effattn_pool_create(effattn_context *context, int32_t threads,
                                   effattn_pool **pool);
void effattn_pool_destroy(effattn_context *context, effattn_pool *pool);

/*===- launch.c ------------------------------------------------------------===*/

struct effattn_launch {
  effattn_context *context;
  const effattn_kernel *kernel;
  uint32_t target; /* effattn_target: the best code to run */
  effattn_slot *slots; /* kernel->slots of them */
  struct halide_buffer_t *buffers; /* of each slot; GPU targets only, else NULL */
  struct halide_dimension_t *buffer_dimensions; /* MAX_RANK for each slot */
  effattn_user user;
  void *gpu; /* the GPU backend's state of this launch */
  int64_t workspace, workspace_peak; /* bytes of temporaries, now and at most */
  effattn_statistics statistics;
};

/*===- plan.h (plan.c): the tiles of one attend ----------------------------===*/

/* plan.h defines it for attend_cpu.c and attend_gpu.c. It is immutable once
   built and may be shared by launches. */
typedef struct effattn_plan effattn_plan;

/* One plan is for one (batch, head) or for all: sets are i32 of rank 1, values
   strictly increasing and in range, all checked before. */
typedef struct effattn_plan_filter {
  effattn_view set;
  int32_t keep;
} effattn_plan_filter;

typedef struct effattn_plan_request {
  const effattn_attend *attend;
  const effattn_attend_code *code;
  const int64_t *integers; /* N, M, q0, others; 0 <= N, M < 2^31 - 1 */
  const effattn_view *key_sets;   /* attend->key_sets */
  const effattn_view *query_sets; /* attend->query_sets */
  uint32_t row_filters;
  const effattn_plan_filter *row_filter;
} effattn_plan_request;

effattn_status effattn_plan_build(effattn_context *context,
                                  const effattn_plan_request *request,
                                  effattn_plan **plan);
void effattn_plan_destroy(effattn_context *context, effattn_plan *plan);
/* Bytes of memory that the plan holds. */
size_t effattn_plan_bytes(const effattn_plan *plan);

/*===- plan_cache.c --------------------------------------------------------===*/

typedef struct effattn_plan_entry effattn_plan_entry;

/* Finds or builds the plan; it lives until the release. */
effattn_status effattn_plan_acquire(effattn_context *context,
                                    const effattn_plan_request *request,
                                    effattn_plan_entry **entry,
                                    const effattn_plan **plan);
void effattn_plan_release(effattn_context *context, effattn_plan_entry *entry);

/*===- the GPU runtime -----------------------------------------------------===*/

/* libeffattn_runtime_gpu defines `effattn_gpu`; the core refers to it weakly
   and gives EFFATTN_NO_DEVICE where it is not linked. (A weak reference does
   not pull a member out of an archive: the GPU library's link interface passes
   `-u effattn_gpu`.) All functions may be called from several threads. */
typedef struct effattn_gpu_table {
  uint32_t abi_version; /* EFFATTN_ABI_VERSION */
  /* Opens the device of launch->kernel->target_kind for the context (kept in
     *effattn_context_gpu) and prepares launch->gpu. Slots of arguments and
     results have views of host or device memory, with buffers that describe
     them and have no device memory yet. */
  effattn_status (*begin)(effattn_launch *launch);
  /* Brings results to the caller's memory where status is EFFATTN_OK, waits
     for the device, frees device memory of all slots. Called after begin
     succeeded, on failure too. Gives `status` or a later failure. */
  effattn_status (*end)(effattn_launch *launch, effattn_status status);
  /* Temporaries: device memory of a dense tensor; view.data is NULL. */
  effattn_status (*allocate)(effattn_launch *launch, effattn_slot *slot);
  void (*release)(effattn_launch *launch, effattn_slot *slot);
  effattn_status (*fill)(effattn_launch *launch, effattn_slot *slot,
                         double value);
  effattn_status (*copy)(effattn_launch *launch, const effattn_slot *from,
                         effattn_slot *to);
  effattn_status (*step)(effattn_launch *launch, const effattn_step *step,
                         effattn_code code, const effattn_view *operands,
                         const effattn_view *result);
  /* run->user_context is the launch's effattn_user. */
  int32_t (*attend)(const effattn_attend_run *run);
  effattn_status (*merge)(effattn_launch *launch, uint32_t count,
                          const effattn_view *outputs,
                          const effattn_view *lses, const effattn_view *output,
                          const effattn_view *lse);
  /* Frees *effattn_context_gpu. */
  void (*close)(effattn_context *context);
} effattn_gpu_table;

extern const effattn_gpu_table effattn_gpu __attribute__((weak));

/*===- isa.c ---------------------------------------------------------------===*/

/* The best of EFFATTN_TARGET_X86_64_V3 and _V4 that this processor and system
   run and that `limit` (effattn_options.isa_limit) allows; EFFATTN_PROCESSOR
   below v3. */
effattn_status effattn_isa(uint32_t limit, uint32_t *target);

#endif /* EFFATTN_SRC_INTERNAL_H */
