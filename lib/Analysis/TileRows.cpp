//===- TileRows.cpp - the rows of each tile -------------------------------===//
#include "lib/Analysis/TileRows.h"

#include <algorithm>

namespace effattn {

static int64_t ceilDivide(int64_t a, int64_t b) { return (a + b - 1) / b; }

TileRowLists::TileRowLists(const Tiling &tiling, int64_t rows,
                           std::vector<int64_t> extents)
    : tiling(tiling), size(std::max<int64_t>(rows, 0)),
      extents(std::move(extents)) {}

int64_t TileRowLists::count() const {
  switch (tiling.order) {
  case RowOrder::Residues:
    return tiling.modulus *
           ceilDivide(ceilDivide(size, tiling.modulus), tiling.rows);
  case RowOrder::Grid: {
    int64_t product = 1;
    for (size_t axis = 0; axis < extents.size(); ++axis)
      product *= ceilDivide(extents[axis], tiling.shape[axis]);
    return product;
  }
  default:
    return ceilDivide(size, tiling.rows);
  }
}

std::vector<int64_t> TileRowLists::coordinates(int64_t tile) const {
  if (tiling.order == RowOrder::Residues) {
    int64_t each = ceilDivide(ceilDivide(size, tiling.modulus), tiling.rows);
    return {tile / each, tile % each};
  }
  if (tiling.order != RowOrder::Grid)
    return {tile};
  std::vector<int64_t> result(extents.size());
  for (size_t axis = extents.size(); axis-- > 0;) {
    int64_t tiles = ceilDivide(extents[axis], tiling.shape[axis]);
    result[axis] = tile % tiles;
    tile /= tiles;
  }
  return result;
}

std::vector<int64_t> TileRowLists::rows(int64_t tile) const {
  std::vector<int64_t> at = coordinates(tile), result;
  for (int64_t k = 0; k < tiling.rows; ++k) {
    int64_t row = at.back() * tiling.rows + k;
    if (tiling.order == RowOrder::Residues)
      row = at[0] + tiling.modulus * row;
    if (tiling.order == RowOrder::Grid) {
      // Row k of the box, row-major.
      int64_t inBox = k, stride = 1;
      row = 0;
      for (size_t axis = extents.size(); axis-- > 0;) {
        int64_t place =
            at[axis] * tiling.shape[axis] + inBox % tiling.shape[axis];
        inBox /= tiling.shape[axis];
        row = row < 0 || place >= extents[axis] ? -1 : row + stride * place;
        stride *= extents[axis];
      }
    }
    if (row >= 0 && row < size)
      result.push_back(row);
  }
  return result;
}

} // namespace effattn
