//===- Output.h - writing files whole or not at all -------------*- C++ -*-===//
#ifndef EFFATTN_LIB_DRIVER_OUTPUT_H
#define EFFATTN_LIB_DRIVER_OUTPUT_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace effattn {

/// Writes beside `path`, then renames: after a failure (a full disk, say) the
/// old file is as it was and no other is left. "-" is standard output.
llvm::Error writeFile(llvm::StringRef path, llvm::StringRef bytes);

} // namespace effattn

#endif // EFFATTN_LIB_DRIVER_OUTPUT_H
