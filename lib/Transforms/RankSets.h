//===- RankSets.h - index sets inside orders --------------------*- C++ -*-===//
#ifndef EFFATTN_LIB_TRANSFORMS_RANKSETS_H
#define EFFATTN_LIB_TRANSFORMS_RANKSETS_H

#include "dialect/Effattn.h"

#include "mlir/IR/Builders.h"

namespace effattn {

/// Inside an order index sets hold ranks. In the pattern that is given back
/// each of them is the set of the tokens that have these ranks
/// (`effattn.set_tokens`), so that later stages know sets of tokens alone. The
/// orders have their tables. Sets that are done already stay. `rows` is a
/// tensor of the queries, with their batch and heads.
mlir::Value withTokenSets(mlir::OpBuilder &builder, mlir::Value pattern,
                          ir::TensorType rows);

} // namespace effattn

#endif // EFFATTN_LIB_TRANSFORMS_RANKSETS_H
