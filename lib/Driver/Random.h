//===- Random.h - made-up arguments -----------------------------*- C++ -*-===//
#ifndef EFFATTN_LIB_DRIVER_RANDOM_H
#define EFFATTN_LIB_DRIVER_RANDOM_H

#include "lib/Driver/Npy.h"
#include "lib/Driver/TableRoles.h"

#include <random>

namespace effattn {

/// Strictly increasing values of [0, bound) along the last axis, the first one
/// 0; there are enough of them.
void fillIndexSet(HostTensor &tensor, int64_t bound, std::mt19937_64 &random);

/// What makes sense for the role: see TableUse. `unsorted`: labels in random
/// order.
void fillTable(HostTensor &tensor, TableUse use, int64_t bound, bool unsorted,
               std::mt19937_64 &random);

/// Axes from the slowest to the fastest: NHD has tokens outside of heads.
std::vector<int> memoryOrder(size_t rank, const std::string &layout);

} // namespace effattn

#endif // EFFATTN_LIB_DRIVER_RANDOM_H
