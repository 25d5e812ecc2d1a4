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

#include "lib/Analysis/Atoms.h"
#include "lib/Analysis/Tiling.h"
#include "lib/Schedule/Kernels.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <optional>
#include <string>
#include <vector>

namespace effattn {

/// Symbols of the planner functions of one case; empty where it has no runs.
struct LoweredCase {
  std::string tileFull, tilePartial, row;
};

/// An atom that both a row and a column decide (effattn_relation).
struct LoweredRelation {
  using Kind = RelationAtom::Kind;
  Kind kind = Kind::Unknown;
  int labels = 0;
  std::string row, column, test; ///< symbols; empty: none
  /// Bits: comparisons whose column label is j, or -j, and a constant.
  uint32_t rising = 0, falling = 0;
  std::string rowEnd, columnEnd; ///< symbols; empty: none
};

struct LoweredAttend {
  /// Attends that need the same code have specifications of the same name.
  AttendSpec spec;
  std::string source; ///< "file:line" of the attend, for messages
  int64_t tileRows = 0;
  std::vector<LoweredCase> cases; ///< by the index that kernel.h gives
  /// The score can be -inf inside the pattern.
  bool scoresCanVanish = false;
  RowOrder order = RowOrder::Contiguous;
  int orderRelation = 0;
  std::string tileCount, tileRowList; ///< symbols; residues and grids
  bool permuted = false;              ///< plan indices are ranks
  bool planByBatch = false, planByHead = false;
  int64_t headBegin = 0, headEnd = 0; ///< both 0: all heads
  /// Symbols of functions for effattn_plan_value.
  std::vector<std::string> extras, keyConditions, queryConditions;
  std::vector<LoweredRelation> relations;
  std::string start; ///< ragged tokens: q0 of a sequence; empty: M - N
};

/// A table of drawn blocks (effattn_draw). Without `touched` and `outside`
/// blocks are drawn from all.
struct LoweredDraw {
  std::string source;
  int64_t size = 1, count = 0, seed = 0;
  int integers = 0;    ///< N, M, q0, others
  std::string touched; ///< symbol; empty: none
  /// Planner functions of the pattern outside, where tables decide it, and the
  /// symbol of its test of pairs.
  std::optional<LoweredAttend> outside;
  std::string pair;
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
  /// Ragged tokens: the argument that cuts axis `tokenAxis`; -1: none.
  int offsets = -1, tokenAxis = -1;
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
  std::vector<LoweredDraw> draws;
  int slots = 0; ///< arguments, results and temporaries
};

struct LoweredProgram {
  std::vector<LoweredKernel> kernels;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

} // namespace effattn

#endif // EFFATTN_LIB_LOWERING_LOWERED_H
