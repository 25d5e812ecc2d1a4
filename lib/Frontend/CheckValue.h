//===- CheckValue.h - what the checker knows of an expression --*- C++ -*-===//
//
// Values, scopes and the surroundings of an expression, and the bounds that
// keep inlined text from growing without end.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_FRONTEND_CHECKVALUE_H
#define EFFATTN_LIB_FRONTEND_CHECKVALUE_H

#include "lib/Frontend/AST.h"
#include "lib/Frontend/Program.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace effattn::checking {

/// Largest tree of a scalar or a pattern, and its greatest height.
inline constexpr int64_t kMaxTreeSize = 20000;
inline constexpr int64_t kMaxTreeHeight = 1000;
/// Depth of evaluation, inlined definitions included: more than the height of
/// any one expression, and within a stack of 8 MiB where frames are widened by
/// a sanitizer.
inline constexpr int kMaxDepth = 1050;
/// Definitions that use each other in a chain.
inline constexpr size_t kMaxFrames = 100;
/// Expressions evaluated inside definitions and rounds, over the whole file.
inline constexpr int64_t kMaxInlined = 1000000;
/// Parts of one merge or average.
inline constexpr int64_t kMaxRounds = 1024;

/// What an expression stands for.
struct Value {
  enum Kind { Poison, Scalar, Tensor, Set, Pattern, Order };

  Kind kind = Poison;
  ScalarRef scalar;
  PatternRef pattern;
  effattn::Order order{};
  int number = -1;              ///< Tensor and Set: value of the kernel
  int result = 0;               ///< which of its results
  bool isPair = false;          ///< O and LSE: `lse = true` was written
  int64_t size = 1, height = 1; ///< of the scalar's or the pattern's tree

  bool isPoison() const { return kind == Poison; }
  bool isScalar() const { return kind == Scalar; }
  bool isTensor() const { return kind == Tensor; }
  bool isPattern() const { return kind == Pattern; }
};

/// What scalars may do here.
enum class Where {
  Constant,  ///< the value of a param
  Dimension, ///< an axis of a type
  Body,      ///< a statement of a kernel; arguments of attend
  Pattern,   ///< inside a pattern: integers, affine operations
  Score,     ///< inside score or logits
};

struct Binding {
  Value value;
  ast::SourceRange range; ///< where it was declared
};

/// Names of one block; looked up outwards.
struct Scope {
  std::map<std::string, Binding, std::less<>> names;
  const Scope *parent = nullptr;
};

/// The surroundings of an expression.
struct Context {
  const Scope *scope = nullptr;
  Where where = Where::Constant;
  /// N and M are those of the attend.
  bool hasSizes = false;
  /// Number of axes of the grid, 0: none.
  int gridAxes = 0;
  bool insideExists = false;
  /// An index of a tensor outside of patterns leaves this many last axes; 0:
  /// indices count from the first axis.
  int keptAxes = 0;
};

/// A use of a definition that is being evaluated.
struct Frame {
  const ast::Definition *definition;
  ast::SourceRange use;
};

/// Sizes of one attend.
struct AttendSizes {
  ScalarRef batch, heads; ///< null where the tensors have no such axis
  ScalarRef queries, keys;
  /// Ragged queries and keys: the number of sequences, in the place of batch
  /// entries, and the arguments that cut the tokens. Null and empty: none.
  ScalarRef sequences = nullptr;
  std::string queryOffsets = {}, keyOffsets = {};
};

/// A value of that kind and nothing else yet.
inline ProgramValue newValue(TensorOp op) {
  ProgramValue value;
  value.op = op;
  return value;
}

/// The argument `name = ...` of a call; null where it is not given.
const ast::Expr *findOption(const ast::Expr &call, std::string_view name);

/// Reserved words and names that the language gives a meaning:
/// CheckWords.cpp.
bool isBuiltinPattern(std::string_view name);
bool isBuiltinFunction(std::string_view name);
bool isBuiltinName(std::string_view name);
const std::vector<std::string> &builtinNames();
/// Words of C and C++, and functions of their library.
bool isKeyword(std::string_view name);
bool isLibraryName(std::string_view name);

/// Keeps `place` as it is at the end of a block.
template <typename T> class Restore {
public:
  explicit Restore(T &place) : place(place), old(place) {}
  ~Restore() { place = std::move(old); }
  Restore(const Restore &) = delete;
  Restore &operator=(const Restore &) = delete;

private:
  T &place;
  T old;
};

} // namespace effattn::checking

#endif // EFFATTN_LIB_FRONTEND_CHECKVALUE_H
