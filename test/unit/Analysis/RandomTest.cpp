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

class Grower {
public:
  explicit Grower(uint64_t seed) : random(seed) {}

  Expr condition(int depth) {
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

  int64_t tileRows() { return std::array{1, 4, 5, 16}[pick(4)]; }

private:
  int pick(int count) {
    return static_cast<int>(random() % static_cast<uint64_t>(count));
  }

  Expr comparison(int depth) {
    // Most patterns compare a position with a column.
    Expr a = pick(2) ? position() - var("j") : integer(depth);
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

  std::mt19937_64 random;
  std::vector<std::string> bound;
  int names = 0;
};

enum class Outcome { Right, Wrong, TooCostly };

Example exampleOf(const ScalarRef &predicate) {
  return {"random", predicate, {{{"P", 2}}, {{"P", 9}}}};
}

Outcome check(const ScalarRef &predicate, int64_t tileRows,
              std::string &problem) {
  Example example = exampleOf(predicate);
  AnalysisOptions options = optionsOf(example);
  options.maxOperations = 1'000'000;
  AnalysisFailure failure;
  auto facts = analyse(predicate, options, &failure);
  if (!facts) {
    problem = failure.construct + ": " + failure.reason;
    return failure.unsupported ? Outcome::Wrong : Outcome::TooCostly;
  }
  problem = checkRows(example, *facts, {17, 2});
  if (problem.empty())
    problem = checkFacts(example, *facts, {17, 2});
  auto tiles =
      analyseTiles(predicate, options, *facts, contiguous(tileRows), &failure);
  if (problem.empty() && !tiles)
    problem = failure.reason;
  if (problem.empty() && tiles->gathered)
    return Outcome::TooCostly;
  if (problem.empty())
    problem = checkTiles(example, *facts, *tiles, {17, 2});
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

ScalarRef shrink(ScalarRef failing, int64_t tileRows, std::string &problem) {
  for (bool again = true; again;) {
    again = false;
    for (const ScalarRef &candidate : smaller(failing)) {
      std::string other;
      if (candidate->type != ScalarType::Bool || !isClosed(candidate) ||
          sizeOf(candidate) >= sizeOf(failing) ||
          check(candidate, tileRows, other) != Outcome::Wrong)
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

TEST(Random, PredicatesAgreeWithEveryPair) {
  int64_t count = setting("EFFATTN_RANDOM_COUNT", 300);
  int64_t first = setting("EFFATTN_RANDOM_SEED", 1);
  int64_t costly = 0;
  for (int64_t seed = first; seed < first + count; ++seed) {
    Grower grower(seed);
    ScalarRef predicate = grower.condition(2).ref;
    int64_t tileRows = grower.tileRows();
    std::string problem;
    Outcome outcome = check(predicate, tileRows, problem);
    costly += outcome == Outcome::TooCostly;
    if (outcome != Outcome::Wrong)
      continue;
    ScalarRef least = shrink(predicate, tileRows, problem);
    ADD_FAILURE() << "EFFATTN_RANDOM_SEED=" << seed
                  << " EFFATTN_RANDOM_COUNT=1: " << toString(least) << ": "
                  << problem;
  }
  RecordProperty("tooCostly", static_cast<int>(costly));
  EXPECT_LE(costly, 2 + count / 10) << "too many need too many steps";
}

} // namespace

} // namespace effattn::test
