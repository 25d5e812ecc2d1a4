/*===- attend_cpu.h - parts of the CPU's attend
----------------------------===*\
|*
|* What one worker holds while it computes tiles. All of it lies in the scratch
|* that effattn_attend_run gives: nothing here allocates.
|*
\*===----------------------------------------------------------------------===*/
#ifndef EFFATTN_SRC_ATTEND_CPU_H
#define EFFATTN_SRC_ATTEND_CPU_H

#include "internal.h"

/* A Halide buffer of at most two dimensions, with its dimensions. */
typedef struct effattn_buffer2 {
  struct halide_buffer_t buffer;
  struct halide_dimension_t dimensions[2];
} effattn_buffer2;

/* Arguments of the tile kernel before the tables, in the order of
   docs/kernel-abi.md; after the tables come TILE_RESULTS. */
enum {
  TILE_USER,
  TILE_PACKED,
  TILE_K,
  TILE_V,
  TILE_ROWS,
  TILE_ROW_SETS,
  TILE_COLUMNS,
  TILE_COLUMN_SETS,
  TILE_INTEGERS,
  TILE_FLOATS,
  TILE_BATCH,
  TILE_HEAD,
  TILE_FULL_BLOCKS,
  TILE_COUNT,
  TILE_MAX_IN,
  TILE_SUM_IN,
  TILE_ACC_IN,
  TILE_ARGUMENTS,
  TILE_RESULTS = 5 /* acc, max, sum, the panels of logits, probabilities */
};

/* Set bits of a column that are no key sets (lib/Schedule/AttendAlgorithm.h):
   every row sees it; none does. */
#define EFFATTN_COLUMN_FULL (1u << 30)
#define EFFATTN_COLUMN_PADDING (1u << 31)

/* Bits of the logit of a pair whose score, or whose pattern, looked up a table
   out of range. */
#define EFFATTN_OUT_OF_RANGE 0x7fd0e5a1u
#define EFFATTN_OUT_OF_RANGE_PATTERN 0x7fd0e5a2u

/* (max, sum, acc) of a tile between two chunks of columns. */
typedef struct effattn_tile_state {
  float *max, *sum, *acc;
  effattn_buffer2 max_buffer, sum_buffer, acc_buffer;
} effattn_tile_state;

/* Reads the runs of a tile in order, chunk by chunk. */
typedef struct effattn_column_reader {
  const effattn_plan_run *run;
  const int32_t *order; /* effattn_plan.key_order */
  int64_t offset;       /* columns of *run already given */
  int64_t full;         /* full columns not given yet */
  int64_t left;         /* columns not given yet */
} effattn_column_reader;

/* A tile that is being computed. */
typedef struct effattn_tile_slot {
  int32_t *row, *present_row; /* the plan's entries; -1 replaced by a row */
  uint32_t *row_sets;
  float *packed;
  effattn_tile_state state[2];
  int from; /* the state that the next chunk starts from */
  effattn_column_reader reader;
  effattn_buffer2 row_buffer, present_buffer, row_sets_buffer, packed_buffer;
} effattn_tile_slot;

/* Tiles that a worker computes side by side, chunk by chunk, so that the keys
   and values of a chunk are read from memory once for all of them. */
enum { EFFATTN_MOST_SLOTS = 8 };

typedef struct effattn_worker {
  const effattn_attend_run *run;
  int32_t rows, chunk, slots;
  effattn_tile_slot slot[EFFATTN_MOST_SLOTS];

  int32_t *columns;
  uint32_t *column_sets;
  int32_t *integers;
  float *floats, *lse, *logits, *probabilities;
  effattn_buffer2 q, k, v, output; /* of the current (batch, head) */
  effattn_buffer2 columns_buffer, column_sets_buffer, integers_buffer,
      floats_buffer, lse_buffer, logits_buffer, probabilities_buffer;
  struct halide_buffer_t *tables;
  struct halide_dimension_t *table_dimensions;

  int32_t batch, head, full_blocks, count;
  int64_t first_query; /* of the sequence: where its row 0 is; else 0 */
  void *user;
  void **tile_arguments;
} effattn_worker;

/* Lays a worker out in `scratch`; returns the bytes used. With scratch NULL it
   only counts. */
size_t effattn_worker_layout(effattn_worker *worker,
                             const effattn_attend *attend,
                             const effattn_attend_code *code, void *scratch);

/* Fills in what does not change from tile to tile. */
int32_t effattn_worker_begin(effattn_worker *worker,
                             const effattn_attend_run *run);

/* Points the worker at one (batch, head). */
void effattn_worker_select(effattn_worker *worker, int64_t batch, int64_t head);

/* Writes the next `count` columns of the tile and their set bits. */
void effattn_read_columns(effattn_column_reader *reader, int32_t count,
                          int32_t *columns, uint32_t *sets);

/* Asks for the queries of the next tile. Its keys and values are left to the
   processor, which reads ahead: asking for them, or for the rows of the output,
   takes longer than it saves (docs/measurements.md). */
void effattn_prefetch_queries(const effattn_worker *worker,
                              const int32_t *rows);

#endif /* EFFATTN_SRC_ATTEND_CPU_H */
