//===- AttendNames.h - parameters and tables of one attend ------*- C++ -*-===//
//
// A specification knows sizes, arguments, tables and sets by number; a host
// program passes them in that order. `N` is the attend's number of queries; the
// kernel's dimension N, which may be another number, is `dim.N`.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_LOWERING_ATTENDNAMES_H
#define EFFATTN_LIB_LOWERING_ATTENDNAMES_H

#include "lib/Lowering/Attend.h"
#include "lib/Lowering/EmitValue.h"

namespace effattn {

class AttendNames {
public:
  AttendNames(AttendInputs &inputs, const ir::ConvertedOperands &operands)
      : inputs(inputs), operands(operands) {}

  std::vector<std::string> integers, floats;
  std::vector<TableSpec> tables;

  /// Number of the integer parameter with that name.
  int addInteger(const std::string &name, const ScalarRef &value);
  void addFloat(const std::string &name, const ScalarRef &value);

  /// The expression as a kernel has it: names of parameters, numbers of tables
  /// and sets.
  ScalarRef ofKernel(const ScalarRef &scalar);
  /// As a planner function has it: f32 arguments are two integer parameters
  /// that hold halves of the bits (PlanScope).
  ScalarRef ofPlan(const ScalarRef &scalar);

  /// Sets in the order of their places; to be given before ofKernel().
  void addKeySet(int number);
  void addQuerySet(int number);

  /// Names of planner functions; b and h come after the integers.
  PlanScope scope() const;

private:
  ScalarRef rename(const ScalarRef &scalar, bool plan);
  ScalarRef argumentName(const ScalarRef &node, bool plan);
  int table(int number);

  AttendInputs &inputs;
  const ir::ConvertedOperands &operands;
  std::vector<int> tableNumbers, keySets, querySets;
  std::vector<std::string> floatBits;
};

} // namespace effattn

#endif // EFFATTN_LIB_LOWERING_ATTENDNAMES_H
