/*===- plan_columns.c - the columns of a tile, case by case --------------===*/

#include "planner.h"

bool effattn_plan_list(effattn_planner *planner, effattn_runs_function function,
                       int64_t index) {
  effattn_plan_array *listed = &planner->listed;
  listed->count = 0;
  if (!function)
    return true;
  const int64_t *parameters = planner->request->parameters;
  int64_t count = function(parameters, index, listed->data, listed->capacity);
  if (count > listed->capacity) {
    if (!effattn_plan_array_reserve(planner, listed, count,
                                    sizeof(effattn_run)))
      return false;
    count = function(parameters, index, listed->data, listed->capacity);
  }
  listed->count = count;
  return true;
}

/*===- restricting runs --------------------------------------------------===*/

/* Adds what is left of a run. */
typedef bool (*take_piece)(effattn_planner *planner, effattn_plan_array *runs,
                           effattn_run piece);

static effattn_run part(effattn_run run, int64_t from, int64_t to) {
  return (effattn_run){(int32_t)(run.first + from * run.step),
                       to - from == 1 ? 1 : run.step, (int32_t)(to - from)};
}

/* Appends a run, or lengthens the last one by it: single columns at equal
   distances become one run. */
static bool append(effattn_planner *planner, effattn_plan_array *runs,
                   effattn_run run) {
  const uint32_t key_sets = planner->request->key_sets;
  const uint32_t sets =
      runs == &planner->full ? 0 : planner->class & ((1u << key_sets) - 1);
  effattn_plan_run *last =
      runs->count ? (effattn_plan_run *)runs->data + runs->count - 1 : NULL;
  if (last && last->sets == sets && run.first > last->first) {
    int64_t distance =
        last->count == 1 ? (int64_t)run.first - last->first : last->step;
    if (run.first == last->first + distance * last->count &&
        (run.count == 1 || run.step == distance)) {
      last->step = (int32_t)distance;
      last->count += run.count;
      return true;
    }
  }
  if (!effattn_plan_array_reserve(planner, runs, runs->count + 1, sizeof *last))
    return false;
  ((effattn_plan_run *)runs->data)[runs->count++] =
      (effattn_plan_run){run.first, run.step, run.count, sets};
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

static int64_t last_column(effattn_run run) {
  return run.first + (int64_t)run.step * (run.count - 1);
}

/* The columns of a run in none of the intervals. */
static bool take_outside(effattn_planner *planner, effattn_plan_array *runs,
                         effattn_run run,
                         const effattn_plan_interval *intervals, int64_t count,
                         take_piece take) {
  const int64_t last = last_column(run);
  int64_t done = 0;
  for (int64_t n = find_interval(intervals, count, run.first);
       n < count && intervals[n].first <= last; ++n) {
    int64_t from = columns_before(run, intervals[n].first);
    int64_t to = columns_before(run, intervals[n].end);
    if (from == to)
      continue; /* between two columns of the run */
    if (from > done && !take(planner, runs, part(run, done, from)))
      return false;
    done = to;
  }
  return done == run.count || take(planner, runs, part(run, done, run.count));
}

/* The columns of a run in the intervals. */
static bool take_inside(effattn_planner *planner, effattn_plan_array *runs,
                        effattn_run run, const effattn_plan_interval *intervals,
                        int64_t count, take_piece take) {
  const int64_t last = last_column(run);
  for (int64_t n = find_interval(intervals, count, run.first);
       n < count && intervals[n].first <= last; ++n) {
    int64_t from = columns_before(run, intervals[n].first);
    int64_t to = columns_before(run, intervals[n].end);
    if (from < to && !take(planner, runs, part(run, from, to)))
      return false;
  }
  return true;
}

static bool take_class(effattn_planner *planner, effattn_plan_array *runs,
                       effattn_run run) {
  if (!planner->class)
    return take_outside(planner, runs, run, planner->marked.data,
                        planner->marked.count, append);
  const int64_t begin = planner->class_start[planner->class];
  return take_inside(planner, runs, run,
                     (const effattn_plan_interval *)planner->grouped.data +
                         begin,
                     planner->class_start[planner->class + 1] - begin, append);
}

bool effattn_plan_add(effattn_planner *planner, effattn_plan_array *runs,
                      effattn_run run) {
  if (run.count <= 0)
    return true;
  if (!planner->state)
    return take_outside(planner, runs, run, planner->states.data,
                        planner->states.count, take_class);
  const int64_t begin = planner->state_start[planner->state];
  return take_inside(
      planner, runs, run,
      (const effattn_plan_interval *)planner->by_state.data + begin,
      planner->state_start[planner->state + 1] - begin, take_class);
}

/*===- cases -------------------------------------------------------------===*/

static const effattn_case *find_case(const effattn_planner *planner,
                                     uint32_t state, uint32_t queries,
                                     uint32_t keys) {
  const size_t row = ((size_t)state << planner->query_atoms) | queries;
  return planner->request->cases + ((row << planner->key_atoms) | keys);
}

/* The planner merges the columns of the rows. */
static bool is_gathered(const effattn_case *one) {
  return !one->tile_full && !one->tile_partial && one->row;
}

static bool add_listed(effattn_planner *planner, effattn_plan_array *runs,
                       effattn_runs_function function, int64_t index) {
  if (!effattn_plan_list(planner, function, index))
    return false;
  for (int64_t n = 0; n < planner->listed.count; ++n)
    if (!effattn_plan_add(planner, runs,
                          ((const effattn_run *)planner->listed.data)[n]))
      return false;
  return true;
}

static bool add_source(effattn_planner *planner, effattn_runs_function function,
                       int64_t index) {
  effattn_plan_array *sources = &planner->sources;
  if (!function)
    return true;
  if (!effattn_plan_array_reserve(planner, sources, sources->count + 1,
                                  sizeof(effattn_plan_source)))
    return false;
  ((effattn_plan_source *)sources->data)[sources->count++] =
      (effattn_plan_source){function, index};
  return true;
}

/* Truth values for atoms that are not known: maybe bits, and relations in state
   2, by number. */
typedef struct completions {
  uint32_t queries, maybe_queries, keys, maybe_keys, state;
  int64_t of_keys, of_queries, of_states, count;
} completions;

static int bits_of(uint32_t word) { return __builtin_popcount(word); }

static completions list_completions(const effattn_planner *planner,
                                    uint32_t row_class, uint32_t state) {
  const uint32_t query_bits = (1u << planner->query_atoms) - 1;
  const uint32_t key_bits = (1u << planner->key_atoms) - 1;
  completions all = {
      .queries = row_class & query_bits,
      .maybe_queries = row_class >> planner->query_atoms
                                        << planner->request->query_sets,
      .keys = planner->class & key_bits,
      .maybe_keys = planner->class >> planner->key_atoms
                                          << planner->request->key_sets,
      .state = state};
  all.of_keys = (int64_t)1 << bits_of(all.maybe_keys);
  all.of_queries = (int64_t)1 << bits_of(all.maybe_queries);
  all.of_states = 1;
  for (uint32_t rest = state; rest; rest /= 3)
    all.of_states *= rest % 3 == 2 ? 2 : 1;
  all.count = all.of_keys * all.of_queries * all.of_states;
  return all;
}

/* The bits of `choice` one by one into the places that are set in `places`. */
static uint32_t spread(uint32_t places, int64_t choice) {
  uint32_t bits = 0;
  for (; places; places &= places - 1, choice >>= 1)
    if (choice & 1)
      bits |= places & -places;
  return bits;
}

/* `whole` keeps relations in state 2 as they are. */
static const effattn_case *completed(const effattn_planner *planner,
                                     const completions *all, int64_t number,
                                     bool whole) {
  const uint32_t keys = spread(all->maybe_keys, number % all->of_keys);
  number /= all->of_keys;
  const uint32_t queries = spread(all->maybe_queries, number % all->of_queries);
  number /= all->of_queries;
  uint32_t state = 0, weight = 1;
  for (uint32_t rest = all->state; rest; rest /= 3, weight *= 3) {
    uint32_t digit = rest % 3;
    if (digit == 2 && !whole) {
      digit = number & 1;
      number >>= 1;
    }
    state += digit * weight;
  }
  return find_case(planner, state, all->queries | queries, all->keys | keys);
}

/* Unknown atoms of rows or columns: the cases of all their values; nothing is
   full, so that the kernel looks at each pair. *done stays false where a case
   has to be merged from rows. */
static bool merge_tiles(effattn_planner *planner, const completions *all,
                        int64_t index, bool *done) {
  const int64_t count = all->of_keys * all->of_queries;
  for (int64_t n = 0; n < count; ++n)
    if (is_gathered(completed(planner, all, n, true)))
      return true;
  *done = true;
  planner->sources.count = 0;
  for (int64_t n = 0; n < count; ++n) {
    const effattn_case *one = completed(planner, all, n, true);
    if (!add_source(planner, one->tile_full, index) ||
        !add_source(planner, one->tile_partial, index))
      return false;
  }
  return effattn_plan_sweep(planner, INT64_MAX);
}

/* The cases of an Unknown relation are all those of state 2. */
static bool has_unknown(const effattn_planner *planner) {
  for (uint32_t r = 0; r < planner->request->relations; ++r)
    if (planner->request->relation[r].kind == EFFATTN_RELATION_UNKNOWN)
      return true;
  return false;
}

/* A column is full where each row sees it whatever the open atoms are. */
static bool merge_rows(effattn_planner *planner, const completions *all,
                       const int32_t *rows) {
  planner->sources.count = 0;
  int64_t present = 0;
  for (uint32_t k = 0; k < planner->plan->tile_rows; ++k) {
    if (rows[k] < 0)
      continue;
    ++present;
    for (int64_t n = 0; n < all->count; ++n)
      if (!add_source(planner, completed(planner, all, n, false)->row, rows[k]))
        return false;
  }
  const bool known =
      !all->maybe_keys && !all->maybe_queries && !has_unknown(planner);
  return effattn_plan_sweep(planner, known ? present * all->count : INT64_MAX);
}

static bool find_in_case(effattn_planner *planner, int64_t index,
                         const int32_t *rows, uint32_t row_class) {
  const completions all = list_completions(planner, row_class, planner->state);
  if (index >= 0 && !all.maybe_keys && !all.maybe_queries) {
    const effattn_case *one =
        find_case(planner, planner->state, all.queries, all.keys);
    if (!is_gathered(one))
      return add_listed(planner, &planner->full, one->tile_full, index) &&
             add_listed(planner, &planner->partial, one->tile_partial, index);
  } else if (index >= 0) {
    bool done = false;
    if (!merge_tiles(planner, &all, index, &done))
      return false;
    if (done)
      return true;
  }
  return merge_rows(planner, &all, rows);
}

/*===- columns that a tile may touch -------------------------------------===*/

static bool extend_touched(effattn_planner *planner,
                           effattn_runs_function function, int64_t index) {
  effattn_plan_range *touched = &planner->touched;
  if (!effattn_plan_list(planner, function, index))
    return false;
  const effattn_run *runs = planner->listed.data;
  for (int64_t n = 0; n < planner->listed.count; ++n) {
    if (runs[n].count <= 0)
      continue;
    const int64_t end = last_column(runs[n]) + 1;
    if (runs[n].first < touched->low)
      touched->low = runs[n].first;
    if (end > touched->high)
      touched->high = end;
  }
  return true;
}

/* The columns of the case where all relations are in state 2, over all classes
   of columns: those of every other state are among them. */
static bool find_touched(effattn_planner *planner, int64_t index,
                         const int32_t *rows, uint32_t row_class,
                         uint32_t states) {
  planner->touched = (effattn_plan_range){0, planner->request->parameters[1]};
  if (!planner->bounded)
    return true;
  planner->touched = (effattn_plan_range){INT64_MAX, 0};
  const uint32_t *classes = planner->classes.data;
  for (int64_t c = 0; c < planner->classes.count; ++c) {
    planner->class = classes[c];
    const completions all = list_completions(planner, row_class, states - 1);
    for (int64_t n = 0; n < all.of_keys * all.of_queries; ++n) {
      const effattn_case *one = completed(planner, &all, n, true);
      if (index >= 0 && !is_gathered(one)) {
        if (!extend_touched(planner, one->tile_full, index) ||
            !extend_touched(planner, one->tile_partial, index))
          return false;
        continue;
      }
      for (uint32_t k = 0; k < planner->plan->tile_rows; ++k)
        if (rows[k] >= 0 && !extend_touched(planner, one->row, rows[k]))
          return false;
    }
  }
  return true;
}

bool effattn_plan_find_columns(effattn_planner *planner, int64_t index,
                               const int32_t *rows, uint32_t row_class) {
  planner->full.count = planner->partial.count = 0;
  uint32_t states = 1;
  for (uint32_t r = 0; r < planner->request->relations; ++r)
    states *= 3;
  if (states > 1 && (!find_touched(planner, index, rows, row_class, states) ||
                     !effattn_plan_find_states(planner, rows)))
    return false;
  const uint32_t *classes = planner->classes.data;
  for (uint32_t state = 0; state < states; ++state) {
    if (states > 1 &&
        (state ? planner->state_start[state] == planner->state_start[state + 1]
               : !planner->outside))
      continue;
    planner->state = state;
    for (int64_t k = 0; k < planner->classes.count; ++k) {
      planner->class = classes[k];
      if (!find_in_case(planner, index, rows, row_class))
        return false;
    }
  }
  return true;
}
