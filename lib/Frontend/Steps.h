//===- Steps.h - the table of steps -----------------------------*- C++ -*-===//
//
// A step is a dense operation on whole tensors: a projection, a feature map, a
// normalisation. Everything that the compiler knows of a step is one row of
// one table: what it is, how many tensors it takes, the type of its result,
// and which tokens a slot of the result reads. A row without a shape rule is a
// step of the language that has no signature yet.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_FRONTEND_STEPS_H
#define EFFATTN_LIB_FRONTEND_STEPS_H

#include "lib/Frontend/Program.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace effattn {

/// The causality map: which tokens slot t of the result's token axis (the last
/// but one) reads.
enum class StepReads {
  Nothing,     ///< no token: drawn from a seed
  Slot,        ///< token t of each operand
  SlotOfFirst, ///< token t of the first operand, all tokens of the others
  Moved,       ///< one token whose place follows from constants
  Neighbours,  ///< tokens at constant distances from t
  Block,       ///< the tokens of block t
  All,         ///< every token
};

/// Why a shape rule refuses its operands: a message and, where one operand is
/// at fault, its number.
struct StepProblem {
  std::string message;
  int operand = -1;
};

/// The type of the result, or `problem` filled in. `integers` are the constant
/// arguments of the step.
using StepShape = std::optional<TensorType> (*)(
    std::span<const TensorType> operands, std::span<const int64_t> integers,
    StepProblem &problem);

struct Step {
  const char *name;     ///< as in a checked program
  const char *spelling; ///< as in the language: `matmul`, `+`, `unary -`
  int operands;         ///< number of tensors
  StepShape shape;      ///< null: no signature yet
  StepReads reads;
  const char *what;     ///< one line for people
  int integers = 0;     ///< number of constants behind the tensors
  int moreIntegers = 0; ///< constants behind these that may be left out
};

/// The whole table, in the order of the language's description.
std::span<const Step> steps();

/// The row whose `name` is that; null where there is none.
const Step *findStep(std::string_view name);

/// The greatest token of operand `operand` that slot `slot` of the result's
/// tokens reads; below 0 where it reads none. Null: all of them.
ScalarRef greatestToken(const Step &step, int operand,
                        std::span<const TensorType> operands,
                        std::span<const int64_t> integers,
                        const ScalarRef &slot);

/// Names of all steps that are written as calls and have a signature,
/// `matmul, transpose, ...`, for messages.
std::string supportedSteps();

/// `f32[B, H, N, D]`
std::string toString(const TensorType &type);

/// The type of an elementwise operation: axes are matched from the right and
/// an axis of 1, or a missing one, stretches.
std::optional<TensorType> broadcast(std::span<const TensorType> operands,
                                    std::span<const int64_t> integers,
                                    StepProblem &problem);

} // namespace effattn

#endif // EFFATTN_LIB_FRONTEND_STEPS_H
