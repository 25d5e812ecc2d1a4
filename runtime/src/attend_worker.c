/*===- attend_worker.c - what a worker holds while it computes tiles -------===*/

#include "attend_cpu.h"

#include <string.h>

static const struct halide_type_t f32 = {halide_type_float, 32, 1};
static const struct halide_type_t i32 = {halide_type_int, 32, 1};
static const struct halide_type_t u32 = {halide_type_uint, 32, 1};

static void describe(effattn_buffer2 *buffer, void *data,
                     struct halide_type_t type, int32_t dimensions,
                     int64_t inner, int64_t outer, int64_t stride) {
  memset(buffer, 0, sizeof *buffer);
  buffer->buffer.host = data;
  buffer->buffer.type = type;
  buffer->buffer.dimensions = dimensions;
  buffer->buffer.dim = buffer->dimensions;
  buffer->dimensions[0].extent = (int32_t)inner;
  buffer->dimensions[0].stride = 1;
  buffer->dimensions[1].extent = (int32_t)outer;
  buffer->dimensions[1].stride = (int32_t)stride;
}

static void *take(char *scratch, size_t *used, size_t bytes) {
  void *memory = scratch ? scratch + *used : NULL;
  *used += (bytes + 63) / 64 * 64;
  return memory;
}

size_t effattn_worker_layout(effattn_worker *w, const effattn_attend *attend,
                             const effattn_attend_code *code, void *scratch) {
  size_t used = 0;
  size_t rows = code->tile_rows;
  size_t chunk =
      code->column_chunk / code->column_unroll * code->column_unroll;
  w->rows = (int32_t)rows;
  w->chunk = (int32_t)chunk;
#define TAKE(field, count)                                                     \
  w->field = take(scratch, &used, (count) * sizeof *w->field)
  TAKE(row, rows);
  TAKE(present_row, rows);
  TAKE(row_sets, rows);
  TAKE(columns, chunk);
  TAKE(column_sets, chunk);
  TAKE(integers, attend->integers + 1);
  TAKE(floats, attend->floats + 1);
  TAKE(packed, rows * attend->head_dim);
  TAKE(lse, rows);
  TAKE(logits, rows * chunk);
  TAKE(probabilities, rows * chunk);
  for (int s = 0; s < 2; ++s) {
    TAKE(state[s].max, rows);
    TAKE(state[s].sum, rows);
    TAKE(state[s].acc, rows * attend->value_dim);
  }
  TAKE(tables, attend->tables);
  TAKE(table_dimensions, attend->tables * EFFATTN_MAX_RANK);
  TAKE(tile_arguments, TILE_ARGUMENTS + attend->tables + TILE_RESULTS);
#undef TAKE
  return used;
}

/* A table without elements is never looked up inside the pattern; outside of
   it the clamped index must still find memory. */
static int64_t nothing;

static int32_t describe_tables(effattn_worker *w,
                               const effattn_attend_run *run) {
  for (uint32_t t = 0; t < run->attend->tables; ++t) {
    struct halide_dimension_t *dimensions =
        w->table_dimensions + t * EFFATTN_MAX_RANK;
    effattn_status status =
        effattn_view_buffer(&run->tables[t], "table", &w->tables[t],
                            dimensions);
    if (status)
      return status;
    bool empty = false;
    for (uint32_t axis = 0; axis < run->tables[t].rank; ++axis)
      empty |= run->tables[t].shape[axis] == 0;
    if (empty) {
      w->tables[t].host = (uint8_t *)&nothing;
      for (uint32_t axis = 0; axis < run->tables[t].rank; ++axis)
        dimensions[axis].extent = 1;
    }
  }
  return EFFATTN_OK;
}

static void describe_state(effattn_tile_state *state, int64_t rows,
                           int64_t channels) {
  describe(&state->max_buffer, state->max, f32, 1, rows, 1, rows);
  describe(&state->sum_buffer, state->sum, f32, 1, rows, 1, rows);
  describe(&state->acc_buffer, state->acc, f32, 2, channels, rows, channels);
}

static void list_arguments(effattn_worker *w, uint32_t tables) {
  void **a = w->tile_arguments;
  a[TILE_USER] = &w->user;
  a[TILE_PACKED] = &w->packed_buffer;
  a[TILE_K] = &w->k;
  a[TILE_V] = &w->v;
  a[TILE_ROWS] = &w->present_buffer;
  a[TILE_ROW_SETS] = &w->row_sets_buffer;
  a[TILE_COLUMNS] = &w->columns_buffer;
  a[TILE_COLUMN_SETS] = &w->column_sets_buffer;
  a[TILE_INTEGERS] = &w->integers_buffer;
  a[TILE_FLOATS] = &w->floats_buffer;
  a[TILE_BATCH] = &w->batch;
  a[TILE_HEAD] = &w->head;
  a[TILE_FULL_BLOCKS] = &w->full_blocks;
  a[TILE_COUNT] = &w->count;
  for (uint32_t t = 0; t < tables; ++t)
    a[TILE_ARGUMENTS + t] = &w->tables[t];
  a[TILE_ARGUMENTS + tables + 3] = &w->logits_buffer;
  a[TILE_ARGUMENTS + tables + 4] = &w->probabilities_buffer;
}

int32_t effattn_worker_begin(effattn_worker *w,
                             const effattn_attend_run *run) {
  const effattn_attend *attend = run->attend;
  w->run = run;
  w->user = run->user_context;
  for (uint32_t k = 0; k < attend->integers; ++k)
    w->integers[k] = (int32_t)run->integers[k];
  for (uint32_t k = 0; k < attend->floats; ++k)
    w->floats[k] = (float)run->floats[k];
  memset(w->row_sets, 0, (size_t)w->rows * sizeof *w->row_sets);

  int64_t rows = w->rows;
  describe(&w->row_buffer, w->row, i32, 1, rows, 1, rows);
  describe(&w->present_buffer, w->present_row, i32, 1, rows, 1, rows);
  describe(&w->row_sets_buffer, w->row_sets, u32, 1, rows, 1, rows);
  describe(&w->columns_buffer, w->columns, i32, 1, w->chunk, 1, w->chunk);
  describe(&w->column_sets_buffer, w->column_sets, u32, 1, w->chunk, 1,
           w->chunk);
  describe(&w->integers_buffer, w->integers, i32, 1, attend->integers, 1, 0);
  describe(&w->floats_buffer, w->floats, f32, 1, attend->floats, 1, 0);
  describe(&w->packed_buffer, w->packed, f32, 2, rows, attend->head_dim, rows);
  describe(&w->lse_buffer, w->lse, f32, 1, rows, 1, rows);
  describe(&w->logits_buffer, w->logits, f32, 2, rows, 0, rows);
  describe(&w->probabilities_buffer, w->probabilities, f32, 2, rows, 0, rows);
  describe_state(&w->state[0], rows, attend->value_dim);
  describe_state(&w->state[1], rows, attend->value_dim);
  describe(&w->q, NULL, f32, 2, attend->head_dim, run->query.shape[2],
           run->query.stride[2]);
  describe(&w->k, NULL, f32, 2, attend->head_dim, run->key.shape[2],
           run->key.stride[2]);
  describe(&w->v, NULL, f32, 2, attend->value_dim, run->value.shape[2],
           run->value.stride[2]);
  describe(&w->output, NULL, f32, 2, attend->value_dim, run->output.shape[2],
           run->output.stride[2]);
  w->batch = w->head = -1;
  list_arguments(w, attend->tables);
  return describe_tables(w, run);
}

static uint8_t *at(const effattn_view *view, int64_t batch, int64_t head) {
  return (uint8_t *)((float *)view->data + batch * view->stride[0] +
                     head * view->stride[1]);
}

void effattn_worker_select(effattn_worker *w, int64_t batch, int64_t head) {
  if (w->batch == batch && w->head == head)
    return;
  const effattn_attend_run *run = w->run;
  int64_t key_head = head / (run->query.shape[1] / run->key.shape[1]);
  int64_t value_head = head / (run->query.shape[1] / run->value.shape[1]);
  w->batch = (int32_t)batch;
  w->head = (int32_t)head;
  w->q.buffer.host = at(&run->query, batch, head);
  w->k.buffer.host = at(&run->key, batch, key_head);
  w->v.buffer.host = at(&run->value, batch, value_head);
  w->output.buffer.host = at(&run->output, batch, head);
}
