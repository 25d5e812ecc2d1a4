//===- Interpreter.h - state of one interpretation --------------*- C++ -*-===//
#ifndef EFFATTN_LIB_REFERENCE_INTERPRETER_H
#define EFFATTN_LIB_REFERENCE_INTERPRETER_H

#include "lib/Reference/Reference.h"

#include <stdexcept>

namespace effattn::reference {

/// What a kernel asks for that the interpreter does not do; caught in run().
struct Refused : std::runtime_error {
  Refused(const std::string &message, int64_t offset)
      : std::runtime_error(message), offset(offset) {}
  int64_t offset;
};

/// Results of one value: O (or the tensor), and LSE where it has one.
struct ValueResults {
  std::vector<Tensor> tensors;
  double scale = 0; ///< largest finite |v| of the attends behind it
};

/// One sequence of an attend: all tokens where nothing is ragged.
struct Sequence {
  int64_t number = 0;
  int64_t firstQuery = 0, queries = 0, firstKey = 0, keys = 0;
};

class Interpreter {
public:
  Interpreter(const ProgramKernel &kernel, const Inputs &inputs,
              Precision precision, const std::function<bool(int64_t)> &keep,
              VisiblePairs *pairs);
  void run(Evaluation &evaluation);

private:
  const Tensor &operand(const ProgramValue &value, size_t k) const;
  std::vector<int64_t> resultShape(const ProgramValue &value, int result) const;
  void checkRequires();
  void markRowLocal();
  ValueResults compute(int number);
  double scaleOf(const ProgramResult &result) const;

  // Attend.cpp
  ValueResults attend(const ProgramValue &value, bool rowLocal);
  void attendSequence(const ProgramValue &value, const Sequence &sequence,
                      bool rowLocal, ValueResults &result);
  std::vector<int64_t> cutsOf(const TensorType &type, int64_t tokens) const;
  std::vector<Sequence> sequencesOf(const ProgramValue &attend) const;
  int64_t keptAs(const ProgramValue &attend) const;
  ValueResults merge(const ProgramValue &value);
  ValueResults mergeOnce(const ProgramValue &value, bool rowLocal);
  ValueResults rows(const ProgramValue &value);
  Environment environmentOf(const ProgramValue &attend,
                            const Sequence &sequence);

  // Steps.cpp
  Tensor step(const ProgramValue &value);

  double tableValue(int number, std::vector<int64_t> indices,
                    Environment &environment);
  bool inSet(int number, int64_t index, const Environment &environment);

  /// Rounds to the precision of the interpretation.
  double round(double x) const {
    return precision == Precision::Float ? static_cast<float>(x) : x;
  }

  const ProgramKernel &kernel;
  const Inputs &inputs;
  Precision precision;
  const std::function<bool(int64_t)> &keep;
  VisiblePairs *pairs; ///< may be null
  std::vector<ValueResults> values;
  std::vector<bool> rowLocal;
};

/// Row-major offset of indices.
double largestFinite(const Tensor &tensor);
int64_t offsetOf(const Tensor &tensor, const std::vector<int64_t> &indices);
Tensor makeTensor(std::vector<int64_t> shape, double fill);

} // namespace effattn::reference

#endif // EFFATTN_LIB_REFERENCE_INTERPRETER_H
