/*===- gpu_plan.c - plans as a tile kernel reads them
----------------------===*\
|*
|* Layout in gpu_words.h. Runs of at least a step of columns become blocks as
|* they are; shorter ones are listed column by column, full and partial apart,
|* so that scattered columns fill the steps of the kernel. Columns that are
|* ranks of keys are all listed, as tokens.
|*
|* A block has 2^shift steps. The larger the shift, the fewer words; the last
|* steps of each run's last block are empty. The largest shift is taken with
|* which empty steps stay below one in 32: the words are then proportional to
|* the runs, not to the columns.
|*
\*===----------------------------------------------------------------------===*/
#include "gpu_internal.h"

#include <string.h>

#define MOST_SHIFT 16
#define EMPTY_STEPS_ONE_IN 32

/* The tiles of distinct plans, one after another. */
typedef struct plan_walk {
  const effattn_attend_run *run;
  int32_t heads, batches; /* of distinct plans */
  int64_t first_tile, tiles;
} plan_walk;

static bool all_heads(const effattn_attend_run *run) {
  return run->head_begin == 0 && run->head_end == run->output.shape[1];
}

/* Heads that are left out have records of their own, without rows. */
static plan_walk make_walk(const effattn_attend_run *run, int64_t first_tile,
                           int64_t tiles) {
  plan_walk walk = {.run = run, .first_tile = first_tile, .tiles = tiles};
  walk.batches = run->plan_batch_stride ? (int32_t)run->output.shape[0] : 1;
  walk.heads = run->plan_head_stride || !all_heads(run)
                   ? (int32_t)run->output.shape[1]
                   : 1;
  return walk;
}

/* NULL: the head is left out. */
static const effattn_plan *plan_at(const plan_walk *walk, int32_t batch,
                                   int32_t head) {
  if (walk->heads > 1 &&
      (head < walk->run->head_begin || head >= walk->run->head_end))
    return NULL;
  return effattn_plan_of(walk->run, batch, head);
}

int64_t effattn_gpu_most_tiles(const effattn_attend_run *run) {
  const plan_walk walk = make_walk(run, 0, 0);
  int64_t most = 0;
  for (int32_t batch = 0; batch < walk.batches; ++batch)
    for (int32_t head = 0; head < walk.heads; ++head) {
      const effattn_plan *plan = plan_at(&walk, batch, head);
      const int64_t tiles = plan ? plan->tile_count : 0;
      most = tiles > most ? tiles : most;
    }
  return most;
}

bool effattn_gpu_all_rows(const effattn_attend_run *run) {
  const plan_walk walk = make_walk(run, 0, 0);
  for (int32_t batch = 0; batch < walk.batches; ++batch)
    for (int32_t head = 0; head < walk.heads; ++head) {
      const effattn_plan *plan = plan_at(&walk, batch, head);
      if (!plan)
        return false;
      int64_t rows = 0;
      for (int64_t t = 0; t < plan->tile_count; ++t)
        rows += plan->tiles[t].present;
      if (rows != (run->sequences ? run->sequences[batch].queries
                                  : run->output.shape[2]))
        return false;
    }
  return true;
}

/*===- counting ----------------------------------------------------------===*/

typedef struct plan_counts {
  int64_t rows;                  /* pairs */
  int64_t columns;               /* pairs of listed columns */
  int64_t steps[MOST_SHIFT + 1]; /* with empty ones, by shift */
} plan_counts;

static void count_columns(plan_counts *counts, int64_t columns,
                          int64_t unroll) {
  const int64_t steps = (columns + unroll - 1) / unroll;
  for (int shift = 0; shift <= MOST_SHIFT; ++shift) {
    const int64_t unit = (int64_t)1 << shift;
    counts->steps[shift] += (steps + unit - 1) / unit * unit;
  }
}

/* Whether a run is listed column by column: short ones, and columns that are
   ranks of keys. */
static bool is_listed(const effattn_plan *plan, const effattn_plan_run *run,
                      int64_t unroll) {
  return run->count < unroll || plan->key_order;
}

static void count_runs(plan_counts *counts, const effattn_plan *plan,
                       const effattn_plan_run *runs, int32_t number,
                       int64_t unroll) {
  int64_t listed = 0;
  for (int32_t r = 0; r < number; ++r) {
    if (is_listed(plan, &runs[r], unroll))
      listed += runs[r].count;
    else
      count_columns(counts, runs[r].count, unroll);
  }
  if (listed)
    count_columns(counts, listed, unroll);
  counts->columns += listed;
}

static int choose_shift(const plan_counts *counts) {
  int shift = MOST_SHIFT;
  while (shift > 0 && counts->steps[shift] - counts->steps[0] >
                          counts->steps[0] / EMPTY_STEPS_ONE_IN)
    --shift;
  return shift;
}

/*===- writing -----------------------------------------------------------===*/

typedef struct plan_writer {
  int32_t *words;
  int64_t row, block, column; /* next places: rows in words, others counted */
  int64_t blocks_at, columns_at; /* where they start */
  int64_t unroll;
  int shift;
} plan_writer;

static void write_block(plan_writer *writer, int64_t first, int64_t step,
                        int64_t count, uint32_t flags) {
  int32_t *to = writer->words + writer->blocks_at + 4 * writer->block++;
  to[0] = (int32_t)first;
  to[1] = (int32_t)step;
  to[2] = (int32_t)count;
  memcpy(&to[3], &flags, sizeof flags);
}

/* Cuts columns into blocks. */
static void write_columns(plan_writer *writer, int64_t first, int64_t step,
                          int64_t count, uint32_t flags) {
  const int64_t most = writer->unroll << writer->shift;
  for (int64_t at = 0; at < count; at += most)
    write_block(writer, first + at * step, step,
                count - at < most ? count - at : most, flags);
}

static void write_runs(plan_writer *writer, const effattn_plan *plan,
                       const effattn_plan_run *runs, int32_t number,
                       uint32_t flags) {
  const int64_t first_listed = writer->column;
  for (int32_t r = 0; r < number; ++r) {
    const effattn_plan_run *run = &runs[r];
    if (!is_listed(plan, run, writer->unroll)) {
      write_columns(writer, run->first, run->step, run->count,
                    flags | run->sets << EFFATTN_GPU_SETS);
      continue;
    }
    for (int64_t k = 0; k < run->count; ++k) {
      int32_t *to = writer->words + writer->columns_at + 2 * writer->column++;
      const int64_t column = run->first + k * run->step;
      to[0] = plan->key_order ? plan->key_order[column] : (int32_t)column;
      memcpy(&to[1], &run->sets, sizeof run->sets);
    }
  }
  if (writer->column > first_listed)
    write_columns(writer, first_listed, 1, writer->column - first_listed,
                  flags | EFFATTN_GPU_LISTED);
}

static void write_tile(plan_writer *writer, const effattn_plan *plan,
                       const effattn_plan_tile *tile, int32_t *record) {
  record[EFFATTN_GPU_WORK_ROWS] = (int32_t)writer->row;
  record[EFFATTN_GPU_WORK_BLOCK] = (int32_t)writer->block;
  for (uint32_t r = 0; r < plan->tile_rows; ++r) {
    const int64_t entry = tile->rows + r;
    writer->words[writer->row++] = plan->rows[entry];
    const uint32_t sets = plan->row_sets ? plan->row_sets[entry] : 0;
    memcpy(&writer->words[writer->row++], &sets, sizeof sets);
  }
  const effattn_plan_run *runs = plan->runs + tile->runs;
  const int64_t first = writer->block;
  write_runs(writer, plan, runs, tile->full_runs, 0);
  write_runs(writer, plan, runs + tile->full_runs, tile->partial_runs,
             EFFATTN_GPU_PARTIAL);
  record[EFFATTN_GPU_WORK_STEPS] =
      (int32_t)((writer->block - first) << writer->shift);
}

/* Calls for each tile of the walk; a plan with fewer tiles gives NULL, and so
   does a head that is left out. `same`: the record of an earlier head that has
   the same tile, or -1. */
typedef void (*visit_tile)(void *data, const effattn_plan *plan,
                           const effattn_plan_tile *tile, int64_t record,
                           int64_t same);

static void walk_tiles(const plan_walk *walk, visit_tile visit, void *data) {
  int64_t record = 0;
  const int32_t first_head =
      walk->heads > 1 ? (int32_t)walk->run->head_begin : 0;
  for (int32_t batch = 0; batch < walk->batches; ++batch)
    for (int32_t head = 0; head < walk->heads; ++head) {
      const effattn_plan *plan = plan_at(walk, batch, head);
      const bool shared = !walk->run->plan_head_stride && head > first_head;
      for (int64_t t = 0; t < walk->tiles; ++t, ++record) {
        const int64_t tile = walk->first_tile + t;
        visit(data, plan,
              plan && tile < plan->tile_count ? &plan->tiles[tile] : NULL,
              record, shared ? record - (head - first_head) * walk->tiles : -1);
      }
    }
}

typedef struct count_data {
  plan_counts counts;
  int64_t unroll;
} count_data;

static void count_tile(void *data, const effattn_plan *plan,
                       const effattn_plan_tile *tile, int64_t record,
                       int64_t same) {
  (void)record;
  if (!tile || same >= 0)
    return;
  count_data *own = data;
  own->counts.rows += plan->tile_rows;
  const effattn_plan_run *runs = plan->runs + tile->runs;
  count_runs(&own->counts, plan, runs, tile->full_runs, own->unroll);
  count_runs(&own->counts, plan, runs + tile->full_runs, tile->partial_runs,
             own->unroll);
}

typedef struct write_data {
  plan_writer writer;
  int32_t *work;
  int64_t no_rows; /* place of a tile without rows */
} write_data;

static void write_record(void *data, const effattn_plan *plan,
                         const effattn_plan_tile *tile, int64_t record,
                         int64_t same) {
  write_data *own = data;
  int32_t *to = own->work + EFFATTN_GPU_WORK_FIELDS * record;
  memset(to, 0, EFFATTN_GPU_WORK_FIELDS * sizeof *to);
  if (tile && same >= 0)
    memcpy(to, own->work + EFFATTN_GPU_WORK_FIELDS * same,
           EFFATTN_GPU_WORK_FIELDS * sizeof *to);
  else if (tile)
    write_tile(&own->writer, plan, tile, to);
  else
    to[EFFATTN_GPU_WORK_ROWS] = (int32_t)own->no_rows;
}

/*===- parameters --------------------------------------------------------===*/

static effattn_status write_parameters(const effattn_attend_run *run,
                                       int32_t *words, int64_t *used) {
  const effattn_attend *attend = run->attend;
  memset(words, 0, EFFATTN_GPU_PARAMETERS * sizeof *words);
  const effattn_view *tensors[] = {&run->query, &run->key, &run->value};
  const int places[] = {EFFATTN_GPU_QUERY_TOKEN, EFFATTN_GPU_KEY_TOKEN,
                        EFFATTN_GPU_VALUE_TOKEN};
  for (int k = 0; k < 3; ++k)
    for (int axis = 0; axis < 3; ++axis) { /* token, head, batch */
      const int64_t stride = tensors[k]->stride[2 - axis];
      /* An axis of size 1 may have any stride, and adds nothing; so do the axes
         of a tensor without tokens. */
      const bool alone =
          tensors[k]->shape[2 - axis] == 1 || tensors[k]->shape[2] == 0;
      if (!alone && stride % 4 != 0)
        return effattn_fail(EFFATTN_STRIDE,
                            "%s: strides of tensors on a device are multiples "
                            "of 4, but got %lld",
                            attend->name, (long long)stride);
      words[places[k] + axis] = alone ? 0 : (int32_t)(stride / 4);
    }
  const int64_t heads = run->output.shape[1];
  words[EFFATTN_GPU_KEY_GROUP] = (int32_t)(heads / run->key.shape[1]);
  words[EFFATTN_GPU_VALUE_GROUP] = (int32_t)(heads / run->value.shape[1]);
  int64_t at = EFFATTN_GPU_PARAMETERS;
  for (uint32_t i = 0; i < attend->integers; ++i) {
    const int64_t value = run->integers[i];
    if (value > EFFATTN_GPU_LIMIT || value < -EFFATTN_GPU_LIMIT)
      return effattn_fail(
          EFFATTN_DEVICE_LIMIT,
          "%s: sizes and integers of a pattern lie within %d on a device, but "
          "got %lld",
          attend->name, EFFATTN_GPU_LIMIT, (long long)value);
    words[at++] = (int32_t)value;
  }
  for (uint32_t i = 0; i < attend->floats; ++i) {
    const float value = (float)run->floats[i];
    memcpy(&words[at++], &value, sizeof value);
  }
  for (uint32_t t = 0; t < attend->tables; ++t) {
    const effattn_view *table = &run->tables[t];
    for (uint32_t axis = table->rank; axis-- > 0;)
      words[at++] = (int32_t)table->shape[axis];
    for (uint32_t axis = table->rank; axis-- > 0;)
      words[at++] = (int32_t)table->stride[axis];
    words[at++] = 0; /* attend_gpu.c cuts tables */
  }
  *used = at;
  return EFFATTN_OK;
}

static int64_t parameter_words(const effattn_attend_run *run) {
  int64_t words =
      EFFATTN_GPU_PARAMETERS + run->attend->integers + run->attend->floats;
  for (uint32_t t = 0; t < run->attend->tables; ++t)
    words += 2 * (int64_t)run->tables[t].rank + 1;
  return words;
}

effattn_status effattn_gpu_pack(effattn_launch *launch,
                                const effattn_attend_run *run,
                                int64_t first_tile, int64_t tiles,
                                effattn_gpu_packed *packed) {
  const plan_walk walk = make_walk(run, first_tile, tiles);
  const int64_t tile_rows = run->code->tile_rows;
  count_data count = {.unroll = run->code->column_unroll};
  walk_tiles(&walk, count_tile, &count);
  const int shift = choose_shift(&count.counts);
  const int64_t blocks = count.counts.steps[shift] >> shift;

  const int64_t parameters = parameter_words(run);
  const int64_t rows_at = parameters + 2 * tile_rows; /* after the empty tile */
  const int64_t blocks_at = rows_at + 2 * count.counts.rows;
  const int64_t columns_at = blocks_at + 4 * blocks;
  packed->words = effattn_gpu_scratch_take(
      launch, columns_at + 2 * count.counts.columns, true, false);
  packed->work =
      packed->words ? effattn_gpu_scratch_take(launch,
                                               EFFATTN_GPU_WORK_FIELDS * tiles *
                                                   walk.heads * walk.batches,
                                               true, false)
                    : NULL;
  if (!packed->work)
    return EFFATTN_OUT_OF_MEMORY;
  packed->tiles = (int32_t)tiles;
  packed->heads = walk.heads;
  packed->batches = walk.batches;

  int32_t *words = (int32_t *)packed->words->data;
  int64_t used = 0;
  const effattn_status status = write_parameters(run, words, &used);
  if (status)
    return status;
  words[EFFATTN_GPU_BLOCKS] = (int32_t)blocks_at;
  words[EFFATTN_GPU_COLUMNS] = (int32_t)columns_at;
  words[EFFATTN_GPU_SHIFT] = shift;
  for (int64_t r = 0; r < tile_rows; ++r) {
    words[parameters + 2 * r] = -1;
    words[parameters + 2 * r + 1] = 0;
  }
  write_data write = {.work = (int32_t *)packed->work->data,
                      .no_rows = parameters};
  write.writer = (plan_writer){.words = words,
                               .row = rows_at,
                               .blocks_at = blocks_at,
                               .columns_at = columns_at,
                               .unroll = run->code->column_unroll,
                               .shift = shift};
  walk_tiles(&walk, write_record, &write);
  return EFFATTN_OK;
}
