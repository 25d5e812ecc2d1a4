//===- ParsePrimary.cpp - what operators stand between --------------------===//
//
// Literals, names, calls, and the forms that begin with a word or a bracket.
//
//===----------------------------------------------------------------------===//

#include "lib/Frontend/ParserImpl.h"

#include <fmt/format.h>

#include <charconv>

namespace effattn {

using namespace ast;
using namespace binding;

/// lo..hi
bool ParserImpl::range(Expr &into) {
  return operand(into, kSum) && expect(TokenKind::DotDot) &&
         operand(into, kSum);
}

ExprPtr ParserImpl::primary() {
  switch (peek().kind) {
  case TokenKind::Integer:
  case TokenKind::Float:
    return number();
  case TokenKind::True:
  case TokenKind::False: {
    Token token = take();
    ExprPtr expr = make(ExprKind::Bool, token);
    expr->integer = token.kind == TokenKind::True;
    return expr;
  }
  case TokenKind::Name:
    return nameOrForm();
  case TokenKind::LeftParen:
    return atLambda() ? lambda() : parenthesised();
  case TokenKind::LeftBrace:
    return comprehension();
  case TokenKind::If:
    return conditional();
  case TokenKind::Exists:
    return existsExpression();
  case TokenKind::Let:
    if (letAllowed > 0)
      return letExpression();
    break;
  case TokenKind::String:
    failHere("an expression");
    return nullptr;
  default:
    break;
  }
  failHere("an expression");
  return nullptr;
}

ExprPtr ParserImpl::number() {
  Token token = take();
  std::string_view digits = spelled(token);
  const char *first = digits.data(), *last = first + digits.size();
  // The lexer has checked that the value fits.
  if (token.kind == TokenKind::Integer) {
    ExprPtr expr = make(ExprKind::Integer, token);
    std::from_chars(first, last, expr->integer);
    return expr;
  }
  ExprPtr expr = make(ExprKind::Float, token);
  std::from_chars(first, last, expr->real);
  return expr;
}

ExprPtr ParserImpl::nameOrForm() {
  bool call = is(TokenKind::LeftParen, 1), word = is(TokenKind::Name, 1);
  if (call && isWord("heads"))
    return heads();
  if (call && isWord("rows"))
    return rows();
  if (word && isWord("merge"))
    return overRange(ExprKind::Merge);
  if (word && isWord("average"))
    return overRange(ExprKind::Average);
  if (word && isWord("on"))
    return onGrid();
  Token token = take();
  if (is(TokenKind::LeftParen))
    return this->call(token);
  if (is(TokenKind::DoubleArrow)) {
    diagnostics.error(token.range(),
                      fmt::format("expected parentheses around the parameters "
                                  "of a function: ({}) => ...",
                                  quotable(spelled(token))));
    return nullptr;
  }
  ExprPtr expr = make(ExprKind::Name, token);
  expr->name = identifier(token);
  return expr;
}

ExprPtr ParserImpl::call(const Token &callee) {
  ExprPtr expr = make(ExprKind::Call, callee);
  expr->name = identifier(callee);
  Token open = take();
  if (!is(TokenKind::RightParen)) {
    do {
      Identifier name;
      if (is(TokenKind::Name) && is(TokenKind::Assign, 1)) {
        name = identifier(take());
        take();
      } else if (!expr->names.empty() && !expr->names.back().empty()) {
        if (Diagnostic *d = failHere("a named argument"))
          d->note(expr->names.back().range,
                  "arguments by position come before those by name");
        return nullptr;
      }
      if (!operand(*expr))
        return nullptr;
      expr->names.push_back(name);
    } while (accept(TokenKind::Comma));
  }
  if (!expectClose(TokenKind::RightParen, open))
    return nullptr;
  return finish(std::move(expr));
}

ExprPtr ParserImpl::conditional() {
  Token first = take();
  ExprPtr expr = make(ExprKind::If, first);
  if (!operand(*expr) || !expect(TokenKind::Then) || !operand(*expr))
    return nullptr;
  if (!is(TokenKind::Else)) {
    if (Diagnostic *d = failHere("'else'", {"else"}))
      d->note(first.range(), "this 'if' is an expression: it has a value in "
                             "both cases");
    return nullptr;
  }
  take();
  if (!operand(*expr))
    return nullptr;
  return finish(std::move(expr));
}

ExprPtr ParserImpl::letExpression() {
  ExprPtr expr = make(ExprKind::Let, peek());
  while (accept(TokenKind::Let)) {
    Identifier name;
    if (!expectName(name, "a name") || !expect(TokenKind::Assign) ||
        !operand(*expr) || !expect(TokenKind::Semicolon))
      return nullptr;
    expr->names.push_back(name);
  }
  if (!operand(*expr))
    return nullptr;
  return finish(std::move(expr));
}

ExprPtr ParserImpl::existsExpression() {
  ExprPtr expr = make(ExprKind::Exists, take());
  if (!expectName(expr->name, "a name") || !expect(TokenKind::In) ||
      !range(*expr) || !expect(TokenKind::Colon) || !operand(*expr))
    return nullptr;
  return finish(std::move(expr));
}

ExprPtr ParserImpl::parenthesised() {
  Token open = take();
  ExprPtr expr = expression();
  if (!expr || !expectClose(TokenKind::RightParen, open))
    return nullptr;
  return expr;
}

/// ( name {, name} ) =>
bool ParserImpl::atLambda() const {
  size_t k = 1;
  if (is(TokenKind::Name, k)) {
    while (is(TokenKind::Name, k) && is(TokenKind::Comma, k + 1))
      k += 2;
    if (!is(TokenKind::Name, k))
      return false;
    ++k;
  }
  return is(TokenKind::RightParen, k) && is(TokenKind::DoubleArrow, k + 1);
}

ExprPtr ParserImpl::lambda() {
  ExprPtr expr = make(ExprKind::Lambda, take());
  while (!accept(TokenKind::RightParen)) {
    expr->names.push_back(identifier(take()));
    accept(TokenKind::Comma);
  }
  take();
  Level scope(letAllowed);
  if (!operand(*expr))
    return nullptr;
  return finish(std::move(expr));
}

/// { (i, j) : p } or { j : p }
ExprPtr ParserImpl::comprehension() {
  Token open = take();
  ++openBraces;
  ExprPtr expr = make(ExprKind::Comprehension, open);
  if (is(TokenKind::LeftParen)) {
    Token paren = take();
    if (!names(expr->names, "an index such as 'i' or 'j'") ||
        !expectClose(TokenKind::RightParen, paren))
      return nullptr;
  } else {
    Identifier name;
    if (!expectName(name, "indices: '{ (i, j) : ... }' or '{ j : ... }'"))
      return nullptr;
    expr->names.push_back(name);
    if (is(TokenKind::Comma)) {
      failHere("':', or several indices in parentheses: '{ (i, j) : ... }'");
      return nullptr;
    }
  }
  if (!expect(TokenKind::Colon))
    return nullptr;
  Level scope(letAllowed);
  if (!operand(*expr) || !expectClose(TokenKind::RightBrace, open))
    return nullptr;
  --openBraces;
  return finish(std::move(expr));
}

/// on grid(Z, Y, X) { ... }
ExprPtr ParserImpl::onGrid() {
  ExprPtr expr = make(ExprKind::OnGrid, take());
  if (!expectWord("grid"))
    return nullptr;
  Token open = peek();
  if (!expect(TokenKind::LeftParen))
    return nullptr;
  do
    if (!operand(*expr))
      return nullptr;
  while (accept(TokenKind::Comma));
  if (!expectClose(TokenKind::RightParen, open))
    return nullptr;
  if (!is(TokenKind::LeftBrace)) {
    failHere("'{' and a comprehension");
    return nullptr;
  }
  ExprPtr body = comprehension();
  if (!body)
    return nullptr;
  expr->operands.push_back(std::move(body));
  return finish(std::move(expr));
}

/// heads(0..4: p, 4..8: q)
ExprPtr ParserImpl::heads() {
  ExprPtr expr = make(ExprKind::Heads, take());
  Token open = take();
  do
    if (!range(*expr) || !expect(TokenKind::Colon) || !operand(*expr))
      return nullptr;
  while (accept(TokenKind::Comma));
  if (!expectClose(TokenKind::RightParen, open))
    return nullptr;
  return finish(std::move(expr));
}

/// rows(s): a else: b
ExprPtr ParserImpl::rows() {
  ExprPtr expr = make(ExprKind::Rows, take());
  Token open = take();
  if (!operand(*expr) || !expectClose(TokenKind::RightParen, open) ||
      !expect(TokenKind::Colon) || !operand(*expr))
    return nullptr;
  // `else` without a colon belongs to an enclosing `if`.
  if (is(TokenKind::Else) && is(TokenKind::Colon, 1)) {
    take();
    take();
    if (!operand(*expr))
      return nullptr;
  }
  return finish(std::move(expr));
}

/// merge r in lo..hi, option = value { e }
ExprPtr ParserImpl::overRange(ExprKind kind) {
  ExprPtr expr = make(kind, take());
  if (!expectName(expr->name, "a name") || !expect(TokenKind::In) ||
      !range(*expr))
    return nullptr;
  std::vector<ExprPtr> options;
  while (kind == ExprKind::Merge && accept(TokenKind::Comma)) {
    Identifier name;
    if (!expectName(name, "an option such as 'duplicates'") ||
        !expect(TokenKind::Assign))
      return nullptr;
    ExprPtr value = expression();
    if (!value)
      return nullptr;
    expr->names.push_back(name);
    options.push_back(std::move(value));
  }
  Token open = peek();
  if (!expect(TokenKind::LeftBrace))
    return nullptr;
  ++openBraces;
  if (!operand(*expr) || !expectClose(TokenKind::RightBrace, open))
    return nullptr;
  --openBraces;
  for (ExprPtr &option : options)
    expr->operands.push_back(std::move(option));
  return finish(std::move(expr));
}

} // namespace effattn
