//===- Space.h - the coordinates of pairs -----------------------*- C++ -*-===//
//
// Pairs are over [i, j], or on a grid over [iy, ix, jy, jx] (three dimensions
// alike). Where all extents but the slowest are constants, the raw index
// X*iy + ix is affine too, and N = M = Y*X is known. Where they are not, only
// comparisons of i with j have a form: the order of raw indices is the
// lexicographic order of coordinates.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_ANALYSIS_SPACE_H
#define EFFATTN_LIB_ANALYSIS_SPACE_H

#include "lib/Pattern/Scalar.h"

#include <optional>
#include <string>
#include <vector>

namespace effattn {

/// Names in isl's text: {"i"}, {"iy", "ix"}, ... with another first letter.
std::vector<std::string> coordinateNames(size_t rank, char letter);

/// Whether raw indices of a grid are affine in its coordinates.
bool isLinear(const std::vector<ScalarRef> &extents);

class Space {
public:
  /// `extents` are Constant or Variable nodes, or none.
  explicit Space(std::vector<ScalarRef> extents = {});

  /// One axis of a grid, for conditions that read no other.
  Space axis(size_t number) const;

  size_t rank() const { return rows.size(); }
  bool isGrid() const { return !extents.empty(); }
  bool isLinear() const { return effattn::isLinear(extents); }

  std::string size(size_t axis) const; ///< of a grid
  /// "0 <= j < M"; "0 <= jy < Y and 0 <= jx < X".
  std::string columnBounds() const;
  std::string rowBounds() const;
  /// "N >= 1 and M >= 0"; on a grid also what is known of extents.
  std::string sizes() const;
  /// "i" or "32*iy + ix"; needs isLinear().
  std::string rawRow() const { return raw(rows); }
  std::string rawColumn() const { return raw(columns); }
  /// "i, j" or "iy, ix, jy, jx".
  std::string pairNames() const;

  /// The raw index of these coordinates.
  ScalarRef raw(const std::vector<ScalarRef> &coordinates) const;

  std::vector<ScalarRef> extents;
  std::vector<std::string> rows, columns;
  bool isPart = false; ///< an axis of a grid

private:
  std::string raw(const std::vector<std::string> &names) const;
};

/// A comparison of raw indices that says where i - j is: each flag, whether
/// the comparison holds there.
struct OrderTest {
  bool below = false, same = false, above = false;
};
/// Nothing where the comparison says something else.
std::optional<OrderTest> orderTest(const Scalar &comparison);

} // namespace effattn

#endif // EFFATTN_LIB_ANALYSIS_SPACE_H
