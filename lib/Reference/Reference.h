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
  /// Value of table or set `number` at full indices (batch and head included
  /// where the table has them); throws std::out_of_range for a bad index.
  std::function<double(int number, const std::vector<int64_t> &)> table;
  std::function<bool(int number, int64_t index)> inSet;
};
double evaluate(const ScalarRef &expression, const Environment &environment);

/// One (b, h)'s pairs of a pattern, pair by pair: true where (i, j) is inside.
/// Supports every kind of Pattern.
bool holds(const PatternRef &pattern, Environment &environment, int64_t i,
           int64_t j);

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

/// Results in the order in which the kernel returns them.
std::vector<Tensor> run(const ProgramKernel &kernel, const Inputs &inputs,
                        Precision precision, Failure *failure);

/// Only rows (token positions of the result's last-but-one axis) for which
/// `keep` holds are computed, the others are NaN: checks long sequences by
/// sample. Supported where every result is an attend, merge or rows.
std::vector<Tensor> runRows(const ProgramKernel &kernel, const Inputs &inputs,
                            Precision precision,
                            const std::function<bool(int64_t row)> &keep,
                            Failure *failure);

} // namespace effattn::reference

#endif // EFFATTN_LIB_REFERENCE_REFERENCE_H
