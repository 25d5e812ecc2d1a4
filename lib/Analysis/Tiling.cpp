//===- Tiling.cpp - which rows form a tile --------------------------------===//
#include "lib/Analysis/Tiling.h"

#include "lib/Analysis/Space.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace effattn {

std::vector<TilingAxis> tilingAxes(const Tiling &tiling) {
  if (tiling.order == RowOrder::Residues)
    return {{tiling.rows, tiling.modulus, "r", "t"}};
  if (tiling.order != RowOrder::Grid)
    return {{tiling.rows, 1, "", "t"}};
  std::vector<std::string> residues = coordinateNames(tiling.shape.size(), 'r'),
                           tiles = coordinateNames(tiling.shape.size(), 't');
  std::vector<TilingAxis> axes;
  for (size_t axis = 0; axis < tiles.size(); ++axis) {
    int64_t modulus = tiling.moduli.empty() ? 1 : tiling.moduli[axis];
    axes.push_back({tiling.shape[axis], modulus,
                    modulus == 1 ? "" : residues[axis], tiles[axis]});
  }
  return axes;
}

std::vector<std::string> tileParameters(const Tiling &tiling) {
  std::vector<std::string> names, tiles;
  for (const TilingAxis &axis : tilingAxes(tiling)) {
    if (!axis.residue.empty())
      names.push_back(axis.residue);
    tiles.push_back(axis.tile);
  }
  names.insert(names.end(), tiles.begin(), tiles.end());
  return names;
}

std::string toString(const Tiling &tiling) {
  switch (tiling.order) {
  case RowOrder::Contiguous:
    return fmt::format("contiguous, {} rows", tiling.rows);
  case RowOrder::Residues:
    return fmt::format("residues mod {}, {} rows", tiling.modulus, tiling.rows);
  case RowOrder::Grid:
    return fmt::format("{} blocks", fmt::join(tiling.shape, " x ")) +
           (tiling.moduli.empty()
                ? ""
                : fmt::format(" of residues mod {}",
                              fmt::join(tiling.moduli, " x ")));
  case RowOrder::ByLabel:
    return fmt::format("rows sorted by label, {} rows", tiling.rows);
  }
  return "";
}

} // namespace effattn
