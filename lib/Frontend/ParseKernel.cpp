//===- ParseKernel.cpp - kernels, types and statements --------------------===//

#include "lib/Frontend/ParserImpl.h"

#include <charconv>

namespace effattn {

using namespace ast;

static const std::vector<std::string> kStatements = {"let", "param", "require",
                                                     "example", "return"};

bool ParserImpl::kernel(Kernel &kernel) {
  kernel.range = take().range();
  bool good = kernelHeader(kernel);
  // The body of a kernel whose header is wrong is still read.
  while (!good && !is(TokenKind::LeftBrace)) {
    if (is(TokenKind::End) || startsDeclaration())
      return false;
    take();
  }
  Token open = peek();
  if (!expect(TokenKind::LeftBrace))
    return false;
  kernelBody(kernel, open);
  kernel.range.end = lastEnd();
  return true;
}

bool ParserImpl::kernelHeader(Kernel &kernel) {
  if (!expectName(kernel.name, "a name") || !kernelArguments(kernel) ||
      !expect(TokenKind::Arrow))
    return false;
  do {
    Type result;
    if (!type(result))
      return false;
    kernel.results.push_back(std::move(result));
  } while (accept(TokenKind::Comma));
  return true;
}

bool ParserImpl::kernelArguments(Kernel &kernel) {
  Token open = peek();
  if (!expect(TokenKind::LeftParen))
    return false;
  if (accept(TokenKind::RightParen))
    return true;
  bool failed = false;
  do {
    Argument argument;
    argument.range = peek().range();
    if (expectName(argument.name, "an argument") && expect(TokenKind::Colon) &&
        type(argument.type)) {
      argument.range.end = lastEnd();
      kernel.arguments.push_back(std::move(argument));
    } else {
      failed = true;
      skipToArgument();
    }
  } while (accept(TokenKind::Comma));
  if (failed && !is(TokenKind::RightParen))
    return false;
  return expectClose(TokenKind::RightParen, open);
}

bool ParserImpl::type(Type &type) {
  type.range = peek().range();
  if (!expectName(type.element, "a type such as 'f32[B, H, N, D]'"))
    return false;
  type.isIndexSet = type.element.text == "index";
  if (is(TokenKind::LeftBracket)) {
    Token open = take();
    type.hasDims = true;
    do {
      ExprPtr dimension = expression();
      if (!dimension)
        return false;
      type.dims.push_back(std::move(dimension));
    } while (accept(TokenKind::Comma));
    if (!expectClose(TokenKind::RightBracket, open))
      return false;
  }
  if (type.isIndexSet) {
    if (!type.hasDims) {
      failHere("'[' and the size of the index set");
      return false;
    }
    if (!expect(TokenKind::In, "and the bound of the indices"))
      return false;
    type.bound = expression(binding::kSum);
    if (!type.bound)
      return false;
  } else if (isWord("ragged")) {
    take();
    Token open = peek();
    if (!expect(TokenKind::LeftParen) ||
        !expectName(type.ragged, "the name of the offsets") ||
        !expectClose(TokenKind::RightParen, open))
      return false;
  }
  type.range.end = lastEnd();
  return true;
}

//===----------------------------------------------------------------------===//
// Statements
//===----------------------------------------------------------------------===//

void ParserImpl::kernelBody(Kernel &kernel, const Token &open) {
  bool failed = false;
  while (!is(TokenKind::RightBrace) && !is(TokenKind::End) &&
         !diagnostics.limitReached()) {
    size_t before = at;
    openBraces = 0;
    if (accept(TokenKind::Semicolon))
      continue;
    // `param` is also a statement; the others begin the next declaration.
    if (startsDeclaration() && !is(TokenKind::Param))
      break;
    if (statement(kernel))
      continue;
    failed = true;
    if (at == before)
      take();
    skipToStatement();
  }
  if (is(TokenKind::RightBrace)) {
    if (kernel.returns.empty() && !failed)
      failHere("'return' before the end of the kernel");
    take();
    return;
  }
  if (!failed)
    expectClose(TokenKind::RightBrace, open);
}

bool ParserImpl::statement(Kernel &kernel) {
  if (!kernel.returns.empty()) {
    if (Diagnostic *d = failHere("'}' after 'return'"))
      d->note(kernel.returnRange, "returned here");
    return false;
  }
  switch (peek().kind) {
  case TokenKind::Param: {
    Param node;
    if (!param(node))
      return false;
    kernel.body.emplace_back(std::move(node));
    return true;
  }
  case TokenKind::Let: {
    Let node;
    if (!letStatement(node))
      return false;
    kernel.body.emplace_back(std::move(node));
    return true;
  }
  case TokenKind::Require: {
    Require node;
    if (!require(node))
      return false;
    kernel.body.emplace_back(std::move(node));
    return true;
  }
  case TokenKind::Example: {
    Example node;
    if (!example(node))
      return false;
    kernel.body.emplace_back(std::move(node));
    return true;
  }
  case TokenKind::Return:
    return returnStatement(kernel);
  default:
    failHere("a statement ('let', 'param', 'require', 'example' or 'return')",
             kStatements);
    return false;
  }
}

/// let o, l = e
bool ParserImpl::letStatement(Let &let) {
  let.range = take().range();
  if (!names(let.names, "a name") || !expect(TokenKind::Assign))
    return false;
  let.value = expression();
  let.range.end = lastEnd();
  return let.value != nullptr;
}

/// require N > 0, "what to tell the caller"
bool ParserImpl::require(Require &require) {
  require.range = take().range();
  require.condition = expression();
  if (!require.condition ||
      !expect(TokenKind::Comma, "and what to tell the caller, in quotes"))
    return false;
  Token message = peek();
  if (!expect(TokenKind::String))
    return false;
  require.message = decodeString(spelled(message));
  require.messageRange = message.range();
  require.range.end = lastEnd();
  return true;
}

/// example B=1, N=4096
bool ParserImpl::example(Example &example) {
  example.range = take().range();
  do {
    Example::Size size;
    if (!expectName(size.name, "a dimension") || !expect(TokenKind::Assign))
      return false;
    size.range = peek().range();
    bool negative = accept(TokenKind::Minus);
    Token value = peek();
    if (!expect(TokenKind::Integer))
      return false;
    std::string_view digits = spelled(value);
    std::from_chars(digits.data(), digits.data() + digits.size(), size.value);
    if (negative)
      size.value = -size.value;
    size.range.end = lastEnd();
    example.sizes.push_back(std::move(size));
  } while (accept(TokenKind::Comma));
  example.range.end = lastEnd();
  return true;
}

bool ParserImpl::returnStatement(Kernel &kernel) {
  kernel.returnRange = take().range();
  do {
    ExprPtr value = expression();
    if (!value)
      return false;
    kernel.returns.push_back(std::move(value));
  } while (accept(TokenKind::Comma));
  return true;
}

} // namespace effattn
