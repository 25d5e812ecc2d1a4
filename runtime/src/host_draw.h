/*===- host_draw.h - what the parts of a draw share ----------------------===*/
#ifndef EFFATTN_SRC_HOST_DRAW_H
#define EFFATTN_SRC_HOST_DRAW_H

#include "host_attend.h"
#include "planner.h"

/* Key blocks that are not drawn for one query block: disjoint runs. */
typedef struct effattn_touched {
  effattn_run *runs;
  int64_t count, capacity;
} effattn_touched;

/* Room for `count` runs; those that are there are lost. */
effattn_status effattn_touched_reserve(effattn_context *context,
                                       effattn_touched *touched, int64_t count);

/*===- host_outside.c ----------------------------------------------------===*/

/* The blocks that a pattern touches which tables decide (effattn_draw.outside).
   Opened once for a draw, then begun for each (batch, head). */
typedef struct effattn_outside {
  const effattn_draw *draw;
  effattn_attend_call call;
  int64_t *parameters; /* of the pair at hand: effattn_draw.pair reads all */
  effattn_requested_plan wanted;
  effattn_plan_request ranked;
  effattn_plan plan;
  effattn_planner planner;
  bool begun;
  /* Key blocks: the number of the query block that touched each last; those of
     the one at hand. */
  int64_t key_blocks, query_block;
  int64_t *touched_by;
  int32_t *list;
  int64_t listed;
  effattn_status status; /* of a visit */
} effattn_outside;

effattn_status effattn_outside_open(effattn_outside *outside,
                                    effattn_launch *launch,
                                    const effattn_draw *draw,
                                    const effattn_attend_operands *operands,
                                    int64_t batches, int64_t heads);
effattn_status effattn_outside_begin(effattn_outside *outside, int64_t batch,
                                     int64_t head);
/* Of the rows [first, end), one query block: blocks come in ascending order. */
effattn_status effattn_outside_touched(effattn_outside *outside, int64_t first,
                                       int64_t end, effattn_touched *touched);
void effattn_outside_close(effattn_outside *outside);

#endif /* EFFATTN_SRC_HOST_DRAW_H */
