/*===- plan_order.c - index sets of permuted attends ---------------------===*/

#include "planner.h"

static bool contains(const effattn_plan_set *set, int32_t value) {
  int64_t low = 0, high = set->count;
  while (low < high) {
    int64_t middle = low + (high - low) / 2;
    if (set->values[middle] < value)
      low = middle + 1;
    else
      high = middle;
  }
  return low < set->count && set->values[low] == value;
}

/* The ranks of the tokens of a set, appended to ranked_values, which has room;
   `order` gives the token of each of `count` ranks. */
static effattn_plan_set rank_set(effattn_planner *planner, effattn_plan_set set,
                                 const int32_t *order, int64_t count) {
  if (!order)
    return set;
  effattn_plan_array *values = &planner->ranked_values;
  int32_t *ranks = (int32_t *)values->data + values->count;
  int64_t found = 0;
  for (int64_t rank = 0; rank < count && found < set.count; ++rank)
    if (contains(&set, order[rank]))
      ranks[found++] = (int32_t)rank;
  values->count += found;
  return (effattn_plan_set){ranks, found};
}

bool effattn_plan_rank_sets(effattn_planner *planner,
                            effattn_plan_request *request) {
  *request = *planner->request;
  if (!request->query_order && !request->key_order)
    return true;
  const uint32_t keys = request->key_sets, queries = request->query_sets;
  int64_t total = 1;
  for (uint32_t k = 0; k < keys; ++k)
    total += request->key_set[k].count;
  for (uint32_t k = 0; k < queries; ++k)
    total += request->query_set[k].count;
  for (uint32_t k = 0; k < request->row_filters; ++k)
    total += request->row_filter[k].set.count;
  if (!effattn_plan_array_reserve(planner, &planner->ranked_values, total,
                                  sizeof(int32_t)) ||
      !effattn_plan_array_reserve(planner, &planner->ranked_sets,
                                  (int64_t)keys + queries + 1,
                                  sizeof(effattn_plan_set)) ||
      !effattn_plan_array_reserve(planner, &planner->ranked_filters,
                                  (int64_t)request->row_filters + 1,
                                  sizeof(effattn_plan_filter)))
    return false;
  const int64_t rows = request->parameters[0], columns = request->parameters[1];
  effattn_plan_set *sets = planner->ranked_sets.data;
  effattn_plan_filter *filters = planner->ranked_filters.data;
  for (uint32_t k = 0; k < keys; ++k)
    sets[k] =
        rank_set(planner, request->key_set[k], request->key_order, columns);
  for (uint32_t k = 0; k < queries; ++k)
    sets[keys + k] =
        rank_set(planner, request->query_set[k], request->query_order, rows);
  for (uint32_t k = 0; k < request->row_filters; ++k) {
    filters[k] = request->row_filter[k];
    filters[k].set =
        rank_set(planner, filters[k].set, request->query_order, rows);
  }
  request->key_set = sets;
  request->query_set = sets + keys;
  request->row_filter = filters;
  return true;
}
