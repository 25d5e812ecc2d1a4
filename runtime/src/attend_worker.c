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

/* Memory that the tiles side by side should take together, and the keys and
   values of a chunk: both are to stay in a second cache of 1 MiB. */
enum { SLOT_BYTES = 256 << 10, CHUNK_BYTES = 384 << 10 };

static int64_t clamp(int64_t value, int64_t low, int64_t high) {
  return value < low ? low : value > high ? high : value;
}

#define TAKE(field, count)                                                     \
  field = take(scratch, &used, (size_t)(count) * sizeof *field)

static size_t lay_slot_out(effattn_tile_slot *slot, int64_t rows,
                           const effattn_attend *attend, char *scratch,
                           size_t used) {
  TAKE(slot->row, rows);
  TAKE(slot->present_row, rows);
  TAKE(slot->row_sets, rows);
  TAKE(slot->packed, rows * attend->head_dim);
  for (int s = 0; s < 2; ++s) {
    TAKE(slot->state[s].max, rows);
    TAKE(slot->state[s].sum, rows);
    TAKE(slot->state[s].acc, rows * attend->value_dim);
  }
  return used;
}

size_t effattn_worker_layout(effattn_worker *w, const effattn_attend *attend,
                             const effattn_attend_code *code, void *scratch) {
  const int64_t rows = code->tile_rows, unroll = code->column_unroll;
  const int64_t channels = (int64_t)attend->head_dim + attend->value_dim;
  const int64_t chunk =
      clamp(CHUNK_BYTES / (channels * (int64_t)sizeof(float)), unroll,
            code->column_chunk) /
      unroll * unroll;
  w->rows = (int32_t)rows;
  w->chunk = (int32_t)chunk;
  effattn_tile_slot one;
  w->slots = (int32_t)clamp(
      SLOT_BYTES / (int64_t)lay_slot_out(&one, rows, attend, NULL, 0), 1,
      EFFATTN_MOST_SLOTS);
  size_t used = 0;
  for (int32_t s = 0; s < w->slots; ++s)
    used = lay_slot_out(&w->slot[s], rows, attend, scratch, used);
  TAKE(w->columns, chunk);
  TAKE(w->column_sets, chunk);
  TAKE(w->integers, attend->integers + 1);
  TAKE(w->floats, attend->floats + 1);
  TAKE(w->lse, rows);
  TAKE(w->logits, rows * chunk);
  TAKE(w->probabilities, rows * chunk);
  TAKE(w->tables, attend->tables);
  TAKE(w->table_dimensions, attend->tables * EFFATTN_MAX_RANK);
  TAKE(w->tile_arguments, TILE_ARGUMENTS + attend->tables + TILE_RESULTS);
  return used;
}
#undef TAKE

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

static void describe_slot(effattn_tile_slot *slot, int64_t rows,
                          const effattn_attend *attend) {
  memset(slot->row_sets, 0, (size_t)rows * sizeof *slot->row_sets);
  describe(&slot->row_buffer, slot->row, i32, 1, rows, 1, rows);
  describe(&slot->present_buffer, slot->present_row, i32, 1, rows, 1, rows);
  describe(&slot->row_sets_buffer, slot->row_sets, u32, 1, rows, 1, rows);
  describe(&slot->packed_buffer, slot->packed, f32, 2, rows, attend->head_dim,
           rows);
  describe_state(&slot->state[0], rows, attend->value_dim);
  describe_state(&slot->state[1], rows, attend->value_dim);
}

/* Those that depend on the slot are set before each call. */
static void list_arguments(effattn_worker *w, uint32_t tables) {
  void **a = w->tile_arguments;
  a[TILE_USER] = &w->user;
  a[TILE_K] = &w->k;
  a[TILE_V] = &w->v;
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

  int64_t rows = w->rows;
  for (int32_t s = 0; s < w->slots; ++s)
    describe_slot(&w->slot[s], rows, attend);
  describe(&w->columns_buffer, w->columns, i32, 1, w->chunk, 1, w->chunk);
  describe(&w->column_sets_buffer, w->column_sets, u32, 1, w->chunk, 1,
           w->chunk);
  describe(&w->integers_buffer, w->integers, i32, 1, attend->integers, 1, 0);
  describe(&w->floats_buffer, w->floats, f32, 1, attend->floats, 1, 0);
  describe(&w->lse_buffer, w->lse, f32, 1, rows, 1, rows);
  describe(&w->logits_buffer, w->logits, f32, 2, rows, 0, rows);
  describe(&w->probabilities_buffer, w->probabilities, f32, 2, rows, 0, rows);
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

/* Moves `count` tokens from `first` on to the front of the buffer. */
static void cut(effattn_buffer2 *buffer, int64_t first, int64_t count) {
  buffer->buffer.host +=
      first * buffer->dimensions[1].stride * (int64_t)sizeof(float);
  buffer->dimensions[1].extent = (int32_t)count;
}

/* The tables of a sequence: those that are cut begin at its first token. */
static void cut_tables(effattn_worker *w, int64_t number) {
  const effattn_attend_run *run = w->run;
  for (uint32_t t = 0; t < run->attend->tables; ++t) {
    const effattn_table_cut *cut = &run->cuts[t];
    const effattn_view *view = &run->tables[t];
    struct halide_dimension_t *dimensions =
        w->table_dimensions + t * EFFATTN_MAX_RANK;
    if (!cut->offsets || w->tables[t].host == (uint8_t *)&nothing)
      continue;
    const int64_t first = cut->offsets[number];
    const int64_t count = cut->offsets[number + 1] - first;
    w->tables[t].host =
        count == 0
            ? (uint8_t *)&nothing
            : (uint8_t *)view->data + first * view->stride[cut->axis] *
                                          effattn_element_bytes(view->element);
    dimensions[view->rank - 1 - cut->axis].extent = (int32_t)count;
    for (uint32_t axis = 0; axis < view->rank && count == 0; ++axis)
      dimensions[axis].extent = 1;
  }
}

static void select_sequence(effattn_worker *w, int64_t number) {
  const effattn_sequence *sequence = &w->run->sequences[number];
  w->first_query = sequence->query_first;
  w->integers[0] = (int32_t)sequence->queries;
  w->integers[1] = (int32_t)sequence->keys;
  w->integers[2] = (int32_t)sequence->q0;
  cut(&w->q, sequence->query_first, sequence->queries);
  cut(&w->k, sequence->key_first, sequence->keys);
  cut(&w->v, sequence->key_first, sequence->keys);
  cut(&w->output, sequence->query_first, sequence->queries);
  cut_tables(w, number);
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
  w->first_query = 0;
  if (run->sequences)
    select_sequence(w, batch);
}
