/*===- gpu_internal.h - what the parts of the GPU runtime share
------------===*\
|*
|*   gpu_device.c   devices of a context, limits, the table `effattn_gpu`
|*   gpu_vulkan.c, gpu_cuda.c   finding a driver and a device
|*   gpu_launch.c   slots of a launch on the device: begin, end, copies
|*   gpu_memory.c   device memory of one buffer
|*   gpu_plan.c     plans -> the words that a tile kernel reads (gpu_words.h)
|*   attend_gpu.c   attend, merge and steps
|*
|* Halide's device runtime keeps its state for the process, so it gets memory
|* from the default allocator and never from a context, and one lock serialises
|* all calls of it. Kernels see an effattn_gpu_device as user context.
|*
\*===----------------------------------------------------------------------===*/
#ifndef EFFATTN_SRC_GPU_INTERNAL_H
#define EFFATTN_SRC_GPU_INTERNAL_H

#include "context.h"
#include "gpu_words.h"

struct halide_device_interface_t;

typedef struct effattn_gpu_device {
  effattn_user user; /* first: halide_malloc and errors read it */
  uint32_t target;   /* effattn_target */
  char name[256];    /* of the device, for messages */
  const struct halide_device_interface_t *interface;
  void *cuda_context, *cuda_stream;
  /* Limits. */
  int64_t most_buffer_bytes; /* one tensor */
  int64_t most_shared_bytes; /* of one block of threads */
  int64_t most_threads;      /* of one block */
  int64_t most_blocks[3];    /* of a grid */
} effattn_gpu_device;

/*===- gpu_device.c ------------------------------------------------------===*/

void effattn_gpu_lock(void);
void effattn_gpu_unlock(void);
const char *effattn_gpu_target_name(uint32_t target);
/* The device of the context for a target, opened on first use. */
effattn_status effattn_gpu_open(effattn_context *context, uint32_t target,
                                effattn_gpu_device **device);
void effattn_gpu_close(effattn_context *context);

/* Fill in name, limits and interface. EFFATTN_NO_DEVICE with what to install
   where there is no driver or no device. Called with the lock held. */
effattn_status effattn_gpu_find_vulkan(effattn_gpu_device *device,
                                       int32_t number);
effattn_status effattn_gpu_find_cuda(effattn_gpu_device *device,
                                     int32_t number);

/*===- gpu_memory.c ------------------------------------------------------===*/

extern const struct halide_type_t effattn_gpu_float, effattn_gpu_word;

typedef enum effattn_gpu_use {
  EFFATTN_GPU_READ,  /* the content is needed */
  EFFATTN_GPU_WRITE, /* all of it is overwritten */
  EFFATTN_GPU_UPDATE /* some of it is overwritten */
} effattn_gpu_use;

/* Elements from the first to the last one of a buffer. */
int64_t effattn_gpu_span(const struct halide_buffer_t *buffer);

/* A flat view of the memory of `buffer`: one dimension over its span. */
typedef struct effattn_gpu_flat {
  struct halide_buffer_t buffer;
  struct halide_dimension_t dimension;
} effattn_gpu_flat;
void effattn_gpu_flatten(const struct halide_buffer_t *buffer,
                         effattn_gpu_flat *flat);

/* Gives the buffer device memory (a multiple of 256 bytes) and, unless all of
   it is overwritten, its content. */
effattn_status effattn_gpu_ensure(effattn_gpu_device *device,
                                  struct halide_buffer_t *buffer,
                                  effattn_gpu_use use, const char *what);
/* Brings what the device wrote to buffer->host. */
effattn_status effattn_gpu_download(effattn_gpu_device *device,
                                    struct halide_buffer_t *buffer,
                                    const char *what);
void effattn_gpu_free(effattn_gpu_device *device,
                      struct halide_buffer_t *buffer);

/* Runs a kernel that was compiled for the device, with the lock held. */
effattn_status effattn_gpu_call(effattn_code code, void **arguments,
                                const char *what);
/* Waits until the device has done everything. */
effattn_status effattn_gpu_wait(effattn_gpu_device *device);

/*===- gpu_launch.c ------------------------------------------------------===*/

/* Memory that lives until the launch ends: kernels may still read it. */
typedef struct effattn_gpu_scratch {
  struct effattn_gpu_scratch *next;
  effattn_gpu_flat flat; /* with device memory where it was given any */
  size_t bytes;          /* of all */
  char data[];
} effattn_gpu_scratch;

/* A tensor argument or result that the device cannot hold as it lies. */
typedef struct effattn_gpu_slot {
  effattn_view original; /* where `packed` */
  void *packed;          /* dense copy that replaces it */
  size_t packed_bytes;
  bool wrapped; /* device memory of the caller */
} effattn_gpu_slot;

typedef struct effattn_gpu_launch {
  effattn_gpu_device *device;
  effattn_gpu_scratch *scratch;
  size_t bytes; /* of this */
  effattn_gpu_slot slots[];
} effattn_gpu_launch;

effattn_gpu_launch *effattn_gpu_state(effattn_launch *launch);

/* `elements` of 32 bits with a flat buffer over them; `on_host`: with memory on
   the host that the caller fills before it is used. NULL with a message. */
effattn_gpu_scratch *effattn_gpu_scratch_take(effattn_launch *launch,
                                              int64_t elements, bool on_host,
                                              bool is_float);

effattn_status effattn_gpu_begin(effattn_launch *launch);
effattn_status effattn_gpu_end(effattn_launch *launch, effattn_status status);
effattn_status effattn_gpu_allocate(effattn_launch *launch, effattn_slot *slot);
void effattn_gpu_release(effattn_launch *launch, effattn_slot *slot);
effattn_status effattn_gpu_host_data(effattn_launch *launch,
                                     effattn_slot *slot, bool write,
                                     void **data);
effattn_status effattn_gpu_fill(effattn_launch *launch, effattn_slot *slot,
                                double value);
effattn_status effattn_gpu_copy(effattn_launch *launch,
                                const effattn_slot *from, effattn_slot *to);

/*===- gpu_plan.c --------------------------------------------------------===*/

/* What the tile kernel reads beside tensors, for the tiles [first_tile,
   first_tile + tiles) of each plan. */
typedef struct effattn_gpu_packed {
  effattn_gpu_scratch *work, *words;
  int32_t tiles;          /* records of a (head, batch) */
  int32_t heads, batches; /* of `work`: 1 where all share one plan */
} effattn_gpu_packed;

/* Most tiles of one plan. */
int64_t effattn_gpu_most_tiles(const effattn_attend_run *run);
/* True where the plans hold every row of every (batch, head). */
bool effattn_gpu_all_rows(const effattn_attend_run *run);
effattn_status effattn_gpu_pack(effattn_launch *launch,
                                const effattn_attend_run *run,
                                int64_t first_tile, int64_t tiles,
                                effattn_gpu_packed *packed);

/*===- attend_gpu.c ------------------------------------------------------===*/

effattn_status effattn_gpu_merge(effattn_launch *launch, uint32_t count,
                                 const effattn_view *outputs,
                                 const effattn_view *lses,
                                 const effattn_view *output,
                                 const effattn_view *lse);
effattn_status effattn_gpu_step(effattn_launch *launch,
                                const effattn_step *step, effattn_code code,
                                const effattn_view *operands,
                                const effattn_view *result);

/*===- device kernels (lib/Schedule/GpuRuntime.cpp) ----------------------===*/

int effattn_gpu_copy_vulkan(void **arguments);
int effattn_gpu_merge_vulkan(void **arguments);
int effattn_gpu_merge_lse_vulkan(void **arguments);
int effattn_gpu_copy_cuda(void **arguments);
int effattn_gpu_merge_cuda(void **arguments);
int effattn_gpu_merge_lse_cuda(void **arguments);

/*===- Halide's device interfaces; its headers for them are C++ ----------===*/

const struct halide_device_interface_t *halide_vulkan_device_interface(void);
const struct halide_device_interface_t *halide_cuda_device_interface(void);
/* Not in halide.h, which lists what the core calls. */
#define halide_device_sync_global effattn_halide_device_sync_global
int halide_device_sync_global(void *user_context,
                              const struct halide_device_interface_t *);
int halide_cuda_wrap_device_ptr(void *user_context, struct halide_buffer_t *,
                                uint64_t pointer);
int halide_cuda_detach_device_ptr(void *user_context, struct halide_buffer_t *);
typedef int (*effattn_cuda_acquire)(void *user_context, void **context,
                                    bool create);
typedef int (*effattn_cuda_stream)(void *user_context, void *context,
                                   void **stream);
effattn_cuda_acquire
halide_set_cuda_acquire_context(effattn_cuda_acquire handler);
effattn_cuda_stream halide_set_cuda_get_stream(effattn_cuda_stream handler);

#endif /* EFFATTN_SRC_GPU_INTERNAL_H */
