//===- Parser.cpp - tokens, recovery, declarations ------------------------===//

#include "lib/Frontend/ParserImpl.h"

#include "llvm/Support/SourceMgr.h"

#include <fmt/format.h>

namespace effattn {

using namespace ast;

static const std::vector<std::string> kDeclarations = {"param", "pattern",
                                                       "def", "kernel"};
ParserImpl::ParserImpl(std::string_view text, DiagnosticEngine &diagnostics)
    : text(text), diagnostics(diagnostics), tokens(lex(text, diagnostics)) {}

//===----------------------------------------------------------------------===//
// Tokens
//===----------------------------------------------------------------------===//

Token ParserImpl::take() {
  Token token = peek();
  if (token.kind != TokenKind::End)
    ++at;
  return token;
}

bool ParserImpl::startsDeclaration() const {
  return is(TokenKind::Param) || is(TokenKind::Pattern) || is(TokenKind::Def) ||
         is(TokenKind::Kernel);
}

bool ParserImpl::accept(TokenKind kind) {
  if (!is(kind))
    return false;
  take();
  return true;
}

bool ParserImpl::isWord(std::string_view word, size_t ahead) const {
  return is(TokenKind::Name, ahead) && spelled(peek(ahead)) == word;
}

Identifier ParserImpl::identifier(const Token &token) const {
  return {std::string(spelled(token)), token.range()};
}

std::string ParserImpl::got() const {
  if (is(TokenKind::End))
    return describe(TokenKind::End);
  if (is(TokenKind::String))
    return "a string";
  return fmt::format("'{}'", quotable(spelled(peek())));
}

Diagnostic *ParserImpl::failHere(const std::string &expected,
                                 const std::vector<std::string> &words) {
  if (is(TokenKind::Error))
    return nullptr;
  // The lexer stopped at its limit: the end is not the end of the file.
  if (is(TokenKind::End) && diagnostics.limitReached())
    return nullptr;
  std::string hint;
  if (is(TokenKind::Name))
    hint = didYouMean(spelled(peek()), words);
  else if (is(TokenKind::Assign))
    hint = "; write '==' to compare";
  else if (!is(TokenKind::End) && peek().kind >= TokenKind::And &&
           peek().kind < TokenKind::LeftParen && expected.starts_with("a name"))
    hint = ", which is a word of the language";
  return &diagnostics.error(
      peek().range(),
      fmt::format("expected {}, but got {}{}", expected, got(), hint));
}

bool ParserImpl::expect(TokenKind kind, const std::string &purpose) {
  if (accept(kind))
    return true;
  std::vector<std::string> words;
  std::string what = describe(kind);
  if (kind >= TokenKind::And && kind < TokenKind::LeftParen)
    words = {what.substr(1, what.size() - 2)};
  failHere(purpose.empty() ? what : what + " " + purpose, words);
  return false;
}

bool ParserImpl::expectClose(TokenKind kind, const Token &open) {
  if (accept(kind))
    return true;
  std::string what = describe(kind);
  if (kind != TokenKind::RightBrace)
    what = "',' or " + what;
  if (Diagnostic *d = failHere(what, {"and", "or", "mod", "div", "else"}))
    d->note(open.range(), fmt::format("'{}' opened here", spelled(open)));
  return false;
}

bool ParserImpl::expectWord(std::string_view word) {
  if (isWord(word)) {
    take();
    return true;
  }
  failHere(fmt::format("'{}'", word), {std::string(word)});
  return false;
}

bool ParserImpl::expectName(Identifier &name, const std::string &what) {
  if (is(TokenKind::Name)) {
    name = identifier(take());
    return true;
  }
  failHere(what);
  return false;
}

//===----------------------------------------------------------------------===//
// Recovery
//===----------------------------------------------------------------------===//

/// A `param` inside braces is a statement of a kernel that is passed over.
void ParserImpl::skipToDeclaration() {
  for (openBraces = 0; !is(TokenKind::End); take()) {
    if (is(TokenKind::LeftBrace))
      ++openBraces;
    else if (is(TokenKind::RightBrace))
      openBraces = std::max(0, openBraces - 1);
    else if (startsDeclaration() && (openBraces == 0 || !is(TokenKind::Param)))
      break;
  }
  openBraces = 0;
}

/// To the next statement, the end of the kernel, or the next declaration.
/// Inside braces that the failed statement has opened, `let` is an expression.
void ParserImpl::skipToStatement() {
  for (;; take()) {
    switch (peek().kind) {
    case TokenKind::LeftBrace:
      ++openBraces;
      break;
    case TokenKind::RightBrace:
      if (openBraces == 0)
        return;
      --openBraces;
      break;
    case TokenKind::Let:
      if (openBraces == 0)
        return;
      break;
    case TokenKind::Param:
    case TokenKind::Require:
    case TokenKind::Example:
    case TokenKind::Return:
    case TokenKind::Pattern:
    case TokenKind::Def:
    case TokenKind::Kernel:
    case TokenKind::End:
      openBraces = 0;
      return;
    default:
      break;
    }
  }
}

/// To the ',' or ')' that ends a kernel's argument.
void ParserImpl::skipToArgument() {
  int depth = 0;
  for (;; take()) {
    switch (peek().kind) {
    case TokenKind::LeftParen:
    case TokenKind::LeftBracket:
      ++depth;
      break;
    case TokenKind::RightParen:
    case TokenKind::RightBracket:
      if (depth == 0)
        return;
      --depth;
      break;
    case TokenKind::Comma:
      if (depth == 0)
        return;
      break;
    case TokenKind::Arrow:
    case TokenKind::LeftBrace:
    case TokenKind::RightBrace:
    case TokenKind::Let:
    case TokenKind::Return:
    case TokenKind::Pattern:
    case TokenKind::Def:
    case TokenKind::Kernel:
    case TokenKind::End:
      return;
    default:
      break;
    }
  }
}

//===----------------------------------------------------------------------===//
// Declarations
//===----------------------------------------------------------------------===//

std::unique_ptr<File> ParserImpl::file() {
  auto result = std::make_unique<File>();
  while (!is(TokenKind::End) && !diagnostics.limitReached()) {
    nesting = letAllowed = openBraces = 0;
    if (!declaration(*result))
      skipToDeclaration();
  }
  if (result->declarations.empty() && !diagnostics.hasErrors())
    failHere("a declaration ('param', 'pattern', 'def' or 'kernel')");
  return result;
}

bool ParserImpl::declaration(File &file) {
  switch (peek().kind) {
  case TokenKind::Param: {
    Param node;
    if (!param(node))
      return false;
    file.declarations.emplace_back(std::move(node));
    return true;
  }
  case TokenKind::Pattern:
  case TokenKind::Def: {
    Definition node;
    if (!definition(node))
      return false;
    file.declarations.emplace_back(std::move(node));
    return true;
  }
  case TokenKind::Kernel: {
    Kernel node;
    if (!kernel(node))
      return false;
    file.declarations.emplace_back(std::move(node));
    return true;
  }
  case TokenKind::Semicolon:
    take();
    return true;
  default:
    if (is(TokenKind::Let) || is(TokenKind::Require) ||
        is(TokenKind::Example) || is(TokenKind::Return))
      failHere("a declaration ('param', 'pattern', 'def' or 'kernel'); "
               "statements stand inside a kernel's braces");
    else
      failHere("a declaration ('param', 'pattern', 'def' or 'kernel')",
               kDeclarations);
    // A declaration keyword does not stop here; step over the culprit.
    take();
    return false;
  }
}

/// param w: int = 256
bool ParserImpl::param(Param &param) {
  param.range = take().range();
  if (!expectName(param.name, "a name") || !expect(TokenKind::Colon) ||
      !expectName(param.type, "a type ('int', 'float' or 'bool')") ||
      !expect(TokenKind::Assign))
    return false;
  param.value = expression();
  param.range.end = lastEnd();
  return param.value != nullptr;
}

bool ParserImpl::definition(Definition &definition) {
  Token first = take();
  definition.range = first.range();
  definition.isPattern = first.kind == TokenKind::Pattern;
  if (!expectName(definition.name, "a name"))
    return false;
  if (is(TokenKind::LeftParen)) {
    Token open = take();
    definition.hasParameters = true;
    if (!is(TokenKind::RightParen) &&
        !names(definition.parameters, "a parameter"))
      return false;
    if (!expectClose(TokenKind::RightParen, open))
      return false;
  }
  if (!expect(TokenKind::Assign))
    return false;
  ++letAllowed;
  definition.body = expression();
  --letAllowed;
  definition.range.end = lastEnd();
  return definition.body != nullptr;
}

bool ParserImpl::names(std::vector<Identifier> &names,
                       const std::string &what) {
  do {
    Identifier name;
    if (!expectName(name, what))
      return false;
    names.push_back(std::move(name));
  } while (accept(TokenKind::Comma));
  return true;
}

std::unique_ptr<File> parse(const llvm::SourceMgr &sources, unsigned buffer,
                            DiagnosticEngine &diagnostics) {
  const llvm::MemoryBuffer *memory = sources.getMemoryBuffer(buffer);
  int64_t size = memory->getBufferSize();
  if (size > kMaxFileSize) {
    diagnostics.error({0, 1},
                      fmt::format("expected a file of at most {} bytes, but "
                                  "got {}",
                                  kMaxFileSize, size));
    return std::make_unique<File>();
  }
  std::string_view text(memory->getBufferStart(), size);
  return ParserImpl(text, diagnostics).file();
}

} // namespace effattn
