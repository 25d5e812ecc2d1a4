//===- Import.h - checked program to the effattn dialect --------*- C++ -*-===//
#ifndef EFFATTN_LIB_IMPORT_IMPORT_H
#define EFFATTN_LIB_IMPORT_IMPORT_H

#include "lib/Frontend/Program.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace llvm {
class SourceMgr;
} // namespace llvm

namespace effattn {

/// A module with one effattn.kernel for each kernel, verified. Byte offsets of
/// the program are those of the main buffer of `sources`. Null after an error,
/// which goes to the context's diagnostics.
mlir::OwningOpRef<mlir::ModuleOp> importProgram(const Program &program,
                                                const llvm::SourceMgr &sources,
                                                mlir::MLIRContext &context);

} // namespace effattn

#endif // EFFATTN_LIB_IMPORT_IMPORT_H
