/*===- plan_labels.c - labels of columns and of rows ---------------------===*\
|*
|* Columns are sorted by label once: what is kept are intervals of equal labels.
|* Rows are labelled tile by tile. Labels that are the same for blocks of tokens
|* are computed once a block (effattn_relation.row_end, column_end).
|*
\*===----------------------------------------------------------------------===*/

#include "planner.h"

/* The end of the labels of `index`, where `limit` is the end of all. */
static int64_t label_end(const effattn_planner *planner,
                         effattn_plan_value value, int64_t index,
                         int64_t limit) {
  int32_t missed = 0;
  const int64_t end = value ? value(planner->request->parameters,
                                    planner->request->tables, index, 0, &missed)
                            : index + 1;
  return end <= index ? index + 1 : end < limit ? end : limit;
}

/*===- columns -----------------------------------------------------------===*/

static bool add_labelled(effattn_planner *planner, effattn_plan_array *items,
                         uint64_t key, int64_t first, int64_t end) {
  effattn_plan_item *last =
      items->count ? (effattn_plan_item *)items->data + items->count - 1 : NULL;
  if (last && last->key == key && last->b == first) {
    last->b = (int32_t)end;
    return true;
  }
  return effattn_plan_add_item(
      planner, items, (effattn_plan_item){key, (int32_t)first, (int32_t)end});
}

static bool label_columns(effattn_planner *planner,
                          const effattn_relation *relation,
                          effattn_plan_labels *labels) {
  const effattn_plan_request *request = planner->request;
  const int64_t columns = request->parameters[1];
  for (int64_t column = 0, end = 0; column < columns; column = end) {
    end = label_end(planner, relation->column_end, column, columns);
    int32_t missed = 0;
    const uint64_t key = effattn_plan_key(relation->column(
        request->parameters, request->tables, column, 0, &missed));
    if (missed ? !effattn_plan_add_interval(planner, &labels->missed, column,
                                            end, 2)
               : !add_labelled(planner, &labels->items, key, column, end))
      return false;
  }
  return effattn_plan_sort_items(planner, &labels->items);
}

bool effattn_plan_label_columns(effattn_planner *planner) {
  const effattn_plan_request *request = planner->request;
  for (uint32_t r = 0; r < request->relations; ++r) {
    const effattn_relation *relation = &request->relation[r];
    if (relation->kind == EFFATTN_RELATION_UNKNOWN)
      continue;
    planner->row_label_count +=
        relation->kind == EFFATTN_RELATION_BITMAP ? 1 : relation->labels;
    if (!(relation->kind == EFFATTN_RELATION_COMPARED
              ? effattn_plan_compare_columns(planner, r)
              : label_columns(planner, relation, &planner->labels[r])))
      return false;
  }
  const int64_t width = effattn_plan_label_width(planner);
  return effattn_plan_array_reserve(planner, &planner->row_labels,
                                    width * planner->plan->tile_rows,
                                    sizeof(int64_t)) &&
         effattn_plan_array_reserve(planner, &planner->last_labels, width,
                                    sizeof(int64_t));
}

/*===- rows --------------------------------------------------------------===*/

int64_t effattn_plan_label_width(const effattn_planner *planner) {
  return (int64_t)planner->row_label_count + planner->request->relations;
}

/* Labels of a row, which are those of [labelled_first, labelled_end). */
static void label_row(effattn_planner *planner, int32_t row, int64_t *labels) {
  const effattn_plan_request *request = planner->request;
  int64_t *missed_flags = labels + planner->row_label_count;
  int64_t end = request->parameters[0];
  for (uint32_t r = 0; r < request->relations; ++r) {
    const effattn_relation *relation = &request->relation[r];
    int32_t missed = 0;
    if (relation->kind != EFFATTN_RELATION_UNKNOWN) {
      const uint32_t count =
          relation->kind == EFFATTN_RELATION_BITMAP ? 1 : relation->labels;
      for (uint32_t n = 0; n < count; ++n)
        *labels++ = relation->row(request->parameters, request->tables, row, n,
                                  &missed);
      end = label_end(planner, relation->row_end, row, end);
    }
    missed_flags[r] = missed;
  }
  planner->labelled_first = row;
  planner->labelled_end = end;
}

static bool same_labels(const int64_t *a, const int64_t *b, int64_t count) {
  for (int64_t n = 0; n < count; ++n)
    if (a[n] != b[n])
      return false;
  return true;
}

static bool is_labelled(const effattn_planner *planner, int32_t row) {
  return row >= planner->labelled_first && row < planner->labelled_end;
}

/* The rows of the tile have the labels of the row labelled last. */
static bool all_labelled(const effattn_planner *planner, const int32_t *rows) {
  for (uint32_t k = 0; k < planner->plan->tile_rows; ++k)
    if (rows[k] >= 0 && !is_labelled(planner, rows[k]))
      return false;
  return true;
}

int64_t effattn_plan_label_rows(effattn_planner *planner, const int32_t *rows) {
  const bool known = planner->last_uniform &&
                     planner->last_touched.low <= planner->touched.low &&
                     planner->touched.high <= planner->last_touched.high;
  if (known && all_labelled(planner, rows))
    return 0;
  const int64_t width = effattn_plan_label_width(planner);
  int64_t *labels = planner->row_labels.data;
  int64_t count = 0;
  for (uint32_t k = 0; k < planner->plan->tile_rows; ++k) {
    if (rows[k] < 0 || (count && is_labelled(planner, rows[k])))
      continue;
    int64_t *own = labels + width * count;
    label_row(planner, rows[k], own);
    count += count == 0 || !same_labels(own - width, own, width);
  }
  return count == 1 && known &&
                 same_labels(labels, planner->last_labels.data, width)
             ? 0
             : count;
}

bool effattn_plan_order_rows(effattn_planner *planner) {
  const effattn_plan_request *request = planner->request;
  const effattn_relation *relation =
      &request->relation[request->order_relation];
  effattn_plan_array *ordered = &planner->ordered;
  const int64_t rows = request->parameters[0];
  if (!effattn_plan_array_reserve(planner, ordered, rows,
                                  sizeof(effattn_plan_item)))
    return false;
  effattn_plan_item *items = ordered->data;
  bool sorted = true;
  uint64_t before = 0;
  for (int64_t row = 0, end = 0; row < rows;) {
    int32_t missed = 0;
    const uint64_t key = effattn_plan_key(
        relation->row(request->parameters, request->tables, row, 0, &missed));
    end = label_end(planner, relation->row_end, row, rows);
    sorted = sorted && before <= key;
    before = key;
    for (; row < end; ++row)
      items[row] = (effattn_plan_item){key, (int32_t)row, 0};
  }
  ordered->count = sorted ? 0 : rows;
  return sorted || effattn_plan_sort_items(planner, ordered);
}
