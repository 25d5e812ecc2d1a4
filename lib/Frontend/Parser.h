//===- Parser.h - text to syntax tree ---------------------------*- C++ -*-===//
//
// The boundary of the compiler: whatever bytes the buffer holds, the answer is
// a tree or diagnostics, never a crash.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_FRONTEND_PARSER_H
#define EFFATTN_LIB_FRONTEND_PARSER_H

#include "lib/Frontend/AST.h"
#include "lib/Frontend/Diagnostics.h"

namespace effattn {

/// Largest file that is read, in bytes.
inline constexpr int64_t kMaxFileSize = int64_t(1) << 22;

/// Parses a buffer of `sources`. The tree is never null. After errors (see
/// `diagnostics`) it lacks the statements and declarations that could not be
/// read, so checking it would report names as unknown that are there.
std::unique_ptr<ast::File> parse(const llvm::SourceMgr &sources,
                                 unsigned buffer,
                                 DiagnosticEngine &diagnostics);

} // namespace effattn

#endif // EFFATTN_LIB_FRONTEND_PARSER_H
