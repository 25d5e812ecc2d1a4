//===- EmitRuns.h - planner functions from loops of runs --------*- C++ -*-===//
#ifndef EFFATTN_LIB_LOWERING_EMITRUNS_H
#define EFFATTN_LIB_LOWERING_EMITRUNS_H

#include "lib/Analysis/Analysis.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

#include <string>
#include <vector>

namespace effattn {

/// Adds, at the end of the builder's block, a function that lists the runs of
/// `nest` (effattn_runs_function of kernel.h):
///
///   int64_t symbol(const int64_t *parameters, int64_t index,
///                  effattn_run *runs, int64_t capacity)
///
/// `parameters` are named in order by `parameters`; `index` numbers a tile or a
/// row, whose coordinates are those of `frame` (EmitTiles.h): the nest uses
/// their names. Runs without columns are left out; at most
/// `capacity` runs are written and the number of all of them comes back. Null,
/// with the offending name in `*unknown`, where the nest uses another name.
mlir::func::FuncOp emitRuns(mlir::OpBuilder &builder, mlir::Location location,
                            const std::string &symbol, const RunNestRef &nest,
                            const SetFrame &frame,
                            const std::vector<std::string> &parameters,
                            std::string *unknown);

} // namespace effattn

#endif // EFFATTN_LIB_LOWERING_EMITRUNS_H
