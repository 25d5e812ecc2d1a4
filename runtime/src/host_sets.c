/*===- host_sets.c - index sets of ranks as index sets of tokens ---------===*\
|*
|* Inside an order a set holds ranks. All that comes later speaks of tokens.
|*
\*===----------------------------------------------------------------------===*/
#include "host_internal.h"
#include "planner.h"

effattn_status effattn_expand_leading(const effattn_view *view, bool by_batch,
                                      effattn_view *expanded) {
  const effattn_status status = effattn_view_expand(view, 3, expanded);
  if (status || !by_batch || view->rank != 2)
    return status;
  expanded->shape[0] = view->shape[0];
  expanded->stride[0] = view->stride[0];
  expanded->shape[1] = 1;
  expanded->stride[1] = 0;
  return EFFATTN_OK;
}

typedef struct sets_call {
  const char *name;
  effattn_view set, order, result; /* [b, h, x] */
  int64_t tokens, members;
  effattn_plan_item *items, *scratch; /* `members` each */
} sets_call;

static effattn_status expand(effattn_launch *launch, int32_t slot, bool write,
                             bool by_batch, effattn_view *expanded) {
  effattn_view view;
  const effattn_status status = effattn_host_data(launch, slot, write, &view);
  if (status)
    return status;
  if (view.element != EFFATTN_I32 || view.rank < 1)
    return effattn_fail(EFFATTN_INTERNAL, "%s: index sets of the wrong form",
                        launch->kernel->name);
  return effattn_expand_leading(&view, by_batch, expanded);
}

/* A single leading axis of the result is the batch where it is that of the set
   or of the order. */
static effattn_status gather(sets_call *call, effattn_launch *launch,
                             int32_t set_slot, int32_t order_slot,
                             int32_t by_batch, int32_t result_slot) {
  effattn_status status =
      expand(launch, set_slot, false, by_batch & 1, &call->set);
  if (!status)
    status = expand(launch, order_slot, false, by_batch >> 1 & 1, &call->order);
  if (status)
    return status;
  const bool batches = call->set.shape[0] > 1 || call->order.shape[0] > 1;
  status = expand(launch, result_slot, true, batches, &call->result);
  if (status)
    return status;
  call->tokens = call->order.shape[2];
  call->members = call->set.shape[2];
  bool fits = call->result.shape[2] == call->members;
  const effattn_view *operands[2] = {&call->set, &call->order};
  for (int axis = 0; axis < 2; ++axis)
    for (int k = 0; k < 2; ++k)
      fits = fits && (operands[k]->shape[axis] == 1 ||
                      operands[k]->shape[axis] == call->result.shape[axis]);
  return fits ? EFFATTN_OK
              : effattn_fail(EFFATTN_INTERNAL,
                             "%s: index sets of the wrong form", call->name);
}

static int32_t *entries_of(const effattn_view *view, int64_t batch,
                           int64_t head) {
  return (int32_t *)view->data +
         (view->shape[0] > 1 ? batch * view->stride[0] : 0) +
         (view->shape[1] > 1 ? head * view->stride[1] : 0);
}

static effattn_status make_set(sets_call *call, int64_t batch, int64_t head) {
  const int32_t *ranks = entries_of(&call->set, batch, head),
                *order = entries_of(&call->order, batch, head);
  int32_t *tokens = entries_of(&call->result, batch, head);
  for (int64_t k = 0; k < call->members; ++k) {
    const int64_t rank = ranks[k * call->set.stride[2]];
    if (rank < 0 || rank >= call->tokens)
      return effattn_fail(EFFATTN_BAD_INDEX_SET,
                          "%s: expected an index set of ranks in an order of "
                          "%lld tokens, but got %lld",
                          call->name, (long long)call->tokens, (long long)rank);
    const int32_t token = order[rank * call->order.stride[2]];
    call->items[k] = (effattn_plan_item){effattn_plan_key(token), token, 0};
  }
  effattn_plan_sort(call->items, call->scratch, call->members);
  for (int64_t k = 0; k < call->members; ++k)
    tokens[k * call->result.stride[2]] = call->items[k].a;
  return EFFATTN_OK;
}

int32_t effattn_host_set_tokens(effattn_launch *launch, int32_t set_slot,
                                int32_t order_slot, int32_t by_batch,
                                int32_t result_slot) {
  sets_call call = {.name = launch->kernel->name};
  effattn_status status =
      gather(&call, launch, set_slot, order_slot, by_batch, result_slot);
  if (status || call.members == 0)
    return status;
  const size_t bytes = 2 * (size_t)call.members * sizeof(effattn_plan_item);
  effattn_block *block = effattn_block_take(launch, bytes);
  if (!block)
    return effattn_out_of_memory("sorting an index set", bytes);
  call.items = block->data;
  call.scratch = call.items + call.members;
  for (int64_t b = 0; b < call.result.shape[0] && !status; ++b)
    for (int64_t h = 0; h < call.result.shape[1] && !status; ++h)
      status = make_set(&call, b, h);
  effattn_block_give(launch, block);
  return status;
}
