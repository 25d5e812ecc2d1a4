//===- ParserTestSupport.h - parse a string -------------------------------===//
#ifndef EFFATTN_TEST_UNIT_FRONTEND_PARSERTESTSUPPORT_H
#define EFFATTN_TEST_UNIT_FRONTEND_PARSERTESTSUPPORT_H

#include "lib/Frontend/Parser.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"

#include <string>

namespace effattn::test {

/// A parsed text with its messages.
struct Parsed {
  llvm::SourceMgr sources;
  std::unique_ptr<DiagnosticEngine> diagnostics;
  std::unique_ptr<ast::File> file;

  explicit Parsed(const std::string &text) {
    unsigned id = sources.AddNewSourceBuffer(
        llvm::MemoryBuffer::getMemBufferCopy(text, "t.attn"), llvm::SMLoc());
    diagnostics = std::make_unique<DiagnosticEngine>(sources, id);
    file = parse(sources, id, *diagnostics);
  }
  bool good() const { return !diagnostics->hasErrors(); }
  std::string messages() const { return diagnostics->toString(); }
};

} // namespace effattn::test

#endif // EFFATTN_TEST_UNIT_FRONTEND_PARSERTESTSUPPORT_H
