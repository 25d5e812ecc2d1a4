//===- ParseExpr.cpp - operators ------------------------------------------===//
//
// Precedence climbing over the table in ParserImpl.h.
//
//===----------------------------------------------------------------------===//

#include "lib/Frontend/ParserImpl.h"

#include <fmt/format.h>

namespace effattn {

using namespace ast;
using namespace binding;

namespace {

struct Infix {
  int strength = -1;
  Op op = Op::None;
};

Infix infixOf(TokenKind kind) {
  switch (kind) {
  case TokenKind::Or:
    return {kOr, Op::Or};
  case TokenKind::And:
    return {kAnd, Op::And};
  case TokenKind::In:
    return {kCompare, Op::In};
  case TokenKind::Less:
    return {kCompare, Op::Less};
  case TokenKind::LessEqual:
    return {kCompare, Op::LessEqual};
  case TokenKind::Greater:
    return {kCompare, Op::Greater};
  case TokenKind::GreaterEqual:
    return {kCompare, Op::GreaterEqual};
  case TokenKind::EqualEqual:
    return {kCompare, Op::Equal};
  case TokenKind::NotEqual:
    return {kCompare, Op::NotEqual};
  case TokenKind::Bar:
    return {kUnion, Op::Union};
  case TokenKind::Ampersand:
    return {kIntersection, Op::Intersection};
  case TokenKind::Plus:
    return {kSum, Op::Add};
  case TokenKind::Minus:
    return {kSum, Op::Sub};
  case TokenKind::Star:
    return {kProduct, Op::Mul};
  case TokenKind::Slash:
    return {kProduct, Op::Slash};
  case TokenKind::Div:
    return {kProduct, Op::Div};
  case TokenKind::Mod:
    return {kProduct, Op::Mod};
  default:
    return {};
  }
}

} // namespace

ExprPtr ParserImpl::make(ExprKind kind, const Token &first) const {
  return std::make_unique<Expr>(kind, first.range());
}

ExprPtr ParserImpl::finish(ExprPtr expr) {
  expr->range.end = std::max(expr->range.end, lastEnd());
  for (const ExprPtr &child : expr->operands)
    expr->height = std::max(expr->height, child->height + 1);
  if (expr->height <= kMaxHeight)
    return expr;
  diagnostics.error(
      {expr->range.begin, expr->range.begin + 1},
      fmt::format("expected an expression of at most {} operators in a row: "
                  "name parts of it",
                  kMaxHeight));
  return nullptr;
}

bool ParserImpl::operand(Expr &into, int strength) {
  ExprPtr child = expression(strength);
  if (!child)
    return false;
  into.operands.push_back(std::move(child));
  return true;
}

ExprPtr ParserImpl::expression(int strength) {
  Level level(nesting);
  if (nesting > kMaxNesting) {
    diagnostics.error(peek().range(),
                      fmt::format("expected an expression nested at most {} "
                                  "deep: name parts of it",
                                  kMaxNesting));
    return nullptr;
  }
  ExprPtr left = prefix(strength);
  return left ? infix(std::move(left), strength) : nullptr;
}

ExprPtr ParserImpl::prefix(int strength) {
  switch (peek().kind) {
  case TokenKind::Minus:
    return unary(Op::Neg);
  case TokenKind::Bang:
    return unary(Op::Complement);
  case TokenKind::Not:
    if (strength <= kNot)
      return unary(Op::Not);
    failHere("an operand; put 'not ...' in parentheses");
    return nullptr;
  default: {
    ExprPtr base = primary();
    return base ? postfix(std::move(base)) : nullptr;
  }
  }
}

ExprPtr ParserImpl::unary(Op op) {
  Token first = take();
  ExprPtr expr = make(ExprKind::Unary, first);
  expr->op = op;
  expr->opRange = first.range();
  if (!operand(*expr, op == Op::Not ? kNot : kPrefix))
    return nullptr;
  return finish(std::move(expr));
}

ExprPtr ParserImpl::infix(ExprPtr left, int strength) {
  while (left) {
    Infix next = infixOf(peek().kind);
    if (next.strength < 0 || next.strength < strength)
      return left;
    if (next.op == Op::In) {
      left = membership(std::move(left));
    } else if (next.strength == kCompare) {
      left = comparison(std::move(left));
    } else {
      Token op = take();
      auto expr = std::make_unique<Expr>(ExprKind::Binary, left->range);
      expr->op = next.op;
      expr->opRange = op.range();
      expr->operands.push_back(std::move(left));
      left =
          operand(*expr, next.strength + 1) ? finish(std::move(expr)) : nullptr;
    }
  }
  return nullptr;
}

ExprPtr ParserImpl::comparison(ExprPtr first) {
  auto expr = std::make_unique<Expr>(ExprKind::Compare, first->range);
  expr->operands.push_back(std::move(first));
  for (Infix next = infixOf(peek().kind);
       next.strength == kCompare && next.op != Op::In;
       next = infixOf(peek().kind)) {
    expr->ops.push_back(next.op);
    expr->opRanges.push_back(take().range());
    if (!operand(*expr, kCompare + 1))
      return nullptr;
  }
  if (is(TokenKind::In)) {
    failHere("'and' between a comparison and a membership");
    return nullptr;
  }
  return finish(std::move(expr));
}

ExprPtr ParserImpl::membership(ExprPtr left) {
  auto expr = std::make_unique<Expr>(ExprKind::Binary, left->range);
  expr->op = Op::In;
  expr->opRange = take().range();
  expr->operands.push_back(std::move(left));
  if (!operand(*expr, kCompare + 1))
    return nullptr;
  if (infixOf(peek().kind).strength == kCompare) {
    failHere("'and' between a membership and a comparison");
    return nullptr;
  }
  return finish(std::move(expr));
}

ExprPtr ParserImpl::postfix(ExprPtr base) {
  while (base) {
    if (is(TokenKind::LeftBracket)) {
      Token open = take();
      auto expr = std::make_unique<Expr>(ExprKind::Index, base->range);
      expr->operands.push_back(std::move(base));
      do
        if (!operand(*expr))
          return nullptr;
      while (accept(TokenKind::Comma));
      if (!expectClose(TokenKind::RightBracket, open))
        return nullptr;
      base = finish(std::move(expr));
    } else if (accept(TokenKind::Dot)) {
      auto expr = std::make_unique<Expr>(ExprKind::Member, base->range);
      expr->operands.push_back(std::move(base));
      if (!expectName(expr->name, "'x', 'y' or 'z'"))
        return nullptr;
      base = finish(std::move(expr));
    } else if (is(TokenKind::LeftParen)) {
      if (Diagnostic *d = failHere("an operator"))
        d->note(base->range, "only a name can be called");
      return nullptr;
    } else {
      return base;
    }
  }
  return nullptr;
}

} // namespace effattn
