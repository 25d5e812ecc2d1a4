/*===- pool.c - the threads of a context
-----------------------------------===*\
|*
|* A loop is a job on its caller's stack, in a list that the workers watch. The
|* caller works on it too and waits only for workers that have joined it, so a
|* loop ends whether or not a worker is free: loops inside loops and loops of
|* several callers at once cannot block each other.
|*
\*===----------------------------------------------------------------------===*/
#include "context.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

typedef struct job {
  struct job *next;
  int64_t count;
  _Atomic int64_t cursor; /* the next index */
  int32_t workers;        /* most threads, the caller included */
  int32_t joined;         /* threads so far, the caller included */
  int32_t active;         /* workers that are inside */
  effattn_parallel_body body;
  void *body_data;
  pthread_cond_t left; /* `active` fell to 0 */
} job;

struct effattn_pool {
  pthread_mutex_t mutex;
  pthread_cond_t work; /* a job was added, or the pool ends */
  job *jobs;
  bool ending;
  int32_t count;
  pthread_t threads[];
};

static size_t pool_bytes(int32_t threads) {
  return sizeof(effattn_pool) + (size_t)threads * sizeof(pthread_t);
}

static void run_job(job *work, int32_t worker) {
  for (;;) {
    const int64_t index =
        atomic_fetch_add_explicit(&work->cursor, 1, memory_order_relaxed);
    if (index >= work->count)
      return;
    work->body(work->body_data, index, worker);
  }
}

/* A job that has indices left and takes one more thread. */
static job *find_job(effattn_pool *pool) {
  for (job *each = pool->jobs; each; each = each->next)
    if (each->joined < each->workers &&
        atomic_load_explicit(&each->cursor, memory_order_relaxed) < each->count)
      return each;
  return NULL;
}

static void *work(void *argument) {
  effattn_pool *pool = argument;
  pthread_mutex_lock(&pool->mutex);
  for (;;) {
    job *found = find_job(pool);
    if (found) {
      const int32_t worker = found->joined++;
      ++found->active;
      pthread_mutex_unlock(&pool->mutex);
      run_job(found, worker);
      pthread_mutex_lock(&pool->mutex);
      if (--found->active == 0)
        pthread_cond_signal(&found->left);
    } else if (pool->ending) {
      break;
    } else {
      pthread_cond_wait(&pool->work, &pool->mutex);
    }
  }
  pthread_mutex_unlock(&pool->mutex);
  return NULL;
}

void effattn_pool_for(effattn_pool *pool, int64_t count, int32_t workers,
                      effattn_parallel_body body, void *body_data) {
  job mine = {.count = count,
              .workers = workers,
              .joined = 1,
              .body = body,
              .body_data = body_data};
  if (pthread_cond_init(&mine.left, NULL) != 0) {
    run_job(&mine, 0);
    return;
  }
  pthread_mutex_lock(&pool->mutex);
  mine.next = pool->jobs;
  pool->jobs = &mine;
  pthread_mutex_unlock(&pool->mutex);
  const int64_t useful = count < workers ? count : workers;
  if (useful > 2)
    pthread_cond_broadcast(&pool->work);
  else
    pthread_cond_signal(&pool->work);
  run_job(&mine, 0);
  pthread_mutex_lock(&pool->mutex);
  job **link = &pool->jobs;
  while (*link != &mine)
    link = &(*link)->next;
  *link = mine.next;
  while (mine.active > 0)
    pthread_cond_wait(&mine.left, &pool->mutex);
  pthread_mutex_unlock(&pool->mutex);
  pthread_cond_destroy(&mine.left);
}

static void end_pool(effattn_context *context, effattn_pool *pool,
                     size_t bytes) {
  /* A forked child has the memory of the pool and not its threads, one of which
     may have held the mutex. */
  if (context->process == getpid()) {
    pthread_mutex_lock(&pool->mutex);
    pool->ending = true;
    pthread_mutex_unlock(&pool->mutex);
    pthread_cond_broadcast(&pool->work);
    for (int32_t i = 0; i < pool->count; ++i)
      pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->mutex);
  }
  effattn_deallocate(context, pool, bytes, _Alignof(effattn_pool));
}

effattn_status effattn_pool_create(effattn_context *context, int32_t threads,
                                   effattn_pool **result) {
  effattn_pool *pool =
      effattn_allocate(context, pool_bytes(threads), _Alignof(effattn_pool));
  if (!pool)
    return effattn_out_of_memory("a thread pool", pool_bytes(threads));
  memset(pool, 0, pool_bytes(threads));
  pthread_mutex_init(&pool->mutex, NULL);
  pthread_cond_init(&pool->work, NULL);
  pool->count = threads;
  for (int32_t i = 0; i < threads; ++i) {
    if (pthread_create(&pool->threads[i], NULL, work, pool) == 0)
      continue;
    const int32_t started = i;
    pool->count = started;
    end_pool(context, pool, pool_bytes(threads));
    return effattn_fail(EFFATTN_OUT_OF_MEMORY,
                        "out of memory: the system gives %d of %d threads",
                        started, threads);
  }
  *result = pool;
  return EFFATTN_OK;
}

void effattn_pool_destroy(effattn_context *context, effattn_pool *pool) {
  if (pool)
    end_pool(context, pool, pool_bytes(pool->count));
}
