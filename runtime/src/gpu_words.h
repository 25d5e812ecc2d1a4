/*===- gpu_words.h - what a device kernel reads besides tensors
------------===*\
|*
|* The tile kernel of a device (docs/kernel-abi.md) gets its plan and all of its
|* parameters in two buffers of 32-bit words, because Vulkan passes no more than
|* 16 scalars to a kernel safely. lib/Schedule/GpuAttend.cpp reads them and
|* runtime/src/gpu_plan.c writes them; both include this file.
|*
|* `work` has a record for each (tile, head, batch), `words` all the rest:
|*   words[0, EFFATTN_GPU_PARAMETERS)  the places and strides below
|*   integers    the attend's Int parameters (N, M, q0, others)
|*   floats      its Float parameters (scale, others), as bits
|*   tables      of each table: its sizes, then its strides in elements; the
|*               last axis first; then where its first element is
|*   rows        of each tile: tile_rows pairs (query row or -1, set bits)
|*   blocks      of each tile: (first, step, count, flags)
|*   columns     pairs (column, set bits) that listed blocks name
|*
|* A block is columns first + step k, k in [0, count), or, where it is listed,
|* entries first + k of `columns`. The kernel takes column_unroll columns a
|* step and 2^shift steps a block; the last steps of a block may be empty.
|*
\*===----------------------------------------------------------------------===*/
#ifndef EFFATTN_SRC_GPU_WORDS_H
#define EFFATTN_SRC_GPU_WORDS_H

/* Places in `words`. Strides of q, k and v are in units of 4 elements. */
enum {
  EFFATTN_GPU_BLOCKS,  /* where the blocks start */
  EFFATTN_GPU_COLUMNS, /* where the columns start */
  EFFATTN_GPU_SHIFT,
  EFFATTN_GPU_KEY_GROUP,   /* query heads that share a key head */
  EFFATTN_GPU_VALUE_GROUP, /* query heads that share a value head */
  EFFATTN_GPU_QUERY_TOKEN,
  EFFATTN_GPU_QUERY_HEAD,
  EFFATTN_GPU_QUERY_BATCH,
  EFFATTN_GPU_KEY_TOKEN,
  EFFATTN_GPU_KEY_HEAD,
  EFFATTN_GPU_KEY_BATCH,
  EFFATTN_GPU_VALUE_TOKEN,
  EFFATTN_GPU_VALUE_HEAD,
  EFFATTN_GPU_VALUE_BATCH,
  /* Output and LSE, in elements; attend_gpu.c writes these. */
  EFFATTN_GPU_CONTINUES, /* 1: rows start from what output and LSE hold */
  EFFATTN_GPU_OUTPUT_TOKEN,
  EFFATTN_GPU_OUTPUT_HEAD,
  EFFATTN_GPU_OUTPUT_BATCH,
  EFFATTN_GPU_LSE_TOKEN,
  EFFATTN_GPU_LSE_HEAD,
  EFFATTN_GPU_LSE_BATCH,
  /* Ragged tokens: a launch is one sequence. Where it begins; its number. */
  EFFATTN_GPU_FIRST_QUERY,
  EFFATTN_GPU_FIRST_KEY,
  EFFATTN_GPU_FIRST_BATCH,
  EFFATTN_GPU_PARAMETERS = 24
};

/* Fields of a record of `work`. */
enum {
  EFFATTN_GPU_WORK_ROWS,  /* where the tile's rows start in `words` */
  EFFATTN_GPU_WORK_BLOCK, /* its first block, counted from the first of all */
  EFFATTN_GPU_WORK_STEPS, /* steps: blocks << shift */
  EFFATTN_GPU_WORK_FIELDS = 4
};

/* Flags of a block. The bits above hold the sets of its columns. */
enum {
  EFFATTN_GPU_PARTIAL = 1, /* the predicate decides */
  EFFATTN_GPU_LISTED = 2,
  EFFATTN_GPU_SETS = 2 /* bits to shift the set bits by */
};

/* Places in the `words` of a device's copy kernel: six axes, the last first. */
enum {
  EFFATTN_GPU_COPY_SHAPE = 0,
  EFFATTN_GPU_COPY_FROM = 6, /* strides */
  EFFATTN_GPU_COPY_TO = 12,
  EFFATTN_GPU_COPY_WORDS = 18
};

/* Places in the `words` of its merge kernels. Strides of tokens, heads and
   batches: of the result and its LSE, of the part and its LSE. */
enum {
  EFFATTN_GPU_MERGE_CHANNELS,
  EFFATTN_GPU_MERGE_TOKENS,
  EFFATTN_GPU_MERGE_HEADS,
  EFFATTN_GPU_MERGE_OUTPUT,
  EFFATTN_GPU_MERGE_LSE = EFFATTN_GPU_MERGE_OUTPUT + 3,
  EFFATTN_GPU_MERGE_PART = EFFATTN_GPU_MERGE_LSE + 3,
  EFFATTN_GPU_MERGE_PART_LSE = EFFATTN_GPU_MERGE_PART + 3,
  EFFATTN_GPU_MERGE_WORDS = EFFATTN_GPU_MERGE_PART_LSE + 3
};

/* Bits of the LSE of a row that looked up a table out of range: a NaN that
   nothing else makes. */
#define EFFATTN_GPU_MISSED 0x7fd0e5a1

/* Most index sets over keys: their bits and the flags share a word. */
#define EFFATTN_GPU_MOST_SETS 30

/* Rows and columns are below it and integer parameters are in [-it, it], so
   that integer arithmetic with small constants stays within 32 bits. */
#define EFFATTN_GPU_LIMIT (1 << 24)

#endif /* EFFATTN_SRC_GPU_WORDS_H */
