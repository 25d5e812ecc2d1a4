//===- TablePatterns.h - attends whose patterns look up tables --*- C++ -*-===//
//
// Patterns that use all that kernels evaluate: look-ups in bool and integer
// tables with and without batch and head axes, nested look-ups, divisors that
// are no constants, exists, min, max, abs and select. For the CPU and devices.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_TEST_UNIT_SCHEDULE_TABLEPATTERNS_H
#define EFFATTN_TEST_UNIT_SCHEDULE_TABLEPATTERNS_H

#include "test/unit/Schedule/Harness.h"

namespace effattn::test {

struct TablePattern {
  std::string name;
  AttendSpec spec;
  std::vector<Table> tables; ///< for 2 batches, 3 heads, 70 queries and keys
  std::vector<double> floats;
};

std::vector<TablePattern> tablePatterns();
/// 2 batches, 3 heads, 70 queries and keys.
Problem problemFor(const TablePattern &pattern);

/// A pair inside the pattern looks up a table out of range where `reach` is
/// more than 20: by distance, in the pattern or in the score.
Problem problemThatMisses(int64_t reach, bool inScore);

} // namespace effattn::test

#endif // EFFATTN_TEST_UNIT_SCHEDULE_TABLEPATTERNS_H
