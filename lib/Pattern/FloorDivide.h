//===- FloorDivide.h - quotients rounded down -------------------*- C++ -*-===//
//
// The division of the language: a = b * floorDivide(a, b) + r with 0 <= r < b
// for b > 0. What folds expressions and what evaluates loops share it; the
// oracle (lib/Reference) has its own, so that one mistake is not made twice.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_PATTERN_FLOORDIVIDE_H
#define EFFATTN_LIB_PATTERN_FLOORDIVIDE_H

#include <cstdint>

namespace effattn {

/// b is not 0, and not -1 where a is the least number.
inline int64_t floorDivide(int64_t a, int64_t b) {
  int64_t quotient = a / b;
  return quotient - (a % b != 0 && (a < 0) != (b < 0));
}

} // namespace effattn

#endif // EFFATTN_LIB_PATTERN_FLOORDIVIDE_H
