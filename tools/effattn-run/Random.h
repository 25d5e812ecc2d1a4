//===- Random.h - made-up arguments -----------------------------*- C++ -*-===//
#ifndef EFFATTN_TOOLS_RUN_RANDOM_H
#define EFFATTN_TOOLS_RUN_RANDOM_H

#include "tools/effattn-run/Inputs.h"

#include <random>

namespace effattn {

/// Strictly increasing values of [0, bound) along the last axis, the first one
/// 0; there are enough of them.
void fillIndexSet(HostTensor &tensor, int64_t bound, std::mt19937_64 &random);

/// Floats normal, integers 0 to 3, bools either.
void fillRandom(HostTensor &tensor, std::mt19937_64 &random);

/// Axes from the slowest to the fastest: NHD has tokens outside of heads.
std::vector<int> memoryOrder(size_t rank, const std::string &layout);

} // namespace effattn

#endif // EFFATTN_TOOLS_RUN_RANDOM_H
