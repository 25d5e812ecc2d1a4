//===- AST.h - the syntax tree of a pattern file ----------------*- C++ -*-===//
//
// What the parser makes of the text: nothing resolved, nothing folded, no
// types. One node type serves every expression, because patterns, predicates,
// scores, dimensions and tensors share one grammar; what an operator means
// follows from the types of its operands and is the checker's business.
//
// Children are in `operands`, in the order of the text, so that a visitor which
// does not care about a kind can walk every node. The table at `ExprKind` says
// what each kind keeps where. Parentheses leave no node; `range` of the inner
// expression does not include them.
//
// Height: no tree that the parser returns is higher than `kMaxHeight`, so plain
// recursion over it is safe.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_FRONTEND_AST_H
#define EFFATTN_LIB_FRONTEND_AST_H

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace effattn::ast {

/// Bound on nested brackets and prefix forms while parsing.
inline constexpr int kMaxNesting = 200;
/// Bound on the height of an expression (a chain `a + b + ...` counts each
/// operator).
inline constexpr int kMaxHeight = 1000;

/// Bytes [begin, end) of the buffer. Never empty for what was written.
struct SourceRange {
  int64_t begin = 0, end = 0;
};

/// A name where it was written; `text` is empty where there is none.
struct Identifier {
  std::string text;
  SourceRange range;
  bool empty() const { return text.empty(); }
};

// clang-format off
enum class ExprKind {
  // kind          spelling                 contents
  Integer,       // 42                      integer
  Float,         // 1e-6                    real
  Bool,          // true                    integer: 0 or 1
  Name,          // q, N, causal            name
  Unary,         // -a, !a, not a           op; operands: a
  Binary,        // a + b, a in b           op; operands: a, b
  Compare,       // 0 <= a < b              ops; operands: one more than ops
  If,            // if c then a else b      operands: c, a, b
  Let,           // let x = e ; let y = f ; body
                 //                         names: x, y; operands: e, f, body
  Exists,        // exists s in lo..hi : p  name: s; operands: lo, hi, p
  Index,         // t[i, j]                 operands: t, i, j
  Member,        // i.y                     name: y; operands: i
  Call,          // f(a, k = b)             name: f; operands: a, b; names: one
                 //                         an operand, empty where positional
  Lambda,        // (s, i, j) => e          names: s, i, j; operands: e
  Comprehension, // { (i, j) : p }, { j : p }
                 //                         names: i, j; operands: p
  OnGrid,        // on grid(Y, X) { ... }   operands: Y, X, the Comprehension
  Heads,         // heads(0..4: p, 4..8: r) operands: 0, 4, p, 4, 8, r
  Rows,          // rows(s): a else: b      operands: s, a, b or s, a
  Merge,         // merge r in lo..hi, duplicates = once { e }
                 //                         name: r; operands: lo, hi, e, once;
                 //                         names: one an option (`duplicates`)
  Average,       // average c in lo..hi { e }
                 //                         as Merge, without options
};
// clang-format on

enum class Op {
  None,
  Neg,        ///< -a: arithmetic
  Complement, ///< !a: pattern
  Not,        ///< not a: condition
  Add,
  Sub, ///< arithmetic, or pattern difference
  Mul,
  Slash, ///< a / b
  Div,   ///< a div b: floor
  Mod,
  Union,        ///< a | b
  Intersection, ///< a & b
  And,
  Or,
  In, ///< a in b: membership in an index set
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  Equal,
  NotEqual,
};

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

struct Expr {
  ExprKind kind;
  SourceRange range;
  Op op = Op::None;
  /// Where the operator of Unary and Binary was written.
  SourceRange opRange;
  int64_t integer = 0;
  double real = 0;
  Identifier name;
  std::vector<Op> ops;
  std::vector<SourceRange> opRanges; ///< one an op of Compare
  std::vector<Identifier> names;
  std::vector<ExprPtr> operands;
  int height = 1;

  Expr(ExprKind kind, SourceRange range) : kind(kind), range(range) {}
  const Expr &operand(size_t k) const { return *operands[k]; }
};

/// `f32[B, H, N, D]`, `f32[H, T, D] ragged(cu)`, `index[G] in N`, `i64`.
struct Type {
  SourceRange range;
  /// The element's spelling, unchecked; `index` for an index set.
  Identifier element;
  bool isIndexSet = false;
  bool hasDims = false; ///< false: a scalar
  std::vector<ExprPtr> dims;
  ExprPtr bound;     ///< index sets only
  Identifier ragged; ///< name of the offsets, or empty
};

/// `param w: int = 256`, in a file or in a kernel.
struct Param {
  SourceRange range;
  Identifier name;
  Identifier type; ///< `int`, `float` or `bool`, unchecked
  ExprPtr value;
};

/// `pattern near(w) = ...` or `def f(x) = ...`.
struct Definition {
  SourceRange range;
  bool isPattern = false;
  Identifier name;
  bool hasParameters = false; ///< written with parentheses
  std::vector<Identifier> parameters;
  ExprPtr body;
};

/// `let o, l = e`
struct Let {
  SourceRange range;
  std::vector<Identifier> names;
  ExprPtr value;
};

/// `require N > 0, "text"`
struct Require {
  SourceRange range;
  ExprPtr condition;
  std::string message; ///< escapes decoded; valid UTF-8, no NUL
  SourceRange messageRange;
};

/// `example B=1, N=4096`
struct Example {
  struct Size {
    Identifier name;
    int64_t value = 0;
    SourceRange range; ///< of the value
  };
  SourceRange range;
  std::vector<Size> sizes;
};

using Statement = std::variant<Param, Let, Require, Example>;

struct Argument {
  SourceRange range;
  Identifier name;
  Type type;
};

struct Kernel {
  SourceRange range; ///< whole declaration
  Identifier name;
  std::vector<Argument> arguments;
  std::vector<Type> results;
  std::vector<Statement> body;
  SourceRange returnRange; ///< of the word `return`
  std::vector<ExprPtr> returns;
};

using Declaration = std::variant<Param, Definition, Kernel>;

struct File {
  std::vector<Declaration> declarations; ///< in the order of the text
};

/// The language's spelling with the parentheses it needs, one line a
/// statement. Parsing it again gives the same tree, ranges apart.
std::string toString(const File &file);
std::string toString(const Expr &expr);
std::string toString(const Type &type);

/// `+`, `div`, `<=`, ...
const char *spelling(Op op);

} // namespace effattn::ast

#endif // EFFATTN_LIB_FRONTEND_AST_H
