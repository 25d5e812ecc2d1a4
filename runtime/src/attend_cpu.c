/*===- attend_cpu.c - executes the plans of one attend on the CPU
----------===*\
|*
|* A piece of work is a few consecutive tiles of one (batch, head). A tile packs
|* its query rows, runs the tile kernel over chunks of its columns with (max,
|* sum, acc) carried between them, and scatters the result. The tiles of a piece
|* take their first chunks in turn, then their second ones, and so on:
|* neighbours read much the same keys. Tiles share nothing, so results do not
|* depend on who computes them. Sequences of ragged tokens are one list of
|* pieces: no worker waits for the end of a sequence.
|*
\*===----------------------------------------------------------------------===*/

#include "attend_cpu.h"

#include <immintrin.h>
#include <math.h>
#include <stdatomic.h>
#include <string.h>

enum { MOST_TILES_A_PIECE = 4 * EFFATTN_MOST_SLOTS, PIECES_A_WORKER = 16 };

/* Kernels compute with parameters in 32 bits (lib/Schedule/ScalarToHalide.h).
 */
#define PARAMETER_LIMIT ((int64_t)1 << 30)

typedef struct attend_loop {
  const effattn_attend_run *run;
  size_t scratch_bytes;
  int64_t tiles_a_piece, pieces_a_head;
  atomic_int failure;
} attend_loop;

/* `count` is a multiple of 8. */
__attribute__((target("avx2"))) static int64_t count_nan(const float *values,
                                                         int64_t count) {
  __m256 any = _mm256_setzero_ps();
  for (int64_t k = 0; k < count; k += 8) {
    const __m256 x = _mm256_loadu_ps(values + k);
    any = _mm256_or_ps(any, _mm256_cmp_ps(x, x, _CMP_UNORD_Q));
  }
  if (_mm256_testz_ps(any, any))
    return 0;
  int64_t found = 0;
  for (int64_t k = 0; k < count; ++k)
    found += values[k] != values[k];
  return found;
}

/* A pair that looked up a table out of range has left its mark among the
   logits of the chunk. */
static int32_t check_lookups(const effattn_worker *w,
                             const effattn_tile_slot *slot) {
  for (int64_t k = 0; k < (int64_t)w->count * w->rows; ++k) {
    uint32_t bits;
    memcpy(&bits, &w->logits[k], sizeof bits);
    if (bits == EFFATTN_OUT_OF_RANGE || bits == EFFATTN_OUT_OF_RANGE_PATTERN)
      return effattn_fail(
          EFFATTN_SIZE,
          "%s: the %s of query %d and key %d (batch %d, head %d) looks up a "
          "table out of range",
          w->run->attend->name,
          bits == EFFATTN_OUT_OF_RANGE ? "score" : "pattern",
          (int)slot->present_row[k % w->rows], (int)w->columns[k / w->rows],
          (int)w->batch, (int)w->head);
  }
  return EFFATTN_OK;
}

/* Runs the tile kernel over the columns at hand. A status. */
static int32_t run_columns(effattn_worker *w, effattn_tile_slot *slot) {
  const effattn_attend_code *code = w->run->code;
  const uint32_t results = TILE_ARGUMENTS + w->run->attend->tables;
  effattn_tile_state *in = &slot->state[slot->from];
  effattn_tile_state *out = &slot->state[1 - slot->from];
  void **a = w->tile_arguments;
  a[TILE_PACKED] = &slot->packed_buffer;
  a[TILE_ROWS] = &slot->present_buffer;
  a[TILE_ROW_SETS] = &slot->row_sets_buffer;
  a[TILE_MAX_IN] = &in->max_buffer;
  a[TILE_SUM_IN] = &in->sum_buffer;
  a[TILE_ACC_IN] = &in->acc_buffer;
  a[results] = &out->acc_buffer;
  a[results + 1] = &out->max_buffer;
  a[results + 2] = &out->sum_buffer;
  w->logits_buffer.dimensions[1].extent = w->count;
  w->probabilities_buffer.dimensions[1].extent = w->count;
  slot->from = 1 - slot->from;
  int result = code->tile(a);
  if (result)
    return effattn_kernel_status(result, w->run->attend->name);
  /* A NaN that was not there before is an absent pair that met a value that is
     not finite, or belongs there: only the selecting kernel can tell. */
  int64_t size = (int64_t)w->rows * w->run->attend->value_dim;
  int64_t after = count_nan(out->acc, size);
  if (after && w->run->attend->tables) {
    int32_t status = check_lookups(w, slot);
    if (status)
      return status;
  }
  if (after && after > count_nan(in->acc, size)) {
    void *selected[] = {&w->user,           &w->v,
                        &w->columns_buffer, &w->count,
                        &in->max_buffer,    &out->max_buffer,
                        &in->acc_buffer,    &w->probabilities_buffer,
                        &out->acc_buffer};
    result = code->tile_select(selected);
  }
  return effattn_kernel_status(result, w->run->attend->name);
}

static int32_t run_chunk(effattn_worker *w, effattn_tile_slot *slot) {
  const int32_t unroll = (int32_t)w->run->code->column_unroll;
  effattn_column_reader *reader = &slot->reader;
  int32_t valid = (int32_t)(reader->left < w->chunk ? reader->left : w->chunk);
  int64_t full = reader->full < valid ? reader->full : valid;
  w->full_blocks = full > 0 ? (int32_t)(full / unroll) : 0;
  effattn_read_columns(reader, valid, w->columns, w->column_sets);
  w->count = (valid + unroll - 1) / unroll * unroll;
  for (int32_t k = valid; k < w->count; ++k) {
    w->columns[k] = w->columns[valid - 1];
    w->column_sets[k] = EFFATTN_COLUMN_PADDING;
  }
  return run_columns(w, slot);
}

static float *lse_of(const effattn_worker *w, int32_t row) {
  const effattn_view *lse = &w->run->lse;
  return (float *)lse->data + w->batch * lse->stride[0] +
         w->head * lse->stride[1] + (w->first_query + row) * lse->stride[2];
}

static float *output_of(const effattn_worker *w, int32_t row) {
  return (float *)(void *)w->output.buffer.host +
         (int64_t)row * w->output.dimensions[1].stride;
}

/* The state before the first chunk: nothing, or where the attend continues, one
   key with logit LSE and value O. */
static void begin_state(const effattn_worker *w, effattn_tile_slot *slot) {
  const int64_t channels = w->run->attend->value_dim;
  effattn_tile_state *state = &slot->state[0];
  slot->from = 0;
  for (int32_t k = 0; k < w->rows; ++k)
    state->max[k] = -INFINITY;
  memset(state->sum, 0, (size_t)w->rows * sizeof(float));
  if (!w->run->continues) {
    memset(state->acc, 0, (size_t)(w->rows * channels) * sizeof(float));
    return;
  }
  for (int32_t k = 0; k < w->rows; ++k) {
    const size_t bytes = (size_t)channels * sizeof(float);
    float lse = slot->row[k] < 0 ? -INFINITY : *lse_of(w, slot->row[k]);
    if (lse == -INFINITY) {
      memset(state->acc + k * channels, 0, bytes);
      continue;
    }
    state->max[k] = lse;
    state->sum[k] = 1;
    memcpy(state->acc + k * channels, output_of(w, slot->row[k]), bytes);
  }
}

/* Rows that continue and met no key keep their bits: they are not written. */
static void leave_rows_without_keys(const effattn_worker *w,
                                    effattn_tile_slot *slot) {
  const size_t bytes = (size_t)w->run->attend->value_dim * sizeof(float);
  const effattn_tile_state *state = &slot->state[slot->from];
  for (int32_t k = 0; k < w->rows; ++k) {
    if (slot->row[k] < 0)
      continue;
    float lse = *lse_of(w, slot->row[k]);
    if (lse == -INFINITY ? state->sum[k] == 0
                         : state->max[k] == lse && state->sum[k] == 1 &&
                               memcmp(state->acc + k * (bytes / sizeof(float)),
                                      output_of(w, slot->row[k]), bytes) == 0)
      slot->row[k] = -1;
  }
}

static int32_t begin_tile(effattn_worker *w, effattn_tile_slot *slot,
                          const effattn_plan *plan,
                          const effattn_plan_tile *tile) {
  const int32_t *rows = plan->rows + tile->rows;
  int32_t some = 0;
  for (int32_t k = 0; k < w->rows; ++k)
    if (rows[k] >= 0)
      some = rows[k];
  for (int32_t k = 0; k < w->rows; ++k) {
    slot->row[k] = rows[k];
    slot->present_row[k] = rows[k] >= 0 ? rows[k] : some;
  }
  if (plan->row_sets)
    memcpy(slot->row_sets, plan->row_sets + tile->rows,
           (size_t)w->rows * sizeof *slot->row_sets);
  begin_state(w, slot);
  slot->reader.run = plan->runs + tile->runs;
  slot->reader.order = plan->key_order;
  slot->reader.offset = 0;
  slot->reader.full = tile->full_columns;
  slot->reader.left = (int64_t)tile->full_columns + tile->partial_columns;
  void *pack[] = {&w->user, &w->q, &slot->present_buffer, &w->floats_buffer,
                  &slot->packed_buffer};
  return effattn_kernel_status(w->run->code->pack(pack), w->run->attend->name);
}

static int32_t end_tile(effattn_worker *w, effattn_tile_slot *slot) {
  const effattn_attend_run *run = w->run;
  effattn_tile_state *state = &slot->state[slot->from];
  if (run->continues)
    leave_rows_without_keys(w, slot);
  void *finish[] = {&w->user,           &state->acc_buffer, &state->max_buffer,
                    &state->sum_buffer, &slot->row_buffer,  &w->output,
                    &w->lse_buffer};
  int result = run->code->finish(finish);
  if (run->lse.data && result == 0)
    for (int32_t k = 0; k < w->rows; ++k)
      if (slot->row[k] >= 0)
        *lse_of(w, slot->row[k]) = w->lse[k];
  return effattn_kernel_status(result, run->attend->name);
}

/* Tiles [first, first + count) side by side; count <= slots. */
static int32_t run_tiles(effattn_worker *w, const effattn_plan *plan,
                         int64_t first, int32_t count) {
  int32_t status = EFFATTN_OK;
  bool more = true;
  for (bool begun = false; more && !status; begun = true) {
    more = false;
    for (int32_t s = 0; s < count && !status; ++s) {
      effattn_tile_slot *slot = &w->slot[s];
      const effattn_plan_tile *tile = &plan->tiles[first + s];
      if (!begun) {
        if (first + s + 1 < plan->tile_count)
          effattn_prefetch_queries(w, plan->rows + tile[1].rows);
        status = begin_tile(w, slot, plan, tile);
      } else if (slot->reader.left == 0) {
        continue;
      }
      if (!status && slot->reader.left > 0)
        status = run_chunk(w, slot);
      if (!status && slot->reader.left == 0)
        status = end_tile(w, slot);
      more |= slot->reader.left > 0;
    }
  }
  return status;
}

/* How many of the next tiles to compute side by side: those of several chunks.
   One that needs a single chunk goes alone and finds its state in the first
   cache. */
static int32_t count_side_by_side(const effattn_worker *w,
                                  const effattn_plan_tile *tiles,
                                  int64_t most) {
  int32_t count = 0;
  while (count < most && count < w->slots &&
         (int64_t)tiles[count].full_columns + tiles[count].partial_columns >
             w->chunk)
    ++count;
  return count ? count : 1;
}

/* The sequence of a piece: the last one that begins at or before it. */
static int64_t sequence_of(const effattn_attend_run *run, int64_t piece) {
  int64_t low = 0, high = run->output.shape[0] - 1;
  while (low < high) {
    const int64_t middle = high - (high - low) / 2;
    if (run->first_piece[middle] <= piece)
      low = middle;
    else
      high = middle - 1;
  }
  return low;
}

static void run_piece(void *data, int64_t index, int32_t worker) {
  attend_loop *loop = data;
  const effattn_attend_run *run = loop->run;
  if (atomic_load_explicit(&loop->failure, memory_order_relaxed))
    return;
  int64_t heads = run->head_end - run->head_begin;
  int64_t batch = 0, pieces = loop->pieces_a_head;
  if (run->sequences) {
    batch = sequence_of(run, index);
    index -= run->first_piece[batch];
    pieces = (run->first_piece[batch + 1] - run->first_piece[batch]) / heads;
  }
  int64_t group = index / pieces;
  batch += group / heads;
  int64_t head = run->head_begin + group % heads;
  const effattn_plan *plan = effattn_plan_of(run, batch, head);
  int64_t first = index % pieces * loop->tiles_a_piece;
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
  while (first < end && status == EFFATTN_OK) {
    int32_t count = count_side_by_side(&w, &plan->tiles[first], end - first);
    status = run_tiles(&w, plan, first, count);
    first += count;
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

static void count_work(const effattn_attend_run *run,
                       const effattn_plan *plan) {
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

/* The pieces of each sequence: as many for each head as the longest needs.
   Gives how many there are. */
static int64_t place_pieces(const effattn_attend_run *run,
                            int64_t tiles_a_piece) {
  int64_t pieces = 0;
  for (int64_t b = 0; b < run->output.shape[0]; ++b) {
    int64_t tiles = 0;
    for (int64_t h = run->head_begin; h < run->head_end; ++h) {
      const int64_t own = effattn_plan_of(run, b, h)->tile_count;
      tiles = own > tiles ? own : tiles;
    }
    run->first_piece[b] = pieces;
    pieces += (tiles + tiles_a_piece - 1) / tiles_a_piece *
              (run->head_end - run->head_begin);
  }
  run->first_piece[run->output.shape[0]] = pieces;
  return pieces;
}

int32_t effattn_attend_cpu(const effattn_attend_run *run) {
  int32_t status = check(run);
  if (status)
    return status;
  int64_t batches = run->query.shape[0];
  int64_t heads = run->head_end - run->head_begin;
  int64_t tiles = 0, total = 0;
  for (int64_t b = 0; b < batches; ++b)
    for (int64_t h = run->head_begin; h < run->head_end; ++h) {
      const effattn_plan *plan = effattn_plan_of(run, b, h);
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
  loop.tiles_a_piece = share < 1                    ? 1
                       : share > MOST_TILES_A_PIECE ? MOST_TILES_A_PIECE
                                                    : share;
  loop.pieces_a_head = (tiles + loop.tiles_a_piece - 1) / loop.tiles_a_piece;
  atomic_init(&loop.failure, EFFATTN_OK);
  int64_t pieces = batches * heads * loop.pieces_a_head;
  if (run->sequences)
    pieces = place_pieces(run, loop.tiles_a_piece);
  run->parallel_for(run->parallel_user, pieces, run->workers, run_piece, &loop);
  return atomic_load(&loop.failure);
}
