//===- TableTest.cpp - patterns that look up tables, on Vulkan ------------===//

#include "test/unit/Gpu/GpuHarness.h"
#include "test/unit/Schedule/TablePatterns.h"

#include <gtest/gtest.h>

using namespace effattn;
using namespace effattn::test;

namespace {

TEST(GpuTables, AgainstTheOracle) {
  if (std::string why = whyNoVulkan(); !why.empty())
    GTEST_SKIP() << why;
  for (const TablePattern &pattern : tablePatterns()) {
    SCOPED_TRACE(pattern.name);
    GpuAttendKernel kernel(pattern.spec);
    Problem problem = problemFor(pattern);
    expectClose(problem, kernel.run(problem));
  }
}

TEST(GpuTables, LookupsOutOfRangeAreReported) {
  if (std::string why = whyNoVulkan(); !why.empty())
    GTEST_SKIP() << why;
  for (bool inScore : {false, true})
    for (int64_t reach : {20, 21}) {
      Problem problem = problemThatMisses(reach, inScore);
      GpuAttendKernel kernel(problem.spec);
      if (reach == 20) {
        expectClose(problem, kernel.run(problem));
        continue;
      }
      EXPECT_EQ(kernel.status(problem), EFFATTN_SIZE);
      EXPECT_STREQ(effattn_message(), "test attend: query 0 (batch 0, head 0) "
                                      "looks up a table out of range");
    }
}

} // namespace
