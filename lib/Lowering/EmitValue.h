//===- EmitValue.h - numbers that tables decide -----------------*- C++ -*-===//
#ifndef EFFATTN_LIB_LOWERING_EMITVALUE_H
#define EFFATTN_LIB_LOWERING_EMITVALUE_H

#include "lib/Pattern/Scalar.h"
#include "lib/Schedule/Kernels.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

#include <string>
#include <vector>

namespace effattn {

/// What names mean in a planner function over one row, column or label.
struct PlanScope {
  std::vector<std::string> parameters; ///< in order
  /// Float arguments, by the names of parameters. Parameters are within 2^30,
  /// so two hold the bits of the f32: `name` the upper half, as a signed
  /// number, lowerBits(name) the lower.
  std::vector<std::string> floats;
  std::vector<TableSpec> tables;
  std::string a, b; ///< names of the arguments a and b; may be empty
};

std::string lowerBits(const std::string &name);

/// Adds a function for effattn_plan_value of kernel.h:
///
///   int64_t symbol(const int64_t *parameters, const effattn_plan_table
///   *tables,
///                  int64_t a, int64_t b, int32_t *missed)
///
/// With one value its result is that value, Bool as 0 or 1; with several it is
/// the value number b (0 where there is none). Floats are f32, as in kernels.
/// Indices of look-ups are clamped to their table; *missed is set to 1 where
/// that changed one. Null where an expression has no value here; `*unknown` is
/// what has none.
mlir::func::FuncOp emitPlanValue(mlir::OpBuilder &builder,
                                 mlir::Location location,
                                 const std::string &symbol,
                                 const std::vector<ScalarRef> &values,
                                 const PlanScope &scope, std::string *unknown);

} // namespace effattn

#endif // EFFATTN_LIB_LOWERING_EMITVALUE_H
