//===- Terms.h - patterns taken apart and put together ----------*- C++ -*-===//
//
// Passes that split a pattern work on its operations, so that the parts are
// patterns again. New operations go where the builder is; those that nothing
// uses in the end are dead code.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_TRANSFORMS_TERMS_H
#define EFFATTN_LIB_TRANSFORMS_TERMS_H

#include "dialect/Effattn.h"

#include "mlir/IR/Builders.h"

#include <functional>

namespace effattn {

/// Rebuilds a pattern bottom up: `replace` gets each operation, its pattern
/// operands already rebuilt, and gives another pattern, or null to keep it.
mlir::Value
rebuildPattern(mlir::OpBuilder &builder, mlir::Value pattern,
               const std::function<mlir::Value(mlir::Operation *)> &replace);

/// The pattern of the heads from `low` on, up to the next bound.
mlir::Value patternForHeads(mlir::OpBuilder &builder, mlir::Value pattern,
                            int64_t low);

/// Patterns whose union is the pattern: `(A | B) & C` gives `A & C` and
/// `B & C`, `(A | B) - C` gives `A - C` and `B - C`, an `or` at the top of a
/// comprehension its sides. One where there would be more than `most`.
llvm::SmallVector<mlir::Value> unionTerms(mlir::OpBuilder &builder,
                                          mlir::Value pattern, size_t most);

mlir::Value unionOf(mlir::OpBuilder &builder, mlir::ValueRange patterns);

} // namespace effattn

#endif // EFFATTN_LIB_TRANSFORMS_TERMS_H
