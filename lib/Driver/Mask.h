//===- Mask.h - a kernel's mask as cells ------------------------*- C++ -*-===//
//
// The rectangle of queries by keys, cut into at most `rows` x `columns` cells;
// each cell says which share of its pairs is visible, and how its columns are
// tiled. Pairs are counted from runs, never one by one; where there are many
// more rows than cells, a sample of the rows speaks for a cell.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_DRIVER_MASK_H
#define EFFATTN_LIB_DRIVER_MASK_H

#include "lib/Driver/AttendReport.h"

#include <vector>

namespace effattn {

struct Cell {
  double visible = 0; ///< share of its pairs that some attend sees
  double full = 0;    ///< share computed without a mask
  double partial = 0; ///< share computed with the residual predicate
};

struct Mask {
  int64_t queries = 0, keys = 0; ///< what the picture shows
  int rows = 0, columns = 0;     ///< cells
  std::vector<Cell> cells;       ///< row-major
  const Cell &at(int row, int column) const {
    return cells[static_cast<size_t>(row) * columns + column];
  }
};

/// All attends of the reports whose keys are the same tokens, over each other.
Mask makeMask(const std::vector<AttendReport> &reports,
              const Instance &instance, int rows, int columns);

} // namespace effattn

#endif // EFFATTN_LIB_DRIVER_MASK_H
