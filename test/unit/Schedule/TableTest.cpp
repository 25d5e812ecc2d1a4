//===- TableTest.cpp - patterns that look up tables, on the CPU -----------===//

#include "test/unit/Schedule/TablePatterns.h"

#include <gtest/gtest.h>

using namespace effattn;
using namespace effattn::test;

namespace {

struct Case {
  std::string isa;
  int rows;
};

class CpuTables : public ::testing::TestWithParam<Case> {};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const std::string &isa : runnableIsas())
    for (int rows : {16, 32})
      all.push_back({isa, rows});
  return all;
}

} // namespace

TEST_P(CpuTables, AgainstTheOracle) {
  for (const TablePattern &pattern : tablePatterns()) {
    SCOPED_TRACE(pattern.name);
    CompiledAttend attend(pattern.spec, GetParam().isa, GetParam().rows);
    Problem problem = problemFor(pattern);
    expectClose(problem, attend.run(problem));
  }
}

TEST_P(CpuTables, LookupsOutOfRangeAreReported) {
  for (bool inScore : {false, true})
    for (int64_t reach : {20, 21}) {
      Problem problem = problemThatMisses(reach, inScore);
      CompiledAttend attend(problem.spec, GetParam().isa, GetParam().rows);
      if (reach == 20) {
        expectClose(problem, attend.run(problem));
        continue;
      }
      EXPECT_EQ(attend.status(problem), EFFATTN_SIZE);
      // The first column of the first tile that has such a pair.
      const char *pair =
          GetParam().rows == 16 ? "query 0 and key 20" : "query 20 and key 0";
      EXPECT_EQ(effattn_message(),
                std::string("test: the ") + (inScore ? "score" : "pattern") +
                    " of " + pair +
                    " (batch 0, head 0) looks up a table out of range");
    }
}

INSTANTIATE_TEST_SUITE_P(Isa, CpuTables, ::testing::ValuesIn(cases()),
                         [](const auto &info) {
                           return info.param.isa + "_" +
                                  std::to_string(info.param.rows);
                         });
