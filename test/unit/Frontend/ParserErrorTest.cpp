//===- ParserErrorTest.cpp - what is refused, and in which words ----------===//

#include "ParserTestSupport.h"

#include <gtest/gtest.h>

using namespace effattn;
using test::Parsed;

namespace {

/// The first message, without the file's name.
std::string first(const std::string &text) {
  std::string all = Parsed(text).messages();
  std::string line = all.substr(0, all.find('\n'));
  return line.substr(std::min(line.size(), line.find(':') + 1));
}

std::string inKernel(const std::string &statements) {
  return "kernel f(q: f32[N]) -> f32[N] {\n" + statements + "\n}\n";
}

TEST(ParserError, QuotesTheLineWithACaret) {
  EXPECT_EQ(Parsed("param a: int = 1\n\tparam b: int = * 2\n").messages(),
            "t.attn:2:17: error: expected an expression, but got '*'\n"
            "        param b: int = * 2\n"
            "                       ^\n");
}

TEST(ParserError, UnderlinesTheRange) {
  EXPECT_EQ(Parsed("param alpha beta").messages(),
            "t.attn:1:13: error: expected ':', but got 'beta'\n"
            "param alpha beta\n"
            "            ^~~~\n");
}

TEST(ParserError, PointsAtTheOpenBracket) {
  EXPECT_EQ(Parsed(inKernel("return attend(q, k")).messages(),
            "t.attn:3:1: error: expected ',' or ')', but got '}'\n"
            "}\n"
            "^\n"
            "t.attn:2:14: note: '(' opened here\n"
            "return attend(q, k\n"
            "             ^\n");
  EXPECT_EQ(Parsed("kernel f() -> f32[N] {\n  return x").messages(),
            "t.attn:2:11: error: expected '}', but got the end of the file\n"
            "  return x\n"
            "          ^\n"
            "t.attn:1:22: note: '{' opened here\n"
            "kernel f() -> f32[N] {\n"
            "                     ^\n");
}

TEST(ParserError, ReportsSeveralAndNoMore) {
  Parsed parsed("parm a: int = 1\n"
                "param b: int = )\n"
                "kernel f(q: f32[N, k f32[N], v: f32[N]) -> f32[N] {\n"
                "  lett b = 2\n"
                "  let a = { (i, j) : i < }\n"
                "  let c = { (i, j) : let d = ] ; let e = 3 ; d }\n"
                "  require N > 0\n"
                "  example N=x\n"
                "  return q +\n"
                "}\n"
                "pattern p = window(1, 2\n"
                "def g = 1\n"
                "kernal h() -> f32[N] { param x: int = 1 return q }\n");
  std::vector<int64_t> lines;
  std::string text = parsed.messages();
  std::string found;
  for (size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
    if (text.compare(at, 7, "t.attn:") == 0 &&
        text.find(": error:", at) < text.find('\n', at))
      found += text.substr(at + 7, text.find(':', at + 7) - at - 7) + " ";
  EXPECT_EQ(found, "1 2 3 4 5 6 8 8 10 12 13 ") << text;
}

TEST(ParserError, SuggestsKeywords) {
  EXPECT_EQ(first("kernal f() -> f32[N] { return x }"),
            "1:1: error: expected a declaration ('param', 'pattern', 'def' or "
            "'kernel'), but got 'kernal'; did you mean 'kernel'?");
  EXPECT_EQ(first(inKernel("retrun x")),
            "2:1: error: expected a statement ('let', 'param', 'require', "
            "'example' or 'return'), but got 'retrun'; did you mean 'return'?");
  EXPECT_EQ(first("def f = if a thn b else c"),
            "1:14: error: expected 'then', but got 'thn'; did you mean "
            "'then'?");
  EXPECT_EQ(first("pattern p = on gird(Y, X) { (i, j) : i == j }"),
            "1:16: error: expected 'grid', but got 'gird'; did you mean "
            "'grid'?");
}

TEST(ParserError, SuggestsSpellings) {
  EXPECT_EQ(first("pattern p = { (i, j) : i = j }"),
            "1:26: error: expected '}', but got '='; write '==' to compare");
  EXPECT_EQ(first("pattern p = { (i, j) : i < j && i > 2 }"),
            "1:30: error: unexpected '&&': write 'and' between conditions, '&' "
            "between patterns");
  EXPECT_EQ(first("pattern p = { (i, j) : i % 2 == 0 }"),
            "1:26: error: unexpected '%': write 'mod'");
  EXPECT_EQ(first("pattern p = { (i, j) : i \xe2\x89\xa4 j }"),
            "1:26: error: unexpected '\xe2\x89\xa4': write '<='");
  EXPECT_EQ(first("def f = s => s"),
            "1:9: error: expected parentheses around the parameters of a "
            "function: (s) => ...");
  EXPECT_EQ(first("# comment"),
            "1:1: error: unexpected '#': write '//' for a comment");
}

TEST(ParserError, SaysWhatIsMissing) {
  EXPECT_EQ(first(inKernel("let a = 1")),
            "3:1: error: expected 'return' before the end of the kernel, but "
            "got '}'");
  EXPECT_EQ(first(inKernel("return a\nlet b = 1")),
            "3:1: error: expected '}' after 'return', but got 'let'");
  EXPECT_EQ(first(inKernel("require N > 0 return a")),
            "2:15: error: expected ',' and what to tell the caller, in quotes, "
            "but got 'return'");
  EXPECT_EQ(first(inKernel("example N=1.5")),
            "2:11: error: expected an integer, but got '1.5'");
  EXPECT_EQ(first("def f = if a then b"),
            "1:20: error: expected 'else', but got the end of the file");
  EXPECT_EQ(first("kernel f(g: index in N) -> f32[N] { return g }"),
            "1:19: error: expected '[' and the size of the index set, but got "
            "'in'");
  EXPECT_EQ(first("kernel f(g: index[G]) -> f32[N] { return g }"),
            "1:21: error: expected 'in' and the bound of the indices, but got "
            "')'");
  EXPECT_EQ(first("kernel f(let: f32[N]) -> f32[N] { return g }"),
            "1:10: error: expected an argument, but got 'let'");
  EXPECT_EQ(first("param if: int = 1"),
            "1:7: error: expected a name, but got 'if', which is a word of the "
            "language");
  EXPECT_EQ(first("let x = 1"),
            "1:1: error: expected a declaration ('param', 'pattern', 'def' or "
            "'kernel'); statements stand inside a kernel's braces, but got "
            "'let'");
  EXPECT_EQ(first("def f = g(a = 1, 2)"),
            "1:18: error: expected a named argument, but got '2'");
  EXPECT_EQ(first("def f = g(1)(2)"),
            "1:13: error: expected an operator, but got '('");
  EXPECT_EQ(first("def f = a < b in c"),
            "1:15: error: expected 'and' between a comparison and a "
            "membership, but got 'in'");
  EXPECT_EQ(first("def f = a + not b"),
            "1:13: error: expected an operand; put 'not ...' in parentheses, "
            "but got 'not'");
  EXPECT_EQ(first("pattern p = on grid(Y, X) causal"),
            "1:27: error: expected '{' and a comprehension, but got 'causal'");
}

TEST(ParserError, Numbers) {
  EXPECT_EQ(first("param a: int = 9223372036854775808"),
            "1:16: error: expected an integer below 2^63, but got "
            "9223372036854775808");
  EXPECT_EQ(first("param a: float = 1e999"),
            "1:18: error: expected a number that a double can hold, but got "
            "1e999");
  EXPECT_EQ(first("param a: int = 12px"),
            "1:16: error: expected a number, but got '12px'");
  EXPECT_EQ(first("param a: float = .5"),
            "1:18: error: expected a digit before the point, as in '0.5'");
  EXPECT_EQ(first("param a: float = 5."),
            "1:18: error: expected a digit after the point");
}

TEST(ParserError, Strings) {
  EXPECT_EQ(first(inKernel("require N > 0, \"abc\n return a")),
            "2:16: error: expected '\"' at the end of the string before the "
            "end of its line");
  EXPECT_EQ(first(inKernel("require N > 0, \"a\\qc\" return a")),
            "2:18: error: expected one of \\\" \\\\ \\n \\t");
  EXPECT_EQ(first(inKernel("require N > 0, \"a\\")),
            "2:16: error: expected '\"' at the end of the string before the "
            "end of its line");
}

TEST(ParserError, BytesThatAreNoText) {
  EXPECT_EQ(first(std::string("param a\0: int = 1", 17)),
            "1:8: error: expected text, but got a NUL byte");
  EXPECT_EQ(first("param \xff: int = 1"),
            "1:7: error: expected UTF-8 text, but got the byte 0xff");
  EXPECT_EQ(first("// \xc3("), "1:4: error: expected UTF-8 text, but got the "
                               "byte 0xc3");
  EXPECT_EQ(first(std::string("// a\0b", 6)),
            "1:5: error: expected text, but got a NUL byte in a comment");
  EXPECT_EQ(first("param \x01\x02 a"),
            "1:7: error: unexpected characters '\\x01\\x02'");
  EXPECT_EQ(first(""), "1:1: error: expected a declaration ('param', "
                       "'pattern', 'def' or 'kernel'), but got the end of the "
                       "file");
}

TEST(Diagnostics, NearestIsNear) {
  std::vector<std::string> names = {"window", "stride", "causal", "b"};
  EXPECT_EQ(nearest("windw", names), "window");
  EXPECT_EQ(nearest("casual", names), "causal");
  EXPECT_EQ(nearest("x", names), "");
  EXPECT_EQ(nearest("elephant", names), "");
  EXPECT_EQ(didYouMean("strde", names), "; did you mean 'stride'?");
}

TEST(Diagnostics, LimitAndOrder) {
  Parsed parsed("param a: int = 1\n");
  DiagnosticEngine &engine = *parsed.diagnostics;
  engine.error({9, 12}, "second").note({0, 5}, "cause");
  engine.error({6, 7}, "first");
  engine.error({6, 8}, "same place: dropped").note({0, 1}, "dropped too");
  engine.warning({15, 16}, "third");
  EXPECT_EQ(engine.errorCount(), 2);
  EXPECT_EQ(parsed.messages(), "t.attn:1:7: error: first\n"
                               "param a: int = 1\n"
                               "      ^\n"
                               "t.attn:1:10: error: second\n"
                               "param a: int = 1\n"
                               "         ^~~\n"
                               "t.attn:1:1: note: cause\n"
                               "param a: int = 1\n"
                               "^~~~~\n"
                               "t.attn:1:16: warning: third\n"
                               "param a: int = 1\n"
                               "               ^\n");
}

TEST(Diagnostics, CutsLongLines) {
  std::string text =
      "param a: int = " + std::string(5000, ' ') + ")" + std::string(5000, ' ');
  std::string messages = Parsed(text).messages();
  EXPECT_LT(messages.size(), 400u);
  // The caret stands under the parenthesis.
  size_t line = messages.find('\n') + 1, next = messages.find('\n', line) + 1;
  EXPECT_EQ(messages.find(')', line) - line, messages.find('^', next) - next)
      << messages;
}

} // namespace
