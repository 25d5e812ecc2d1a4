//===- Causality.h - which tokens a value reads -----------------*- C++ -*-===//
//
// S9. A *stream* is a sequence of tokens that enters by arguments; streams are
// told apart by their number of tokens. A value of a kernel has slots along its
// token axis (the last but one; the last of an LSE), and for each stream its
// reach: the greatest token that slot t reads. Through an attend with pattern P
//
//   reach(i) = max over (i, j) in P of keyReach(j), and queryReach(i)
//
// which is never looked for: what is proven is that it is at most the token of
// query i. Where it is not, the reach is "all" and carries the reason.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_TRANSFORMS_CAUSALITY_H
#define EFFATTN_LIB_TRANSFORMS_CAUSALITY_H

#include "dialect/Convert.h"
#include "lib/Analysis/Analysis.h"
#include "lib/Transforms/Transforms.h"

#include <map>

namespace effattn {

struct StreamReach {
  ScalarRef tokens; ///< how many tokens the stream has
  ScalarRef last;   ///< greatest token of slot `t`; null: all
  /// The operation that made it what it is, as text ("step 'shift' (line 4)
  /// reads token t + 1"); empty: slot t reads token t.
  std::string why;
  std::optional<mlir::Location> where;
};

struct ValueReach {
  std::vector<StreamReach> streams; ///< none: made of weights and tables alone
  std::string selection; ///< why the choice of pairs reads later tokens, or ""
  std::string rounding;  ///< why later tokens change rounding, or ""

  bool readsTokens() const { return !streams.empty(); }
};

/// The reach of slot `slot` in place of `t`.
StreamReach atSlot(const StreamReach &reach, const ScalarRef &slot);

/// Both together; the greater reach of each stream.
void add(ValueReach &all, const ValueReach &more);
void add(ValueReach &all, const StreamReach &stream);

/// "line 12", or "the kernel" where there is no line.
std::string placeOf(mlir::Location location);

/// Reaches of the values of one kernel.
class Reaches {
public:
  Reaches(ir::KernelOp kernel, uint64_t maxOperations);
  const ValueReach &of(mlir::Value value);
  /// False after an error: a `causal` pattern that cannot hold.
  bool ok() const { return !failed; }

  /// Does last(slot t) <= t + (tokens - length) hold for all t in [0, length)?
  bool isCausal(const StreamReach &reach, const ScalarRef &length);

private:
  ValueReach find(mlir::Value value);
  ValueReach ofArgument(mlir::BlockArgument argument);
  ValueReach ofStep(ir::StepOp step);
  ValueReach ofConcat(ir::StepOp step);
  ValueReach ofOthers(mlir::Operation *op);
  ValueReach ofAttend(mlir::Operation *op, const ir::AttendParts &parts,
                      mlir::Value q, mlir::Value k, mlir::Value v);
  friend class AttendReach;

  ir::KernelOp kernel;
  uint64_t maxOperations;
  /// Names of the sizes that count tokens.
  std::vector<std::string> tokenSizes;
  /// The kernel has a `shift`, which can make up for a pattern that looks a
  /// little ahead: then finer reaches than "all" are worth their search.
  bool hasShift = false;
  bool failed = false;
  llvm::DenseMap<mlir::Value, ValueReach> known;
};

/// Length of the token axis of a value; null: it has none.
ScalarRef tokensOf(mlir::Value value);

} // namespace effattn

#endif // EFFATTN_LIB_TRANSFORMS_CAUSALITY_H
