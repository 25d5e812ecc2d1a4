//===- Lowered.h - kernels as the code generator gets them ------*- C++ -*-===//
//
// Out of the `lower` stage: one MLIR module (func, scf, arith, llvm) with a
// host function for each kernel and the planner functions of each attend, and
// beside it plain lists of what lib/Schedule has to make and what the
// descriptor (runtime/include/effattn/kernel.h) says. Nothing in it depends on
// a target but the strategy numbers that tiling left.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_LOWERING_LOWERED_H
#define EFFATTN_LIB_LOWERING_LOWERED_H

#include "lib/Schedule/Kernels.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <string>
#include <vector>

namespace effattn {

/// Symbols of the planner functions of one case; empty where it has no runs.
struct LoweredCase {
  std::string tileFull, tilePartial, row;
};

struct LoweredAttend {
  AttendSpec spec;
  std::string source; ///< "file:line" of the attend, for messages
  int64_t tileRows = 0;
  std::vector<LoweredCase> cases; ///< [queries * 2^keySets + keys]
  /// The score can be -inf inside the pattern.
  bool scoresCanVanish = false;
};

struct LoweredStep {
  StepSpec spec;
  /// First result axis along which the result may be cut into parts that are
  /// computed independently; the rank where there is none. Later axes may be
  /// cut too, save the last.
  int parallelAxis = 0;
};

/// An argument or a result.
struct LoweredArgument {
  std::string name;
  ArgumentKind kind = ArgumentKind::Tensor;
  TensorType type;
  ScalarRef bound; ///< index sets: values lie in [0, bound)
};

struct LoweredRequire {
  ScalarRef condition; ///< Bool over dimensions and i64 arguments
  std::string message;
};

struct LoweredKernel {
  std::string name;
  std::string host; ///< symbol of the host function
  std::vector<std::string> dimensions;
  std::vector<LoweredArgument> arguments, results;
  std::vector<LoweredRequire> requires_;
  std::vector<LoweredAttend> attends;
  std::vector<LoweredStep> steps;
  int slots = 0; ///< arguments, results and temporaries
};

struct LoweredProgram {
  std::vector<LoweredKernel> kernels;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

} // namespace effattn

#endif // EFFATTN_LIB_LOWERING_LOWERED_H
