/*===- merge_public.c - effattn_merge: checks, then merge.c
 * ----------------===*/
#include "host_internal.h"
#include "overlap.h"
#include "validate.h"

#include <stdio.h>
#include <string.h>

/* Most axes of a part: batch, head, token, channel. */
#define MOST_AXES 4

typedef struct merge_call {
  uint32_t count;
  const DLTensor *const *outputs, *const *lses;
  DLTensor *output, *lse;
  /* outputs and lses in turn, then output and lse */
  effattn_slot *slots;
  effattn_view *views; /* outputs, then lses */
} merge_call;

/* Tensor `index` of the order of `slots`, with its name. */
static const DLTensor *tensor_at(const merge_call *call, uint32_t index,
                                 char *who, size_t bytes) {
  const uint32_t part = index / 2;
  const bool lse = index % 2;
  if (part == call->count) {
    snprintf(who, bytes, "effattn_merge: %s", lse ? "lse" : "output");
    return lse ? call->lse : call->output;
  }
  snprintf(who, bytes, "effattn_merge: %s[%u]", lse ? "lses" : "outputs", part);
  return lse ? call->lses[part] : call->outputs[part];
}

static effattn_status check_one(merge_call *call, uint32_t index) {
  char who[64];
  const DLTensor *tensor = tensor_at(call, index, who, sizeof who);
  const DLTensor *output = call->output;
  const uint32_t rank = (uint32_t)output->ndim - index % 2;
  effattn_status status = effattn_check_header(tensor, rank, who);
  for (uint32_t axis = 0; axis < rank && !status; ++axis)
    if (tensor->shape[axis] != output->shape[axis])
      status = effattn_fail(EFFATTN_SIZE,
                            "%s, axis %u: expected %lld as in output, but got "
                            "%lld",
                            who, axis, (long long)output->shape[axis],
                            (long long)tensor->shape[axis]);
  if (status)
    return status;
  const effattn_tensor_rules rules = {.element = EFFATTN_F32,
                                      .written = index >= 2 * call->count,
                                      .on_host = true};
  return effattn_check_tensor(tensor, &rules, who, &call->slots[index]);
}

static effattn_status check_overlap(const merge_call *call, uint32_t result) {
  char one[64], other[64];
  tensor_at(call, result, one, sizeof one);
  const effattn_view *view = &call->slots[result].view;
  if (effattn_view_overlaps_itself(view))
    return effattn_fail(EFFATTN_OVERLAP,
                        "%s: elements share memory with each other", one);
  for (uint32_t i = 0; i < result; ++i) {
    if (!effattn_views_overlap(view, &call->slots[i].view))
      continue;
    tensor_at(call, i, other, sizeof other);
    return effattn_fail(EFFATTN_OVERLAP, "%s shares memory with %s", one,
                        other + sizeof "effattn_merge:");
  }
  return EFFATTN_OK;
}

static effattn_status check_all(merge_call *call) {
  const uint32_t all = 2 * call->count + (call->lse ? 2 : 1);
  effattn_status status = EFFATTN_OK;
  for (uint32_t i = 0; i < all && !status; ++i)
    status = check_one(call, i);
  for (uint32_t i = 2 * call->count; i < all && !status; ++i)
    status = check_overlap(call, i);
  return status;
}

static effattn_status run(effattn_context *context, merge_call *call) {
  effattn_status status = check_all(call);
  if (status || call->slots[2 * call->count].elements == 0)
    return status;
  effattn_view output, lse;
  memset(&lse, 0, sizeof lse);
  for (uint32_t i = 0; i < call->count && !status; ++i) {
    status = effattn_view_expand(&call->slots[2 * i].view, MOST_AXES,
                                 &call->views[i]);
    if (!status)
      status = effattn_view_expand(&call->slots[2 * i + 1].view, MOST_AXES - 1,
                                   &call->views[call->count + i]);
  }
  const effattn_slot *results = &call->slots[2 * call->count];
  if (!status)
    status = effattn_view_expand(&results[0].view, MOST_AXES, &output);
  if (!status && call->lse)
    status = effattn_view_expand(&results[1].view, MOST_AXES - 1, &lse);
  if (status)
    return status;
  effattn_parallel_status(); /* of an earlier call inside a caller's loop */
  status = (effattn_status)effattn_merge_cpu(
      effattn_context_parallel_for, context, effattn_context_threads(context),
      call->count, call->views, call->views + call->count, &output, &lse);
  const effattn_status hook = effattn_parallel_status();
  return status ? status : hook;
}

effattn_status effattn_merge(effattn_context *given, uint32_t count,
                             const DLTensor *const *outputs,
                             const DLTensor *const *lses, DLTensor *output,
                             DLTensor *lse) {
  effattn_clear_message();
  if (!outputs || !lses || !output)
    return effattn_fail(EFFATTN_NULL,
                        "effattn_merge: expected %s, but got "
                        "NULL",
                        !outputs ? "outputs"
                        : !lses  ? "lses"
                                 : "an output");
  if (count == 0 || count > INT32_MAX / 4)
    return effattn_fail(EFFATTN_SIZE,
                        "effattn_merge: expected at least 1 part, but got %u",
                        count);
  if (output->ndim < 1 || output->ndim > MOST_AXES)
    return effattn_fail(EFFATTN_RANK,
                        "effattn_merge: output: expected 1 to %d axes, but got "
                        "%d",
                        MOST_AXES, output->ndim);
  effattn_context *context;
  effattn_status status = effattn_check_header(output, (uint32_t)output->ndim,
                                               "effattn_merge: output");
  if (!status)
    status = effattn_context_acquire(given, &context);
  if (status)
    return status;
  const size_t slots = (2 * (size_t)count + 2) * sizeof(effattn_slot);
  const size_t bytes = slots + 2 * (size_t)count * sizeof(effattn_view);
  effattn_slot *memory =
      effattn_allocate(context, bytes, _Alignof(effattn_slot));
  if (!memory) {
    status = effattn_out_of_memory("a merge", bytes);
  } else {
    merge_call call = {.count = count,
                       .outputs = outputs,
                       .lses = lses,
                       .output = output,
                       .lse = lse,
                       .slots = memory,
                       .views = (effattn_view *)((char *)memory + slots)};
    status = run(context, &call);
    effattn_deallocate(context, memory, bytes, _Alignof(effattn_slot));
  }
  effattn_context_release(context);
  return status;
}
