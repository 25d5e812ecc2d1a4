/*===- effattn.h - running compiled attention kernels ----------------------===*\
|*
|* Ownership. The caller owns every tensor and keeps it alive and unchanged
|* until the call returns. A context owns its thread pool, scratch memory and
|* plan cache; one context may be used from many threads at once. Passing NULL
|* for a context uses the default one, made on first use. Nothing here aborts,
|* exits, throws or prints: each function returns a status, and
|* effattn_message() holds one line about the last failure on this thread.
|*
|* Results depend on nothing but the arguments and the instruction set: not on
|* the number of threads, not on what ran before.
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

typedef enum effattn_status {
  EFFATTN_OK = 0,
  EFFATTN_NULL = 1,        /* a required pointer is NULL */
  EFFATTN_VERSION_MISMATCH = 2, /* descriptor of another ABI version */
  EFFATTN_TYPE = 3,        /* element type differs from the declared one */
  EFFATTN_RANK = 4,        /* number of axes differs */
  EFFATTN_SIZE = 5,        /* an axis has the wrong length, or sizes disagree */
  EFFATTN_STRIDE = 6,      /* channels not contiguous, or a negative stride */
  EFFATTN_ALIGNMENT = 7,   /* data not aligned to its element type */
  EFFATTN_DEVICE = 8,      /* tensor on a device that this kernel cannot use */
  EFFATTN_OVERLAP = 9,     /* a result shares memory with an argument or itself */
  EFFATTN_OVERFLOW = 10,   /* a size or extent in bytes is too large */
  EFFATTN_BAD_INDEX_SET = 11, /* not strictly increasing, or out of range */
  EFFATTN_REQUIRE = 12,    /* a `require` of the pattern file does not hold */
  EFFATTN_OUT_OF_MEMORY = 13,
  EFFATTN_PROCESSOR = 14,  /* no code for this processor in the artefact */
  EFFATTN_NO_DEVICE = 15,  /* no driver or no device for this target */
  EFFATTN_DEVICE_LIMIT = 16, /* the device cannot hold this launch */
  EFFATTN_DEVICE_FAILED = 17, /* the driver reported an error */
  EFFATTN_UNSUPPORTED = 18, /* valid, but not supported yet; message says what */
  EFFATTN_INTERNAL = 19,    /* a fault of ours */
  EFFATTN_OPTION = 20       /* an option or hook of the context is wrong */
} effattn_status;

/* One line about the last failure on this thread; "" where there was none.
   Valid until the next call on this thread. */
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

/* Zero-initialise, set `size`, then what differs from the defaults. */
typedef struct effattn_options {
  uint32_t size;     /* sizeof(effattn_options) */
  int32_t threads;   /* 0: one for each processor of this process */
  void *user;        /* passed to the hooks */
  void *(*allocate)(void *user, size_t bytes, size_t alignment);
  void (*deallocate)(void *user, void *memory, size_t bytes, size_t alignment);
  effattn_parallel_for parallel_for; /* replaces the thread pool */
  uint32_t isa_limit; /* 0: the best; 1 + EFFATTN_TARGET_X86_64_V3 or _V4 */
  int32_t device;     /* CUDA or Vulkan device number */
  void *cuda_stream;  /* CUstream of the caller, or NULL */
  size_t plan_cache_bytes; /* most memory of cached plans; 0: 64 MiB */
} effattn_options;

EFFATTN_API effattn_status effattn_context_create(const effattn_options *options,
                                                  effattn_context **context);
EFFATTN_API void effattn_context_destroy(effattn_context *context);

/* Drops what the context keeps about a kernel (its plans). To be called before
   the library that holds the kernel is unloaded: another kernel may come to lie
   at its address. */
EFFATTN_API effattn_status effattn_context_forget(effattn_context *context,
                                                  const effattn_kernel *kernel);

/* One argument of a launch: a tensor for tensors and index sets, else a value. */
typedef union effattn_value {
  const DLTensor *tensor;
  int64_t i64;
  double f32;
} effattn_value;

/* Runs a kernel. `arguments` has kernel->arguments entries in the order of the
   source, `results` kernel->results tensors that the caller allocated.
   Tensors: any strides, contiguous channels (last axis), host memory (or
   memory of the kernel's device). Sizes of 0 are allowed. */
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

/* What the last launch on this thread did. */
typedef struct effattn_statistics {
  uint32_t size;          /* set by the caller */
  uint32_t target;        /* effattn_target that ran */
  int64_t visible_tiles;  /* tiles with work, over all attends and heads */
  int64_t full_columns, partial_columns; /* summed over tiles and heads */
  int64_t computed_pairs; /* tile rows x columns, padding included */
  int64_t plan_bytes, workspace_bytes;
  double plan_seconds, run_seconds;
} effattn_statistics;
EFFATTN_API effattn_status effattn_last_statistics(effattn_statistics *statistics);

/* One softmax from parts over disjoint keys: O = sum_r w_r O_r with
   w_r = exp(LSE_r - LSE), LSE = log sum_r exp(LSE_r) (systems.md, 1.1). Each
   outputs[r] is f32[..., N, D], each lses[r] f32[..., N]; a part with
   LSE = -inf has no keys and its O is not read. `lse` may be NULL. */
EFFATTN_API effattn_status effattn_merge(effattn_context *context,
                                         uint32_t count,
                                         const DLTensor *const *outputs,
                                         const DLTensor *const *lses,
                                         DLTensor *output, DLTensor *lse);

#ifdef __cplusplus
}
#endif

#endif /* EFFATTN_EFFATTN_H */
