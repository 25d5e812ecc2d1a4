//===- Object.cpp - MLIR to LLVM IR to ELF --------------------------------===//

#include "lib/Target/Object.h"

#include "lib/Target/Descriptor.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVMPass.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Transforms/Passes.h"

#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Verifier.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Target/TargetOptions.h"

#include <mutex>
#include <set>

namespace effattn {

namespace {

std::unique_ptr<llvm::TargetMachine> makeMachine(std::string &error) {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
  });
  llvm::Triple triple("x86_64-unknown-linux-gnu");
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return nullptr;
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
      triple, "x86-64-v2", "", llvm::TargetOptions(), llvm::Reloc::PIC_,
      std::nullopt, llvm::CodeGenOptLevel::Default));
}

void optimise(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2)
      .run(module, modules);
}

/// Only descriptors can be seen from outside.
void hideAllBut(llvm::Module &module,
                const std::set<llvm::GlobalValue *> &descriptors) {
  for (llvm::Function &function : module)
    if (!function.isDeclaration()) {
      function.setLinkage(llvm::GlobalValue::InternalLinkage);
      function.addFnAttr(llvm::Attribute::NoUnwind);
    }
  for (llvm::GlobalVariable &global : module.globals())
    if (!global.isDeclaration() && !descriptors.count(&global))
      global.setLinkage(llvm::GlobalValue::PrivateLinkage);
}

} // namespace

bool lowerToLlvmDialect(mlir::ModuleOp module, std::string &error) {
  mlir::PassManager passes(module.getContext());
  passes.addPass(mlir::createCanonicalizerPass());
  passes.addPass(mlir::createCSEPass());
  passes.addPass(mlir::arith::createArithExpandOpsPass());
  passes.addPass(mlir::createSCFToControlFlowPass());
  passes.addPass(mlir::createArithToLLVMConversionPass());
  passes.addPass(mlir::createConvertControlFlowToLLVMPass());
  passes.addPass(mlir::createConvertFuncToLLVMPass());
  passes.addPass(mlir::createReconcileUnrealizedCastsPass());
  if (mlir::succeeded(passes.run(module)))
    return true;
  error = "the host program could not be lowered to LLVM";
  return false;
}

std::unique_ptr<llvm::Module> makeLlvmModule(LoweredProgram &program,
                                             const ObjectOptions &options,
                                             llvm::LLVMContext &context,
                                             std::string &error) {
  std::unique_ptr<llvm::TargetMachine> machine = makeMachine(error);
  if (!machine || !lowerToLlvmDialect(*program.module, error))
    return nullptr;
  mlir::MLIRContext &mlirContext = *program.module->getContext();
  mlir::registerBuiltinDialectTranslation(mlirContext);
  mlir::registerLLVMDialectTranslation(mlirContext);
  std::unique_ptr<llvm::Module> module =
      mlir::translateModuleToLLVMIR(*program.module, context, "effattn");
  if (!module) {
    error = "the host program could not be translated to LLVM IR";
    return nullptr;
  }
  module->setTargetTriple(machine->getTargetTriple());
  module->setDataLayout(machine->createDataLayout());
  std::set<llvm::GlobalValue *> descriptors;
  for (const LoweredKernel &kernel : program.kernels) {
    llvm::GlobalVariable *descriptor =
        addDescriptor(*module, kernel, options, error);
    if (!descriptor)
      return nullptr;
    descriptors.insert(descriptor);
  }
  hideAllBut(*module, descriptors);
  return module;
}

bool emitElf(llvm::Module &module, std::vector<char> &bytes,
             std::string &error) {
  std::unique_ptr<llvm::TargetMachine> machine = makeMachine(error);
  if (!machine)
    return false;
  module.setTargetTriple(machine->getTargetTriple());
  module.setDataLayout(machine->createDataLayout());
  llvm::raw_string_ostream faults(error);
  if (llvm::verifyModule(module, &faults))
    return false;
  optimise(module, *machine);
  llvm::SmallVector<char, 0> buffer;
  llvm::raw_svector_ostream stream(buffer);
  llvm::legacy::PassManager passes;
  if (machine->addPassesToEmitFile(passes, stream, nullptr,
                                   llvm::CodeGenFileType::ObjectFile)) {
    error = "this LLVM cannot emit objects for x86-64";
    return false;
  }
  passes.run(module);
  bytes.assign(buffer.begin(), buffer.end());
  return true;
}

bool emitObject(LoweredProgram &program, const ObjectOptions &options,
                std::vector<char> &bytes, std::string &error) {
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module =
      makeLlvmModule(program, options, context, error);
  return module && emitElf(*module, bytes, error);
}

} // namespace effattn
