//===- MaskTest.cpp - pictures count the pairs that the oracle sees -------===//

#include "lib/Driver/Mask.h"

#include "lib/Frontend/Check.h"
#include "lib/Frontend/Parser.h"
#include "lib/Reference/Reference.h"

#include "llvm/Support/SourceMgr.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace effattn {
namespace {

std::unique_ptr<Program> programOf(const std::string &body) {
  llvm::SourceMgr sources;
  unsigned buffer = sources.AddNewSourceBuffer(
      llvm::MemoryBuffer::getMemBufferCopy(
          fmt::format("kernel one(q: f32[N, 16], k: f32[N, 16], v: f32[N, 16], "
                      "g: index[G] in N) -> f32[N, 16] {{ return {} }}",
                      body)),
      llvm::SMLoc());
  DiagnosticEngine diagnostics(sources, buffer);
  auto file = parse(sources, buffer, diagnostics);
  auto program = check(*file, {}, diagnostics);
  EXPECT_FALSE(diagnostics.hasErrors()) << diagnostics.toString();
  return program;
}

/// Pairs (i, j) that some attend of the kernel computes, by the predicate.
bool sees(const std::vector<AttendReport> &reports, const ProgramKernel &kernel,
          const Instance &instance, int64_t n, int64_t i, int64_t j) {
  for (const AttendReport &report : reports) {
    if (!Columns(report, instance).hasRow(i))
      continue;
    reference::Environment environment;
    environment.dimensions = instance.dimensions;
    environment.variables = {{"i", i},  {"j", j}, {"N", n}, {"M", n},
                             {"q0", 0}, {"b", 0}, {"h", 0}};
    environment.inSet = [&](int set, int64_t index) {
      const auto &members = instance.sets.at(set);
      return std::binary_search(members.begin(), members.end(), index);
    };
    const Pattern *unsupported = nullptr;
    if (reference::holds(kernel.values[report.value].pattern, environment,
                         &unsupported))
      return true;
  }
  return false;
}

class MaskOf : public testing::TestWithParam<const char *> {};

TEST_P(MaskOf, OneCellAPairIsThePattern) {
  auto program = programOf(GetParam());
  const ProgramKernel &kernel = program->kernels[0];
  auto reports = reportAttends(kernel, Strategy());
  for (int64_t n : {1, 7, 16, 37}) {
    Instance instance;
    std::string problem;
    ASSERT_TRUE(makeInstance(kernel, {{"N", n}, {"G", std::min<int64_t>(n, 3)}},
                             instance, problem))
        << problem;
    Mask mask = makeMask(reports, instance, 64, 64);
    ASSERT_EQ(mask.rows, n);
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < n; ++j)
        EXPECT_EQ(mask.at(i, j).visible > 0,
                  sees(reports, kernel, instance, n, i, j))
            << n << " " << i << " " << j;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Patterns, MaskOf,
    testing::Values("attend(q, k, v, causal)",
                    "attend(q, k, v, window(3, 1) | keys(g))",
                    "attend(q, k, v, (window(9, 9, dilation=4) - keys(g)) | "
                    "queries(g))",
                    "rows(g): attend(q, k, v, all) else: attend(q, k, v, "
                    "window(2, 0) | (keys(g) & causal))",
                    "attend(q, k, v, { (i, j) : j mod 5 == 2 or i == j })"));

TEST(Mask, SharesAddUpWhenCellsHoldManyPairs) {
  auto program = programOf("attend(q, k, v, causal)");
  auto reports = reportAttends(program->kernels[0], Strategy());
  Instance instance;
  std::string problem;
  ASSERT_TRUE(makeInstance(program->kernels[0], {{"N", 60}, {"G", 0}}, instance,
                           problem));
  Mask mask = makeMask(reports, instance, 10, 10);
  double pairs = 0;
  for (const Cell &cell : mask.cells)
    pairs += cell.visible * 36;
  EXPECT_NEAR(pairs, 60 * 61 / 2, 1e-9);
}

} // namespace
} // namespace effattn
