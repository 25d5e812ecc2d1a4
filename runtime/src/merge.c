/*===- merge.c - one softmax from parts ------------------------------------===*\
|*
|* O = sum_r w_r O_r with w_r = exp(LSE_r - LSE), LSE = log sum_r exp(LSE_r).
|* Parts are added in their order, in double precision. A part whose LSE is
|* -inf has no keys: its O is not read. A row that no part has keys for gets 0
|* and -inf. A NaN LSE, or two of +inf, make the row NaN.
|*
\*===----------------------------------------------------------------------===*/

#include "internal.h"

#include <math.h>

enum { ROWS_A_PIECE = 64, CHANNELS_AT_ONCE = 256 };

typedef struct merge_loop {
  uint32_t count;
  const effattn_view *outputs, *lses, *output, *lse;
  int64_t pieces_a_head;
} merge_loop;

static const float *row_of(const effattn_view *view, int64_t batch,
                           int64_t head, int64_t token) {
  return (const float *)view->data + batch * view->stride[0] +
         head * view->stride[1] + token * view->stride[2];
}

static void merge_row(const merge_loop *loop, int64_t batch, int64_t head,
                      int64_t token) {
  double greatest = -INFINITY;
  for (uint32_t r = 0; r < loop->count; ++r) {
    double lse = *row_of(&loop->lses[r], batch, head, token);
    if (lse > greatest || isnan(lse))
      greatest = lse;
    if (isnan(greatest))
      break;
  }
  double total = 0;
  for (uint32_t r = 0; r < loop->count && greatest != -INFINITY; ++r)
    total += exp(*row_of(&loop->lses[r], batch, head, token) - greatest);
  double merged =
      greatest == -INFINITY ? -INFINITY : greatest + log(total);
  if (loop->lse->data)
    *(float *)(uintptr_t)row_of(loop->lse, batch, head, token) = (float)merged;

  float *output = (float *)(uintptr_t)row_of(loop->output, batch, head, token);
  int64_t channels = loop->output->shape[3];
  for (int64_t first = 0; first < channels; first += CHANNELS_AT_ONCE) {
    double sum[CHANNELS_AT_ONCE] = {0};
    int64_t size = channels - first;
    size = size < CHANNELS_AT_ONCE ? size : CHANNELS_AT_ONCE;
    for (uint32_t r = 0; r < loop->count; ++r) {
      double lse = *row_of(&loop->lses[r], batch, head, token);
      if (lse == -INFINITY)
        continue;
      double weight = exp(lse - merged);
      const float *part = row_of(&loop->outputs[r], batch, head, token);
      for (int64_t c = 0; c < size; ++c)
        sum[c] += weight * part[first + c];
    }
    for (int64_t c = 0; c < size; ++c)
      output[first + c] = (float)sum[c];
  }
}

static void run_piece(void *data, int64_t index, int32_t worker) {
  (void)worker;
  const merge_loop *loop = data;
  int64_t group = index / loop->pieces_a_head;
  int64_t heads = loop->output->shape[1], tokens = loop->output->shape[2];
  int64_t first = index % loop->pieces_a_head * ROWS_A_PIECE;
  int64_t end = first + ROWS_A_PIECE < tokens ? first + ROWS_A_PIECE : tokens;
  for (int64_t token = first; token < end; ++token)
    merge_row(loop, group / heads, group % heads, token);
}

int32_t effattn_merge_cpu(effattn_parallel_for parallel_for,
                          void *parallel_user, int32_t workers, uint32_t count,
                          const effattn_view *outputs,
                          const effattn_view *lses, const effattn_view *output,
                          const effattn_view *lse) {
  merge_loop loop = {count, outputs, lses, output, lse,
                     (output->shape[2] + ROWS_A_PIECE - 1) / ROWS_A_PIECE};
  int64_t pieces = output->shape[0] * output->shape[1] * loop.pieces_a_head;
  if (pieces > 0)
    parallel_for(parallel_user, pieces, workers, run_piece, &loop);
  return EFFATTN_OK;
}
