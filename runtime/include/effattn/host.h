/*===- host.h - what generated host programs call
--------------------------===*\
|*
|* Not for users. Each function returns 0 or an effattn_status after leaving a
|* message; a host program returns the first status that is not 0. Slots are
|* numbered as kernel.h says. `dimensions`, `integers` and `floats` of
|* effattn_kernel.host are the bound dimensions, the i64 scalar arguments and
|* the f32 scalar arguments (each in order of the source).
|*
\*===----------------------------------------------------------------------===*/
#ifndef EFFATTN_HOST_H
#define EFFATTN_HOST_H

#include "effattn/kernel.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Gives a temporary slot a dense tensor from the workspace. */
int32_t effattn_host_allocate(effattn_launch *launch, int32_t slot,
                              int32_t element, int32_t rank,
                              const int64_t *shape);
/* The slot is not used again; its memory may be. */
int32_t effattn_host_release(effattn_launch *launch, int32_t slot);
/* Sets every element of an f32 slot. */
int32_t effattn_host_fill(effattn_launch *launch, int32_t slot, double value);
/* Copies a tensor to one of the same type and shape. */
int32_t effattn_host_copy(effattn_launch *launch, int32_t from, int32_t to);

int32_t effattn_host_step(effattn_launch *launch, int32_t step,
                          const int32_t *operand_slots, int32_t result_slot);

/* Keep only query rows in (keep = 1) or not in (keep = 0) the index set. */
typedef struct effattn_row_filter {
  int32_t set_slot;
  int32_t keep;
} effattn_row_filter;

/* Ragged tokens: sequences in the place of batch entries. The first three
   integers of each are its own N, M and q0 (effattn_attend.start); index sets
   hold positions in a sequence. */
typedef struct effattn_ragged {
  int32_t query_offsets, key_offsets; /* slots, i32[sequences + 1] */
  const int32_t *table_offsets;       /* a slot for each table; -1: not ragged,
                                         indexed       by positions in a sequence */
  const int32_t *table_axes;          /* the axis of the tokens */
} effattn_ragged;

typedef struct effattn_attend_operands {
  int32_t query, key, value; /* slots */
  int32_t output, lse;       /* slots; lse may be -1 */
  int32_t row_filters;
  const effattn_row_filter *row_filter; /* all must hold; other rows of output
                                           and lse are left as they are */
  const int32_t *key_sets; /* slots of index sets, effattn_attend.key_sets */
  const int32_t *query_sets;
  const int32_t *tables;   /* slots, effattn_attend.tables */
  const int64_t *integers; /* N, M, q0, others */
  const double *floats;    /* scale, others */
  /* 1: rows start from what output and lse hold, which then is one more part
     of the softmax (lse is given; -inf: no part). Rows that have no keys here
     stay as they are. */
  int32_t continues;
  int32_t query_order, key_order; /* effattn_attend.permuted: slots of i32
                                     permutations, rank -> token; else -1 */
  const effattn_ragged *ragged;   /* NULL: none */
  /* Of rank 2, the leading axis is that of the heads; of the batch where a bit
     is set: bit n for set n (key sets, query sets, row filters); bits 0 and 1
     for query_order and key_order. */
  uint32_t batch_sets, batch_orders;
} effattn_attend_operands;

int32_t effattn_host_attend(effattn_launch *launch, int32_t attend,
                            const effattn_attend_operands *operands);

/* How effattn_host_order orders the tokens 0..n-1. */
typedef enum effattn_order_kind {
  EFFATTN_ORDER_SORT = 0,         /* stable, by the values of `table` */
  EFFATTN_ORDER_BLOCK_RASTER = 1, /* sizes: Y, X, y, x */
  EFFATTN_ORDER_COLUMN_MAJOR = 2, /* sizes: Y, X */
  EFFATTN_ORDER_GIVEN = 3         /* `table` is the permutation, rank -> token:
                                     checked */
} effattn_order_kind;

/* Fills `order_slot` (rank -> token) and `rank_slot` (token -> rank), both i32
   of the same shape: [.., n], leading axes as those of the table (none for the
   orders of grids). `table_slot` is -1 for the orders of grids. */
int32_t effattn_host_order(effattn_launch *launch, int32_t kind,
                           int32_t table_slot, const int64_t *sizes,
                           int32_t order_slot, int32_t rank_slot);

/* Index sets of ranks as index sets of tokens: `result_slot` holds the tokens
   order[rank], rank in the set, ascending, with the batch and the heads of
   both. A single leading axis is that of the heads; of the batch where a bit of
   `by_batch` is set: bit 0 for the set, bit 1 for the order. */
int32_t effattn_host_set_tokens(effattn_launch *launch, int32_t set_slot,
                                int32_t order_slot, int32_t by_batch,
                                int32_t result_slot);

/* Draws blocks: fills `table_slot`, i32[heads, blocks, count], entry
   [h, u - q0 div size, c], -1 where fewer blocks are left; i32[batches, heads,
   blocks, count] where the blocks depend on the batch. Of `operands` the draw
   reads its integers and what effattn_draw.outside plans with: key_sets,
   query_sets, tables and batch_sets. */
int32_t effattn_host_draw(effattn_launch *launch, int32_t draw,
                          const effattn_attend_operands *operands,
                          int32_t table_slot);

/* One softmax over the keys of all parts: `outputs` and `lses` are slots of
   `count` results, `output` and `lse` (or -1) receive it. */
int32_t effattn_host_merge(effattn_launch *launch, int32_t count,
                           const int32_t *outputs, const int32_t *lses,
                           int32_t output, int32_t lse);

#ifdef __cplusplus
}
#endif

#endif /* EFFATTN_HOST_H */
