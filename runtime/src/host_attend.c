/*===- host_attend.c - one attend of a host program
------------------------===*\
|*
|* Brings the tensors to rank 4, makes or finds the plans, and runs the code of
|* the target. A plan serves all (batch, head) pairs unless an index set has
|* axes of its own for them.
|*
\*===----------------------------------------------------------------------===*/
#include "host_internal.h"

#include <string.h>

#define MOST_SETS 32 /* key sets, query sets and row filters together */

typedef struct attend_call {
  effattn_launch *launch;
  effattn_attend_run run;
  /* Key sets, then query sets, then row filters, as views of rank 3. */
  uint32_t sets, filters;
  effattn_view set[MOST_SETS];
  const effattn_attend_operands *operands;
  int64_t plan_count;
  effattn_plan_entry **entries; /* plan_count */
  const effattn_plan **plans;
  effattn_block *scratch;
  size_t memory_bytes;
  void *memory; /* tables, then entries and plans */
} attend_call;

effattn_status effattn_view_expand(const effattn_view *view, uint32_t rank,
                                   effattn_view *expanded) {
  if (view->rank > rank)
    return effattn_fail(EFFATTN_UNSUPPORTED,
                        "a tensor of %u axes where at most %u are supported",
                        view->rank, rank);
  *expanded = *view;
  const uint32_t extra = rank - view->rank;
  for (uint32_t axis = 0; axis < rank; ++axis) {
    expanded->shape[axis] = axis < extra ? 1 : view->shape[axis - extra];
    expanded->stride[axis] = axis < extra ? 0 : view->stride[axis - extra];
  }
  expanded->rank = rank;
  return EFFATTN_OK;
}

/*===- tensors
 * -------------------------------------------------------------===*/

/* Gives an axis of size 1 the size `size`, without memory. */
static effattn_status broadcast(effattn_view *view, uint32_t axis, int64_t size,
                                const char *name, const char *what) {
  if (view->shape[axis] == size)
    return EFFATTN_OK;
  if (view->shape[axis] != 1)
    return effattn_fail(EFFATTN_SIZE, "%s: expected %lld %s, but got %lld",
                        name, (long long)size, what,
                        (long long)view->shape[axis]);
  view->shape[axis] = size;
  view->stride[axis] = 0;
  return EFFATTN_OK;
}

static effattn_status check_heads(const effattn_view *view, int64_t heads,
                                  const char *name, const char *what) {
  const int64_t own = view->shape[1];
  if (heads == 0 || (own > 0 && heads % own == 0))
    return EFFATTN_OK;
  return effattn_fail(EFFATTN_SIZE,
                      "%s: expected a number of %s heads that divides %lld, "
                      "but got %lld",
                      name, what, (long long)heads, (long long)own);
}

static effattn_status gather_tensors(attend_call *call) {
  effattn_attend_run *run = &call->run;
  const effattn_attend_operands *operands = call->operands;
  const char *name = run->attend->name;
  effattn_status status =
      effattn_host_view(call->launch, operands->output, 4, &run->output);
  if (!status)
    status = effattn_host_view(call->launch, operands->query, 4, &run->query);
  if (!status)
    status = effattn_host_view(call->launch, operands->key, 4, &run->key);
  if (!status)
    status = effattn_host_view(call->launch, operands->value, 4, &run->value);
  if (!status && operands->lse >= 0)
    status = effattn_host_view(call->launch, operands->lse, 3, &run->lse);
  const int64_t batches = run->output.shape[0], heads = run->output.shape[1];
  if (!status)
    status = broadcast(&run->query, 0, batches, name, "batches of queries");
  if (!status)
    status = broadcast(&run->query, 1, heads, name, "query heads");
  if (!status)
    status = broadcast(&run->key, 0, batches, name, "batches of keys");
  if (!status)
    status = broadcast(&run->value, 0, batches, name, "batches of values");
  if (!status)
    status = check_heads(&run->key, heads, name, "key");
  if (!status)
    status = check_heads(&run->value, heads, name, "value");
  return status;
}

/* The host program computed all sizes from the same dimensions, so what can
   differ is our own fault; the sizes themselves are the caller's. */
static effattn_status check_sizes(const attend_call *call) {
  const effattn_attend_run *run = &call->run;
  const effattn_attend *attend = run->attend;
  const int64_t n = run->integers[0], m = run->integers[1];
  const effattn_view *lse = &run->lse;
  if (run->query.shape[2] != n || run->output.shape[2] != n ||
      run->key.shape[2] != m || run->value.shape[2] != m ||
      run->query.shape[3] != (int64_t)attend->head_dim ||
      run->key.shape[3] != (int64_t)attend->head_dim ||
      run->value.shape[3] != (int64_t)attend->value_dim ||
      run->output.shape[3] != (int64_t)attend->value_dim ||
      (call->operands->lse >= 0 &&
       (lse->shape[0] != run->output.shape[0] ||
        lse->shape[1] != run->output.shape[1] || lse->shape[2] != n)))
    return effattn_fail(EFFATTN_INTERNAL,
                        "%s: sizes of its tensors do not agree", attend->name);
  if (n > EFFATTN_MAX_TOKENS || m > EFFATTN_MAX_TOKENS)
    return effattn_fail(
        EFFATTN_OVERFLOW, "%s: expected at most %d tokens, but got %lld",
        attend->name, EFFATTN_MAX_TOKENS, (long long)(n > m ? n : m));
  return EFFATTN_OK;
}

/*===- index sets
 * ----------------------------------------------------------===*/

static effattn_status gather_sets(attend_call *call) {
  const effattn_attend *attend = call->run.attend;
  const effattn_attend_operands *operands = call->operands;
  const uint32_t keys = attend->key_sets, queries = attend->query_sets;
  call->filters = (uint32_t)operands->row_filters;
  if (keys > MOST_SETS || queries > MOST_SETS || operands->row_filters < 0 ||
      operands->row_filters > MOST_SETS ||
      keys + queries + call->filters > MOST_SETS)
    return effattn_fail(EFFATTN_UNSUPPORTED,
                        "%s: more than %d index sets are not supported yet",
                        attend->name, MOST_SETS);
  call->sets = keys + queries + call->filters;
  effattn_status status = EFFATTN_OK;
  for (uint32_t i = 0; i < call->sets && !status; ++i) {
    const int32_t slot =
        i < keys ? operands->key_sets[i]
        : i < keys + queries
            ? operands->query_sets[i - keys]
            : operands->row_filter[i - keys - queries].set_slot;
    status = effattn_host_view(call->launch, slot, 3, &call->set[i]);
    const effattn_view *set = &call->set[i];
    if (!status && set->element != EFFATTN_I32)
      status = effattn_fail(EFFATTN_INTERNAL, "%s: an index set of %s",
                            attend->name, effattn_element_name(set->element));
    for (uint32_t axis = 0; axis < 2 && !status; ++axis)
      if (set->shape[axis] != 1 &&
          set->shape[axis] != call->run.output.shape[axis])
        status = effattn_fail(
            EFFATTN_SIZE,
            "%s: expected index sets for %lld %s, but got "
            "%lld",
            attend->name, (long long)call->run.output.shape[axis],
            axis == 0 ? "batches" : "heads", (long long)set->shape[axis]);
  }
  return status;
}

static effattn_plan_set set_of(const effattn_view *view, int64_t batch,
                               int64_t head) {
  const int64_t offset = (view->shape[0] > 1 ? batch * view->stride[0] : 0) +
                         (view->shape[1] > 1 ? head * view->stride[1] : 0);
  const int64_t count = view->shape[2];
  return (effattn_plan_set){
      count > 0 ? (const int32_t *)view->data + offset : NULL, count};
}

/*===- plans
 * ---------------------------------------------------------------===*/

static effattn_status make_plan(attend_call *call, int64_t batch, int64_t head,
                                int64_t index) {
  const effattn_attend_run *run = &call->run;
  effattn_context *context = call->launch->context;
  effattn_plan_set sets[MOST_SETS];
  effattn_plan_filter filters[MOST_SETS];
  const uint32_t keys = run->attend->key_sets;
  const uint32_t queries = run->attend->query_sets;
  for (uint32_t i = 0; i < call->sets; ++i)
    sets[i] = set_of(&call->set[i], batch, head);
  for (uint32_t i = 0; i < call->filters; ++i) {
    filters[i].set = sets[keys + queries + i];
    filters[i].keep = call->operands->row_filter[i].keep;
  }
  const effattn_plan_request request = {
      .tile_rows = run->code->tile_rows,
      .cases = run->code->cases,
      .key_sets = keys,
      .query_sets = queries,
      .parameters = run->integers,
      .key_set = sets,
      .query_set = sets + keys,
      .row_filters = call->filters,
      .row_filter = filters,
      .allocator = {context, effattn_plan_allocate, effattn_plan_deallocate}};
  const effattn_status status = effattn_plan_acquire(
      context, run->attend, &request, run->code, &call->entries[index]);
  if (status)
    return status;
  call->plans[index] = &call->entries[index]->plan;
  call->launch->statistics.plan_bytes += (int64_t)call->plans[index]->bytes;
  return EFFATTN_OK;
}

static effattn_status make_plans(attend_call *call) {
  effattn_attend_run *run = &call->run;
  const int64_t heads = run->plan_head_stride ? run->output.shape[1] : 1;
  const double start = effattn_seconds();
  effattn_status status = EFFATTN_OK;
  for (int64_t i = 0; i < call->plan_count && !status; ++i) {
    const int64_t head = i % heads;
    if (!run->plan_head_stride ||
        (head >= run->head_begin && head < run->head_end))
      status = make_plan(call, i / heads, head, i);
  }
  call->launch->statistics.plan_seconds += effattn_seconds() - start;
  run->plans = call->plans;
  return status;
}

/* Distances between the plans of neighbouring heads and batches. */
static void place_plans(attend_call *call) {
  bool by_batch = false, by_head = false;
  for (uint32_t i = 0; i < call->sets; ++i) {
    by_batch = by_batch || call->set[i].shape[0] > 1;
    by_head = by_head || call->set[i].shape[1] > 1;
  }
  effattn_attend_run *run = &call->run;
  const int64_t heads = by_head ? run->output.shape[1] : 1;
  run->plan_head_stride = by_head;
  run->plan_batch_stride = by_batch ? heads : 0;
  call->plan_count = heads * (by_batch ? run->output.shape[0] : 1);
}

/* The heads that are computed: all of them where the attend names none. */
static void choose_heads(effattn_attend_run *run) {
  const effattn_attend *attend = run->attend;
  const int64_t heads = run->output.shape[1];
  const bool all = attend->head_begin == 0 && attend->head_end == 0;
  run->head_begin = attend->head_begin < heads ? attend->head_begin : heads;
  run->head_end = all || attend->head_end > heads ? heads : attend->head_end;
}

/*===- running
 * -------------------------------------------------------------===*/

static effattn_status allocate(attend_call *call) {
  effattn_context *context = call->launch->context;
  const size_t tables = call->run.attend->tables * sizeof(effattn_view);
  const size_t plans = (size_t)call->plan_count * sizeof(void *);
  call->memory_bytes = tables + 2 * plans;
  call->memory =
      effattn_allocate(context, call->memory_bytes, _Alignof(effattn_view));
  if (!call->memory)
    return effattn_out_of_memory("an attend", call->memory_bytes);
  memset(call->memory, 0, call->memory_bytes);
  effattn_view *table = call->memory;
  call->entries = (effattn_plan_entry **)((char *)call->memory + tables);
  call->plans = (const effattn_plan **)(call->entries + call->plan_count);
  call->run.tables = table;
  for (uint32_t i = 0; i < call->run.attend->tables; ++i) {
    const effattn_slot *slot =
        effattn_host_slot(call->launch, call->operands->tables[i]);
    if (!slot)
      return EFFATTN_INTERNAL;
    table[i] = slot->view;
  }
  return EFFATTN_OK;
}

static effattn_status execute(attend_call *call) {
  effattn_launch *launch = call->launch;
  effattn_attend_run *run = &call->run;
  run->user_context = &launch->user;
  run->parallel_for = effattn_context_parallel_for;
  run->parallel_user = launch->context;
  run->workers = launch->context->threads;
  run->statistics = &launch->statistics;
  if (launch->watch)
    return (effattn_status)launch->watch(launch, call->operands, run);
  if (launch->kernel->target_kind)
    return (effattn_status)effattn_gpu.attend(run);
  const size_t bytes =
      (size_t)run->workers * effattn_attend_cpu_scratch(run->attend, run->code);
  call->scratch = effattn_block_take(launch, bytes);
  if (!call->scratch)
    return effattn_out_of_memory("scratch of an attend", bytes);
  run->scratch = call->scratch->data;
  return (effattn_status)effattn_attend_cpu(run);
}

static void clean_up(attend_call *call) {
  effattn_context *context = call->launch->context;
  for (int64_t i = 0; call->memory && i < call->plan_count; ++i)
    if (call->entries[i])
      effattn_plan_release(context, call->entries[i]);
  if (call->scratch)
    effattn_block_give(call->launch, call->scratch);
  effattn_deallocate(context, call->memory, call->memory_bytes,
                     _Alignof(effattn_view));
}

/* The best code that the launch's target runs. */
static const effattn_attend_code *find_code(const effattn_launch *launch,
                                            const effattn_attend *attend) {
  const effattn_attend_code *best = NULL;
  for (uint32_t i = 0; i < attend->codes; ++i) {
    const effattn_attend_code *each = &attend->code[i];
    const bool runs = launch->kernel->target_kind
                          ? each->target == launch->target
                          : each->target <= launch->target;
    if (runs && (!best || each->target > best->target))
      best = each;
  }
  return best;
}

static effattn_status prepare_and_run(attend_call *call) {
  effattn_status status = gather_tensors(call);
  if (!status)
    status = check_sizes(call);
  if (!status)
    status = gather_sets(call);
  const effattn_view *output = &call->run.output;
  if (status || output->shape[0] == 0 || output->shape[1] == 0 ||
      output->shape[2] == 0)
    return status;
  choose_heads(&call->run);
  if (call->run.head_begin >= call->run.head_end)
    return EFFATTN_OK;
  place_plans(call);
  status = allocate(call);
  if (!status)
    status = make_plans(call);
  if (!status)
    status = execute(call);
  clean_up(call);
  return status;
}

int32_t effattn_host_attend(effattn_launch *launch, int32_t number,
                            const effattn_attend_operands *operands) {
  const effattn_kernel *kernel = launch->kernel;
  if (number < 0 || (uint32_t)number >= kernel->attends)
    return effattn_fail(EFFATTN_INTERNAL, "%s: no attend %d", kernel->name,
                        number);
  attend_call call;
  memset(&call, 0, sizeof call);
  call.launch = launch;
  call.operands = operands;
  call.run.attend = &kernel->attend[number];
  call.run.integers = operands->integers;
  call.run.floats = operands->floats;
  call.run.continues = operands->continues;
  call.run.code = find_code(launch, call.run.attend);
  call.run.key_sets = call.set;
  call.run.query_sets = call.set + call.run.attend->key_sets;
  if (!call.run.code)
    return effattn_fail(EFFATTN_PROCESSOR,
                        "%s: no code of %s for this processor", kernel->name,
                        call.run.attend->name);
  return prepare_and_run(&call);
}
