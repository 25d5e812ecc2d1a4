//===- Diagnostics.h - located messages about a pattern file ----*- C++ -*-===//
//
// Parser and checker report here. Messages are kept and printed in the order of
// the text, each with its file, line and column, the quoted line and a caret:
//
//   f.attn:3:25: error: unknown name 'windw'; did you mean 'window'?
//     return attend(q, k, v, windw(2, 2))
//                            ^~~~~
//   f.attn:1:1: note: ...
//
// Wording: lower case, no final full stop, "expected X, but got Y".
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_FRONTEND_DIAGNOSTICS_H
#define EFFATTN_LIB_FRONTEND_DIAGNOSTICS_H

#include "lib/Frontend/AST.h"

#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace llvm {
class SourceMgr;
class raw_ostream;
} // namespace llvm

namespace effattn {

enum class Severity { Error, Warning };

/// One message with its notes.
class Diagnostic {
public:
  Diagnostic(Severity severity, ast::SourceRange range, std::string text)
      : severity(severity), range(range), text(std::move(text)) {}

  /// Adds a note at the cause. Returns this diagnostic: notes chain.
  Diagnostic &note(ast::SourceRange where, std::string what) {
    notes.push_back({where, std::move(what)});
    return *this;
  }

  struct Note {
    ast::SourceRange range;
    std::string text;
  };

  Severity severity;
  ast::SourceRange range;
  std::string text;
  std::vector<Note> notes;
};

class DiagnosticEngine {
public:
  /// Errors kept in one run.
  static constexpr int kErrorLimit = 20;

  /// Ranges given to the engine are bytes of `buffer`.
  DiagnosticEngine(const llvm::SourceMgr &sources, unsigned buffer)
      : sources(sources), buffer(buffer) {}

  /// A range that begins below 0 is no place in the text: the message names the
  /// file alone. The reference stays valid as long as the engine; past the limit
  /// it is that of a diagnostic which is not printed. A second error at the same
  /// place is dropped likewise: it follows from the first.
  Diagnostic &error(ast::SourceRange range, std::string text);
  Diagnostic &warning(ast::SourceRange range, std::string text);

  int errorCount() const { return errors; }
  bool hasErrors() const { return errors != 0; }
  bool limitReached() const { return errors >= kErrorLimit; }

  /// All messages with quoted lines, ordered by place.
  void print(llvm::raw_ostream &out) const;
  std::string toString() const;

  const std::deque<Diagnostic> &diagnostics() const { return messages; }

private:
  const llvm::SourceMgr &sources;
  unsigned buffer;
  std::deque<Diagnostic> messages;
  std::deque<Diagnostic> dropped;
  int errors = 0;
};

/// The candidate nearest to `name` by edit distance, or empty where none is
/// near enough (a third of the letters, at least one).
std::string nearest(std::string_view name,
                    const std::vector<std::string> &candidates);

/// `; did you mean 'window'?`, or empty: to append to a message.
std::string didYouMean(std::string_view name,
                       const std::vector<std::string> &candidates);

} // namespace effattn

#endif // EFFATTN_LIB_FRONTEND_DIAGNOSTICS_H
