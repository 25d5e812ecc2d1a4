/*===- plan_rows.c - which rows are computed together --------------------===*\
|*
|* A row order gives tiles. Rows that the filters keep fall into classes by the
|* query sets that hold them and the conditions that hold on them. Where most
|* rows of a tile are of one class, the tile stays whole, other rows of it
|* marked absent, and the generated functions for tiles give its columns. The
|* rows that are left are gathered, class by class, and their columns merged
|* from the runs of each row.
|*
\*===----------------------------------------------------------------------===*/

#include "planner.h"

#include <string.h>

/* One cursor a filter, then one a query set. */
static const effattn_plan_set *
set_of_cursor(const effattn_plan_request *request, uint32_t cursor) {
  return cursor < request->row_filters
             ? &request->row_filter[cursor].set
             : &request->query_set[cursor - request->row_filters];
}

static bool is_plain(const effattn_plan_request *request) {
  return !request->row_filters && !request->query_sets &&
         !request->query_conditions;
}

/* The least row at or after `row` that is in each set that rows must be in as
   far as one look at each tells; `rows` where there is none. */
static int64_t skip_rows(effattn_planner *planner, int64_t row, int64_t rows) {
  const effattn_plan_request *request = planner->request;
  for (uint32_t k = 0; k < request->row_filters; ++k) {
    const effattn_plan_filter *filter = &request->row_filter[k];
    if (!filter->keep)
      continue;
    int64_t *cursor = (int64_t *)planner->cursors.data + k;
    while (*cursor < filter->set.count && filter->set.values[*cursor] < row)
      ++*cursor;
    if (*cursor == filter->set.count)
      return rows;
    row = filter->set.values[*cursor];
  }
  return row;
}

/* Moves the cursor to the first value of the set that is not less. Rows mostly
   come in ascending order. */
static void seek(const effattn_plan_set *set, int64_t *cursor, int32_t row) {
  if (*cursor > 0 && set->values[*cursor - 1] >= row) {
    int64_t low = 0, high = *cursor;
    while (low < high) {
      const int64_t middle = low + (high - low) / 2;
      if (set->values[middle] < row)
        low = middle + 1;
      else
        high = middle;
    }
    *cursor = low;
  }
  /* Doubling steps, then back. */
  int64_t step = 1;
  while (*cursor + step < set->count && set->values[*cursor + step] < row) {
    *cursor += step;
    step *= 2;
  }
  for (; step > 0; step /= 2)
    while (*cursor + step - 1 < set->count &&
           set->values[*cursor + step - 1] < row)
      *cursor += step;
}

/* Rows of contiguous tiles ascend: true where the set holds none of them, which
   is seen from the first and the last. */
static bool holds_none(const effattn_planner *planner,
                       const effattn_plan_set *set, int64_t *cursor) {
  const int32_t *rows = planner->tile_row.data;
  if (!planner->contiguous)
    return false;
  seek(set, cursor, rows[0]);
  return *cursor == set->count ||
         set->values[*cursor] - rows[0] >= (int64_t)planner->plan->tile_rows;
}

void effattn_plan_classify(effattn_planner *planner) {
  const effattn_plan_request *request = planner->request;
  const int32_t *rows = planner->tile_row.data;
  uint8_t *present = planner->tile_present.data;
  uint32_t *classes = planner->tile_class.data;
  int64_t *cursors = planner->cursors.data;
  const uint32_t height = planner->plan->tile_rows;
  for (uint32_t k = 0; k < height; ++k) {
    present[k] = rows[k] >= 0;
    classes[k] = 0;
  }
  for (uint32_t c = 0; c < request->row_filters + request->query_sets; ++c) {
    const effattn_plan_set *set = set_of_cursor(request, c);
    const bool filter = c < request->row_filters;
    const bool keep = filter && request->row_filter[c].keep;
    const bool none = holds_none(planner, set, &cursors[c]);
    if (none && keep)
      memset(present, 0, height);
    if (none)
      continue;
    for (uint32_t k = 0; k < height; ++k) {
      if (rows[k] < 0)
        continue;
      seek(set, &cursors[c], rows[k]);
      const bool member =
          cursors[c] < set->count && set->values[cursors[c]] == rows[k];
      if (filter && member != keep)
        present[k] = 0;
      else if (!filter && member)
        classes[k] |= 1u << (c - request->row_filters);
    }
  }
  for (uint32_t k = 0; k < height && request->query_conditions; ++k)
    if (present[k])
      classes[k] |= effattn_plan_conditions(planner, request->query_condition,
                                            request->query_conditions,
                                            request->query_sets, rows[k]);
}

static bool leave_for_gathering(effattn_planner *planner, uint32_t class) {
  const int32_t *rows = planner->tile_row.data;
  uint8_t *present = planner->tile_present.data;
  const uint32_t *classes = planner->tile_class.data;
  for (uint32_t k = 0; k < planner->plan->tile_rows; ++k) {
    if (!present[k] || classes[k] != class)
      continue;
    if (!effattn_plan_add_item(planner, &planner->pending,
                               (effattn_plan_item){class, rows[k], 0}))
      return false;
    present[k] = 0;
  }
  return true;
}

/* One class of rows of the tile `index` that is at hand and has `count` rows.
 */
static bool plan_class(effattn_planner *planner, int64_t index, int64_t count,
                       uint32_t class) {
  const int32_t *rows = planner->tile_row.data;
  uint8_t *present = planner->tile_present.data;
  const uint32_t *classes = planner->tile_class.data;
  int32_t *chosen = planner->chosen_row.data;
  int32_t members = 0;
  for (uint32_t k = 0; k < planner->plan->tile_rows; ++k)
    members += present[k] && classes[k] == class;
  if (members * 4 < count * 3)
    return leave_for_gathering(planner, class);
  for (uint32_t k = 0; k < planner->plan->tile_rows; ++k) {
    const bool member = present[k] && classes[k] == class;
    chosen[k] = member ? rows[k] : -1;
    if (member)
      present[k] = 0;
  }
  return effattn_plan_add_tile(planner, index, chosen, members, class);
}

/* The tile whose `count` rows are in tile_row. */
static bool plan_tile(effattn_planner *planner, int64_t index, int64_t count) {
  if (count == 0)
    return true;
  if (is_plain(planner->request))
    return effattn_plan_add_tile(planner, index, planner->tile_row.data,
                                 (int32_t)count, 0);
  effattn_plan_classify(planner);
  const uint8_t *present = planner->tile_present.data;
  const uint32_t *classes = planner->tile_class.data;
  for (uint32_t k = 0; k < planner->plan->tile_rows; ++k)
    if (present[k] && !plan_class(planner, index, count, classes[k]))
      return false;
  return true;
}

static bool plan_gathered(effattn_planner *planner) {
  if (!effattn_plan_sort_items(planner, &planner->pending))
    return false;
  const effattn_plan_item *pending = planner->pending.data;
  const int64_t count = planner->pending.count;
  const int64_t height = planner->plan->tile_rows;
  int32_t *chosen = planner->chosen_row.data;
  for (int64_t n = 0; n < count;) {
    const uint64_t class = pending[n].key;
    int32_t present = 0;
    for (; n < count && present < height && pending[n].key == class; ++n)
      chosen[present++] = pending[n].a;
    for (int64_t k = present; k < height; ++k)
      chosen[k] = -1;
    if (!effattn_plan_add_tile(planner, -1, chosen, present, (uint32_t)class))
      return false;
  }
  return true;
}

/*===- row orders --------------------------------------------------------===*/

/* Room for all tiles, where filters do not leave out most of the rows. */
static bool reserve_all(effattn_planner *planner, int64_t tiles) {
  const effattn_plan_request *request = planner->request;
  for (uint32_t k = 0; k < request->row_filters; ++k)
    if (request->row_filter[k].keep)
      return true;
  return effattn_plan_reserve_tiles(planner->plan, tiles, 2 * tiles,
                                    tiles * planner->plan->tile_rows);
}

static bool plan_contiguous(effattn_planner *planner) {
  const int64_t rows = planner->request->parameters[0];
  const int64_t height = planner->plan->tile_rows;
  planner->contiguous = true;
  if (!reserve_all(planner, (rows + height - 1) / height))
    return false;
  int32_t *row_of = planner->tile_row.data;
  for (int64_t row = skip_rows(planner, 0, rows); row < rows;) {
    const int64_t index = row / height, first = index * height;
    const int64_t end = first + height < rows ? first + height : rows;
    for (int64_t k = 0; k < height; ++k)
      row_of[k] = first + k < end ? (int32_t)(first + k) : -1;
    if (!plan_tile(planner, index, end - first))
      return false;
    row = skip_rows(planner, first + height, rows);
  }
  return true;
}

static bool plan_listed(effattn_planner *planner) {
  const effattn_plan_request *request = planner->request;
  const int64_t tiles = request->tile_count(request->parameters);
  const int64_t height = planner->plan->tile_rows;
  int64_t most = (request->parameters[0] + height - 1) / height;
  if (!reserve_all(planner, tiles < most ? tiles : most))
    return false;
  for (int64_t t = 0; t < tiles; ++t) {
    const int32_t count =
        request->tile_row_list(request->parameters, t, planner->tile_row.data);
    if (!plan_tile(planner, t, count))
      return false;
  }
  return true;
}

static bool plan_by_label(effattn_planner *planner) {
  if (!effattn_plan_order_rows(planner))
    return false;
  if (planner->ordered.count == 0)
    return plan_contiguous(planner);
  const effattn_plan_item *ordered = planner->ordered.data;
  const int64_t rows = planner->ordered.count;
  const int64_t height = planner->plan->tile_rows;
  int32_t *row_of = planner->tile_row.data;
  if (!reserve_all(planner, (rows + height - 1) / height))
    return false;
  for (int64_t first = 0; first < rows; first += height) {
    const int64_t count = rows - first < height ? rows - first : height;
    for (int64_t k = 0; k < height; ++k)
      row_of[k] = k < count ? ordered[first + k].a : -1;
    if (!plan_tile(planner, -1, count))
      return false;
  }
  return true;
}

bool effattn_plan_rows(effattn_planner *planner) {
  const effattn_plan_request *request = planner->request;
  bool done = request->row_order == EFFATTN_ROWS_LISTED ? plan_listed(planner)
              : request->row_order == EFFATTN_ROWS_BY_LABEL
                  ? plan_by_label(planner)
                  : plan_contiguous(planner);
  return done && plan_gathered(planner);
}
