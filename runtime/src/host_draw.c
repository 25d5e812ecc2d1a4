/*===- host_draw.c - blocks drawn by random_blocks -----------------------===*\
|*
|* docs/language.md, S7. With S(x) = splitmix64 and 64-bit arithmetic that
|* wraps,
|*
|*   mix(seed, h, u, t) = S(S(S(S(seed) + h) + u) + t).
|*
|* For head h and query block u the candidates are the key blocks that `outside`
|* does not touch, ascending. While t < count and candidates remain, number
|* floor(mix * candidates / 2^64) of them is taken and removed.
|*
|* Candidates are not listed: what is touched is a few runs (host_outside.c
|* finds them where tables decide), and the r-th block that is in none of them
|* and not taken yet is found by counting what is removed before it.
|*
\*===----------------------------------------------------------------------===*/
#include "host_draw.h"

#include <string.h>

__extension__ typedef unsigned __int128 uint128;

static uint64_t splitmix(uint64_t x) {
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
  x = (x ^ x >> 27) * 0x94D049BB133111EBu;
  return x ^ x >> 31;
}

static uint64_t mix(uint64_t seed, uint64_t head, uint64_t block,
                    uint64_t number) {
  return splitmix(splitmix(splitmix(splitmix(seed) + head) + block) + number);
}

typedef struct draw_call {
  effattn_launch *launch;
  const effattn_draw *draw;
  effattn_view table;       /* [b, h, query block, number] */
  const int64_t *integers;  /* N, M, q0, others */
  int64_t blocks;           /* of keys */
  int64_t *parameters;      /* integers, b, h */
  effattn_outside *outside; /* NULL: draw->touched says all */
  effattn_touched touched;
} draw_call;

effattn_status effattn_touched_reserve(effattn_context *context,
                                       effattn_touched *touched,
                                       int64_t count) {
  if (count <= touched->capacity)
    return EFFATTN_OK;
  const size_t bytes = 2 * (size_t)count * sizeof(effattn_run);
  effattn_run *runs = effattn_allocate(context, bytes, _Alignof(effattn_run));
  if (!runs)
    return effattn_out_of_memory("drawing blocks", bytes);
  effattn_deallocate(context, touched->runs,
                     (size_t)touched->capacity * sizeof *runs,
                     _Alignof(effattn_run));
  touched->runs = runs;
  touched->capacity = 2 * count;
  return EFFATTN_OK;
}

/* How many of the blocks 0..block are touched or among the `taken` ones. */
static int64_t removed_up_to(const draw_call *call, int64_t block,
                             const int32_t *taken, int64_t taken_count) {
  int64_t removed = 0;
  for (int64_t n = 0; n < call->touched.count; ++n) {
    const effattn_run run = call->touched.runs[n];
    if (run.first > block)
      continue;
    const int64_t distance = block - run.first;
    const int64_t before = (run.step == 1 ? distance : distance / run.step) + 1;
    removed += before < run.count ? before : run.count;
  }
  for (int64_t n = 0; n < taken_count; ++n)
    removed += taken[n] <= block;
  return removed;
}

/* The block that `number` candidates precede: the least b with
   b = number + removed_up_to(b). Iteration from below ends there: both sides
   grow with b. Each step moves past a removed block, mostly past all of them.
 */
static int32_t find_candidate(const draw_call *call, int64_t number,
                              const int32_t *taken, int64_t taken_count) {
  int64_t block = number;
  for (;;) {
    const int64_t next =
        number + removed_up_to(call, block, taken, taken_count);
    if (next == block)
      return (int32_t)block;
    block = next;
  }
}

static int64_t floor_div(int64_t a, int64_t b) {
  return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

/* `block` is number `index` of the query blocks. */
static effattn_status list_touched(draw_call *call, int64_t index,
                                   int64_t block) {
  const effattn_runs_function touched = call->draw->touched;
  effattn_touched *list = &call->touched;
  if (call->outside) {
    const int64_t queries = call->integers[0], q0 = call->integers[2];
    const int64_t first = block * call->draw->size - q0;
    const int64_t end = first + call->draw->size;
    return effattn_outside_touched(call->outside, first > 0 ? first : 0,
                                   end < queries ? end : queries, list);
  }
  list->count = 0;
  if (!touched)
    return EFFATTN_OK;
  const int64_t count =
      touched(call->parameters, index, list->runs, list->capacity);
  if (count > list->capacity) {
    const effattn_status status =
        effattn_touched_reserve(call->launch->context, list, count);
    if (status)
      return status;
    touched(call->parameters, index, list->runs, list->capacity);
  }
  list->count = count;
  return EFFATTN_OK;
}

static effattn_status draw_row(draw_call *call, int64_t head, int64_t index,
                               int64_t block, int32_t *entries) {
  const effattn_draw *draw = call->draw;
  const effattn_status status = list_touched(call, index, block);
  if (status)
    return status;
  int64_t candidates =
      call->blocks - removed_up_to(call, call->blocks - 1, NULL, 0);
  for (int64_t t = 0; t < draw->count; ++t) {
    if (candidates <= 0) {
      entries[t] = -1;
      continue;
    }
    const uint64_t drawn =
        mix((uint64_t)draw->seed, (uint64_t)head, (uint64_t)block, (uint64_t)t);
    const int64_t number =
        (int64_t)((uint128)drawn * (uint64_t)candidates >> 64);
    entries[t] = find_candidate(call, number, entries, t);
    --candidates;
  }
  return EFFATTN_OK;
}

/* All query blocks of one (batch, head). */
static effattn_status draw_head(draw_call *call, int64_t batch, int64_t head) {
  const effattn_view *table = &call->table;
  const int64_t first = floor_div(call->integers[2], call->draw->size);
  call->parameters[call->draw->integers + 1] = head;
  effattn_status status =
      call->outside ? effattn_outside_begin(call->outside, batch, head)
                    : EFFATTN_OK;
  for (int64_t index = 0; index < table->shape[2] && !status; ++index)
    status = draw_row(call, head, index, first + index,
                      (int32_t *)table->data + batch * table->stride[0] +
                          head * table->stride[1] + index * table->stride[2]);
  return status;
}

static effattn_status draw_all(draw_call *call) {
  effattn_status status = EFFATTN_OK;
  for (int64_t batch = 0; batch < call->table.shape[0] && !status; ++batch)
    for (int64_t head = 0; head < call->table.shape[1] && !status; ++head)
      status = draw_head(call, batch, head);
  return status;
}

static effattn_status check(const draw_call *call) {
  const effattn_draw *draw = call->draw;
  const effattn_view *table = &call->table;
  if (draw->size < 1 || draw->count < 0)
    return effattn_fail(EFFATTN_SIZE,
                        "%s: expected blocks of at least 1 token and a number "
                        "of them, but got %lld of %lld",
                        draw->name, (long long)draw->count,
                        (long long)draw->size);
  if (draw->integers < 3 || table->element != EFFATTN_I32 ||
      table->shape[3] != draw->count)
    return effattn_fail(EFFATTN_INTERNAL, "%s: a table of the wrong form",
                        draw->name);
  for (int k = 0; k < 2; ++k)
    if (call->integers[k] > EFFATTN_MAX_TOKENS)
      return effattn_fail(
          EFFATTN_OVERFLOW, "%s: expected at most %d tokens, but got %lld",
          draw->name, EFFATTN_MAX_TOKENS, (long long)call->integers[k]);
  return EFFATTN_OK;
}

/* Opens what finds the touched blocks, and draws. */
static effattn_status draw_outside(draw_call *call,
                                   const effattn_attend_operands *operands) {
  if (!call->draw->outside)
    return draw_all(call);
  effattn_context *context = call->launch->context;
  effattn_outside *outside = effattn_allocate(context, sizeof *outside, 16);
  if (!outside)
    return effattn_out_of_memory("drawing blocks", sizeof *outside);
  memset(outside, 0, sizeof *outside);
  call->outside = outside;
  effattn_status status =
      effattn_outside_open(outside, call->launch, call->draw, operands,
                           call->table.shape[0], call->table.shape[1]);
  if (!status)
    status = draw_all(call);
  effattn_outside_close(outside);
  effattn_deallocate(context, outside, sizeof *outside, 16);
  return status;
}

int32_t effattn_host_draw(effattn_launch *launch, int32_t number,
                          const effattn_attend_operands *operands,
                          int32_t table_slot) {
  const effattn_kernel *kernel = launch->kernel;
  if (number < 0 || (uint32_t)number >= kernel->draws)
    return effattn_fail(EFFATTN_INTERNAL, "%s: no draw %d", kernel->name,
                        number);
  draw_call call;
  memset(&call, 0, sizeof call);
  call.launch = launch;
  call.draw = &kernel->draw[number];
  call.integers = operands->integers;
  effattn_view table;
  effattn_status status = effattn_host_data(launch, table_slot, true, &table);
  if (!status)
    status = effattn_view_expand(&table, 4, &call.table);
  if (!status)
    status = check(&call);
  if (status)
    return status;
  const uint32_t count = call.draw->integers;
  const size_t bytes = ((size_t)count + 2) * sizeof(int64_t);
  call.parameters = effattn_allocate(launch->context, bytes, _Alignof(int64_t));
  if (!call.parameters)
    return effattn_out_of_memory("drawing blocks", bytes);
  memcpy(call.parameters, call.integers, count * sizeof(int64_t));
  call.parameters[count] = 0;
  const int64_t size = call.draw->size;
  call.blocks = (call.integers[1] + size - 1) / size;
  status = draw_outside(&call, operands);
  effattn_deallocate(launch->context, call.parameters, bytes,
                     _Alignof(int64_t));
  effattn_deallocate(launch->context, call.touched.runs,
                     (size_t)call.touched.capacity * sizeof(effattn_run),
                     _Alignof(effattn_run));
  return status;
}
