/*===- planner.h - what the parts of the planner share -------------------===*\
|*
|* A column's class is the set of key sets that hold it, as bits; class 0 is in
|* none. A pattern is one pattern without sets on the columns of each class (a
|* case of lib/Analysis/Analysis.h), so the runs of a tile are, over classes,
|* those of the case, restricted to the columns of the class: for class 0 by
|* taking the columns of all sets out of a run, else by cutting a run with the
|* intervals of the class. Both cost in proportion to what they give.
|*
\*===----------------------------------------------------------------------===*/
#ifndef EFFATTN_RUNTIME_PLANNER_H
#define EFFATTN_RUNTIME_PLANNER_H

#include "plan.h"

#include <stdbool.h>

/* The end of an interval of columns in a sweep: `change` more rows see the
   columns residue + modulus * n from n = position on. */
typedef struct effattn_plan_event {
  int32_t residue, position, change;
} effattn_plan_event;

/* A row that is left for gathered tiles, and the query sets that hold it. */
typedef struct effattn_plan_row {
  int32_t row;
  uint32_t sets;
} effattn_plan_row;

/* A growing array. */
typedef struct effattn_plan_array {
  void *data;
  int64_t count, capacity;
} effattn_plan_array;

/* Room for `count` elements; false where there is no memory. */
bool effattn_plan_reserve(const effattn_plan_allocator *allocator, void **data,
                          int64_t *capacity, int64_t count, size_t element);
void effattn_plan_release_memory(const effattn_plan_allocator *allocator,
                                 void *data, int64_t capacity, size_t element);

/* Columns [first, end) that are in exactly the key sets `sets`. */
typedef struct effattn_plan_interval {
  int32_t first, end;
  uint32_t sets;
} effattn_plan_interval;

typedef struct effattn_planner {
  const effattn_plan_request *request;
  effattn_plan *plan;
  /* Intervals of all columns in some set, by column; the same again grouped by
     class: those of class k are [class_start[k], class_start[k + 1]). */
  effattn_plan_array marked, grouped;
  int64_t *class_start;
  int64_t class_capacity;
  /* Runs of the tile at hand: effattn_plan_run. */
  effattn_plan_array full, partial;
  effattn_plan_array listed;  /* effattn_run: what a generated function gave */
  effattn_plan_array events;  /* of a sweep */
  effattn_plan_array pending; /* rows for gathered tiles */
  /* tile_rows entries each: of the tile of contiguous rows at hand. */
  int32_t *tile_row;
  uint32_t *tile_sets;
  uint8_t *tile_present;
  /* Place in each filter's set, then in each query set. */
  int64_t *cursors;
} effattn_planner;

/* All functions below: false where there is no memory. */

/*===- plan_columns.c ----------------------------------------------------===*/

/* Merges the key sets into intervals. */
bool effattn_plan_mark_columns(effattn_planner *planner);
/* Gives back what the functions of this file allocated. */
void effattn_plan_release_columns(effattn_planner *planner);

/* Calls a generated function (NULL lists nothing) and leaves its runs in
   planner->listed. */
bool effattn_plan_list(effattn_planner *planner, effattn_runs_function function,
                       int64_t index);

/* Adds the columns of one run of a case that are in class `sets`. */
bool effattn_plan_add(effattn_planner *planner, effattn_plan_array *runs,
                      effattn_run run, uint32_t sets);

/*===- plan_sweep.c ------------------------------------------------------===*/

/* Adds the columns of class `sets` that rows see, for gathered rows: full where
   all do. `rows_case` is the case of the rows' sets and of the class. */
bool effattn_plan_sweep(effattn_planner *planner, const int32_t *rows,
                        int32_t count, const effattn_case *rows_case,
                        uint32_t sets);

/*===- plan.c ------------------------------------------------------------===*/

/* Room in the plan for so many of each. */
bool effattn_plan_reserve_tiles(effattn_plan *plan, int64_t tiles, int64_t runs,
                                int64_t rows);
/* Appends a tile of the `tile_rows` entries `rows`, `present` of them not -1
   and all in the query sets `row_sets`: the tile of contiguous rows with that
   number, or gathered rows where `index` is -1. */
bool effattn_plan_add_tile(effattn_planner *planner, int64_t index,
                           const int32_t *rows, int32_t present,
                           uint32_t row_sets);

/*===- plan_rows.c -------------------------------------------------------===*/

/* All rows: no filters, no query sets. */
bool effattn_plan_all_rows(effattn_planner *planner);
/* Rows as filters and query sets have it. */
bool effattn_plan_rows_by_class(effattn_planner *planner);

#endif /* EFFATTN_RUNTIME_PLANNER_H */
