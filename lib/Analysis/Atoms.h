//===- Atoms.h - what tables decide, taken out of a predicate ---*- C++ -*-===//
//
// A predicate is Presburger arithmetic over i, j (or grid coordinates), the
// sizes, and *atoms*: conditions that only the data at launch decides. Atoms
// are numbered by first use, each kind by itself, and the numbering depends on
// the predicate alone: analysis and lowering find the same.
//
//   key atom       depends on j alone: membership in an index set, or a
//                  condition with look-ups. Constant on a column.
//   query atom     the same for i. Constant on a row.
//   relation       depends on both:
//     Labels       g(j) == f_0(i) or ... or g(j) == f_n(i), where tables occur
//                  (segments, random blocks, t[i] == t[j]). `or`s of such
//                  equalities with one g are one relation.
//     Compared     f(i) <= g(j) where tables occur, or what is not affine, and
//                  `and`, `or`, `not` of such comparisons: test(f_0(i) <=
//                  g_0(j),
//                  ...), see Compared.h. What one `and` or `or` joins is one
//                  relation
//     Bitmap       t[f(i), g(j)] of a bool (or integer, as != 0) table, with
//                  leading b and h; comparisons of t[f(i), g(j)] too
//     Unknown      everything else: true or false for each pair
//   extra          an Int look-up by b and h alone: a parameter of the sets
//
// Key atoms with index sets (by their numbers) come before key atoms with
// conditions; query atoms too. Of the look-ups on one side that one `and` or
// `or` joins, one condition is made. All Unknown conditions of a predicate are
// one relation, the last one.
//
// A comparison of integers without look-ups that is not affine (i mod w with an
// argument w) is an atom as if it held a look-up; so is one of real numbers,
// which has no affine form. Relations beyond the limit are Unknown, comparisons
// first.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_ANALYSIS_ATOMS_H
#define EFFATTN_LIB_ANALYSIS_ATOMS_H

#include "lib/Pattern/Scalar.h"

#include <cstdint>
#include <vector>

namespace effattn {

/// A condition on a column (over `j`) or on a row (over `i`).
struct SideAtom {
  int set = -1;        ///< number of the index set; -1: `condition`
  ScalarRef condition; ///< Bool; null for an index set
};

struct RelationAtom {
  enum class Kind { Labels, Bitmap, Compared, Unknown };
  Kind kind = Kind::Unknown;
  std::vector<ScalarRef> rowLabels; ///< Int over `i`; one for Bitmap
  /// Int over `j`; one for each row label where Compared, else one.
  std::vector<ScalarRef> columnLabels;
  /// Bitmap: Bool over the variables `u` (row label) and `w` (column label).
  /// Compared: Bool over the bits of `u`, bit k for rowLabels[k] <=
  /// columnLabels[k]; it never turns false where one more of them holds.
  ScalarRef test;
  /// Compared: by how much a column label grows from one column to the next
  /// where it is j or -j and a constant (1, -1); else 0.
  std::vector<int> columnSteps;
  ScalarRef source; ///< the (first) condition as it was, for messages

  /// Reads a table by its row or its column.
  bool readsTables() const;
};

/// Most relations of one pattern (3^r states), and most side atoms.
inline constexpr size_t maxRelations = 2, maxSideAtoms = 6;

struct Atoms {
  std::vector<SideAtom> keys, queries;
  std::vector<RelationAtom> relations;
  std::vector<ScalarRef> extras; ///< Lookup nodes

  size_t cases() const; ///< 3^relations * 2^(keys + queries)
};

/// Truth values of all atoms. `relations` holds the state of relation r as its
/// digit r in base 3: 0 no row, 1 every row, 2 may be.
struct Assignment {
  uint32_t keys = 0, queries = 0, relations = 0;
};
size_t indexOf(const Atoms &atoms, const Assignment &assignment);
Assignment assignmentOf(const Atoms &atoms, size_t index);

/// A predicate whose atoms are replaced by variables of their own.
struct AtomisedPredicate {
  Atoms atoms;
  ScalarRef predicate;

  /// The predicate under an assignment whose relations are 0 or 1 each.
  ScalarRef assign(const Assignment &assignment) const;
  /// What holds for some value of the relations in state 2, and what holds for
  /// each: the same where there are none. Unknown is in state 2 always.
  ScalarRef may(const Assignment &assignment) const;
  ScalarRef must(const Assignment &assignment) const;
};

/// `extents` of a grid where the predicate has coordinates (PatternForm): then
/// conditions and labels are written with i and j alone.
AtomisedPredicate atomise(const ScalarRef &predicate,
                          const std::vector<ScalarRef> &extents = {});

} // namespace effattn

#endif // EFFATTN_LIB_ANALYSIS_ATOMS_H
