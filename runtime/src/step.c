/*===- step.c - runs a dense step on the CPU -------------------------------===*\
|*
|* A step's code computes any crop of its result. Large results are cut along
|* one axis into pieces whose size depends on shapes only, never on the number
|* of workers.
|*
\*===----------------------------------------------------------------------===*/

#include "internal.h"

#include <stdatomic.h>
#include <string.h>

enum {
  MOST_OPERANDS = 8,
  PIECE_ELEMENTS = 1 << 15, /* fewer are not worth another piece */
  MOST_PIECES = 64
};

typedef struct step_loop {
  effattn_code code;
  const effattn_step *step;
  void *user_context;
  struct halide_buffer_t operands[MOST_OPERANDS], result;
  struct halide_dimension_t operand_dimensions[MOST_OPERANDS][EFFATTN_MAX_RANK];
  struct halide_dimension_t dimensions[EFFATTN_MAX_RANK];
  int32_t cut; /* dimension of the result, the last axis first; -1: none */
  int32_t piece; /* its extent in a piece */
  atomic_int failure;
} step_loop;

static void run_piece(void *data, int64_t index, int32_t worker) {
  (void)worker;
  step_loop *loop = data;
  if (atomic_load_explicit(&loop->failure, memory_order_relaxed))
    return;
  struct halide_buffer_t result = loop->result;
  struct halide_dimension_t dimensions[EFFATTN_MAX_RANK];
  memcpy(dimensions, loop->dimensions, sizeof dimensions);
  result.dim = dimensions;
  if (loop->cut >= 0) {
    struct halide_dimension_t *cut = &dimensions[loop->cut];
    int32_t first = (int32_t)(index * loop->piece);
    int32_t left = cut->extent - first;
    cut->min = first;
    cut->extent = left < loop->piece ? left : loop->piece;
    result.host += (int64_t)first * cut->stride * (result.type.bits / 8);
  }
  void *arguments[MOST_OPERANDS + 2];
  arguments[0] = &loop->user_context;
  for (uint32_t k = 0; k < loop->step->operands; ++k)
    arguments[1 + k] = &loop->operands[k];
  arguments[1 + loop->step->operands] = &result;
  effattn_status status =
      effattn_kernel_status(loop->code(arguments), loop->step->name);
  if (status)
    atomic_store_explicit(&loop->failure, (int)status, memory_order_relaxed);
}

/* The longest axis that may be cut; the last one only where there is no other. */
static int32_t choose_cut(const effattn_step *step, const effattn_view *result) {
  int32_t best = -1;
  int64_t longest = 1;
  for (uint32_t axis = step->parallel_axis; axis < result->rank; ++axis) {
    if (axis + 1 == result->rank && axis != step->parallel_axis)
      break;
    if (result->shape[axis] > longest) {
      longest = result->shape[axis];
      best = (int32_t)(result->rank - 1 - axis);
    }
  }
  return best;
}

int32_t effattn_step_cpu(effattn_parallel_for parallel_for,
                         void *parallel_user, int32_t workers,
                         void *user_context, const effattn_step *step,
                         effattn_code code, const effattn_view *operands,
                         const effattn_view *result) {
  if (step->operands > MOST_OPERANDS)
    return effattn_fail(EFFATTN_UNSUPPORTED,
                        "%s: more than %d operands are not supported",
                        step->name, (int)MOST_OPERANDS);
  int64_t elements = 1;
  for (uint32_t axis = 0; axis < result->rank; ++axis)
    elements *= result->shape[axis];
  if (elements == 0)
    return EFFATTN_OK;

  step_loop loop;
  loop.code = code;
  loop.step = step;
  loop.user_context = user_context;
  atomic_init(&loop.failure, EFFATTN_OK);
  effattn_status status = EFFATTN_OK;
  for (uint32_t k = 0; k < step->operands && !status; ++k)
    status = effattn_view_buffer(&operands[k], step->name, &loop.operands[k],
                                 loop.operand_dimensions[k]);
  if (!status)
    status = effattn_view_buffer(result, step->name, &loop.result,
                                 loop.dimensions);
  if (status)
    return status;

  int64_t pieces = 1;
  loop.cut = choose_cut(step, result);
  if (loop.cut >= 0) {
    int64_t extent = loop.dimensions[loop.cut].extent;
    pieces = elements / PIECE_ELEMENTS;
    pieces = pieces > MOST_PIECES ? MOST_PIECES : pieces;
    pieces = pieces > extent ? extent : pieces < 1 ? 1 : pieces;
    loop.piece = (int32_t)((extent + pieces - 1) / pieces);
    pieces = (extent + loop.piece - 1) / loop.piece;
  }
  if (pieces == 1)
    loop.cut = -1;
  parallel_for(parallel_user, pieces, workers, run_piece, &loop);
  return atomic_load(&loop.failure);
}
