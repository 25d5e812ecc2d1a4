//===- TileRows.h - the rows of each tile -----------------------*- C++ -*-===//
#ifndef EFFATTN_LIB_ANALYSIS_TILEROWS_H
#define EFFATTN_LIB_ANALYSIS_TILEROWS_H

#include "lib/Analysis/Tiling.h"

namespace effattn {

/// The tiles of a tiling for sizes at hand, numbered as in Tiling.h. ByLabel
/// counts as contiguous: its rows are known to the planner alone.
class TileRowLists {
public:
  TileRowLists(const Tiling &tiling, int64_t rows,
               std::vector<int64_t> extents = {});

  int64_t count() const;
  /// Rows that exist, as raw indices; none for some tiles of residues.
  std::vector<int64_t> rows(int64_t tile) const;
  /// Values of tileParameters().
  std::vector<int64_t> coordinates(int64_t tile) const;

private:
  std::vector<TilingAxis> axes;
  int64_t size;
  std::vector<int64_t> extents; ///< of each axis
  std::vector<int64_t> sizes;   ///< how many values each coordinate has
};

} // namespace effattn

#endif // EFFATTN_LIB_ANALYSIS_TILEROWS_H
