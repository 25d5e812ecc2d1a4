/*===- plan.h - the tiles and columns of one attend ----------------------===*\
|*
|* A plan says which query rows are computed together (a tile) and which key
|* columns a tile reads, as runs: full runs are seen by every row of the tile,
|* partial runs by some rows only and need the predicate. It is made for one
|* group: one (batch, head) pair, or all of them where no index set of the
|* attend has batch or head axes.
|*
|* What holds for every plan:
|*   - each query row that the row filters keep is in exactly one tile; a row
|*     that no column is visible to is in a tile too (its result is 0, -inf);
|*   - the runs of a tile, full and partial together, are disjoint, lie in
|*     [0, M) (ranks of keys where there is a key order), have count >= 1 and
|*     step >= 1 and come in no particular order;
|*   - a pair (row, column) of the tile that is in no run of the tile is not in
|*     the pattern; a pair in a full run is; a pair in a partial run is where
|*     the predicate says so, given the set bits of the row and of the run.
|*
|* Nothing is rounded to multiples of column_unroll or column_chunk: that is
|* left to what executes the plan.
|*
|* Making a plan takes time and memory proportional to the number of runs (and
|* of tiles), never to N x M.
|*
\*===----------------------------------------------------------------------===*/
#ifndef EFFATTN_RUNTIME_PLAN_H
#define EFFATTN_RUNTIME_PLAN_H

#include "effattn/kernel.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Strictly increasing values. */
typedef struct effattn_plan_set {
  const int32_t *values;
  int64_t count;
} effattn_plan_set;

/* Keep only rows in (keep = 1) or not in (keep = 0) the set. */
typedef struct effattn_plan_filter {
  effattn_plan_set set;
  int32_t keep;
} effattn_plan_filter;

/* The hooks of effattn_options. `allocate` gives NULL where there is none. */
typedef struct effattn_plan_allocator {
  void *user;
  void *(*allocate)(void *user, size_t bytes, size_t alignment);
  void (*deallocate)(void *user, void *memory, size_t bytes, size_t alignment);
} effattn_plan_allocator;

typedef struct effattn_plan_request {
  uint32_t tile_rows;        /* effattn_attend_code.tile_rows */
  const effattn_case *cases; /* effattn_attend_code.cases */
  uint32_t key_sets, query_sets;
  const int64_t *parameters;         /* N, M, q0, ...; N and M below 2^31 */
  const effattn_plan_set *key_set;   /* key_sets of them */
  const effattn_plan_set *query_set; /* query_sets of them */
  uint32_t row_filters;
  const effattn_plan_filter *row_filter; /* all must hold */
  effattn_plan_allocator allocator;

  /* What follows may be left 0. */
  uint32_t row_order; /* effattn_attend_code: row_order to tile_row_list */
  uint32_t order_relation;
  effattn_tiles_function tile_count;
  effattn_rows_function tile_row_list;
  uint32_t key_conditions, query_conditions; /* effattn_attend */
  const effattn_plan_value *key_condition, *query_condition;
  uint32_t relations;
  const effattn_relation *relation;
  const effattn_plan_table *tables; /* that conditions and relations read */
  /* Permutations, rank -> token: `parameters`, cases, conditions and relations
     are about ranks then, index sets and row filters about tokens. NULL:
     none. The plan refers to key_order. */
  const int32_t *query_order, *key_order;
} effattn_plan_request;

typedef struct effattn_plan_run {
  int32_t first, step, count;
  uint32_t sets; /* bit k: the columns are in key set k (0 in a full run) */
} effattn_plan_run;

typedef struct effattn_plan_tile {
  int64_t rows; /* entries [rows, rows + tile_rows) of effattn_plan.rows */
  int64_t runs; /* effattn_plan.runs: full_runs full ones, then the partial */
  int32_t full_runs, partial_runs;
  int32_t full_columns, partial_columns; /* sums of the counts */
  int32_t present;                       /* rows that are not -1; at least 1 */
  int32_t first_row; /* contiguous tiles: entry k is row first_row + k or -1;
                        -1: other rows */
} effattn_plan_tile;

typedef struct effattn_plan {
  uint32_t tile_rows;
  /* The column c of a run is the key key_order[c]; NULL: the key c. Not owned.
   */
  const int32_t *key_order;
  int64_t tile_count, run_count, row_count;
  effattn_plan_tile *tiles;
  effattn_plan_run *runs;
  int32_t *rows;      /* tile_rows entries a tile: query rows, -1 for none */
  uint32_t *row_sets; /* like rows: bit k: the row is in query set k; NULL where
                         the attend has no query sets */
  /* Totals over all tiles; columns times tile_rows are the computed pairs. */
  int64_t full_columns, partial_columns, visible_tiles;
  int32_t most_full_columns, most_partial_columns; /* of one tile */
  size_t bytes; /* of memory that the plan holds */

  effattn_plan_allocator allocator;
  int64_t tile_capacity, run_capacity, row_capacity, row_set_capacity;
} effattn_plan;

/* Bounds of a request: relations; and key sets + 2 x key conditions, the same
   for queries. */
#define EFFATTN_PLAN_MOST_RELATIONS 4
#define EFFATTN_PLAN_MOST_BITS 16

/* Fills in `*plan`, which needs no initialisation. 0, or one of these; then the
   plan is empty and holds no memory. */
#define EFFATTN_PLAN_OUT_OF_MEMORY 13 /* EFFATTN_OUT_OF_MEMORY */
#define EFFATTN_PLAN_UNSUPPORTED 18   /* EFFATTN_UNSUPPORTED: past a bound */
int32_t effattn_plan_build(const effattn_plan_request *request,
                           effattn_plan *plan);

/* Gives the memory back; the plan is empty afterwards. */
void effattn_plan_free(effattn_plan *plan);

#ifdef __cplusplus
}
#endif

#endif /* EFFATTN_RUNTIME_PLAN_H */
