/*===- plan.c - building a plan, tile by tile ----------------------------===*/

#include "plan.h"

#include "planner.h"

#include <string.h>

static const effattn_case *find_case(const effattn_planner *planner,
                                     uint32_t row_sets, uint32_t key_sets) {
  const effattn_plan_request *request = planner->request;
  return request->cases + (((size_t)row_sets << request->key_sets) | key_sets);
}

static bool add_listed(effattn_planner *planner, effattn_plan_array *runs,
                       effattn_runs_function function, int64_t index,
                       uint32_t sets) {
  if (!effattn_plan_list(planner, function, index))
    return false;
  for (int64_t n = 0; n < planner->listed.count; ++n)
    if (!effattn_plan_add(planner, runs,
                          ((const effattn_run *)planner->listed.data)[n], sets))
      return false;
  return true;
}

/* Runs of one tile into planner->full and planner->partial. `index` is the
   number of a tile of contiguous rows, or -1 for the gathered `rows`. */
static bool find_columns(effattn_planner *planner, int64_t index,
                         const int32_t *rows, int32_t present,
                         uint32_t row_sets) {
  planner->full.count = planner->partial.count = 0;
  uint32_t classes = 1u << planner->request->key_sets;
  for (uint32_t sets = 0; sets < classes; ++sets) {
    if (sets && planner->class_start[sets] == planner->class_start[sets + 1])
      continue;
    const effattn_case *one = find_case(planner, row_sets, sets);
    bool done = index < 0
                    ? effattn_plan_sweep(planner, rows, present, one, sets)
                    : add_listed(planner, &planner->full, one->tile_full, index,
                                 sets) &&
                          add_listed(planner, &planner->partial,
                                     one->tile_partial, index, sets);
    if (!done)
      return false;
  }
  return true;
}

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
   its present rows are in the query sets `row_sets`. */
static bool append_tile(effattn_planner *planner, int32_t first_row,
                        const int32_t *rows, int32_t present,
                        uint32_t row_sets) {
  effattn_plan *plan = planner->plan;
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
    plan->rows[plan->row_count + k] = rows[k];
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
                           uint32_t row_sets) {
  int32_t first_row =
      index < 0 ? -1 : (int32_t)(index * planner->plan->tile_rows);
  return find_columns(planner, index, rows, present, row_sets) &&
         append_tile(planner, first_row, rows, present, row_sets);
}

/*===- building ----------------------------------------------------------===*/

/* Memory of one use for rows of a tile and cursors of sets. */
typedef struct effattn_plan_buffers {
  void *rows, *sets, *present, *cursors;
  int64_t row_capacity, set_capacity, present_capacity, cursor_capacity;
} effattn_plan_buffers;

static bool prepare(effattn_planner *planner, effattn_plan_buffers *buffers) {
  const effattn_plan_request *request = planner->request;
  const effattn_plan_allocator *allocator = &request->allocator;
  int64_t cursors = (int64_t)request->row_filters + request->query_sets;
  bool done =
      effattn_plan_reserve(allocator, &buffers->rows, &buffers->row_capacity,
                           request->tile_rows, sizeof(int32_t)) &&
      effattn_plan_reserve(allocator, &buffers->sets, &buffers->set_capacity,
                           request->tile_rows, sizeof(uint32_t)) &&
      effattn_plan_reserve(allocator, &buffers->present,
                           &buffers->present_capacity, request->tile_rows, 1) &&
      effattn_plan_reserve(allocator, &buffers->cursors,
                           &buffers->cursor_capacity, cursors + 1,
                           sizeof(int64_t));
  if (!done)
    return false;
  planner->tile_row = buffers->rows;
  planner->tile_sets = buffers->sets;
  planner->tile_present = buffers->present;
  planner->cursors = buffers->cursors;
  memset(planner->cursors, 0, (size_t)(cursors + 1) * sizeof(int64_t));
  return effattn_plan_mark_columns(planner);
}

static void release(effattn_planner *planner, effattn_plan_buffers *buffers) {
  const effattn_plan_allocator *allocator = &planner->request->allocator;
  effattn_plan_release_memory(allocator, buffers->rows, buffers->row_capacity,
                              sizeof(int32_t));
  effattn_plan_release_memory(allocator, buffers->sets, buffers->set_capacity,
                              sizeof(uint32_t));
  effattn_plan_release_memory(allocator, buffers->present,
                              buffers->present_capacity, 1);
  effattn_plan_release_memory(allocator, buffers->cursors,
                              buffers->cursor_capacity, sizeof(int64_t));
  effattn_plan_release_columns(planner);
  effattn_plan_release_memory(allocator, planner->pending.data,
                              planner->pending.capacity,
                              sizeof(effattn_plan_row));
}

int32_t effattn_plan_build(const effattn_plan_request *request,
                           effattn_plan *plan) {
  memset(plan, 0, sizeof *plan);
  plan->tile_rows = request->tile_rows;
  plan->key_order = request->key_order;
  plan->allocator = request->allocator;
  effattn_planner planner;
  memset(&planner, 0, sizeof planner);
  planner.request = request;
  planner.plan = plan;
  effattn_plan_buffers buffers;
  memset(&buffers, 0, sizeof buffers);
  bool by_class = request->row_filters || request->query_sets;
  bool done = prepare(&planner, &buffers) &&
              (by_class ? effattn_plan_rows_by_class(&planner)
                        : effattn_plan_all_rows(&planner));
  release(&planner, &buffers);
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
