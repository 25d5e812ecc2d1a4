//===- Lexer.h - text to tokens ---------------------------------*- C++ -*-===//
//
// Tokens are ranges of the buffer. What is no token is reported once and leaves
// an Error token, at which the parser fails without a second message.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_FRONTEND_LEXER_H
#define EFFATTN_LIB_FRONTEND_LEXER_H

#include "lib/Frontend/Diagnostics.h"

#include <string_view>
#include <vector>

namespace effattn {

enum class TokenKind : uint8_t {
  End,
  Error,
  Name,
  Integer,
  Float,
  String,
  // Keywords, in the order of the table in Lexer.cpp.
  And,
  Def,
  Div,
  Else,
  Example,
  Exists,
  False,
  If,
  In,
  Kernel,
  Let,
  Mod,
  Not,
  Or,
  Param,
  Pattern,
  Require,
  Return,
  Then,
  True,
  // Punctuation.
  LeftParen,
  RightParen,
  LeftBracket,
  RightBracket,
  LeftBrace,
  RightBrace,
  Comma,
  Colon,
  Semicolon,
  Dot,
  DotDot,
  Assign,
  DoubleArrow,
  Arrow,
  Plus,
  Minus,
  Star,
  Slash,
  Bar,
  Ampersand,
  Bang,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  EqualEqual,
  NotEqual,
};

struct Token {
  TokenKind kind = TokenKind::End;
  uint32_t begin = 0, end = 0;
  ast::SourceRange range() const { return {begin, end}; }
};

/// `','`, `'then'`, `a name`, ...: for "expected ...".
std::string describe(TokenKind kind);

/// The keyword `text` spells, or Name.
TokenKind keyword(std::string_view text);

/// All tokens of `text`, the last one End. Stops early when the limit of
/// errors is reached.
std::vector<Token> lex(std::string_view text, DiagnosticEngine &diagnostics);

/// The value of a String token (its quotes included in `text`), which the
/// lexer has accepted.
std::string decodeString(std::string_view text);

/// `text` for a message: at most 40 bytes, control characters and bytes that
/// are no UTF-8 as \xNN.
std::string quotable(std::string_view text);

/// Bytes of the UTF-8 sequence at the start of `text`; 0 where it is invalid.
/// `text` is not empty.
int utf8Length(std::string_view text);

} // namespace effattn

#endif // EFFATTN_LIB_FRONTEND_LEXER_H
