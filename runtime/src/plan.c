/*===- plan.c - building a plan, tile by tile ----------------------------===*/

#include "plan.h"

#include "planner.h"

#include <string.h>

static int32_t append_runs(effattn_plan *plan, const effattn_plan_array *runs) {
  const effattn_plan_run *from = runs->data;
  int64_t columns = 0;
  for (int64_t n = 0; n < runs->count; ++n)
    columns += from[n].count;
  if (runs->count)
    memcpy(plan->runs + plan->run_count, from,
           (size_t)runs->count * sizeof *from);
  plan->run_count += runs->count;
  return (int32_t)columns;
}

bool effattn_plan_reserve_tiles(effattn_plan *plan, int64_t tiles, int64_t runs,
                                int64_t rows) {
  const effattn_plan_allocator *allocator = &plan->allocator;
  void *memory = plan->tiles;
  bool done = effattn_plan_reserve(allocator, &memory, &plan->tile_capacity,
                                   tiles, sizeof *plan->tiles);
  plan->tiles = memory;
  memory = plan->runs;
  done = done && effattn_plan_reserve(allocator, &memory, &plan->run_capacity,
                                      runs, sizeof *plan->runs);
  plan->runs = memory;
  memory = plan->rows;
  done = done && effattn_plan_reserve(allocator, &memory, &plan->row_capacity,
                                      rows, sizeof *plan->rows);
  plan->rows = memory;
  return done;
}

static bool reserve_row_sets(effattn_plan *plan, int64_t rows) {
  void *memory = plan->row_sets;
  bool done =
      effattn_plan_reserve(&plan->allocator, &memory, &plan->row_set_capacity,
                           rows, sizeof *plan->row_sets);
  plan->row_sets = memory;
  return done;
}

/* Appends the tile whose runs are in planner->full and planner->partial; all
   its present rows are in the query sets `row_sets`. Rows become tokens. */
static bool append_tile(effattn_planner *planner, int32_t first_row,
                        const int32_t *rows, int32_t present,
                        uint32_t row_sets) {
  effattn_plan *plan = planner->plan;
  const int32_t *order = planner->request->query_order;
  int64_t runs = planner->full.count + planner->partial.count;
  int64_t rows_end = plan->row_count + plan->tile_rows;
  if (!effattn_plan_reserve_tiles(plan, plan->tile_count + 1,
                                  plan->run_count + runs, rows_end))
    return false;
  if (planner->request->query_sets && !reserve_row_sets(plan, rows_end))
    return false;
  effattn_plan_tile *tile = &plan->tiles[plan->tile_count++];
  tile->rows = plan->row_count;
  tile->runs = plan->run_count;
  tile->full_runs = (int32_t)planner->full.count;
  tile->partial_runs = (int32_t)planner->partial.count;
  tile->full_columns = append_runs(plan, &planner->full);
  tile->partial_columns = append_runs(plan, &planner->partial);
  tile->present = present;
  tile->first_row = first_row;
  for (uint32_t k = 0; k < plan->tile_rows; ++k) {
    plan->rows[plan->row_count + k] =
        order && rows[k] >= 0 ? order[rows[k]] : rows[k];
    if (plan->row_sets)
      plan->row_sets[plan->row_count + k] = rows[k] < 0 ? 0 : row_sets;
  }
  plan->row_count = rows_end;
  plan->full_columns += tile->full_columns;
  plan->partial_columns += tile->partial_columns;
  plan->visible_tiles += runs > 0;
  if (tile->full_columns > plan->most_full_columns)
    plan->most_full_columns = tile->full_columns;
  if (tile->partial_columns > plan->most_partial_columns)
    plan->most_partial_columns = tile->partial_columns;
  return true;
}

bool effattn_plan_add_tile(effattn_planner *planner, int64_t index,
                           const int32_t *rows, int32_t present,
                           uint32_t row_class) {
  const effattn_plan_request *request = planner->request;
  const bool contiguous =
      index >= 0 && planner->contiguous && !request->query_order;
  return effattn_plan_find_columns(planner, index, rows, row_class) &&
         append_tile(
             planner,
             contiguous ? (int32_t)(index * planner->plan->tile_rows) : -1,
             rows, present, row_class & ((1u << request->query_sets) - 1));
}

/*===- building ----------------------------------------------------------===*/

static bool prepare(effattn_planner *planner, effattn_plan_request *ranked) {
  const effattn_plan_request *request = planner->request;
  const int64_t cursors = (int64_t)request->row_filters + request->query_sets;
  const int64_t height = request->tile_rows;
  if (!effattn_plan_array_reserve(planner, &planner->tile_row, height,
                                  sizeof(int32_t)) ||
      !effattn_plan_array_reserve(planner, &planner->chosen_row, height,
                                  sizeof(int32_t)) ||
      !effattn_plan_array_reserve(planner, &planner->tile_class, height,
                                  sizeof(uint32_t)) ||
      !effattn_plan_array_reserve(planner, &planner->tile_present, height, 1) ||
      !effattn_plan_array_reserve(planner, &planner->cursors, cursors + 1,
                                  sizeof(int64_t)))
    return false;
  memset(planner->cursors.data, 0, (size_t)(cursors + 1) * sizeof(int64_t));
  if (!effattn_plan_rank_sets(planner, ranked))
    return false;
  planner->request = ranked;
  return effattn_plan_mark_columns(planner) &&
         effattn_plan_label_columns(planner);
}

/* Within what the planner has room for, and nothing missing. */
static bool is_possible(const effattn_plan_request *request) {
  if (request->row_order == EFFATTN_ROWS_LISTED &&
      (!request->tile_count || !request->tile_row_list))
    return false;
  if (request->row_order == EFFATTN_ROWS_BY_LABEL &&
      (request->order_relation >= request->relations ||
       !request->relation[request->order_relation].row))
    return false;
  if (request->relations > EFFATTN_PLAN_MOST_RELATIONS)
    return false;
  for (uint32_t r = 0; r < request->relations; ++r)
    if (request->relation[r].kind == EFFATTN_RELATION_COMPARED &&
        request->relation[r].labels > EFFATTN_PLAN_MOST_COMPARISONS)
      return false;
  return request->tile_rows > 0 &&
         request->key_sets + 2 * request->key_conditions <=
             EFFATTN_PLAN_MOST_BITS &&
         request->query_sets + 2 * request->query_conditions <=
             EFFATTN_PLAN_MOST_BITS;
}

int32_t effattn_plan_open(const effattn_plan_request *request,
                          effattn_plan *plan, effattn_plan_request *ranked,
                          effattn_planner *planner) {
  memset(plan, 0, sizeof *plan);
  plan->tile_rows = request->tile_rows;
  plan->key_order = request->key_order;
  plan->allocator = request->allocator;
  memset(planner, 0, sizeof *planner);
  if (!is_possible(request))
    return EFFATTN_PLAN_UNSUPPORTED;
  planner->request = request;
  planner->plan = plan;
  planner->key_atoms = request->key_sets + request->key_conditions;
  planner->query_atoms = request->query_sets + request->query_conditions;
  if (prepare(planner, ranked))
    return 0;
  effattn_plan_release_arrays(planner);
  return EFFATTN_PLAN_OUT_OF_MEMORY;
}

int32_t effattn_plan_build(const effattn_plan_request *request,
                           effattn_plan *plan) {
  effattn_planner planner;
  effattn_plan_request ranked;
  const int32_t failure = effattn_plan_open(request, plan, &ranked, &planner);
  if (failure)
    return failure;
  const bool done = effattn_plan_rows(&planner);
  effattn_plan_release_arrays(&planner);
  if (!done) {
    effattn_plan_free(plan);
    return EFFATTN_PLAN_OUT_OF_MEMORY;
  }
  plan->bytes = (size_t)plan->tile_capacity * sizeof *plan->tiles +
                (size_t)plan->run_capacity * sizeof *plan->runs +
                (size_t)plan->row_capacity * sizeof *plan->rows +
                (size_t)plan->row_set_capacity * sizeof *plan->row_sets;
  return 0;
}

void effattn_plan_free(effattn_plan *plan) {
  const effattn_plan_allocator *allocator = &plan->allocator;
  effattn_plan_release_memory(allocator, plan->tiles, plan->tile_capacity,
                              sizeof *plan->tiles);
  effattn_plan_release_memory(allocator, plan->runs, plan->run_capacity,
                              sizeof *plan->runs);
  effattn_plan_release_memory(allocator, plan->rows, plan->row_capacity,
                              sizeof *plan->rows);
  effattn_plan_release_memory(allocator, plan->row_sets, plan->row_set_capacity,
                              sizeof *plan->row_sets);
  memset(plan, 0, sizeof *plan);
}
