//===- Attend.h - one attend as a kernel specification ----------*- C++ -*-===//
#ifndef EFFATTN_LIB_LOWERING_ATTEND_H
#define EFFATTN_LIB_LOWERING_ATTEND_H

#include "lib/Lowering/Lowered.h"

#include "dialect/Convert.h"
#include "lib/Analysis/Analysis.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace effattn {

/// What a host program passes to an attend. The specification knows these by
/// number only.
struct AttendInputs {
  llvm::SmallVector<mlir::Value> tables, keySets, querySets;
  /// N, M, q0, others; a Float stands there twice, for the upper and the lower
  /// half of the bits of its f32.
  std::vector<ScalarRef> integers;
  std::vector<ScalarRef> floats; ///< scale, others
  /// Tables rank -> token where the attend is permuted; else null.
  mlir::Value queryOrder, keyOrder;
  /// Ragged tokens: the arguments with the offsets; null: none. For each table
  /// its own, null where it is not cut, and the axis that is cut.
  mlir::Value queryOffsets, keyOffsets;
  llvm::SmallVector<mlir::Value> tableOffsets;
  llvm::SmallVector<int> tableAxes;
};

class AttendNames;

/// Planner functions from sets as text: equal ones are made once.
class SetFunctions {
public:
  explicit SetFunctions(mlir::ModuleOp module) : module(module) {}

  /// Symbol of a function that lists the runs of `set`; empty for no runs.
  /// Nothing after a located error. `symbol` is the name of a new one.
  std::optional<std::string> runs(mlir::Location location,
                                  const std::string &symbol,
                                  llvm::StringRef set, const SetFrame &frame,
                                  const std::vector<std::string> &parameters);

  mlir::ModuleOp getModule() const { return module; }

private:
  mlir::ModuleOp module;
  std::map<std::string, std::string> known;
};

/// True of an order or an index set of rank 2 whose leading axis is the batch,
/// or the sequences, of a tensor [.., heads, _, _]: it is the heads wherever it
/// can be.
bool leadsByBatch(mlir::Value table, ir::TensorType tensor);

/// Lowers attends of one module; planner functions go to its end.
class AttendLowering {
public:
  explicit AttendLowering(mlir::ModuleOp module) : functions(module) {}

  /// `name` starts the symbols of planner functions; spec.name is `name`, or
  /// that of an earlier attend that needs the same kernel. Nothing after a
  /// located error.
  std::optional<LoweredAttend> lower(ir::AttendOp op, const std::string &name,
                                     AttendInputs &inputs);
  /// The blocks that the pattern outside of a draw touches: its planner
  /// functions where it has facts.
  std::optional<LoweredDraw> lower(ir::DrawBlocksOp op, const std::string &name,
                                   AttendInputs &inputs);

  SetFunctions functions;

private:
  bool lowerTouched(ir::DrawBlocksOp op, const std::string &name,
                    AttendInputs &inputs, LoweredDraw &draw);
  bool lowerOutside(ir::DrawBlocksOp op, const std::string &name,
                    AttendInputs &inputs, LoweredDraw &draw);

  /// Takes the name of an equal specification, or keeps this one.
  void share(AttendSpec &spec);

  std::vector<AttendSpec> specs;
};

/// The names of the parameters of sets, which stand for `values`, in the order
/// of the planner: the integers of the attend, b, h, extras.
std::vector<std::string>
plannedNames(const std::vector<std::string> &parameters,
             const std::vector<ScalarRef> &values,
             const std::vector<ScalarRef> &extras, AttendNames &names);

/// "file:line" of a location.
std::string sourceOf(mlir::Location location);

/// N and M in q0 and scale are the sizes of the attend.
ScalarRef withSizes(ScalarRef scalar, const ScalarRef &n, const ScalarRef &m);

} // namespace effattn

#endif // EFFATTN_LIB_LOWERING_ATTEND_H
