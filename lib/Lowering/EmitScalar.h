//===- EmitScalar.h - scalar expressions as arith operations ----*- C++ -*-===//
//
// Int is i64, Bool is i1, Float is f64. Divisions round towards minus infinity;
// a divisor that is not a positive constant is taken as 1 where it is below 1,
// so that no expression traps whatever sizes a caller gives.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_LOWERING_EMITSCALAR_H
#define EFFATTN_LIB_LOWERING_EMITSCALAR_H

#include "lib/Pattern/Scalar.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"

#include <functional>

namespace effattn {

class ScalarEmitter {
public:
  /// `name` gives the value of a Variable, Dimension or Argument node; null
  /// where it has none.
  ScalarEmitter(mlir::OpBuilder &builder, mlir::Location location,
                std::function<mlir::Value(const Scalar &)> name)
      : builder(builder), location(location), name(std::move(name)) {}

  /// Null where the expression holds something that has no value here: a
  /// look-up, membership in a set, Exists, or a name without one.
  mlir::Value emit(const ScalarRef &scalar);

  mlir::Value integer(int64_t value);
  mlir::Value compare(mlir::arith::CmpIPredicate predicate, mlir::Value a,
                      mlir::Value b);

private:
  mlir::Value constant(const Scalar &scalar);
  mlir::Value unary(const Scalar &scalar, mlir::Value operand);
  mlir::Value binary(const Scalar &scalar, mlir::Value a, mlir::Value b);
  mlir::Value arithmetic(ScalarKind kind, bool real, mlir::Value a,
                         mlir::Value b);
  mlir::Value division(ScalarKind kind, mlir::Value a, mlir::Value b,
                       const Scalar &divisor);
  mlir::Value comparison(ScalarKind kind, bool real, mlir::Value a,
                         mlir::Value b);

  mlir::OpBuilder &builder;
  mlir::Location location;
  std::function<mlir::Value(const Scalar &)> name;
};

} // namespace effattn

#endif // EFFATTN_LIB_LOWERING_EMITSCALAR_H
