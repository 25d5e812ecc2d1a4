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
inline constexpr int64_t kMaxFileSize = int64_t(1) << 24;

/// Parses a buffer of `sources`. The tree is never null; after errors (see
/// `diagnostics`) it holds what could be read: an expression that could not be
/// parsed is a Name with empty text, which a checker should pass over.
std::unique_ptr<ast::File> parse(const llvm::SourceMgr &sources,
                                 unsigned buffer,
                                 DiagnosticEngine &diagnostics);

} // namespace effattn

#endif // EFFATTN_LIB_FRONTEND_PARSER_H
