//===- Effattn.h - the dialect of attention programs ------------*- C++ -*-===//
//
// Types, attributes and operations of docs/dialect.md, in namespace
// effattn::ir. dialect/Convert.h turns patterns and scalars of the dialect
// into those of lib/Pattern, dialect/Types.h types.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_DIALECT_EFFATTN_H
#define EFFATTN_DIALECT_EFFATTN_H

#include "lib/Pattern/Scalar.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialect/EffattnDialect.h.inc"
#include "dialect/EffattnEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialect/EffattnAttributes.h.inc"

#define GET_TYPEDEF_CLASSES
#include "dialect/EffattnTypes.h.inc"

#define GET_OP_CLASSES
#include "dialect/EffattnOps.h.inc"

namespace effattn::ir {

/// Ranges lo0, hi0, lo1, hi1, ... of `parts` parts follow each other without a
/// gap from head 0.
llvm::LogicalResult verifyHeadRanges(mlir::Operation *op,
                                     llvm::ArrayRef<int64_t> bounds,
                                     size_t parts, llvm::StringRef what);

} // namespace effattn::ir

#endif // EFFATTN_DIALECT_EFFATTN_H
