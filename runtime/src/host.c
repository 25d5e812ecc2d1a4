/*===- host.c - what host programs call: memory, steps, merge
 * --------------===*/
#include "host_internal.h"

#include <string.h>

/*===- slots
 * ---------------------------------------------------------------===*/

effattn_slot *effattn_host_slot(effattn_launch *launch, int32_t number) {
  if (number >= 0 && (uint32_t)number < launch->kernel->slots)
    return &launch->slots[number];
  effattn_fail(EFFATTN_INTERNAL, "%s: no slot %d", launch->kernel->name,
               number);
  return NULL;
}

effattn_status effattn_host_view(effattn_launch *launch, int32_t number,
                                 uint32_t rank, effattn_view *expanded) {
  const effattn_slot *slot = effattn_host_slot(launch, number);
  return slot ? effattn_view_expand(&slot->view, rank, expanded)
              : EFFATTN_INTERNAL;
}

effattn_status effattn_host_data(effattn_launch *launch, int32_t number,
                                 bool write, effattn_view *view) {
  effattn_slot *slot = effattn_host_slot(launch, number);
  if (!slot)
    return EFFATTN_INTERNAL;
  *view = slot->view;
  return launch->kernel->target_kind
             ? effattn_gpu.host_data(launch, slot, write, &view->data)
             : EFFATTN_OK;
}

int32_t effattn_host_allocate(effattn_launch *launch, int32_t number,
                              int32_t element, int32_t rank,
                              const int64_t *shape) {
  effattn_slot *slot = effattn_host_slot(launch, number);
  if (!slot)
    return EFFATTN_INTERNAL;
  const effattn_kernel *kernel = launch->kernel;
  if ((uint32_t)number < kernel->arguments + kernel->results || slot->block ||
      rank < 0 || rank > EFFATTN_MAX_RANK || element < 0 ||
      effattn_element_bytes((uint32_t)element) == 0)
    return effattn_fail(EFFATTN_INTERNAL, "%s: slot %d cannot be allocated",
                        kernel->name, number);
  for (int32_t axis = 0; axis < rank; ++axis)
    if (shape[axis] < 0)
      return effattn_fail(EFFATTN_SIZE,
                          "%s: an intermediate result has negative size %lld",
                          kernel->name, (long long)shape[axis]);
  struct halide_buffer_t *buffer = slot->view.buffer;
  effattn_status status =
      effattn_view_dense(&slot->view, NULL, (uint32_t)element, (uint32_t)rank,
                         shape, &slot->elements);
  slot->view.buffer = buffer;
  if (status)
    return status;
  slot->device_type = kDLCPU;
  if (kernel->target_kind) {
    status = effattn_view_buffer(&slot->view, "an intermediate result", buffer,
                                 buffer->dim);
    return status ? status : effattn_gpu.allocate(launch, slot);
  }
  const size_t bytes =
      (size_t)slot->elements * (size_t)effattn_element_bytes((uint32_t)element);
  slot->block = effattn_block_take(launch, bytes);
  if (!slot->block)
    return effattn_out_of_memory("an intermediate result", bytes);
  slot->view.data = slot->block->data;
  return EFFATTN_OK;
}

int32_t effattn_host_release(effattn_launch *launch, int32_t number) {
  effattn_slot *slot = effattn_host_slot(launch, number);
  if (!slot)
    return EFFATTN_INTERNAL;
  if (launch->kernel->target_kind)
    effattn_gpu.release(launch, slot);
  if (slot->block) {
    effattn_block_give(launch, slot->block);
    slot->block = NULL;
  }
  slot->view.data = NULL;
  slot->elements = 0;
  return EFFATTN_OK;
}

/*===- fill and copy
 * -------------------------------------------------------===*/

/* Rows (all axes but the last) are walked in pieces of about this many
   elements. */
#define ELEMENTS_A_PIECE 65536

typedef struct row_loop {
  const effattn_view *from, *to; /* `from` NULL: fill */
  float value;
  int64_t rows, columns, rows_a_piece;
} row_loop;

static int64_t row_offset(const effattn_view *view, int64_t row) {
  int64_t offset = 0;
  for (uint32_t axis = view->rank - (view->rank > 0); axis-- > 0;) {
    offset += row % view->shape[axis] * view->stride[axis];
    row /= view->shape[axis];
  }
  return offset;
}

static void run_rows(void *data, int64_t index, int32_t worker) {
  (void)worker;
  const row_loop *loop = data;
  const int64_t bytes = effattn_element_bytes(loop->to->element);
  int64_t row = index * loop->rows_a_piece;
  int64_t end = row + loop->rows_a_piece;
  if (end > loop->rows)
    end = loop->rows;
  for (; row < end; ++row) {
    char *to = (char *)loop->to->data + row_offset(loop->to, row) * bytes;
    if (loop->from) {
      memcpy(to,
             (const char *)loop->from->data +
                 row_offset(loop->from, row) * bytes,
             (size_t)(loop->columns * bytes));
      continue;
    }
    for (int64_t column = 0; column < loop->columns; ++column)
      ((float *)to)[column] = loop->value;
  }
}

static effattn_status walk_rows(effattn_launch *launch,
                                const effattn_slot *from,
                                const effattn_slot *to, double value) {
  if (to->elements == 0)
    return EFFATTN_OK;
  row_loop loop = {.from = from ? &from->view : NULL,
                   .to = &to->view,
                   .value = (float)value};
  const uint32_t rank = to->view.rank;
  loop.columns = rank ? to->view.shape[rank - 1] : 1;
  loop.rows = to->elements / loop.columns;
  loop.rows_a_piece = (ELEMENTS_A_PIECE + loop.columns - 1) / loop.columns;
  effattn_context_parallel_for(
      launch->context, (loop.rows + loop.rows_a_piece - 1) / loop.rows_a_piece,
      launch->context->threads, run_rows, &loop);
  return EFFATTN_OK;
}

int32_t effattn_host_fill(effattn_launch *launch, int32_t number,
                          double value) {
  effattn_slot *slot = effattn_host_slot(launch, number);
  if (!slot)
    return EFFATTN_INTERNAL;
  if (slot->view.element != EFFATTN_F32)
    return effattn_fail(
        EFFATTN_UNSUPPORTED, "%s: filling %s is not supported yet, only f32",
        launch->kernel->name, effattn_element_name(slot->view.element));
  if (launch->kernel->target_kind)
    return effattn_gpu.fill(launch, slot, value);
  return walk_rows(launch, NULL, slot, value);
}

int32_t effattn_host_copy(effattn_launch *launch, int32_t from_number,
                          int32_t to_number) {
  effattn_slot *from = effattn_host_slot(launch, from_number);
  effattn_slot *to = effattn_host_slot(launch, to_number);
  if (!from || !to)
    return EFFATTN_INTERNAL;
  bool same = from->view.element == to->view.element &&
              from->view.rank == to->view.rank;
  for (uint32_t axis = 0; axis < to->view.rank && same; ++axis)
    same = from->view.shape[axis] == to->view.shape[axis];
  if (!same)
    return effattn_fail(EFFATTN_SIZE,
                        "%s: a result has another shape or type than what is "
                        "returned",
                        launch->kernel->name);
  if (launch->kernel->target_kind)
    return effattn_gpu.copy(launch, from, to);
  return walk_rows(launch, from, to, 0);
}

/*===- steps
 * ---------------------------------------------------------------===*/

#define MOST_OPERANDS 16

static effattn_status find_step_code(const effattn_launch *launch,
                                     const effattn_step *step,
                                     effattn_code *code) {
  const effattn_step_code *best = NULL;
  for (uint32_t i = 0; i < step->codes; ++i) {
    const effattn_step_code *each = &step->code[i];
    const bool runs = launch->kernel->target_kind
                          ? each->target == launch->target
                          : each->target <= launch->target;
    if (runs && (!best || each->target > best->target))
      best = each;
  }
  if (!best)
    return effattn_fail(EFFATTN_PROCESSOR,
                        "%s: no code of %s for this processor",
                        launch->kernel->name, step->name);
  *code = best->run;
  return EFFATTN_OK;
}

int32_t effattn_host_step(effattn_launch *launch, int32_t number,
                          const int32_t *operand_slots, int32_t result_slot) {
  const effattn_kernel *kernel = launch->kernel;
  if (number < 0 || (uint32_t)number >= kernel->steps ||
      kernel->step[number].operands > MOST_OPERANDS)
    return effattn_fail(EFFATTN_INTERNAL, "%s: no step %d", kernel->name,
                        number);
  const effattn_step *step = &kernel->step[number];
  effattn_view operands[MOST_OPERANDS];
  for (uint32_t i = 0; i < step->operands; ++i) {
    const effattn_slot *operand = effattn_host_slot(launch, operand_slots[i]);
    if (!operand)
      return EFFATTN_INTERNAL;
    operands[i] = operand->view;
  }
  effattn_slot *result = effattn_host_slot(launch, result_slot);
  if (!result)
    return EFFATTN_INTERNAL;
  effattn_code code = NULL;
  const effattn_status status = find_step_code(launch, step, &code);
  if (status || result->elements == 0)
    return status;
  if (kernel->target_kind)
    return effattn_gpu.step(launch, step, code, operands, &result->view);
  return effattn_step_cpu(effattn_context_parallel_for, launch->context,
                          launch->context->threads, &launch->user, step, code,
                          operands, &result->view);
}

/*===- merge
 * ---------------------------------------------------------------===*/

typedef struct merge_views {
  effattn_view output, lse;
  effattn_view *outputs, *lses;
} merge_views;

static effattn_status gather_merge(effattn_launch *launch, int32_t count,
                                   const int32_t *outputs, const int32_t *lses,
                                   int32_t output, int32_t lse,
                                   merge_views *views) {
  effattn_status status = effattn_host_view(launch, output, 4, &views->output);
  if (!status && lse >= 0)
    status = effattn_host_view(launch, lse, 3, &views->lse);
  for (int32_t i = 0; i < count && !status; ++i) {
    status = effattn_host_view(launch, outputs[i], 4, &views->outputs[i]);
    if (!status)
      status = effattn_host_view(launch, lses[i], 3, &views->lses[i]);
  }
  return status;
}

int32_t effattn_host_merge(effattn_launch *launch, int32_t count,
                           const int32_t *outputs, const int32_t *lses,
                           int32_t output, int32_t lse) {
  if (count < 1)
    return effattn_fail(EFFATTN_INTERNAL, "%s: a merge of no parts",
                        launch->kernel->name);
  const size_t bytes = 2 * (size_t)count * sizeof(effattn_view);
  merge_views views;
  memset(&views, 0, sizeof views);
  views.outputs =
      effattn_allocate(launch->context, bytes, _Alignof(effattn_view));
  if (!views.outputs)
    return effattn_out_of_memory("a merge", bytes);
  views.lses = views.outputs + count;
  effattn_status status =
      gather_merge(launch, count, outputs, lses, output, lse, &views);
  if (!status && launch->kernel->target_kind)
    status = effattn_gpu.merge(launch, (uint32_t)count, views.outputs,
                               views.lses, &views.output, &views.lse);
  else if (!status)
    status = (effattn_status)effattn_merge_cpu(
        effattn_context_parallel_for, launch->context, launch->context->threads,
        (uint32_t)count, views.outputs, views.lses, &views.output, &views.lse);
  effattn_deallocate(launch->context, views.outputs, bytes,
                     _Alignof(effattn_view));
  return status;
}
