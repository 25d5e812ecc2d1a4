//===- InputsTest.cpp - random tables make sense for their use ------------===//

#include "lib/Driver/Inputs.h"

#include "lib/Driver/TableRoles.h"
#include "lib/Frontend/Check.h"
#include "lib/Frontend/Parser.h"

#include "llvm/Support/SourceMgr.h"

#include <algorithm>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <numeric>

namespace effattn {
namespace {

/// One attend with the pattern, over arguments that `more` adds.
std::unique_ptr<Program> programOf(const std::string &more,
                                   const std::string &pattern,
                                   const std::string &options = "") {
  llvm::SourceMgr sources;
  unsigned buffer = sources.AddNewSourceBuffer(
      llvm::MemoryBuffer::getMemBufferCopy(fmt::format(
          "kernel one(q: f32[B, H, N, 16], k: f32[B, H, M, 16], v: f32[B, H, "
          "M, 16], {}) -> f32[B, H, N, 16] {{ return attend(q, k, v, {}{}) }}",
          more, pattern, options)),
      llvm::SMLoc());
  DiagnosticEngine diagnostics(sources, buffer);
  auto file = parse(sources, buffer, diagnostics);
  auto program = check(*file, {}, diagnostics);
  EXPECT_FALSE(diagnostics.hasErrors()) << diagnostics.toString();
  return program;
}

std::vector<double> tableOf(const Program &program, const std::string &name,
                            bool unsorted = false, uint64_t seed = 1) {
  RunRequest request;
  request.sizes = {{"B", 1},   {"H", 2}, {"N", 200},
                   {"M", 200}, {"R", 7}, {"C", 9}};
  for (auto it = request.sizes.begin(); it != request.sizes.end();)
    it = std::count(program.kernels[0].dimensions.begin(),
                    program.kernels[0].dimensions.end(), it->first)
             ? std::next(it)
             : request.sizes.erase(it);
  request.unsorted = unsorted;
  request.tablesOnly = true;
  request.seed = seed;
  auto inputs = makeInputs(program.kernels[0], request);
  if (!inputs) {
    ADD_FAILURE() << llvm::toString(inputs.takeError());
    return {};
  }
  reference::Inputs values = referenceInputs(program.kernels[0], *inputs);
  EXPECT_EQ(values.tensors.count("q"), 0u) << "tablesOnly made a tensor";
  return values.tensors[name].data;
}

double most(const std::vector<double> &values) {
  return *std::max_element(values.begin(), values.end());
}

TEST(Inputs, OffsetsHaveAnEmptySequenceAndASingleToken) {
  auto program = programOf("x: f32[T, 16] ragged(cu), cu: i32[C + 1]", "all");
  RunRequest request;
  request.sizes = {{"B", 1}, {"H", 1}, {"N", 1}, {"M", 1}, {"T", 50}, {"C", 5}};
  for (uint64_t seed = 1; seed < 20; ++seed) {
    request.seed = seed;
    auto inputs = makeInputs(program->kernels[0], request);
    ASSERT_TRUE(bool(inputs)) << llvm::toString(inputs.takeError());
    std::vector<double> cuts =
        referenceInputs(program->kernels[0], *inputs).tensors["cu"].data;
    ASSERT_EQ(cuts.size(), 6u);
    EXPECT_EQ(cuts.front(), 0);
    EXPECT_EQ(cuts.back(), 50);
    EXPECT_TRUE(std::is_sorted(cuts.begin(), cuts.end()));
    std::vector<double> sizes;
    for (size_t s = 0; s < 5; ++s)
      sizes.push_back(cuts[s + 1] - cuts[s]);
    EXPECT_TRUE(std::count(sizes.begin(), sizes.end(), 0)) << seed;
    EXPECT_TRUE(std::count(sizes.begin(), sizes.end(), 1)) << seed;
    EXPECT_GT(most(sizes), 1) << seed;
  }
}

TEST(Inputs, LabelsComeInRunsUnlessAskedOtherwise) {
  auto program = programOf("t: i32[N]", "segments(t)");
  auto sorted = tableOf(*program, "t");
  ASSERT_EQ(sorted.size(), 200u);
  EXPECT_TRUE(std::is_sorted(sorted.begin(), sorted.end()));
  EXPECT_GE(most(sorted), 1);
  auto unsorted = tableOf(*program, "t", /*unsorted=*/true);
  EXPECT_FALSE(std::is_sorted(unsorted.begin(), unsorted.end()));
}

TEST(Inputs, EqualityOfTwoTablesIsLabels) {
  auto program = programOf("a: i32[N], c: i32[M]", "{ (i, j) : a[i] == c[j] }");
  auto roles = tableRoles(program->kernels[0]);
  EXPECT_EQ(roles[3].use, TableUse::Labels);
  EXPECT_EQ(roles[4].use, TableUse::Labels);
}

TEST(Inputs, AnOrderIsAPermutation) {
  auto program = programOf("p: i32[N]", "in_order(p, window(8, 8))");
  auto order = tableOf(*program, "p");
  std::sort(order.begin(), order.end());
  for (size_t k = 0; k < order.size(); ++k)
    EXPECT_EQ(order[k], k);
}

TEST(Inputs, AnIndexLiesInItsAxis) {
  auto program = programOf("t: bool[R, C], a: i32[N], c: i32[M]",
                           "{ (i, j) : t[a[i], c[j]] }");
  auto roles = tableRoles(program->kernels[0]);
  EXPECT_EQ(roles[3].use, TableUse::Bitmap);
  EXPECT_EQ(roles[4].use, TableUse::Index);
  EXPECT_EQ(most(tableOf(*program, "a")), 6);
  EXPECT_EQ(most(tableOf(*program, "c")), 8);
}

TEST(Inputs, AnIndexOfAScoreLiesInItsAxisToo) {
  auto program = programOf("r: f32[H, 5], lab: i32[N, M]", "causal",
                           ", score = (s, h, i, j) => s + r[h, lab[i, j]]");
  RunRequest request;
  request.sizes = {{"B", 1}, {"H", 2}, {"N", 30}, {"M", 30}};
  auto inputs = makeInputs(program->kernels[0], request);
  ASSERT_TRUE(bool(inputs));
  auto values = referenceInputs(program->kernels[0], *inputs);
  EXPECT_EQ(most(values.tensors["lab"].data), 4);
}

TEST(Inputs, SpansAreBelowTheNumberOfKeys) {
  auto program =
      programOf("reach: i32[H]", "causal & { (h, i, j) : i - j < reach[h] }");
  auto roles = tableRoles(program->kernels[0]);
  EXPECT_EQ(roles[3].use, TableUse::Span);
  EXPECT_TRUE(roles[3].inPattern);
  EXPECT_LT(most(tableOf(*program, "reach")), 200);
}

TEST(Inputs, ABitmapHasItsDiagonal) {
  auto program = programOf("m: bool[R, C]", "blocks(m, 32)");
  auto bits = tableOf(*program, "m");
  ASSERT_EQ(bits.size(), 63u);
  double sum = 0;
  for (int row = 0; row < 7; ++row)
    EXPECT_EQ(bits[row * 9 + row], 1);
  for (double bit : bits)
    sum += bit;
  EXPECT_LT(sum, 50);
}

TEST(Inputs, AMaskOfTokensHidesFewPairs) {
  auto program = programOf("m: bool[N, M]", "{ (i, j) : m[i, j] }");
  EXPECT_EQ(tableRoles(program->kernels[0])[3].use, TableUse::Mask);
  auto bits = tableOf(*program, "m");
  double share = std::accumulate(bits.begin(), bits.end(), 0.0) / bits.size();
  EXPECT_GT(share, 0.95);
  EXPECT_LT(share, 0.98);
  auto blocks =
      programOf("m: bool[R, C]", "{ (i, j) : m[i div 32, j div 32] }");
  EXPECT_EQ(tableRoles(blocks->kernels[0])[3].use, TableUse::Bitmap);
}

TEST(Inputs, TheSeedDecides) {
  auto program = programOf("p: i32[N]", "in_order(p, window(8, 8))");
  EXPECT_EQ(tableOf(*program, "p"), tableOf(*program, "p"));
  EXPECT_NE(tableOf(*program, "p"), tableOf(*program, "p", false, 2));
}

} // namespace
} // namespace effattn
