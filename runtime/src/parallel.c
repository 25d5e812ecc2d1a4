/*===- parallel.c - parallel loops of a context
----------------------------===*\
|*
|* Between the code that has work (attend_cpu.c, ...) and the threads that run
|* it (pool.c, or the caller's parallel_for): gives each worker an arena for
|* the length of the loop, brings messages back, and checks the caller's hook.
|*
\*===----------------------------------------------------------------------===*/
#include "context.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#define FEW_WORKERS 64

static _Thread_local effattn_arena *current_arena;
static _Thread_local effattn_status hook_status;

effattn_arena *effattn_worker_arena(void) { return current_arena; }

effattn_status effattn_parallel_status(void) {
  const effattn_status status = hook_status;
  hook_status = EFFATTN_OK;
  return status;
}

typedef struct loop {
  effattn_context *context;
  effattn_parallel_body body;
  void *body_data;
  int64_t count;
  int32_t workers;
  /* Of each worker, taken when it starts. Where there is no memory for it,
     kernels fall back to the allocator. */
  effattn_arena **arenas;
  _Atomic int64_t finished;
  _Atomic bool worker_out_of_range;
  /* Guarded by the context's mutex. */
  int64_t message_index;
  char message[EFFATTN_MESSAGE_BYTES];
} loop;

static void keep_message(loop *all, int64_t index) {
  const char *message = effattn_message();
  pthread_mutex_lock(&all->context->mutex);
  if (index < all->message_index) {
    all->message_index = index;
    memcpy(all->message, message, strlen(message) + 1);
  }
  pthread_mutex_unlock(&all->context->mutex);
}

static void run_index(void *data, int64_t index, int32_t worker) {
  loop *all = data;
  if (worker < 0 || worker >= all->workers || index < 0 ||
      index >= all->count) {
    atomic_store(&all->worker_out_of_range, true);
    return;
  }
  effattn_arena *outer = current_arena;
  if (all->arenas && !all->arenas[worker])
    all->arenas[worker] = effattn_arena_take(all->context);
  current_arena = all->arenas ? all->arenas[worker] : NULL;
  effattn_clear_message();
  all->body(all->body_data, index, worker);
  if (effattn_message()[0])
    keep_message(all, index);
  if (current_arena)
    effattn_arena_clear(current_arena);
  current_arena = outer;
  atomic_fetch_add_explicit(&all->finished, 1, memory_order_relaxed);
}

static void check_hook(const loop *all) {
  const int64_t finished = atomic_load(&all->finished);
  if (atomic_load(&all->worker_out_of_range))
    hook_status = effattn_fail(
        EFFATTN_OPTION,
        "the parallel_for hook gave an index or a worker out of range");
  else if (finished != all->count)
    hook_status = effattn_fail(
        EFFATTN_OPTION,
        "the parallel_for hook ran %lld indices, but %lld were asked for",
        (long long)finished, (long long)all->count);
}

void effattn_context_parallel_for(void *user, int64_t count, int32_t workers,
                                  effattn_parallel_body body, void *body_data) {
  effattn_context *context = user;
  if (count <= 0)
    return;
  if (workers > context->threads)
    workers = context->threads;
  if (workers < 1)
    workers = 1;
  loop all = {.context = context,
              .body = body,
              .body_data = body_data,
              .count = count,
              .workers = workers,
              .message_index = count};
  effattn_arena *few[FEW_WORKERS] = {0};
  const size_t bytes = (size_t)workers * sizeof(effattn_arena *);
  if (workers <= FEW_WORKERS) {
    all.arenas = few;
  } else {
    all.arenas = effattn_allocate(context, bytes, _Alignof(effattn_arena *));
    if (all.arenas)
      memset(all.arenas, 0, bytes);
  }

  const bool forked = context->process != getpid();
  if (workers > 1 && count > 1 && context->options.parallel_for)
    context->options.parallel_for(context->options.user, count, workers,
                                  run_index, &all);
  else if (workers > 1 && count > 1 && context->pool && !forked)
    effattn_pool_for(context->pool, count, workers, run_index, &all);
  else
    for (int64_t index = 0; index < count; ++index)
      run_index(&all, index, 0);

  for (int32_t i = 0; all.arenas && i < workers; ++i)
    if (all.arenas[i])
      effattn_arena_give(context, all.arenas[i]);
  if (all.arenas && all.arenas != few)
    effattn_deallocate(context, all.arenas, bytes, _Alignof(effattn_arena *));
  effattn_clear_message();
  if (all.message_index < count)
    effattn_fail(EFFATTN_INTERNAL, "%s", all.message);
  check_hook(&all);
}
