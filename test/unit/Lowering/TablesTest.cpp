//===- TablesTest.cpp - heads, orders and drawn blocks in host programs ---===//

#include "Machine.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

using namespace effattn;
using namespace effattn::test;

namespace {

/// Runs a kernel over `heads` heads and 8 rows; the index sets S and T are
/// arguments 3 and 4, the result is slot 5.
struct Outcome {
  Machine machine;
  std::string errors;
};

Outcome runOn(const std::string &body, int heads) {
  Outcome outcome;
  Machine &machine = outcome.machine;
  machine.rows = 8;
  machine.heads = heads;
  machine.sets = {{3, {1, 4, 5}}, {4, {0, 4, 7}}};
  std::string text = "kernel test(q: f32[H, N, 16], k: f32[H, N, 16],"
                     " v: f32[H, N, 16], S: index[G] in N, T: index[F] in N)"
                     " -> f32[H, N, 16] {\n  return " +
                     body + "\n}\n";
  HostRun run;
  run.dimensions = {{"N", 8}, {"G", 3}, {"F", 3}, {"H", heads}};
  EXPECT_EQ(runHost(text, run, machine, &outcome.errors), 0) << text;
  EXPECT_EQ(outcome.errors, "") << text;
  EXPECT_EQ(fmt::format("{}", fmt::join(machine.faults, "\n")), "");
  return outcome;
}

const char *byHeads =
    "attend(q, k, v, heads(0..1: all, 1..4: causal), scale = 1.0)";
const char *others = "attend(q, k, v, all, scale = 2.0)";

TEST(Heads, EachRangeIsAnAttendIntoOneResult) {
  Outcome outcome = runOn(byHeads, 4);
  EXPECT_EQ(outcome.machine.tensors[5],
            std::vector<Machine::Row>(32, Machine::Row{1}));
  EXPECT_EQ(outcome.machine.trace.size(), 2u);
}

TEST(Heads, MergesGoOnFromThem) {
  Outcome outcome = runOn(fmt::format("merge({}, {})", byHeads, others), 4);
  EXPECT_EQ(outcome.machine.tensors[5],
            std::vector<Machine::Row>(32, Machine::Row{1, 2}));
  EXPECT_EQ(outcome.machine.calls("merge"), 0u);
  EXPECT_EQ(outcome.machine.calls("fill"), 0u);
  EXPECT_EQ(outcome.machine.calls("attend"), 3u);
}

TEST(Heads, InsideRows) {
  Outcome outcome =
      runOn(fmt::format("rows(S): merge({}, {}) else: (rows(T): {})", others,
                        byHeads, byHeads),
            4);
  for (int row = 0; row < 8; ++row) {
    bool inS = row == 1 || row == 4 || row == 5, inT = row == 0 || row == 7;
    Machine::Row expected = inS   ? Machine::Row{1, 2}
                            : inT ? Machine::Row{1}
                                  : Machine::Row{};
    for (int head = 0; head < 4; ++head)
      EXPECT_EQ(outcome.machine.tensors[5][row * 4 + head], expected)
          << row << ", " << head;
  }
}

TEST(Heads, OneRangeOfBands) {
  // Whatever bands tiling makes of it, every row of every head has its keys.
  Outcome outcome =
      runOn("attend(q, k, v, heads(0..2: (window(3, 0) | stride(64)) & causal,"
            " 2..3: all), scale = 1.0)",
            3);
  for (const Machine::Row &row : outcome.machine.tensors[5])
    EXPECT_GE(row.count(1), 1u);
}

/// The trace of a kernel's host program.
std::vector<std::string> traceOf(const std::string &text, const HostRun &run) {
  Machine machine;
  machine.rows = 1;
  std::string errors;
  EXPECT_EQ(runHost(text, run, machine, &errors), 0);
  EXPECT_EQ(errors, "");
  EXPECT_EQ(fmt::format("{}", fmt::join(machine.faults, "\n")), "");
  return machine.trace;
}

TEST(Orders, TablesAreMadeOnceAndPassed) {
  HostRun run;
  run.dimensions = {{"N", 24}};
  auto trace =
      traceOf("kernel test(q: f32[N, 16], k: f32[N, 16], v: f32[N, 16],"
              " t: i32[N]) -> f32[N, 16] {\n"
              "  return attend(q, k, v, in_order(sort(t), window(2, 2)))\n}\n",
              run);
  ASSERT_EQ(trace.size(), 6u) << fmt::format("{}", fmt::join(trace, "\n"));
  EXPECT_EQ(trace[0], "allocate 5 i32[24]");
  EXPECT_EQ(trace[1], "allocate 6 i32[24]");
  EXPECT_EQ(trace[2], "order 0 3 -> 5, 6");
  EXPECT_EQ(trace[3].rfind("attend 0 q0 k1 v2 -> 4, -1;", 0), 0u) << trace[3];
  EXPECT_EQ(trace[4].rfind("release ", 0), 0u);
  EXPECT_EQ(trace[5].rfind("release ", 0), 0u);
}

TEST(Orders, GridsHaveSizes) {
  HostRun run;
  run.dimensions = {{"Y", 6}, {"X", 8}};
  auto trace = traceOf(
      "kernel test(q: f32[Y*X, 16], k: f32[Y*X, 16], v: f32[Y*X, 16],"
      " y: f32[Y], x: f32[X]) -> f32[Y*X, 16] {\n  return attend(q, k, v,"
      " in_order(block_raster(Y, X, 2, 4), window(5, 0)))\n}\n",
      run);
  EXPECT_EQ(trace[2], "order 1 -1 6 8 2 4 -> 6, 7");
}

TEST(Draws, BlocksAreDrawnForTheSizesOfTheAttend) {
  HostRun run;
  run.dimensions = {{"H", 2}, {"N", 40}, {"M", 48}};
  auto trace = traceOf(
      "kernel test(q: f32[H, N, 16], k: f32[H, M, 16], v: f32[H, M, 16])"
      " -> f32[H, N, 16] {\n  return attend(q, k, v,"
      " random_blocks(8, 2, 7, outside = window(8, 8)))\n}\n",
      run);
  // Query blocks 1 to 5: q0 = 8 is in block 1, the last row is 47.
  EXPECT_EQ(trace[0], "allocate 4 i32[2, 5, 2]");
  EXPECT_EQ(trace[1].rfind("draw 0 [40, 48, 8", 0), 0u) << trace[1];
  EXPECT_EQ(trace[1].substr(trace[1].size() - 6), "] -> 4");
  EXPECT_NE(trace[2].find("tables [4]"), std::string::npos) << trace[2];
}

TEST(Draws, OutsideOfTablesIsPlannedBeforeTheDraw) {
  HostRun run;
  run.dimensions = {{"B", 3}, {"H", 2}, {"N", 40}, {"G", 4}};
  auto trace =
      traceOf("kernel test(q: f32[B, H, N, 16], k: f32[B, H, N, 16],"
              " v: f32[B, H, N, 16], g: index[G] in N, t: i32[B, N])"
              " -> f32[B, H, N, 16] {\n  let near = keys(g) | segments(t)\n"
              "  return attend(q, k, v, near | random_blocks(8, 1, 7,"
              " outside = near | random_blocks(8, 2, 3)))\n}\n",
              run);
  // The inner draw is for all batch entries, the outer one for each.
  EXPECT_EQ(trace[0], "allocate 6 i32[2, 5, 2]");
  EXPECT_EQ(trace[1], "draw 0 [40, 40, 0] -> 6");
  EXPECT_EQ(trace[2], "allocate 7 i32[3, 2, 5, 1]");
  EXPECT_EQ(trace[3], "draw 1 [40, 40, 0] outside [3, 4, 6] -> 7");
}

/// The predicate still reads the index sets, so that plans have bits for them;
/// columns are those of no set.
TEST(Unanalysed, SetsThatOnlyTheKernelReads) {
  std::string errors;
  auto kernel = lowerUnanalysed(
      "kernel test(q: f32[N, 16], k: f32[N, 16], v: f32[N, 16],"
      " g: index[G] in N, f: index[F] in N, t: bool[N, N]) -> f32[N, 16] {\n"
      "  return attend(q, k, v, (window(3, 3) | keys(g) | keys(f)) &"
      " queries(f) & { (i, j) : t[i, j] })\n}\n",
      &errors);
  ASSERT_TRUE(kernel) << errors;
  ASSERT_EQ(kernel->attends.size(), 1u);
  const LoweredAttend &attend = kernel->attends[0];
  EXPECT_EQ(attend.spec.keySets, 2);
  EXPECT_EQ(attend.spec.querySets, 1);
  ASSERT_EQ(attend.relations.size(), 1u);
  EXPECT_EQ(attend.relations[0].kind, LoweredRelation::Kind::Unknown);
  EXPECT_TRUE(attend.relations[0].row.empty());
  ASSERT_EQ(attend.cases.size(), 3u << 3);
  for (size_t k = 0; k < attend.cases.size(); ++k) {
    EXPECT_EQ(attend.cases[k].row, attend.cases[k / 8 * 8].row) << k;
    EXPECT_EQ(attend.cases[k].tilePartial, attend.cases[k / 8 * 8].tilePartial)
        << k;
  }
  // Where the condition may hold, rows see all columns, and none is full.
  EXPECT_FALSE(attend.cases[16].row.empty());
  EXPECT_TRUE(attend.cases[16].tileFull.empty());
}

} // namespace
