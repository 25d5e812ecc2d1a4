/*===- host.h - what generated host programs call --------------------------===*\
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

typedef struct effattn_attend_operands {
  int32_t query, key, value;  /* slots */
  int32_t output, lse;        /* slots; lse may be -1 */
  int32_t row_filters;
  const effattn_row_filter *row_filter; /* all must hold; other rows of output
                                           and lse are left as they are */
  const int32_t *key_sets;    /* slots of index sets, effattn_attend.key_sets */
  const int32_t *query_sets;
  const int32_t *tables;      /* slots, effattn_attend.tables */
  const int64_t *integers;    /* N, M, q0, others */
  const double *floats;       /* scale, others */
} effattn_attend_operands;

int32_t effattn_host_attend(effattn_launch *launch, int32_t attend,
                            const effattn_attend_operands *operands);

/* One softmax over the keys of all parts: `outputs` and `lses` are slots of
   `count` results, `output` and `lse` (or -1) receive it. */
int32_t effattn_host_merge(effattn_launch *launch, int32_t count,
                           const int32_t *outputs, const int32_t *lses,
                           int32_t output, int32_t lse);

#ifdef __cplusplus
}
#endif

#endif /* EFFATTN_HOST_H */
