//===- RandomTest.cpp - grown predicates against every pair ---------------===//
//
// Grows random predicates, compares the analysis with every pair, and shrinks
// what fails. EFFATTN_RANDOM_COUNT sets how many (300), EFFATTN_RANDOM_SEED the
// first seed (1). Each failure prints the line that repeats it.
//
//===----------------------------------------------------------------------===//
#include "test/unit/Analysis/BruteForce.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <random>

namespace effattn::test {

namespace {

/// What a predicate is over.
enum class Language { Flat, Tables, Grid };

class Grower {
public:
  Grower(uint64_t seed, Language language) : random(seed), language(language) {}

  Expr condition(int depth) {
    if (language == Language::Tables && bound.empty() && pick(3) == 0)
      return tableCondition();
    if (depth == 0)
      return comparison(1);
    switch (pick(10)) {
    case 0:
    case 1:
    case 2:
      return condition(depth - 1) && condition(depth - 1);
    case 3:
    case 4:
    case 5:
      return condition(depth - 1) || condition(depth - 1);
    case 6:
      return !condition(depth - 1);
    case 7:
      return quantified(depth - 1);
    case 8:
      return ifThenElse(comparison(1), condition(depth - 1),
                        condition(depth - 1));
    default:
      return comparison(2);
    }
  }

  Tiling tiling(const PatternFacts &facts) {
    if (language == Language::Grid)
      return boxOf(facts.axisModuli);
    const std::vector<int64_t> &moduli = facts.moduli;
    int64_t rows = std::array{1, 4, 5, 16}[pick(4)];
    if (moduli.empty() || pick(2))
      return contiguous(rows);
    return residues(moduli[pick(static_cast<int>(moduli.size()))],
                    std::min<int64_t>(rows, 4));
  }

private:
  int pick(int count) {
    return static_cast<int>(random() % static_cast<uint64_t>(count));
  }

  /// Half of the boxes hold one residue class, of a modulus of the pattern or
  /// of another one.
  Tiling boxOf(const std::vector<std::vector<int64_t>> &axisModuli) {
    Tiling tiling = std::array{box({1, 1}), box({2, 2}), box({1, 4}),
                               box({3, 1}), box({4, 4})}[pick(5)];
    if (pick(2))
      return tiling;
    for (const std::vector<int64_t> &moduli : axisModuli)
      tiling.moduli.push_back(
          moduli.empty() ? 1 + pick(3)
                         : moduli[pick(static_cast<int>(moduli.size()))]);
    return tiling;
  }

  static Expr table(int number, std::vector<ScalarRef> indices,
                    ScalarType type = ScalarType::Int) {
    return Expr(lookup(number, type, std::move(indices)));
  }

  /// A condition that tables decide, of every kind of atom.
  Expr tableCondition() {
    Expr i = var("i"), j = var("j"), h = var("h");
    switch (pick(10)) {
    case 0:
      return Expr(keyInSet(10));
    case 1:
      return Expr(queryInSet(10));
    case 2:
      return table(0, {(j / (1 + pick(4))).ref}) >= pick(4);
    case 3:
      return table(1, {position().ref}, ScalarType::Bool);
    case 4:
      return table(2, {i.ref}) == table(2, {j.ref});
    case 5:
      return table(3, {h.ref, (i / 4).ref}) == j / (1 + pick(4));
    case 6:
      return table(4, {(i / 4).ref, (j / 3).ref}, ScalarType::Bool);
    case 7:
      return table(5, {(i + j).ref}) < 2;
    case 8:
      return i - j < 3 * table(6, {h.ref});
    default:
      return j % argument("P", ScalarType::Int) == pick(2);
    }
  }

  Expr comparison(int depth) {
    // Most patterns compare a position with a column.
    Expr a = pick(2) ? distance() : integer(depth);
    Expr b = pick(2) ? Expr(pick(9) - 2) : integer(depth);
    switch (pick(6)) {
    case 0:
      return a < b;
    case 1:
    case 2:
      return a <= b;
    case 3:
      return a == b;
    case 4:
      return a != b;
    default:
      return a % (2 + pick(5)) == pick(3);
    }
  }

  Expr quantified(int depth) {
    std::string name = "s$" + std::to_string(names++);
    bound.push_back(name);
    Expr body = condition(depth);
    bound.pop_back();
    int low = pick(3) - 1;
    return some(name, low, low + pick(4), body);
  }

  Expr distance() {
    if (language != Language::Grid)
      return position() - var("j");
    return pick(2) ? var("i.y") - var("j.y") : var("i.x") - var("j.x");
  }

  Expr position() { return pick(3) ? var("i") + var("q0") : var("i"); }

  Expr integer(int depth) {
    if (depth == 0 || pick(4) == 0)
      return leaf();
    Expr a = integer(depth - 1);
    switch (pick(10)) {
    case 0:
      return a + integer(depth - 1);
    case 1:
      return a - integer(depth - 1);
    case 2:
      return a * (pick(7) - 3);
    case 3:
    case 4:
      return a / (2 + pick(6));
    case 5:
    case 6:
      return a % (2 + pick(6));
    case 7:
      return pick(2) ? min(a, integer(depth - 1)) : max(a, integer(depth - 1));
    case 8:
      return abs(a);
    default:
      return ifThenElse(comparison(0), a, integer(depth - 1));
    }
  }

  Expr leaf() {
    if (!bound.empty() && pick(3) == 0)
      return var(bound[pick(static_cast<int>(bound.size()))]);
    if (language == Language::Grid)
      return gridLeaf();
    switch (pick(12)) {
    case 0:
    case 1:
    case 2:
      return var("i");
    case 3:
    case 4:
    case 5:
    case 6:
      return var("j");
    case 7:
      return var("i") + var("q0");
    case 8:
      return var(pick(2) ? "N" : "M");
    case 9:
      return argument("P", ScalarType::Int);
    default:
      return pick(12) - 3;
    }
  }

  Expr gridLeaf() {
    switch (pick(10)) {
    case 0:
    case 1:
      return var("i.y");
    case 2:
    case 3:
      return var("i.x");
    case 4:
    case 5:
      return var("j.y");
    case 6:
    case 7:
      return var("j.x");
    case 8:
      return Expr(dimension(pick(2) ? "Y" : "X"));
    default:
      return pick(9) - 2;
    }
  }

  std::mt19937_64 random;
  Language language;
  std::vector<std::string> bound;
  int names = 0;
};

enum class Outcome { Right, Wrong, TooCostly };

Example exampleOf(const ScalarRef &predicate, Language language) {
  Example one{"random", predicate, {{{"P", 2}}, {{"P", 9}}}};
  if (language == Language::Tables)
    one.parameters = {{{"P", 3}, {"h", 1}}};
  if (language == Language::Grid) {
    one.parameters = {{}};
    one.extents = {dimension("Y"), dimension("X")};
    one.grids = {{1, 1}, {1, 6}, {5, 1}, {3, 4}, {5, 5}, {6, 9}};
  }
  return one;
}

Outcome check(const ScalarRef &predicate, Language language, uint64_t seed,
              std::string &problem) {
  Example example = exampleOf(predicate, language);
  AnalysisOptions options = optionsOf(example);
  options.maxOperations = 300'000;
  AnalysisFailure failure;
  auto facts = analyse(predicate, options, &failure);
  if (!facts) {
    problem = failure.construct + ": " + failure.reason;
    return failure.unsupported ? Outcome::Wrong : Outcome::TooCostly;
  }
  bool hasTables = language == Language::Tables;
  Sizes sizes{17, hasTables ? 4 : 2};
  // The cases of atoms are compared one by one where they are few.
  bool isFew = facts->cases.size() <= 4 && facts->atoms.extras.empty();
  if (isFew) {
    problem = checkRows(example, *facts, sizes);
    if (problem.empty() && !hasTables)
      problem = checkFacts(example, *facts, sizes);
  }
  Tiling tiling = Grower(seed, language).tiling(*facts);
  auto tiles = analyseTiles(predicate, options, *facts, tiling, &failure);
  if (problem.empty() && !tiles)
    problem = failure.reason;
  if (problem.empty() && hasTables)
    problem = checkWithTables(example, *facts, &*tiles, seed, sizes);
  if (problem.empty() && tiles->gathered)
    return Outcome::TooCostly;
  if (problem.empty() && isFew)
    problem = checkTiles(example, *facts, *tiles, sizes);
  return problem.empty() ? Outcome::Right : Outcome::Wrong;
}

/// Expressions with one node less: each node replaced by an operand of its
/// type, or by a constant.
std::vector<ScalarRef> smaller(const ScalarRef &root) {
  std::vector<ScalarRef> result;
  std::vector<const Scalar *> nodes;
  walk(root, [&](const Scalar &node) { nodes.push_back(&node); });
  auto replaceNode = [&](const Scalar *node, const ScalarRef &by) {
    // Finds the node by its rebuilt form: its operands are unchanged.
    result.push_back(rewrite(root, [&](const ScalarRef &old) -> ScalarRef {
      return old.get() == node ? by : nullptr;
    }));
  };
  for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
    for (const ScalarRef &operand : (*node)->operands)
      if (operand->type == (*node)->type)
        replaceNode(*node, operand);
    if ((*node)->isConstant())
      continue;
    if ((*node)->type == ScalarType::Bool) {
      replaceNode(*node, constantBool(true));
      replaceNode(*node, constantBool(false));
    } else {
      replaceNode(*node, constantInt(0));
    }
  }
  return result;
}

int sizeOf(const ScalarRef &root) {
  int count = 0;
  walk(root, [&](const Scalar &) { ++count; });
  return count;
}

/// Variables of an Exists that was taken away would be free.
bool isClosed(const ScalarRef &node, std::vector<std::string> bound = {}) {
  if (node->kind == ScalarKind::Variable &&
      node->name.find('$') != std::string::npos)
    return std::find(bound.begin(), bound.end(), node->name) != bound.end();
  if (node->kind == ScalarKind::Exists)
    bound.push_back(node->name);
  return std::all_of(
      node->operands.begin(), node->operands.end(),
      [&](const ScalarRef &operand) { return isClosed(operand, bound); });
}

ScalarRef shrink(ScalarRef failing, Language language, uint64_t seed,
                 std::string &problem) {
  for (bool again = true; again;) {
    again = false;
    for (const ScalarRef &candidate : smaller(failing)) {
      std::string other;
      if (candidate->type != ScalarType::Bool || !isClosed(candidate) ||
          sizeOf(candidate) >= sizeOf(failing) ||
          check(candidate, language, seed, other) != Outcome::Wrong)
        continue;
      failing = candidate;
      problem = other;
      again = true;
      break;
    }
  }
  return failing;
}

int64_t setting(const char *name, int64_t otherwise) {
  const char *text = std::getenv(name);
  return text ? std::atoll(text) : otherwise;
}

void expectRight(const char *test, Language language, int64_t count) {
  count = setting("EFFATTN_RANDOM_COUNT", count);
  int64_t first = setting("EFFATTN_RANDOM_SEED", 1);
  int64_t costly = 0;
  for (int64_t seed = first; seed < first + count; ++seed) {
    ScalarRef predicate = Grower(seed, language).condition(2).ref;
    std::string problem;
    Outcome outcome = check(predicate, language, seed, problem);
    costly += outcome == Outcome::TooCostly;
    if (outcome != Outcome::Wrong)
      continue;
    ScalarRef least = shrink(predicate, language, seed, problem);
    ADD_FAILURE() << "EFFATTN_RANDOM_SEED=" << seed
                  << " EFFATTN_RANDOM_COUNT=1 AnalysisTest --gtest_filter="
                  << test << ": " << toString(least) << ": " << problem;
  }
  ::testing::Test::RecordProperty("tooCostly", static_cast<int>(costly));
  EXPECT_LE(costly, 2 + count / 5) << "too many need too many steps";
}

TEST(Random, Predicates) {
  expectRight("Random.Predicates", Language::Flat, 300);
}
TEST(Random, PredicatesWithTables) {
  expectRight("Random.PredicatesWithTables", Language::Tables, 140);
}
TEST(Random, PredicatesOnGrids) {
  expectRight("Random.PredicatesOnGrids", Language::Grid, 60);
}

} // namespace

} // namespace effattn::test
