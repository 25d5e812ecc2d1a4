//===- Rename.h - private names for Halide's runtime ------------*- C++ -*-===//
//
// Two copies of Halide's runtime in one program collapse into one at link
// time, without a word. So that a host with a Halide of its own keeps its
// handlers, every object of ours refers to `effattn_halide_x` where Halide
// emitted `halide_x`.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_DRIVER_RENAME_H
#define EFFATTN_LIB_DRIVER_RENAME_H

#include "lib/Schedule/Kernels.h"

#include "llvm/Support/Error.h"

namespace effattn {

llvm::Error makeHalideSymbolsPrivate(KernelObject &object);

} // namespace effattn

#endif // EFFATTN_LIB_DRIVER_RENAME_H
