//===- Jit.h - run a module of func, scf and arith --------------*- C++ -*-===//
#ifndef EFFATTN_TEST_UNIT_LOWERING_JIT_H
#define EFFATTN_TEST_UNIT_LOWERING_JIT_H

#include "lib/Target/Object.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"

#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/TargetSelect.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace effattn::test {

inline void loadDialects(mlir::MLIRContext &context) {
  context.loadDialect<mlir::arith::ArithDialect, mlir::func::FuncDialect,
                      mlir::scf::SCFDialect, mlir::LLVM::LLVMDialect>();
}

/// Compiles the module in this process.
class Jit {
public:
  explicit Jit(
      mlir::ModuleOp module,
      const std::vector<std::pair<const char *, void *>> &externals = {}) {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    EXPECT_TRUE(mlir::succeeded(mlir::verify(module)));
    std::string error;
    EXPECT_TRUE(lowerToLlvmDialect(module, error)) << error;
    mlir::registerBuiltinDialectTranslation(*module.getContext());
    mlir::registerLLVMDialectTranslation(*module.getContext());
    auto context = std::make_unique<llvm::LLVMContext>();
    auto translated = mlir::translateModuleToLLVMIR(module, *context);
    EXPECT_TRUE(translated);
    jit = llvm::cantFail(llvm::orc::LLJITBuilder().create());
    llvm::orc::SymbolMap symbols;
    for (const auto &[name, address] : externals)
      symbols[jit->mangleAndIntern(name)] = {
          llvm::orc::ExecutorAddr::fromPtr(address),
          llvm::JITSymbolFlags::Exported | llvm::JITSymbolFlags::Callable};
    llvm::cantFail(jit->getMainJITDylib().define(
        llvm::orc::absoluteSymbols(std::move(symbols))));
    llvm::cantFail(jit->addIRModule(llvm::orc::ThreadSafeModule(
        std::move(translated), std::move(context))));
  }

  template <typename Function> Function *find(const std::string &symbol) {
    return llvm::cantFail(jit->lookup(symbol)).toPtr<Function>();
  }

private:
  std::unique_ptr<llvm::orc::LLJIT> jit;
};

} // namespace effattn::test

#endif // EFFATTN_TEST_UNIT_LOWERING_JIT_H
