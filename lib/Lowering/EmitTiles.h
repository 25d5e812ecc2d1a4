//===- EmitTiles.h - numbers of tiles and rows as coordinates ---*- C++ -*-===//
//
// Planners number tiles and rows from 0; sets of columns have coordinates
// (lib/Analysis/Tiling.h). This is what goes from one to the other.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_LOWERING_EMITTILES_H
#define EFFATTN_LIB_LOWERING_EMITTILES_H

#include "lib/Analysis/Analysis.h"
#include "lib/Lowering/PlannerFunction.h"

namespace effattn {

/// g: tiles of one residue that follow each other, before the next residue has
/// its turn at the same place. Neighbouring rows of K and V share pages, and
/// what the processor reads ahead for one residue is what the next ones need;
/// tiles of the same residue share columns, and the executor takes as many as
/// this side by side (EFFATTN_MOST_SLOTS).
inline constexpr int64_t tilesOfResidueInTurn = 8;

/// Binds frame.coordinates for the tile or row `number`. With N rows, B rows a
/// tile, residues mod m:
///   contiguous  t = number
///   residues    with T = ceil(ceil(N/m)/B) tiles of each and groups of g of
///               them: u = g * (number div (m*g)), s = min(g, T - u),
///               r = (number mod (m*g)) div s, t = u + (number mod (m*g)) mod s
///   grid        row-major coordinates in a grid of the moduli m of axes that
///               have residues, then of ceil(ceil(extent / m) / shape) tiles
///   a row       row-major coordinates in the grid of the extents
/// False where an extent has no value.
bool bindCoordinates(PlannerFunction &function, const SetFrame &frame,
                     mlir::Value number);

/// effattn_tiles_function and effattn_rows_function of kernel.h, for residues
/// and boxes of a grid. `parameters` and `unknown` as in emitRuns(). The rows
/// that exist come first.
mlir::func::FuncOp
emitTileCount(mlir::OpBuilder &builder, mlir::Location location,
              const std::string &symbol, const SetFrame &frame,
              const std::vector<std::string> &parameters, std::string *unknown);
mlir::func::FuncOp
emitTileRows(mlir::OpBuilder &builder, mlir::Location location,
             const std::string &symbol, const SetFrame &frame,
             const std::vector<std::string> &parameters, std::string *unknown);

} // namespace effattn

#endif // EFFATTN_LIB_LOWERING_EMITTILES_H
