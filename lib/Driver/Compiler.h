//===- Compiler.h - one compilation -----------------------------*- C++ -*-===//
#ifndef EFFATTN_LIB_DRIVER_COMPILER_H
#define EFFATTN_LIB_DRIVER_COMPILER_H

#include "lib/Driver/Driver.h"
#include "lib/Lowering/Lowered.h"

#include "mlir/IR/MLIRContext.h"

#include <chrono>

namespace effattn {

struct TargetPlan;

class Compiler {
public:
  Compiler(llvm::SourceMgr &sources, const CompileOptions &options,
           llvm::raw_ostream &errors)
      : sources(sources), options(options), errors(errors) {}
  Compilation run();

private:
  void begin(Stage next);
  bool runFrontEnd();
  bool chooseKernel();

  // Passes.cpp: the stages from import to lower, once a target.
  bool runTarget(const TargetPlan &plan);
  bool runPasses(const TargetPlan &plan, mlir::ModuleOp module);
  // Codegen.cpp
  bool generate(const TargetPlan &plan, LoweredProgram &program);

  /// Prints an error that has no place in the file; false.
  bool complain(const std::string &message);

  llvm::SourceMgr &sources;
  const CompileOptions &options;
  llvm::raw_ostream &errors;
  Compilation result;
  Stage stage = Stage::Parse;
  bool started = false;
  std::chrono::steady_clock::time_point start;
};

} // namespace effattn

#endif // EFFATTN_LIB_DRIVER_COMPILER_H
