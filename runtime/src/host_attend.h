/*===- host_attend.h - what the parts of an attend share -----------------===*/
#ifndef EFFATTN_SRC_HOST_ATTEND_H
#define EFFATTN_SRC_HOST_ATTEND_H

#include "host_internal.h"

#define EFFATTN_MOST_SETS 32 /* key sets, query sets, row filters together */

typedef struct effattn_attend_call {
  effattn_launch *launch;
  effattn_attend_run run;
  /* Key sets, then query sets, then row filters, as views of rank 3. */
  uint32_t sets, filters;
  effattn_view set[EFFATTN_MOST_SETS];
  /* Permuted attends: orders as views of rank 3; data NULL: none. */
  effattn_view query_order, key_order;
  const effattn_attend_operands *operands;
  /* Ragged tokens (host_ragged.c): the sequences, which of them each row of
     plans is made for, how tables are cut. */
  effattn_sequence *sequences;
  int64_t *plan_sequences;
  int64_t *plan_table; /* to find sequences of equal sizes */
  effattn_table_cut *cuts;
  size_t sequence_bytes; /* of the memory that begins at `sequences` */
  int64_t plan_count;
  effattn_plan_entry **entries; /* plan_count */
  const effattn_plan **plans;
  effattn_status *plan_status; /* of each, while they are made */
  /* Tables of run.tables in memory of the host: their shapes and strides are
     those of the views. Without data where planning reads none. */
  effattn_plan_table *plan_tables;
  int64_t *parameters;     /* of all plans, parameter_words each */
  int64_t parameter_words; /* integers, b, h, extras */
  effattn_block *scratch;
  size_t memory_bytes;
  void *memory; /* the arrays above and run.tables */
} effattn_attend_call;

/*===- host_ragged.c -----------------------------------------------------===*/

/* Finds the sequences of an attend over ragged tokens; its tensors get an axis
   of them. Nothing for other attends. */
effattn_status effattn_gather_sequences(effattn_attend_call *call);
/* Gives sequences of equal sizes one row of plans, where planning reads nothing
   else that differs (`each`: it does). Gives the number of rows. */
int64_t effattn_share_plans(effattn_attend_call *call, bool each);
/* Sets `tables`, with room for the shapes of all (EFFATTN_MAX_RANK each), to
   those of one sequence. */
void effattn_cut_tables(const effattn_attend_call *call, int64_t sequence,
                        effattn_plan_table *tables, int64_t *shapes);

/*===- host_attend.c -----------------------------------------------------===*/

/* Index sets of an attend whose run has the output's shape, and their row
   filters. */
effattn_status effattn_gather_sets(effattn_attend_call *call);
/* Memory for the tables and for plan_count plans; call->memory is to be given
   back. */
effattn_status effattn_allocate_plans(effattn_attend_call *call);

/*===- host_plan.c -------------------------------------------------------===*/

/* A request and what it points at. */
typedef struct effattn_requested_plan {
  effattn_plan_request request;
  effattn_plan_set sets[EFFATTN_MOST_SETS];
  effattn_plan_filter filters[EFFATTN_MOST_SETS];
} effattn_requested_plan;

/* Planning reads tables on the host: call->plan_tables. */
effattn_status effattn_fetch_tables(effattn_attend_call *call);
/* The request of one (batch, head); `parameters` (parameter_words) are filled
   in. */
effattn_status effattn_request_plan(effattn_attend_call *call, int64_t batch,
                                    int64_t head, int64_t *parameters,
                                    const effattn_plan_table *tables,
                                    effattn_requested_plan *plan);
/* Distances between the plans of neighbouring heads and batches, and how many
   plans there are. */
void effattn_place_plans(effattn_attend_call *call);
/* Makes or finds all plans. */
effattn_status effattn_make_plans(effattn_attend_call *call);

#endif /* EFFATTN_SRC_HOST_ATTEND_H */
