/*===- host_ragged.c - several sequences in the place of a batch ---------===*\
|*
|* docs/language.md, S6. An attend over ragged tokens is one over a batch whose
|* entries have sizes of their own: sequence b has the queries
|* [query_offsets[b], query_offsets[b + 1]) and the keys that key_offsets says.
|* Offsets are checked when a launch begins.
|*
\*===----------------------------------------------------------------------===*/
#include "host_attend.h"

#include <string.h>

/* As effattn_attend_cpu and devices check it of other attends. */
#define Q0_LIMIT ((int64_t)1 << 30)

/* Slot `number`: i32[sequences + 1] in memory of the host. */
static effattn_status gather_offsets(effattn_attend_call *call, int32_t number,
                                     effattn_view *view) {
  effattn_status status = effattn_host_data(call->launch, number, false, view);
  if (!status && (view->rank != 1 || view->element != EFFATTN_I32 ||
                  view->shape[0] < 1 || !view->data))
    status = effattn_fail(EFFATTN_INTERNAL,
                          "%s: offsets of sequences of the wrong form",
                          call->run.attend->name);
  return status;
}

/* Entries of the hash table of sizes: a power of two, at most half full. */
static size_t table_places(int64_t sequences) {
  size_t places = 16;
  while (places < 2 * (size_t)sequences)
    places *= 2;
  return places;
}

/* The sequences, the plans they are made for, the pieces of work that come
   before each, a table of sizes, and how tables are cut, in one allocation. */
static effattn_status allocate(effattn_attend_call *call, int64_t sequences) {
  const size_t count = (size_t)sequences, places = table_places(sequences);
  const size_t bytes = count * sizeof(effattn_sequence) +
                       (2 * count + 1 + places) * sizeof(int64_t) +
                       call->run.attend->tables * sizeof(effattn_table_cut);
  char *memory = effattn_allocate(call->launch->context, bytes, 16);
  if (!memory)
    return effattn_out_of_memory("the sequences of an attend", bytes);
  memset(memory, 0, bytes);
  call->sequence_bytes = bytes;
  call->sequences = (effattn_sequence *)memory;
  call->plan_sequences = (int64_t *)(call->sequences + count);
  call->run.first_piece = call->plan_sequences + count;
  call->plan_table = call->run.first_piece + count + 1;
  call->cuts = (effattn_table_cut *)(call->plan_table + places);
  call->run.sequences = call->sequences;
  call->run.cuts = call->cuts;
  return EFFATTN_OK;
}

/* q0 of a sequence. The function reads integers, then b and h. */
static effattn_status find_start(const effattn_attend_call *call,
                                 int64_t *parameters,
                                 effattn_sequence *sequence) {
  const effattn_attend *attend = call->run.attend;
  sequence->q0 = sequence->keys - sequence->queries;
  if (attend->start) {
    int32_t missed = 0;
    parameters[0] = sequence->queries;
    parameters[1] = sequence->keys;
    sequence->q0 = attend->start(parameters, NULL, 0, 0, &missed);
  }
  if (sequence->q0 <= Q0_LIMIT && sequence->q0 >= -Q0_LIMIT)
    return EFFATTN_OK;
  return effattn_fail(EFFATTN_OVERFLOW,
                      "%s: expected positions of queries between -2^30 and "
                      "2^30, but got q0 = %lld",
                      attend->name, (long long)sequence->q0);
}

static effattn_status fill_sequences(effattn_attend_call *call,
                                     const int32_t *queries,
                                     const int32_t *keys, int64_t count) {
  effattn_context *context = call->launch->context;
  const size_t words = (size_t)call->run.attend->integers + 2;
  int64_t *parameters =
      effattn_allocate(context, words * sizeof *parameters, 16);
  if (!parameters)
    return effattn_out_of_memory("an attend", words * sizeof *parameters);
  memset(parameters, 0, words * sizeof *parameters);
  memcpy(parameters, call->run.integers,
         call->run.attend->integers * sizeof *parameters);
  effattn_status status = EFFATTN_OK;
  for (int64_t b = 0; b < count && !status; ++b) {
    effattn_sequence *sequence = &call->sequences[b];
    sequence->query_first = queries[b];
    sequence->queries = (int64_t)queries[b + 1] - queries[b];
    sequence->key_first = keys[b];
    sequence->keys = (int64_t)keys[b + 1] - keys[b];
    status = find_start(call, parameters, sequence);
  }
  effattn_deallocate(context, parameters, words * sizeof *parameters, 16);
  return status;
}

/* Tables that are cut, by which offsets. */
static effattn_status gather_cuts(effattn_attend_call *call, int64_t count) {
  const effattn_ragged *ragged = call->operands->ragged;
  for (uint32_t t = 0; t < call->run.attend->tables; ++t) {
    if (ragged->table_offsets[t] < 0)
      continue;
    effattn_view offsets;
    const effattn_status status =
        gather_offsets(call, ragged->table_offsets[t], &offsets);
    if (status)
      return status;
    if (offsets.shape[0] != count + 1)
      return effattn_fail(EFFATTN_INTERNAL,
                          "%s: a table with another number of sequences",
                          call->run.attend->name);
    call->cuts[t].offsets = offsets.data;
    call->cuts[t].axis = (uint32_t)ragged->table_axes[t];
  }
  return EFFATTN_OK;
}

effattn_status effattn_gather_sequences(effattn_attend_call *call) {
  const effattn_ragged *ragged = call->operands->ragged;
  effattn_attend_run *run = &call->run;
  if (!ragged)
    return EFFATTN_OK;
  effattn_view queries, keys;
  effattn_status status = gather_offsets(call, ragged->query_offsets, &queries);
  if (!status)
    status = gather_offsets(call, ragged->key_offsets, &keys);
  if (status)
    return status;
  if (queries.shape[0] != keys.shape[0] || run->output.shape[0] != 1)
    return effattn_fail(EFFATTN_INTERNAL,
                        "%s: sequences of queries and keys do not agree",
                        run->attend->name);
  const int64_t count = queries.shape[0] - 1;
  status = allocate(call, count);
  if (!status)
    status = fill_sequences(call, queries.data, keys.data, count);
  if (!status)
    status = gather_cuts(call, count);
  effattn_view *views[] = {&run->query, &run->key, &run->value, &run->output,
                           &run->lse};
  for (size_t v = 0; v < sizeof views / sizeof *views; ++v) {
    views[v]->shape[0] = count;
    views[v]->stride[0] = 0;
  }
  return status;
}

/*===- plans -------------------------------------------------------------===*/

static bool reads_cut_tables(const effattn_attend_call *call) {
  const effattn_attend *attend = call->run.attend;
  const bool reads = attend->extras || attend->key_conditions ||
                     attend->query_conditions || attend->relations;
  for (uint32_t t = 0; t < attend->tables && reads; ++t)
    if (call->cuts[t].offsets)
      return true;
  return false;
}

static uint64_t hash_sizes(const effattn_sequence *sequence) {
  const uint64_t x = (uint64_t)sequence->queries * 0x9E3779B97F4A7C15u +
                     (uint64_t)sequence->keys;
  return (x ^ x >> 29) * 0xBF58476D1CE4E5B9u >> 20;
}

int64_t effattn_share_plans(effattn_attend_call *call, bool each) {
  const int64_t count = call->run.output.shape[0];
  const size_t places = table_places(count);
  /* 1 + a row of plans, found by the sizes of its sequence. */
  int64_t *table = each || reads_cut_tables(call) ? NULL : call->plan_table;
  int64_t rows = 0;
  for (int64_t b = 0; b < count; ++b) {
    effattn_sequence *sequence = &call->sequences[b];
    size_t place = hash_sizes(sequence) & (places - 1);
    while (table && table[place]) {
      const effattn_sequence *other =
          &call->sequences[call->plan_sequences[table[place] - 1]];
      if (other->queries == sequence->queries && other->keys == sequence->keys)
        break;
      place = (place + 1) & (places - 1);
    }
    if (table && table[place]) {
      sequence->plan = table[place] - 1;
      continue;
    }
    sequence->plan = rows;
    call->plan_sequences[rows++] = b;
    if (table)
      table[place] = rows;
  }
  return rows;
}

void effattn_cut_tables(const effattn_attend_call *call, int64_t sequence,
                        effattn_plan_table *tables, int64_t *shapes) {
  for (uint32_t t = 0; t < call->run.attend->tables; ++t) {
    const effattn_table_cut *cut = &call->cuts[t];
    effattn_plan_table *table = &tables[t];
    *table = call->plan_tables[t];
    if (!cut->offsets || !table->data)
      continue;
    int64_t *shape = shapes + (size_t)t * EFFATTN_MAX_RANK;
    memcpy(shape, table->shape, table->rank * sizeof *shape);
    const int64_t first = cut->offsets[sequence];
    shape[cut->axis] = cut->offsets[sequence + 1] - first;
    table->shape = shape;
    table->data =
        (const char *)table->data + first * table->stride[cut->axis] *
                                        effattn_element_bytes(table->element);
  }
}
