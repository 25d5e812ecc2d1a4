//===- Math.h - elementary functions in single precision --------*- C++ -*-===//
//
// Halide's own exp, log and tanh either call libm one lane at a time or lose
// NaN and the last bits. These keep IEEE rules, vectorise, and are within two
// units in the last place, on every target.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_SCHEDULE_MATH_H
#define EFFATTN_LIB_SCHEDULE_MATH_H

#include "Halide.h"

namespace effattn {

/// Operations by IEEE rules, one at a time. (Halide::strict_float would change
/// the operands too, and with them polynomials that should use fused
/// operations.)
Halide::Expr strictAdd(Halide::Expr a, Halide::Expr b);
Halide::Expr strictSub(Halide::Expr a, Halide::Expr b);
Halide::Expr strictMul(Halide::Expr a, Halide::Expr b);
Halide::Expr strictDiv(Halide::Expr a, Halide::Expr b);
Halide::Expr strictLess(Halide::Expr a, Halide::Expr b);
Halide::Expr strictEqual(Halide::Expr a, Halide::Expr b);
Halide::Expr isNan(Halide::Expr x);

/// e^x for x <= 0 (or a rounding error above) or NaN; below -87.33 it stays
/// e^-87.33. e^0 is exactly 1. The relative error is at most 1 ulp + 3e-9 |x|:
/// ln(2) is one float, as the weights of a softmax have |x| e^x <= 0.37.
Halide::Expr softmaxWeight(Halide::Expr x);

Halide::Expr expFloat(Halide::Expr x);
/// e^x - 1 for x <= 0, without cancellation near 0.
Halide::Expr expm1Float(Halide::Expr x);
Halide::Expr logFloat(Halide::Expr x);
Halide::Expr tanhFloat(Halide::Expr x);

/// The natural logarithm in double precision of a positive, normal double.
Halide::Expr logDouble(Halide::Expr x);

/// min and max that give NaN where either side is NaN.
Halide::Expr minKeepNan(Halide::Expr a, Halide::Expr b);
Halide::Expr maxKeepNan(Halide::Expr a, Halide::Expr b);

} // namespace effattn

#endif // EFFATTN_LIB_SCHEDULE_MATH_H
