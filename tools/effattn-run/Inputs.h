//===- Inputs.h - tensors of a launch ---------------------------*- C++ -*-===//
#ifndef EFFATTN_TOOLS_RUN_INPUTS_H
#define EFFATTN_TOOLS_RUN_INPUTS_H

#include "lib/Driver/Inputs.h"
#include "runtime/include/effattn/effattn.h"

namespace effattn {

/// Everything one launch reads and writes, with the DLPack views of it.
struct RunTensors : HostInputs {
  std::vector<HostTensor> results;

  std::vector<DLTensor> views; ///< arguments, then results
  std::vector<effattn_value> values;
  std::vector<DLTensor *> resultViews;
};

/// Arguments as makeInputs() makes them, and room for the results.
llvm::Expected<RunTensors> prepare(const ProgramKernel &kernel,
                                   const RunRequest &request);

/// Puts NaN or infinities into one channel of about `share` of the tokens of
/// each key and each value argument (never key and value of one token); gives
/// false where no attend takes its keys or values from an argument directly.
bool poison(const ProgramKernel &kernel, RunTensors &tensors, double share,
            uint64_t seed);

} // namespace effattn

#endif // EFFATTN_TOOLS_RUN_INPUTS_H
