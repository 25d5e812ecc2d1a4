//===- MutationTest.cpp - damaged programs are answered, never a crash ----===//

#include "test/unit/Check/Checked.h"

#include <gtest/gtest.h>

#include <random>

using namespace effattn::test;

namespace {

const char *sample = R"(
param w: int = 8
param wide: bool = true
pattern near(l) = window(l, l) | { (h, i, j) : let u = i div 4 ; exists s in
  0..2 : j == u + s and abs(i - j) mod 3 != 1 }
def twice(x) = x + x
kernel f(q: f32[B, H, N, D], k: f32[B, H, M, D], v: f32[B, H, M, D],
         g: index[G] in N, t: i32[B, N], span: i32[H], u: i32[N], r: f32[N, M], x: f32,
         Y: i64) -> f32[B, H, N, D], f32[B, H, N] {
  require N <= M and G < N, "too many"
  example B=1, H=2, N=16, M=16, D=8, G=2
  let o, l = attend(q, k, v, if wide then near(w) else causal, lse = true,
    scale = 1 / sqrt(D), q0 = M - N,
    score = (s, i, j) => if i == j then -1e5 else s + scale * r[i, j] * x)
  let a = rows(g): attend(q, k, v, global(g) - heads(0..1: all, 1..2: stride(2)))
          else: merge c in 0..2 { attend(q, k, v, segments(t) & prefix(c)) }
  return merge(attend(q, twice(k), relu(v), on grid(Y, 4) { (i, j) : i.y == j.y }),
    attend(q, k, v, in_order(sort(u), same_block(4, back=1)))) + a * 2, l
}
)";

/// Words and signs of a text, blanks between them kept apart.
std::vector<std::string> split(const std::string &text) {
  std::vector<std::string> parts;
  for (char c : text) {
    bool isWord = std::isalnum(static_cast<unsigned char>(c)) || c == '_';
    bool wasWord =
        !parts.empty() &&
        (std::isalnum(static_cast<unsigned char>(parts.back().back())) ||
         parts.back().back() == '_');
    if (isWord && wasWord)
      parts.back() += c;
    else
      parts.emplace_back(1, c);
  }
  return parts;
}

TEST(Mutation, TheSampleIsValid) {
  Checked checked = checkText(sample);
  EXPECT_NE(checked.program, nullptr) << checked.messages;
}

TEST(Mutation, DamagedProgramsAreAnswered) {
  const std::vector<std::string> parts = split(sample);
  const std::vector<std::string> words = {
      "0",     "-1",     "9223372036854775807",
      "1.5",   "i",      "j",
      "h",     "N",      "q",
      "g",     "t",      "causal",
      "near",  "(",      ")",
      "{",     "}",      "|",
      "-",     "in",     "x",
      "true",  "window", "relu",
      "merge", "top",    "[",
      "]",     "div",    "*",
      "s"};
  std::mt19937 random(17);
  auto pick = [&](size_t count) { return random() % count; };
  int accepted = 0;
  for (int round = 0; round < 6000; ++round) {
    std::vector<std::string> damaged = parts;
    for (size_t edits = 1 + pick(3); edits > 0; --edits) {
      size_t place = pick(damaged.size());
      switch (pick(4)) {
      case 0:
        damaged.erase(damaged.begin() + place);
        break;
      case 1:
        damaged[place] = words[pick(words.size())];
        break;
      case 2:
        damaged[place] = parts[pick(parts.size())];
        break;
      default:
        damaged.insert(damaged.begin() + place, parts[pick(parts.size())]);
      }
    }
    std::string text;
    for (const std::string &part : damaged)
      text += part;
    Checked checked = checkText(text);
    EXPECT_EQ(checked.program == nullptr, checked.errors > 0) << text;
    if (checked.program) {
      EXPECT_FALSE(checked.listing().empty());
      ++accepted;
    }
  }
  // Blanks and comments vanish without harm; most damage does not.
  EXPECT_GT(accepted, 0);
  EXPECT_LT(accepted, 6000);
}

} // namespace
