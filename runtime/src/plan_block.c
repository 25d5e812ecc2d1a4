/*===- plan_block.c - the columns of a block of rows, without a tile -----===*/

#include "planner.h"

static bool visit_class(effattn_planner *planner, uint32_t class,
                        effattn_plan_visit visit, void *data) {
  const int32_t *rows = planner->tile_row.data;
  uint8_t *present = planner->tile_present.data;
  const uint32_t *classes = planner->tile_class.data;
  int32_t *chosen = planner->chosen_row.data;
  const uint32_t height = planner->plan->tile_rows;
  int32_t count = 0;
  for (uint32_t k = 0; k < height; ++k) {
    if (!present[k] || classes[k] != class)
      continue;
    chosen[count++] = rows[k];
    present[k] = 0;
  }
  for (uint32_t k = (uint32_t)count; k < height; ++k)
    chosen[k] = -1;
  const uint32_t query_sets = planner->request->query_sets;
  return effattn_plan_find_columns(planner, -1, chosen, class) &&
         visit(data, planner, chosen, count, class & ((1u << query_sets) - 1));
}

bool effattn_plan_block(effattn_planner *planner, int64_t first, int64_t end,
                        effattn_plan_visit visit, void *data) {
  int32_t *rows = planner->tile_row.data;
  const int64_t height = planner->plan->tile_rows;
  planner->contiguous = true;
  for (int64_t k = 0; k < height; ++k)
    rows[k] = first + k < end ? (int32_t)(first + k) : -1;
  effattn_plan_classify(planner);
  const uint8_t *present = planner->tile_present.data;
  const uint32_t *classes = planner->tile_class.data;
  for (int64_t k = 0; k < height; ++k)
    if (present[k] && !visit_class(planner, classes[k], visit, data))
      return false;
  return true;
}
