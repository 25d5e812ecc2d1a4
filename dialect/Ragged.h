//===- Ragged.h - which sequences a value is made of ------------*- C++ -*-===//
//
// docs/language.md, S6. A kernel says which argument cuts which arguments into
// sequences; what is computed of these token by token is cut the same way.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_DIALECT_RAGGED_H
#define EFFATTN_DIALECT_RAGGED_H

#include "dialect/Effattn.h"

namespace effattn::ir {

/// The argument with the offsets of the sequences of `value`; null where it is
/// not ragged.
mlir::Value offsetsOf(mlir::Value value);

/// The axis of a ragged value that `offsets` cuts; -1 where there is none.
int64_t tokenAxisOf(mlir::Value value, mlir::Value offsets);

/// True for a step that works on each token of its ragged operands by itself.
bool keepsSequences(StepOp step);

} // namespace effattn::ir

#endif // EFFATTN_DIALECT_RAGGED_H
