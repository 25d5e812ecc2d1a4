/*===- context.c - options, memory and the default context
 * -----------------===*/
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "context.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_THREADS 4096

/*===- memory
 * --------------------------------------------------------------===*/

static void *default_allocate(size_t bytes, size_t alignment) {
  void *memory = NULL;
  if (alignment < sizeof(void *))
    alignment = sizeof(void *);
  return posix_memalign(&memory, alignment, bytes ? bytes : 1) ? NULL : memory;
}

static void *allocate_by(const effattn_options *options, size_t bytes,
                         size_t alignment) {
  if (bytes > PTRDIFF_MAX)
    return NULL;
  if (options && options->allocate)
    return options->allocate(options->user, bytes ? bytes : 1, alignment);
  return default_allocate(bytes, alignment);
}

static void deallocate_by(const effattn_options *options, void *memory,
                          size_t bytes, size_t alignment) {
  if (!memory)
    return;
  if (options && options->allocate)
    options->deallocate(options->user, memory, bytes ? bytes : 1, alignment);
  else
    free(memory);
}

void *effattn_allocate(effattn_context *context, size_t bytes,
                       size_t alignment) {
  return allocate_by(context ? &context->options : NULL, bytes, alignment);
}

void effattn_deallocate(effattn_context *context, void *memory, size_t bytes,
                        size_t alignment) {
  deallocate_by(context ? &context->options : NULL, memory, bytes, alignment);
}

void *effattn_plan_allocate(void *context, size_t bytes, size_t alignment) {
  return effattn_allocate(context, bytes, alignment);
}

void effattn_plan_deallocate(void *context, void *memory, size_t bytes,
                             size_t alignment) {
  effattn_deallocate(context, memory, bytes, alignment);
}

effattn_status effattn_out_of_memory(const char *what, size_t bytes) {
  return effattn_fail(EFFATTN_OUT_OF_MEMORY,
                      "out of memory: %s needs %zu bytes", what, bytes);
}

/*===- options
 * -------------------------------------------------------------===*/

/* Takes over what the caller's version of the structure has. A caller newer
   than us may set members that we do not know only to 0. */
static effattn_status read_options(const effattn_options *given,
                                   effattn_options *options) {
  memset(options, 0, sizeof *options);
  options->size = sizeof *options;
  if (!given)
    return EFFATTN_OK;
  const size_t least = offsetof(effattn_options, isa_limit);
  if (given->size < least)
    return effattn_fail(EFFATTN_OPTION,
                        "options: expected size = sizeof(effattn_options), "
                        "but got %u",
                        given->size);
  const size_t known =
      given->size < sizeof *options ? given->size : sizeof *options;
  for (size_t i = known; i < given->size; ++i)
    if (((const unsigned char *)given)[i] != 0)
      return effattn_fail(EFFATTN_OPTION,
                          "options: byte %zu belongs to a newer version than "
                          "%s and is not 0",
                          i, EFFATTN_VERSION);
  memcpy(options, given, known);
  options->size = sizeof *options;
  if (options->threads < 0 || options->threads > MOST_THREADS)
    return effattn_fail(EFFATTN_OPTION,
                        "options: expected threads in 0..%d, but got %d",
                        MOST_THREADS, options->threads);
  if (!options->allocate != !options->deallocate)
    return effattn_fail(EFFATTN_OPTION,
                        "options: expected both allocate and deallocate or "
                        "neither, but got only %s",
                        options->allocate ? "allocate" : "deallocate");
  if (options->isa_limit > 1 + EFFATTN_TARGET_X86_64_V4)
    return effattn_fail(EFFATTN_OPTION,
                        "options: expected isa_limit 0, 1 (x86-64-v3) or 2 "
                        "(x86-64-v4), but got %u",
                        options->isa_limit);
  if (options->device < 0)
    return effattn_fail(EFFATTN_OPTION,
                        "options: expected a device number, but got %d",
                        options->device);
  return EFFATTN_OK;
}

static int32_t available_processors(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    const int count = CPU_COUNT(&set);
    if (count > 0)
      return count;
  }
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  if (online < 1)
    return 1;
  return online > MOST_THREADS ? MOST_THREADS : (int32_t)online;
}

/*===- contexts
 * ------------------------------------------------------------===*/

static effattn_status choose_isa(effattn_context *context) {
  effattn_processor processor;
  effattn_processor_read(&processor);
  const effattn_status status =
      effattn_isa(&processor, context->options.isa_limit, getenv("EFFATTN_ISA"),
                  &context->isa);
  if (status == EFFATTN_OPTION)
    return status;
  context->isa_status = status;
  effattn_clear_message();
  return EFFATTN_OK;
}

static effattn_status create(const effattn_options *given,
                             effattn_context **result) {
  effattn_options options;
  effattn_status status = read_options(given, &options);
  if (status)
    return status;
  effattn_context *context =
      allocate_by(&options, sizeof *context, _Alignof(effattn_context));
  if (!context)
    return effattn_out_of_memory("a context", sizeof *context);
  memset(context, 0, sizeof *context);
  context->options = options;
  if (!context->options.plan_cache_bytes)
    context->options.plan_cache_bytes = (size_t)64 << 20;
  context->threads = options.threads ? options.threads : available_processors();
  context->process = getpid();
  status = choose_isa(context);
  if (!status && pthread_mutex_init(&context->mutex, NULL) != 0)
    status = effattn_out_of_memory("a mutex", sizeof context->mutex);
  if (status) {
    deallocate_by(&options, context, sizeof *context,
                  _Alignof(effattn_context));
    return status;
  }
  if (context->threads > 1 && !options.parallel_for)
    status = effattn_pool_create(context, context->threads - 1, &context->pool);
  if (status) {
    effattn_context_destroy(context);
    return status;
  }
  *result = context;
  return EFFATTN_OK;
}

effattn_status effattn_context_create(const effattn_options *options,
                                      effattn_context **context) {
  effattn_clear_message();
  if (!context)
    return effattn_fail(EFFATTN_NULL, "effattn_context_create: expected a "
                                      "place for the context, but got NULL");
  *context = NULL;
  return create(options, context);
}

void effattn_context_destroy(effattn_context *context) {
  if (!context)
    return;
  if (context->gpu && &effattn_gpu)
    effattn_gpu.close(context);
  effattn_pool_destroy(context, context->pool);
  while (context->arenas) {
    effattn_arena *arena = context->arenas;
    context->arenas = effattn_arena_next(arena);
    effattn_arena_destroy(context, arena);
  }
  effattn_blocks_destroy(context);
  effattn_plans_destroy(context);
  pthread_mutex_destroy(&context->mutex);
  const effattn_options options = context->options;
  deallocate_by(&options, context, sizeof *context, _Alignof(effattn_context));
}

effattn_status effattn_context_forget(effattn_context *given,
                                      const effattn_kernel *kernel) {
  effattn_clear_message();
  if (!kernel)
    return effattn_fail(EFFATTN_NULL, "effattn_context_forget: expected a "
                                      "kernel, but got NULL");
  effattn_context *context;
  const effattn_status status = effattn_context_acquire(given, &context);
  if (status)
    return status;
  effattn_plans_forget(context, kernel);
  effattn_context_release(context);
  return EFFATTN_OK;
}

int32_t effattn_context_threads(const effattn_context *context) {
  return context->threads;
}

const effattn_options *effattn_context_options(const effattn_context *context) {
  return &context->options;
}

void **effattn_context_gpu(effattn_context *context) { return &context->gpu; }

/*===- the default context
 * -------------------------------------------------===*/

static pthread_mutex_t default_mutex = PTHREAD_MUTEX_INITIALIZER;
static effattn_context *default_context;

effattn_status effattn_context_acquire(effattn_context *given,
                                       effattn_context **context) {
  *context = given;
  if (given)
    return EFFATTN_OK;
  effattn_status status = EFFATTN_OK;
  pthread_mutex_lock(&default_mutex);
  if (!default_context) {
    status = create(NULL, &default_context);
    if (!status)
      default_context->default_context = true;
  }
  if (!status) {
    ++default_context->users;
    *context = default_context;
  }
  pthread_mutex_unlock(&default_mutex);
  return status;
}

void effattn_context_release(effattn_context *context) {
  if (!context->default_context)
    return;
  pthread_mutex_lock(&default_mutex);
  --context->users;
  pthread_mutex_unlock(&default_mutex);
}

/* Ends the default context's threads when the process ends or the library that
   holds this code is unloaded, unless a call is still running, or the process
   is a forked child: joining threads that do not exist would wait for ever. */
__attribute__((destructor)) static void destroy_default(void) {
  pthread_mutex_lock(&default_mutex);
  effattn_context *context = default_context;
  if (context && context->users == 0 && context->process == getpid()) {
    default_context = NULL;
    effattn_context_destroy(context);
  }
  pthread_mutex_unlock(&default_mutex);
}
