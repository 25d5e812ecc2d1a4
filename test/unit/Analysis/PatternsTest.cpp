//===- PatternsTest.cpp - every kind of pattern, pair by pair -------------===//
#include "test/unit/Analysis/BruteForce.h"

#include <gtest/gtest.h>

namespace effattn::test {

namespace {

PatternRef pattern(PatternKind kind, std::vector<Expr> scalars = {}) {
  std::vector<ScalarRef> list;
  for (const Expr &scalar : scalars)
    list.push_back(scalar.ref);
  return makePattern(kind, std::move(list));
}

PatternRef inSet(PatternKind kind, int table) {
  auto result = std::make_shared<Pattern>(kind);
  result->table = table;
  return result;
}

PatternRef comprehension(Expr predicate) {
  auto result = std::make_shared<Pattern>(PatternKind::Comprehension);
  result->predicate = predicate.ref;
  return result;
}

PatternRef combine(PatternKind kind, PatternRef a, PatternRef b) {
  return makePattern(kind, {}, {std::move(a), std::move(b)});
}

Example example(std::string name, const PatternRef &pattern,
                std::vector<Values> parameters = {{}}) {
  Example result{std::move(name), predicate(pattern, nullptr)};
  result.parameters = std::move(parameters);
  return result;
}

const Expr i = var("i"), j = var("j"), N = var("N"), M = var("M");

PatternRef causal() { return pattern(PatternKind::Causal); }
PatternRef window(int l, int r, int d = 1) {
  return pattern(PatternKind::Window, {l, r, d});
}
PatternRef stride(int m) { return pattern(PatternKind::Stride, {m}); }
PatternRef sameBlock(int s, int back = 0, int ahead = 0) {
  return pattern(PatternKind::SameBlock, {s, back, ahead});
}

/// Blocks of s columns that start at multiples of t; the nearest centre owns.
PatternRef chunks(int s, int t) {
  Expr last = max(0, (M - s + t - 1) / t);
  Expr c = min(max((2 * i - s + t) / (2 * t), 0), last);
  return comprehension(c * t <= j && j < c * t + s);
}

PatternRef nearBlocks(int size) {
  Expr u = i / size, w = j / size, z = (N - 1) / size;
  return comprehension(abs(u - w) <= 1 || w == 0 || w == z || u == 0 || u == z);
}

std::vector<Example> builtIn() {
  Expr P = argument("P", ScalarType::Int);
  std::vector<Values> prefixes = {
      {{"P", -2}}, {{"P", 0}}, {{"P", 5}}, {{"P", 30}}};
  return {
      example("all", pattern(PatternKind::All)),
      example("none", pattern(PatternKind::None)),
      example("causal", causal()),
      example("window back", window(5, 0)),
      example("window both", window(3, 2)),
      example("window ahead", window(0, 4)),
      example("window wide", window(40, 40)),
      example("window off the diagonal", window(6, -3)),
      example("window dilated", window(3, 3, 4)),
      example("window dilated back", window(2, 0, 3)),
      example("stride 2", stride(2)),
      example("stride 7", stride(7)),
      example("same block 4", sameBlock(4)),
      example("same block 6 back 1", sameBlock(6, 1)),
      example("same block 3 back 1 ahead 2", sameBlock(3, 1, 2)),
      example("prefix constant", pattern(PatternKind::Prefix, {6})),
      example("prefix argument", pattern(PatternKind::Prefix, {P}), prefixes),
      example("queries", inSet(PatternKind::Queries, 2)),
      example("keys", inSet(PatternKind::Keys, 5)),
  };
}

std::vector<Example> comprehensions() {
  Expr s = var("s$1"), r = var("r$2");
  return {
      example("memory compressed", comprehension(j == 0 || 3 * j <= i)),
      example("hierarchical slots", comprehension((j + 1) * 4 <= i)),
      example("fixed columns", comprehension(j % 8 >= 5)),
      example("fixed columns, causal",
              comprehension(j <= i && (i / 8 == j / 8 || j % 8 >= 6))),
      example("chunks 6 by 4", chunks(6, 4)),
      example("chunks 5 by 5", chunks(5, 5)),
      example("near blocks", nearBlocks(4)),
      example("hierarchical",
              comprehension(j <= i && (i - j < 4 || j % 4 == 3) &&
                            (i - j < 8 || j % 8 == 7))),
      example("axial", comprehension(i / 4 == j / 4 || i % 4 == j % 4)),
      example("neighbours on a grid", comprehension(abs(i / 5 - j / 5) <= 1 &&
                                                    abs(i % 5 - j % 5) <= 1)),
      example("image blocks", comprehension(j <= i && j >= (i / 6) * 6 - 5)),
      example("mod of mod", comprehension((j % 6) % 4 == i % 3)),
      example("div of mod", comprehension((j % 9) / 2 <= (i % 7) / 3)),
      example("three moduli",
              comprehension(i % 2 == j % 3 || (i + j) % 5 == 0)),
      example("negative dividend", comprehension((j - 9) / 4 == (i - 13) / 5)),
      example("exists", comprehension(some("s$1", 0, 3, i - j == 4 * s + 1))),
      example("exists in both",
              comprehension(some("s$1", -2, 3, i == 2 * j + 3 * s))),
      example("exists nested",
              comprehension(
                  some("s$1", 0, 3, some("r$2", s, 4, i - j == s + 5 * r)))),
      example("not exists",
              comprehension(!some("s$1", 0, 4, j == 3 * s + i % 3))),
      example("empty exists", comprehension(some("s$1", 3, 3, i == j))),
      example("min and max",
              comprehension(min(i, j) * 2 >= max(i, j) || min(i, 5) == j)),
      example("abs", comprehension(abs(2 * i - 3 * j) <= 4)),
      example("if", comprehension(j <= ifThenElse(i % 2 == 0, i / 2, i + 1))),
      example("if of conditions",
              comprehension(ifThenElse(i < 6, j < 6, j >= i - 2))),
      example("equality of conditions", comprehension((i % 2 == 0) == (j < i))),
      example("inequality of conditions",
              comprehension((i < 5) != (j % 3 == 1))),
      example("one hole", comprehension(j != i && j != 4)),
      example("ends", comprehension(j == 0 || j == M - 1 || i == N - 1)),
      example("middle", comprehension(abs(2 * j - M) <= 5)),
      example("anti-diagonal", comprehension(i + j == N - 1)),
      example("rows only", comprehension(i % 3 == 1)),
      example("beyond N", comprehension(i + 1 < N && j > N)),
      example("far constants",
              comprehension(i - j <= 1000000000000 && j <= i + 3)),
      example("half", comprehension(2 * j < N)),
  };
}

std::vector<Example> algebra() {
  auto unite = [](PatternRef a, PatternRef b) {
    return combine(PatternKind::Union, a, b);
  };
  auto both = [](PatternRef a, PatternRef b) {
    return combine(PatternKind::Intersection, a, b);
  };
  auto less = [](PatternRef a, PatternRef b) {
    return combine(PatternKind::Difference, a, b);
  };
  auto no = [](PatternRef a) {
    return makePattern(PatternKind::Complement, {}, {a});
  };
  PatternRef keys = inSet(PatternKind::Keys, 1);
  PatternRef queries = inSet(PatternKind::Queries, 1);
  return {
      example("window | stride", unite(window(2, 1), stride(5))),
      example("(window | stride) & causal",
              both(unite(window(3, 0), stride(4)), causal())),
      example("fixed",
              both(unite(sameBlock(5), comprehension(j % 5 >= 3)), causal())),
      example("block & causal", both(sameBlock(6, 1), causal())),
      example("window - stride", less(window(6, 6), stride(3))),
      example("window - window", less(window(6, 6), window(2, 2))),
      example("!causal", no(causal())),
      example("!(window | block)", no(unite(window(2, 2), sameBlock(4)))),
      example("!dilated", no(window(2, 2, 3))),
      example("nothing", less(causal(), causal())),
      example("everything", unite(causal(), no(causal()))),
      example("Longformer", unite(window(3, 3), keys)),
      example("Longformer causal", both(unite(window(3, 0), keys), causal())),
      example("global | window", unite(unite(queries, keys), window(2, 2))),
      example("window - keys", less(window(4, 1), keys)),
      example("block & !queries & !keys",
              both(sameBlock(4), no(unite(queries, keys)))),
      example("two key sets",
              unite(both(keys, causal()),
                    both(inSet(PatternKind::Keys, 9), window(2, 2)))),
  };
}

/// Contiguous tiles of several sizes, and residues of a modulus of the pattern.
void expectAllExact(const std::vector<Example> &examples) {
  for (const Example &one : examples) {
    SCOPED_TRACE(one.name + ": " + toString(one.predicate));
    std::vector<Tiling> tilings = {contiguous(1), contiguous(4), contiguous(5),
                                   contiguous(16)};
    int64_t modulus = 0;
    walk(one.predicate, [&](const Scalar &node) {
      if (node.kind == ScalarKind::Mod && node.operands[1]->isConstant())
        modulus = node.operands[1]->integer;
    });
    if (modulus > 1)
      tilings.push_back(residues(modulus, 3));
    expectExact(one, tilings);
  }
}

TEST(Patterns, BuiltIn) { expectAllExact(builtIn()); }
TEST(Patterns, Comprehensions) { expectAllExact(comprehensions()); }
TEST(Patterns, Algebra) { expectAllExact(algebra()); }

TEST(Patterns, StartOfQueriesAsParameter) {
  std::vector<Values> starts = {{{"q0", -4}}, {{"q0", 0}}, {{"q0", 6}}};
  for (Example one :
       {example("causal", causal()), example("window", window(3, 1)),
        example("stride", stride(3)), example("block", sameBlock(4, 1))}) {
    one.bottomRight = false;
    one.parameters = starts;
    SCOPED_TRACE(one.name);
    expectExact(one, {contiguous(4)});
  }
}

TEST(Patterns, StartOfQueriesAsExpression) {
  for (Example one :
       {example("causal", causal()), example("dilated", window(3, 1, 2)),
        example("block", sameBlock(5, 1))}) {
    one.q0 = constantInt(0);
    expectExact(one, {contiguous(4)});
    one.q0 = constantInt(3) + dimension("S");
    one.parameters = {{{"S", 0}}, {{"S", 7}}};
    SCOPED_TRACE(one.name);
    expectExact(one, {contiguous(5)});
  }
}

/// Widths that are known at launch only.
TEST(Patterns, ArgumentsAndDimensions) {
  Expr w = argument("w", ScalarType::Int), G = dimension("G");
  Example one = example("window of an argument",
                        pattern(PatternKind::Window, {w, 2 * G, 1}));
  one.parameters = {
      {{"w", 0}, {"G", 1}}, {{"w", 5}, {"G", 0}}, {{"w", -1}, {"G", 3}}};
  expectExact(one, {contiguous(4)});
}

/// Names that the sets use themselves stay apart from dimensions.
TEST(Patterns, NamesThatAreTaken) {
  Expr ownN = dimension("N"), t = argument("t", ScalarType::Int),
       floor = dimension("Floor");
  Example one{"taken names", (j < min(ownN, t + floor) && j <= i && i < N).ref};
  AnalysisFailure failure;
  auto facts = analyse(one.predicate, optionsOf(one), &failure);
  ASSERT_TRUE(facts) << failure.reason;
  std::vector<std::string> expected = {"N", "M", "dim_N", "arg_t", "dim_Floor"};
  EXPECT_EQ(facts->parameters, expected);
  ASSERT_EQ(facts->parameterValues.size(), expected.size());
  EXPECT_EQ(facts->parameterValues[0]->kind, ScalarKind::Variable);
  EXPECT_EQ(facts->parameterValues[2]->kind, ScalarKind::Dimension);
  EXPECT_EQ(facts->parameterValues[2]->name, "N");
  EXPECT_EQ(facts->parameterValues[3]->kind, ScalarKind::Argument);
  auto runs = evaluate(facts->cases[0].rowRuns, [](const std::string &name) {
    Values values = {{"N", 20},    {"M", 20},    {"i", 9},
                     {"dim_N", 7}, {"arg_t", 1}, {"dim_Floor", 3}};
    return values.at(name);
  });
  EXPECT_EQ(runs, (std::vector<effattn::Run>{{0, 1, 4}}));
}

/// A condition on the head alone is a parameter.
TEST(Patterns, HeadsAndBatches) {
  Expr h = var("h"), b = var("b");
  Example one{"heads", ((h < 2 && j <= i) || (h >= 2 && (i - j) % 3 == b)).ref};
  one.parameters = {
      {{"h", 0}, {"b", 0}}, {{"h", 2}, {"b", 1}}, {{"h", 5}, {"b", 7}}};
  AnalysisFailure failure;
  auto facts = analyse(one.predicate, optionsOf(one), &failure);
  ASSERT_TRUE(facts) << failure.reason;
  EXPECT_EQ(facts->parameters, (std::vector<std::string>{"N", "M", "h", "b"}));
  expectExact(one, {contiguous(4)});
}

/// The sizes of real programs, where moduli and tiles meet in other ways.
TEST(Patterns, LargerSizes) {
  for (const Example &one :
       {example("block 48", sameBlock(48, 1)),
        example("strided",
                combine(PatternKind::Intersection, stride(24), causal())),
        example("chunks 20 by 15", chunks(20, 15))}) {
    expectExact(one, {contiguous(16), residues(24, 4)}, {120, 17});
  }
}

} // namespace

} // namespace effattn::test
