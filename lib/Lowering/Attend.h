//===- Attend.h - one attend as a kernel specification ----------*- C++ -*-===//
#ifndef EFFATTN_LIB_LOWERING_ATTEND_H
#define EFFATTN_LIB_LOWERING_ATTEND_H

#include "lib/Lowering/Lowered.h"

#include "dialect/Convert.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace effattn {

/// What a host program passes to an attend. The specification knows these by
/// number only.
struct AttendInputs {
  llvm::SmallVector<mlir::Value> tables, keySets, querySets;
  std::vector<ScalarRef> integers; ///< N, M, q0, others
  std::vector<ScalarRef> floats;   ///< scale, others
};

/// Lowers attends of one module; planner functions go to its end.
class AttendLowering {
public:
  explicit AttendLowering(mlir::ModuleOp module) : module(module) {}

  /// `name` becomes spec.name and starts the symbols of planner functions.
  /// Nothing after a located error.
  std::optional<LoweredAttend> lower(ir::AttendOp op, const std::string &name,
                                     AttendInputs &inputs);

private:
  std::optional<std::vector<LoweredCase>>
  planner(ir::AttendOp op, const std::string &name,
          const std::vector<std::string> &parameters);
  /// Symbol of the function; empty for no runs. Nothing after an error.
  std::optional<std::string> emit(ir::AttendOp op, const std::string &symbol,
                                  llvm::StringRef set, const char *index,
                                  int64_t tileRows,
                                  const std::vector<std::string> &parameters);

  mlir::ModuleOp module;
  /// Planners of attends that have the same facts and parameters.
  std::map<std::pair<const void *, std::vector<std::string>>,
           std::vector<LoweredCase>>
      known;
};

/// "file:line" of a location.
std::string sourceOf(mlir::Location location);

} // namespace effattn

#endif // EFFATTN_LIB_LOWERING_ATTEND_H
