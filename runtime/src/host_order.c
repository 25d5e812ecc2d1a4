/*===- host_order.c - permutations of tokens -----------------------------===*\
|*
|* An order is a table rank -> token, with its inverse. One made from a table
|* with leading axes is one for each of their indices.
|*
\*===----------------------------------------------------------------------===*/
#include "bind.h"
#include "host_internal.h"
#include "planner.h"

#include <stdio.h>
#include <string.h>

typedef struct order_call {
  effattn_launch *launch;
  int32_t kind;
  const int64_t *sizes;
  effattn_view table, order, rank;
  int64_t tokens;
  char who[256];                      /* names the table in messages */
  effattn_plan_item *items, *scratch; /* `tokens` each, for sorting */
} order_call;

/*===- values as keys ----------------------------------------------------===*/

/* Bits of a floating-point number in the order of values: +0 and -0 are the
   same, all NaN too and last. */
static uint64_t float_key(uint32_t bits, uint32_t infinity, uint32_t sign) {
  if ((bits & ~sign) > infinity)
    return UINT64_MAX;
  if (bits == sign)
    bits = 0;
  return bits & sign ? (uint64_t)(~bits & (2 * sign - 1)) : bits | sign;
}

static uint64_t value_key(const effattn_view *table, int64_t at) {
  const void *data = table->data;
  uint32_t word;
  switch (table->element) {
  case EFFATTN_F32:
    memcpy(&word, (const float *)data + at, sizeof word);
    return float_key(word, 0x7f800000u, 0x80000000u);
  case EFFATTN_F16:
    return float_key(((const uint16_t *)data)[at], 0x7c00u, 0x8000u);
  case EFFATTN_BF16:
    return float_key(((const uint16_t *)data)[at], 0x7f80u, 0x8000u);
  case EFFATTN_I8:
    return effattn_plan_key(((const int8_t *)data)[at]);
  case EFFATTN_I32:
    return effattn_plan_key(((const int32_t *)data)[at]);
  case EFFATTN_I64:
    return effattn_plan_key(((const int64_t *)data)[at]);
  default:
    return ((const uint8_t *)data)[at] != 0;
  }
}

/*===- one order ---------------------------------------------------------===*/

static void sort_row(order_call *call, int64_t at, int32_t *order) {
  for (int64_t k = 0; k < call->tokens; ++k)
    call->items[k] =
        (effattn_plan_item){value_key(&call->table, at + k), (int32_t)k, 0};
  effattn_plan_sort(call->items, call->scratch, call->tokens);
  for (int64_t k = 0; k < call->tokens; ++k)
    order[k] = call->items[k].a;
}

static effattn_status copy_row(order_call *call, int64_t row, int64_t at,
                               int32_t *order, int32_t *rank) {
  const int32_t *given = (const int32_t *)call->table.data + at;
  for (int64_t k = 0; k < call->tokens; ++k)
    rank[k] = -1;
  for (int64_t k = 0; k < call->tokens; ++k) {
    const int64_t token = given[k];
    const bool inside = token >= 0 && token < call->tokens;
    if (!inside || rank[token] >= 0)
      return effattn_fail(
          EFFATTN_BAD_INDEX_SET,
          "%s: expected a permutation of 0..%lld, but got %lld%s at position "
          "%lld of order %lld",
          call->who, (long long)call->tokens - 1, (long long)token,
          inside ? " again" : "", (long long)k, (long long)row);
    rank[token] = (int32_t)k;
    order[k] = (int32_t)token;
  }
  return EFFATTN_OK;
}

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* Blocks of y x x in row-major order, row-major inside a block. Blocks at the
   far edges may be smaller. Column-major order has blocks of Y x 1. */
static void raster(int64_t Y, int64_t X, int64_t y, int64_t x, int32_t *order) {
  for (int64_t top = 0; top < Y; top += y)
    for (int64_t left = 0; left < X; left += x)
      for (int64_t row = top; row < smaller(top + y, Y); ++row)
        for (int64_t column = left; column < smaller(left + x, X); ++column)
          *order++ = (int32_t)(row * X + column);
}

static effattn_status make_row(order_call *call, int64_t row, int64_t table_at,
                               int32_t *order, int32_t *rank) {
  const int64_t *sizes = call->sizes;
  switch (call->kind) {
  case EFFATTN_ORDER_GIVEN:
    return copy_row(call, row, table_at, order, rank);
  case EFFATTN_ORDER_SORT:
    sort_row(call, table_at, order);
    break;
  case EFFATTN_ORDER_BLOCK_RASTER:
    raster(sizes[0], sizes[1], sizes[2], sizes[3], order);
    break;
  default:
    raster(sizes[0], sizes[1], sizes[0], 1, order);
  }
  for (int64_t k = 0; k < call->tokens; ++k)
    rank[order[k]] = (int32_t)k;
  return EFFATTN_OK;
}

/*===- checking ----------------------------------------------------------===*/

static bool same_shape(const effattn_view *a, const effattn_view *b) {
  bool same = a->rank == b->rank;
  for (uint32_t axis = 0; axis < a->rank && same; ++axis)
    same = a->shape[axis] == b->shape[axis];
  return same;
}

static bool is_grid(int32_t kind) {
  return kind == EFFATTN_ORDER_BLOCK_RASTER ||
         kind == EFFATTN_ORDER_COLUMN_MAJOR;
}

static effattn_status check_grid(const order_call *call) {
  const char *kernel = call->launch->kernel->name;
  const int64_t *sizes = call->sizes;
  int64_t product;
  if (sizes[0] < 0 || sizes[1] < 0 ||
      __builtin_mul_overflow(sizes[0], sizes[1], &product) ||
      product != call->tokens)
    return effattn_fail(
        EFFATTN_SIZE, "%s: an order of %lld x %lld for %lld tokens", kernel,
        (long long)sizes[0], (long long)sizes[1], (long long)call->tokens);
  if (call->kind == EFFATTN_ORDER_BLOCK_RASTER &&
      (sizes[2] < 1 || sizes[3] < 1))
    return effattn_fail(EFFATTN_SIZE, "%s: an order with blocks of %lld x %lld",
                        kernel, (long long)sizes[2], (long long)sizes[3]);
  return EFFATTN_OK;
}

static effattn_status check(order_call *call, int32_t table_slot) {
  const effattn_kernel *kernel = call->launch->kernel;
  const effattn_view *order = &call->order, *table = &call->table;
  const bool with_table = !is_grid(call->kind);
  if (call->kind < EFFATTN_ORDER_SORT || call->kind > EFFATTN_ORDER_GIVEN ||
      order->rank < 1 || order->element != EFFATTN_I32 ||
      call->rank.element != EFFATTN_I32 || !same_shape(order, &call->rank) ||
      (with_table && (table->rank < 1 || table->element > EFFATTN_BOOL)) ||
      (call->kind == EFFATTN_ORDER_GIVEN && table->element != EFFATTN_I32))
    return effattn_fail(EFFATTN_INTERNAL, "%s: an order of the wrong form",
                        kernel->name);
  call->tokens = order->shape[order->rank - 1];
  if (call->tokens > EFFATTN_MAX_TOKENS)
    return effattn_fail(EFFATTN_OVERFLOW,
                        "%s: expected an order of at most %d tokens, but got "
                        "%lld",
                        kernel->name, EFFATTN_MAX_TOKENS,
                        (long long)call->tokens);
  if (!with_table)
    return check_grid(call);
  char role[160] = "an order";
  if (table_slot >= 0 && (uint32_t)table_slot < kernel->arguments)
    effattn_role(kernel, (uint32_t)table_slot, role, sizeof role);
  snprintf(call->who, sizeof call->who, "%s: %s", kernel->name, role);
  if (!same_shape(order, table))
    return effattn_fail(EFFATTN_SIZE,
                        "%s: expected an order of %lld tokens, but got %lld",
                        call->who, (long long)call->tokens,
                        (long long)table->shape[table->rank - 1]);
  return EFFATTN_OK;
}

static int64_t row_offset(const effattn_view *view, int64_t row) {
  int64_t offset = 0;
  for (uint32_t axis = view->rank - 1; axis-- > 0;) {
    offset += row % view->shape[axis] * view->stride[axis];
    row /= view->shape[axis];
  }
  return offset;
}

static effattn_status make_rows(order_call *call) {
  const effattn_view *order = &call->order;
  int64_t rows = 1;
  for (uint32_t axis = 0; axis + 1 < order->rank; ++axis)
    rows *= order->shape[axis];
  effattn_status status = EFFATTN_OK;
  for (int64_t row = 0; row < rows && call->tokens > 0 && !status; ++row)
    status = make_row(
        call, row, is_grid(call->kind) ? 0 : row_offset(&call->table, row),
        (int32_t *)order->data + row_offset(order, row),
        (int32_t *)call->rank.data + row_offset(&call->rank, row));
  return status;
}

int32_t effattn_host_order(effattn_launch *launch, int32_t kind,
                           int32_t table_slot, const int64_t *sizes,
                           int32_t order_slot, int32_t rank_slot) {
  order_call call;
  memset(&call, 0, sizeof call);
  call.launch = launch;
  call.kind = kind;
  call.sizes = sizes;
  effattn_status status =
      effattn_host_data(launch, order_slot, true, &call.order);
  if (!status)
    status = effattn_host_data(launch, rank_slot, true, &call.rank);
  if (!status && !is_grid(kind))
    status = effattn_host_data(launch, table_slot, false, &call.table);
  if (!status)
    status = check(&call, table_slot);
  if (status)
    return status;
  const size_t bytes = kind == EFFATTN_ORDER_SORT
                           ? 2 * (size_t)call.tokens * sizeof(effattn_plan_item)
                           : 0;
  effattn_block *block = NULL;
  if (bytes) {
    block = effattn_block_take(launch, bytes);
    if (!block)
      return effattn_out_of_memory("sorting tokens", bytes);
    call.items = block->data;
    call.scratch = call.items + call.tokens;
  }
  status = make_rows(&call);
  if (block)
    effattn_block_give(launch, block);
  return status;
}
