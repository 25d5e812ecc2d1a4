/*===- plan_classes.c - which key atoms hold on which columns ------------===*/

#include "planner.h"

#include <string.h>

bool effattn_plan_add_interval(effattn_planner *planner,
                               effattn_plan_array *intervals, int64_t first,
                               int64_t end, uint32_t kind) {
  effattn_plan_interval *last =
      intervals->count
          ? (effattn_plan_interval *)intervals->data + intervals->count - 1
          : NULL;
  if (last && last->end == first && last->kind == kind) {
    last->end = (int32_t)end;
    return true;
  }
  if (!effattn_plan_array_reserve(planner, intervals, intervals->count + 1,
                                  sizeof *last))
    return false;
  ((effattn_plan_interval *)intervals->data)[intervals->count++] =
      (effattn_plan_interval){(int32_t)first, (int32_t)end, kind};
  return true;
}

bool effattn_plan_group(effattn_planner *planner,
                        const effattn_plan_array *intervals, int64_t kinds,
                        int64_t *start, effattn_plan_array *grouped) {
  const effattn_plan_interval *from = intervals->data;
  const int64_t count = intervals->count;
  if (!effattn_plan_array_reserve(planner, grouped, count, sizeof *from))
    return false;
  for (int64_t k = 0; k <= kinds; ++k)
    start[k] = 0;
  for (int64_t n = 0; n < count; ++n)
    ++start[from[n].kind + 1];
  for (int64_t k = 0; k < kinds; ++k)
    start[k + 1] += start[k];
  effattn_plan_interval *to = grouped->data;
  for (int64_t n = 0; n < count; ++n)
    to[start[from[n].kind]++] = from[n];
  /* Each start is now the next kind's: move them up again. */
  for (int64_t k = kinds; k > 0; --k)
    start[k] = start[k - 1];
  start[0] = 0;
  grouped->count = count;
  return true;
}

uint32_t effattn_plan_conditions(const effattn_planner *planner,
                                 const effattn_plan_value *conditions,
                                 uint32_t count, uint32_t sets, int64_t index) {
  const effattn_plan_request *request = planner->request;
  const uint32_t atoms = sets + count;
  uint32_t bits = 0;
  for (uint32_t c = 0; c < count; ++c) {
    int32_t missed = 0;
    const int64_t value =
        conditions[c](request->parameters, request->tables, index, 0, &missed);
    if (missed)
      bits |= 1u << (atoms + c);
    else if (value)
      bits |= 1u << (sets + c);
  }
  return bits;
}

/* The smallest value at the cursors; false where all are at their ends. */
static bool next_value(const effattn_plan_set *sets, uint32_t count,
                       const int64_t *cursors, int64_t *value) {
  bool found = false;
  for (uint32_t k = 0; k < count; ++k)
    if (cursors[k] < sets[k].count &&
        (!found || sets[k].values[cursors[k]] < *value)) {
      *value = sets[k].values[cursors[k]];
      found = true;
    }
  return found;
}

/* The sets that hold `value`; moves their cursors past it. */
static uint32_t take_sets(const effattn_plan_set *sets, uint32_t count,
                          int64_t *cursors, int64_t value) {
  uint32_t bits = 0;
  for (uint32_t k = 0; k < count; ++k)
    if (cursors[k] < sets[k].count && sets[k].values[cursors[k]] == value) {
      bits |= 1u << k;
      ++cursors[k];
    }
  return bits;
}

/* With conditions all columns are looked at, else those of the sets. */
static bool mark(effattn_planner *planner, int64_t *cursors) {
  const effattn_plan_request *request = planner->request;
  const effattn_plan_set *sets = request->key_set;
  const uint32_t count = request->key_sets;
  if (!request->key_conditions) {
    int64_t column = 0;
    while (next_value(sets, count, cursors, &column))
      if (!effattn_plan_add_interval(planner, &planner->marked, column,
                                     column + 1,
                                     take_sets(sets, count, cursors, column)))
        return false;
    return true;
  }
  for (int64_t column = 0; column < request->parameters[1]; ++column) {
    const uint32_t class =
        take_sets(sets, count, cursors, column) |
        effattn_plan_conditions(planner, request->key_condition,
                                request->key_conditions, count, column);
    if (class && !effattn_plan_add_interval(planner, &planner->marked, column,
                                            column + 1, class))
      return false;
  }
  return true;
}

static bool list_classes(effattn_planner *planner, int64_t classes) {
  const effattn_plan_interval *marked = planner->marked.data;
  int64_t columns = 0, present = 1;
  for (int64_t n = 0; n < planner->marked.count; ++n)
    columns += marked[n].end - marked[n].first;
  const int64_t *start = planner->class_start;
  for (int64_t k = 1; k < classes; ++k)
    present += start[k] < start[k + 1];
  if (!effattn_plan_array_reserve(planner, &planner->classes, present,
                                  sizeof(uint32_t)))
    return false;
  uint32_t *list = planner->classes.data;
  for (int64_t k = 0; k < classes; ++k)
    if (k == 0 ? columns < planner->request->parameters[1]
               : start[k] < start[k + 1])
      list[planner->classes.count++] = (uint32_t)k;
  return true;
}

bool effattn_plan_mark_columns(effattn_planner *planner) {
  const effattn_plan_request *request = planner->request;
  const effattn_plan_allocator *allocator = &request->allocator;
  const int64_t classes = (int64_t)1
                          << (planner->key_atoms + request->key_conditions);
  void *start = NULL, *cursors = NULL;
  int64_t cursor_capacity = 0;
  if (!effattn_plan_reserve(allocator, &start, &planner->class_capacity,
                            classes + 1, sizeof(int64_t)))
    return false;
  planner->class_start = start;
  if (!effattn_plan_reserve(allocator, &cursors, &cursor_capacity,
                            (int64_t)request->key_sets + 1, sizeof(int64_t)))
    return false;
  memset(cursors, 0, (request->key_sets + 1) * sizeof(int64_t));
  const bool done =
      mark(planner, cursors) &&
      effattn_plan_group(planner, &planner->marked, classes,
                         planner->class_start, &planner->grouped) &&
      list_classes(planner, classes);
  effattn_plan_release_memory(allocator, cursors, cursor_capacity,
                              sizeof(int64_t));
  return done;
}
