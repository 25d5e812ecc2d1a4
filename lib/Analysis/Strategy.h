//===- Strategy.h - the numbers a target gives to tiling --------*- C++ -*-===//
#ifndef EFFATTN_LIB_ANALYSIS_STRATEGY_H
#define EFFATTN_LIB_ANALYSIS_STRATEGY_H

#include <cstdint>

namespace effattn {

/// All that the stages up to `tile` know of a target. lib/Target fills it.
struct Strategy {
  /// Query rows of a tile.
  int64_t tileRows = 16;
  /// Columns that the kernel takes at once: the unit of full columns.
  int64_t columnBlock = 8;
  /// Most columns of one kernel call; state is carried between calls.
  int64_t columnChunk = 384;
};

} // namespace effattn

#endif // EFFATTN_LIB_ANALYSIS_STRATEGY_H
