//===- FactCheck.h - facts of the analysis against every pair ---*- C++ -*-===//
#ifndef EFFATTN_TEST_PROPERTY_FACTCHECK_H
#define EFFATTN_TEST_PROPERTY_FACTCHECK_H

#include "lib/Frontend/Program.h"
#include "lib/Reference/Reference.h"

#include <string>

namespace effattn::test {

/// The columns that rows list, pair counts, causality, emptiness and density of
/// each attend whose pattern reads no table, for all sizes up to 17 (on a grid:
/// the sizes of `inputs`), against the oracle. Dimensions and scalars other
/// than those are as in `inputs`. Empty, or what is wrong.
std::string checkFacts(const ProgramKernel &kernel,
                       const reference::Inputs &inputs);

} // namespace effattn::test

#endif // EFFATTN_TEST_PROPERTY_FACTCHECK_H
