/*===- attend.h - executing one attend of a launch -------------------------===*\
|*
|* The contract between effattn_host_attend, which makes or finds the plans,
|* and the code that executes them: attend_cpu.c here, attend_gpu.c for
|* devices. Everything is validated and planned when a run gets here; what is
|* left to fail is memory, a device, or a stride that a kernel cannot hold.
|*
\*===----------------------------------------------------------------------===*/
#ifndef EFFATTN_SRC_ATTEND_H
#define EFFATTN_SRC_ATTEND_H

#include "effattn/effattn.h"
#include "effattn/kernel.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct effattn_plan; /* plan.h */
struct halide_buffer_t;

/* A tensor as kernels see it: axes outermost first, strides in elements. */
typedef struct effattn_view {
  void *data;
  uint32_t element; /* effattn_element */
  uint32_t rank;
  int64_t shape[EFFATTN_MAX_RANK];
  int64_t stride[EFFATTN_MAX_RANK];
  /* GPU targets: the buffer of the launch's slot that this is a view of, with
     its device memory and dirty flags; else NULL. */
  struct halide_buffer_t *buffer;
} effattn_view;

/* One of several sequences, in the place of a batch entry. */
typedef struct effattn_sequence {
  int64_t query_first, queries; /* its tokens in query, output and lse */
  int64_t key_first, keys;      /* in key and value */
  int64_t q0;
  int64_t plan; /* in the place of b below: sequences may share plans */
} effattn_sequence;

/* A table with an entry a token: that of a sequence begins at offsets[b] along
   the axis. */
typedef struct effattn_table_cut {
  const int32_t *offsets; /* NULL: not cut */
  uint32_t axis;
} effattn_table_cut;

typedef struct effattn_attend_run {
  const effattn_attend *attend;
  const effattn_attend_code *code; /* of the chosen target */

  /* Brought to rank 4: batch, head, token, channel. An axis that the tensor
     lacks has size 1 and stride 0. key and value have heads / n heads. */
  effattn_view query, key, value, output;
  effattn_view lse; /* rank 3: batch, head, token; data NULL: not wanted */

  /* Plan of (batch b, head h of the query):
     plans[b * plan_batch_stride + h * plan_head_stride]; a stride is 0 where
     all share one. Only heads in [head_begin, head_end) are computed; plans of
     other heads are NULL where each head has its own. */
  const struct effattn_plan *const *plans;
  int64_t plan_batch_stride, plan_head_stride;
  /* Ragged tokens: output.shape[0] sequences; the stride of that axis is 0 in
     all tensors, and rows and columns of a plan count from the first token of
     the sequence. NULL: none. */
  const effattn_sequence *sequences;
  const effattn_table_cut *cuts; /* of each table */
  int64_t *first_piece; /* sequences + 1 entries for the CPU's code to use */
  int64_t head_begin, head_end;
  /* 1: rows start from what output and lse hold (see
     effattn_attend_operands). lse.data is not NULL then, or there is no row. */
  int32_t continues;

  /* attend->key_sets, query_sets and tables of them. Sets are i32 and rank 1
     (one for all), 2 (head first) or 3 (batch, head first); leading axes of
     size 1 are shared. Tables have all axes that the pattern file declares. */
  const effattn_view *key_sets, *query_sets, *tables;
  const int64_t *integers; /* attend->integers: N, M, q0, others; of ragged
                              tokens the first three are each sequence's */
  const double *floats;    /* attend->floats: scale, others */

  /* Resources. `scratch` holds workers * effattn_attend_cpu_scratch() bytes,
     aligned to 64; the CPU code allocates nothing. */
  void *user_context; /* first argument of each kernel */
  effattn_parallel_for parallel_for;
  void *parallel_user;
  int32_t workers;
  void *scratch;

  /* Added to while running: see effattn_statistics. May be NULL. */
  effattn_statistics *statistics;
} effattn_attend_run;

/* The plan of (batch entry or sequence, head); NULL: it is not computed. */
static inline const struct effattn_plan *
effattn_plan_of(const effattn_attend_run *run, int64_t batch, int64_t head) {
  const int64_t row = run->sequences ? run->sequences[batch].plan : batch;
  return run
      ->plans[row * run->plan_batch_stride + head * run->plan_head_stride];
}

/* Bytes of scratch that one worker needs: a constant of the code, the head
   dims and the number of parameters, whatever N and M are. */
size_t effattn_attend_cpu_scratch(const effattn_attend *attend,
                                  const effattn_attend_code *code);

/* Executes the plans. 0, or an effattn_status after effattn_fail(). Rows that
   no plan holds are left as they are. Bitwise the same for any number of
   workers. */
int32_t effattn_attend_cpu(const effattn_attend_run *run);
int32_t effattn_attend_gpu(const effattn_attend_run *run);

/* O and LSE of `count` parts merged (systems.md, 1.1): attend_merge of
   effattn_host_merge and effattn_merge. Views of rank 3 + 1 and 3 as above;
   lse->data may be NULL. */
int32_t effattn_merge_cpu(effattn_parallel_for parallel_for,
                          void *parallel_user, int32_t workers, uint32_t count,
                          const effattn_view *outputs,
                          const effattn_view *lses, const effattn_view *output,
                          const effattn_view *lse);

/* Runs a step's code for the target: halide_buffer_t from the views, cut along
   step->parallel_axis over the workers where that pays. */
int32_t effattn_step_cpu(effattn_parallel_for parallel_for,
                         void *parallel_user, int32_t workers,
                         void *user_context, const effattn_step *step,
                         effattn_code code, const effattn_view *operands,
                         const effattn_view *result);

#ifdef __cplusplus
}
#endif

#endif /* EFFATTN_SRC_ATTEND_H */
