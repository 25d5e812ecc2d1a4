//===- Pattern.h - sets of (query, key) pairs -------------------*- C++ -*-===//
//
// A pattern is a set of pairs (i, j), i in [0, N), j in [0, M), for each batch
// b and head h. This tree keeps the operators as they were written, for people
// (printing, diagnostics, the dialect). Everything that *computes* with a
// pattern first turns it into one boolean expression over i, j, b, h, N, M and
// q0 with `predicate`, and so never depends on the names of operators.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_PATTERN_PATTERN_H
#define EFFATTN_LIB_PATTERN_PATTERN_H

#include "lib/Pattern/Scalar.h"

namespace effattn {

enum class PatternKind {
  All,
  None,
  Causal,
  Window,       ///< scalars: l, r, dilation
  Stride,       ///< scalars: m
  SameBlock,    ///< scalars: s, back, ahead
  Prefix,       ///< scalars: P
  Segments,     ///< table t: t[i] == t[j]
  Blocks,       ///< scalars: s; table t: t[p div s, j div s]
  RandomBlocks, ///< scalars: s, count, seed; children[0]: outside (may be
                ///< none); table: the drawn blocks i32[H, blocks, count], entry
                ///< [h, p div s - q0 div s, c], -1 for none (-1: not made yet);
                ///< of rank 4, each batch entry has its own
  Queries,      ///< table: index set S; i in S
  Keys,         ///< table: index set S; j in S
  Comprehension, ///< predicate: Bool over b, h, i, j, N, M (q0 is not applied)
  OnGrid,  ///< scalars: extents, slowest first; predicate over i.y, j.x, ...
  InOrder, ///< orders (one, or one for queries and one for keys); children[0]
  Heads,   ///< scalars: lo0, hi0, lo1, hi1, ...; a child for each range
  Union,
  Intersection,
  Difference, ///< two children
  Complement, ///< one child
};

enum class OrderKind {
  Sort,        ///< table: stable sort by its values
  BlockRaster, ///< scalars: Y, X, y, x
  ColumnMajor, ///< scalars: Y, X
  Given,       ///< table: an i32[N] permutation
};

struct Order {
  OrderKind kind;
  int table = -1; ///< Sort: the values; Given: the permutation, rank -> token
  std::vector<ScalarRef> scalars = {};
  int tableRank = 0;    ///< leading axes are the current b and h
  bool byBatch = false; ///< rank 2: the leading axis is b, not h
  /// Table of ranks (token -> rank) and of tokens (rank -> token), where the
  /// pass that makes tables has run; their rank is `tableRank` (1 for the
  /// orders of grids). Then predicate() can write what is in this order.
  int rankTable = -1, tokenTable = -1;
};

class Pattern;
using PatternRef = std::shared_ptr<const Pattern>;

class Pattern {
public:
  PatternKind kind;
  std::vector<ScalarRef> scalars;
  int table = -1;
  /// Rank of `table`, where there is one: leading batch and head axes that the
  /// pattern does not index are the current b and h.
  int tableRank = 0;
  ScalarRef predicate;
  std::vector<Order> orders;
  std::vector<PatternRef> children;
  /// Where it was written (byte offset in the source; -1: nowhere).
  int64_t offset = -1;

  explicit Pattern(PatternKind kind) : kind(kind) {}
};

PatternRef makePattern(PatternKind kind, std::vector<ScalarRef> scalars = {},
                       std::vector<PatternRef> children = {});

/// A pattern as one Bool expression.
struct PatternForm {
  /// Over b, h, i, j, N, M, q0, kernel dimensions, scalar arguments, look-ups,
  /// KeyInSet, QueryInSet, and i.y, j.x, ... where `extents` are given. Range
  /// conditions 0 <= i < N, 0 <= j < M are not part of it. Null: not possible.
  ScalarRef predicate;
  /// Sizes of the grid of the coordinates, slowest first; empty: no
  /// coordinates. Where a pattern has several grids, the coordinates of all
  /// but the first are written with div and mod.
  std::vector<ScalarRef> extents;
};

/// Random blocks and orders need their tables: where one has none yet, the
/// predicate is null and `*unsupported` points at the first such node.
PatternForm formOf(const PatternRef &pattern, const Pattern **unsupported);

/// formOf() without coordinates: i.x is i mod X, i.y is i div X mod Y, ...
ScalarRef predicate(const PatternRef &pattern, const Pattern **unsupported);

/// Replaces coordinates i.y, j.x, ... by arithmetic on `i` and `j`.
ScalarRef withoutCoordinates(const ScalarRef &predicate,
                             const std::vector<ScalarRef> &extents);

/// A predicate over tokens as one over ranks in the orders of `inOrder`, where
/// `i` and `j` are ranks: rankTable[i] becomes i, and every other i becomes
/// tokenTable[i]; j likewise.
ScalarRef inRanks(const ScalarRef &predicate, const Pattern &inOrder);

/// The pattern of head `h` where lo <= h < hi: each Heads node is replaced by
/// its child for that range. `headBounds` gives the bounds at which some Heads
/// node changes, ascending, without 0; empty: no Heads node.
PatternRef forHeads(const PatternRef &pattern, int64_t low);
std::vector<int64_t> headBounds(const PatternRef &pattern);

/// The language's spelling.
std::string toString(const PatternRef &pattern,
                     const std::function<std::string(int)> &tableName = {});

} // namespace effattn

#endif // EFFATTN_LIB_PATTERN_PATTERN_H
