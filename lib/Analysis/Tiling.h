//===- Tiling.h - which rows form a tile ------------------------*- C++ -*-===//
//
// A row order and a number of rows. Tiles have coordinates, the parameters of
// their column sets; the planner numbers them from 0.
//
//   Contiguous  t            rows B*t + k
//   Residues    r, t         rows r + m*(B*t + k), 0 <= r < m; numbers:
//                            lib/Lowering/EmitTiles.h
//   Grid        tz, ty, tx   rows (shape * coordinates) + box of `shape`;
//                            row-major number
//               ry, tz, ...  with residue classes of axes: coordinate
//                            r + m*(shape*t + k) on each axis whose modulus m
//                            is not 1; r of all such axes, then t of all axes,
//                            row-major
//   ByLabel     (gathered)   rows sorted by the label of a relation; no column
//                            sets of tiles, the planner merges those of rows
//                            (contiguous tiles where labels are sorted)
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_ANALYSIS_TILING_H
#define EFFATTN_LIB_ANALYSIS_TILING_H

#include <cstdint>
#include <string>
#include <vector>

namespace effattn {

enum class RowOrder { Contiguous, Residues, Grid, ByLabel };

struct Tiling {
  RowOrder order = RowOrder::Contiguous;
  int64_t rows = 16;                ///< B
  int64_t modulus = 1;              ///< Residues: m
  std::vector<int64_t> shape;       ///< Grid: extents, slowest first; product B
  int relation = -1;                ///< ByLabel: number of the relation
  std::vector<int64_t> moduli = {}; ///< Grid: m of each axis; none: all 1

  bool operator==(const Tiling &) const = default;
};

/// Rows along one axis of a tiling (one axis but on a Grid): a tile has
/// residue + modulus * (rows * tile + k) for k from 0 to rows - 1.
struct TilingAxis {
  int64_t rows = 1, modulus = 1;
  std::string residue; ///< name of the coordinate; empty: there is none
  std::string tile;
};
std::vector<TilingAxis> tilingAxes(const Tiling &tiling);

/// Names of the coordinates of a tile: {"t"}, {"r", "t"}, {"ty", "tx"}, {"ry",
/// "ty", "tx"}, ... Tiles are numbered row-major in them.
std::vector<std::string> tileParameters(const Tiling &tiling);

/// "residues mod 128, 16 rows", "4 x 4 blocks", "4 x 4 blocks of residues mod
/// 2 x 1", ...
std::string toString(const Tiling &tiling);

} // namespace effattn

#endif // EFFATTN_LIB_ANALYSIS_TILING_H
