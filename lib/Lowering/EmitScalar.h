//===- EmitScalar.h - scalar expressions as arith operations ----*- C++ -*-===//
//
// Int is i64, Bool is i1, Float is f64 (f32 where asked for). Divisions round
// towards minus infinity; a divisor that is not a positive constant is taken as
// 1 where it is below 1, so that no expression traps whatever sizes a caller
// gives.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_LOWERING_EMITSCALAR_H
#define EFFATTN_LIB_LOWERING_EMITSCALAR_H

#include "lib/Pattern/Scalar.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"

#include "llvm/ADT/DenseMap.h"

#include <functional>
#include <map>
#include <string>

namespace effattn {

class ScalarEmitter {
public:
  using Name = std::function<mlir::Value(const Scalar &)>;
  using Lookup = std::function<mlir::Value(const Scalar &, mlir::ValueRange)>;

  /// `name` gives the value of a Variable, Dimension or Argument node; null
  /// where it has none.
  ScalarEmitter(mlir::OpBuilder &builder, mlir::Location location, Name name)
      : builder(builder), location(location), name(std::move(name)),
        real(builder.getF64Type()) {}

  /// Look-ups have the value that `emit` gives for their indices.
  void setLookup(Lookup emit) { lookup = std::move(emit); }
  /// Float is f32, as in kernels.
  void useF32() { real = builder.getF32Type(); }

  /// Null where the expression holds something that has no value here: a
  /// look-up without a function for it, membership in a set, or a name without
  /// a value. A shared node is emitted once.
  mlir::Value emit(const ScalarRef &scalar);

  mlir::Value integer(int64_t value);
  mlir::Value compare(mlir::arith::CmpIPredicate predicate, mlir::Value a,
                      mlir::Value b);

private:
  using Known = llvm::DenseMap<const Scalar *, mlir::Value>;

  mlir::Value visit(const ScalarRef &scalar);
  mlir::Value visitNew(const Scalar &scalar);
  mlir::Value exists(const Scalar &scalar);
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
  Name name;
  Lookup lookup;
  mlir::FloatType real;
  Known known;                              ///< nodes of this emit()
  std::map<std::string, mlir::Value> bound; ///< variables of Exists
};

} // namespace effattn

#endif // EFFATTN_LIB_LOWERING_EMITSCALAR_H
