//===- AttendAlgorithm.h - what an attend's tile computes -------*- C++ -*-===//
//
// The equations of one tile of query rows against one chunk of key columns,
// without any schedule (AttendSchedule.h) or number of a target. With L the
// logits of the pairs, -inf for absent ones, and s what scales them:
//
//   m'     = max(m, s max_c L[c])
//   a      = e^(m - m')
//   P[c]   = e^(s L[c] - m'), absent pairs -0
//   sum'   = a sum + sum_c P[c]
//   acc'   = a acc + sum_c P[c] V[c]
//
// Without a score L = sign(scale) q.k and s = |scale|: s L[c] - m' is one fused
// operation, and the scaled logit is not rounded. With one L is the score of
// scale (q.k), and s = 1.
//
// (m, sum, acc) is carried from chunk to chunk and starts at (-inf, 0, 0).
// A row that sees nothing of a chunk has a = 1 there and keeps its state.
//
// NaN. The maximum passes over NaN (a comparison with NaN is false), so a NaN
// logit makes P, sum and acc of its row NaN and touches nothing else.
//
// Absent pairs have P = -0, not +0: adding -0 v to any accumulator leaves its
// bits alone where v is finite. Where v is not, the product is NaN, which
// never goes away again; the caller sees a new NaN in acc and has the sums of
// the chunk computed once more, from the same P, with 0 for v in absent pairs.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_SCHEDULE_ATTENDALGORITHM_H
#define EFFATTN_LIB_SCHEDULE_ATTENDALGORITHM_H

#include "lib/Schedule/Kernels.h"

#include "Halide.h"

#include <vector>

namespace effattn {

/// Rows of q with the sign of the scale, transposed: packed(row, channel).
struct PackAlgorithm {
  PackAlgorithm(const AttendSpec &spec, const AttendNumbers &numbers);

  Halide::ImageParam q;    ///< (channel, token)
  Halide::ImageParam rows; ///< token of each row of the tile
  Halide::ImageParam floats;
  Halide::Var row{"row"}, channel{"channel"};
  Halide::Func packed{"packed"};

  std::vector<Halide::Argument> arguments() const;
};

/// Set bits of a column that are no key sets: every row sees it (whatever the
/// predicate says of its other bits), and no row does (padding).
inline constexpr uint32_t columnFull = 1u << 30, columnPadding = 1u << 31;
inline constexpr int mostKeySets = 30;

/// Bits of the logit of a pair whose score, or whose predicate, looks up a
/// table out of range: NaNs that the caller tells from others.
inline constexpr uint32_t outOfRangeLogit = 0x7fd0e5a1;
inline constexpr uint32_t outOfRangePattern = 0x7fd0e5a2;

struct TileAlgorithm {
  TileAlgorithm(const AttendSpec &spec, const AttendNumbers &numbers);

  // Inputs.
  Halide::ImageParam packed;              ///< (row, channel)
  Halide::ImageParam k, v;                ///< (channel, token)
  Halide::ImageParam rows, rowSets;       ///< by row
  Halide::ImageParam columns, columnSets; ///< by column of the chunk
  Halide::ImageParam integers, floats;
  Halide::Param<int32_t> batch{"batch"}, head{"head"};
  /// Columns, a multiple of columnUnroll; the first fullBlocks * columnUnroll
  /// of them are seen by every row and their set bits are not read.
  Halide::Param<int32_t> fullBlocks{"full_blocks"}, count{"count"};
  Halide::ImageParam maxIn, sumIn; ///< by row
  Halide::ImageParam accIn;        ///< (channel, row)
  std::vector<Halide::ImageParam> tables;

  // Stages.
  Halide::Var row{"row"}, column{"column"}, channel{"channel"}, part{"part"},
      half{"half"};
  int halves; ///< sums of the first product by channel modulo it
  Halide::RDom channels, blocks, all;
  Halide::Func product{"product"}; ///< q . k
  Halide::Func logit{"logit"};     ///< L
  /// Maximum over every columnUnroll-th column.
  Halide::Func partMax{"part_max"};
  Halide::Func largest{"largest"}; ///< m'
  Halide::Func rescale{"rescale"}; ///< a
  Halide::Func probability{"probability"};
  Halide::Func partSum{"part_sum"}, total{"total"};
  // Results, in this order; after them the panels logit and probability, for
  // which the caller gives memory.
  Halide::Func accOut{"acc_out"}, maxOut{"max_out"}, sumOut{"sum_out"};

  std::vector<Halide::Argument> arguments() const;
};

/// acc' of a chunk whose P the tile has left, v being 0 in absent pairs.
struct SelectAlgorithm {
  SelectAlgorithm(const AttendSpec &spec, const AttendNumbers &numbers);

  Halide::ImageParam v;       ///< (channel, token)
  Halide::ImageParam columns; ///< by column of the chunk
  Halide::Param<int32_t> count{"count"};
  Halide::ImageParam maxIn, maxOut; ///< m and m', by row
  Halide::ImageParam accIn;         ///< (channel, row)
  Halide::ImageParam probability;   ///< (row, column)
  Halide::Var row{"row"}, channel{"channel"};
  Halide::RDom all;
  Halide::Func rescale{"rescale"}; ///< a
  Halide::Func accOut{"acc_out"};

  std::vector<Halide::Argument> arguments() const;
};

/// output(channel, rows[r]) = acc / sum where rows[r] is not -1, and by row of
/// the tile the natural log-sum-exp; 0 and -inf for a row that saw nothing.
struct FinishAlgorithm {
  FinishAlgorithm(const AttendSpec &spec, const AttendNumbers &numbers);

  Halide::ImageParam acc, maxima, sums, rows;
  Halide::Var row{"row"}, channel{"channel"};
  Halide::RDom entries;
  Halide::Func inverse{"inverse"}, naturalLog{"natural_log"};
  Halide::Func output{"output"}, lse{"lse"};

  std::vector<Halide::Argument> arguments() const;
};

} // namespace effattn

#endif // EFFATTN_LIB_SCHEDULE_ATTENDALGORITHM_H
