//===- Program.h - the checked program --------------------------*- C++ -*-===//
//
// What the checker hands over: names resolved, `param`s folded to constants,
// `def`s and named patterns inlined, every tensor with a type. Importer and
// reference interpreter read it; neither looks at the syntax tree again.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_FRONTEND_PROGRAM_H
#define EFFATTN_LIB_FRONTEND_PROGRAM_H

#include "lib/Pattern/Pattern.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace effattn {

enum class ElementType { F32, F16, BF16, I8, I32, I64, Bool };

/// Bytes of one element; spelling as in the language (`f32`).
int64_t sizeOf(ElementType type);
const char *spelling(ElementType type);

/// Shape: one Int expression an axis over constants and Dimension nodes.
struct TensorType {
  ElementType element = ElementType::F32;
  std::vector<ScalarRef> shape;
  /// Ragged tokens (docs/language.md, S6): the argument whose entries cut axis
  /// `tokenAxis` into sequences; empty: one sequence. Results are declared
  /// without.
  std::string offsets = {};
  int tokenAxis = -1;
  int rank() const { return static_cast<int>(shape.size()); }
  bool isRagged() const { return !offsets.empty(); }
};

enum class ArgumentKind {
  Tensor,   ///< `f32[B, H, N, D]`
  Scalar,   ///< `i64`, `f32`: type.shape is empty
  IndexSet, ///< `index[G] in N`: an i32 tensor; strictly increasing along the
            ///< last axis, values in [0, bound)
};

struct ProgramArgument {
  std::string name;
  ArgumentKind kind = ArgumentKind::Tensor;
  TensorType type;
  ScalarRef bound; ///< IndexSet only
  int64_t offset = -1;
};

enum class TensorOp {
  Argument,   ///< `argument`
  Attend,     ///< operands: q, k, v (or v alone where `logits` is given);
              ///< gives O, and LSE as result 1
  ColumnSums, ///< operands: q, k
  Merge,   ///< operands: results 0 of attends, rows or merges; gives O and LSE
  Rows,    ///< operands: then, and else where there is one; `set`
  Average, ///< operands: one `Rows` a part
  LinearAttend, ///< operands: fq, fk, v
  Step,         ///< `step`: a row of the table of steps; operands: tensors
  Constant,     ///< `real`: a scalar, broadcast
  Scalar,       ///< `scalar`: a scalar expression (an i64 or f32 argument, a
                ///< dimension), broadcast
};

/// One value of a kernel body, numbered in program order: operands come before
/// users. A look-up in a pattern or score names its table by this number.
struct ProgramValue {
  TensorOp op;
  /// Types of the results: O, and LSE (f32[B, H, N]) where `op` has one.
  std::vector<TensorType> types;
  std::vector<int> operands;
  /// Which result of operand k is used (0, or 1 for LSE).
  std::vector<int> operandResults;
  int64_t offset = -1; ///< where it was written
  std::string name;    ///< the `let` name, where it has one

  int argument = -1;
  /// An index set of rank 2: its leading axis is the batch, not the heads.
  bool byBatch = false;

  // Attend, ColumnSums, LinearAttend
  PatternRef pattern;
  ScalarRef scale;       ///< Float; constants, dimensions and f32 arguments
  ScalarRef q0;          ///< Int; null: M - N
  ScalarRef score;       ///< Float over s, b, h, i, j, ...; null: none
  ScalarRef logits;      ///< Float over b, h, i, j; null: q and k are given
  int64_t selectTop = 0; ///< select = top(n); 0: none
  bool wantsLse = false; ///< lse = true was written

  // Rows
  int set = -1; ///< value number of the index set
  bool hasElse = false;

  // Merge
  bool duplicatesOnce = false;

  // Step
  std::string step; ///< `matmul`, `transpose`, `softmax`, `add`, `sub`, `mul`,
                    ///< `div`, `neg`, `exp`, ... as in the table of steps
  std::vector<int64_t> integers; ///< constant integer arguments of the step
  std::vector<double> reals;

  // Constant, Scalar
  double real = 0;
  ScalarRef scalar;
};

struct ProgramRequire {
  ScalarRef condition;
  std::string message;
  int64_t offset = -1;
};

struct ProgramResult {
  int value = -1;
  int result = 0;
  TensorType type; ///< as declared
};

struct ProgramKernel {
  std::string name;
  std::vector<std::string>
      dimensions; ///< bound at launch, in order of first use
  std::vector<ProgramArgument> arguments;
  std::vector<ProgramValue> values; ///< the first ones are the arguments
  std::vector<ProgramRequire> requires_;
  std::vector<ProgramResult> results;
  std::map<std::string, int64_t> example;
  int64_t offset = -1;
};

/// A `param` with the value it has in this compilation.
struct ProgramParam {
  std::string name, type;
  double value = 0;
};

struct Program {
  std::string file;
  std::vector<ProgramParam> params;
  std::vector<ProgramKernel> kernels;
};

/// A readable listing of the program, one value a line (`--emit=check`).
std::string toString(const Program &program);

} // namespace effattn

#endif // EFFATTN_LIB_FRONTEND_PROGRAM_H
