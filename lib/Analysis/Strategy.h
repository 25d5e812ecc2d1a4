//===- Strategy.h - the numbers a target gives to tiling --------*- C++ -*-===//
#ifndef EFFATTN_LIB_ANALYSIS_STRATEGY_H
#define EFFATTN_LIB_ANALYSIS_STRATEGY_H

#include <cstdint>
#include <vector>

namespace effattn {

/// A number of query rows that a target has tile kernels for.
struct TileRows {
  int64_t rows = 16;
  /// Time of a computed pair, in any unit that all entries share.
  double pairCost = 1;
};

/// All that the stages up to `tile` know of a target. lib/Target fills it.
struct Strategy {
  /// Choices for the query rows of a tile, the usual one first.
  std::vector<TileRows> tileRows = std::vector<TileRows>(1);
  /// Columns that the kernel takes at once: the unit of full columns.
  int64_t columnBlock = 8;
  /// Most columns of one kernel call; state is carried between calls.
  int64_t columnChunk = 384;
  /// Time to begin and end a tile, and to start a row from the result of an
  /// earlier band, in pairs of pairCost 1.
  double tileCost = 200, bandRowCost = 20;
  /// Largest extents of a two- or three-dimensional tile follow from tileRows:
  /// every factorisation into powers of two is a candidate.
};

} // namespace effattn

#endif // EFFATTN_LIB_ANALYSIS_STRATEGY_H
