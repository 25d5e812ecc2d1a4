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

/// Binds frame.coordinates for the tile or row `number`. With N rows, B rows a
/// tile, residues mod m:
///   contiguous  t = number
///   residues    r = number div T, t = number mod T, T = ceil(ceil(N/m)/B)
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
