/*===- context.h - what a context holds
 * ------------------------------------===*/
#ifndef EFFATTN_SRC_CONTEXT_H
#define EFFATTN_SRC_CONTEXT_H

#include "internal.h"

#include <pthread.h>
#include <sys/types.h>

typedef struct effattn_pool effattn_pool;

/* A power of 2: tens of thousands of plans fit into the usual bound. */
#define EFFATTN_PLAN_BUCKETS 2048

struct effattn_context {
  effattn_options options; /* as given, 0 where the caller's is shorter */
  int32_t threads;         /* resolved: at least 1 */
  /* The instruction set, or why there is none: kernels of GPU targets run on
     any processor, so this is reported at a launch. */
  effattn_status isa_status;
  uint32_t isa;
  pid_t process;      /* that made the pool: a forked child has no workers */
  effattn_pool *pool; /* NULL: one thread, or the caller's parallel_for */

  pthread_mutex_t mutex;     /* guards what follows */
  effattn_arena *arenas;     /* unused ones */
  effattn_block *blocks;     /* unused ones, last used first */
  size_t block_bytes;        /* in `blocks` */
  size_t block_limit;        /* most bytes of blocks that one launch held */
  /* Cached plans: the last used one, the one used longest ago, and all by a
     hash of what tells them apart. */
  effattn_plan_entry *plans, *oldest_plan;
  effattn_plan_entry *plan_buckets[EFFATTN_PLAN_BUCKETS];
  size_t plan_bytes; /* of them */
  bool default_context;
  uint64_t users; /* of the default context: calls in progress */

  void *gpu; /* the GPU backend's; it guards it itself */
};

/* The hooks of effattn_plan_allocator; `user` is the context. */
void *effattn_plan_allocate(void *context, size_t bytes, size_t alignment);
void effattn_plan_deallocate(void *context, void *memory, size_t bytes,
                             size_t alignment);

effattn_status effattn_pool_create(effattn_context *context, int32_t threads,
                                   effattn_pool **pool);
void effattn_pool_destroy(effattn_context *context, effattn_pool *pool);
/* body(body_data, index, worker) for [0, count); the caller is worker 0. */
void effattn_pool_for(effattn_pool *pool, int64_t count, int32_t workers,
                      effattn_parallel_body body, void *body_data);

effattn_arena *effattn_arena_next(const effattn_arena *arena);
void effattn_blocks_destroy(effattn_context *context);
void effattn_plans_destroy(effattn_context *context);
void effattn_plans_forget(effattn_context *context,
                          const effattn_kernel *kernel);

#endif /* EFFATTN_SRC_CONTEXT_H */
