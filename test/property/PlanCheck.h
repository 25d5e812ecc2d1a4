//===- PlanCheck.h - the plans of a launch against every pair ---*- C++ -*-===//
#ifndef EFFATTN_TEST_PROPERTY_PLANCHECK_H
#define EFFATTN_TEST_PROPERTY_PLANCHECK_H

#include "lib/Driver/PlanProbe.h"

#include <functional>
#include <string>

namespace effattn::test {

/// How often a softmax of the kernel counts the pair: 0 or 1, more where
/// merged parts overlap.
using Expected = std::function<int(int64_t h, int64_t i, int64_t j)>;

/// Compares the attends of a launch, planned for batch entry 0 and each head,
/// with every pair: each row of an attend is in at most one tile, the columns
/// of a tile are disjoint and inside, full columns hold for each row, and over
/// all attends each pair is computed as often as expected. Empty, or what is
/// wrong.
std::string checkPlans(PlanProbe &probe, size_t kernel,
                       const reference::Inputs &inputs, int64_t heads,
                       const Expected &expected);

/// Compiles the text; null with the diagnostics in `problem`.
std::unique_ptr<PlanProbe> probeText(const std::string &text,
                                     CompileOptions options,
                                     std::string &problem);

} // namespace effattn::test

#endif // EFFATTN_TEST_PROPERTY_PLANCHECK_H
