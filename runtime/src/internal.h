/*===- internal.h - what the parts of the runtime share
--------------------===*\
|*
|* The parts, and who calls whom:
|*
|*   launch.c    effattn_launch_kernel: bind.c, validate.c, then kernel->host
|*   host.c, host_*.c   effattn_host_*: what the generated host program calls
|*   plan.c      generated run functions -> the tiles of one attend (plan.h)
|*   attend_cpu.c, attend_gpu.c   plan + tensors -> output, lse (attend.h)
|*   merge.c     one softmax from parts
|*   context.c, pool.c, parallel.c, arena.c, workspace.c, plan_cache.c, isa.c
|*   halide_runtime.c   what compiled kernels call
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
#include "plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct effattn_block effattn_block;

/*===- status.c
 * ------------------------------------------------------------===*/

/* Leaves the message (printf) for this thread and returns `status`. */
effattn_status effattn_fail(effattn_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Forgets the message of this thread. */
void effattn_clear_message(void);
/* This thread's message, for moving it to another thread. */
#define EFFATTN_MESSAGE_BYTES 1024

/*===- tensors
 * -------------------------------------------------------------===*/

/* A tensor of a launch: an argument, a result or a temporary. */
typedef struct effattn_slot {
  effattn_view view;   /* byte_offset included in data; a stride is 0 where an
                          argument is broadcast along an axis */
  int64_t elements;    /* product of the shape; 0: data is not to be read */
  int32_t device_type; /* DLDeviceType: kDLCPU, kDLCUDA, ... */
  int32_t device_id;
  effattn_block *block; /* memory of a temporary on the host, or of what the
                           host sees of a tensor on a device */
} effattn_slot;

int64_t effattn_element_bytes(uint32_t element);
const char *effattn_element_name(uint32_t element); /* "f32" */

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

/* Alignment of arenas and workspace: what Halide expects of halide_malloc, and
   a multiple of a cache line and of the widest vector. */
#define EFFATTN_ALIGNMENT_BYTES 128

/* Most tokens of an attend: plans count rows and columns in 32 bits, and leave
   room for rounding up to a tile. */
#define EFFATTN_MAX_TOKENS 2147480000

/*===- context.c: memory
 * ---------------------------------------------------===*/

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

/*===- arena.c: scratch of one worker
 * --------------------------------------===*/

/* A stack of memory that keeps its pages from launch to launch: it grows and
   gives nothing back before the context is destroyed. Used by one thread at a
   time. */
typedef struct effattn_arena effattn_arena;

/* From the context's list of unused ones, or new; NULL without memory. */
effattn_arena *effattn_arena_take(effattn_context *context);
void effattn_arena_give(effattn_context *context, effattn_arena *arena);
void effattn_arena_destroy(effattn_context *context, effattn_arena *arena);

/* Aligned to EFFATTN_ALIGNMENT_BYTES; NULL without memory. */
void *effattn_arena_allocate(effattn_arena *arena, size_t bytes);
/* In any order; memory is used again once all that was allocated after it is
   free too. */
void effattn_arena_free(effattn_arena *arena, void *memory);
/* Frees everything in it. */
void effattn_arena_clear(effattn_arena *arena);

/*===- workspace.c: large memory of a launch
 * -------------------------------===*/

/* Memory for temporaries and for the scratch of all workers. The context keeps
   returned blocks, up to the most that one launch held at a time. */
struct effattn_block {
  struct effattn_block *next;
  size_t bytes; /* of data */
  void *data;   /* aligned to EFFATTN_ALIGNMENT_BYTES */
};

/* NULL without memory. Counts in launch->workspace. */
effattn_block *effattn_block_take(effattn_launch *launch, size_t bytes);
void effattn_block_give(effattn_launch *launch, effattn_block *block);

/*===- what kernels see as user context
 * ------------------------------------===*/

/* Halide kernels get a pointer to this as `user_context` (argument 0 of their
   argv holds the address of the pointer). One for all threads of a launch:
   halide_malloc takes the arena of the worker that runs on the calling thread
   (parallel.c), and the context's allocator outside of parallel loops. */
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

/*===- parallel.c: parallel loops
 * --------------------------------------------===*/

/* A loop over [0, count) on at most `workers` threads of the context, or by the
   caller's parallel_for; `user` is the effattn_context. Has the signature that
   effattn_attend_run.parallel_for asks for. May be called inside a body.
   A message that bodies left on other threads comes back to the calling
   thread: that of the lowest index. Which worker runs which index is not
   fixed: results must not depend on it. */
void effattn_context_parallel_for(void *context, int64_t count, int32_t workers,
                                  effattn_parallel_body body, void *body_data);

/* The arena of the worker that the calling thread is inside of such a loop
   (empty when the loop starts), NULL outside. */
effattn_arena *effattn_worker_arena(void);

/* A caller's parallel_for may be wrong. Gives and clears the status that loops
   on this thread left: EFFATTN_OPTION where the hook ran fewer or more indices
   than asked for, or gave a worker that is out of range. */
effattn_status effattn_parallel_status(void);

/*===- launch.c
 * ------------------------------------------------------------===*/

struct effattn_launch {
  effattn_context *context;
  const effattn_kernel *kernel;
  uint32_t target;     /* effattn_target: the best code to run */
  effattn_slot *slots; /* kernel->slots of them */
  struct halide_buffer_t
      *buffers; /* of each slot; GPU targets only, else NULL */
  struct halide_dimension_t *buffer_dimensions; /* MAX_RANK for each slot */
  effattn_user user;
  void *gpu; /* the GPU backend's state of this launch */
  int64_t workspace, workspace_peak; /* bytes of temporaries, now and at most */
  effattn_statistics statistics;
  /* Called in place of the code of each attend, once it is planned: for tools
     that show or check plans (lib/Driver/PlanProbe.h). NULL: run the code. */
  int32_t (*watch)(effattn_launch *launch,
                   const effattn_attend_operands *operands,
                   const effattn_attend_run *run);
};

/*===- plan_cache.c
 * --------------------------------------------------------===*/

/* A plan with a count of its users. */
typedef struct effattn_plan_entry {
  effattn_plan plan;
  struct effattn_plan_entry *next, *previous; /* cached: by use, last first */
  struct effattn_plan_entry *same;            /* cached: of one bucket */
  const effattn_attend *attend;
  const effattn_attend_code *code;
  uint64_t users;
  uint32_t integers; /* of `key` */
  bool cached;
  int64_t key[]; /* the attend's integers, then b and h where it is by them */
} effattn_plan_entry;

/* Finds or builds the plan for `parameters` (attend->integers of them, b, h,
   extras); it lives until the release. A plan that reads no index set and no
   table is kept in the cache of the context. */
effattn_status effattn_plan_acquire(effattn_context *context,
                                    const effattn_attend *attend,
                                    const effattn_plan_request *request,
                                    const effattn_attend_code *code,
                                    effattn_plan_entry **entry);
void effattn_plan_release(effattn_context *context, effattn_plan_entry *entry);

typedef struct effattn_plan_cache effattn_plan_cache;

/*===- the GPU runtime
 * -----------------------------------------------------===*/

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
  /* Memory of the host that holds the elements of a slot as its view describes
     them, until the slot is released. Without `write` its content is brought
     from the device, after all work on it; with `write` the caller fills it in
     and the device gets it when it is used next. NULL where there are none. */
  effattn_status (*host_data)(effattn_launch *launch, effattn_slot *slot,
                              bool write, void **data);
  /* run->user_context is the launch's effattn_user. */
  int32_t (*attend)(const effattn_attend_run *run);
  effattn_status (*merge)(effattn_launch *launch, uint32_t count,
                          const effattn_view *outputs, const effattn_view *lses,
                          const effattn_view *output, const effattn_view *lse);
  /* Frees *effattn_context_gpu. */
  void (*close)(effattn_context *context);
} effattn_gpu_table;

extern const effattn_gpu_table effattn_gpu
    __attribute__((weak, visibility("hidden")));

/*===- isa.c
 * ---------------------------------------------------------------===*/

/* What cpuid and xgetbv say, for tests of the choice. */
typedef struct effattn_processor {
  uint32_t leaf1_ecx, leaf7_ebx, extended_ecx; /* cpuid 1, 7.0, 0x80000001 */
  uint64_t xcr0; /* register state that the system saves; 0: none known */
} effattn_processor;

void effattn_processor_read(effattn_processor *processor);

/* The best of EFFATTN_TARGET_X86_64_V3 and _V4 that the processor and the
   system run, that `limit` (effattn_options.isa_limit) allows and that `name`
   allows: the environment variable EFFATTN_ISA, "v2" (for tests: as if the
   processor were too old), "v3", "v4" or NULL. EFFATTN_PROCESSOR below v3. */
effattn_status effattn_isa(const effattn_processor *processor, uint32_t limit,
                           const char *name, uint32_t *target);

#ifdef __cplusplus
}
#endif

#endif /* EFFATTN_SRC_INTERNAL_H */
