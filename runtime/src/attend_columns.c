/*===- attend_columns.c - runs of a plan as lists of columns
 * ---------------===*/

#include "attend_cpu.h"

__attribute__((target("avx2"))) void
effattn_read_columns(effattn_column_reader *reader, int32_t count,
                     int32_t *columns, uint32_t *sets) {
  reader->left -= count;
  while (count > 0) {
    const effattn_plan_run *run = reader->run;
    int64_t left = run->count - reader->offset;
    int32_t taken = left < count ? (int32_t)left : count;
    int32_t column = (int32_t)(run->first + reader->offset * run->step);
    uint32_t bits = reader->full > 0 ? EFFATTN_COLUMN_FULL : run->sets;
    if (reader->order)
      for (int32_t k = 0; k < taken; ++k)
        columns[k] = reader->order[column + k * run->step];
    else if (run->step == 1)
      for (int32_t k = 0; k < taken; ++k)
        columns[k] = column + k;
    else
      for (int32_t k = 0; k < taken; ++k)
        columns[k] = column + k * run->step;
    for (int32_t k = 0; k < taken; ++k)
      sets[k] = bits;
    columns += taken;
    sets += taken;
    count -= taken;
    reader->offset += taken;
    reader->full -= taken;
    if (taken == left) {
      ++reader->run;
      reader->offset = 0;
    }
  }
}

enum { LINE = 64 };

void effattn_prefetch_queries(const effattn_worker *worker,
                              const int32_t *rows) {
  const effattn_buffer2 *q = &worker->q;
  for (int32_t k = 0; k < worker->rows; ++k) {
    if (rows[k] < 0)
      continue;
    const char *first =
        (const char *)((const float *)(void *)q->buffer.host +
                       (int64_t)rows[k] * q->dimensions[1].stride);
    const char *end = first + (size_t)q->dimensions[0].extent * sizeof(float);
    for (; first < end; first += LINE)
      __builtin_prefetch(first, 0, 2);
  }
}
