/*===- planner.h - what the parts of the planner share -------------------===*\
|*
|* The atoms of a pattern (lib/Analysis/Atoms.h) divide the columns of a tile in
|* two ways.
|*
|*   class   which key sets hold the column and which key conditions hold on it:
|*           known once for a plan. Conditions whose look-up was out of range
|*           are `maybe` bits of the class.
|*   state   what each relation is on the column for the rows of the tile: 0 no
|*           row has it, 1 every row, 2 some may; digits in base 3. State 0 is
|*           whatever is in none of the intervals that a tile's labels give.
|*
|* Each class and state is a pattern without atoms, a case, whose runs are
|* restricted to the columns of the state and of the class: by taking intervals
|* out of a run for class 0 and state 0, else by cutting the run with the
|* intervals. Both cost in proportion to what they give.
|*
|* Rows have classes too, by query sets and query conditions; a tile has rows of
|* one class.
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

/* Something with a key to sort by. */
typedef struct effattn_plan_item {
  uint64_t key;
  int32_t a, b;
} effattn_plan_item;

/* A growing array. */
typedef struct effattn_plan_array {
  void *data;
  int64_t count, capacity;
} effattn_plan_array;

/* Columns [first, end) that are of one class or in one state. */
typedef struct effattn_plan_interval {
  int32_t first, end;
  uint32_t kind;
} effattn_plan_interval;

/* Columns of one relation by label. */
typedef struct effattn_plan_labels {
  effattn_plan_array items;  /* effattn_plan_item: label, columns [a, b) */
  effattn_plan_array missed; /* effattn_plan_interval: no label; by column */
} effattn_plan_labels;

/* Values from low to high. */
typedef struct effattn_plan_range {
  int64_t low, high;
} effattn_plan_range;

/* The columns of a compared relation as a tree: level 0 are the columns, the
   last level is one node (plan_compare.c). */
#define EFFATTN_PLAN_MOST_COMPARISONS 8
#define EFFATTN_PLAN_LEVELS 12
typedef struct effattn_plan_compared {
  uint32_t count;    /* comparisons */
  uint32_t truth[8]; /* the test of each choice of bits */
  /* The label of column j is origin + slope * j where slope is not 0; else it
     is stored, at this place among the `stored` ones. */
  uint32_t stored;
  int32_t place[EFFATTN_PLAN_MOST_COMPARISONS];
  int64_t slope[EFFATTN_PLAN_MOST_COMPARISONS];
  int64_t origin[EFFATTN_PLAN_MOST_COMPARISONS];
  bool rough; /* stored labels are in no order */
  int32_t levels;
  int64_t nodes[EFFATTN_PLAN_LEVELS]; /* of a level */
  int64_t start[EFFATTN_PLAN_LEVELS]; /* among all from level 1 on */
  effattn_plan_array labels;          /* int64_t: [place][column] */
  effattn_plan_array ranges; /* effattn_plan_range: [node][place], level 1 on */
} effattn_plan_compared;

/* What a sweep merges: the runs that function(index) lists. */
typedef struct effattn_plan_source {
  effattn_runs_function function;
  int64_t index;
} effattn_plan_source;

#define EFFATTN_PLAN_STATES 81 /* of EFFATTN_PLAN_MOST_RELATIONS relations */

typedef struct effattn_planner {
  const effattn_plan_request *request; /* sets and filters are of ranks */
  effattn_plan *plan;
  /* Index sets, then conditions. A class is bits | maybe bits << atoms. */
  uint32_t key_atoms, query_atoms;

  /* Intervals of all columns of classes other than 0, by column; the same again
     grouped by class: those of class k are [class_start[k], class_start[k+1]).
     `classes` lists the classes that have columns. */
  effattn_plan_array marked, grouped, classes;
  int64_t *class_start;
  int64_t class_capacity;

  /* One for each relation. */
  effattn_plan_labels labels[EFFATTN_PLAN_MOST_RELATIONS];
  effattn_plan_compared compared[EFFATTN_PLAN_MOST_RELATIONS];
  uint32_t row_label_count; /* of one row, over all relations */
  /* Labels of the rows of the tile at hand, then of the tile before (one row):
     row_label_count + one flag for each relation, 1 where a look-up missed. */
  effattn_plan_array row_labels, last_labels;
  bool last_uniform; /* last_labels and the intervals below are of one row */
  /* Rows that have the labels of the row that was labelled last. */
  int64_t labelled_first, labelled_end;
  effattn_plan_array items, item_scratch; /* effattn_plan_item: of one use */
  /* Intervals of columns in states other than 0, by column and by state;
     `found` and `merged` are of one use. */
  effattn_plan_array states, by_state, found, merged;
  int64_t state_start[EFFATTN_PLAN_STATES + 1];
  bool outside; /* some columns are in state 0 */
  /* Column labels are compared that tables give: then the states of a tile are
     found in `touched` alone, columns [low, high) that hold all that the tile
     may touch. `last_touched` is that of last_labels. */
  bool bounded;
  effattn_plan_range touched, last_touched;

  /* The columns that are being added. */
  uint32_t state, class;
  /* Runs of the tile at hand: effattn_plan_run. */
  effattn_plan_array full, partial;
  effattn_plan_array listed;  /* effattn_run: what a generated function gave */
  effattn_plan_array events;  /* of a sweep */
  effattn_plan_array sources; /* of a sweep */

  /* Rows for gathered tiles, and all rows by label: effattn_plan_item. */
  effattn_plan_array pending, ordered;
  /* Rows of the tile at hand, their classes, those that are left to do; and the
     ones of a class: each of tile_rows entries. */
  effattn_plan_array tile_row, tile_class, tile_present, chosen_row;
  bool contiguous; /* tile t has the rows t * tile_rows + 0, 1, ... */
  /* Place in each filter's set, then in each query set. */
  effattn_plan_array cursors;
  /* Index sets as ranks: effattn_plan_set and effattn_plan_filter; the values
     behind them. */
  effattn_plan_array ranked_sets, ranked_filters, ranked_values;
} effattn_planner;

/* All functions below: false where there is no memory, if nothing else is
   said. */

/*===- plan_memory.c -----------------------------------------------------===*/

/* Room for `count` elements. */
bool effattn_plan_reserve(const effattn_plan_allocator *allocator, void **data,
                          int64_t *capacity, int64_t count, size_t element);
void effattn_plan_release_memory(const effattn_plan_allocator *allocator,
                                 void *data, int64_t capacity, size_t element);
bool effattn_plan_array_reserve(effattn_planner *planner,
                                effattn_plan_array *array, int64_t count,
                                size_t element);
/* Gives back all arrays of the planner. */
void effattn_plan_release_arrays(effattn_planner *planner);

/* Stable, by ascending keys. `scratch` has room for `count` items. */
void effattn_plan_sort(effattn_plan_item *items, effattn_plan_item *scratch,
                       int64_t count);
/* Sorts an array of items. */
bool effattn_plan_sort_items(effattn_planner *planner,
                             effattn_plan_array *items);
/* Appends an item. */
bool effattn_plan_add_item(effattn_planner *planner, effattn_plan_array *items,
                           effattn_plan_item item);
/* Keys in the order of signed values. */
static inline uint64_t effattn_plan_key(int64_t value) {
  return (uint64_t)value ^ ((uint64_t)1 << 63);
}

/*===- plan_classes.c ----------------------------------------------------===*/

/* Finds the classes of all columns. */
bool effattn_plan_mark_columns(effattn_planner *planner);
/* Class bits that `conditions` give on `index`, a row or a column. */
uint32_t effattn_plan_conditions(const effattn_planner *planner,
                                 const effattn_plan_value *conditions,
                                 uint32_t count, uint32_t sets, int64_t index);
/* Appends [first, end), or lengthens the last interval by it. */
bool effattn_plan_add_interval(effattn_planner *planner,
                               effattn_plan_array *intervals, int64_t first,
                               int64_t end, uint32_t kind);
/* Counting sort: those of kind k in [start[k], start[k + 1]) of `grouped`. */
bool effattn_plan_group(effattn_planner *planner,
                        const effattn_plan_array *intervals, int64_t kinds,
                        int64_t *start, effattn_plan_array *grouped);

/*===- plan_labels.c -----------------------------------------------------===*/

/* Finds the columns of each label. */
bool effattn_plan_label_columns(effattn_planner *planner);
/* Entries of the labels of a row in planner->row_labels. */
int64_t effattn_plan_label_width(const effattn_planner *planner);
/* Labels of the rows (-1: none) of a tile into planner->row_labels, each once
   where equal ones follow each other. How many: 0 where planner->states holds
   for them already. */
int64_t effattn_plan_label_rows(effattn_planner *planner, const int32_t *rows);
/* All rows by label into planner->ordered; leaves it empty where the labels are
   sorted already. */
bool effattn_plan_order_rows(effattn_planner *planner);

/*===- plan_relations.c --------------------------------------------------===*/

/* Finds the states of the columns in planner->touched for the rows of a tile
   (-1: none). */
bool effattn_plan_find_states(effattn_planner *planner, const int32_t *rows);

/*===- plan_compare.c ----------------------------------------------------===*/

/* Makes the tree of a compared relation. */
bool effattn_plan_compare_columns(effattn_planner *planner, uint32_t number);
/* Intervals of columns in states other than 0 into planner->found. `labels`
   are those of the relation for each of `rows` rows, `width` apart. */
bool effattn_plan_find_compared(effattn_planner *planner, uint32_t number,
                                const int64_t *labels, int64_t rows,
                                int64_t width);

/*===- plan_columns.c ----------------------------------------------------===*/

/* Calls a generated function (NULL lists nothing) and leaves its runs in
   planner->listed. */
bool effattn_plan_list(effattn_planner *planner, effattn_runs_function function,
                       int64_t index);
/* Adds the columns of one run that are of planner->class and in
   planner->state. */
bool effattn_plan_add(effattn_planner *planner, effattn_plan_array *runs,
                      effattn_run run);
/* Runs of one tile into planner->full and planner->partial. `index` is the
   number of the tile or -1: gathered; `row_class` that of all its rows. */
bool effattn_plan_find_columns(effattn_planner *planner, int64_t index,
                               const int32_t *rows, uint32_t row_class);

/*===- plan_sweep.c ------------------------------------------------------===*/

/* Merges the runs of planner->sources: columns that `full_count` of them list
   are full, others that some list are partial. */
bool effattn_plan_sweep(effattn_planner *planner, int64_t full_count);

/*===- plan.c ------------------------------------------------------------===*/

/* Starts a planner: all that does not depend on tiles. `ranked` and the request
   live as long as it does; effattn_plan_release_arrays ends it. 0, or what
   effattn_plan_build gives; then there is nothing to end. */
int32_t effattn_plan_open(const effattn_plan_request *request,
                          effattn_plan *plan, effattn_plan_request *ranked,
                          effattn_planner *planner);
/* Room in the plan for so many of each. */
bool effattn_plan_reserve_tiles(effattn_plan *plan, int64_t tiles, int64_t runs,
                                int64_t rows);
/* Appends a tile of the `tile_rows` entries `rows`, `present` of them not -1
   and all of the class `row_class`: the tile with that number, or gathered rows
   where `index` is -1. */
bool effattn_plan_add_tile(effattn_planner *planner, int64_t index,
                           const int32_t *rows, int32_t present,
                           uint32_t row_class);

/*===- plan_rows.c -------------------------------------------------------===*/

/* All tiles. */
bool effattn_plan_rows(effattn_planner *planner);
/* Which rows of planner->tile_row are present, and their classes. */
void effattn_plan_classify(effattn_planner *planner);

/*===- plan_block.c ------------------------------------------------------===*/

/* Gets the rows of one class, `count` of them, and the query sets that hold
   them; their columns are in planner->full and planner->partial. */
typedef bool (*effattn_plan_visit)(void *data, const effattn_planner *planner,
                                   const int32_t *rows, int32_t count,
                                   uint32_t row_sets);
/* Finds the columns of rows first, first + 1, ..., at most tile_rows of them,
   class by class. Blocks of rows come in ascending order. */
bool effattn_plan_block(effattn_planner *planner, int64_t first, int64_t end,
                        effattn_plan_visit visit, void *data);

/*===- plan_order.c ------------------------------------------------------===*/

/* Index sets and filters as sets of ranks into `*request`, a copy of
   planner->request that replaces it. */
bool effattn_plan_rank_sets(effattn_planner *planner,
                            effattn_plan_request *request);

#endif /* EFFATTN_RUNTIME_PLANNER_H */
