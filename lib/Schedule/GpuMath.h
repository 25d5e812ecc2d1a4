//===- GpuMath.h - floats on devices ----------------------------*- C++ -*-===//
//
// What Math.h does for the CPU, for kernels that a driver compiles once more:
// it may simplify (x + c) - c and assume that there is no NaN, and its own exp
// is off by 16 units in the last place on some devices.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_SCHEDULE_GPUMATH_H
#define EFFATTN_LIB_SCHEDULE_GPUMATH_H

#include "Halide.h"

namespace effattn {

inline Halide::Expr minusInfinity() {
  return Halide::reinterpret<float>(Halide::Expr(int32_t(0xff800000u)));
}

/// By the bits, which no assumption about floats touches. True of NaN.
inline Halide::Expr notMinusInfinity(const Halide::Expr &x) {
  return Halide::reinterpret<int32_t>(x) != Halide::Expr(int32_t(0xff800000u));
}

/// e^x for x <= 0 or NaN, within 2 ulp; 0 below -87. A comparison with NaN is
/// false, and NaN times any power of two is NaN.
inline Halide::Expr expNonPositive(const Halide::Expr &x) {
  using Halide::Expr;
  Expr whole = Halide::floor(x * Expr(1.44269504f) + Expr(0.5f));
  // ln 2 in two parts; `whole` has 8 bits and the first part 10.
  Expr r = x - whole * Expr(0.693359375f);
  r = r - whole * Expr(-2.12194440e-4f);
  Expr p = Expr(1.9875691500e-4f);
  for (float c : {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f,
                  1.6666665459e-1f, 5.0000001201e-1f})
    p = p * r + Expr(c);
  p = p * r * r + r + Expr(1.0f);
  Expr power =
      Halide::reinterpret<float>((Halide::cast<int32_t>(whole) + 127) << 23);
  return Halide::select(Halide::strict_float(x < Expr(-87.0f)), Expr(0.0f),
                        p * power);
}

} // namespace effattn

#endif // EFFATTN_LIB_SCHEDULE_GPUMATH_H
