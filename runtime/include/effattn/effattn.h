/*===- effattn.h - running compiled attention kernels ----------------------===*\
|*
|* A compiled kernel is a constant, `effattn_kernel`, in the header that
|* effattn-compile writes. This library runs it on tensors of the caller:
|*
|*   effattn_value arguments[] = {{.tensor = &q}, {.tensor = &k}, ...};
|*   DLTensor *results[] = {&o};
|*   if (effattn_launch_kernel(NULL, &kernel, arguments, results) != EFFATTN_OK)
|*     fprintf(stderr, "%s\n", effattn_message());
|*
|* Ownership. The caller owns every tensor, the memory under it, and the kernel:
|* they stay alive and unchanged until the call returns, and nothing keeps a
|* pointer to a tensor afterwards. Results are the caller's memory too: the
|* library writes into them and never allocates one (effattn_result_shape says
|* how large). A context owns its threads, scratch memory and plans; what it
|* keeps about a kernel is found again by the kernel's address, so a library
|* that holds kernels is unloaded after effattn_context_forget or after the
|* context. Strings that functions return belong to the library; a message lasts
|* until the next call on the same thread.
|*
|* Threads. Every function may be called from any thread, and one context used
|* by many at once. A context is destroyed after the last call that uses it has
|* returned. NULL stands for a default context, made on first use with the
|* default options and ended with the process. After fork, a child may go on
|* using a context that was idle when it forked; loops then run on the calling
|* thread.
|*
|* Failure. Nothing here aborts, exits, throws or prints. A function that can
|* fail returns a status, and effattn_message() says in one line what was
|* expected and what was found. All arguments are checked before any result is
|* written; after a failure later than that (memory, a device) the contents of
|* the results are not specified.
|*
|* Memory. Each launch allocates a small block, and tensors for intermediate
|* results where the pattern file has them. Scratch, temporaries and plans are
|* kept for the next launch: scratch is a constant for each thread,
|* temporaries are kept up to the most that one launch needed, plans up to
|* plan_cache_bytes. Nothing grows with queries x keys.
|*
|* Results depend on the arguments and the instruction set only: not on the
|* number of threads, not on what ran before. The instruction set is the best
|* one that the kernel was compiled for and the processor has;
|* effattn_options.isa_limit and the environment variable EFFATTN_ISA (v3 or
|* v4; read when a context is made) lower it, for tests and comparisons. With
|* EFFATTN_ISA=v2 a launch answers as on a processor that is too old.
|*
\*===----------------------------------------------------------------------===*/
#ifndef EFFATTN_EFFATTN_H
#define EFFATTN_EFFATTN_H

#include <dlpack/dlpack.h>
#include <stddef.h>
#include <stdint.h>

#include "effattn/kernel.h"

#define EFFATTN_VERSION_MAJOR 0
#define EFFATTN_VERSION_MINOR 1
#define EFFATTN_VERSION_PATCH 0
#define EFFATTN_VERSION "0.1.0"

#if defined(EFFATTN_SHARED)
#define EFFATTN_API __attribute__((visibility("default")))
#else
#define EFFATTN_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Each status with what it is for, and how it differs from its neighbours. The
   first one that applies in the order of checks is given: kernel, presence,
   ranks, sizes, requires, then each tensor (type, device, overflow, strides,
   alignment), index sets, overlap; then what the machine cannot do. */
typedef enum effattn_status {
  EFFATTN_OK = 0,
  /* A pointer that is needed is NULL. Data may be NULL where a size is 0, and
     strides always (the tensor is dense then). */
  EFFATTN_NULL = 1,
  /* The descriptor was compiled for another major or a newer minor version of
     the ABI, or the GPU runtime was. Rebuild the older side. */
  EFFATTN_VERSION_MISMATCH = 2,
  /* The element type is not the declared one; nothing is converted. */
  EFFATTN_TYPE = 3,
  /* The number of axes is not the declared one. Sizes of 1 count as axes. */
  EFFATTN_RANK = 4,
  /* An axis is negative, differs from a constant or from the same dimension of
     another tensor, key heads do not divide query heads, or a score looks up
     a table past its end (found while computing; CPU targets). */
  EFFATTN_SIZE = 5,
  /* The last axis is not contiguous, or a stride is negative. Axes of size 1
     may have any stride; a stride of 0 broadcasts an argument. */
  EFFATTN_STRIDE = 6,
  /* data + byte_offset is not a multiple of the element size. */
  EFFATTN_ALIGNMENT = 7,
  /* The tensor lies where this kernel cannot use it. (NO_DEVICE: the kernel's
     own device is missing.) */
  EFFATTN_DEVICE = 8,
  /* A result shares bytes with an argument, another result or itself (stride 0
     included). Slices that interleave in one buffer do not. */
  EFFATTN_OVERLAP = 9,
  /* Sizes are each right but too large together: for the address space, for an
     expression of the pattern file, or for the 32-bit indices of plans (2^31
     tokens) and of kernels. (OUT_OF_MEMORY: could work with more memory.) */
  EFFATTN_OVERFLOW = 10,
  /* An index set is not strictly increasing along its last axis, or has a value
     out of range; or offsets of ragged tokens do not ascend from 0 to the
     number of tokens. */
  EFFATTN_BAD_INDEX_SET = 11,
  /* A `require` of the pattern file does not hold; the message is its text. */
  EFFATTN_REQUIRE = 12,
  /* The allocator, the system or the device has no more memory or threads. */
  EFFATTN_OUT_OF_MEMORY = 13,
  /* The processor lacks x86-64-v3, or the artefact has no code for it. */
  EFFATTN_PROCESSOR = 14,
  /* A kernel for Vulkan or CUDA, and no driver, no such device, or
     effattn_runtime_gpu is not linked. */
  EFFATTN_NO_DEVICE = 15,
  /* The device is there and too small for this launch, whatever is free on it:
     shared memory, block or grid sizes. */
  EFFATTN_DEVICE_LIMIT = 16,
  /* The driver reported an error while the launch ran. */
  EFFATTN_DEVICE_FAILED = 17,
  /* Meaningful, and not supported yet; the message says what is. */
  EFFATTN_UNSUPPORTED = 18,
  /* A fault of the compiler or of this library: please report it. */
  EFFATTN_INTERNAL = 19,
  /* An option is out of range, a structure's `size` is not set, or a hook broke
     its contract. */
  EFFATTN_OPTION = 20
} effattn_status;

/* One line about the last call on this thread that makes a context, launches,
   merges or gives a shape; "" where it succeeded. */
EFFATTN_API const char *effattn_message(void);
/* "EFFATTN_SIZE" for 5, and so on. */
EFFATTN_API const char *effattn_status_name(effattn_status status);
EFFATTN_API const char *effattn_version(void);

typedef struct effattn_context effattn_context;

/* Runs body(body_data, index, worker) for each index in [0, count), in any
   order, on at most `workers` threads, with worker in [0, workers) distinct
   among calls that run at the same time. Returns when all are done. */
typedef void (*effattn_parallel_body)(void *body_data, int64_t index,
                                      int32_t worker);
typedef void (*effattn_parallel_for)(void *user, int64_t count,
                                     int32_t workers,
                                     effattn_parallel_body body,
                                     void *body_data);

/* Zero-initialise, set `size`, then what differs from the defaults. Hooks are
   called from several threads at once. `allocate` gives NULL where there is no
   memory; `deallocate` gets the size and alignment of the allocation. */
typedef struct effattn_options {
  uint32_t size;     /* sizeof(effattn_options) */
  int32_t threads;   /* 0: one for each processor that this process may use;
                        1: no threads are made */
  void *user;        /* passed to the hooks */
  void *(*allocate)(void *user, size_t bytes, size_t alignment);
  void (*deallocate)(void *user, void *memory, size_t bytes, size_t alignment);
  effattn_parallel_for parallel_for; /* replaces the threads; gets `threads`
                                        as the most workers */
  uint32_t isa_limit; /* 0: the best; 1 + EFFATTN_TARGET_X86_64_V3 or _V4 */
  int32_t device;     /* CUDA or Vulkan device number */
  void *cuda_stream;  /* CUstream of the caller, or NULL */
  size_t plan_cache_bytes; /* most memory of cached plans; 0: 64 MiB */
} effattn_options;

EFFATTN_API effattn_status
effattn_context_create(const effattn_options *options,
                       effattn_context **context);
EFFATTN_API void effattn_context_destroy(effattn_context *context);

/* Drops what the context keeps about a kernel (its plans). To be called before
   the library that holds the kernel is unloaded: another kernel may come to lie
   at its address. */
EFFATTN_API effattn_status effattn_context_forget(effattn_context *context,
                                                  const effattn_kernel *kernel);

/* One argument of a launch: a tensor for tensors and index sets, i64 or f32 for
   scalars. */
typedef union effattn_value {
  const DLTensor *tensor;
  int64_t i64;
  double f32;
} effattn_value;

/* Runs a kernel. `arguments` has kernel->arguments entries in the order of the
   source, `results` kernel->results tensors that the caller allocated.
   Tensors: any strides with a contiguous last axis, host memory (or CUDA memory
   of the context's device, for kernels for CUDA; index sets always in host
   memory). Sizes of 0 are allowed. bool tensors are bytes 0 and 1. */
EFFATTN_API effattn_status effattn_launch_kernel(effattn_context *context,
                                                 const effattn_kernel *kernel,
                                                 const effattn_value *arguments,
                                                 DLTensor *const *results);

/* Binds the dimensions from the arguments and gives the shape of result
   `result` (rank in *rank, at most EFFATTN_MAX_RANK sizes in `shape`). */
EFFATTN_API effattn_status effattn_result_shape(const effattn_kernel *kernel,
                                                const effattn_value *arguments,
                                                uint32_t result, int64_t *shape,
                                                uint32_t *rank);

/* What the last launch on this thread did; all 0 where it was refused. */
typedef struct effattn_statistics {
  uint32_t size;          /* set by the caller */
  uint32_t target;        /* effattn_target that ran */
  int64_t visible_tiles;  /* tiles with work, over all attends and heads */
  int64_t full_columns, partial_columns; /* summed over tiles and heads */
  int64_t computed_pairs; /* tile rows x columns, padding included */
  int64_t plan_bytes, workspace_bytes;
  double plan_seconds, run_seconds;
} effattn_statistics;
EFFATTN_API effattn_status
effattn_last_statistics(effattn_statistics *statistics);

/* One softmax from parts over disjoint keys: O = sum_r w_r O_r with
   w_r = exp(LSE_r - LSE), LSE = log sum_r exp(LSE_r) (systems.md, 1.1). Each
   outputs[r] is f32[..., N, D] with up to two leading axes, each lses[r]
   f32[..., N]; a part with LSE = -inf has no keys and its O is not read.
   Results may not share memory with parts. `lse` may be NULL. Host memory
   only. */
EFFATTN_API effattn_status effattn_merge(effattn_context *context,
                                         uint32_t count,
                                         const DLTensor *const *outputs,
                                         const DLTensor *const *lses,
                                         DLTensor *output, DLTensor *lse);

#ifdef __cplusplus
}
#endif

#endif /* EFFATTN_EFFATTN_H */
