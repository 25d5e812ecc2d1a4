//===- Tile.cpp - row order and tile shape --------------------------------===//
//
// One band that holds the whole pattern, rows in their order. The sets in the
// facts are those of tiles of a certain number of rows, so that number is
// checked, not changed, here: analysis gets it from the same strategy.
//
//===----------------------------------------------------------------------===//

#include "lib/Transforms/Passes.h"
#include "lib/Transforms/Transforms.h"

using namespace mlir;

namespace effattn {

LogicalResult tileAttends(ModuleOp module, const Strategy &strategy) {
  bool ok = true;
  auto tiling = ir::TilingAttr::getChecked(
      [&] { return module.emitError(); }, module.getContext(),
      ir::RowOrder::Contiguous, strategy.tileRows, strategy.columnBlock,
      strategy.columnChunk);
  if (!tiling)
    return failure();
  auto set = [&](auto op) {
    std::optional<ir::FactsAttr> facts = op.getFacts();
    if (facts && facts->getTileRows() == strategy.tileRows) {
      op.setTilingAttr(tiling);
      return;
    }
    ok = false;
    if (facts)
      op.emitOpError() << "has facts for tiles of " << facts->getTileRows()
                       << " rows, but tiles of " << strategy.tileRows
                       << " are asked for";
    else
      op.emitOpError() << "has no facts to tile by; expected stage 'analyse' "
                          "to have run";
  };
  module.walk([&](Operation *op) {
    if (auto attend = dyn_cast<ir::AttendOp>(op))
      set(attend);
    else if (auto sums = dyn_cast<ir::ColumnSumsOp>(op))
      set(sums);
  });
  return success(ok);
}

#define GEN_PASS_DEF_EFFATTNTILE
#include "lib/Transforms/Passes.h.inc"

namespace {

struct TilePass : impl::EffattnTileBase<TilePass> {
  using EffattnTileBase::EffattnTileBase;
  void runOnOperation() override {
    Strategy strategy;
    strategy.tileRows = rows;
    strategy.columnBlock = columnBlock;
    strategy.columnChunk = columnChunk;
    if (failed(tileAttends(getOperation(), strategy)))
      signalPassFailure();
  }
};

} // namespace

} // namespace effattn
