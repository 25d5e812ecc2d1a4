/*===- attend_columns.c - runs of a plan as lists of columns
 * ---------------===*/

#include "attend_cpu.h"

__attribute__((target("avx2"))) void
effattn_read_columns(effattn_column_reader *reader, int32_t count,
                     int32_t *columns, uint32_t *sets) {
  reader->left -= count;
  while (count > 0) {
    const effattn_plan_run *run = reader->run;
    int64_t left = run->count - reader->offset;
    int32_t taken = left < count ? (int32_t)left : count;
    int32_t column = (int32_t)(run->first + reader->offset * run->step);
    uint32_t bits = reader->full > 0 ? EFFATTN_COLUMN_FULL : run->sets;
    if (reader->order)
      for (int32_t k = 0; k < taken; ++k)
        columns[k] = reader->order[column + k * run->step];
    else if (run->step == 1)
      for (int32_t k = 0; k < taken; ++k)
        columns[k] = column + k;
    else
      for (int32_t k = 0; k < taken; ++k)
        columns[k] = column + k * run->step;
    for (int32_t k = 0; k < taken; ++k)
      sets[k] = bits;
    columns += taken;
    sets += taken;
    count -= taken;
    reader->offset += taken;
    reader->full -= taken;
    if (taken == left) {
      ++reader->run;
      reader->offset = 0;
    }
  }
}

/* Most columns that are asked for ahead of a tile: more would push out what
   the current tile still needs. */
enum { PREFETCHED_COLUMNS = 96, LINE = 64 };

static void prefetch_row(const effattn_buffer2 *tensor, int64_t row) {
  const char *first = (const char *)((const float *)tensor->buffer.host +
                                     row * tensor->dimensions[1].stride);
  const char *end =
      first + (size_t)tensor->dimensions[0].extent * sizeof(float);
  for (; first < end; first += LINE)
    __builtin_prefetch(first, 0, 2);
}

void effattn_prefetch_tile(const effattn_worker *worker,
                           const effattn_plan *plan,
                           const effattn_plan_tile *tile,
                           const effattn_plan_tile *next) {
  const int32_t *rows = plan->rows + next->rows;
  for (int32_t k = 0; k < worker->rows; ++k)
    if (rows[k] >= 0) {
      prefetch_row(&worker->q, rows[k]);
      prefetch_row(&worker->output, rows[k]);
    }

  /* Columns that this tile has read lie between its least and its greatest. */
  int64_t low = INT64_MAX, high = -1;
  const effattn_plan_run *run = plan->runs + tile->runs;
  const effattn_plan_run *end = run + tile->full_runs + tile->partial_runs;
  for (; run < end; ++run) {
    int64_t last = run->first + (int64_t)(run->count - 1) * run->step;
    low = run->first < low ? run->first : low;
    high = last > high ? last : high;
  }
  int32_t budget = PREFETCHED_COLUMNS;
  run = plan->runs + next->runs;
  end = run + next->full_runs + next->partial_runs;
  for (; run < end && budget > 0; ++run) {
    int64_t last = run->first + (int64_t)(run->count - 1) * run->step;
    if (run->first >= low && last <= high)
      continue;
    int64_t column = run->first;
    while (column <= last && budget > 0) {
      if (column >= low && column <= high) { /* over what is there */
        column += (high - column) / run->step * run->step + run->step;
        continue;
      }
      int64_t key = plan->key_order ? plan->key_order[column] : column;
      prefetch_row(&worker->k, key);
      prefetch_row(&worker->v, key);
      column += run->step;
      --budget;
    }
  }
}
