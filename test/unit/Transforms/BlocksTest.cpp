//===- BlocksTest.cpp - blocks that a pattern touches ---------------------===//
//
// Against every pair of small sizes, for several q0.
//
//===----------------------------------------------------------------------===//

#include "lib/Analysis/Blocks.h"

#include <gtest/gtest.h>

#include <set>

namespace effattn {
namespace {

ScalarRef i() { return variable("i"); }
ScalarRef j() { return variable("j"); }
ScalarRef number(int64_t value) { return constantInt(value); }
ScalarRef distance() { return i() + variable("q0") - j(); }

using Holds = bool (*)(int64_t i, int64_t j, int64_t q0, int64_t n, int64_t m);

struct Example {
  const char *name;
  ScalarRef predicate;
  Holds holds;
};

int64_t floorOf(int64_t a, int64_t b) { return a / b - (a % b < 0); }

std::vector<Example> examples() {
  ScalarRef block = floorDiv(j(), number(4));
  return {
      {"none", constantBool(false),
       [](int64_t, int64_t, int64_t, int64_t, int64_t) { return false; }},
      {"causal", number(0) <= distance(),
       [](int64_t i, int64_t j, int64_t q0, int64_t, int64_t) {
         return j <= i + q0;
       }},
      {"window", logicalAnd(number(-3) <= distance(), distance() <= number(6)),
       [](int64_t i, int64_t j, int64_t q0, int64_t, int64_t) {
         return -3 <= i + q0 - j && i + q0 - j <= 6;
       }},
      {"residue", equal(mod(distance(), number(5)), number(0)),
       [](int64_t i, int64_t j, int64_t q0, int64_t, int64_t) {
         return (i + q0 - j) % 5 == 0;
       }},
      {"ends",
       logicalOr(equal(block, number(0)),
                 equal(block, floorDiv(variable("N") - number(1), number(4)))),
       [](int64_t, int64_t j, int64_t, int64_t n, int64_t) {
         return j / 4 == 0 || j / 4 == floorOf(n - 1, 4);
       }},
  };
}

/// Blocks that rows of query block q0 div size + u see.
std::set<int64_t> bruteForce(const Example &example, int64_t size, int64_t u,
                             int64_t q0, int64_t n, int64_t m) {
  std::set<int64_t> blocks;
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < m; ++j)
      if (floorOf(i + q0, size) == floorOf(q0, size) + u &&
          example.holds(i, j, q0, n, m))
        blocks.insert(j / size);
  return blocks;
}

std::set<int64_t> fromSet(const TouchedBlocks &touched, const RunNestRef &runs,
                          int64_t u, int64_t q0, int64_t n, int64_t m) {
  auto value = [&](const std::string &name) -> int64_t {
    if (name == "i")
      return u;
    for (size_t k = 0; k < touched.parameters.size(); ++k)
      if (touched.parameters[k] == name)
        return touched.parameterValues[k]->name == "N"   ? n
               : touched.parameterValues[k]->name == "M" ? m
                                                         : q0;
    ADD_FAILURE() << "unknown parameter " << name;
    return 0;
  };
  std::set<int64_t> blocks;
  for (const Run &run : evaluate(runs, value))
    for (int64_t k = 0; k < run.count; ++k)
      blocks.insert(run.first + k * run.step);
  return blocks;
}

void expectBlocks(const Example &example, int64_t size, bool bottomRight) {
  AnalysisOptions options;
  options.bottomRight = bottomRight;
  AnalysisFailure failure;
  auto touched = touchedBlocks(example.predicate, size, options, &failure);
  ASSERT_TRUE(touched) << failure.reason;
  SetFrame frame;
  frame.coordinates = {"i"};
  frame.moduli = touched->moduli;
  RunNestRef runs = buildRuns(touched->set, frame, &failure);
  ASSERT_TRUE(runs) << failure.reason;
  for (int64_t n : {1, 4, 7, 13})
    for (int64_t m : {1, 6, 13, 17})
      for (int64_t given : {-3, 0, 2, 5}) {
        int64_t q0 = bottomRight ? m - n : given;
        int64_t blocks = floorOf(n - 1 + q0, size) - floorOf(q0, size) + 1;
        for (int64_t u = 0; u < blocks; ++u)
          EXPECT_EQ(fromSet(*touched, runs, u, q0, n, m),
                    bruteForce(example, size, u, q0, n, m))
              << "N = " << n << ", M = " << m << ", q0 = " << q0
              << ", u = " << u << ": " << touched->set;
      }
}

TEST(Blocks, AreThoseThatRowsOfABlockSee) {
  for (const Example &example : examples())
    for (int64_t size : {1, 3, 4})
      for (bool bottomRight : {true, false}) {
        SCOPED_TRACE(example.name);
        expectBlocks(example, size, bottomRight);
      }
}

TEST(Blocks, OfTablesAndSetsAreRefused) {
  ScalarRef labels = equal(lookup(0, ScalarType::Int, {i()}),
                           lookup(0, ScalarType::Int, {j()}));
  ScalarRef span = distance() < lookup(0, ScalarType::Int, {variable("h")});
  for (const ScalarRef &predicate : {labels, span, keyInSet(0)}) {
    AnalysisFailure failure;
    EXPECT_FALSE(touchedBlocks(predicate, 4, {}, &failure));
    EXPECT_NE(failure.reason.find("without tables and index sets"),
              std::string::npos)
        << failure.reason;
  }
}

TEST(Blocks, StopAtTheBoundOnTheWork) {
  AnalysisOptions options;
  options.maxOperations = 5;
  AnalysisFailure failure;
  EXPECT_FALSE(touchedBlocks(examples()[3].predicate, 64, options, &failure));
  EXPECT_FALSE(failure.reason.empty());
}

} // namespace
} // namespace effattn
