//===- ParserImpl.h - the recursive-descent parser --------------*- C++ -*-===//
//
// Declarations are in Parser.cpp, kernels and their statements in
// ParseKernel.cpp, operators in ParseExpr.cpp, what stands between them in
// ParsePrimary.cpp.
//
// Failure: a parse function that fails has reported why and returns null or
// false; its callers return likewise up to a statement or declaration, which
// skips to the next one. Binding, tightest first:
//
//   10  f(a)  t[i]  i.y
//    9  -a  !a
//    8  *  /  div  mod           left to right
//    7  +  -                     left to right
//    6  &                        left to right
//    5  |                        left to right
//    4  <  <=  >  >=  ==  !=     chain;  in: once
//    3  not a
//    2  and                      left to right
//    1  or                       left to right
//    0  if, let, exists, rows(s):, (x) =>: as far to the right as possible
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_FRONTEND_PARSERIMPL_H
#define EFFATTN_LIB_FRONTEND_PARSERIMPL_H

#include "lib/Frontend/Lexer.h"
#include "lib/Frontend/Parser.h"

#include <algorithm>

namespace effattn {

/// Binding strengths of the table above.
namespace binding {
inline constexpr int kOpen = 0, kOr = 1, kAnd = 2, kNot = 3, kCompare = 4,
                     kUnion = 5, kIntersection = 6, kSum = 7, kProduct = 8,
                     kPrefix = 9, kPostfix = 10;
} // namespace binding

/// Counts one level of nesting while it lives.
class Level {
public:
  explicit Level(int &count) : count(count) { ++count; }
  ~Level() { --count; }
  Level(const Level &) = delete;

private:
  int &count;
};

class ParserImpl {
public:
  ParserImpl(std::string_view text, DiagnosticEngine &diagnostics);
  std::unique_ptr<ast::File> file();

private:
  std::string_view text;
  DiagnosticEngine &diagnostics;
  std::vector<Token> tokens;
  size_t at = 0;
  int nesting = 0;
  /// Open comprehensions, lambdas and definitions: where `let ... ;` is an
  /// expression.
  int letAllowed = 0;
  /// Braces opened since the current statement began.
  int openBraces = 0;

  // Tokens.
  const Token &peek(size_t ahead = 0) const {
    return tokens[std::min(at + ahead, tokens.size() - 1)];
  }
  bool is(TokenKind kind, size_t ahead = 0) const {
    return peek(ahead).kind == kind;
  }
  /// A name that is a keyword only where it stands.
  bool isWord(std::string_view word, size_t ahead = 0) const;
  std::string_view spelled(const Token &token) const {
    return text.substr(token.begin, token.end - token.begin);
  }
  Token take();
  bool accept(TokenKind kind);
  /// Takes a token of that kind, or reports "expected X, but got Y".
  bool expect(TokenKind kind, const std::string &purpose = {});
  /// As expect, for a closing bracket: a note shows the opening one.
  bool expectClose(TokenKind kind, const Token &open);
  bool expectWord(std::string_view word);
  bool expectName(ast::Identifier &name, const std::string &what);
  ast::Identifier identifier(const Token &token) const;
  std::string got() const;
  /// Reports at the current token; null when the lexer already has.
  Diagnostic *failHere(const std::string &expected,
                       const std::vector<std::string> &words = {});
  int64_t lastEnd() const { return at == 0 ? 0 : tokens[at - 1].end; }

  // Recovery.
  bool startsDeclaration() const;
  void skipToDeclaration();
  void skipToStatement();
  void skipToArgument();

  // Parser.cpp
  bool declaration(ast::File &file);
  bool param(ast::Param &param);
  bool definition(ast::Definition &definition);
  bool names(std::vector<ast::Identifier> &names, const std::string &what);

  // ParseKernel.cpp
  bool kernel(ast::Kernel &kernel);
  bool kernelHeader(ast::Kernel &kernel);
  bool kernelArguments(ast::Kernel &kernel);
  void kernelBody(ast::Kernel &kernel, const Token &open);
  bool statement(ast::Kernel &kernel);
  bool letStatement(ast::Let &let);
  bool require(ast::Require &require);
  bool example(ast::Example &example);
  bool returnStatement(ast::Kernel &kernel);
  bool type(ast::Type &type);

  // ParseExpr.cpp
  ast::ExprPtr expression(int strength = binding::kOpen);
  ast::ExprPtr prefix(int strength);
  ast::ExprPtr unary(ast::Op op);
  ast::ExprPtr infix(ast::ExprPtr left, int strength);
  ast::ExprPtr comparison(ast::ExprPtr first);
  ast::ExprPtr membership(ast::ExprPtr left);
  ast::ExprPtr postfix(ast::ExprPtr base);
  ast::ExprPtr make(ast::ExprKind kind, const Token &first) const;
  /// Sets end and height; null, with a message, where the tree is too high.
  ast::ExprPtr finish(ast::ExprPtr expr);
  bool operand(ast::Expr &into, int strength = binding::kOpen);

  // ParsePrimary.cpp
  ast::ExprPtr primary();
  ast::ExprPtr number();
  ast::ExprPtr nameOrForm();
  ast::ExprPtr call(const Token &callee);
  ast::ExprPtr conditional();
  ast::ExprPtr letExpression();
  ast::ExprPtr existsExpression();
  ast::ExprPtr parenthesised();
  ast::ExprPtr lambda();
  ast::ExprPtr comprehension();
  ast::ExprPtr onGrid();
  ast::ExprPtr heads();
  ast::ExprPtr rows();
  ast::ExprPtr overRange(ast::ExprKind kind);
  bool atLambda() const;
  bool range(ast::Expr &into);
};

} // namespace effattn

#endif // EFFATTN_LIB_FRONTEND_PARSERIMPL_H
