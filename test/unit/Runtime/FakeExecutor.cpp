//===- FakeExecutor.cpp - attends in plain loops --------------------------===//
//
// Stands in for attend_cpu.c: follows the plan of each (batch, head) tile by
// tile, in parallel, with scratch as compiled kernels get it. A partial column
// of the fake pattern is visible where 0 <= i - j <= w or its set bit is on.
//
//===----------------------------------------------------------------------===//
#include "internal.h"

#include <atomic>
#include <cmath>
#include <limits>

namespace {

struct Loop {
  const effattn_attend_run *run;
  std::atomic<int32_t> status{EFFATTN_OK};
};

float *at(const effattn_view &view, int64_t batch, int64_t head,
          int64_t token) {
  return static_cast<float *>(view.data) + batch * view.stride[0] +
         head * view.stride[1] + token * view.stride[2];
}

int64_t keyHead(const effattn_attend_run *run, int64_t head) {
  return head / (run->query.shape[1] / run->key.shape[1]);
}

void computeRow(const effattn_attend_run *run, const effattn_plan *plan,
                const effattn_plan_tile &tile, int64_t batch, int64_t head,
                int64_t row, double *sums) {
  const uint32_t channels = run->attend->value_dim;
  double total = 0;
  for (uint32_t d = 0; d < channels; ++d)
    sums[d] = 0;
  for (int32_t r = 0; r < tile.full_runs + tile.partial_runs; ++r) {
    const effattn_plan_run &columns = plan->runs[tile.runs + r];
    for (int32_t c = 0; c < columns.count; ++c) {
      const int64_t j = columns.first + int64_t(c) * columns.step;
      const bool visible = r < tile.full_runs || columns.sets != 0 ||
                           (row - j >= 0 && row - j <= run->integers[3]);
      if (!visible)
        continue;
      const float *q = at(run->query, batch, head, row);
      const float *k = at(run->key, batch, keyHead(run, head), j);
      const float *v = at(run->value, batch, keyHead(run, head), j);
      double logit = 0;
      for (uint32_t d = 0; d < channels; ++d)
        logit += double(q[d]) * k[d];
      const double p = std::exp(run->floats[0] * logit);
      total += p;
      for (uint32_t d = 0; d < channels; ++d)
        sums[d] += p * v[d];
    }
  }
  for (uint32_t d = 0; d < channels; ++d)
    at(run->output, batch, head, row)[d] =
        float(total > 0 ? sums[d] / total : 0);
  if (run->lse.data)
    *at(run->lse, batch, head, row) =
        total > 0 ? float(std::log(total))
                  : -std::numeric_limits<float>::infinity();
}

void runTile(void *data, int64_t index, int32_t worker) {
  Loop *loop = static_cast<Loop *>(data);
  const effattn_attend_run *run = loop->run;
  const int64_t heads = run->query.shape[1];
  const int64_t tiles = (run->query.shape[2] + 3) / 4;
  const int64_t batch = index / tiles / heads, head = index / tiles % heads;
  const effattn_plan *plan =
      run->plans[batch * run->plan_batch_stride + head * run->plan_head_stride];
  const int64_t number = index % tiles;
  static_cast<char *>(run->scratch)[worker] = char(worker);
  // Two allocations freed in the order of their making, as kernels may.
  void *first = halide_malloc(run->user_context, 100);
  void *second =
      halide_malloc(run->user_context, run->attend->value_dim * sizeof(double));
  if (!first || !second) {
    loop->status = effattn_kernel_status(
        halide_error_out_of_memory(run->user_context), run->attend->name);
  } else if (number < plan->tile_count) {
    const effattn_plan_tile &tile = plan->tiles[number];
    for (uint32_t r = 0; r < plan->tile_rows; ++r)
      if (plan->rows[tile.rows + r] >= 0)
        computeRow(run, plan, tile, batch, head, plan->rows[tile.rows + r],
                   static_cast<double *>(second));
  }
  halide_free(run->user_context, first);
  halide_free(run->user_context, second);
}

} // namespace

extern "C" size_t effattn_attend_cpu_scratch(const effattn_attend *,
                                             const effattn_attend_code *) {
  return 1;
}

extern "C" int32_t effattn_attend_cpu(const effattn_attend_run *run) {
  Loop loop;
  loop.run = run;
  const int64_t tiles = (run->query.shape[2] + 3) / 4;
  run->statistics->visible_tiles += run->plans[0]->visible_tiles;
  run->parallel_for(run->parallel_user,
                    run->query.shape[0] * run->query.shape[1] * tiles,
                    run->workers, runTile, &loop);
  return loop.status;
}
