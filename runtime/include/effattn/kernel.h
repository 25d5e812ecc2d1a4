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

#define EFFATTN_ABI_MAJOR 1u
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

/* Lists the runs of tile `index` (or row `index`): writes at most `capacity`
   runs and returns how many there are. `parameters` are the attend's integers:
   N, M, q0, then what effattn_attend says. Generated code. */
typedef int64_t (*effattn_runs_function)(const int64_t *parameters,
                                         int64_t index, effattn_run *runs,
                                         int64_t capacity);

/* One assignment of truth values to the set atoms of a pattern: see
   lib/Analysis/Analysis.h. Index: queries << key_sets | keys. */
typedef struct effattn_case {
  effattn_runs_function tile_full, tile_partial; /* tile of contiguous rows */
  effattn_runs_function row;                     /* one row */
} effattn_case;

/* Arguments as in Halide's argv convention; 0 is success. */
typedef int (*effattn_code)(void **arguments);

/* The code of one attend for one target. docs/kernel-abi.md lists the
   arguments of each function. */
typedef struct effattn_attend_code {
  uint32_t target;        /* effattn_target */
  uint32_t tile_rows;     /* query rows of a tile */
  uint32_t column_unroll; /* full columns come in multiples of it */
  uint32_t column_chunk;  /* most columns of one call */
  const effattn_case *cases; /* 2^(key_sets + query_sets), for tile_rows */
  effattn_code pack;        /* CPU: rows of q -> scaled, transposed tile */
  effattn_code tile;        /* CPU: a chunk of columns; GPU: the whole launch */
  effattn_code tile_select; /* CPU: the same where absent pairs meet NaN or Inf */
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
  uint32_t codes;
  const effattn_attend_code *code; /* one for each target */
} effattn_attend;

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
  uint32_t attends, steps;
  const effattn_attend *attend;
  const effattn_step *step;
  /* The host program. 0 or an effattn_status that a host_* call gave. */
  int32_t (*host)(effattn_launch *launch, const int64_t *dimensions,
                  const int64_t *integers, const double *floats);
} effattn_kernel;

#ifdef __cplusplus
}
#endif

#endif /* EFFATTN_KERNEL_H */
