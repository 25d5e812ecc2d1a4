//===- Tiling.cpp - which rows form a tile --------------------------------===//
#include "lib/Analysis/Tiling.h"

#include "lib/Analysis/Space.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace effattn {

std::vector<std::string> tileParameters(const Tiling &tiling) {
  if (tiling.order == RowOrder::Grid)
    return coordinateNames(tiling.shape.size(), 't');
  if (tiling.order == RowOrder::Residues)
    return {"r", "t"};
  return {"t"};
}

std::string toString(const Tiling &tiling) {
  switch (tiling.order) {
  case RowOrder::Contiguous:
    return fmt::format("contiguous, {} rows", tiling.rows);
  case RowOrder::Residues:
    return fmt::format("residues mod {}, {} rows", tiling.modulus, tiling.rows);
  case RowOrder::Grid:
    return fmt::format("{} blocks", fmt::join(tiling.shape, " x "));
  case RowOrder::ByLabel:
    return fmt::format("rows sorted by label, {} rows", tiling.rows);
  }
  return "";
}

} // namespace effattn
