/*===- attend_cpu.c - executes the plans of one attend on the CPU ----------===*\
|*
|* A piece of work is a few consecutive tiles of one (batch, head). A tile packs
|* its query rows, runs the tile kernel over chunks of its columns with (max,
|* sum, acc) carried between them, and scatters the result. Tiles share nothing,
|* so results do not depend on who computes them.
|*
\*===----------------------------------------------------------------------===*/

#include "attend_cpu.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

enum { MOST_TILES_A_PIECE = 8, PIECES_A_WORKER = 16 };

/* Kernels compute with parameters in 32 bits (lib/Schedule/ScalarToHalide.h). */
#define PARAMETER_LIMIT ((int64_t)1 << 30)

typedef struct attend_loop {
  const effattn_attend_run *run;
  size_t scratch_bytes;
  int64_t tiles_a_piece, pieces_a_head;
  atomic_int failure;
} attend_loop;

__attribute__((target("avx2"))) static int64_t
count_nan(const float *values, int64_t count) {
  int32_t found = 0;
  for (int64_t k = 0; k < count; ++k)
    found += values[k] != values[k];
  return found;
}

/* A score that looked up a table out of range has left its mark among the
   logits of the chunk. */
static int32_t check_lookups(const effattn_worker *w) {
  for (int64_t k = 0; k < (int64_t)w->count * w->rows; ++k) {
    uint32_t bits;
    memcpy(&bits, &w->logits[k], sizeof bits);
    if (bits == EFFATTN_OUT_OF_RANGE)
      return effattn_fail(
          EFFATTN_SIZE,
          "%s: the score of query %d and key %d (batch %d, head %d) looks up a "
          "table out of range",
          w->run->attend->name, (int)w->present_row[k % w->rows],
          (int)w->columns[k / w->rows], (int)w->batch, (int)w->head);
  }
  return EFFATTN_OK;
}

/* One chunk: from state[from] to state[1 - from]. A status. */
static int32_t run_chunk(effattn_worker *w, int from) {
  const effattn_attend_code *code = w->run->code;
  const uint32_t results = TILE_ARGUMENTS + w->run->attend->tables;
  effattn_tile_state *in = &w->state[from], *out = &w->state[1 - from];
  void **a = w->tile_arguments;
  a[TILE_MAX_IN] = &in->max_buffer;
  a[TILE_SUM_IN] = &in->sum_buffer;
  a[TILE_ACC_IN] = &in->acc_buffer;
  a[results] = &out->acc_buffer;
  a[results + 1] = &out->max_buffer;
  a[results + 2] = &out->sum_buffer;
  w->logits_buffer.dimensions[1].extent = w->count;
  w->probabilities_buffer.dimensions[1].extent = w->count;
  int result = code->tile(a);
  if (result)
    return effattn_kernel_status(result, w->run->attend->name);
  /* A NaN that was not there before is an absent pair that met a value that is
     not finite, or belongs there: only the selecting kernel can tell. */
  int64_t size = (int64_t)w->rows * w->run->attend->value_dim;
  int64_t after = count_nan(out->acc, size);
  if (after && w->run->attend->tables) {
    int32_t status = check_lookups(w);
    if (status)
      return status;
  }
  if (after && after > count_nan(in->acc, size))
    result = code->tile_select(a);
  return effattn_kernel_status(result, w->run->attend->name);
}

/* A status. */
static int32_t run_tile(effattn_worker *w, const effattn_plan *plan,
                    const effattn_plan_tile *tile) {
  const effattn_attend_run *run = w->run;
  const int32_t unroll = (int32_t)run->code->column_unroll;
  const int32_t *rows = plan->rows + tile->rows;
  int32_t some = 0;
  for (int32_t k = 0; k < w->rows; ++k)
    if (rows[k] >= 0)
      some = rows[k];
  for (int32_t k = 0; k < w->rows; ++k) {
    w->row[k] = rows[k];
    w->present_row[k] = rows[k] >= 0 ? rows[k] : some;
  }
  if (plan->row_sets)
    memcpy(w->row_sets, plan->row_sets + tile->rows,
           (size_t)w->rows * sizeof *w->row_sets);

  void *pack[] = {&w->user, &w->q, &w->present_buffer, &w->floats_buffer,
                  &w->packed_buffer};
  int32_t result = effattn_kernel_status(run->code->pack(pack),
                                         run->attend->name);

  int from = 0;
  for (int32_t k = 0; k < w->rows; ++k)
    w->state[0].max[k] = -INFINITY;
  memset(w->state[0].sum, 0, (size_t)w->rows * sizeof(float));
  memset(w->state[0].acc, 0,
         (size_t)w->rows * run->attend->value_dim * sizeof(float));

  effattn_column_reader reader = {plan->runs + tile->runs, 0,
                                  tile->full_columns};
  int64_t left = (int64_t)tile->full_columns + tile->partial_columns;
  while (left > 0 && result == 0) {
    int32_t valid = (int32_t)(left < w->chunk ? left : w->chunk);
    w->full_blocks =
        (int32_t)((reader.full < valid ? reader.full : valid) / unroll);
    if (w->full_blocks < 0)
      w->full_blocks = 0;
    effattn_read_columns(&reader, valid, w->columns, w->column_sets);
    w->count = (valid + unroll - 1) / unroll * unroll;
    for (int32_t k = valid; k < w->count; ++k) {
      w->columns[k] = w->columns[valid - 1];
      w->column_sets[k] = EFFATTN_COLUMN_PADDING;
    }
    left -= valid;
    result = run_chunk(w, from);
    from = 1 - from;
  }
  if (result)
    return result;

  effattn_tile_state *state = &w->state[from];
  void *finish[] = {&w->user,     &state->acc_buffer, &state->max_buffer,
                    &state->sum_buffer, &w->row_buffer,     &w->output,
                    &w->lse_buffer};
  result =
      effattn_kernel_status(run->code->finish(finish), run->attend->name);
  if (run->lse.data && result == 0) {
    float *lse = (float *)run->lse.data + w->batch * run->lse.stride[0] +
                 w->head * run->lse.stride[1];
    for (int32_t k = 0; k < w->rows; ++k)
      if (rows[k] >= 0)
        lse[rows[k] * run->lse.stride[2]] = w->lse[k];
  }
  return result;
}

static const effattn_plan *plan_of(const effattn_attend_run *run, int64_t batch,
                                   int64_t head) {
  return run->plans[batch * run->plan_batch_stride +
                    head * run->plan_head_stride];
}

static void run_piece(void *data, int64_t index, int32_t worker) {
  attend_loop *loop = data;
  const effattn_attend_run *run = loop->run;
  if (atomic_load_explicit(&loop->failure, memory_order_relaxed))
    return;
  int64_t heads = run->query.shape[1];
  int64_t group = index / loop->pieces_a_head;
  int64_t batch = group / heads, head = group % heads;
  const effattn_plan *plan = plan_of(run, batch, head);
  int64_t first = index % loop->pieces_a_head * loop->tiles_a_piece;
  int64_t end = first + loop->tiles_a_piece;
  if (end > plan->tile_count)
    end = plan->tile_count;
  if (first >= end)
    return;

  effattn_worker w;
  effattn_worker_layout(&w, run->attend, run->code,
                        (char *)run->scratch +
                            (size_t)worker * loop->scratch_bytes);
  int32_t status = effattn_worker_begin(&w, run);
  effattn_worker_select(&w, batch, head);
  for (int64_t t = first; t < end && status == EFFATTN_OK; ++t) {
    if (t + 1 < plan->tile_count)
      effattn_prefetch_tile(&w, plan, &plan->tiles[t], &plan->tiles[t + 1]);
    status = run_tile(&w, plan, &plan->tiles[t]);
  }
  if (status)
    atomic_store_explicit(&loop->failure, status, memory_order_relaxed);
}

size_t effattn_attend_cpu_scratch(const effattn_attend *attend,
                                  const effattn_attend_code *code) {
  effattn_worker worker;
  return effattn_worker_layout(&worker, attend, code, NULL);
}

static int32_t check(const effattn_attend_run *run) {
  const effattn_view *views[] = {&run->query, &run->key, &run->value,
                                 &run->output};
  for (int v = 0; v < 4; ++v)
    if (views[v]->stride[2] > INT32_MAX || views[v]->shape[2] > INT32_MAX)
      return effattn_fail(EFFATTN_OVERFLOW,
                          "%s: expected a stride between tokens below 2^31 "
                          "elements, but got %lld",
                          run->attend->name, (long long)views[v]->stride[2]);
  for (uint32_t k = 0; k < run->attend->integers; ++k)
    if (run->integers[k] > PARAMETER_LIMIT ||
        run->integers[k] < -PARAMETER_LIMIT)
      return effattn_fail(EFFATTN_OVERFLOW,
                          "%s: expected sizes and integer parameters between "
                          "-2^30 and 2^30, but got %lld",
                          run->attend->name, (long long)run->integers[k]);
  return EFFATTN_OK;
}

static void count_work(const effattn_attend_run *run, const effattn_plan *plan) {
  effattn_statistics *s = run->statistics;
  int64_t unroll = run->code->column_unroll;
  s->visible_tiles += plan->visible_tiles;
  s->full_columns += plan->full_columns;
  s->partial_columns += plan->partial_columns;
  for (int64_t t = 0; t < plan->tile_count; ++t) {
    int64_t columns =
        (int64_t)plan->tiles[t].full_columns + plan->tiles[t].partial_columns;
    s->computed_pairs +=
        (columns + unroll - 1) / unroll * unroll * plan->tile_rows;
  }
}

int32_t effattn_attend_cpu(const effattn_attend_run *run) {
  int32_t status = check(run);
  if (status)
    return status;
  int64_t batches = run->query.shape[0], heads = run->query.shape[1];
  int64_t tiles = 0, total = 0;
  for (int64_t b = 0; b < batches; ++b)
    for (int64_t h = 0; h < heads; ++h) {
      const effattn_plan *plan = plan_of(run, b, h);
      tiles = plan->tile_count > tiles ? plan->tile_count : tiles;
      total += plan->tile_count;
      if (run->statistics)
        count_work(run, plan);
    }
  if (total == 0)
    return EFFATTN_OK;

  attend_loop loop;
  loop.run = run;
  loop.scratch_bytes = effattn_attend_cpu_scratch(run->attend, run->code);
  int64_t share = total / ((int64_t)run->workers * PIECES_A_WORKER);
  loop.tiles_a_piece =
      share < 1 ? 1 : share > MOST_TILES_A_PIECE ? MOST_TILES_A_PIECE : share;
  loop.pieces_a_head = (tiles + loop.tiles_a_piece - 1) / loop.tiles_a_piece;
  atomic_init(&loop.failure, EFFATTN_OK);
  run->parallel_for(run->parallel_user, batches * heads * loop.pieces_a_head,
                    run->workers, run_piece, &loop);
  return atomic_load(&loop.failure);
}
