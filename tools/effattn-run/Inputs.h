//===- Inputs.h - arguments of a run ----------------------------*- C++ -*-===//
#ifndef EFFATTN_TOOLS_RUN_INPUTS_H
#define EFFATTN_TOOLS_RUN_INPUTS_H

#include "lib/Reference/Reference.h"
#include "runtime/include/effattn/effattn.h"
#include "tools/effattn-run/Npy.h"

#include "llvm/Support/Error.h"

#include <map>
#include <string>
#include <vector>

namespace effattn {

/// Everything one launch reads and writes, with the DLPack views of it.
struct RunTensors {
  std::map<std::string, int64_t> dimensions;
  std::vector<HostTensor> arguments; ///< empty tensors for scalars
  std::vector<double> scalars;       ///< of scalar arguments, else 0
  std::vector<HostTensor> results;

  std::vector<DLTensor> views; ///< arguments, then results
  std::vector<effattn_value> values;
  std::vector<DLTensor *> resultViews;
};

struct RunRequest {
  std::map<std::string, int64_t> sizes;     ///< N=4096 on the command line
  std::map<std::string, double> reals;      ///< f32 arguments: z=0.5
  std::map<std::string, std::string> files; ///< --input name=file.npy
  uint64_t seed = 1;
  /// Memory order of tensors that no file gives: "hnd" (row-major) or "nhd"
  /// (tokens outside of heads).
  std::string layout = "hnd";
};

/// Dimensions from the command line, then from input files, then from the
/// kernel's `example`. Tensors that no file gives are random: floats normal,
/// index sets increasing and spread over their range, integer tables small. So
/// are f32 arguments without a value.
llvm::Expected<RunTensors> prepare(const ProgramKernel &kernel,
                                   const RunRequest &request);

/// Puts NaN or infinities into one channel of about `share` of the tokens of
/// each key and each value argument (never key and value of one token); gives
/// false where no attend takes its keys or values from an argument directly.
bool poison(const ProgramKernel &kernel, RunTensors &tensors, double share,
            uint64_t seed);

/// The same values for the oracle.
reference::Inputs referenceInputs(const ProgramKernel &kernel,
                                  const RunTensors &tensors);

} // namespace effattn

#endif // EFFATTN_TOOLS_RUN_INPUTS_H
