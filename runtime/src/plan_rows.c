/*===- plan_rows.c - which rows are computed together --------------------===*\
|*
|* Rows that the filters keep fall into classes by the query sets that hold
|* them. Where most rows of an aligned tile are of one class, the tile stays
|* whole, other rows of it marked absent, and the generated functions for tiles
|* give its columns. The rows that are left are gathered, class by class, and
|* their columns merged from the runs of each row.
|*
\*===----------------------------------------------------------------------===*/

#include "planner.h"

/* All rows, no filters, no query sets. */
bool effattn_plan_all_rows(effattn_planner *planner) {
  int64_t rows = planner->request->parameters[0];
  int64_t height = planner->plan->tile_rows;
  int64_t tiles = (rows + height - 1) / height;
  if (!effattn_plan_reserve_tiles(planner->plan, tiles, 2 * tiles,
                                  tiles * height))
    return false;
  for (int64_t t = 0; t < tiles; ++t) {
    int32_t present = 0;
    for (int64_t k = 0; k < height; ++k) {
      bool exists = t * height + k < rows;
      planner->tile_row[k] = exists ? (int32_t)(t * height + k) : -1;
      present += exists;
    }
    if (!effattn_plan_add_tile(planner, t, planner->tile_row, present, 0))
      return false;
  }
  return true;
}

/* One cursor a filter, then one a query set. */
static const effattn_plan_set *
set_of_cursor(const effattn_plan_request *request, uint32_t cursor) {
  return cursor < request->row_filters
             ? &request->row_filter[cursor].set
             : &request->query_set[cursor - request->row_filters];
}

/* The least row at or after `row` that is in each set that rows must be in as
   far as one look at each tells; `rows` where there is none. */
static int64_t skip_rows(effattn_planner *planner, int64_t row, int64_t rows) {
  const effattn_plan_request *request = planner->request;
  for (uint32_t k = 0; k < request->row_filters; ++k) {
    const effattn_plan_filter *filter = &request->row_filter[k];
    if (!filter->keep)
      continue;
    int64_t *cursor = &planner->cursors[k];
    while (*cursor < filter->set.count && filter->set.values[*cursor] < row)
      ++*cursor;
    if (*cursor == filter->set.count)
      return rows;
    row = filter->set.values[*cursor];
  }
  return row;
}

/* Fills in tile_present and tile_sets for rows [first, end). */
static void classify(effattn_planner *planner, int64_t first, int64_t end) {
  const effattn_plan_request *request = planner->request;
  for (int64_t k = 0; k < end - first; ++k) {
    planner->tile_present[k] = 1;
    planner->tile_sets[k] = 0;
  }
  uint32_t cursors = request->row_filters + request->query_sets;
  for (uint32_t c = 0; c < cursors; ++c) {
    const effattn_plan_set *set = set_of_cursor(request, c);
    int64_t cursor = planner->cursors[c];
    bool filter = c < request->row_filters;
    bool keep = filter && request->row_filter[c].keep;
    while (cursor < set->count && set->values[cursor] < first)
      ++cursor;
    for (int64_t row = first; row < end; ++row) {
      bool member = cursor < set->count && set->values[cursor] == row;
      cursor += member;
      if (filter && member != keep)
        planner->tile_present[row - first] = 0;
      else if (!filter && member)
        planner->tile_sets[row - first] |= 1u << (c - request->row_filters);
    }
    planner->cursors[c] = cursor;
  }
}

static bool leave_for_gathering(effattn_planner *planner, int64_t first,
                                int64_t count, uint32_t sets) {
  effattn_plan_array *pending = &planner->pending;
  for (int64_t k = 0; k < count; ++k) {
    if (!planner->tile_present[k] || planner->tile_sets[k] != sets)
      continue;
    if (!effattn_plan_reserve(&planner->request->allocator, &pending->data,
                              &pending->capacity, pending->count + 1,
                              sizeof(effattn_plan_row)))
      return false;
    ((effattn_plan_row *)pending->data)[pending->count++] =
        (effattn_plan_row){(int32_t)(first + k), sets};
    planner->tile_present[k] = 0;
  }
  return true;
}

/* One class of rows of the aligned tile `index` that is at hand. */
static bool plan_class(effattn_planner *planner, int64_t index, int64_t first,
                       int64_t count, uint32_t sets) {
  int32_t present = 0;
  for (int64_t k = 0; k < count; ++k)
    present += planner->tile_present[k] && planner->tile_sets[k] == sets;
  if (present * 4 < count * 3)
    return leave_for_gathering(planner, first, count, sets);
  for (int64_t k = 0; k < planner->plan->tile_rows; ++k) {
    bool member =
        k < count && planner->tile_present[k] && planner->tile_sets[k] == sets;
    planner->tile_row[k] = member ? (int32_t)(first + k) : -1;
    if (member)
      planner->tile_present[k] = 0;
  }
  return effattn_plan_add_tile(planner, index, planner->tile_row, present,
                               sets);
}

static bool plan_gathered(effattn_planner *planner) {
  const effattn_plan_row *pending = planner->pending.data;
  int32_t height = (int32_t)planner->plan->tile_rows;
  uint32_t classes = 1u << planner->request->query_sets;
  for (uint32_t sets = 0; sets < classes; ++sets) {
    int32_t present = 0;
    for (int64_t n = 0; n < planner->pending.count; ++n) {
      if (pending[n].sets != sets)
        continue;
      planner->tile_row[present++] = pending[n].row;
      if (present == height) {
        if (!effattn_plan_add_tile(planner, -1, planner->tile_row, present,
                                   sets))
          return false;
        present = 0;
      }
    }
    for (int32_t k = present; k < height; ++k)
      planner->tile_row[k] = -1;
    if (present &&
        !effattn_plan_add_tile(planner, -1, planner->tile_row, present, sets))
      return false;
  }
  return true;
}

bool effattn_plan_rows_by_class(effattn_planner *planner) {
  int64_t rows = planner->request->parameters[0];
  int64_t height = planner->plan->tile_rows;
  for (int64_t row = skip_rows(planner, 0, rows); row < rows;) {
    int64_t index = row / height, first = index * height;
    int64_t end = first + height < rows ? first + height : rows;
    classify(planner, first, end);
    for (int64_t k = 0; k < end - first; ++k)
      if (planner->tile_present[k] &&
          !plan_class(planner, index, first, end - first,
                      planner->tile_sets[k]))
        return false;
    row = skip_rows(planner, first + height, rows);
  }
  return plan_gathered(planner);
}
