//===- Frame.h - the predicate that an attend is analysed by ----*- C++ -*-===//
//
// The sets of an attend's facts are over tokens, coordinates of a grid, or
// ranks, and speak of atoms by number. All of this follows from the pattern
// alone: analysis, tiling and lowering find it here, so that they agree.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_TRANSFORMS_FRAME_H
#define EFFATTN_LIB_TRANSFORMS_FRAME_H

#include "dialect/Convert.h"
#include "lib/Analysis/Analysis.h"

#include <optional>

namespace effattn {

struct AttendFrame {
  /// Over plan indices: coordinates i.y, j.x, ... where `extents` are given,
  /// ranks i and j where `permuted`, else tokens i and j.
  ScalarRef predicate;
  std::vector<ScalarRef> extents;
  /// Over tokens i and j: what kernels evaluate.
  ScalarRef tokens;
  Atoms atoms; ///< of `predicate`, as analyse() finds them
  bool permuted = false;
  /// `predicate` stands for any condition on pairs (Unknown).
  bool opaque = false;
  /// Where permuted: numbers of the tables rank -> token of queries and keys
  /// (ConvertedOperands::tables).
  int queryTokens = -1, keyTokens = -1;
};

/// Nothing, after an error at `location` or at the node, where the pattern has
/// no predicate.
std::optional<AttendFrame> frameOf(const ir::AttendParts &parts,
                                   mlir::Location location);

/// What analyse() and analyseTiles() get beside the predicate of the frame.
AnalysisOptions analysisOptions(const ir::AttendParts &parts,
                                const AttendFrame &frame);

} // namespace effattn

#endif // EFFATTN_LIB_TRANSFORMS_FRAME_H
