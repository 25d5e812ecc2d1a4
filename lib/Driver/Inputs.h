//===- Inputs.h - arguments from files, sizes and a seed --------*- C++ -*-===//
//
// Arguments for one launch of a kernel, or only those that its patterns read:
// from .npy files, else random, made from a seed and from how each table is
// used (TableRoles.h).
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_DRIVER_INPUTS_H
#define EFFATTN_LIB_DRIVER_INPUTS_H

#include "lib/Driver/Npy.h"
#include "lib/Reference/Reference.h"

#include "llvm/Support/Error.h"

#include <map>
#include <string>
#include <vector>

namespace effattn {

struct RunRequest {
  std::map<std::string, int64_t> sizes;     ///< N=4096 on the command line
  std::map<std::string, double> reals;      ///< f32 arguments: z=0.5
  std::map<std::string, std::string> files; ///< --input name=file.npy
  uint64_t seed = 1;
  /// Memory order of tensors that no file gives: "hnd" (row-major) or "nhd"
  /// (tokens outside of heads).
  std::string layout = "hnd";
  bool unsorted = false;   ///< labels in random order, not in runs
  bool tablesOnly = false; ///< only what patterns read
};

struct HostInputs {
  std::map<std::string, int64_t> dimensions;
  /// Empty tensors for scalars, and for what was not asked for.
  std::vector<HostTensor> arguments;
  std::vector<double> scalars; ///< of scalar arguments, else 0
};

/// Dimensions from the command line, then from input files, then from the
/// kernel's `example`. Tensors that no file gives are random.
llvm::Expected<HostInputs> makeInputs(const ProgramKernel &kernel,
                                      const RunRequest &request);

/// The same values for the oracle.
reference::Inputs referenceInputs(const ProgramKernel &kernel,
                                  const HostInputs &inputs);

/// Splits `name=value`; false where there is no name or no '='.
bool splitAtEquals(const std::string &text, std::string &name,
                   std::string &value);

/// Reads `N=4096`, `z=0.5` into `request`; false with `problem` filled in.
bool readSizes(const std::vector<std::string> &texts, RunRequest &request,
               std::string &problem);

/// Reads `name=file.npy` into `request`; false with `problem` filled in.
bool readFileNames(const std::vector<std::string> &texts, RunRequest &request,
                   std::string &problem);

} // namespace effattn

#endif // EFFATTN_LIB_DRIVER_INPUTS_H
