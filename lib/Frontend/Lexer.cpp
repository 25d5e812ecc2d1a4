//===- Lexer.cpp - text to tokens -----------------------------------------===//

#include "lib/Frontend/Lexer.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace effattn {

using ast::SourceRange;

static constexpr std::array<std::string_view, 20> kKeywords = {
    "and",   "def",     "div",     "else",   "example", "exists", "false",
    "if",    "in",      "kernel",  "let",    "mod",     "not",    "or",
    "param", "pattern", "require", "return", "then",    "true"};

static constexpr std::array<std::string_view, 27> kPunctuation = {
    "(", ")", "[", "]", "{", "}", ",", ":", ";",  ".", "..", "=",  "=>", "->",
    "+", "-", "*", "/", "|", "&", "!", "<", "<=", ">", ">=", "==", "!="};

std::string describe(TokenKind kind) {
  switch (kind) {
  case TokenKind::End:
    return "the end of the file";
  case TokenKind::Error:
    return "a token";
  case TokenKind::Name:
    return "a name";
  case TokenKind::Integer:
    return "an integer";
  case TokenKind::Float:
    return "a number";
  case TokenKind::String:
    return "a string";
  default:
    break;
  }
  if (kind < TokenKind::LeftParen)
    return fmt::format("'{}'", kKeywords[int(kind) - int(TokenKind::And)]);
  return fmt::format("'{}'",
                     kPunctuation[int(kind) - int(TokenKind::LeftParen)]);
}

TokenKind keyword(std::string_view text) {
  for (size_t k = 0; k < kKeywords.size(); ++k)
    if (kKeywords[k] == text)
      return TokenKind(int(TokenKind::And) + int(k));
  return TokenKind::Name;
}

int utf8Length(std::string_view text) {
  auto byte = [&](size_t k) {
    return k < text.size() ? static_cast<unsigned char>(text[k]) : 0u;
  };
  auto continues = [&](size_t k) { return (byte(k) & 0xc0) == 0x80; };
  unsigned c = byte(0);
  if (c < 0x80)
    return 1;
  if (c >= 0xc2 && c <= 0xdf)
    return continues(1) ? 2 : 0;
  if (c >= 0xe0 && c <= 0xef) {
    // No overlong forms, no surrogates.
    bool second =
        (c != 0xe0 || byte(1) >= 0xa0) && (c != 0xed || byte(1) < 0xa0);
    return second && continues(1) && continues(2) ? 3 : 0;
  }
  if (c >= 0xf0 && c <= 0xf4) {
    bool second =
        (c != 0xf0 || byte(1) >= 0x90) && (c != 0xf4 || byte(1) < 0x90);
    return second && continues(1) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

std::string quotable(std::string_view text) {
  constexpr size_t kMost = 40;
  std::string out;
  size_t k = 0;
  while (k < text.size() && k < kMost) {
    int length = utf8Length(text.substr(k));
    unsigned char c = text[k];
    if (length == 0 || c < 0x20 || c == 0x7f) {
      out += fmt::format("\\x{:02x}", c);
      ++k;
    } else {
      out += text.substr(k, length);
      k += length;
    }
  }
  return k < text.size() ? out + "..." : out;
}

namespace {

/// Characters that people paste, and what the language writes instead.
struct Lookalike {
  std::string_view text, instead;
};
constexpr Lookalike kLookalikes[] = {
    {"&&", "'and' between conditions, '&' between patterns"},
    {"||", "'or' between conditions, '|' between patterns"},
    {"**", "a product"},
    {"/*", "'//' for a comment"},
    {"%", "'mod'"},
    {"~", "'!' before a pattern, 'not' before a condition"},
    {"#", "'//' for a comment"},
    {"'", "double quotes for a string"},
    {"\u2264", "'<='"},
    {"\u2265", "'>='"},
    {"\u2260", "'!='"},
    {"\u2212", "'-'"},
    {"\u2013", "'-'"},
    {"\u2014", "'-'"},
    {"\u00d7", "'*'"},
    {"\u00b7", "'*'"},
    {"\u222a", "'|'"},
    {"\u2229", "'&'"},
    {"\u2227", "'and'"},
    {"\u2228", "'or'"},
    {"\u00ac", "'not'"},
    {"\u2203", "'exists'"},
    {"\u2208", "'in'"},
    {"\u2192", "'->'"},
    {"\u21d2", "'=>'"},
    {"\u201c", "'\"'"},
    {"\u201d", "'\"'"},
    {"\u00a0", "a plain space"},
};

bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

class Lexer {
public:
  Lexer(std::string_view text, DiagnosticEngine &diagnostics)
      : text(text), diagnostics(diagnostics) {}

  std::vector<Token> run() {
    if (text.substr(0, 3) == "\xef\xbb\xbf")
      at = 3;
    while (skipBlank(), at < text.size() && !diagnostics.limitReached())
      one();
    push(TokenKind::End, text.size(), text.size());
    return std::move(tokens);
  }

private:
  std::string_view text;
  DiagnosticEngine &diagnostics;
  size_t at = 0;
  std::vector<Token> tokens;
  bool reportedEncoding = false;

  char peek(size_t ahead = 0) const {
    return at + ahead < text.size() ? text[at + ahead] : '\0';
  }
  void push(TokenKind kind, size_t begin, size_t end) {
    tokens.push_back({kind, uint32_t(begin), uint32_t(end)});
  }
  void fail(size_t begin, size_t end, std::string message) {
    diagnostics.error({int64_t(begin), int64_t(end)}, std::move(message));
    push(TokenKind::Error, begin, end);
  }
  void badEncoding(size_t begin) {
    if (reportedEncoding)
      return;
    reportedEncoding = true;
    diagnostics.error(
        {int64_t(begin), int64_t(begin) + 1},
        fmt::format("expected UTF-8 text, but got the byte 0x{:02x}",
                    static_cast<unsigned char>(text[begin])));
  }

  void skipBlank() {
    while (at < text.size()) {
      char c = text[at];
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
        ++at;
      else if (c == '/' && peek(1) == '/')
        skipComment();
      else
        return;
    }
  }

  void skipComment() {
    while (at < text.size() && text[at] != '\n') {
      int length = utf8Length(text.substr(at));
      if (length == 0)
        badEncoding(at);
      else if (text[at] == '\0')
        fail(at, at + 1, "expected text, but got a NUL byte in a comment");
      at += length ? length : 1;
      if (diagnostics.limitReached())
        return;
    }
  }

  void one() {
    char c = text[at];
    if (isLetter(c))
      return name();
    if (isDigit(c))
      return number();
    if (c == '"')
      return string();
    if (c == '.' && isDigit(peek(1))) {
      size_t begin = at++;
      while (isDigit(peek()))
        ++at;
      return fail(begin, at,
                  fmt::format("expected a digit before the point, as in '0{}'",
                              quotable(text.substr(begin, at - begin))));
    }
    for (const Lookalike &l : kLookalikes)
      if (text.substr(at, l.text.size()) == l.text) {
        size_t begin = at;
        at += l.text.size();
        return fail(
            begin, at,
            fmt::format("unexpected '{}': write {}", l.text, l.instead));
      }
    if (punctuation())
      return;
    unexpected();
  }

  void name() {
    size_t begin = at;
    while (isLetter(peek()) || isDigit(peek()))
      ++at;
    push(keyword(text.substr(begin, at - begin)), begin, at);
  }

  void number() {
    size_t begin = at;
    bool isFloat = false;
    while (isDigit(peek()))
      ++at;
    if (peek() == '.' && isDigit(peek(1))) {
      isFloat = true;
      ++at;
      while (isDigit(peek()))
        ++at;
    }
    size_t sign = peek(1) == '+' || peek(1) == '-' ? 2 : 1;
    if ((peek() == 'e' || peek() == 'E') && isDigit(peek(sign))) {
      isFloat = true;
      at += sign;
      while (isDigit(peek()))
        ++at;
    }
    if (isLetter(peek())) {
      while (isLetter(peek()) || isDigit(peek()))
        ++at;
      return fail(begin, at,
                  fmt::format("expected a number, but got '{}'",
                              quotable(text.substr(begin, at - begin))));
    }
    if (peek() == '.' && peek(1) != '.') {
      ++at;
      return fail(begin, at, "expected a digit after the point");
    }
    checkValue(begin, isFloat);
  }

  void checkValue(size_t begin, bool isFloat) {
    const char *first = text.data() + begin, *last = text.data() + at;
    std::string_view digits = text.substr(begin, at - begin);
    if (isFloat) {
      double value = 0;
      if (std::from_chars(first, last, value).ec != std::errc())
        return fail(begin, at,
                    fmt::format("expected a number that a double can hold, "
                                "but got {}",
                                quotable(digits)));
      return push(TokenKind::Float, begin, at);
    }
    int64_t value = 0;
    if (std::from_chars(first, last, value).ec != std::errc())
      return fail(begin, at,
                  fmt::format("expected an integer below 2^63, but got {}",
                              quotable(digits)));
    push(TokenKind::Integer, begin, at);
  }

  void string() {
    size_t begin = at++;
    bool good = true;
    while (at < text.size() && text[at] != '"' && text[at] != '\n') {
      if (text[at] == '\\') {
        if (at + 1 >= text.size() || text[at + 1] == '\n') {
          ++at;
          continue;
        }
        bool known = std::string_view("\"\\nt").find(text[at + 1]) !=
                     std::string_view::npos;
        if (!known)
          diagnostics.error({int64_t(at), int64_t(at) + 1},
                            "expected one of \\\" \\\\ \\n \\t");
        good &= known;
        at += known ? 2 : 1;
        continue;
      }
      int length = utf8Length(text.substr(at));
      bool control = static_cast<unsigned char>(text[at]) < 0x20 &&
                     text[at] != '\t' && text[at] != '\r';
      if (length == 0)
        badEncoding(at);
      if (control)
        diagnostics.error(
            {int64_t(at), int64_t(at) + 1},
            fmt::format("expected text, but got the byte 0x{:02x} "
                        "in a string",
                        text[at]));
      good &= length != 0 && !control;
      at += length ? length : 1;
      if (diagnostics.limitReached())
        break;
    }
    if (peek() != '"') {
      fail(begin, begin + 1,
           "expected '\"' at the end of the string before the "
           "end of its line");
      return;
    }
    ++at;
    push(good ? TokenKind::String : TokenKind::Error, begin, at);
  }

  bool punctuation() {
    // Longest first: pairs, then single characters.
    for (size_t length : {size_t(2), size_t(1)}) {
      std::string_view here = text.substr(at, length);
      for (size_t k = 0; here.size() == length && k < kPunctuation.size(); ++k)
        if (kPunctuation[k] == here) {
          push(TokenKind(int(TokenKind::LeftParen) + int(k)), at, at + length);
          at += length;
          return true;
        }
    }
    return false;
  }

  /// One message for a stretch of characters that start no token.
  void unexpected() {
    size_t begin = at;
    int length = utf8Length(text.substr(at));
    if (length == 0)
      badEncoding(at);
    at += length ? length : 1;
    while (at < text.size() && !startsToken(at))
      ++at;
    std::string_view bytes = text.substr(begin, at - begin);
    if (length == 0 && reportedEncoding)
      return push(TokenKind::Error, begin, at);
    if (bytes[0] == '\0')
      return fail(begin, at, "expected text, but got a NUL byte");
    fail(begin, at,
         fmt::format("unexpected character{} '{}'",
                     int(bytes.size()) > length ? "s" : "", quotable(bytes)));
  }

  bool startsToken(size_t k) const {
    char c = text[k];
    return isLetter(c) || isDigit(c) ||
           std::string_view(" \t\r\n\"()[]{},:;.=+-*/|&!<>%#~'").find(c) !=
               std::string_view::npos;
  }
};

} // namespace

std::vector<Token> lex(std::string_view text, DiagnosticEngine &diagnostics) {
  return Lexer(text, diagnostics).run();
}

std::string decodeString(std::string_view text) {
  std::string out;
  for (size_t k = 1; k + 1 < text.size(); ++k) {
    char c = text[k];
    if (c == '\r')
      continue;
    if (c == '\\') {
      c = text[++k];
      c = c == 'n' ? '\n' : c == 't' ? '\t' : c;
    }
    out += c;
  }
  return out;
}

} // namespace effattn
