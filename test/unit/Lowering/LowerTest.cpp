//===- LowerTest.cpp - host programs on a tracing runtime -----------------===//

#include "Machine.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

using namespace effattn;
using namespace effattn::test;

namespace {

/// A kernel over two index sets whose attends are a to d, told apart by their
/// scales 1 to 4.
std::string kernelOf(const std::string &body, int results = 1) {
  std::string types = "f32[N, 16]";
  for (int k = 1; k < results; ++k)
    types += k == 1 ? ", f32[N]" : ", f32[N, 16]";
  std::string text = "kernel test(q: f32[N, 16], k: f32[N, 16], v: f32[N, 16],"
                     " S: index[G] in N, T: index[F] in N) -> " +
                     types + " {\n" + body + "\n}\n";
  for (int k = 1; k <= 4; ++k) {
    std::string name = fmt::format("${}", char('a' + k - 1));
    for (size_t at; (at = text.find(name)) != std::string::npos;)
      text.replace(at, name.size(),
                   fmt::format("attend(q, k, v, all, scale = {}.0)", k));
  }
  return text;
}

struct Outcome {
  std::string rows; ///< what each row of the first result is made of
  Machine machine;
};

Outcome runOn(const std::string &text, int result = 0) {
  Outcome outcome;
  Machine &machine = outcome.machine;
  machine.rows = 8;
  machine.sets = {{3, {1, 4, 5}}, {4, {0, 4, 7}}};
  std::string errors;
  HostRun run;
  run.dimensions = {{"N", 8}, {"G", 3}, {"F", 3}};
  EXPECT_EQ(runHost(text, run, machine, &errors), 0);
  EXPECT_EQ(errors, "") << text;
  EXPECT_EQ(fmt::format("{}", fmt::join(machine.faults, "\n")), "");
  for (const Machine::Row &row : machine.tensors[5 + result]) {
    outcome.rows += outcome.rows.empty() ? "" : " ";
    for (int part : row)
      outcome.rows += part < 0 ? '?' : char('a' + part - 1);
    outcome.rows += row.empty() ? "-" : "";
  }
  return outcome;
}

// Rows of S are 1, 4, 5; rows of T are 0, 4, 7.

TEST(Lower, RowsWriteIntoOneResult) {
  Outcome outcome = runOn(kernelOf("return rows(S): $a else: $b"));
  EXPECT_EQ(outcome.rows, "b a b b a a b b");
  EXPECT_EQ(outcome.machine.trace.size(), 2u);
}

TEST(Lower, RowsWithoutElseAreFilledFirst) {
  Outcome outcome = runOn(kernelOf("return rows(S): $a"));
  EXPECT_EQ(outcome.rows, "- a - - a a - -");
  EXPECT_EQ(outcome.machine.trace[0], "fill 5 0");
}

TEST(Lower, NestedRowsIntersect) {
  EXPECT_EQ(
      runOn(kernelOf("return rows(S): (rows(T): $a else: $b) else: $c")).rows,
      "c b c c a b c c");
  EXPECT_EQ(runOn(kernelOf("return rows(S): (rows(T): $a) else: $c")).rows,
            "c - c c a - c c");
}

TEST(Lower, MergeInsideRows) {
  Outcome outcome = runOn(kernelOf("return rows(S): merge($a, $b) else: $c"));
  EXPECT_EQ(outcome.rows, "c ab c c ab ab c c");
  EXPECT_EQ(outcome.machine.calls("attend"), 3u);
  // B goes on from A: there is one LSE besides the result, and no merge.
  EXPECT_EQ(outcome.machine.calls("allocate"), 1u);
  EXPECT_EQ(outcome.machine.calls("merge"), 0u);
  EXPECT_EQ(outcome.machine.calls("fill"), 0u);
}

TEST(Lower, RowsInsideMerge) {
  EXPECT_EQ(runOn(kernelOf("return merge(rows(S): $a else: $b, $c)")).rows,
            "bc ac bc bc ac ac bc bc");
  EXPECT_EQ(runOn(kernelOf("return merge((rows(S): $a), $c)")).rows,
            "c ac c c ac ac c c");
}

TEST(Lower, MergesOfDifferentLength) {
  EXPECT_EQ(runOn(kernelOf("return rows(S): merge($a, $b, $c) else: (rows(T): "
                           "merge($c, $d) else: $a)"))
                .rows,
            "cd abc a a abc abc a cd");
}

TEST(Lower, WhatIsReadTwiceIsComputedOnce) {
  Outcome outcome = runOn(kernelOf("let o = $a\nlet m = merge(o, $b)\n"
                                   "let n = merge(o, $c)\nreturn merge(m, n)"));
  EXPECT_EQ(outcome.rows, "aabc aabc aabc aabc aabc aabc aabc aabc");
  EXPECT_EQ(outcome.machine.calls("attend"), 3u);
  EXPECT_GT(outcome.machine.calls("merge"), 0u);
}

TEST(Lower, NothingIsFilledWhereALaterPartHasAllRows) {
  Outcome outcome = runOn(kernelOf("return merge((rows(S): $a), $b, $c)"));
  EXPECT_EQ(outcome.rows, "bc abc bc bc abc abc bc bc");
  EXPECT_EQ(outcome.machine.calls("fill"), 0u);
  // A is the second one: B is there before it.
  EXPECT_NE(outcome.machine.trace[2].find("in 3"), std::string::npos);
}

TEST(Lower, MergesOfPartsOfSomeRowsAreFilled) {
  Outcome outcome =
      runOn(kernelOf("return merge((rows(S): $a), (rows(T): $b))"));
  EXPECT_EQ(outcome.rows, "b a - - ab a - b");
  EXPECT_EQ(outcome.machine.calls("fill"), 2u);
}

/// A random tree of rows, merge and attend as text, and what each row of it is
/// made of.
struct Tree {
  std::string text;
  std::vector<Machine::Row> rows;
};

Tree randomTree(std::mt19937 &random, int depth, const Machine &machine) {
  int kind = depth == 0 ? 0 : static_cast<int>(random() % 4);
  if (kind <= 1 && depth < 3) {
    int attend = 1 + static_cast<int>(random() % 4);
    return {std::string("$") + char('a' + attend - 1),
            std::vector<Machine::Row>(machine.rows, {attend})};
  }
  Tree left = randomTree(random, depth - 1, machine),
       right = randomTree(random, depth - 1, machine), tree;
  tree.rows.resize(machine.rows);
  if (kind == 3) {
    tree.text = "merge(" + left.text + ", " + right.text + ")";
    for (int row = 0; row < machine.rows; ++row) {
      tree.rows[row] = left.rows[row];
      tree.rows[row].insert(right.rows[row].begin(), right.rows[row].end());
    }
    return tree;
  }
  bool first = random() % 2, otherwise = random() % 3;
  tree.text = fmt::format("(rows({}): {}{})", first ? "S" : "T", left.text,
                          otherwise ? " else: " + right.text : "");
  for (int row = 0; row < machine.rows; ++row)
    tree.rows[row] = machine.sets.at(first ? 3 : 4).count(row) ? left.rows[row]
                     : otherwise                               ? right.rows[row]
                                                               : Machine::Row();
  return tree;
}

TEST(Lower, RandomTrees) {
  std::mt19937 random(5);
  Machine sample;
  sample.rows = 8;
  sample.sets = {{3, {1, 4, 5}}, {4, {0, 4, 7}}};
  for (int trial = 0; trial < 30; ++trial) {
    Tree tree = randomTree(random, 3, sample);
    Outcome outcome = runOn(kernelOf("return " + tree.text));
    EXPECT_EQ(outcome.machine.tensors[5], tree.rows) << tree.text;
  }
}

TEST(Lower, LseInPlace) {
  std::string text = kernelOf(
      "let o, l = attend(q, k, v, all, scale = 1.0, lse = true)\nreturn o, l",
      2);
  Outcome outcome = runOn(text, 1);
  EXPECT_EQ(outcome.rows, "a a a a a a a a");
  EXPECT_EQ(outcome.machine.trace.size(), 1u);
}

TEST(Lower, ReturnedTwiceIsCopied) {
  std::string text =
      "kernel test(q: f32[N, 16], k: f32[N, 16], v: f32[N, 16],"
      " S: index[G] in N, T: index[F] in N)"
      " -> f32[N, 16], f32[N, 16], f32[N, 16] {\n"
      "let o = attend(q, k, v, all, scale = 2.0)\nreturn o, o, q\n}\n";
  Outcome outcome = runOn(text, 1);
  EXPECT_EQ(outcome.rows, "b b b b b b b b");
  EXPECT_EQ(outcome.machine.trace.size(), 3u);
  EXPECT_EQ(outcome.machine.trace[1], "copy 5 6");
  EXPECT_EQ(outcome.machine.trace[2], "copy 0 7");
}

TEST(Lower, StepsUseTemporariesAndReleaseThem) {
  Machine machine;
  machine.rows = 1;
  std::string errors;
  HostRun run;
  run.dimensions = {{"B", 2}, {"H", 3}, {"N", 40}};
  EXPECT_EQ(runHost("param K: int = 24\n"
                    "kernel linformer(q: f32[B, H, N, 16], k: f32[B, H, N, 16],"
                    " v: f32[B, H, N, 32], e: f32[K, N], f: f32[K, N], c: f32)"
                    " -> f32[B, H, N, 32] {\n"
                    "  let w = v * c\n"
                    "  return attend(q, matmul(e, k), matmul(f, w), all)\n}\n",
                    {run.dimensions, {}, {0.5}}, machine, &errors),
            0);
  EXPECT_EQ(errors, "");
  EXPECT_TRUE(machine.faults.empty());
  std::vector<std::string> expected = {
      "allocate 7 f32[]",
      "fill 7 0.5",
      "allocate 8 f32[2, 3, 40, 32]",
      "step 0 mul [2, 7] -> 8",
      "release 7",
      "allocate 9 f32[2, 3, 24, 16]",
      "step 1 matmul [3, 1] -> 9",
      "allocate 10 f32[2, 3, 24, 32]",
      "step 2 matmul [4, 8] -> 10",
      "release 8",
      "attend 0 q0 k9 v10 -> 6, -1; keys [] queries [] tables [] integers "
      "[40, 24, -16] floats [0.25]",
      "release 9",
      "release 10"};
  std::vector<std::string> sorted = machine.trace;
  EXPECT_EQ(fmt::format("{}", fmt::join(sorted, "\n")),
            fmt::format("{}", fmt::join(expected, "\n")));
}

TEST(Lower, ParametersOfAnAttend) {
  Machine machine;
  machine.rows = 1;
  std::string errors;
  HostRun run;
  run.dimensions = {{"N", 10}, {"M", 30}, {"G", 2}, {"R", 5}};
  run.integers = {7, 3};
  run.floats = {1.5};
  EXPECT_EQ(runHost("kernel test(q: f32[N, 16], k: f32[M, 16], v: f32[M, 16],"
                    " g: index[G] in M, rel: f32[N, R], P: i64, w: i64,"
                    " tau: f32) -> f32[N, 16] {\n"
                    "  return attend(q, k, v, prefix(P) | keys(g) |"
                    " { (i, j) : i - j + M < w and j < N }, q0 = P,"
                    " scale = tau / 2.0,"
                    " score = (s, i, j) => s * tau + rel[i, 0])\n}\n",
                    run, machine, &errors),
            0);
  EXPECT_EQ(errors, "");
  ASSERT_EQ(machine.trace.size(), 1u);
  EXPECT_NE(machine.trace[0].find("keys [3] queries [] tables [4]"),
            std::string::npos)
      << machine.trace[0];
  // N, M, q0 come first, then what the predicate uses.
  EXPECT_NE(machine.trace[0].find("integers [10, 30, 7, "), std::string::npos)
      << machine.trace[0];
  EXPECT_NE(machine.trace[0].find("floats [0.75, 1.5]"), std::string::npos)
      << machine.trace[0];
}

TEST(Lower, TheFirstFailureEndsTheProgram) {
  std::string text =
      kernelOf("return rows(S): merge($a, $b) else: merge($c, $d)");
  size_t all = runOn(text).machine.trace.size();
  ASSERT_GT(all, 4u);
  for (size_t failing = 0; failing < all; ++failing) {
    Machine machine;
    machine.rows = 8;
    machine.sets = {{3, {1}}, {4, {2}}};
    machine.failing = static_cast<int>(failing);
    std::string errors;
    HostRun run;
    run.dimensions = {{"N", 8}, {"G", 1}, {"F", 1}};
    EXPECT_EQ(runHost(text, run, machine, &errors), 13);
    EXPECT_EQ(machine.trace.size(), failing + 1);
  }
}

TEST(LowerErrors, ConstructsAreNamedWhereTheyAre) {
  auto expect = [](const std::string &text, const std::string &place,
                   const std::string &message) {
    std::string errors = lowerErrors(text);
    EXPECT_NE(errors.find("test.attn:" + place), std::string::npos) << errors;
    EXPECT_NE(errors.find(message), std::string::npos) << errors;
  };
  std::string head = "kernel test(q: f32[N, 16], k: f32[N, 16], "
                     "v: f32[N, 16], S: index[G] in N) -> f32[N, 16] {\n";
  expect(head + "  return rows(S): q * 2.0\n}\n",
         "2:", "not supported yet: rows of 'mul'");
  expect("kernel test(q: f32[N, 20], k: f32[N, 20], v: f32[N, 20])"
         " -> f32[N, 20] {\n  return attend(q, k, v, all)\n}\n",
         "2:", "not supported yet: an attend with 20 channels of q and k");
  expect("kernel test(q: f32[N, E], k: f32[N, E], v: f32[N, E])"
         " -> f32[N, E] {\n  return attend(q, k, v, all)\n}\n",
         "2:", "whose channels of q and k is bound at launch");
  expect("kernel test(q: f16[N, 16], k: f16[N, 16], v: f16[N, 16])"
         " -> f16[N, 16] {\n  return attend(q, k, v, all)\n}\n",
         "2:", "not supported yet: an attend over f16");
  expect(head + "  return attend(q, k, v, all, select = top(4))\n}\n",
         "2:", "`select = top(...)`");
}

} // namespace
