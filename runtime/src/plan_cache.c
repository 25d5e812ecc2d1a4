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

/* The link to an equal entry, or NULL. The mutex is held. */
static effattn_plan_entry **find(effattn_context *context,
                                 const effattn_attend *attend,
                                 const effattn_attend_code *code,
                                 const int64_t *integers) {
  const uint32_t words = key_words(attend);
  for (effattn_plan_entry **link = &context->plans; *link;
       link = &(*link)->next) {
    const effattn_plan_entry *entry = *link;
    if (entry->attend == attend && entry->code == code &&
        entry->integers == words &&
        memcmp(entry->key, integers, words * sizeof(int64_t)) == 0)
      return link;
  }
  return NULL;
}

static effattn_plan_entry *unlink_entry(effattn_context *context,
                                        effattn_plan_entry **link) {
  effattn_plan_entry *entry = *link;
  *link = entry->next;
  entry->next = NULL;
  context->plan_bytes -= entry->plan.bytes;
  return entry;
}

static void link_first(effattn_context *context, effattn_plan_entry *entry) {
  entry->next = context->plans;
  context->plans = entry;
  context->plan_bytes += entry->plan.bytes;
}

/* Uncaches entries used longest ago until the rest fits, and lists those that
   nobody uses, for destruction without the mutex. */
static effattn_plan_entry *shrink(effattn_context *context) {
  effattn_plan_entry *gone = NULL;
  while (context->plan_bytes > context->options.plan_cache_bytes) {
    effattn_plan_entry **link = &context->plans;
    while ((*link)->next)
      link = &(*link)->next;
    effattn_plan_entry *last = unlink_entry(context, link);
    last->cached = false;
    if (last->users == 0) {
      last->next = gone;
      gone = last;
    }
  }
  return gone;
}

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
  effattn_plan_entry *entry = NULL;
  pthread_mutex_lock(&context->mutex);
  effattn_plan_entry **link = find(context, attend, code, integers);
  if (link) {
    entry = unlink_entry(context, link);
    link_first(context, entry);
    ++entry->users;
  }
  pthread_mutex_unlock(&context->mutex);
  return entry;
}

/* Gives the entry to use: another thread may have made the same plan. */
static effattn_plan_entry *insert(effattn_context *context,
                                  effattn_plan_entry *made) {
  effattn_plan_entry *gone = NULL, *used = made;
  pthread_mutex_lock(&context->mutex);
  effattn_plan_entry **link =
      find(context, made->attend, made->code, made->key);
  if (link) {
    used = *link;
    ++used->users;
    gone = made;
  } else {
    made->cached = true;
    link_first(context, made);
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
  effattn_plan_entry **link = &context->plans;
  while (*link) {
    const effattn_attend *attend = (*link)->attend;
    bool its = false;
    for (uint32_t i = 0; i < kernel->attends; ++i)
      its = its || attend == &kernel->attend[i];
    if (!its) {
      link = &(*link)->next;
      continue;
    }
    effattn_plan_entry *entry = unlink_entry(context, link);
    entry->cached = false;
    if (entry->users == 0) {
      entry->next = gone;
      gone = entry;
    }
  }
  pthread_mutex_unlock(&context->mutex);
  destroy_all(context, gone);
}

void effattn_plans_destroy(effattn_context *context) {
  destroy_all(context, context->plans);
  context->plans = NULL;
  context->plan_bytes = 0;
}
