//===- TableRoles.h - what a table is used for ------------------*- C++ -*-===//
//
// Random integers rarely make sense as a table: an index must lie in its axis,
// an order must be a permutation, labels of documents come in runs. The role of
// each argument is read off the kernel.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_DRIVER_TABLEROLES_H
#define EFFATTN_LIB_DRIVER_TABLEROLES_H

#include "lib/Frontend/Program.h"

#include <vector>

namespace effattn {

/// The later, the stronger: a table with two uses has the stronger one.
enum class TableUse {
  Plain,       ///< floats normal, integers 0 to 3, bools either
  Bitmap,      ///< bools: a quarter of them, and the diagonal
  Mask,        ///< bools of pairs of tokens: all but one in 32
  Span,        ///< compared with positions: [0, bound)
  SortKey,     ///< sorted by: about 64 tokens have one value
  Labels,      ///< compared for equality: runs of random lengths
  Index,       ///< an index into an axis: [0, bound)
  Permutation, ///< of the last axis
  Offsets,     ///< of ragged tokens: ascending from 0 to bound
};

struct TableRole {
  TableUse use = TableUse::Plain;
  ScalarRef bound;        ///< over dimensions; null: none
  bool inPattern = false; ///< a pattern or score reads it (index sets too)
};

/// One for each argument of the kernel.
std::vector<TableRole> tableRoles(const ProgramKernel &kernel);

} // namespace effattn

#endif // EFFATTN_LIB_DRIVER_TABLEROLES_H
