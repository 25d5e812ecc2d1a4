//===- Math.cpp - elementary functions in single precision ----------------===//

#include "lib/Schedule/Math.h"

#include <limits>

namespace effattn {

using namespace Halide;
using Halide::Internal::Call;

namespace {

Expr strictCall(Type type, Call::IntrinsicOp operation, const Expr &a,
                const Expr &b) {
  return Call::make(type, operation, {a, b}, Call::PureIntrinsic);
}

Expr constant(double value) { return Expr(static_cast<float>(value)); }

/// Horner's scheme, the highest coefficient first. Not strict: a product and a
/// sum may become one fused operation.
Expr polynomial(const Expr &x, std::initializer_list<double> coefficients) {
  Expr value;
  for (double coefficient : coefficients)
    value = value.defined() ? value * x + constant(coefficient)
                            : constant(coefficient);
  return value;
}

/// e^r for |r| <= ln(2) / 2 with the value 1 at 0: minimax for the relative
/// error, which is 3.2e-9; 0.93 ulp after rounding.
Expr expFraction(const Expr &r) {
  return polynomial(r, {0x1.6a5228p-10, 0x1.12396cp-7, 0x1.5558aap-5,
                        0x1.555492p-3, 0x1.fffffcp-2, 1.0, 1.0});
}

/// 1.5 * 2^23: adding it rounds to an integer that the low bits hold.
constexpr double roundingShift = 12582912.0;

const double infinity = std::numeric_limits<double>::infinity();

constexpr double log2e = 1.4426950408889634074;

/// The first float above -126 ln 2: e^x is not a denormal.
constexpr double lowestExponent = -0x1.5d589ep+6;

} // namespace

Expr strictAdd(Expr a, Expr b) {
  return strictCall(a.type(), Call::strict_add, a, b);
}
Expr strictSub(Expr a, Expr b) {
  return strictCall(a.type(), Call::strict_sub, a, b);
}
Expr strictMul(Expr a, Expr b) {
  return strictCall(a.type(), Call::strict_mul, a, b);
}
Expr strictDiv(Expr a, Expr b) {
  return strictCall(a.type(), Call::strict_div, a, b);
}
Expr strictLess(Expr a, Expr b) {
  return strictCall(Bool(), Call::strict_lt, a, b);
}
Expr strictEqual(Expr a, Expr b) {
  return strictCall(Bool(), Call::strict_eq, a, b);
}
Expr isNan(Expr x) { return !strictEqual(x, x); }

Expr softmaxWeight(Expr x) {
  // A comparison with NaN is false, so that NaN passes the clamp, the fraction
  // and the polynomial; NaN times any power of two is NaN.
  x = select(strictLess(x, constant(lowestExponent)), constant(lowestExponent),
             x);
  // e^x = 2^whole e^rest. The bias 127 is added with the shift: the low bits
  // are the exponent field. Each product has one use and becomes one operation
  // with its sum.
  Expr shifted = x * constant(log2e) + constant(roundingShift + 127);
  Expr whole = strictSub(shifted, constant(roundingShift + 127));
  Expr rest = x - whole * constant(1 / log2e);
  Expr power = reinterpret<float>(reinterpret<int32_t>(shifted) << 23);
  return strictMul(expFraction(rest), power);
}

Expr expFloat(Expr x) {
  Expr bounded = select(strictLess(constant(90), x), constant(90), x);
  bounded = select(strictLess(x, constant(-106)), constant(-106), bounded);
  // Not by adding and subtracting a large number: drivers of devices simplify
  // that away.
  Expr whole =
      floor(strictAdd(strictMul(bounded, constant(log2e)), constant(0.5)));
  // x = n ln 2 + r with ln 2 in two parts: n times the first one is exact.
  Expr rest = strictSub(bounded, strictMul(whole, constant(0x1.62e4p-1)));
  rest = strictSub(rest, strictMul(whole, constant(0x1.7f7d1cp-20)));
  Expr value = polynomial(rest, {1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24,
                                 1.0 / 6, 0.5, 1.0, 1.0});
  // 2^n in two factors reaches denormals and infinity.
  Expr n = cast<int32_t>(select(isNan(x), constant(0), whole));
  Expr half = n >> 1;
  auto power = [](Expr k) { return reinterpret<float>((k + 127) << 23); };
  return strictMul(strictMul(value, power(half)), power(n - half));
}

Expr expm1Float(Expr x) {
  Expr series = strictMul(
      x, polynomial(x, {1.0 / 362880, 1.0 / 40320, 1.0 / 5040, 1.0 / 720,
                        1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5, 1.0}));
  return select(strictLess(constant(-0.5), x), series,
                strictSub(expFloat(x), constant(1)));
}

Expr logFloat(Expr x) {
  Expr tiny = strictLess(x, constant(0x1p-126));
  Expr normal = select(tiny, strictMul(x, constant(0x1p23)), x);
  Expr bits = reinterpret<int32_t>(normal);
  // m in [sqrt(1/2), sqrt(2)): take the bits of sqrt(1/2) away, then exponents.
  Expr exponent = (bits - 0x3f3504f3) >> 23;
  Expr m = reinterpret<float>(bits - (exponent << 23));
  Expr k =
      strictSub(cast<float>(exponent), select(tiny, constant(23), constant(0)));
  // log(1 + f) = f - (f^2/2 - s (f^2/2 + R(s^2))), s = f / (2 + f).
  Expr f = strictSub(m, constant(1));
  Expr s = strictDiv(f, strictAdd(f, constant(2)));
  Expr z = strictMul(s, s);
  Expr r = strictMul(z, polynomial(z, {0.24279078841, 0.28498786688,
                                       0.40000972152, 0.66666662693}));
  Expr square = strictMul(strictMul(constant(0.5), f), f);
  Expr low = strictAdd(strictMul(s, strictAdd(square, r)),
                       strictMul(k, constant(9.0580006145e-06)));
  Expr value = strictSub(strictMul(k, constant(6.9313812256e-01)),
                         strictSub(strictSub(square, low), f));
  value = select(strictLess(x, constant(infinity)), value, x); // inf and NaN
  value = select(strictEqual(x, constant(0)), constant(-infinity), value);
  return select(strictLess(x, constant(0)),
                constant(std::numeric_limits<double>::quiet_NaN()), value);
}

Expr tanhFloat(Expr x) {
  Expr a = abs(x);
  Expr z = strictMul(x, x);
  Expr small = strictAdd(
      x, strictMul(
             x, strictMul(z, polynomial(z, {-5.70498872745e-3, 2.06390887954e-2,
                                            -5.37397155531e-2, 1.33314422036e-1,
                                            -3.33332819422e-1}))));
  Expr large =
      strictSub(constant(1),
                strictDiv(constant(2),
                          strictAdd(expFloat(strictAdd(a, a)), constant(1))));
  Expr sign = reinterpret<int32_t>(x) & Expr(INT32_MIN);
  large = reinterpret<float>(reinterpret<int32_t>(large) | sign);
  return select(strictLess(a, constant(0.625)), small, large);
}

Expr logDouble(Expr x) {
  // x = m 2^k, m in [sqrt(1/2), sqrt(2)); log m = 2 atanh(s), |s| <= 0.1716:
  // nine terms leave 1e-15.
  const Expr shift(int64_t(52));
  Expr bits = reinterpret<int64_t>(x);
  Expr exponent = (bits - Expr(int64_t(0x3fe6a09e667f3bcd))) >> shift;
  Expr m = reinterpret<double>(bits - (exponent << shift));
  Expr k = cast<double>(cast<int32_t>(exponent));
  Expr s = strictDiv(strictSub(m, Expr(1.0)), strictAdd(m, Expr(1.0)));
  Expr z = strictMul(s, s);
  Expr sum = Expr(1.0 / 17);
  for (int n = 15; n >= 1; n -= 2)
    sum = strictAdd(strictMul(sum, z), Expr(1.0 / n));
  return strictAdd(strictMul(k, Expr(0.69314718055994530942)),
                   strictMul(strictMul(Expr(2.0), s), sum));
}

Expr minKeepNan(Expr a, Expr b) {
  return select(strictLess(a, b) || isNan(a), a, b);
}

Expr maxKeepNan(Expr a, Expr b) {
  return select(strictLess(b, a) || isNan(a), a, b);
}

} // namespace effattn
