/*===- kernel.h - the ABI between compiled kernels and the runtime ---------===*\
|*
|* A compiled kernel is one `effattn_kernel`: constant data, function pointers,
|* no state. The compiler writes it, the runtime reads it; both include this
|* file and nothing else binds them. Additions keep older descriptors valid and
|* raise the minor number; anything else raises the major number. The runtime
|* refuses a descriptor whose major number differs or whose minor number is
|* newer than its own (EFFATTN_VERSION_MISMATCH).
|*
|* Order of arrays: arguments as in the source, then results. `slot` numbers a
|* tensor of a launch: arguments, then results, then temporaries of the host
|* program. Sizes are in elements unless a name says bytes.
|*
\*===----------------------------------------------------------------------===*/
#ifndef EFFATTN_KERNEL_H
#define EFFATTN_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EFFATTN_ABI_MAJOR 5u
#define EFFATTN_ABI_MINOR 0u
#define EFFATTN_ABI_VERSION ((EFFATTN_ABI_MAJOR << 16) | EFFATTN_ABI_MINOR)
#define EFFATTN_MAX_RANK 6

typedef enum effattn_element {
  EFFATTN_F32 = 0,
  EFFATTN_F16 = 1,
  EFFATTN_BF16 = 2,
  EFFATTN_I8 = 3,
  EFFATTN_I32 = 4,
  EFFATTN_I64 = 5,
  EFFATTN_BOOL = 6
} effattn_element;

typedef enum effattn_argument_kind {
  EFFATTN_TENSOR = 0,
  EFFATTN_SCALAR = 1,   /* i64 or f32 by value */
  EFFATTN_INDEX_SET = 2 /* i32, strictly increasing along the last axis */
} effattn_argument_kind;

typedef enum effattn_target {
  EFFATTN_TARGET_X86_64_V3 = 0,
  EFFATTN_TARGET_X86_64_V4 = 1,
  EFFATTN_TARGET_VULKAN = 2,
  EFFATTN_TARGET_CUDA = 3
} effattn_target;

/* An integer expression in postfix order. CONSTANT, DIMENSION and SCALAR are
   followed by one word: the value, or the number of the dimension or of the
   scalar argument (counted among scalar arguments). Comparisons give 0 or 1. */
typedef enum effattn_opcode {
  EFFATTN_OP_CONSTANT, EFFATTN_OP_DIMENSION, EFFATTN_OP_SCALAR,
  EFFATTN_OP_ADD, EFFATTN_OP_SUB, EFFATTN_OP_MUL,
  EFFATTN_OP_FLOORDIV, EFFATTN_OP_CEILDIV, EFFATTN_OP_MOD,
  EFFATTN_OP_MIN, EFFATTN_OP_MAX, EFFATTN_OP_ABS, EFFATTN_OP_NEG,
  EFFATTN_OP_LESS, EFFATTN_OP_LESS_EQUAL, EFFATTN_OP_EQUAL,
  EFFATTN_OP_NOT_EQUAL, EFFATTN_OP_AND, EFFATTN_OP_OR, EFFATTN_OP_NOT,
  EFFATTN_OP_SELECT /* condition, then, else */
} effattn_opcode;

typedef struct effattn_expression {
  uint32_t length;     /* words in `code` */
  const int64_t *code;
} effattn_expression;

typedef struct effattn_argument {
  const char *name;
  uint32_t kind;    /* effattn_argument_kind */
  uint32_t element; /* effattn_element */
  uint32_t rank;
  uint32_t written; /* 1: a result */
  const effattn_expression *shape; /* `rank` of them; outermost first */
  effattn_expression bound; /* index sets: values lie in [0, bound) */
  /* Ragged tokens: 1 + the number of the argument that says where each
     sequence begins along axis token_axis; 0: none. */
  uint32_t ragged, token_axis;
} effattn_argument;

/* A `require` of the source: the launch is refused with `message` where the
   expression is 0. */
typedef struct effattn_require {
  effattn_expression condition;
  const char *message;
} effattn_require;

/* Columns first, first + step, ...: `count` of them. */
typedef struct effattn_run {
  int32_t first, step, count;
} effattn_run;

/* Planning works on plan indices: tokens, or ranks where the attend is permuted
   (effattn_attend.permuted). "Row" and "column" below are plan indices of a
   query and of a key. `parameters` of generated planner functions are the
   attend's integers (N, M, q0, then what effattn_attend says), then b and h,
   then the attend's `extras`. */

/* Lists the runs of tile `index` (or row `index`): writes at most `capacity`
   runs and returns how many there are. Generated code. */
typedef int64_t (*effattn_runs_function)(const int64_t *parameters,
                                         int64_t index, effattn_run *runs,
                                         int64_t capacity);

/* Number of tiles; some may be without rows. Generated code. */
typedef int64_t (*effattn_tiles_function)(const int64_t *parameters);
/* The rows of a tile into `rows` (tile_rows entries, -1 for none); returns how
   many are there. Generated code. */
typedef int32_t (*effattn_rows_function)(const int64_t *parameters,
                                         int64_t index, int32_t *rows);

/* A table as planner functions read it: axes as the source declares them,
   outermost first, strides in elements. */
typedef struct effattn_plan_table {
  const void *data;
  uint32_t element; /* effattn_element */
  uint32_t rank;
  const int64_t *shape, *stride;
} effattn_plan_table;

/* A number that tables decide. Look-ups are clamped; *missed becomes 1 (never
   0) where one was out of range. Generated code. */
typedef int64_t (*effattn_plan_value)(const int64_t *parameters,
                                      const effattn_plan_table *tables,
                                      int64_t a, int64_t b, int32_t *missed);

/* A condition on pairs that tables decide: an atom of the pattern. For a tile
   of rows a column is in one of three states: no row has the condition there
   (0), every row has (1), or some may (2). */
typedef enum effattn_relation_kind {
  EFFATTN_RELATION_LABELS = 0, /* column(j) is one of row(i, 0..labels-1) */
  EFFATTN_RELATION_BITMAP = 1, /* test(row(i, 0), column(j)) */
  EFFATTN_RELATION_UNKNOWN = 2, /* 2 everywhere: the predicate decides */
  /* test(bits), bit k where row(i, k) <= column(j, k), for k below `labels` (at
     most 8). The test never turns false where one more bit is set. The column
     label INT64_MIN says that it is not known. */
  EFFATTN_RELATION_COMPARED = 3
} effattn_relation_kind;

typedef struct effattn_relation {
  uint32_t kind;
  uint32_t labels;           /* of a row; 1 for a bitmap */
  effattn_plan_value row;    /* a: row, b: number of the label */
  effattn_plan_value column; /* a: column, b: number of the label */
  effattn_plan_value test;   /* a: row label, b: column label; 0 or 1.
                                Compared: a: the bits */
  /* Compared: bits of comparisons whose column label is a constant + j, a
     constant - j. */
  uint32_t rising, falling;
  /* a: row or column; an end past it up to which the labels, and whether they
     miss, are those of a. NULL: a + 1. Blocks of tokens have one label. */
  effattn_plan_value row_end, column_end;
} effattn_relation;

/* One choice of truth values for the atoms of a pattern: see
   lib/Analysis/Atoms.h. Index:
     ((sum of state_r * 3^r over relations) << query_atoms | queries)
       << key_atoms | keys
   where the bits of `queries` and `keys` are the index sets first, then the
   conditions. */
typedef struct effattn_case {
  effattn_runs_function tile_full, tile_partial; /* a tile of the row order */
  effattn_runs_function row;                     /* one row */
} effattn_case;

/* Which rows form a tile. */
typedef enum effattn_row_order {
  EFFATTN_ROWS_CONTIGUOUS = 0, /* tile t: rows t * tile_rows + 0, 1, ... */
  EFFATTN_ROWS_LISTED = 1,     /* tile_count and tile_row_list say */
  EFFATTN_ROWS_BY_LABEL = 2    /* rows sorted (stably) by label 0 of relation
                                  `order_relation`, then cut into tiles;
                                  contiguous where the labels are sorted */
} effattn_row_order;

/* Arguments as in Halide's argv convention; 0 is success. */
typedef int (*effattn_code)(void **arguments);

/* The code of one attend for one target. docs/kernel-abi.md lists the
   arguments of each function. */
typedef struct effattn_attend_code {
  uint32_t target;        /* effattn_target */
  uint32_t tile_rows;     /* query rows of a tile */
  uint32_t column_unroll; /* full columns come in multiples of it */
  uint32_t column_chunk;  /* most columns of one call */
  uint32_t row_order;     /* effattn_row_order */
  uint32_t order_relation;
  effattn_tiles_function tile_count;   /* listed rows; else NULL */
  effattn_rows_function tile_row_list; /* listed rows; else NULL */
  const effattn_case *cases; /* one for each index, for this row order */
  effattn_code pack;        /* CPU: rows of q -> scaled, transposed tile */
  effattn_code tile;        /* CPU: a chunk of columns; GPU: the whole launch */
  effattn_code tile_select; /* CPU: the sums again where absent pairs meet NaN
                               or Inf */
  effattn_code finish;      /* CPU: normalise and scatter */
} effattn_attend_code;

typedef struct effattn_attend {
  const char *name; /* for messages: file:line of the attend */
  uint32_t head_dim, value_dim;
  uint32_t integers; /* Int parameters: N, M, q0, others */
  uint32_t floats;   /* Float parameters: scale, others */
  uint32_t key_sets, query_sets;
  uint32_t tables;
  uint32_t scores_can_vanish; /* 1: the score can be -inf inside the pattern */
  /* 1: plan indices are ranks; operands have slots of the permutations. */
  uint32_t permuted;
  /* 1: what planning reads depends on the batch, on the head (index sets with
     axes for them add to this by themselves). */
  uint32_t plan_by_batch, plan_by_head;
  int64_t head_begin, head_end; /* only these heads; both 0: all */
  /* Further planner parameters, after b and h: a, b of the function are 0. */
  uint32_t extras;
  const effattn_plan_value *extra;
  /* Conditions on a column or a row alone (a: it; 0 or 1). Atoms after the
     index sets. A column whose look-up is out of range is planned as partial,
     so that the kernel finds the pair. */
  uint32_t key_conditions, query_conditions;
  const effattn_plan_value *key_condition, *query_condition;
  uint32_t relations;
  const effattn_relation *relation;
  /* Ragged tokens: q0 of a sequence from its N and M (integers 0 and 1; the
     others as given, a and b are 0); NULL: M - N. */
  effattn_plan_value start;
  uint32_t codes;
  const effattn_attend_code *code; /* one for each target */
} effattn_attend;

/* Blocks drawn by random_blocks (docs/language.md, S7). */
typedef struct effattn_draw {
  const char *name; /* for messages: file:line */
  int64_t size, count, seed;
  uint32_t integers; /* N, M, q0, others: parameters of `touched`; then b = 0
                        and h */
  effattn_runs_function touched; /* key blocks that query block (q0 div size) +
                                    index touches in `outside`; NULL: none */
  /* Where tables decide which blocks are not drawn: how the columns of rows are
     planned (one code, which has cases for rows and nothing to run), and whether
     the pair of tokens (a, b) is in the pattern. After the extras its parameters
     have the bits of the query sets that hold a, then those of the key sets that
     hold b. NULL: `touched` says all. */
  const effattn_attend *outside;
  effattn_plan_value pair;
} effattn_draw;

typedef struct effattn_step_code {
  uint32_t target;
  effattn_code run; /* user context, operands..., result */
} effattn_step_code;

typedef struct effattn_step {
  const char *name;
  uint32_t operands;
  /* First result axis (outermost first) along which the runtime may cut the
     result into parts computed independently; equal to rank: none. */
  uint32_t parallel_axis;
  uint32_t codes;
  const effattn_step_code *code;
} effattn_step;

typedef struct effattn_launch effattn_launch; /* see host.h */

typedef struct effattn_kernel {
  uint32_t abi_version; /* EFFATTN_ABI_VERSION of the compiler */
  uint32_t size;        /* sizeof(effattn_kernel) of the compiler */
  const char *name;
  const char *compiler; /* version text */
  uint32_t target_kind; /* 0: CPU, else EFFATTN_TARGET_VULKAN or _CUDA */
  uint32_t dimensions;
  const char *const *dimension_names;
  uint32_t arguments, results;
  const effattn_argument *argument; /* arguments, then results */
  uint32_t requires_count;
  const effattn_require *require;
  uint32_t slots; /* arguments + results + temporaries */
  uint32_t attends, steps, draws;
  const effattn_attend *attend;
  const effattn_step *step;
  const effattn_draw *draw;
  /* The host program. 0 or an effattn_status that a host_* call gave. */
  int32_t (*host)(effattn_launch *launch, const int64_t *dimensions,
                  const int64_t *integers, const double *floats);
} effattn_kernel;

#ifdef __cplusplus
}
#endif

#endif /* EFFATTN_KERNEL_H */
