/*===- plan_sweep.c - merging the columns of rows ------------------------===*\
|*
|* The runs of each source (a row, or a row under one case) are known. With L
|* the least common multiple of their steps, each run is L / step runs of step
L, one residue class of columns
|* each; in a class, columns are r + L * n and runs are intervals of n. Sorting
|* the ends of the intervals and counting open ones from left to right gives
|* the columns that all sources list (full) and that some list (partial).
|*
\*===----------------------------------------------------------------------===*/

#include "planner.h"

/* Above these the tile is planned as one partial run from the least to the
   greatest column: exact by the predicate, only slower to compute. */
enum { MOST_RESIDUES = 1024, MOST_EVENTS = 1 << 18 };

static bool before(effattn_plan_event a, effattn_plan_event b) {
  return a.residue != b.residue ? a.residue < b.residue
                                : a.position < b.position;
}

static void sift_down(effattn_plan_event *heap, int64_t root, int64_t count) {
  effattn_plan_event moving = heap[root];
  for (;;) {
    int64_t child = 2 * root + 1;
    if (child >= count)
      break;
    if (child + 1 < count && before(heap[child], heap[child + 1]))
      ++child;
    if (!before(moving, heap[child]))
      break;
    heap[root] = heap[child];
    root = child;
  }
  heap[root] = moving;
}

/* Heap sort: in place, and the order of equal events does not matter. */
static void sort_events(effattn_plan_event *events, int64_t count) {
  for (int64_t n = count / 2; n-- > 0;)
    sift_down(events, n, count);
  for (int64_t n = count; n-- > 1;) {
    effattn_plan_event last = events[n];
    events[n] = events[0];
    events[0] = last;
    sift_down(events, 0, n);
  }
}

static int64_t common_multiple(int64_t a, int64_t b) {
  int64_t x = a, y = b;
  while (y) {
    int64_t rest = x % y;
    x = y;
    y = rest;
  }
  return a / x * b;
}

typedef struct effattn_plan_extent {
  int64_t modulus; /* least common multiple of steps; capped */
  int64_t events;
  int64_t first, last;
} effattn_plan_extent;

static bool measure(effattn_planner *planner, effattn_plan_extent *extent) {
  const effattn_plan_source *sources = planner->sources.data;
  *extent = (effattn_plan_extent){1, 0, INT64_MAX, -1};
  for (int64_t n = 0; n < planner->sources.count; ++n) {
    if (!effattn_plan_list(planner, sources[n].function, sources[n].index))
      return false;
    const effattn_run *runs = planner->listed.data;
    for (int64_t k = 0; k < planner->listed.count; ++k) {
      int64_t last =
          runs[k].first + (int64_t)runs[k].step * (runs[k].count - 1);
      if (runs[k].first < extent->first)
        extent->first = runs[k].first;
      if (last > extent->last)
        extent->last = last;
      if (runs[k].count > 1 && extent->modulus <= MOST_RESIDUES)
        extent->modulus = common_multiple(extent->modulus, runs[k].step);
      ++extent->events;
    }
  }
  /* A run has at most `modulus` parts of two events each. */
  extent->events *= 2 * extent->modulus;
  return true;
}

static void add_events(effattn_planner *planner, effattn_run run,
                       int64_t modulus) {
  effattn_plan_event *events = planner->events.data;
  int64_t parts = run.count > 1 ? modulus / run.step : 1;
  for (int64_t part = 0; part < parts && part < run.count; ++part) {
    int64_t first = run.first + part * run.step;
    int64_t count = (run.count - part + parts - 1) / parts;
    int32_t residue = (int32_t)(first % modulus);
    int32_t position = (int32_t)(first / modulus);
    events[planner->events.count++] =
        (effattn_plan_event){residue, position, 1};
    events[planner->events.count++] =
        (effattn_plan_event){residue, position + (int32_t)count, -1};
  }
}

static bool count_open(effattn_planner *planner, int64_t full_count,
                       int64_t modulus) {
  const effattn_plan_event *events = planner->events.data;
  int64_t count = planner->events.count, open = 0;
  for (int64_t n = 0; n + 1 < count; ++n) {
    open += events[n].change;
    int64_t length = (int64_t)events[n + 1].position - events[n].position;
    if (open == 0 || length == 0)
      continue;
    effattn_run run = {
        (int32_t)(events[n].residue + modulus * events[n].position),
        (int32_t)modulus, (int32_t)length};
    if (!effattn_plan_add(
            planner, open >= full_count ? &planner->full : &planner->partial,
            run))
      return false;
  }
  return true;
}

bool effattn_plan_sweep(effattn_planner *planner, int64_t full_count) {
  effattn_plan_extent extent;
  if (!measure(planner, &extent))
    return false;
  if (extent.last < 0)
    return true;
  if (extent.modulus > MOST_RESIDUES || extent.events > MOST_EVENTS) {
    effattn_run hull = {(int32_t)extent.first, 1,
                        (int32_t)(extent.last - extent.first + 1)};
    return effattn_plan_add(planner, &planner->partial, hull);
  }
  planner->events.count = 0;
  if (!effattn_plan_array_reserve(planner, &planner->events, extent.events,
                                  sizeof(effattn_plan_event)))
    return false;
  const effattn_plan_source *sources = planner->sources.data;
  for (int64_t n = 0; n < planner->sources.count; ++n) {
    if (!effattn_plan_list(planner, sources[n].function, sources[n].index))
      return false;
    const effattn_run *runs = planner->listed.data;
    for (int64_t k = 0; k < planner->listed.count; ++k)
      add_events(planner, runs[k], extent.modulus);
  }
  sort_events(planner->events.data, planner->events.count);
  return count_open(planner, full_count, extent.modulus);
}
