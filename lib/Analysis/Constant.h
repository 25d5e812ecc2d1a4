//===- Constant.h - how far an expression stays the same --------*- C++ -*-===//
#ifndef EFFATTN_LIB_ANALYSIS_CONSTANT_H
#define EFFATTN_LIB_ANALYSIS_CONSTANT_H

#include "lib/Pattern/Scalar.h"

#include <string>
#include <vector>

namespace effattn {

/// An expression e > n over the variable n = `name` such that all `values`, and
/// which of their look-ups are in range, are the same for n, n + 1, ..., e - 1;
/// null where only e = n + 1 is known. Found where n stands in quotients
/// (k*n + a) div c alone: q = (k*n + a) div c, k > 0, holds up to
/// e = ceil(((q + 1)*c - a) / k). Divisors need not be constants; they are
/// taken as at least 1, as planner functions do.
ScalarRef constantUntil(const std::vector<ScalarRef> &values,
                        const std::string &name);

} // namespace effattn

#endif // EFFATTN_LIB_ANALYSIS_CONSTANT_H
