//===- TileRows.cpp - the rows of each tile -------------------------------===//
#include "lib/Analysis/TileRows.h"

#include <algorithm>

namespace effattn {

static int64_t ceilDivide(int64_t a, int64_t b) { return (a + b - 1) / b; }

TileRowLists::TileRowLists(const Tiling &tiling, int64_t rows,
                           std::vector<int64_t> extents)
    : axes(tilingAxes(tiling)), size(std::max<int64_t>(rows, 0)),
      extents(std::move(extents)) {
  if (tiling.order != RowOrder::Grid)
    this->extents = {size};
  for (const TilingAxis &axis : axes)
    if (!axis.residue.empty())
      sizes.push_back(axis.modulus);
  for (size_t k = 0; k < axes.size(); ++k)
    sizes.push_back(ceilDivide(ceilDivide(this->extents[k], axes[k].modulus),
                               axes[k].rows));
}

int64_t TileRowLists::count() const {
  int64_t product = 1;
  for (int64_t one : sizes)
    product *= one;
  return product;
}

std::vector<int64_t> TileRowLists::coordinates(int64_t tile) const {
  std::vector<int64_t> result(sizes.size());
  for (size_t k = sizes.size(); k-- > 0;) {
    result[k] = k == 0 ? tile : tile % sizes[k];
    tile /= sizes[k];
  }
  return result;
}

std::vector<int64_t> TileRowLists::rows(int64_t tile) const {
  std::vector<int64_t> at = coordinates(tile), result;
  // First row of the tile along each axis, and its rows.
  std::vector<int64_t> first(axes.size());
  int64_t most = 1;
  size_t residue = 0, tiles = at.size() - axes.size();
  for (size_t k = 0; k < axes.size(); ++k) {
    first[k] = axes[k].modulus * axes[k].rows * at[tiles + k] +
               (axes[k].residue.empty() ? 0 : at[residue++]);
    most *= axes[k].rows;
  }
  for (int64_t number = 0; number < most; ++number) {
    // Row `number` of the box, row-major.
    int64_t inBox = number, stride = 1, row = 0;
    for (size_t k = axes.size(); k-- > 0;) {
      int64_t place = first[k] + axes[k].modulus * (inBox % axes[k].rows);
      inBox /= axes[k].rows;
      row = row < 0 || place >= extents[k] ? -1 : row + stride * place;
      stride *= extents[k];
    }
    if (row >= 0 && row < size)
      result.push_back(row);
  }
  return result;
}

} // namespace effattn
