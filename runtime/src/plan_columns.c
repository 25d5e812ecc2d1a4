/*===- plan_columns.c - runs less the key sets, and the sets themselves --===*/

#include "planner.h"

#include <string.h>

bool effattn_plan_reserve(const effattn_plan_allocator *allocator, void **data,
                          int64_t *capacity, int64_t count, size_t element) {
  if (count <= *capacity)
    return true;
  int64_t wanted = *capacity + *capacity / 2;
  if (wanted < count)
    wanted = count;
  if (wanted < 16)
    wanted = 16;
  if ((uint64_t)wanted > SIZE_MAX / element)
    return false;
  void *memory =
      allocator->allocate(allocator->user, (size_t)wanted * element, 64);
  if (!memory)
    return false;
  if (*data) {
    memcpy(memory, *data, (size_t)*capacity * element);
    allocator->deallocate(allocator->user, *data, (size_t)*capacity * element,
                          64);
  }
  *data = memory;
  *capacity = wanted;
  return true;
}

void effattn_plan_release_memory(const effattn_plan_allocator *allocator,
                                 void *data, int64_t capacity, size_t element) {
  if (data)
    allocator->deallocate(allocator->user, data, (size_t)capacity * element,
                          64);
}

static bool reserve(effattn_planner *planner, effattn_plan_array *array,
                    int64_t count, size_t element) {
  return effattn_plan_reserve(&planner->request->allocator, &array->data,
                              &array->capacity, count, element);
}

/* The smallest value at the cursors; false where all are at their ends. */
static bool next_value(const effattn_plan_set *sets, uint32_t count,
                       const int64_t *cursors, int32_t *value) {
  bool found = false;
  for (uint32_t k = 0; k < count; ++k)
    if (cursors[k] < sets[k].count &&
        (!found || sets[k].values[cursors[k]] < *value)) {
      *value = sets[k].values[cursors[k]];
      found = true;
    }
  return found;
}

static bool merge_sets(effattn_planner *planner, int64_t *cursors) {
  const effattn_plan_set *sets = planner->request->key_set;
  uint32_t count = planner->request->key_sets;
  effattn_plan_array *marked = &planner->marked;
  int32_t value = 0;
  while (next_value(sets, count, cursors, &value)) {
    uint32_t bits = 0;
    for (uint32_t k = 0; k < count; ++k)
      if (cursors[k] < sets[k].count && sets[k].values[cursors[k]] == value) {
        bits |= 1u << k;
        ++cursors[k];
      }
    effattn_plan_interval *intervals = marked->data;
    if (marked->count && intervals[marked->count - 1].end == value &&
        intervals[marked->count - 1].sets == bits) {
      ++intervals[marked->count - 1].end;
      continue;
    }
    if (!reserve(planner, marked, marked->count + 1, sizeof *intervals))
      return false;
    intervals = marked->data;
    intervals[marked->count++] =
        (effattn_plan_interval){value, value + 1, bits};
  }
  return true;
}

/* Counting sort of the intervals by class. */
static bool group_by_class(effattn_planner *planner) {
  const effattn_plan_interval *marked = planner->marked.data;
  int64_t count = planner->marked.count;
  int64_t classes = (int64_t)1 << planner->request->key_sets;
  int64_t *start = planner->class_start;
  if (!reserve(planner, &planner->grouped, count, sizeof *marked))
    return false;
  for (int64_t k = 0; k <= classes; ++k)
    start[k] = 0;
  for (int64_t n = 0; n < count; ++n)
    ++start[marked[n].sets + 1];
  for (int64_t k = 0; k < classes; ++k)
    start[k + 1] += start[k];
  effattn_plan_interval *grouped = planner->grouped.data;
  for (int64_t n = 0; n < count; ++n)
    grouped[start[marked[n].sets]++] = marked[n];
  /* Each start is now the next class's: move them up again. */
  for (int64_t k = classes; k > 0; --k)
    start[k] = start[k - 1];
  start[0] = 0;
  planner->grouped.count = count;
  return true;
}

bool effattn_plan_mark_columns(effattn_planner *planner) {
  const effattn_plan_allocator *allocator = &planner->request->allocator;
  uint32_t sets = planner->request->key_sets;
  void *start = NULL, *cursors = NULL;
  int64_t cursor_capacity = 0;
  if (!effattn_plan_reserve(allocator, &start, &planner->class_capacity,
                            ((int64_t)1 << sets) + 1, sizeof(int64_t)))
    return false;
  planner->class_start = start;
  if (!sets) {
    planner->class_start[0] = planner->class_start[1] = 0;
    return true;
  }
  if (!effattn_plan_reserve(allocator, &cursors, &cursor_capacity, sets,
                            sizeof(int64_t)))
    return false;
  memset(cursors, 0, sets * sizeof(int64_t));
  bool done = merge_sets(planner, cursors) && group_by_class(planner);
  effattn_plan_release_memory(allocator, cursors, cursor_capacity,
                              sizeof(int64_t));
  return done;
}

void effattn_plan_release_columns(effattn_planner *planner) {
  const effattn_plan_allocator *allocator = &planner->request->allocator;
  effattn_plan_release_memory(allocator, planner->class_start,
                              planner->class_capacity, sizeof(int64_t));
  effattn_plan_array *intervals[] = {&planner->marked, &planner->grouped};
  for (int k = 0; k < 2; ++k)
    effattn_plan_release_memory(allocator, intervals[k]->data,
                                intervals[k]->capacity,
                                sizeof(effattn_plan_interval));
  effattn_plan_array *runs[] = {&planner->full, &planner->partial};
  for (int k = 0; k < 2; ++k)
    effattn_plan_release_memory(allocator, runs[k]->data, runs[k]->capacity,
                                sizeof(effattn_plan_run));
  effattn_plan_release_memory(allocator, planner->listed.data,
                              planner->listed.capacity, sizeof(effattn_run));
  effattn_plan_release_memory(allocator, planner->events.data,
                              planner->events.capacity,
                              sizeof(effattn_plan_event));
}

bool effattn_plan_list(effattn_planner *planner, effattn_runs_function function,
                       int64_t index) {
  effattn_plan_array *listed = &planner->listed;
  listed->count = 0;
  if (!function)
    return true;
  const int64_t *parameters = planner->request->parameters;
  int64_t count = function(parameters, index, listed->data, listed->capacity);
  if (count > listed->capacity) {
    if (!reserve(planner, listed, count, sizeof(effattn_run)))
      return false;
    count = function(parameters, index, listed->data, listed->capacity);
  }
  listed->count = count;
  return true;
}

/* Appends a run, or lengthens the last one by it: single columns at equal
   distances become one run. */
static bool append(effattn_planner *planner, effattn_plan_array *runs,
                   int64_t first, int64_t step, int64_t count, uint32_t sets) {
  if (count <= 0)
    return true;
  effattn_plan_run *last =
      runs->count ? (effattn_plan_run *)runs->data + runs->count - 1 : NULL;
  if (last && last->sets == sets && first > last->first) {
    int64_t distance = last->count == 1 ? first - last->first : last->step;
    if (first == last->first + distance * last->count &&
        (count == 1 || step == distance)) {
      last->step = (int32_t)distance;
      last->count += (int32_t)count;
      return true;
    }
  }
  if (!reserve(planner, runs, runs->count + 1, sizeof *last))
    return false;
  ((effattn_plan_run *)runs->data)[runs->count++] = (effattn_plan_run){
      (int32_t)first, count == 1 ? 1 : (int32_t)step, (int32_t)count, sets};
  return true;
}

/* The first of sorted, disjoint intervals that ends after `column`. */
static int64_t find_interval(const effattn_plan_interval *intervals,
                             int64_t count, int64_t column) {
  int64_t low = 0, high = count;
  while (low < high) {
    int64_t middle = low + (high - low) / 2;
    if (intervals[middle].end <= column)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* How many columns of the run lie before `column`. */
static int64_t columns_before(effattn_run run, int64_t column) {
  if (column <= run.first)
    return 0;
  int64_t before = (column - run.first + run.step - 1) / run.step;
  return before < run.count ? before : run.count;
}

static bool add_outside(effattn_planner *planner, effattn_plan_array *runs,
                        effattn_run run) {
  const effattn_plan_interval *marked = planner->marked.data;
  int64_t count = planner->marked.count, done = 0;
  int64_t last = run.first + (int64_t)run.step * (run.count - 1);
  for (int64_t n = find_interval(marked, count, run.first);
       n < count && marked[n].first <= last; ++n) {
    int64_t from = columns_before(run, marked[n].first);
    int64_t to = columns_before(run, marked[n].end);
    if (from == to)
      continue; /* between two columns of the run */
    if (!append(planner, runs, run.first + done * run.step, run.step,
                from - done, 0))
      return false;
    done = to;
  }
  return append(planner, runs, run.first + done * run.step, run.step,
                run.count - done, 0);
}

static bool add_inside(effattn_planner *planner, effattn_plan_array *runs,
                       effattn_run run, uint32_t sets) {
  int64_t begin = planner->class_start[sets];
  int64_t count = planner->class_start[sets + 1] - begin;
  const effattn_plan_interval *members =
      (const effattn_plan_interval *)planner->grouped.data + begin;
  int64_t last = run.first + (int64_t)run.step * (run.count - 1);
  uint32_t bits = runs == &planner->full ? 0 : sets;
  for (int64_t n = find_interval(members, count, run.first);
       n < count && members[n].first <= last; ++n) {
    int64_t from = columns_before(run, members[n].first);
    int64_t to = columns_before(run, members[n].end);
    if (!append(planner, runs, run.first + from * run.step, run.step, to - from,
                bits))
      return false;
  }
  return true;
}

bool effattn_plan_add(effattn_planner *planner, effattn_plan_array *runs,
                      effattn_run run, uint32_t sets) {
  if (run.count <= 0)
    return true;
  return sets ? add_inside(planner, runs, run, sets)
              : add_outside(planner, runs, run);
}
