/*===- arguments.c - all arguments and results of a launch
 * -----------------===*/
#include "overlap.h"
#include "validate.h"

#include <stdio.h>

#define WHO_BYTES 256

static void name_tensor(const effattn_kernel *kernel, uint32_t index,
                        char *who) {
  char role[160];
  snprintf(who, WHO_BYTES, "%s: %s", kernel->name,
           effattn_role(kernel, index, role, sizeof role));
}

effattn_status effattn_bind_arguments(effattn_binding *binding) {
  const effattn_kernel *kernel = binding->kernel;
  if (kernel->arguments > 0 && !binding->arguments)
    return effattn_fail(EFFATTN_NULL, "%s: expected %u arguments, but got NULL",
                        kernel->name, kernel->arguments);
  char who[WHO_BYTES];
  for (uint32_t i = 0; i < kernel->arguments; ++i) {
    if (kernel->argument[i].kind == EFFATTN_SCALAR)
      continue;
    name_tensor(kernel, i, who);
    const effattn_status status = effattn_check_header(
        binding->arguments[i].tensor, kernel->argument[i].rank, who);
    if (status)
      return status;
  }
  effattn_status status = effattn_bind(binding);
  for (uint32_t i = 0; i < kernel->arguments && !status; ++i)
    if (kernel->argument[i].kind != EFFATTN_SCALAR)
      status = effattn_check_shape(binding, i, binding->arguments[i].tensor);
  return status;
}

static effattn_status check_results(const effattn_binding *binding,
                                    DLTensor *const *results) {
  const effattn_kernel *kernel = binding->kernel;
  if (kernel->results > 0 && !results)
    return effattn_fail(EFFATTN_NULL, "%s: expected %u results, but got NULL",
                        kernel->name, kernel->results);
  char who[WHO_BYTES];
  for (uint32_t i = 0; i < kernel->results; ++i) {
    const uint32_t index = kernel->arguments + i;
    name_tensor(kernel, index, who);
    effattn_status status =
        effattn_check_header(results[i], kernel->argument[index].rank, who);
    if (!status)
      status = effattn_check_shape(binding, index, results[i]);
    if (status)
      return status;
  }
  return EFFATTN_OK;
}

static effattn_status check_index_set(const effattn_binding *binding,
                                      uint32_t index, const char *who,
                                      const effattn_slot *slot) {
  int64_t bound;
  char what[WHO_BYTES + 16];
  snprintf(what, sizeof what, "bound of '%s'",
           binding->kernel->argument[index].name);
  const effattn_status status = effattn_evaluate(
      binding, binding->kernel->argument[index].bound, what, &bound);
  if (status || slot->elements == 0)
    return status;
  return effattn_check_index_set(&slot->view, bound, who);
}

effattn_status effattn_check_requires(const effattn_binding *binding) {
  const effattn_kernel *kernel = binding->kernel;
  for (uint32_t i = 0; i < kernel->requires_count; ++i) {
    int64_t holds;
    const effattn_status status =
        effattn_evaluate(binding, kernel->require[i].condition,
                         kernel->require[i].message, &holds);
    if (status)
      return status;
    if (!holds)
      return effattn_fail(EFFATTN_REQUIRE, "%s: %s", kernel->name,
                          kernel->require[i].message);
  }
  return EFFATTN_OK;
}

/* True where the argument holds offsets of sequences. */
static bool is_offsets(const effattn_kernel *kernel, uint32_t index) {
  for (uint32_t i = 0; i < kernel->arguments; ++i)
    if (kernel->argument[i].ragged == index + 1)
      return true;
  return false;
}

static effattn_status check_sequences(const effattn_kernel *kernel,
                                      const effattn_slot *slots) {
  char who[WHO_BYTES];
  for (uint32_t i = 0; i < kernel->arguments; ++i) {
    const effattn_argument *argument = &kernel->argument[i];
    if (!argument->ragged)
      continue;
    name_tensor(kernel, argument->ragged - 1, who);
    const effattn_status status =
        effattn_check_offsets(&slots[argument->ragged - 1].view,
                              slots[i].view.shape[argument->token_axis], who);
    if (status)
      return status;
  }
  return EFFATTN_OK;
}

/* Memory addresses say nothing about device handles: Vulkan buffers are
   refused before this. */
static effattn_status check_overlaps(const effattn_kernel *kernel,
                                     const effattn_slot *slots) {
  const uint32_t all = kernel->arguments + kernel->results;
  char one[WHO_BYTES], other[160];
  for (uint32_t i = kernel->arguments; i < all; ++i) {
    name_tensor(kernel, i, one);
    if (effattn_view_overlaps_itself(&slots[i].view))
      return effattn_fail(EFFATTN_OVERLAP,
                          "%s: elements share memory with each other", one);
    for (uint32_t k = 0; k < i; ++k) {
      if (kernel->argument[k].kind == EFFATTN_SCALAR)
        continue;
      if (effattn_views_overlap(&slots[i].view, &slots[k].view))
        return effattn_fail(EFFATTN_OVERLAP, "%s shares memory with %s", one,
                            effattn_role(kernel, k, other, sizeof other));
    }
  }
  return EFFATTN_OK;
}

effattn_status effattn_check_arguments(effattn_binding *binding,
                                       DLTensor *const *results, int32_t device,
                                       effattn_slot *slots) {
  const effattn_kernel *kernel = binding->kernel;
  effattn_status status = effattn_bind_arguments(binding);
  if (!status)
    status = check_results(binding, results);
  if (!status)
    status = effattn_check_requires(binding);
  char who[WHO_BYTES];
  for (uint32_t i = 0; i < kernel->arguments + kernel->results && !status;
       ++i) {
    const effattn_argument *argument = &kernel->argument[i];
    if (argument->kind == EFFATTN_SCALAR)
      continue;
    name_tensor(kernel, i, who);
    const effattn_tensor_rules rules = {
        .element = argument->element,
        .written = i >= kernel->arguments,
        .on_host = argument->kind == EFFATTN_INDEX_SET || is_offsets(kernel, i),
        .target_kind = kernel->target_kind,
        .device = device};
    const DLTensor *tensor = rules.written ? results[i - kernel->arguments]
                                           : binding->arguments[i].tensor;
    status = effattn_check_tensor(tensor, &rules, who, &slots[i]);
    if (!status && argument->kind == EFFATTN_INDEX_SET)
      status = check_index_set(binding, i, who, &slots[i]);
  }
  if (!status)
    status = check_sequences(kernel, slots);
  return status ? status : check_overlaps(kernel, slots);
}
