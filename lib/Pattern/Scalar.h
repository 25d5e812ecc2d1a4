//===- Scalar.h - scalar expressions of patterns and scores ----*- C++ -*-===//
//
// One immutable expression DAG for everything scalar in a program: dimensions,
// pattern predicates, score functions, loop bounds of a planner. A visitor a
// purpose: print (here), evaluate (lib/Reference), to isl (lib/Analysis), to
// Halide (lib/Schedule), to arith operations (lib/Frontend, lib/Lowering).
//
// Integers are mathematical integers (64 bits in generated code); `FloorDiv`
// and `Mod` round towards minus infinity, so `Mod` by a positive divisor is in
// [0, divisor). A node is shared, never changed.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_PATTERN_SCALAR_H
#define EFFATTN_LIB_PATTERN_SCALAR_H

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace effattn {

enum class ScalarType { Bool, Int, Float };

enum class ScalarKind {
  Constant,   ///< `integer` (Int, Bool: 0 or 1) or `real` (Float)
  Variable,   ///< `name`: see the list below
  Dimension,  ///< `name`: a dimension of the kernel, bound at launch
  Argument,   ///< `name`: a scalar argument of the kernel (i64 or f32)
  Lookup,     ///< `table`[operands...]; Int, Bool or Float
  KeyInSet,   ///< Bool: j is in the index set number `table`
  QueryInSet, ///< Bool: i is in the index set number `table`
  Add,
  Sub,
  Mul,
  Neg, ///< Int or Float
  FloorDiv,
  Mod,     ///< Int; the divisor is positive
  CeilDiv, ///< Int; dimensions only
  Div,     ///< Float
  Min,
  Max,
  Abs, ///< Int or Float
  Exp,
  Log,
  Tanh,
  Sqrt,    ///< Float
  ToFloat, ///< Int or Bool to Float
  Less,
  LessEqual,
  Equal,
  NotEqual, ///< Int or Float operands; gives Bool
  And,
  Or,
  Not,    ///< Bool
  Select, ///< operands: condition, then, else
  Exists, ///< Bool: some `name` in [operands[0], operands[1]) holds operands[2]
};

class Scalar;
using ScalarRef = std::shared_ptr<const Scalar>;

/// Names of the variables that exist inside a pattern or a score:
///   i, j   query and key index        b, h   batch and query head
///   N, M   number of queries, of keys of the attend (not kernel dimensions)
///   q0     position of query 0 on the key axis: p = i + q0
///   i.x i.y i.z j.x j.y j.z   grid coordinates (in a pattern on a grid)
///   s      the scaled logit, `scale` the attend's scale (scores only; Float)
/// Bound variables of Exists have a unique name that holds a '$'.
class Scalar {
public:
  ScalarKind kind;
  ScalarType type;
  int64_t integer = 0;
  double real = 0;
  std::string name;
  /// Number of the table or set; the owner of the expression gives its
  /// meaning: a value number in a checked Program, an operand number in an
  /// attend's specification.
  int table = -1;
  std::vector<ScalarRef> operands;

  Scalar(ScalarKind kind, ScalarType type) : kind(kind), type(type) {}

  bool isConstant() const { return kind == ScalarKind::Constant; }
  bool isConstant(int64_t value) const {
    return isConstant() && type != ScalarType::Float && integer == value;
  }
};

/// Builders. They fold constants and apply the identities that hold for every
/// operand (x + 0, true and x, select of a constant, ...), nothing more.
ScalarRef constantInt(int64_t value);
ScalarRef constantFloat(double value);
ScalarRef constantBool(bool value);
ScalarRef variable(std::string name, ScalarType type = ScalarType::Int);
ScalarRef dimension(std::string name);
ScalarRef argument(std::string name, ScalarType type);
ScalarRef lookup(int table, ScalarType type, std::vector<ScalarRef> indices);
ScalarRef keyInSet(int set);
ScalarRef queryInSet(int set);
ScalarRef unary(ScalarKind kind, ScalarRef operand);
ScalarRef binary(ScalarKind kind, ScalarRef left, ScalarRef right);
ScalarRef select(ScalarRef condition, ScalarRef then, ScalarRef otherwise);
ScalarRef exists(std::string name, ScalarRef lower, ScalarRef upper,
                 ScalarRef body);

inline ScalarRef operator+(ScalarRef a, ScalarRef b) {
  return binary(ScalarKind::Add, a, b);
}
inline ScalarRef operator-(ScalarRef a, ScalarRef b) {
  return binary(ScalarKind::Sub, a, b);
}
inline ScalarRef operator*(ScalarRef a, ScalarRef b) {
  return binary(ScalarKind::Mul, a, b);
}
// Named, not && || !: a ScalarRef is also a pointer that people test for null.
inline ScalarRef logicalAnd(ScalarRef a, ScalarRef b) {
  return binary(ScalarKind::And, a, b);
}
inline ScalarRef logicalOr(ScalarRef a, ScalarRef b) {
  return binary(ScalarKind::Or, a, b);
}
inline ScalarRef logicalNot(ScalarRef a) { return unary(ScalarKind::Not, a); }
inline ScalarRef operator<(ScalarRef a, ScalarRef b) {
  return binary(ScalarKind::Less, a, b);
}
inline ScalarRef operator<=(ScalarRef a, ScalarRef b) {
  return binary(ScalarKind::LessEqual, a, b);
}
inline ScalarRef equal(ScalarRef a, ScalarRef b) {
  return binary(ScalarKind::Equal, a, b);
}
inline ScalarRef floorDiv(ScalarRef a, ScalarRef b) {
  return binary(ScalarKind::FloorDiv, a, b);
}
inline ScalarRef mod(ScalarRef a, ScalarRef b) {
  return binary(ScalarKind::Mod, a, b);
}

/// Structural equality.
bool equivalent(const ScalarRef &a, const ScalarRef &b);

/// Rebuilds `root` bottom up; `replace` gives a replacement for a node (its
/// operands already rebuilt) or null to keep it. Shared nodes are visited once.
ScalarRef rewrite(const ScalarRef &root,
                  const std::function<ScalarRef(const ScalarRef &)> &replace);

/// Replaces each Variable of that name.
ScalarRef substitute(const ScalarRef &root, const std::string &variableName,
                     const ScalarRef &replacement);

/// Calls `visit` once for each distinct node, operands first.
void walk(const ScalarRef &root,
          const std::function<void(const Scalar &)> &visit);

/// True where some node satisfies `test`.
bool contains(const ScalarRef &root,
              const std::function<bool(const Scalar &)> &test);
bool usesVariable(const ScalarRef &root, const std::string &name);

/// The language's spelling of the expression, with the parentheses it needs.
/// `tableName` names lookups and sets; by default `t0`, `t1`, ...
std::string toString(const ScalarRef &root,
                     const std::function<std::string(int)> &tableName = {});

} // namespace effattn

#endif // EFFATTN_LIB_PATTERN_SCALAR_H
