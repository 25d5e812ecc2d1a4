//===- Orders.h - look-ups of tables by batch, head and token ---*- C++ -*-===//
#ifndef EFFATTN_LIB_PATTERN_ORDERS_H
#define EFFATTN_LIB_PATTERN_ORDERS_H

#include "lib/Pattern/Pattern.h"

namespace effattn {

/// Indices of a table of `rank` axes whose last ones are `own`; leading batch
/// and head axes are the current ones.
std::vector<ScalarRef> tableIndices(int rank, std::vector<ScalarRef> own);

/// The rank of a token, the token of a rank.
ScalarRef rankOf(const Order &order, const ScalarRef &token);
ScalarRef tokenOf(const Order &order, const ScalarRef &rank);

} // namespace effattn

#endif // EFFATTN_LIB_PATTERN_ORDERS_H
