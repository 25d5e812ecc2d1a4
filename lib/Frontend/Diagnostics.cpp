//===- Diagnostics.cpp - located messages about a pattern file ------------===//

#include "lib/Frontend/Diagnostics.h"
#include "lib/Frontend/Lexer.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/Unicode.h"
#include "llvm/Support/raw_ostream.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace effattn {

using ast::SourceRange;

Diagnostic &DiagnosticEngine::error(SourceRange range, std::string text) {
  bool repeats =
      std::any_of(messages.begin(), messages.end(), [&](const Diagnostic &d) {
        return d.severity == Severity::Error && range.begin >= 0 &&
               d.range.begin == range.begin;
      });
  if (repeats || limitReached()) {
    // One dropped message is enough to hang notes on, but references to
    // earlier ones must stay valid: keep them, without their text.
    return dropped.emplace_back(Severity::Error, range, std::string());
  }
  ++errors;
  return messages.emplace_back(Severity::Error, range, std::move(text));
}

Diagnostic &DiagnosticEngine::warning(SourceRange range, std::string text) {
  return messages.emplace_back(Severity::Warning, range, std::move(text));
}

namespace {

/// A line as it is shown: tabs expanded, bytes that a terminal cannot show
/// replaced, cut around the caret where it is long.
struct ShownLine {
  std::string text;
  size_t caret = 0, width = 1; ///< columns
};

constexpr size_t kTabStop = 8;
constexpr size_t kWidest = 120; ///< columns of a quoted line

/// Appends the character at the start of `line`; returns its bytes and adds
/// its columns.
size_t show(std::string_view line, std::string &out, size_t &columns) {
  unsigned char c = line[0];
  int length = utf8Length(line);
  if (c == '\t') {
    do
      out += ' ';
    while (++columns % kTabStop);
    return 1;
  }
  int wide = length > 0 ? llvm::sys::unicode::columnWidthUTF8(
                              llvm::StringRef(line.data(), length))
                        : -1;
  if (wide <= 0) {
    out += '?';
    ++columns;
    return length > 0 ? length : 1;
  }
  out += line.substr(0, length);
  columns += wide;
  return length;
}

/// `begin` and `end` are bytes of `line`.
ShownLine shown(std::string_view line, size_t begin, size_t end) {
  // Enough bytes before the caret for its context; a cut inside a sequence
  // shows as '?'.
  size_t from =
      begin > kWidest / 2 && line.size() > kWidest ? begin - kWidest / 2 : 0;
  ShownLine result;
  size_t columns = 0;
  if (from > 0) {
    result.text = "...";
    columns = 3;
  }
  size_t k = from;
  while (k < line.size()) {
    if (k <= begin)
      result.caret = columns;
    if (columns >= kWidest) {
      result.text += "...";
      break;
    }
    k += show(line.substr(k), result.text, columns);
    if (k <= end)
      result.width = std::max<size_t>(1, columns - result.caret);
  }
  if (begin >= line.size())
    result.caret = columns;
  return result;
}

void printOne(llvm::raw_ostream &out, const llvm::MemoryBuffer &buffer,
              const llvm::SourceMgr &sources, unsigned id, SourceRange range,
              const char *severity, const std::string &text) {
  if (range.begin < 0) {
    out << buffer.getBufferIdentifier() << ": " << severity << ": " << text
        << '\n';
    return;
  }
  std::string_view all(buffer.getBufferStart(), buffer.getBufferSize());
  size_t begin = std::clamp<int64_t>(range.begin, 0, all.size());
  size_t end = std::clamp<int64_t>(range.end, begin, all.size());
  size_t lineBegin = begin == 0 ? 0 : all.rfind('\n', begin - 1) + 1;
  size_t lineEnd = std::min(all.find('\n', begin), all.size());
  std::string_view line = all.substr(lineBegin, lineEnd - lineBegin);
  while (!line.empty() && line.back() == '\r')
    line.remove_suffix(1);
  unsigned number = sources.FindLineNumber(
      llvm::SMLoc::getFromPointer(all.data() + begin), id);
  out << buffer.getBufferIdentifier() << ':' << number << ':'
      << begin - lineBegin + 1 << ": " << severity << ": " << text << '\n';
  ShownLine quoted =
      shown(line, begin - lineBegin, std::min(end, lineEnd) - lineBegin);
  llvm::StringRef trimmed = llvm::StringRef(quoted.text).rtrim(' ');
  out << trimmed << '\n';
  out.indent(quoted.caret) << '^' << std::string(quoted.width - 1, '~') << '\n';
}

} // namespace

void DiagnosticEngine::print(llvm::raw_ostream &out) const {
  std::vector<const Diagnostic *> order;
  for (const Diagnostic &d : messages)
    order.push_back(&d);
  std::stable_sort(order.begin(), order.end(), [](auto *a, auto *b) {
    return a->range.begin < b->range.begin;
  });
  const llvm::MemoryBuffer &text = *sources.getMemoryBuffer(buffer);
  for (const Diagnostic *d : order) {
    printOne(out, text, sources, buffer, d->range,
             d->severity == Severity::Error ? "error" : "warning", d->text);
    for (const Diagnostic::Note &note : d->notes)
      printOne(out, text, sources, buffer, note.range, "note", note.text);
  }
  if (limitReached())
    out << text.getBufferIdentifier() << ": note: stopped after " << kErrorLimit
        << " errors\n";
}

std::string DiagnosticEngine::toString() const {
  std::string result;
  llvm::raw_string_ostream out(result);
  print(out);
  return result;
}

/// Letters to insert, remove or change, or neighbours to swap (each once), to
/// make `b` of `a`.
static size_t distance(std::string_view a, std::string_view b) {
  // Rows a[0, k), for the last three k.
  std::vector<size_t> before, last(b.size() + 1), now(b.size() + 1);
  std::iota(last.begin(), last.end(), size_t(0));
  for (size_t k = 1; k <= a.size(); ++k) {
    now[0] = k;
    for (size_t l = 1; l <= b.size(); ++l) {
      now[l] = std::min(
          {last[l] + 1, now[l - 1] + 1, last[l - 1] + (a[k - 1] != b[l - 1])});
      if (k > 1 && l > 1 && a[k - 1] == b[l - 2] && a[k - 2] == b[l - 1])
        now[l] = std::min(now[l], before[l - 2] + 1);
    }
    before = last;
    last = now;
  }
  return last[b.size()];
}

std::string nearest(std::string_view name,
                    const std::vector<std::string> &candidates) {
  if (name.size() > 64)
    return {};
  size_t best = std::max<size_t>(1, name.size() / 3) + 1;
  std::string result;
  for (const std::string &candidate : candidates) {
    if (candidate.size() > name.size() + best)
      continue;
    size_t d = distance(name, candidate);
    // A candidate all of whose letters would change is no suggestion.
    if (d < best && d < std::max(name.size(), candidate.size())) {
      best = d;
      result = candidate;
    }
  }
  return result;
}

std::string didYouMean(std::string_view name,
                       const std::vector<std::string> &candidates) {
  std::string found = nearest(name, candidates);
  return found.empty() ? "" : fmt::format("; did you mean '{}'?", found);
}

} // namespace effattn
