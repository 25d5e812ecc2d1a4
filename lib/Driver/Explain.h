//===- Explain.h - what the compiler understood, for people -----*- C++ -*-===//
#ifndef EFFATTN_LIB_DRIVER_EXPLAIN_H
#define EFFATTN_LIB_DRIVER_EXPLAIN_H

#include "lib/Driver/Driver.h"

#include <string>

namespace effattn {

/// For each kernel: causality of its results, pictures of its mask at the
/// example sizes, and for each attend its pattern, visible pairs as a formula,
/// what tables decide, the tilings that were compared, and what the plans at
/// the example sizes compute. False after messages on `errors`.
bool explain(llvm::SourceMgr &sources, CompileOptions options,
             llvm::raw_ostream &errors, std::string &text);

} // namespace effattn

#endif // EFFATTN_LIB_DRIVER_EXPLAIN_H
