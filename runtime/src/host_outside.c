/*===- host_outside.c - blocks that a pattern of tables touches ----------===*\
|*
|* A query block touches a key block where some pair of the two is in the
|* pattern. The planner gives the columns of the block's rows: each full column
|* is touched; in a partial column the pairs are tried until one is found, and
|* not at all where its block is touched already.
|*
\*===----------------------------------------------------------------------===*/
#include "host_draw.h"

#include <stdlib.h>
#include <string.h>

static effattn_status no_memory(const effattn_outside *outside) {
  return effattn_fail(EFFATTN_OUT_OF_MEMORY,
                      "%s: out of memory while drawing blocks",
                      outside->draw->name);
}

static bool is_touched(const effattn_outside *outside, int64_t block) {
  return outside->touched_by[block] == outside->query_block;
}

static void touch(effattn_outside *outside, int64_t block) {
  if (is_touched(outside, block))
    return;
  outside->touched_by[block] = outside->query_block;
  outside->list[outside->listed++] = (int32_t)block;
}

/* The first column of the run from number `n` on that is in another block. */
static int64_t next_block(const effattn_plan_run *run, int64_t n,
                          int64_t block_end) {
  const int64_t column = run->first + n * run->step;
  return n + (block_end - column + run->step - 1) / run->step;
}

static void touch_run(effattn_outside *outside, const effattn_plan_run *run) {
  const int64_t size = outside->draw->size;
  for (int64_t n = 0; n < run->count;) {
    const int64_t block = (run->first + n * run->step) / size;
    touch(outside, block);
    n = next_block(run, n, (block + 1) * size);
  }
}

/* Some row sees the column. */
static bool is_seen(effattn_outside *outside, const int32_t *rows,
                    int32_t count, int64_t column) {
  const effattn_draw *draw = outside->draw;
  for (int32_t k = 0; k < count; ++k) {
    int32_t missed = 0;
    if (!draw->pair(outside->parameters, outside->call.plan_tables, rows[k],
                    column, &missed))
      continue;
    if (missed && !outside->status)
      outside->status = effattn_fail(
          EFFATTN_SIZE,
          "%s: 'outside' of random_blocks looks up a table out of range at "
          "query %d, key %lld",
          draw->name, rows[k], (long long)column);
    return true;
  }
  return false;
}

static void try_run(effattn_outside *outside, const effattn_plan_run *run,
                    const int32_t *rows, int32_t count) {
  const int64_t size = outside->draw->size;
  int64_t *sets = outside->parameters + outside->call.parameter_words;
  sets[1] = run->sets;
  for (int64_t n = 0; n < run->count;) {
    const int64_t column = run->first + n * run->step, block = column / size;
    if (!is_touched(outside, block) && is_seen(outside, rows, count, column))
      touch(outside, block);
    n = is_touched(outside, block) ? next_block(run, n, (block + 1) * size)
                                   : n + 1;
  }
}

static bool visit(void *data, const effattn_planner *planner,
                  const int32_t *rows, int32_t count, uint32_t row_sets) {
  effattn_outside *outside = data;
  outside->parameters[outside->call.parameter_words] = row_sets;
  const effattn_plan_run *full = planner->full.data;
  for (int64_t n = 0; n < planner->full.count; ++n)
    touch_run(outside, &full[n]);
  const effattn_plan_run *partial = planner->partial.data;
  for (int64_t n = 0; n < planner->partial.count && !outside->status; ++n)
    try_run(outside, &partial[n], rows, count);
  return !outside->status;
}

/* qsort: it has no memory of its own to ask for. */
static int compare_blocks(const void *a, const void *b) {
  const int32_t left = *(const int32_t *)a, right = *(const int32_t *)b;
  return (left > right) - (left < right);
}

static effattn_status write_runs(effattn_outside *outside,
                                 effattn_touched *touched) {
  const effattn_status status = effattn_touched_reserve(
      outside->call.launch->context, touched, outside->listed);
  if (status)
    return status;
  touched->count = 0;
  if (outside->listed == 0)
    return EFFATTN_OK;
  qsort(outside->list, (size_t)outside->listed, sizeof *outside->list,
        compare_blocks);
  for (int64_t n = 0; n < outside->listed; ++n) {
    const int32_t block = outside->list[n];
    effattn_run *last = touched->runs + touched->count - 1;
    if (touched->count > 0 && last->first + last->count == block)
      ++last->count;
    else
      touched->runs[touched->count++] = (effattn_run){block, 1, 1};
  }
  return EFFATTN_OK;
}

effattn_status effattn_outside_touched(effattn_outside *outside, int64_t first,
                                       int64_t end, effattn_touched *touched) {
  touched->count = 0;
  if (first >= end)
    return EFFATTN_OK;
  ++outside->query_block;
  outside->listed = 0;
  if (!effattn_plan_block(&outside->planner, first, end, visit, outside))
    return outside->status ? outside->status : no_memory(outside);
  return write_runs(outside, touched);
}

/*===- opening and closing -----------------------------------------------===*/

static effattn_status allocate(effattn_outside *outside) {
  effattn_attend_call *call = &outside->call;
  effattn_context *context = call->launch->context;
  call->plan_count = 1;
  effattn_status status = effattn_allocate_plans(call);
  if (status)
    return status;
  const size_t blocks = (size_t)outside->key_blocks;
  const size_t bytes = blocks * (sizeof(int64_t) + sizeof(int32_t)) +
                       ((size_t)call->parameter_words + 2) * sizeof(int64_t);
  outside->parameters = effattn_allocate(context, bytes, _Alignof(int64_t));
  if (!outside->parameters)
    return effattn_out_of_memory("drawing blocks", bytes);
  memset(outside->parameters, 0, bytes);
  outside->touched_by = outside->parameters + call->parameter_words + 2;
  outside->list = (int32_t *)(outside->touched_by + blocks);
  return EFFATTN_OK;
}

effattn_status effattn_outside_open(effattn_outside *outside,
                                    effattn_launch *launch,
                                    const effattn_draw *draw,
                                    const effattn_attend_operands *operands,
                                    int64_t batches, int64_t heads) {
  effattn_attend_call *call = &outside->call;
  outside->draw = draw;
  outside->key_blocks = (operands->integers[1] + draw->size - 1) / draw->size;
  call->launch = launch;
  call->operands = operands;
  call->run.attend = draw->outside;
  call->run.code = draw->outside->code;
  call->run.integers = operands->integers;
  /* Sets are for these batches and heads. */
  call->run.output.rank = 4;
  call->run.output.shape[0] = batches;
  call->run.output.shape[1] = heads;
  effattn_status status = effattn_gather_sets(call);
  if (!status)
    status = allocate(outside);
  if (!status)
    status = effattn_fetch_tables(call);
  return status;
}

static void end(effattn_outside *outside) {
  if (outside->begun) {
    effattn_plan_release_arrays(&outside->planner);
    effattn_plan_free(&outside->plan);
  }
  outside->begun = false;
}

effattn_status effattn_outside_begin(effattn_outside *outside, int64_t batch,
                                     int64_t head) {
  end(outside);
  effattn_attend_call *call = &outside->call;
  effattn_status status =
      effattn_request_plan(call, batch, head, outside->parameters,
                           call->plan_tables, &outside->wanted);
  if (status)
    return status;
  status = (effattn_status)effattn_plan_open(&outside->wanted.request,
                                             &outside->plan, &outside->ranked,
                                             &outside->planner);
  outside->begun = status == EFFATTN_OK;
  if (status == EFFATTN_OUT_OF_MEMORY)
    return no_memory(outside);
  return status ? effattn_fail(status,
                               "%s: 'outside' of random_blocks has more "
                               "conditions than a plan can have",
                               outside->draw->name)
                : EFFATTN_OK;
}

void effattn_outside_close(effattn_outside *outside) {
  end(outside);
  effattn_attend_call *call = &outside->call;
  effattn_context *context = call->launch->context;
  const size_t words =
      (size_t)call->parameter_words + 2 + (size_t)outside->key_blocks;
  if (outside->parameters)
    effattn_deallocate(context, outside->parameters,
                       words * sizeof(int64_t) +
                           (size_t)outside->key_blocks * sizeof(int32_t),
                       _Alignof(int64_t));
  effattn_deallocate(context, call->memory, call->memory_bytes, 16);
}
