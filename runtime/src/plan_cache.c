/*===- plan_cache.c - plans kept from launch to launch -------------------===*\
|*
|* A plan that reads no index set and no table is a function of the attend, its
|* code, its integers, and the batch and head where it depends on them: it is
|* made once. Plans are immutable, so several launches may use
|* one; an entry that falls out of the cache lives on until its last user is
|* done.
|*
\*===----------------------------------------------------------------------===*/
#include "context.h"

#include <string.h>

static size_t entry_bytes(uint32_t integers) {
  return sizeof(effattn_plan_entry) + integers * sizeof(int64_t);
}

static void destroy(effattn_context *context, effattn_plan_entry *entry) {
  effattn_plan_free(&entry->plan);
  effattn_deallocate(context, entry, entry_bytes(entry->integers),
                     _Alignof(effattn_plan_entry));
}

/* The parameters that tell plans of an attend apart. */
static uint32_t key_words(const effattn_attend *attend) {
  return attend->integers +
         (attend->plan_by_batch || attend->plan_by_head ? 2 : 0);
}

static bool reads_tables(const effattn_attend *attend,
                         const effattn_plan_request *request) {
  return request->key_sets || request->query_sets || request->row_filters ||
         request->key_conditions || request->query_conditions ||
         request->relations || request->query_order || request->key_order ||
         attend->extras;
}

/*===- the cache: a hash table, and a list by use. The mutex is held. ----===*/

static effattn_plan_entry **bucket_of(effattn_context *context,
                                      const effattn_attend *attend,
                                      const effattn_attend_code *code,
                                      const int64_t *key, uint32_t words) {
  uint64_t hash = (uint64_t)(uintptr_t)attend ^ (uint64_t)(uintptr_t)code << 1;
  for (uint32_t k = 0; k < words; ++k) {
    hash = (hash ^ (uint64_t)key[k]) * 0x9E3779B97F4A7C15u;
    hash ^= hash >> 32;
  }
  return &context->plan_buckets[hash % EFFATTN_PLAN_BUCKETS];
}

/* An equal entry, or NULL. */
static effattn_plan_entry *find(effattn_context *context,
                                const effattn_attend *attend,
                                const effattn_attend_code *code,
                                const int64_t *integers) {
  const uint32_t words = key_words(attend);
  effattn_plan_entry *entry =
      *bucket_of(context, attend, code, integers, words);
  while (entry && !(entry->attend == attend && entry->code == code &&
                    entry->integers == words &&
                    memcmp(entry->key, integers, words * sizeof(int64_t)) == 0))
    entry = entry->same;
  return entry;
}

static void list_first(effattn_context *context, effattn_plan_entry *entry) {
  entry->previous = NULL;
  entry->next = context->plans;
  *(entry->next ? &entry->next->previous : &context->oldest_plan) = entry;
  context->plans = entry;
}

static void unlist(effattn_context *context, effattn_plan_entry *entry) {
  *(entry->previous ? &entry->previous->next : &context->plans) = entry->next;
  *(entry->next ? &entry->next->previous : &context->oldest_plan) =
      entry->previous;
  entry->next = entry->previous = NULL;
}

static void add(effattn_context *context, effattn_plan_entry *entry) {
  effattn_plan_entry **bucket = bucket_of(context, entry->attend, entry->code,
                                          entry->key, entry->integers);
  entry->same = *bucket;
  *bucket = entry;
  entry->cached = true;
  list_first(context, entry);
  context->plan_bytes += entry->plan.bytes;
}

/* Takes an entry out of the cache; gives it, where nobody uses it, in front of
   `gone` for destruction without the mutex. */
static effattn_plan_entry *discard(effattn_context *context,
                                   effattn_plan_entry *entry,
                                   effattn_plan_entry *gone) {
  effattn_plan_entry **link = bucket_of(context, entry->attend, entry->code,
                                        entry->key, entry->integers);
  while (*link != entry)
    link = &(*link)->same;
  *link = entry->same;
  unlist(context, entry);
  context->plan_bytes -= entry->plan.bytes;
  entry->cached = false;
  if (entry->users > 0)
    return gone;
  entry->next = gone;
  return entry;
}

/* Discards the entries used longest ago until the rest fits. */
static effattn_plan_entry *shrink(effattn_context *context) {
  effattn_plan_entry *gone = NULL;
  while (context->plan_bytes > context->options.plan_cache_bytes)
    gone = discard(context, context->oldest_plan, gone);
  return gone;
}

/*===- launches ----------------------------------------------------------===*/

static void destroy_all(effattn_context *context, effattn_plan_entry *list) {
  while (list) {
    effattn_plan_entry *next = list->next;
    destroy(context, list);
    list = next;
  }
}

static effattn_plan_entry *find_cached(effattn_context *context,
                                       const effattn_attend *attend,
                                       const effattn_attend_code *code,
                                       const int64_t *integers) {
  pthread_mutex_lock(&context->mutex);
  effattn_plan_entry *entry = find(context, attend, code, integers);
  if (entry) {
    unlist(context, entry);
    list_first(context, entry);
    ++entry->users;
  }
  pthread_mutex_unlock(&context->mutex);
  return entry;
}

/* Gives the entry to use: another thread may have made the same plan. */
static effattn_plan_entry *insert(effattn_context *context,
                                  effattn_plan_entry *made) {
  effattn_plan_entry *gone = made;
  pthread_mutex_lock(&context->mutex);
  effattn_plan_entry *used = find(context, made->attend, made->code, made->key);
  if (used) {
    ++used->users;
  } else {
    used = made;
    add(context, made);
    gone = shrink(context);
  }
  pthread_mutex_unlock(&context->mutex);
  destroy_all(context, gone);
  return used;
}

static effattn_status build(effattn_context *context,
                            const effattn_attend *attend,
                            const effattn_plan_request *request,
                            const effattn_attend_code *code,
                            effattn_plan_entry **entry) {
  const uint32_t words = key_words(attend);
  const size_t bytes = entry_bytes(words);
  effattn_plan_entry *made =
      effattn_allocate(context, bytes, _Alignof(effattn_plan_entry));
  if (!made)
    return effattn_out_of_memory("a plan", bytes);
  memset(made, 0, bytes);
  made->attend = attend;
  made->code = code;
  made->users = 1;
  made->integers = words;
  memcpy(made->key, request->parameters, words * sizeof(int64_t));
  const int32_t status = effattn_plan_build(request, &made->plan);
  if (status) {
    effattn_deallocate(context, made, bytes, _Alignof(effattn_plan_entry));
    if (status == EFFATTN_PLAN_OUT_OF_MEMORY)
      return effattn_fail(EFFATTN_OUT_OF_MEMORY,
                          "out of memory: the plan of %s", attend->name);
    if (status == EFFATTN_PLAN_UNSUPPORTED)
      return effattn_fail(EFFATTN_UNSUPPORTED,
                          "%s: expected at most %d relations, and %d index "
                          "sets and conditions (counted twice) of keys and of "
                          "queries",
                          attend->name, EFFATTN_PLAN_MOST_RELATIONS,
                          EFFATTN_PLAN_MOST_BITS);
    return effattn_fail(EFFATTN_INTERNAL, "the plan of %s failed (%d)",
                        attend->name, status);
  }
  *entry = made;
  return EFFATTN_OK;
}

effattn_status effattn_plan_acquire(effattn_context *context,
                                    const effattn_attend *attend,
                                    const effattn_plan_request *request,
                                    const effattn_attend_code *code,
                                    effattn_plan_entry **entry) {
  const bool keep = !reads_tables(attend, request);
  if (keep) {
    *entry = find_cached(context, attend, code, request->parameters);
    if (*entry)
      return EFFATTN_OK;
  }
  const effattn_status status = build(context, attend, request, code, entry);
  if (!status && keep)
    *entry = insert(context, *entry);
  return status;
}

void effattn_plan_release(effattn_context *context, effattn_plan_entry *entry) {
  pthread_mutex_lock(&context->mutex);
  const bool last = --entry->users == 0 && !entry->cached;
  pthread_mutex_unlock(&context->mutex);
  if (last)
    destroy(context, entry);
}

void effattn_plans_forget(effattn_context *context,
                          const effattn_kernel *kernel) {
  effattn_plan_entry *gone = NULL;
  pthread_mutex_lock(&context->mutex);
  for (effattn_plan_entry *entry = context->plans, *next; entry; entry = next) {
    next = entry->next;
    bool its = false;
    for (uint32_t i = 0; i < kernel->attends; ++i)
      its = its || entry->attend == &kernel->attend[i];
    if (its)
      gone = discard(context, entry, gone);
  }
  pthread_mutex_unlock(&context->mutex);
  destroy_all(context, gone);
}

void effattn_plans_destroy(effattn_context *context) {
  destroy_all(context, context->plans);
  memset(context->plan_buckets, 0, sizeof context->plan_buckets);
  context->plans = context->oldest_plan = NULL;
  context->plan_bytes = 0;
}
