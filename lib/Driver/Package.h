//===- Package.h - archive, header and manifest -----------------*- C++ -*-===//
//
// The artefact of a pattern file `x.attn`: `x.a` (all objects), `x.h` (a typed
// C function and the descriptor of each kernel and target) and `x.json` (what
// was compiled, from what, with what).
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_DRIVER_PACKAGE_H
#define EFFATTN_LIB_DRIVER_PACKAGE_H

#include "lib/Driver/Driver.h"

#include "llvm/Support/Error.h"

namespace effattn {

/// Suffix of the names of a target's descriptors and functions: "" for cpu.
std::string targetSuffix(const std::string &target);
/// Symbol of a kernel's descriptor: `<kernel>_kernel`,
/// `<kernel>_vulkan_kernel`.
std::string descriptorSymbol(const std::string &kernel,
                             const std::string &target);

std::string headerText(const Compilation &compilation, const std::string &stem);
std::string manifestText(const Compilation &compilation,
                         const std::string &stem);

/// Writes the three files into `folder`, made if need be; gives their paths.
llvm::Expected<std::vector<std::string>> package(const Compilation &compilation,
                                                 const std::string &stem,
                                                 const std::string &folder);

/// "effattn 0.1.0 (LLVM 22.1.8, isl 0.25, Halide 21.0.0)"
std::string versionText();

} // namespace effattn

#endif // EFFATTN_LIB_DRIVER_PACKAGE_H
