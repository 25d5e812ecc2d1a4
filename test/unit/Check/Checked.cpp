//===- Checked.cpp - a text through parser and checker --------------------===//

#include "test/unit/Check/Checked.h"

#include "lib/Frontend/Check.h"
#include "lib/Frontend/Parser.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"

namespace effattn::test {

Checked checkText(const std::string &text,
                  const std::map<std::string, std::string> &sets) {
  llvm::SourceMgr sources;
  unsigned buffer = sources.AddNewSourceBuffer(
      llvm::MemoryBuffer::getMemBufferCopy(text, "test.attn"), {});
  DiagnosticEngine diagnostics(sources, buffer);
  std::unique_ptr<ast::File> file = parse(sources, buffer, diagnostics);
  Checked result;
  result.program = check(*file, sets, diagnostics);
  result.messages = diagnostics.toString();
  result.errors = diagnostics.errorCount();
  return result;
}

std::string attendText(const std::string &pattern,
                       const std::string &moreArguments) {
  return "kernel f(q: f32[B, H, N, D], k: f32[B, H, M, D], "
         "v: f32[B, H, M, D]" +
         (moreArguments.empty() ? "" : ", " + moreArguments) +
         ") -> f32[B, H, N, D] { return attend(q, k, v, " + pattern + ") }";
}

std::string patternText(const Checked &checked) {
  if (!checked.program)
    return checked.messages;
  const ProgramKernel &kernel = checked.kernel();
  for (auto value = kernel.values.rbegin(); value != kernel.values.rend();
       ++value)
    if (value->pattern)
      return toString(value->pattern,
                      [&](int table) { return kernel.values[table].name; });
  return "no pattern";
}

} // namespace effattn::test
