//===- Quantifiers.h - `exists` as arithmetic -------------------*- C++ -*-===//
#ifndef EFFATTN_LIB_ANALYSIS_QUANTIFIERS_H
#define EFFATTN_LIB_ANALYSIS_QUANTIFIERS_H

#include "lib/Pattern/Scalar.h"

#include <cstdint>

namespace effattn {

/// Replaces each `exists` over more than `most` values by comparisons, div and
/// mod that hold for the same numbers: whether i - j is 3 s for some s in
/// 0..200 is whether 3 divides it and it lies in 0..597. One whose variable is
/// in an expression that is not affine, or that costs more than `maxOperations`
/// steps, stays.
ScalarRef withoutExists(const ScalarRef &predicate, int64_t most,
                        uint64_t maxOperations = 400'000);

} // namespace effattn

#endif // EFFATTN_LIB_ANALYSIS_QUANTIFIERS_H
