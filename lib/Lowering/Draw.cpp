//===- Draw.cpp - blocks drawn by random_blocks ---------------------------===//
//
// Which blocks are not drawn is a set of blocks that the sizes give, or it is
// found at launch from the columns of the rows of each query block: then the
// pattern outside is planned as that of an attend, without a kernel.
//
//===----------------------------------------------------------------------===//

#include "lib/Lowering/AttendPlanner.h"

#include <fmt/format.h>

using namespace mlir;

namespace effattn {

namespace {

bool nameSizes(ir::DrawBlocksOp op, AttendNames &names) {
  ir::ConvertedOperands operands;
  ScalarRef n = op.getQueries().toScalar(), m = op.getKeys().toScalar();
  ScalarRef q0 = m - n;
  if (op.getQ0() && !(q0 = scalarOf(op.getQ0(), operands)))
    return false;
  names.addInteger("N", n);
  names.addInteger("M", m);
  names.addInteger("q0", withSizes(q0, n, m));
  return true;
}

} // namespace

bool AttendLowering::lowerTouched(ir::DrawBlocksOp op, const std::string &name,
                                  AttendInputs &inputs, LoweredDraw &draw) {
  ir::ConvertedOperands operands;
  AttendNames names(inputs, operands);
  if (!nameSizes(op, names))
    return false;
  if (auto touched = op.getTouched()) {
    SetFrame frame;
    frame.coordinates = {"i"};
    frame.moduli = touched->getModuli().asArrayRef().vec();
    std::vector<std::string> parameters;
    std::vector<ScalarRef> values;
    for (ir::ParameterAttr parameter : touched->getParameters()) {
      parameters.push_back(parameter.getName().str());
      values.push_back(valueOf(parameter, {}, {}));
    }
    std::vector<std::string> planned =
        plannedNames(parameters, values, {}, names);
    auto symbol = functions.runs(op.getLoc(), name + "_touched",
                                 touched->getSet(), frame, planned);
    if (!symbol)
      return false;
    draw.touched = *symbol;
  }
  draw.integers = static_cast<int>(names.integers.size());
  return true;
}

bool AttendLowering::lowerOutside(ir::DrawBlocksOp op, const std::string &name,
                                  AttendInputs &inputs, LoweredDraw &draw) {
  std::optional<ir::AttendParts> parts = partsOf(op);
  if (!parts)
    return false;
  std::optional<AttendFrame> frame = frameOf(*parts, op.getLoc());
  if (!frame)
    return false;
  AttendNames names(inputs, parts->operands());
  if (!nameSizes(op, names))
    return false;
  LoweredAttend &outside = draw.outside.emplace();
  outside.source = draw.source;
  TileFacts blocks;
  blocks.tiling.rows = draw.size;
  AttendPlanner planner({op.getLoc(), op.getType(), *op.getFacts(), blocks},
                        *parts, *frame, names, functions);
  if (!planner.name(inputs, outside))
    return false;
  // What the test of pairs reads is named before the places are counted.
  names.ofPlan(frame->tokens);
  AttendSpec &spec = outside.spec;
  spec.keySets = static_cast<int>(inputs.keySets.size());
  spec.querySets = static_cast<int>(inputs.querySets.size());
  spec.integers = names.integers;
  spec.tables = names.tables;
  draw.integers = static_cast<int>(names.integers.size());
  if (!planner.emit(name, outside))
    return false;
  draw.pair = planner.emitPair(name + "_pair");
  return !draw.pair.empty();
}

std::optional<LoweredDraw> AttendLowering::lower(ir::DrawBlocksOp op,
                                                 const std::string &name,
                                                 AttendInputs &inputs) {
  LoweredDraw draw;
  draw.source = sourceOf(op.getLoc());
  draw.size = op.getSize();
  draw.count = op.getCount();
  draw.seed = op.getSeed();
  bool done = op.getFacts() ? lowerOutside(op, name, inputs, draw)
                            : lowerTouched(op, name, inputs, draw);
  return done ? std::optional(std::move(draw)) : std::nullopt;
}

} // namespace effattn
