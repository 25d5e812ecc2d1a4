//===- ParserRobustnessTest.cpp - any bytes give a tree or messages -------===//

#include "ParserTestSupport.h"

#include <gtest/gtest.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

using namespace effattn;
using test::Parsed;

namespace {

constexpr size_t kMiB = size_t(1) << 20;

std::string repeat(const std::string &part, size_t times) {
  std::string out;
  out.reserve(part.size() * times);
  while (times--)
    out += part;
  return out;
}

/// Parses; messages must exist exactly where the text is refused, be short,
/// and come soon. Returns whether the text was accepted.
bool survives(const std::string &text) {
  std::clock_t start = std::clock();
  Parsed parsed(text);
  std::string messages = parsed.messages();
  EXPECT_LT(std::clock() - start, 20 * CLOCKS_PER_SEC);
  EXPECT_EQ(parsed.good(), messages.empty());
  EXPECT_LT(messages.size(), 100000u);
  for (const Diagnostic &d : parsed.diagnostics->diagnostics()) {
    EXPECT_LE(0, d.range.begin);
    EXPECT_LE(d.range.begin, d.range.end);
    EXPECT_LE(d.range.end, int64_t(text.size()) + 1);
  }
  if (parsed.good()) {
    EXPECT_TRUE(Parsed(toString(*parsed.file)).good());
  }
  return parsed.good();
}

TEST(ParserRobustness, DeepNesting) {
  for (const char *open : {"(",
                           "[",
                           "{",
                           "f(",
                           "t[",
                           "-",
                           "!",
                           "not ",
                           "if ",
                           "if a then ",
                           "if a then b else ",
                           "{ (i, j) : ",
                           "(s) => ",
                           "rows(",
                           "rows(g): ",
                           "merge r in 0..2 { ",
                           "on grid(",
                           "heads(",
                           "exists s in ",
                           "exists s in 0..1 : ",
                           "a + (",
                           "let a = ",
                           "let a = 1 ; ",
                           "\""})
    for (const char *before : {"def f = ", "kernel k() -> f32[N] { return ",
                               "kernel k(q: f32[", ""}) {
      SCOPED_TRACE(std::string(before) + open);
      EXPECT_FALSE(survives(before + repeat(open, 100000)));
    }
}

TEST(ParserRobustness, NestingUpToTheBound) {
  auto nested = [](int depth) {
    return "def f = " + repeat("(", depth) + "a" + repeat(")", depth);
  };
  EXPECT_TRUE(survives(nested(ast::kMaxNesting - 1)));
  EXPECT_FALSE(survives(nested(ast::kMaxNesting)));
  EXPECT_NE(Parsed(nested(100000)).messages().find("nested at most 200 deep"),
            std::string::npos);
}

TEST(ParserRobustness, LongChains) {
  EXPECT_TRUE(survives("def f = a" + repeat(" + a", ast::kMaxHeight - 1)));
  EXPECT_FALSE(survives("def f = a" + repeat(" + a", ast::kMaxHeight)));
  EXPECT_FALSE(survives("def f = a" + repeat(" | a", 200000)));
  EXPECT_FALSE(survives("def f = a" + repeat("[0]", 200000)));
  EXPECT_FALSE(survives("def f = a" + repeat(".x", 200000)));
  EXPECT_FALSE(survives("def f = " + repeat("(a, ", 200000)));
  // Flat lists have no bound but the file's.
  EXPECT_TRUE(survives("def f = a" + repeat(" < a", 100000)));
  EXPECT_TRUE(survives("def f = g(a" + repeat(", a", 100000) + ")"));
  EXPECT_TRUE(survives("def f = " + repeat("let a = 1 ; ", 80000) + "a"));
  EXPECT_TRUE(survives(repeat("param a: int = 1\n", 60000)));
}

TEST(ParserRobustness, AMebibyteOfOneByte) {
  for (int byte = 0; byte < 256; ++byte) {
    SCOPED_TRACE(byte);
    survives(std::string(kMiB / 8, char(byte)));
  }
  for (char byte : {'\0', '\n', '(', '{', '"', '/', 'a', '9', '.', '\xff'}) {
    SCOPED_TRACE(int(byte));
    EXPECT_FALSE(survives(std::string(kMiB, byte)));
  }
}

TEST(ParserRobustness, SpecialTexts) {
  for (const std::string &text : std::vector<std::string>{
           "",
           "\n",
           "\r\n",
           "\xef\xbb\xbf",
           "//",
           "// no end",
           "\"",
           "\"\\",
           "param",
           "kernel",
           "kernel f",
           "kernel f(",
           "kernel f()",
           "kernel f() ->",
           "kernel f() -> f32[N] {",
           "def",
           "def f",
           "def f =",
           "pattern p(",
           "}",
           ")",
           ";",
           "kernel f() -> f32[N] { }",
           "kernel f() -> f32[N] { let",
           "\xc3",
           "\xe2\x82",
           "\xf0\x9f\x92",
           "\xed\xa0\x80",
           "\xc0\xaf",
           std::string(1, '\0'),
           "def f = " + std::string(100000, '9'),
           "def f = 0." + std::string(100000, '9') + "e99999",
           "def f = 1e-99999999999999999999"}) {
    SCOPED_TRACE(text.substr(0, 40));
    EXPECT_FALSE(survives(text));
  }
  EXPECT_TRUE(survives("def f = 0." + std::string(kMiB, '9')));
  EXPECT_TRUE(survives("def " + std::string(kMiB, 'n') + " = 1"));
  EXPECT_TRUE(survives("def f = 1 //" + std::string(kMiB, 'x')));
  EXPECT_FALSE(survives(std::string(size_t(kMaxFileSize) + 1, ' ')));
}

TEST(ParserRobustness, RandomBytes) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::string text(random() % 4000, ' ');
    for (char &c : text)
      c = char(random());
    survives(text);
  }
}

std::vector<std::string> seeds() {
  std::vector<std::string> texts;
  std::filesystem::path root(EFFATTN_SOURCE_DIR);
  for (const char *folder : {"patterns", "test/Frontend"})
    for (const auto &entry : std::filesystem::directory_iterator(root / folder))
      if (entry.path().extension() == ".attn") {
        std::ostringstream text;
        text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
        texts.push_back(text.str());
      }
  return texts;
}

/// One random edit: bytes changed, removed, doubled, or words put in.
std::string mutate(std::string text, std::mt19937 &random) {
  static const char *const kWords[] = {"(",       ")",
                                       "{",       "}",
                                       "[",       "]",
                                       ",",       ":",
                                       ";",       "..",
                                       "=",       "=>",
                                       "->",      "let ",
                                       "if ",     "else",
                                       "then ",   "rows(",
                                       "in ",     "merge ",
                                       "return",  "and ",
                                       "\"",      "//",
                                       "\n",      "-",
                                       "!",       "not ",
                                       "kernel ", "def ",
                                       "param ",  "1e5",
                                       "\xff",    "9999999999999999999999"};
  size_t at = text.empty() ? 0 : random() % text.size();
  size_t length = std::min<size_t>(random() % 20, text.size() - at);
  switch (random() % 5) {
  case 0:
    if (!text.empty())
      text[at] = char(random());
    return text;
  case 1:
    return text.erase(at, length);
  case 2:
    return text.insert(at, text.substr(at, length));
  case 3:
    return text.insert(at, kWords[random() % std::size(kWords)]);
  default:
    return text.substr(0, at) + text.substr(random() % (text.size() + 1));
  }
}

TEST(ParserRobustness, RandomMutations) {
  std::mt19937 random(42);
  std::vector<std::string> texts = seeds();
  ASSERT_GT(texts.size(), 8u);
  int accepted = 0, refused = 0;
  for (int round = 0; round < 6000; ++round) {
    std::string text = texts[random() % texts.size()];
    for (unsigned edits = 1 + random() % 6; edits-- > 0;)
      text = mutate(std::move(text), random);
    SCOPED_TRACE(round);
    (survives(text) ? accepted : refused)++;
    if (HasFailure())
      FAIL() << text;
  }
  EXPECT_GT(accepted, 100);
  EXPECT_GT(refused, 100);
}

} // namespace
