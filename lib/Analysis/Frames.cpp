//===- Frames.cpp - what holds of the coordinates of rows and tiles -------===//
#include "lib/Analysis/Runs.h"

#include <fmt/format.h>

#include <algorithm>

namespace effattn {

RunNestRef substitute(const RunNestRef &nest, const std::string &name,
                      const ScalarRef &value) {
  auto result = std::make_shared<RunNest>(*nest);
  for (ScalarRef *field : {&result->condition, &result->first, &result->end,
                           &result->step, &result->count})
    if (*field)
      *field = substitute(*field, name, value);
  for (RunNestRef &child : result->children)
    child = substitute(child, name, value);
  return result;
}

std::string rowContext(const Space &space) {
  return space.sizes() + " and " + space.rowBounds();
}

LoopFrame rowFrame(const Space &space, const std::vector<int64_t> &moduli) {
  LoopFrame frame{space, {}, rowContext(space), moduli};
  for (size_t axis = 0; axis < space.rank(); ++axis)
    frame.coordinates.push_back({space.rows[axis], 1, 0, axis});
  return frame;
}

namespace {

/// In the order of tileParameters().
std::vector<Coordinate> coordinatesOf(const Space &space,
                                      const Tiling &tiling) {
  std::vector<TilingAxis> axes = tilingAxes(tiling);
  std::vector<Coordinate> residues, tiles;
  for (size_t k = 0; k < axes.size(); ++k) {
    const TilingAxis &one = axes[k];
    if (!one.residue.empty())
      residues.push_back({one.residue, 1, one.modulus, k});
    tiles.push_back(
        {one.tile, std::max<int64_t>(one.rows * one.modulus, 1), 0, k});
  }
  // On a grid contiguous tiles of all lines are counted by the slowest axis,
  // which matters for samples alone.
  if (tiling.order != RowOrder::Grid && space.rank() > 1)
    tiles[0].axis = space.rank() - 1;
  residues.insert(residues.end(), tiles.begin(), tiles.end());
  return residues;
}

} // namespace

/// Tiles without rows (of a residue class that ends early) are in the context:
/// their loops give columns like any other's.
std::string tileContext(const Space &space, const Tiling &tiling) {
  std::string text = space.sizes();
  for (const Coordinate &one : coordinatesOf(space, tiling)) {
    text += fmt::format(" and 0 <= {}", one.name);
    if (one.count > 0)
      text += fmt::format(" and {} < {}", one.name, one.count);
    else if (tiling.order == RowOrder::Grid)
      text += fmt::format(" and {}*{} < {}", one.unit, one.name,
                          space.size(one.axis));
    else if (tiling.rows > 0)
      text += fmt::format(" and {}*{} < N", one.unit, one.name);
  }
  return text;
}

LoopFrame tileFrame(const Space &space, const std::vector<int64_t> &moduli,
                    const Tiling &tiling) {
  return {space, coordinatesOf(space, tiling), tileContext(space, tiling),
          moduli};
}

LoopFrame axisFrame(const LoopFrame &frame, size_t axis) {
  LoopFrame part{frame.space.axis(axis), {}, "", frame.moduli};
  part.context = part.space.sizes();
  for (Coordinate own : frame.coordinates) {
    if (own.axis != axis)
      continue;
    own.axis = 0;
    part.context += fmt::format(" and 0 <= {} and ", own.name) +
                    (own.count > 0 ? fmt::format("{} < {}", own.name, own.count)
                                   : fmt::format("{}*{} < {}", own.unit,
                                                 own.name, part.space.size(0)));
    part.coordinates.push_back(std::move(own));
  }
  return part;
}

} // namespace effattn
