//===- ParserTest.cpp - what parses, and as what --------------------------===//

#include "ParserTestSupport.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

using namespace effattn;
using test::Parsed;

namespace {

std::string read(const std::filesystem::path &path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

/// `expression` as the printer spells it. Inside a comprehension, where every
/// kind of expression may stand.
std::string spelled(const std::string &expression) {
  Parsed parsed("pattern p = { (i, j) : " + expression + " }");
  if (!parsed.good())
    return parsed.messages();
  std::string text = toString(*parsed.file);
  const std::string before = "pattern p = { (i, j) : ", after = " }\n";
  return text.substr(before.size(), text.size() - before.size() - after.size());
}

void expectRoundTrip(const std::string &text) {
  Parsed first(text);
  ASSERT_TRUE(first.good()) << first.messages();
  std::string once = toString(*first.file);
  Parsed second(once);
  ASSERT_TRUE(second.good()) << once << second.messages();
  EXPECT_EQ(once, toString(*second.file));
}

TEST(Parser, BindsOperatorsByStrength) {
  EXPECT_EQ(spelled("a or (b and c)"), "a or b and c");
  EXPECT_EQ(spelled("(a or b) and c"), "(a or b) and c");
  EXPECT_EQ(spelled("not (a < b)"), "not a < b");
  EXPECT_EQ(spelled("(not a) == b"), "(not a) == b");
  EXPECT_EQ(spelled("(a | b) == (c & d)"), "a | b == c & d");
  EXPECT_EQ(spelled("a | (b & c)"), "a | b & c");
  EXPECT_EQ(spelled("(a - b) & c"), "a - b & c");
  EXPECT_EQ(spelled("a - (b & c)"), "a - (b & c)");
  EXPECT_EQ(spelled("a + (b * c)"), "a + b * c");
  EXPECT_EQ(spelled("(a + b) * c"), "(a + b) * c");
  EXPECT_EQ(spelled("(-a) div b"), "-a div b");
  EXPECT_EQ(spelled("-(a div b)"), "-(a div b)");
  EXPECT_EQ(spelled("!(f(x))"), "!f(x)");
  EXPECT_EQ(spelled("!!a & --b"), "!!a & --b");
  EXPECT_EQ(spelled("(i.y)[3]"), "i.y[3]");
  EXPECT_EQ(spelled("(j in g) and i in g"), "j in g and i in g");
}

TEST(Parser, GroupsToTheLeft) {
  EXPECT_EQ(spelled("(a - b) - c"), "a - b - c");
  EXPECT_EQ(spelled("a - (b - c)"), "a - (b - c)");
  EXPECT_EQ(spelled("(a div b) mod c"), "a div b mod c");
  EXPECT_EQ(spelled("a * (b div c)"), "a * (b div c)");
  EXPECT_EQ(spelled("(a and b) and c"), "a and b and c");
}

TEST(Parser, ChainsComparisons) {
  Parsed parsed("def f = 0 <= a < b == c");
  ASSERT_TRUE(parsed.good()) << parsed.messages();
  const auto &body =
      *std::get<ast::Definition>(parsed.file->declarations[0]).body;
  EXPECT_EQ(body.kind, ast::ExprKind::Compare);
  EXPECT_EQ(body.ops.size(), 3u);
  EXPECT_EQ(body.operands.size(), 4u);
  EXPECT_EQ(spelled("(a < b) < c"), "(a < b) < c");
}

TEST(Parser, OpenFormsReachToTheRight) {
  EXPECT_EQ(spelled("a + if c then x else y + z"),
            "a + (if c then x else y + z)");
  EXPECT_EQ(spelled("(if c then x else y) + z"), "(if c then x else y) + z");
  EXPECT_EQ(spelled("a and exists s in 0..4 : s == i or j == i"),
            "a and (exists s in 0..4 : s == i or j == i)");
  EXPECT_EQ(spelled("let a = 1 ; a + (let b = 2 ; b)"),
            "let a = 1 ; a + (let b = 2 ; b)");
}

TEST(Parser, AnElseWithColonBelongsToRows) {
  Parsed parsed("kernel f() -> f32[N] { return rows(a): rows(b): x else: y }");
  ASSERT_TRUE(parsed.good()) << parsed.messages();
  const auto &kernel = std::get<ast::Kernel>(parsed.file->declarations[0]);
  EXPECT_EQ(kernel.returns[0]->operands.size(), 2u);
  EXPECT_EQ(kernel.returns[0]->operand(1).operands.size(), 3u);
}

TEST(Parser, TellsNumbersFromRanges) {
  EXPECT_EQ(spelled("exists s in 0..4 : s == 1.5e3"),
            "exists s in 0..4 : s == 1500.0");
  EXPECT_EQ(spelled("9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(spelled("1e-6 + 1.0 + 1e300"), "1e-06 + 1.0 + 1e+300");
  EXPECT_EQ(spelled("0.1"), "0.1");
}

TEST(Parser, FormsAreWordsOnlyWhereTheyStand) {
  EXPECT_EQ(spelled("rows + heads + merge + average + on + grid + index"),
            "rows + heads + merge + average + on + grid + index");
  EXPECT_EQ(spelled("merge(a, b)"), "merge(a, b)");
}

TEST(Parser, RangesCoverWhatWasWritten) {
  std::string text = "def f = a + window( w , 2 )";
  Parsed parsed(text);
  ASSERT_TRUE(parsed.good());
  const auto &body =
      *std::get<ast::Definition>(parsed.file->declarations[0]).body;
  auto slice = [&](ast::SourceRange r) {
    return text.substr(r.begin, r.end - r.begin);
  };
  EXPECT_EQ(slice(body.range), "a + window( w , 2 )");
  EXPECT_EQ(slice(body.opRange), "+");
  EXPECT_EQ(slice(body.operand(1).range), "window( w , 2 )");
  EXPECT_EQ(slice(body.operand(1).name.range), "window");
}

TEST(Parser, TakesBlanksOfEveryKind) {
  EXPECT_TRUE(Parsed("param a: int = 1\r\nparam b: int = 2\r\n").good());
  EXPECT_TRUE(Parsed("\tparam\ta:\tint\t=\t1").good());
  EXPECT_TRUE(Parsed("\xef\xbb\xbfparam a: int = 1").good());
  EXPECT_TRUE(
      Parsed("param a: int = 1 // last line, \xc3\xa9t\xc3\xa9").good());
  EXPECT_TRUE(Parsed("param a: int = 1 ; param b: int = 2 ;").good());
}

TEST(Parser, KeepsStringsExactly) {
  Parsed parsed(
      "kernel f() -> f32[N] { require N > 0, \"a\\\"b\\\\c\\n\\t\xc3\xa9\""
      " return x }");
  ASSERT_TRUE(parsed.good()) << parsed.messages();
  const auto &kernel = std::get<ast::Kernel>(parsed.file->declarations[0]);
  EXPECT_EQ(std::get<ast::Require>(kernel.body[0]).message,
            "a\"b\\c\n\t\xc3\xa9");
  expectRoundTrip(toString(*parsed.file));
}

/// Each system of the language reference, in the spelling given there.
const char *const kSystems[] = {
    "attend(q, k, v, all)",
    "attend(q, k, v, window(256, 256))",
    "attend(q, k, v, window(64, 64, dilation=4))",
    "attend(q, k, v, window(8, 8) | stride(16))",
    "attend(q, k, v, same_block(64))",
    "attend(q, k, v, (window(l-1, 0) | stride(l)) & causal)",
    "attend(q, k, v, heads(0..4: window(l-1, 0), 4..8: stride(l)) & causal)",
    "attend(q, k, v, (same_block(l) | { (i, j) : j mod l >= l - c }) & causal)",
    "attend(q, k, v, same_block(256, back=1) & causal)",
    "attend(q, k, v, on grid(Y, X) { (i, j) : let r0 = (i.y div 8)*8 ; let c0 "
    "= (i.x div 8)*8 ; (r0 - fh <= j.y < r0 and c0 - fw <= j.x < c0 + 8 + fw) "
    "or (r0 <= j.y < r0 + 8 and c0 - fw <= j.x < c0) or (j.y div 8 == i.y div "
    "8 and j.x div 8 == i.x div 8 and (j.y < i.y or (j.y == i.y and j.x <= "
    "i.x))) })",
    "attend(q, k, v, on grid(Y, X) { (i, j) : i.y == j.y })",
    "shift(attend(q, k, v, on grid(Y, X) { (i, j) : i.x == j.x and j.y <= i.y "
    "}), 1)",
    "rows(g): attend(qg, kg, vg, all) else: attend(q, k, v, window(256, 256) | "
    "keys(g))",
    "merge(attend(ql, kl, vl, window(84, 84) & seen, score = (s, h, i, j) => s "
    "+ scale * (rel[i, lab[i, j]] + beta[h, lab[i, j]])), attend(ql, kg, vg, "
    "all, q0 = 0, score = (s, i, j) => s))",
    "attend(q, k, v, near | random_blocks(64, 3, seed=7, outside=near))",
    "attend(q, k, v, { (i, j) : let u = i div 64 ; let w = j div 64 ; let z = "
    "(N-1) div 64 ; abs(u-w) <= 1 or w == 0 or w == z or u == 0 or u == z })",
    "attend(q, k, v, causal & { (h, i, j) : i - j < reach[h] }, score = (s, h, "
    "i, j) => s + log(clamp((R + z[h] - (i - j)) / R, 0, 1)))",
    "attend(q, split_heads(matmul(concat(take(x, 0, 1), conv1d(x, wc, "
    "stride=3)), wk), H), split_heads(matmul(m, wv), H), { (i, j) : j == 0 or "
    "3*j <= i })",
    "attend(qx, kt, vt, all, scale = 1/sqrt(512))",
    "attend(q + u, k, v, causal, score = (s, i, j) => s + scale * rel[i, q0 + "
    "i - j])",
    "merge(attend(q, kc, vc, all), attend(q, km, vm, all), attend(q, k, v, "
    "causal, q0 = 0))",
    "merge(attend(q, k, v, same_block(s) & causal), attend(q, segment_mean(k, "
    "s), segment_mean(v, s), { (i, j) : (j+1)*s <= i }))",
    "merge r in 0..R { attend(x, normalize(x), v, in_order(sort(bucket[r]), "
    "same_block(64, back=1)) & causal, score = (s, i, j) => if i == j then "
    "-1e5 else s) }",
    "attend(q, k, v, { (i, j) : bucket[r, i] == bucket[r, j] })",
    "average c in 0..C { rows(tq[c]): attend(q, k, v, keys(tk[c]) & causal) }",
    "top(matmul(mu, transpose(layer_norm(q))), w)",
    "merge(attend(q, mix_blocks(p, k, s), mix_blocks(p, v, s), same_block(s)), "
    "attend(q, k, v, same_block(s)))",
    "take(mix_blocks(p, k, s), 0, n*s)",
    "sinkhorn(r, 7, tau)",
    "attend(q, k, v, causal, select = top(32))",
    "attend(q, matmul(e, k), matmul(f, v), all)",
    "attend(q, kl, matmul(pinv(softmax(scale * matmul(ql, transpose(kl))), 6), "
    "attend(ql, k, v, all)), all) + depthwise_conv(v, w)",
    "attend(v, causal, logits = (h, i, j) => r[h, i, j])",
    "as_tokens(matmul(a1, as_grid(v, Y, X)))",
    "linear_attend(elu(q) + 1, elu(k) + 1, v, causal)",
    "linear_attend(favor(q, w, stabilise=row), favor(k, w, stabilise=running), "
    "v, causal)",
    "linear_attend(relu(q), relu(k + p), v, all) + "
    "as_tokens(depthwise_conv2d(as_grid(v, Y, X), w))",
    "conv1d(x, softmax(w), groups=H, padding=causal)",
    "column_sums(q, k, causal)",
    "attend(q, k, v, in_order(pq, pk, all) | in_order(block_raster(Y, X, 8, "
    "8), causal) | in_order(column_major(Y, X), causal))",
    "attend(q, k, v, prefix(P) & segments(t) & blocks(t, 64) & !queries(S) - "
    "global({ j : j < 4 }))",
    "linear_attend(fq, fk, v, segments(t), eps = 1e-6, normalize = true, state "
    "= st)",
};

TEST(Parser, TakesEverySystem) {
  for (const char *system : kSystems) {
    SCOPED_TRACE(system);
    expectRoundTrip(std::string("kernel f(q: f32[B, H, N, D]) -> f32[B, H, N, "
                                "D] {\n  let m = x ; return ") +
                    system + "\n}\n");
  }
}

TEST(Parser, PrintsWhatParsesToTheSame) {
  std::vector<std::filesystem::path> files = {
      std::filesystem::path(EFFATTN_SOURCE_DIR) / "test/Frontend/parse.attn"};
  for (const auto &entry : std::filesystem::directory_iterator(
           std::filesystem::path(EFFATTN_SOURCE_DIR) / "patterns"))
    if (entry.path().extension() == ".attn")
      files.push_back(entry.path());
  EXPECT_GT(files.size(), 8u);
  for (const auto &path : files) {
    SCOPED_TRACE(path);
    expectRoundTrip(read(path));
  }
}

} // namespace
