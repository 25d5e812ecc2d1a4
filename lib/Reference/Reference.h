//===- Reference.h - the oracle ---------------------------------*- C++ -*-===//
//
// Interprets a checked kernel in double precision with straight loops, without
// any of the compiler's analysis. Also evaluates scalars and patterns pair by
// pair, for tests and small pictures.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_REFERENCE_REFERENCE_H
#define EFFATTN_LIB_REFERENCE_REFERENCE_H

#include "lib/Frontend/Program.h"

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace effattn::reference {

/// A dense row-major tensor of doubles; integers and bools are exact in it.
struct Tensor {
  std::vector<int64_t> shape;
  std::vector<double> data;
  int64_t size() const;
};

/// What a scalar expression may ask for.
struct Environment {
  std::map<std::string, double> variables; ///< i, j, b, h, N, M, q0, s, scale
  std::map<std::string, int64_t> dimensions;
  std::map<std::string, double> arguments; ///< scalar arguments by name
  /// Value of table `number` at full indices (batch and head included where
  /// the table has them). Out of range: sets `outOfRange`, gives a clamped one.
  std::function<double(int number, const std::vector<int64_t> &)> table;
  std::function<bool(int number, int64_t index)> inSet;
  bool outOfRange = false;
  /// Set where the tables of an order do not order the tokens.
  std::string problem;
};

/// An expression bound to an environment, for evaluation at many pairs: change
/// `environment.variables`, then ask. Dimensions and arguments are read once.
/// `and`, `or` and `if` evaluate only what they need. The environment must
/// outlive it.
class Evaluator {
public:
  Evaluator(ScalarRef expression, Environment &environment);
  double value();

private:
  struct Node {
    const Scalar *scalar;
    double value = 0;
    double *variable = nullptr;
    std::vector<int> operands;
    /// The same for all keys of a row: `value` is what it was in that row.
    bool ofRow = false;
    int64_t row = -1;
  };
  /// A variable that is the same for all keys of a row, and what it was.
  struct RowVariable {
    const double *variable;
    double value;
  };
  int add(const Scalar &scalar);
  double visit(Node &node);
  double find(const Node &node);
  double lookUp(const Node &node);
  double exists(const Node &node);

  ScalarRef expression; ///< the nodes point into it
  Environment &environment;
  std::vector<Node> nodes;
  std::vector<RowVariable> rowVariables;
  int64_t row = 0; ///< counts changes of the row's variables
  int root;
};
double evaluate(const ScalarRef &expression, Environment &environment);

/// A pattern bound to an environment, for many pairs: change i, j, b and h of
/// `environment.variables`, then ask. Decides all of the language. Orders and
/// drawn blocks are kept, so sizes and tables stay as they are over its life;
/// the environment outlives it.
class Membership {
public:
  Membership(const PatternRef &pattern, Environment &environment);
  ~Membership();
  bool holds();

private:
  struct Node;
  std::unique_ptr<Node> root;
};

/// True where the pair (i, j) of `environment.variables` is in the pattern.
/// `unsupported` is left alone: there is no such pattern.
bool holds(const PatternRef &pattern, Environment &environment,
           const Pattern **unsupported = nullptr);

/// False where all heads and batch entries have the same pairs. `setVaries`:
/// the index set has leading axes.
bool variesByHead(const PatternRef &pattern,
                  const std::function<bool(int set)> &setVaries);

/// Every table and index set of a pattern, orders included; some twice.
void forEachTable(const PatternRef &pattern,
                  const std::function<void(int table)> &use);

struct Inputs {
  std::map<std::string, int64_t> dimensions;
  std::map<std::string, Tensor> tensors; ///< arguments by name, sets included
  std::map<std::string, double> scalars;
};

struct Failure {
  std::string message; ///< empty: success
  int64_t offset = -1;
};

enum class Precision {
  Double, ///< the oracle
  Float,  ///< "naive float32": sequential sums in float, libm expf
};

struct Evaluation {
  std::vector<Tensor>
      results; ///< in the order in which the kernel returns them
  /// What rounding is relative to, for each result: the largest finite |v| that
  /// its attends read; for other results, and LSE, its own largest finite
  /// absolute value.
  std::vector<double> scales;
  Failure failure;
};

/// The keys that rows see, kept from one run of a kernel to the next with the
/// same sizes, scalars and tables. Only patterns whose tables are arguments
/// without floats are in it: the precision has no part in them, nor have queries,
/// keys and values.
struct VisiblePairs {
  /// By attend, sequence, batch entry, head and query.
  std::map<std::array<int64_t, 5>, std::vector<int64_t>> keys;
};

/// Computes only the rows (token positions, the last axis but one of a result)
/// for which `keep` holds wherever the result comes from attends, merges and
/// rows; other rows are then NaN. Checks long sequences by sample.
Evaluation run(const ProgramKernel &kernel, const Inputs &inputs,
               Precision precision,
               const std::function<bool(int64_t row)> &keep = {},
               VisiblePairs *pairs = nullptr);

/// Shape with the dimensions put in.
std::vector<int64_t> shapeOf(const TensorType &type,
                             const std::map<std::string, int64_t> &dimensions);

} // namespace effattn::reference

#endif // EFFATTN_LIB_REFERENCE_REFERENCE_H
