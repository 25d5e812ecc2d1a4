//===- ScalarToHalide.h - predicates and scores in kernels ------*- C++ -*-===//
//
// Scalar expressions (lib/Pattern) over one pair (i, j) become Halide
// expressions. Integers are computed in 32 bits where interval arithmetic shows
// that nothing overflows and in 64 bits elsewhere; floats in single precision
// with IEEE rules kept (NaN, infinities).
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_SCHEDULE_SCALARTOHALIDE_H
#define EFFATTN_LIB_SCHEDULE_SCALARTOHALIDE_H

#include "lib/Schedule/Kernels.h"

#include "Halide.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace effattn {

/// What a pair's expression may ask for. `integers` and `floats` follow
/// AttendSpec::integers and ::floats.
struct PairContext {
  Halide::Expr i, j;                ///< Int(32), in [0, limit)
  Halide::Expr batch, head;         ///< Int(32)
  Halide::Expr rowSets, columnSets; ///< UInt(32) bits; undefined where unused
  Halide::Expr logit;               ///< `s`; undefined in predicates
  std::vector<std::string> integerNames, floatNames;
  std::function<Halide::Expr(int)> integer; ///< Int(32) parameter number k
  std::function<Halide::Expr(int)> real;    ///< Float(32) parameter number k
  std::vector<Halide::ImageParam> tables;   ///< last axis first
  std::vector<TableSpec> tableSpecs;
  /// Set by toHalide: all look-ups that the expression makes for the pair are
  /// inside their tables; undefined where it makes none.
  Halide::Expr inRange;
  /// Where set, tables are read through these and not through `tables`:
  /// extents (axis 0 is the last) and elements at indices inside them.
  std::function<Halide::Expr(int table, int axis)> tableExtent;
  std::function<Halide::Expr(int table, const std::vector<Halide::Expr> &at)>
      tableElement;
  /// False: only numbers that are not negative are divided. On Vulkan, Halide's
  /// quotients of negative numbers by constants are wrong.
  bool dividesNegative = true;
  /// An `exists` over many values is a loop. On Vulkan, Halide's reductions
  /// inside of a kernel's expressions are wrong.
  bool loops = true;
  /// Indices lie in [0, limit), integer parameters in [-limit, limit].
  int64_t limit = int64_t(1) << 30;
};

/// Integer parameters of a kernel lie in [-parameterLimit, parameterLimit]:
/// the runtime refuses others (attend_cpu.c).
inline constexpr int64_t parameterLimit = int64_t(1) << 30;

/// The type of a tensor's elements in memory; Bool is a byte.
Halide::Type halideType(ElementType element);

/// Throws ScheduleError for what kernels cannot compute.
Halide::Expr toHalide(const ScalarRef &scalar, PairContext &context);

/// A construct that a schedule cannot handle; caught at this library's border.
struct ScheduleError {
  std::string message;
};

} // namespace effattn

#endif // EFFATTN_LIB_SCHEDULE_SCALARTOHALIDE_H
