/*===- attend_gpu.c - attend, merge and steps on a device ----------------===*/
#include "gpu_internal.h"

#include <string.h>

#define MOST_TABLES 16
#define MOST_OPERANDS 16

/*===- tables ------------------------------------------------------------===*/

/* Kernels look up floats or 32-bit integers: other tables are converted. */
static effattn_status convert_table(effattn_launch *launch, const char *name,
                                    effattn_view *table,
                                    effattn_gpu_scratch **scratch) {
  int64_t elements = 1;
  for (uint32_t axis = 0; axis < table->rank; ++axis)
    elements *= table->shape[axis];
  const bool there =
      table->data && table->buffer->flags & halide_buffer_flag_host_dirty;
  if (elements > 0 && !there)
    return effattn_fail(EFFATTN_UNSUPPORTED,
                        "%s: look-ups in a table of %s need it in host memory",
                        name, effattn_element_name(table->element));
  *scratch =
      effattn_gpu_scratch_take(launch, elements ? elements : 1, true, false);
  if (!*scratch)
    return EFFATTN_OUT_OF_MEMORY;
  int32_t *to = (int32_t *)(*scratch)->data;
  to[0] = 0;
  for (int64_t k = 0; k < elements; ++k) {
    int64_t rest = k, offset = 0, value = 0;
    for (uint32_t axis = table->rank; axis-- > 0;) {
      offset += rest % table->shape[axis] * table->stride[axis];
      rest /= table->shape[axis];
    }
    switch (table->element) {
    case EFFATTN_I8:
      value = ((const int8_t *)table->data)[offset];
      break;
    case EFFATTN_BOOL:
      value = ((const uint8_t *)table->data)[offset] != 0;
      break;
    case EFFATTN_I64:
      value = ((const int64_t *)table->data)[offset];
      break;
    }
    if (value < INT32_MIN || value > INT32_MAX)
      return effattn_fail(EFFATTN_DEVICE_LIMIT,
                          "%s: a table holds %lld, but devices look up "
                          "integers of 32 bits",
                          name, (long long)value);
    to[k] = (int32_t)value;
  }
  int64_t stride = 1;
  for (uint32_t axis = table->rank; axis-- > 0;) {
    table->stride[axis] = stride;
    stride *= table->shape[axis];
  }
  return EFFATTN_OK;
}

/* The flat buffer of each table; `tables` get the strides of the device. */
static effattn_status prepare_tables(effattn_launch *launch,
                                     const effattn_attend_run *run,
                                     effattn_view *tables,
                                     effattn_gpu_flat *flats) {
  effattn_gpu_device *device = effattn_gpu_state(launch)->device;
  effattn_status status = EFFATTN_OK;
  for (uint32_t t = 0; t < run->attend->tables && !status; ++t) {
    tables[t] = run->tables[t];
    struct halide_buffer_t *buffer = tables[t].buffer;
    if (tables[t].element != EFFATTN_F32 && tables[t].element != EFFATTN_I32) {
      effattn_gpu_scratch *scratch = NULL;
      status = convert_table(launch, run->attend->name, &tables[t], &scratch);
      buffer = scratch ? &scratch->flat.buffer : NULL;
    }
    if (!status)
      status = effattn_gpu_ensure(device, buffer, EFFATTN_GPU_READ, "a table");
    if (!status)
      effattn_gpu_flatten(buffer, &flats[t]);
  }
  return status;
}

/*===- attend ------------------------------------------------------------===*/

static effattn_status check_limits(const effattn_gpu_device *device,
                                   const effattn_attend_run *run) {
  const char *name = run->attend->name;
  const int64_t rows = run->code->tile_rows;
  const int64_t shared = rows * run->attend->head_dim * 4;
  const int64_t heads = run->output.shape[1], batches = run->output.shape[0];
  if (rows > device->most_threads)
    return effattn_fail(EFFATTN_DEVICE_LIMIT,
                        "%s: needs %lld threads a block, but device '%s' has "
                        "at most %lld",
                        name, (long long)rows, device->name,
                        (long long)device->most_threads);
  if (shared > device->most_shared_bytes)
    return effattn_fail(EFFATTN_DEVICE_LIMIT,
                        "%s: needs %lld bytes of shared memory a block, but "
                        "device '%s' has %lld",
                        name, (long long)shared, device->name,
                        (long long)device->most_shared_bytes);
  if (heads > device->most_blocks[1] ||
      (batches > device->most_blocks[2] && !run->sequences))
    return effattn_fail(EFFATTN_DEVICE_LIMIT,
                        "%s: %lld heads and %lld batches, but device '%s' runs "
                        "at most %lld and %lld in one launch",
                        name, (long long)heads, (long long)batches,
                        device->name, (long long)device->most_blocks[1],
                        (long long)device->most_blocks[2]);
  if (run->attend->tables > MOST_TABLES)
    return effattn_fail(EFFATTN_UNSUPPORTED,
                        "%s: more than %d tables are not supported on a device",
                        name, MOST_TABLES);
  return EFFATTN_OK;
}

/* A result as the kernel writes it: (channel, token, head, batch). */
typedef struct result_buffer {
  struct halide_buffer_t buffer;
  struct halide_dimension_t dimensions[4];
} result_buffer;

static void describe_result(const struct halide_buffer_t *memory,
                            int32_t channels, int32_t channel_stride,
                            const int64_t *shape, const int64_t *stride,
                            result_buffer *result) {
  /* Never read: the device has the content. */
  static uint32_t nothing[64];
  result->buffer = *memory;
  result->buffer.type = effattn_gpu_float;
  result->buffer.host = (uint8_t *)nothing;
  result->buffer.flags = 0;
  result->buffer.dimensions = 4;
  result->buffer.dim = result->dimensions;
  memset(result->dimensions, 0, sizeof result->dimensions);
  result->dimensions[0].extent = channels;
  result->dimensions[0].stride = channel_stride;
  for (int axis = 0; axis < 3; ++axis) { /* token, head, batch */
    result->dimensions[1 + axis].extent = (int32_t)shape[2 - axis];
    result->dimensions[1 + axis].stride = (int32_t)stride[2 - axis];
  }
}

/* All that stays the same from one part of the tiles to the next. */
typedef struct attend_launch {
  effattn_launch *launch;
  effattn_gpu_device *device;
  effattn_attend_run run; /* with the tables of the device */
  /* Ragged tokens: `run` is that of one sequence, one after the other. */
  const effattn_sequence *sequence;
  int64_t number;    /* of the sequence */
  int64_t *integers; /* its own */
  effattn_gpu_flat query, key, value;
  effattn_gpu_flat old_output, old_lse; /* the results, to continue from */
  effattn_gpu_flat tables[MOST_TABLES];
  result_buffer output, lse;
  struct halide_buffer_t *lse_memory;
} attend_launch;

/* Strides of the results, for rows that continue. */
static void write_results(const attend_launch *own, int32_t *words) {
  words[EFFATTN_GPU_CONTINUES] = own->run.continues != 0;
  for (int axis = 0; axis < 3; ++axis) { /* token, head, batch */
    words[EFFATTN_GPU_OUTPUT_TOKEN + axis] =
        own->output.dimensions[1 + axis].stride;
    words[EFFATTN_GPU_LSE_TOKEN + axis] = own->lse.dimensions[1 + axis].stride;
  }
}

/* Where the sequence begins in the tensors and tables. */
static void write_sequence(const attend_launch *own, int32_t *words) {
  const effattn_attend *attend = own->run.attend;
  if (!own->sequence)
    return;
  words[EFFATTN_GPU_FIRST_QUERY] = (int32_t)own->sequence->query_first;
  words[EFFATTN_GPU_FIRST_KEY] = (int32_t)own->sequence->key_first;
  words[EFFATTN_GPU_FIRST_BATCH] = (int32_t)own->number;
  int64_t at = EFFATTN_GPU_PARAMETERS + attend->integers + attend->floats;
  for (uint32_t t = 0; t < attend->tables; ++t) {
    const effattn_view *table = &own->run.tables[t];
    const effattn_table_cut *cut = &own->run.cuts[t];
    at += 2 * (int64_t)table->rank;
    if (cut->offsets)
      words[at] =
          (int32_t)(cut->offsets[own->number] * table->stride[cut->axis]);
    ++at;
  }
}

static effattn_status run_tiles(attend_launch *own, int64_t first_tile,
                                int64_t tiles) {
  effattn_gpu_packed packed;
  effattn_status status =
      effattn_gpu_pack(own->launch, &own->run, first_tile, tiles, &packed);
  effattn_gpu_device *device = own->device;
  const char *name = own->run.attend->name;
  if (!status) {
    write_results(own, (int32_t *)packed.words->data);
    write_sequence(own, (int32_t *)packed.words->data);
  }
  if (!status)
    status = effattn_gpu_ensure(device, &packed.work->flat.buffer,
                                EFFATTN_GPU_READ, name);
  if (!status)
    status = effattn_gpu_ensure(device, &packed.words->flat.buffer,
                                EFFATTN_GPU_READ, name);
  if (status)
    return status;
  int32_t heads = (int32_t)own->run.output.shape[1];
  int32_t batches = (int32_t)own->run.output.shape[0];
  const int32_t record = EFFATTN_GPU_WORK_FIELDS;
  struct halide_dimension_t dimensions[4] = {
      {0, record, 1, 0},
      {0, packed.tiles, record, 0},
      {0, heads, packed.heads > 1 ? record * packed.tiles : 0, 0},
      {0, batches,
       packed.batches > 1 ? record * packed.tiles * packed.heads : 0, 0}};
  struct halide_buffer_t work = packed.work->flat.buffer;
  work.dimensions = 4;
  work.dim = dimensions;
  void *user = &device->user;
  void *arguments[18 + MOST_TABLES];
  int count = 0;
  arguments[count++] = &user;
  arguments[count++] = &own->query.buffer;
  arguments[count++] = &own->key.buffer;
  arguments[count++] = &own->value.buffer;
  arguments[count++] = &work;
  arguments[count++] = &packed.words->flat.buffer;
  arguments[count++] = &own->old_output.buffer;
  arguments[count++] = &own->old_lse.buffer;
  for (uint32_t t = 0; t < own->run.attend->tables; ++t)
    arguments[count++] = &own->tables[t].buffer;
  arguments[count++] = &packed.tiles;
  arguments[count++] = &heads;
  arguments[count++] = &batches;
  arguments[count++] = &own->output.buffer;
  arguments[count++] = &own->lse.buffer;
  return effattn_gpu_call(own->run.code->tile, arguments, name);
}

static effattn_status prepare_input(effattn_gpu_device *device,
                                    const effattn_view *view, const char *what,
                                    effattn_gpu_flat *flat) {
  effattn_status status =
      effattn_gpu_ensure(device, view->buffer, EFFATTN_GPU_READ, what);
  effattn_gpu_flatten(view->buffer, flat);
  /* Only the device reads it; the host's alignment does not matter. */
  flat->buffer.host = NULL;
  if (!status && device->target == EFFATTN_TARGET_CUDA &&
      flat->buffer.device % 16 != 0)
    status =
        effattn_fail(EFFATTN_ALIGNMENT,
                     "%s: tensors on a device are aligned to 16 bytes", what);
  return status;
}

/* The device memory of LSE: that of the slot, or scratch where nobody asks. */
static effattn_status prepare_lse(attend_launch *own, effattn_gpu_use use) {
  const effattn_attend_run *run = &own->run;
  effattn_view lse = run->lse;
  const char *name = run->attend->name;
  if (!lse.buffer) {
    effattn_gpu_scratch *scratch = effattn_gpu_scratch_take(
        own->launch,
        run->output.shape[0] * run->output.shape[1] * run->output.shape[2],
        false, true);
    if (!scratch)
      return EFFATTN_OUT_OF_MEMORY;
    lse.buffer = &scratch->flat.buffer;
    for (int axis = 0; axis < 3; ++axis)
      lse.shape[axis] = run->output.shape[axis];
    lse.stride[2] = 1;
    lse.stride[1] = lse.shape[2];
    lse.stride[0] = lse.shape[1] * lse.shape[2];
  }
  const effattn_status status =
      effattn_gpu_ensure(own->device, lse.buffer, use, name);
  describe_result(lse.buffer, (int32_t)run->attend->value_dim, 0, lse.shape,
                  lse.stride, &own->lse);
  own->lse_memory = lse.buffer;
  effattn_gpu_flatten(lse.buffer, &own->old_lse);
  own->old_lse.buffer.host = NULL;
  return status;
}

/* Look-ups out of range left their mark in LSE. */
static effattn_status check_lookups(attend_launch *own,
                                    const effattn_attend_run *run) {
  effattn_gpu_flat flat;
  effattn_gpu_flatten(own->lse_memory, &flat);
  effattn_gpu_scratch *scratch = effattn_gpu_scratch_take(
      own->launch, effattn_gpu_span(own->lse_memory), true, true);
  if (!scratch)
    return EFFATTN_OUT_OF_MEMORY;
  flat.buffer.host = (uint8_t *)scratch->data;
  flat.buffer.flags = halide_buffer_flag_device_dirty;
  effattn_status status =
      effattn_gpu_download(own->device, &flat.buffer, run->attend->name);
  if (!status)
    status = effattn_gpu_wait(own->device);
  if (status)
    return status;
  const struct halide_dimension_t *dim = own->lse.dimensions;
  for (int64_t batch = 0; batch < run->output.shape[0]; ++batch)
    for (int64_t head = run->head_begin; head < run->head_end; ++head) {
      const effattn_plan *plan = effattn_plan_of(run, batch, head);
      const int64_t first =
          run->sequences ? run->sequences[batch].query_first : 0;
      for (int64_t r = 0; r < plan->row_count; ++r) {
        if (plan->rows[r] < 0)
          continue;
        uint32_t bits;
        const int64_t place = (first + plan->rows[r]) * (int64_t)dim[1].stride +
                              head * dim[2].stride +
                              (run->sequences ? 0 : batch * dim[3].stride);
        memcpy(&bits, (const char *)scratch->data + 4 * place, sizeof bits);
        if (bits == EFFATTN_GPU_MISSED)
          return effattn_fail(EFFATTN_SIZE,
                              "%s: query %d (batch %d, head %d) looks up a "
                              "table out of range",
                              run->attend->name, (int)plan->rows[r], (int)batch,
                              (int)head);
      }
    }
  return EFFATTN_OK;
}

static void count_statistics(const effattn_attend_run *run) {
  effattn_statistics *statistics = run->statistics;
  if (!statistics)
    return;
  for (int64_t batch = 0; batch < run->output.shape[0]; ++batch)
    for (int64_t head = run->head_begin; head < run->head_end; ++head) {
      const effattn_plan *plan = effattn_plan_of(run, batch, head);
      statistics->visible_tiles += plan->visible_tiles;
      statistics->full_columns += plan->full_columns;
      statistics->partial_columns += plan->partial_columns;
      statistics->computed_pairs +=
          (plan->full_columns + plan->partial_columns) * plan->tile_rows;
    }
}

/* All tiles of own->run, in as many launches as the device needs. */
static effattn_status run_all_tiles(attend_launch *own) {
  const int64_t tiles = effattn_gpu_most_tiles(&own->run);
  const int64_t most = own->device->most_blocks[0];
  effattn_status status = EFFATTN_OK;
  for (int64_t first = 0; first < tiles && !status; first += most)
    status = run_tiles(own, first, tiles - first < most ? tiles - first : most);
  return status;
}

/* Sequence by sequence, each as a batch of one entry. `whole` has them all;
   `tables` are those of the device, with room for their cut shapes. */
static effattn_status run_sequences(attend_launch *own,
                                    const effattn_attend_run *whole,
                                    effattn_view *tables) {
  effattn_attend_run *run = &own->run;
  effattn_status status = EFFATTN_OK;
  int64_t sizes[MOST_TABLES]; /* of all tokens */
  for (uint32_t t = 0; t < run->attend->tables; ++t)
    sizes[t] = run->cuts[t].offsets ? tables[t].shape[run->cuts[t].axis] : 0;
  run->sequences = NULL;
  run->integers = own->integers;
  run->plan_batch_stride = 0;
  for (int64_t b = 0; b < whole->output.shape[0] && !status; ++b) {
    own->sequence = &whole->sequences[b];
    own->number = b;
    own->integers[0] = own->sequence->queries;
    own->integers[1] = own->sequence->keys;
    own->integers[2] = own->sequence->q0;
    run->plans = whole->plans + own->sequence->plan * whole->plan_batch_stride;
    for (uint32_t t = 0; t < run->attend->tables; ++t) {
      const effattn_table_cut *cut = &run->cuts[t];
      if (cut->offsets)
        tables[t].shape[cut->axis] = cut->offsets[b + 1] - cut->offsets[b];
    }
    status = run_all_tiles(own);
  }
  for (uint32_t t = 0; t < run->attend->tables; ++t)
    if (run->cuts[t].offsets)
      tables[t].shape[run->cuts[t].axis] = sizes[t];
  return status;
}

/* A sequence is a batch of one entry to the device. */
static void make_single(effattn_attend_run *run) {
  run->query.shape[0] = run->key.shape[0] = run->value.shape[0] = 1;
  run->output.shape[0] = run->lse.shape[0] = 1;
}

static effattn_status run_attend(attend_launch *own,
                                 const effattn_attend_run *whole) {
  effattn_attend_run *run = &own->run;
  const char *name = run->attend->name;
  effattn_gpu_device *device = own->device;
  const int64_t tiles = effattn_gpu_most_tiles(run);
  if (tiles == 0 || run->output.shape[0] == 0 || run->output.shape[1] == 0)
    return EFFATTN_OK;
  effattn_view tables[MOST_TABLES];
  effattn_status status = check_limits(device, run);
  if (!status)
    status = prepare_tables(own->launch, run, tables, own->tables);
  run->tables = tables;
  if (!status)
    status = prepare_input(device, &run->query, name, &own->query);
  if (!status)
    status = prepare_input(device, &run->key, name, &own->key);
  if (!status)
    status = prepare_input(device, &run->value, name, &own->value);
  const effattn_gpu_use use = effattn_gpu_all_rows(run) && !run->continues
                                  ? EFFATTN_GPU_WRITE
                                  : EFFATTN_GPU_UPDATE;
  if (run->sequences)
    make_single(run);
  if (!status)
    status = effattn_gpu_ensure(device, run->output.buffer, use, name);
  if (!status)
    status = prepare_lse(own, use);
  if (status)
    return status;
  describe_result(run->output.buffer, (int32_t)run->attend->value_dim, 1,
                  run->output.shape, run->output.stride, &own->output);
  effattn_gpu_flatten(run->output.buffer, &own->old_output);
  own->old_output.buffer.host = NULL;
  status =
      whole->sequences ? run_sequences(own, whole, tables) : run_all_tiles(own);
  if (status)
    return status;
  run->output.buffer->flags = halide_buffer_flag_device_dirty;
  if (run->lse.buffer)
    run->lse.buffer->flags = halide_buffer_flag_device_dirty;
  if (run->attend->tables)
    status = check_lookups(own, whole);
  count_statistics(whole);
  return status;
}

int32_t effattn_attend_gpu(const effattn_attend_run *run) {
  const effattn_user *user = run->user_context;
  effattn_launch *launch = user->launch;
  const size_t bytes =
      sizeof(attend_launch) + run->attend->integers * sizeof(int64_t);
  attend_launch *own = effattn_allocate(launch->context, bytes, 64);
  if (!own)
    return effattn_out_of_memory(run->attend->name, bytes);
  memset(own, 0, bytes);
  own->launch = launch;
  own->device = effattn_gpu_state(launch)->device;
  own->run = *run;
  own->integers = (int64_t *)(own + 1);
  memcpy(own->integers, run->integers,
         run->attend->integers * sizeof *own->integers);
  effattn_gpu_lock();
  const effattn_status status = run_attend(own, run);
  effattn_gpu_unlock();
  effattn_deallocate(launch->context, own, bytes, 64);
  return status;
}

/*===- steps -------------------------------------------------------------===*/

effattn_status effattn_gpu_step(effattn_launch *launch,
                                const effattn_step *step, effattn_code code,
                                const effattn_view *operands,
                                const effattn_view *result) {
  effattn_gpu_device *device = effattn_gpu_state(launch)->device;
  if (step->operands > MOST_OPERANDS)
    return effattn_fail(EFFATTN_UNSUPPORTED,
                        "%s: more than %d operands are not supported",
                        step->name, MOST_OPERANDS);
  void *user = &device->user;
  void *arguments[MOST_OPERANDS + 2];
  arguments[0] = &user;
  effattn_gpu_lock();
  effattn_status status = EFFATTN_OK;
  for (uint32_t k = 0; k < step->operands && !status; ++k) {
    status = effattn_gpu_ensure(device, operands[k].buffer, EFFATTN_GPU_READ,
                                step->name);
    arguments[1 + k] = operands[k].buffer;
  }
  if (!status)
    status = effattn_gpu_ensure(device, result->buffer, EFFATTN_GPU_WRITE,
                                step->name);
  arguments[1 + step->operands] = result->buffer;
  if (!status)
    status = effattn_gpu_call(code, arguments, step->name);
  if (!status)
    result->buffer->flags = halide_buffer_flag_device_dirty;
  effattn_gpu_unlock();
  return status;
}

/*===- merge -------------------------------------------------------------===*/

static void write_strides(int32_t *words, int place, const effattn_view *view) {
  for (int axis = 0; axis < 3; ++axis) /* token, head, batch */
    words[place + axis] = (int32_t)view->stride[2 - axis];
}

typedef struct merge_launch {
  effattn_launch *launch;
  effattn_gpu_device *device;
  const effattn_view *output;
  effattn_view lse;
  int64_t rows; /* of all heads and batches */
} merge_launch;

/* Adds one part to the result. */
static effattn_status merge_part(merge_launch *own, const effattn_view *part,
                                 const effattn_view *part_lse) {
  effattn_gpu_device *device = own->device;
  const effattn_view *output = own->output;
  effattn_gpu_scratch *scratch = effattn_gpu_scratch_take(
      own->launch, EFFATTN_GPU_MERGE_WORDS, true, false);
  if (!scratch)
    return EFFATTN_OUT_OF_MEMORY;
  int32_t *words = (int32_t *)scratch->data;
  words[EFFATTN_GPU_MERGE_CHANNELS] = (int32_t)output->shape[3];
  words[EFFATTN_GPU_MERGE_TOKENS] = (int32_t)output->shape[2];
  words[EFFATTN_GPU_MERGE_HEADS] = (int32_t)output->shape[1];
  write_strides(words, EFFATTN_GPU_MERGE_OUTPUT, output);
  write_strides(words, EFFATTN_GPU_MERGE_LSE, &own->lse);
  write_strides(words, EFFATTN_GPU_MERGE_PART, part);
  write_strides(words, EFFATTN_GPU_MERGE_PART_LSE, part_lse);
  effattn_status status = effattn_gpu_ensure(device, &scratch->flat.buffer,
                                             EFFATTN_GPU_READ, "merge");
  if (!status)
    status =
        effattn_gpu_ensure(device, part->buffer, EFFATTN_GPU_READ, "merge");
  if (!status)
    status =
        effattn_gpu_ensure(device, part_lse->buffer, EFFATTN_GPU_READ, "merge");
  if (status)
    return status;
  effattn_gpu_flat result, lse, from, from_lse;
  effattn_gpu_flatten(output->buffer, &result);
  effattn_gpu_flatten(own->lse.buffer, &lse);
  effattn_gpu_flatten(part->buffer, &from);
  effattn_gpu_flatten(part_lse->buffer, &from_lse);
  result.buffer.host = lse.buffer.host = (uint8_t *)words; /* never read */
  void *user = &device->user;
  int32_t elements = (int32_t)(own->rows * output->shape[3]);
  int32_t rows = (int32_t)own->rows;
  const bool cuda = device->target == EFFATTN_TARGET_CUDA;
  void *values[] = {&user,
                    &lse.buffer,
                    &from.buffer,
                    &from_lse.buffer,
                    &scratch->flat.buffer,
                    &elements,
                    &result.buffer};
  status =
      effattn_gpu_call(cuda ? effattn_gpu_merge_cuda : effattn_gpu_merge_vulkan,
                       values, "merge");
  if (status)
    return status;
  void *sums[] = {&user, &from_lse.buffer, &scratch->flat.buffer, &rows,
                  &lse.buffer};
  return effattn_gpu_call(cuda ? effattn_gpu_merge_lse_cuda
                               : effattn_gpu_merge_lse_vulkan,
                          sums, "merge");
}

/* A result of parts not yet added: LSE = -inf. What O holds is not read. */
static effattn_status start_merge(merge_launch *own) {
  const effattn_view *output = own->output;
  if (!own->lse.buffer) {
    effattn_gpu_scratch *scratch =
        effattn_gpu_scratch_take(own->launch, own->rows, false, true);
    if (!scratch)
      return EFFATTN_OUT_OF_MEMORY;
    own->lse.rank = 3;
    own->lse.element = EFFATTN_F32;
    own->lse.buffer = &scratch->flat.buffer;
    for (int axis = 0; axis < 3; ++axis)
      own->lse.shape[axis] = output->shape[axis];
    own->lse.stride[2] = 1;
    own->lse.stride[1] = own->lse.shape[2];
    own->lse.stride[0] = own->lse.shape[1] * own->lse.shape[2];
  }
  return effattn_gpu_ensure(own->device, output->buffer, EFFATTN_GPU_WRITE,
                            "merge");
}

effattn_status effattn_gpu_merge(effattn_launch *launch, uint32_t count,
                                 const effattn_view *outputs,
                                 const effattn_view *lses,
                                 const effattn_view *output,
                                 const effattn_view *lse) {
  merge_launch own = {.launch = launch,
                      .device = effattn_gpu_state(launch)->device,
                      .output = output,
                      .rows = output->shape[0] * output->shape[1] *
                              output->shape[2]};
  if (lse && lse->buffer)
    own.lse = *lse;
  if (own.rows == 0 || output->shape[3] == 0)
    return EFFATTN_OK;
  effattn_gpu_lock();
  effattn_status status = start_merge(&own);
  effattn_gpu_unlock();
  effattn_slot slot = {.view = own.lse, .elements = own.rows};
  if (!status)
    status = effattn_gpu_fill(launch, &slot, -1.0 / 0.0);
  effattn_gpu_lock();
  for (uint32_t part = 0; part < count && !status; ++part)
    status = merge_part(&own, &outputs[part], &lses[part]);
  if (!status) {
    output->buffer->flags = halide_buffer_flag_device_dirty;
    own.lse.buffer->flags = halide_buffer_flag_device_dirty;
  }
  effattn_gpu_unlock();
  return status;
}
