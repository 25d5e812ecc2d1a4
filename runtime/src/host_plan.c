/*===- host_plan.c - the plans of one attend -----------------------------===*\
|*
|* A plan serves all (batch, head) pairs unless the attend says that planning
|* depends on the batch or the head, or an index set or an order has axes of its
|* own for them. Sequences of ragged tokens have plans of their own sizes; equal
|* ones share a plan. Plans of different pairs are made side by side.
|*
\*===----------------------------------------------------------------------===*/
#include "host_attend.h"

#include <string.h>

void effattn_place_plans(effattn_attend_call *call) {
  effattn_attend_run *run = &call->run;
  bool by_batch = run->attend->plan_by_batch,
       by_head = run->attend->plan_by_head;
  const effattn_view *orders[] = {&call->query_order, &call->key_order};
  for (uint32_t i = 0; i < call->sets + 2; ++i) {
    const effattn_view *view =
        i < call->sets ? &call->set[i] : orders[i - call->sets];
    by_batch = by_batch || view->shape[0] > 1;
    by_head = by_head || view->shape[1] > 1;
  }
  const int64_t heads = by_head ? run->output.shape[1] : 1;
  int64_t rows = by_batch ? run->output.shape[0] : 1;
  if (run->sequences)
    rows = effattn_share_plans(call, by_batch);
  run->plan_head_stride = by_head;
  run->plan_batch_stride = by_batch || run->sequences ? heads : 0;
  call->plan_count = heads * rows;
}

/* Where one (batch, head) begins in a view of rank 3 of i32. */
static const int32_t *entries_of(const effattn_view *view, int64_t batch,
                                 int64_t head) {
  if (!view->data)
    return NULL;
  const int64_t offset = (view->shape[0] > 1 ? batch * view->stride[0] : 0) +
                         (view->shape[1] > 1 ? head * view->stride[1] : 0);
  return (const int32_t *)view->data + offset;
}

/* Values of a set below `limit`: a sequence has no more tokens. */
static int64_t count_below(const int32_t *values, int64_t count,
                           int64_t limit) {
  int64_t low = 0;
  while (low < count) {
    const int64_t middle = low + (count - low) / 2;
    if (values[middle] < limit)
      low = middle + 1;
    else
      count = middle;
  }
  return low;
}

/* Fills in the parameters of one plan: integers, b, h, extras. */
static effattn_status write_parameters(effattn_attend_call *call, int64_t batch,
                                       int64_t head,
                                       const effattn_plan_table *tables,
                                       int64_t *parameters) {
  const effattn_attend *attend = call->run.attend;
  memcpy(parameters, call->run.integers, attend->integers * sizeof(int64_t));
  if (call->run.sequences) {
    const effattn_sequence *sequence = &call->run.sequences[batch];
    parameters[0] = sequence->queries;
    parameters[1] = sequence->keys;
    parameters[2] = sequence->q0;
  }
  parameters[attend->integers] = batch;
  parameters[attend->integers + 1] = head;
  int64_t *extra = parameters + attend->integers + 2;
  for (uint32_t k = 0; k < attend->extras; ++k) {
    int32_t missed = 0;
    extra[k] = attend->extra[k](parameters, tables, 0, 0, &missed);
    if (missed)
      return effattn_fail(EFFATTN_SIZE,
                          "%s: its pattern looks up a table out of range "
                          "(batch %lld, head %lld)",
                          attend->name, (long long)batch, (long long)head);
  }
  return EFFATTN_OK;
}

effattn_status effattn_request_plan(effattn_attend_call *call, int64_t batch,
                                    int64_t head, int64_t *parameters,
                                    const effattn_plan_table *tables,
                                    effattn_requested_plan *plan) {
  const effattn_attend_run *run = &call->run;
  const effattn_attend *attend = run->attend;
  const effattn_attend_code *code = run->code;
  effattn_plan_set *sets = plan->sets;
  effattn_plan_filter *filters = plan->filters;
  const uint32_t keys = attend->key_sets, queries = attend->query_sets;
  for (uint32_t i = 0; i < call->sets; ++i) {
    sets[i] = (effattn_plan_set){entries_of(&call->set[i], batch, head),
                                 call->set[i].shape[2]};
    if (run->sequences && sets[i].values)
      sets[i].count = count_below(sets[i].values, sets[i].count,
                                  i < keys ? run->sequences[batch].keys
                                           : run->sequences[batch].queries);
  }
  for (uint32_t i = 0; i < call->filters; ++i) {
    filters[i].set = sets[keys + queries + i];
    filters[i].keep = call->operands->row_filter[i].keep;
  }
  plan->request = (effattn_plan_request){
      .tile_rows = code->tile_rows,
      .cases = code->cases,
      .key_sets = keys,
      .query_sets = queries,
      .parameters = parameters,
      .key_set = sets,
      .query_set = sets + keys,
      .row_filters = call->filters,
      .row_filter = filters,
      .allocator = {call->launch->context, effattn_plan_allocate,
                    effattn_plan_deallocate},
      .row_order = code->row_order,
      .order_relation = code->order_relation,
      .tile_count = code->tile_count,
      .tile_row_list = code->tile_row_list,
      .key_conditions = attend->key_conditions,
      .query_conditions = attend->query_conditions,
      .key_condition = attend->key_condition,
      .query_condition = attend->query_condition,
      .relations = attend->relations,
      .relation = attend->relation,
      .tables = tables,
      .query_order = entries_of(&call->query_order, batch, head),
      .key_order = entries_of(&call->key_order, batch, head)};
  return write_parameters(call, batch, head, tables, parameters);
}

static effattn_status make_plan(effattn_attend_call *call, int64_t batch,
                                int64_t head, int64_t index,
                                const effattn_plan_table *tables) {
  effattn_requested_plan plan;
  const effattn_status status = effattn_request_plan(
      call, batch, head, call->parameters + index * call->parameter_words,
      tables, &plan);
  return status ? status
                : effattn_plan_acquire(call->launch->context, call->run.attend,
                                       &plan.request, call->run.code,
                                       &call->entries[index]);
}

/* The same, with the tables of the sequence where some are cut. */
static effattn_status make_plan_of(effattn_attend_call *call, int64_t batch,
                                   int64_t head, int64_t index) {
  const size_t tables = call->run.attend->tables;
  if (!call->run.sequences || tables == 0)
    return make_plan(call, batch, head, index, call->plan_tables);
  effattn_context *context = call->launch->context;
  const size_t own =
      sizeof(effattn_plan_table) + EFFATTN_MAX_RANK * sizeof(int64_t);
  effattn_plan_table *cut = effattn_allocate(context, tables * own, 16);
  if (!cut)
    return effattn_out_of_memory("the tables of a sequence", tables * own);
  effattn_cut_tables(call, batch, cut, (int64_t *)(cut + tables));
  const effattn_status status = make_plan(call, batch, head, index, cut);
  effattn_deallocate(context, cut, tables * own, 16);
  return status;
}

/* A body of a loop over plans. Heads that are not computed have none. */
static void make_one(void *data, int64_t index, int32_t worker) {
  (void)worker;
  effattn_attend_call *call = data;
  const effattn_attend_run *run = &call->run;
  const int64_t heads = run->plan_head_stride ? run->output.shape[1] : 1;
  const int64_t head = run->plan_head_stride ? index % heads : run->head_begin;
  if (head < run->head_begin || head >= run->head_end)
    return;
  const int64_t row = index / heads;
  const int64_t batch = run->sequences ? call->plan_sequences[row] : row;
  call->plan_status[index] = make_plan_of(call, batch, head, index);
}

effattn_status effattn_fetch_tables(effattn_attend_call *call) {
  const effattn_attend *attend = call->run.attend;
  const bool reads = attend->extras || attend->key_conditions ||
                     attend->query_conditions || attend->relations;
  for (uint32_t t = 0; t < attend->tables; ++t) {
    const effattn_view *view = &call->run.tables[t];
    effattn_view on_host = *view;
    if (reads) {
      const effattn_status status = effattn_host_data(
          call->launch, call->operands->tables[t], false, &on_host);
      if (status)
        return status;
    }
    call->plan_tables[t] = (effattn_plan_table){.data = on_host.data,
                                                .element = view->element,
                                                .rank = view->rank,
                                                .shape = view->shape,
                                                .stride = view->stride};
  }
  return EFFATTN_OK;
}

effattn_status effattn_make_plans(effattn_attend_call *call) {
  effattn_launch *launch = call->launch;
  const double start = effattn_seconds();
  effattn_status status = effattn_fetch_tables(call);
  if (!status && call->plan_count == 1)
    make_one(call, 0, 0);
  else if (!status)
    effattn_context_parallel_for(launch->context, call->plan_count,
                                 launch->context->threads, make_one, call);
  for (int64_t i = 0; i < call->plan_count && !status; ++i) {
    status = call->plan_status[i];
    if (status || !call->entries[i])
      continue;
    call->plans[i] = &call->entries[i]->plan;
    launch->statistics.plan_bytes += (int64_t)call->plans[i]->bytes;
  }
  launch->statistics.plan_seconds += effattn_seconds() - start;
  call->run.plans = call->plans;
  return status;
}
