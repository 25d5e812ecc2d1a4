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

#include <cstdint>
#include <functional>
#include <map>
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
};

/// An expression bound to an environment, for evaluation at many pairs: change
/// `environment.variables`, then ask. Dimensions and arguments are read once.
/// `and`, `or` and `if` evaluate only what they need. The environment must
/// outlive it.
class Evaluator {
public:
  Evaluator(ScalarRef expression, Environment &environment);
  double value() { return visit(nodes[root]); }

private:
  struct Node {
    const Scalar *scalar;
    double value = 0;
    double *variable = nullptr;
    std::vector<int> operands;
  };
  int add(const Scalar &scalar);
  double visit(const Node &node);
  double lookUp(const Node &node);
  double exists(const Node &node);

  ScalarRef expression; ///< the nodes point into it
  Environment &environment;
  std::vector<Node> nodes;
  int root;
};
double evaluate(const ScalarRef &expression, Environment &environment);

/// True where the pair (i, j) of `environment.variables` is in the pattern.
/// Grids, head ranges and given orders included; `*unsupported` is set to the
/// first node that it cannot decide (random blocks, sorted orders).
bool holds(const PatternRef &pattern, Environment &environment,
           const Pattern **unsupported);

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

/// Computes only the rows (token positions, the last axis but one of a result)
/// for which `keep` holds wherever the result comes from attends, merges and
/// rows; other rows are then NaN. Checks long sequences by sample.
Evaluation run(const ProgramKernel &kernel, const Inputs &inputs,
               Precision precision,
               const std::function<bool(int64_t row)> &keep = {});

/// Shape with the dimensions put in.
std::vector<int64_t> shapeOf(const TensorType &type,
                             const std::map<std::string, int64_t> &dimensions);

} // namespace effattn::reference

#endif // EFFATTN_LIB_REFERENCE_REFERENCE_H
