/*===- host_attend.c - one attend of a host program ----------------------===*\
|*
|* Brings the tensors to rank 4, has the plans made (host_plan.c), and runs the
|* code of the target.
|*
\*===----------------------------------------------------------------------===*/
#include "host_attend.h"

#include <string.h>

#define MOST_SETS EFFATTN_MOST_SETS

typedef effattn_attend_call attend_call;

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

/*===- index sets and orders
 * ------------------------------------------------===*/

effattn_status effattn_gather_sets(attend_call *call) {
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
    effattn_view on_host;
    status = effattn_host_data(call->launch, slot, false, &on_host);
    if (!status)
      status = effattn_expand_leading(&on_host, operands->batch_sets >> i & 1,
                                      &call->set[i]);
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

/* The order of a permuted attend; a slot of -1 is no order. */
static effattn_status gather_order(attend_call *call, int32_t slot,
                                   bool by_batch, int64_t tokens,
                                   effattn_view *order) {
  const effattn_attend *attend = call->run.attend;
  if (!attend->permuted || slot < 0)
    return EFFATTN_OK;
  effattn_view on_host;
  effattn_status status =
      effattn_host_data(call->launch, slot, false, &on_host);
  if (!status)
    status = effattn_expand_leading(&on_host, by_batch, order);
  if (status)
    return status;
  const effattn_view *output = &call->run.output;
  bool fits = order->element == EFFATTN_I32 && order->shape[2] == tokens;
  for (uint32_t axis = 0; axis < 2; ++axis)
    fits = fits && (order->shape[axis] == 1 ||
                    order->shape[axis] == output->shape[axis]);
  return fits
             ? EFFATTN_OK
             : effattn_fail(
                   EFFATTN_SIZE,
                   "%s: expected an order of %lld tokens, for all or "
                   "each of %lld batches and %lld heads, but got "
                   "[%lld, %lld, %lld]",
                   attend->name, (long long)tokens, (long long)output->shape[0],
                   (long long)output->shape[1], (long long)order->shape[0],
                   (long long)order->shape[1], (long long)order->shape[2]);
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

/* Adds an array of `count` elements to the layout and gives its offset. */
static size_t place(size_t *bytes, size_t count, size_t size) {
  const size_t at = (*bytes + 15) / 16 * 16;
  *bytes = at + count * size;
  return at;
}

effattn_status effattn_allocate_plans(attend_call *call) {
  effattn_context *context = call->launch->context;
  const effattn_attend *attend = call->run.attend;
  const size_t plans = (size_t)call->plan_count;
  call->parameter_words = (int64_t)attend->integers + 2 + attend->extras;
  size_t bytes = 0;
  const size_t tables = place(&bytes, attend->tables, sizeof(effattn_view));
  const size_t plan_tables =
      place(&bytes, attend->tables, sizeof(effattn_plan_table));
  const size_t entries = place(&bytes, plans, sizeof(effattn_plan_entry *));
  const size_t pointers = place(&bytes, plans, sizeof(effattn_plan *));
  const size_t status = place(&bytes, plans, sizeof(effattn_status));
  const size_t parameters =
      place(&bytes, plans, (size_t)call->parameter_words * sizeof(int64_t));
  call->memory_bytes = bytes;
  char *memory = effattn_allocate(context, bytes, 16);
  if (!memory)
    return effattn_out_of_memory("an attend", bytes);
  memset(memory, 0, bytes);
  call->memory = memory;
  effattn_view *table = (effattn_view *)(memory + tables);
  call->plan_tables = (effattn_plan_table *)(memory + plan_tables);
  call->entries = (effattn_plan_entry **)(memory + entries);
  call->plans = (const effattn_plan **)(memory + pointers);
  call->plan_status = (effattn_status *)(memory + status);
  call->parameters = (int64_t *)(memory + parameters);
  call->run.tables = table;
  for (uint32_t i = 0; i < attend->tables; ++i) {
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
  effattn_deallocate(context, call->memory, call->memory_bytes, 16);
  effattn_deallocate(context, call->sequences, call->sequence_bytes, 16);
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
  effattn_attend_run *run = &call->run;
  const effattn_attend_operands *operands = call->operands;
  effattn_status status = gather_tensors(call);
  if (!status)
    status = check_sizes(call);
  if (!status)
    status = effattn_gather_sequences(call);
  if (!status)
    status = effattn_gather_sets(call);
  if (!status)
    status =
        gather_order(call, operands->query_order, operands->batch_orders & 1,
                     run->integers[0], &call->query_order);
  if (!status)
    status =
        gather_order(call, operands->key_order, operands->batch_orders >> 1 & 1,
                     run->integers[1], &call->key_order);
  const effattn_view *output = &run->output;
  if (status || output->shape[0] == 0 || output->shape[1] == 0 ||
      output->shape[2] == 0)
    return status;
  choose_heads(run);
  if (run->head_begin >= run->head_end)
    return EFFATTN_OK;
  effattn_place_plans(call);
  status = effattn_allocate_plans(call);
  if (!status)
    status = effattn_make_plans(call);
  return status ? status : execute(call);
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
  if (operands->continues && operands->lse < 0)
    return effattn_fail(EFFATTN_INTERNAL, "%s: it continues without an LSE",
                        call.run.attend->name);
  if (!call.run.code)
    return effattn_fail(EFFATTN_PROCESSOR,
                        "%s: no code of %s for this processor", kernel->name,
                        call.run.attend->name);
  const effattn_status status = prepare_and_run(&call);
  clean_up(&call);
  return status;
}
