//===- Check.h - a run against the oracle -----------------------*- C++ -*-===//
#ifndef EFFATTN_TOOLS_RUN_CHECK_H
#define EFFATTN_TOOLS_RUN_CHECK_H

#include "tools/effattn-run/Inputs.h"

#include <string>

namespace effattn {

struct CheckReport {
  bool held = false;
  bool evaluated = true; ///< false: the oracle refused; `text` says why
  std::string text;      ///< a line a result
};

/// Compares the results with double precision. The bound is the error model's:
/// the largest absolute error over the tensor is at most
/// max(2 x that of naive float32, 4 ulp of the largest |v|), and NaN and
/// infinities are where the oracle has them. Long sequences are checked at a
/// sample of their rows, seeded, which the report says. `pairs` are those of
/// the same kernel, sizes and tables.
CheckReport check(const ProgramKernel &kernel, const RunTensors &tensors,
                  uint64_t seed, reference::VisiblePairs &pairs);

/// Runs the kernel again with NaN and infinities in some keys and values: so few
/// of them that about half of all rows see none, where rows see about as many
/// keys and not all of them. Rows that do not see them (the oracle's rows are the same as before) must be
/// bitwise what they were. Small sizes only: the oracle computes every row.
CheckReport checkPoisoned(
    const ProgramKernel &kernel, RunTensors &tensors, uint64_t seed,
    reference::VisiblePairs &pairs,
    const std::function<bool(RunTensors &, std::string &problem)> &launch);

} // namespace effattn

#endif // EFFATTN_TOOLS_RUN_CHECK_H
