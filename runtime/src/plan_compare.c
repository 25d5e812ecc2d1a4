/*===- plan_compare.c - comparisons of rows with columns -----------------===*\
|*
|* A compared relation is test(R_0(i) <= C_0(j), R_1(i) <= C_1(j), ...) with a
|* monotone test. Over the columns there is a tree of FAN children a node that
|* knows the smallest and the largest label C_k below each node; labels that are
|* j or -j and a constant need none. For the rows of a tile the tree is walked
|* from its root: a node whose columns are all in one state is an interval, any
|* other is opened. Intervals come in the order of the columns, and take work
|* in proportion to their number times the depth, not to the number of columns.
|*
|* With r and R the smallest and the largest label of the rows, a comparison
|* holds for every row where R <= C and for some row where r <= C. The test of
|* the one is what holds for every row, of the other what may hold for some: the
|* same with one comparison, with several the rows are looked at one by one
|* where this leaves room.
|*
|* Where labels are in no order there is an interval for each column or so. That
|* is worth its work where the rest of the pattern lets a tile touch most of the
|* columns; where it is a few, they are all in state 2 then.
|*
|* A column whose look-up was out of range has labels from the least to the
|* greatest; if that decides, it is in state 2.
|*
\*===----------------------------------------------------------------------===*/

#include "planner.h"

enum { FAN_BITS = 3, FAN = 1 << FAN_BITS };

static bool holds(const effattn_plan_compared *compared, uint32_t bits) {
  return compared->truth[bits >> 5] >> (bits & 31) & 1;
}

/*===- the tree ----------------------------------------------------------===*/

/* Which comparisons have labels of their own; the others are linear. */
static void place(effattn_planner *planner, const effattn_relation *relation,
                  effattn_plan_compared *compared) {
  const effattn_plan_request *request = planner->request;
  int32_t missed = 0;
  compared->count = relation->labels;
  compared->stored = 0;
  for (uint32_t k = 0; k < compared->count; ++k) {
    const bool rising = relation->rising >> k & 1;
    const bool falling = relation->falling >> k & 1;
    compared->slope[k] = rising - falling;
    compared->place[k] = (int32_t)compared->stored;
    if (!compared->slope[k])
      ++compared->stored;
    else if (request->parameters[1] > 0)
      compared->origin[k] =
          relation->column(request->parameters, request->tables, 0, k, &missed);
  }
  for (uint32_t bits = 0; bits < 1u << compared->count; ++bits)
    if (relation->test(request->parameters, request->tables, bits, 0, &missed))
      compared->truth[bits >> 5] |= 1u << (bits & 31);
  compared->levels = 0;
  int64_t nodes = request->parameters[1], total = 0;
  while (nodes > 0) {
    compared->nodes[compared->levels] = nodes;
    compared->start[compared->levels++] = total;
    total += compared->levels > 1 ? nodes : 0; /* columns are kept apart */
    nodes = nodes == 1 ? 0 : (nodes + FAN - 1) / FAN;
  }
}

static effattn_plan_range column_range(const effattn_plan_compared *compared,
                                       int32_t place, int64_t column) {
  const int64_t label =
      ((const int64_t *)
           compared->labels.data)[place * compared->nodes[0] + column];
  return label == INT64_MIN ? (effattn_plan_range){INT64_MIN, INT64_MAX}
                            : (effattn_plan_range){label, label};
}

static effattn_plan_range node_range(const effattn_plan_compared *compared,
                                     int32_t place, int32_t level,
                                     int64_t node) {
  if (level == 0)
    return column_range(compared, place, node);
  return ((const effattn_plan_range *)compared->ranges
              .data)[(compared->start[level] + node) * compared->stored +
                     (uint32_t)place];
}

static void join_children(effattn_plan_compared *compared, int32_t level,
                          int64_t node) {
  effattn_plan_range *own = (effattn_plan_range *)compared->ranges.data +
                            (compared->start[level] + node) * compared->stored;
  const int64_t first = node << FAN_BITS, below = compared->nodes[level - 1];
  const int64_t end = first + FAN < below ? first + FAN : below;
  for (int32_t s = 0; s < (int32_t)compared->stored; ++s) {
    own[s] = node_range(compared, s, level - 1, first);
    for (int64_t child = first + 1; child < end; ++child) {
      const effattn_plan_range other =
          node_range(compared, s, level - 1, child);
      own[s].low = other.low < own[s].low ? other.low : own[s].low;
      own[s].high = other.high > own[s].high ? other.high : own[s].high;
    }
  }
}

/* Labels in no order: within a node of level 1 they are as far apart as a
   quarter of all their range, on average. */
static bool is_rough(const effattn_plan_compared *compared) {
  if (compared->levels < 3)
    return false;
  for (int32_t s = 0; s < (int32_t)compared->stored; ++s) {
    const effattn_plan_range all =
        node_range(compared, s, compared->levels - 1, 0);
    double sum = 0;
    for (int64_t node = 0; node < compared->nodes[1]; ++node) {
      const effattn_plan_range own = node_range(compared, s, 1, node);
      sum += (double)own.high - (double)own.low;
    }
    if (4 * sum >
        ((double)all.high - (double)all.low) * (double)compared->nodes[1])
      return true;
  }
  return false;
}

bool effattn_plan_compare_columns(effattn_planner *planner, uint32_t number) {
  const effattn_plan_request *request = planner->request;
  const effattn_relation *relation = &request->relation[number];
  effattn_plan_compared *compared = &planner->compared[number];
  place(planner, relation, compared);
  if (!compared->stored || !compared->levels)
    return true;
  planner->bounded = true;
  const int64_t columns = compared->nodes[0];
  const int32_t top = compared->levels - 1;
  if (!effattn_plan_array_reserve(planner, &compared->labels,
                                  columns * compared->stored,
                                  sizeof(int64_t)) ||
      !effattn_plan_array_reserve(
          planner, &compared->ranges,
          (compared->start[top] + compared->nodes[top]) * compared->stored,
          sizeof(effattn_plan_range)))
    return false;
  for (uint32_t k = 0; k < compared->count; ++k) {
    int64_t *labels =
        (int64_t *)compared->labels.data + compared->place[k] * columns;
    for (int64_t column = 0; column < columns && !compared->slope[k];
         ++column) {
      int32_t missed = 0;
      labels[column] = relation->column(request->parameters, request->tables,
                                        column, k, &missed);
      if (missed)
        labels[column] = INT64_MIN;
    }
  }
  for (int32_t level = 1; level <= top; ++level)
    for (int64_t node = 0; node < compared->nodes[level]; ++node)
      join_children(compared, level, node);
  compared->rough = is_rough(compared);
  return true;
}

/*===- the columns of a tile ---------------------------------------------===*/

typedef struct scan {
  effattn_planner *planner;
  const effattn_plan_compared *compared;
  const int64_t *labels; /* of the rows: `rows` times `width` apart */
  int64_t rows, width;
  effattn_plan_range row[EFFATTN_PLAN_MOST_COMPARISONS]; /* over all rows */
} scan;

static effattn_plan_range range_of(const effattn_plan_compared *compared,
                                   uint32_t k, int32_t level, int64_t node,
                                   int64_t first, int64_t last) {
  if (!compared->slope[k])
    return node_range(compared, compared->place[k], level, node);
  const int64_t a = compared->origin[k] + compared->slope[k] * first;
  const int64_t b = compared->origin[k] + compared->slope[k] * last;
  return compared->slope[k] > 0 ? (effattn_plan_range){a, b}
                                : (effattn_plan_range){b, a};
}

/* Each row sees all columns of the range or none of them, or this is not known
   yet: -1. From the last row on, then from the first: they differ most. */
static int32_t state_by_row(const scan *scan,
                            const effattn_plan_range *column) {
  const effattn_plan_compared *compared = scan->compared;
  bool some = false, none = false, open = false;
  for (int64_t n = 0; n < scan->rows && !(some && none); ++n) {
    const int64_t *label =
        scan->labels + scan->width * (n ? n - 1 : scan->rows - 1);
    uint32_t everywhere = 0, somewhere = 0;
    for (uint32_t k = 0; k < compared->count; ++k) {
      everywhere |= (uint32_t)(label[k] <= column[k].low) << k;
      somewhere |= (uint32_t)(label[k] <= column[k].high) << k;
    }
    if (holds(compared, everywhere))
      some = true;
    else if (!holds(compared, somewhere))
      none = true;
    else
      open = true;
  }
  return some && none ? 2 : open ? -1 : some ? 1 : 0;
}

/* The state of all columns of a node; -1: they differ. */
static int32_t state_of(const scan *scan, int32_t level, int64_t node,
                        int64_t first, int64_t last) {
  const effattn_plan_compared *compared = scan->compared;
  effattn_plan_range column[EFFATTN_PLAN_MOST_COMPARISONS];
  uint32_t every_all = 0, every_some = 0, any_all = 0, any_some = 0;
  for (uint32_t k = 0; k < compared->count; ++k) {
    column[k] = range_of(compared, k, level, node, first, last);
    const effattn_plan_range row = scan->row[k];
    every_all |= (uint32_t)(row.high <= column[k].low) << k;
    every_some |= (uint32_t)(row.high <= column[k].high) << k;
    any_all |= (uint32_t)(row.low <= column[k].low) << k;
    any_some |= (uint32_t)(row.low <= column[k].high) << k;
  }
  if (holds(compared, every_all))
    return 1;
  if (!holds(compared, any_some))
    return 0;
  if (holds(compared, every_some) || !holds(compared, any_all))
    return -1;
  return compared->count == 1 ? 2 : state_by_row(scan, column);
}

static bool visit(const scan *scan, int32_t level, int64_t node) {
  effattn_planner *planner = scan->planner;
  const int64_t columns = scan->compared->nodes[0];
  const int shift = FAN_BITS * level;
  const int64_t first = node << shift;
  const int64_t end =
      (node + 1) << shift < columns ? (node + 1) << shift : columns;
  if (end <= planner->touched.low || first >= planner->touched.high)
    return true;
  int32_t state = state_of(scan, level, node, first, end - 1);
  if (state < 0 && level == 0)
    state = 2; /* a look-up out of range decides */
  if (state >= 0)
    return state == 0 || effattn_plan_add_interval(planner, &planner->found,
                                                   first, end, (uint32_t)state);
  const int64_t below = scan->compared->nodes[level - 1];
  for (int64_t child = node << FAN_BITS;
       child < (node + 1) << FAN_BITS && child < below; ++child)
    if (!visit(scan, level - 1, child))
      return false;
  return true;
}

bool effattn_plan_find_compared(effattn_planner *planner, uint32_t number,
                                const int64_t *labels, int64_t rows,
                                int64_t width) {
  const effattn_plan_compared *compared = &planner->compared[number];
  scan scan = {.planner = planner,
               .compared = compared,
               .labels = labels,
               .rows = rows,
               .width = width};
  const effattn_plan_range touched = planner->touched;
  if (!compared->levels || !rows || touched.low >= touched.high)
    return true;
  if (compared->rough && 2 * (touched.high - touched.low) < compared->nodes[0])
    return effattn_plan_add_interval(planner, &planner->found, touched.low,
                                     touched.high, 2);
  for (uint32_t k = 0; k < compared->count; ++k) {
    scan.row[k] = (effattn_plan_range){labels[k], labels[k]};
    for (int64_t n = 1; n < rows; ++n) {
      const int64_t label = labels[width * n + k];
      scan.row[k].low = label < scan.row[k].low ? label : scan.row[k].low;
      scan.row[k].high = label > scan.row[k].high ? label : scan.row[k].high;
    }
  }
  return visit(&scan, compared->levels - 1, 0);
}
