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

std::vector<Coordinate> coordinatesOf(const Space &space,
                                      const Tiling &tiling) {
  std::vector<std::string> names = tileParameters(tiling);
  switch (tiling.order) {
  case RowOrder::Grid: {
    std::vector<Coordinate> all;
    for (size_t axis = 0; axis < names.size(); ++axis)
      all.push_back({names[axis], tiling.shape[axis], 0, axis});
    return all;
  }
  case RowOrder::Residues:
    return {{names[0], 1, tiling.modulus, 0},
            {names[1], tiling.rows * tiling.modulus, 0, 0}};
  default:
    // On a grid the tiles of all lines are counted by the slowest axis, which
    // matters for samples alone.
    return {{names[0], std::max<int64_t>(tiling.rows, 1), 0,
             space.rank() > 1 ? space.rank() - 1 : 0}};
  }
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
  LoopFrame part{
      frame.space.axis(axis), {frame.coordinates[axis]}, "", frame.moduli};
  Coordinate &own = part.coordinates[0];
  own.axis = 0;
  part.context =
      fmt::format("{} and 0 <= {} and {}*{} < {}", part.space.sizes(), own.name,
                  own.unit, own.name, part.space.size(0));
  return part;
}

} // namespace effattn
