/*===- plan_relations.c - conditions on pairs that tables decide ---------===*\
|*
|* The labels of a tile's rows (plan_labels.c) give the columns in state 1 and 2
|* of each relation; a tile whose rows have the labels of the tile before has
|* its columns too. Where a look-up is out of range, a column is in state 2 for
|* all rows, and all columns are for a row. Compared relations have a file of
|* their own, plan_compare.c.
|*
\*===----------------------------------------------------------------------===*/

#include "planner.h"

#include <string.h>

/*===- labels of a tile ---------------------------------------------------===*/

/* Sorted by label, each label once: `b` is how many of the rows have it.
   `at`: where the relation's labels are among those of a row. */
static bool count_labels(effattn_planner *planner, int64_t rows, uint32_t at,
                         uint32_t labels) {
  effattn_plan_array *items = &planner->items;
  const int64_t *label = planner->row_labels.data;
  const int64_t width = effattn_plan_label_width(planner);
  items->count = 0;
  for (int64_t row = 0; row < rows; ++row)
    for (uint32_t n = 0; n < labels; ++n)
      if (!effattn_plan_add_item(
              planner, items,
              (effattn_plan_item){effattn_plan_key(label[width * row + at + n]),
                                  (int32_t)row, 1}))
        return false;
  if (!effattn_plan_sort_items(planner, items))
    return false;
  effattn_plan_item *item = items->data;
  int64_t kept = 0;
  for (int64_t n = 0; n < items->count; ++n) {
    if (kept == 0 || item[kept - 1].key != item[n].key)
      item[kept++] = item[n];
    else if (item[kept - 1].a != item[n].a) {
      item[kept - 1].a = item[n].a;
      ++item[kept - 1].b;
    }
  }
  items->count = kept;
  return true;
}

/*===- columns of one relation -------------------------------------------===*/

static bool add_found(effattn_planner *planner, effattn_plan_interval found) {
  effattn_plan_array *array = &planner->found;
  if (!effattn_plan_array_reserve(planner, array, array->count + 1,
                                  sizeof found))
    return false;
  ((effattn_plan_interval *)array->data)[array->count++] = found;
  return true;
}

/* The first item whose key is not less. Numbers of blocks follow each other:
   then it is as far from the first one as its key. */
static int64_t find_label(const effattn_plan_array *items, uint64_t key) {
  const effattn_plan_item *item = items->data;
  int64_t low = 0, high = items->count;
  if (high == 0 || key <= item[0].key)
    return 0;
  const uint64_t distance = key - item[0].key;
  if (distance < (uint64_t)high && item[distance].key == key &&
      item[distance - 1].key != key)
    return (int64_t)distance;
  while (low < high) {
    int64_t middle = low + (high - low) / 2;
    if (item[middle].key < key)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static bool find_labelled(effattn_planner *planner,
                          const effattn_plan_labels *labels, int64_t rows) {
  const effattn_plan_item *wanted = planner->items.data;
  const effattn_plan_item *column = labels->items.data;
  for (int64_t n = 0; n < planner->items.count; ++n)
    for (int64_t c = find_label(&labels->items, wanted[n].key);
         c < labels->items.count && column[c].key == wanted[n].key; ++c)
      if (!add_found(planner,
                     (effattn_plan_interval){column[c].a, column[c].b,
                                             wanted[n].b == rows ? 1 : 2}))
        return false;
  return true;
}

/* The state of columns with a label: of all labels of the tile's rows. */
static uint32_t test_label(const effattn_planner *planner,
                           const effattn_relation *relation, uint64_t column) {
  const effattn_plan_request *request = planner->request;
  const effattn_plan_item *row = planner->items.data;
  const int64_t count = planner->items.count;
  int64_t holds = 0;
  for (int64_t n = 0; n < count; ++n) {
    int32_t missed = 0;
    holds += relation->test(request->parameters, request->tables,
                            (int64_t)effattn_plan_key((int64_t)row[n].key),
                            (int64_t)effattn_plan_key((int64_t)column),
                            &missed) != 0;
    if (missed)
      return 2;
  }
  return holds == 0 ? 0 : holds == count ? 1 : 2;
}

static bool find_tested(effattn_planner *planner,
                        const effattn_relation *relation,
                        const effattn_plan_labels *labels) {
  const effattn_plan_item *column = labels->items.data;
  uint32_t state = 0;
  for (int64_t c = 0; c < labels->items.count; ++c) {
    if (c == 0 || column[c].key != column[c - 1].key)
      state = test_label(planner, relation, column[c].key);
    if (state && !add_found(planner, (effattn_plan_interval){
                                         column[c].a, column[c].b, state}))
      return false;
  }
  return true;
}

/* Sorts `found` by column. */
static bool sort_found(effattn_planner *planner) {
  effattn_plan_interval *found = planner->found.data;
  const int64_t count = planner->found.count;
  bool sorted = true;
  for (int64_t n = 1; n < count && sorted; ++n)
    sorted = found[n - 1].first < found[n].first;
  if (sorted)
    return true;
  effattn_plan_array *items = &planner->items;
  items->count = 0;
  for (int64_t n = 0; n < count; ++n)
    if (!effattn_plan_add_item(planner, items,
                               (effattn_plan_item){(uint64_t)found[n].first,
                                                   found[n].end,
                                                   (int32_t)found[n].kind}))
      return false;
  if (!effattn_plan_sort_items(planner, items))
    return false;
  const effattn_plan_item *item = items->data;
  for (int64_t n = 0; n < count; ++n)
    found[n] = (effattn_plan_interval){(int32_t)item[n].key, item[n].a,
                                       (uint32_t)item[n].b};
  return true;
}

/* Intervals of columns in states other than 0 into planner->found. */
static bool find_relation(effattn_planner *planner, uint32_t number,
                          uint32_t at, int64_t rows) {
  const effattn_relation *relation = &planner->request->relation[number];
  const effattn_plan_labels *labels = &planner->labels[number];
  const int64_t *label = planner->row_labels.data;
  bool missed = relation->kind == EFFATTN_RELATION_UNKNOWN;
  for (int64_t row = 0; row < rows; ++row)
    missed = missed || label[effattn_plan_label_width(planner) * row +
                             planner->row_label_count + number];
  planner->found.count = 0;
  if (missed) {
    const int64_t columns = planner->request->parameters[1];
    return columns == 0 ||
           add_found(planner, (effattn_plan_interval){0, (int32_t)columns, 2});
  }
  if (relation->kind == EFFATTN_RELATION_COMPARED)
    return effattn_plan_find_compared(planner, number, label + at, rows,
                                      effattn_plan_label_width(planner));
  const bool bitmap = relation->kind == EFFATTN_RELATION_BITMAP;
  if (!count_labels(planner, rows, at, bitmap ? 1 : relation->labels) ||
      !(bitmap ? find_tested(planner, relation, labels)
               : find_labelled(planner, labels, rows)))
    return false;
  const effattn_plan_interval *none = labels->missed.data;
  for (int64_t n = 0; n < labels->missed.count; ++n)
    if (!add_found(planner, none[n]))
      return false;
  return sort_found(planner);
}

/*===- all relations -----------------------------------------------------===*/

/* Adds weight * state of `found` to planner->states: two sorted lists of
   disjoint intervals, walked from end to end of either. */
static bool overlay(effattn_planner *planner, uint32_t weight) {
  effattn_plan_array *merged = &planner->merged;
  const effattn_plan_interval *lists[2] = {planner->states.data,
                                           planner->found.data};
  const int64_t counts[2] = {planner->states.count, planner->found.count};
  const uint32_t weights[2] = {1, weight};
  int64_t at[2] = {0, 0}, column = 0;
  merged->count = 0;
  while (at[0] < counts[0] || at[1] < counts[1]) {
    int64_t end = INT64_MAX;
    uint32_t state = 0;
    for (int k = 0; k < 2; ++k) {
      if (at[k] == counts[k])
        continue;
      const effattn_plan_interval *next = &lists[k][at[k]];
      const bool inside = next->first <= column;
      const int64_t change = inside ? next->end : next->first;
      state += inside ? weights[k] * next->kind : 0;
      end = change < end ? change : end;
    }
    if (state &&
        !effattn_plan_add_interval(planner, merged, column, end, state))
      return false;
    column = end;
    for (int k = 0; k < 2; ++k)
      if (at[k] < counts[k] && lists[k][at[k]].end <= column)
        ++at[k];
  }
  const effattn_plan_array swapped = planner->states;
  planner->states = *merged;
  *merged = swapped;
  return true;
}

bool effattn_plan_find_states(effattn_planner *planner, const int32_t *rows) {
  const effattn_plan_request *request = planner->request;
  const int64_t count = effattn_plan_label_rows(planner, rows);
  if (count == 0)
    return true;
  planner->last_uniform = false;
  planner->states.count = 0;
  uint32_t at = 0, weight = 1;
  for (uint32_t r = 0; r < request->relations; ++r, weight *= 3) {
    if (!find_relation(planner, r, at, count) || !overlay(planner, weight))
      return false;
    const effattn_relation *relation = &request->relation[r];
    at += relation->kind == EFFATTN_RELATION_UNKNOWN  ? 0
          : relation->kind == EFFATTN_RELATION_BITMAP ? 1
                                                      : relation->labels;
  }
  if (!effattn_plan_group(planner, &planner->states, weight,
                          planner->state_start, &planner->by_state))
    return false;
  const effattn_plan_interval *states = planner->states.data;
  int64_t covered = 0;
  for (int64_t n = 0; n < planner->states.count; ++n)
    covered += states[n].end - states[n].first;
  planner->outside = covered < request->parameters[1];
  planner->last_uniform = count == 1;
  planner->last_touched = planner->touched;
  if (count == 1)
    memcpy(planner->last_labels.data, planner->row_labels.data,
           (size_t)effattn_plan_label_width(planner) * sizeof(int64_t));
  return true;
}
