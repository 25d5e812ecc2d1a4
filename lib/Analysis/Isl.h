//===- Isl.h - owned isl objects --------------------------------*- C++ -*-===//
//
// isl is a C library: functions take over or keep their arguments, and return
// null on error (wrong use, out of memory, or the bound on the work reached).
// Every isl function passes a null argument on as a null result, so a chain of
// operations is checked once, at its end: an `Isl<T>` that is false means that
// the chain failed, and IslContext::failure() says why.
//
// One context a compilation: contexts are not thread-safe. A context outlives
// its objects, so it is declared before them.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_ANALYSIS_ISL_H
#define EFFATTN_LIB_ANALYSIS_ISL_H

#include "lib/Analysis/Analysis.h"

#include <isl/aff.h>
#include <isl/ast.h>
#include <isl/ast_build.h>
#include <isl/constraint.h>
#include <isl/ctx.h>
#include <isl/id.h>
#include <isl/ilp.h>
#include <isl/map.h>
#include <isl/point.h>
#include <isl/set.h>
#include <isl/space.h>
#include <isl/union_map.h>
#include <isl/union_set.h>
#include <isl/val.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace effattn {

template <typename T> struct IslTraits;

#define EFFATTN_ISL_TYPE(Type)                                                 \
  template <> struct IslTraits<Type> {                                         \
    static Type *copy(Type *object) { return Type##_copy(object); }            \
    static void free(Type *object) { Type##_free(object); }                    \
  };
EFFATTN_ISL_TYPE(isl_aff)
EFFATTN_ISL_TYPE(isl_ast_build)
EFFATTN_ISL_TYPE(isl_ast_expr)
EFFATTN_ISL_TYPE(isl_ast_node)
EFFATTN_ISL_TYPE(isl_ast_node_list)
EFFATTN_ISL_TYPE(isl_basic_set)
EFFATTN_ISL_TYPE(isl_basic_set_list)
EFFATTN_ISL_TYPE(isl_constraint)
EFFATTN_ISL_TYPE(isl_id)
EFFATTN_ISL_TYPE(isl_local_space)
EFFATTN_ISL_TYPE(isl_map)
EFFATTN_ISL_TYPE(isl_multi_aff)
EFFATTN_ISL_TYPE(isl_point)
EFFATTN_ISL_TYPE(isl_pw_aff)
EFFATTN_ISL_TYPE(isl_set)
EFFATTN_ISL_TYPE(isl_space)
EFFATTN_ISL_TYPE(isl_union_map)
EFFATTN_ISL_TYPE(isl_val)
#undef EFFATTN_ISL_TYPE

/// Owns one reference to an isl object, or is null.
template <typename T> class Isl {
public:
  Isl() = default;
  /// Takes the reference over.
  explicit Isl(T *object) : object(object) {}
  Isl(const Isl &other) : object(other.copy()) {}
  Isl(Isl &&other) noexcept : object(std::exchange(other.object, nullptr)) {}
  Isl &operator=(Isl other) noexcept {
    std::swap(object, other.object);
    return *this;
  }
  ~Isl() {
    if (object)
      IslTraits<T>::free(object);
  }

  explicit operator bool() const { return object != nullptr; }
  /// For an argument that isl keeps.
  T *get() const { return object; }
  /// For an argument that isl takes, when this object is used again.
  T *copy() const { return object ? IslTraits<T>::copy(object) : nullptr; }
  /// For an argument that isl takes, when it is not.
  T *release() { return std::exchange(object, nullptr); }

private:
  T *object = nullptr;
};

using IslSet = Isl<isl_set>;
using IslMap = Isl<isl_map>;
using IslPwAff = Isl<isl_pw_aff>;
using IslSpace = Isl<isl_space>;
using IslVal = Isl<isl_val>;

/// A context whose errors are values: nothing is printed, nothing aborts, and
/// all work stops after `maxOperations` steps.
class IslContext {
public:
  explicit IslContext(uint64_t maxOperations);
  ~IslContext();
  IslContext(const IslContext &) = delete;
  IslContext &operator=(const IslContext &) = delete;

  isl_ctx *get() const { return context; }
  bool failed() const;
  /// The bound that the context was made with.
  uint64_t bound() const { return maxOperations; }
  /// Counts steps from 0 again, up to another bound.
  void allow(uint64_t operations) const;
  /// Whether expressions of loops have remainders; if so, without a bound on
  /// the work (see Runs.cpp). At first they have none.
  void setRemainders(bool with) const;
  /// True where the bound was reached; then the context can be used again.
  bool recover() const;
  /// Why a chain of operations gave null.
  AnalysisFailure failure() const;

private:
  isl_ctx *context;
  uint64_t maxOperations;
};

/// The failure of a pattern that reaches the bound on the work.
AnalysisFailure tooCostly();

inline IslSet intersect(IslSet a, IslSet b) {
  return IslSet(isl_set_intersect(a.release(), b.release()));
}
inline IslSet unite(IslSet a, IslSet b) {
  return IslSet(isl_set_union(a.release(), b.release()));
}
inline IslSet subtract(IslSet a, IslSet b) {
  return IslSet(isl_set_subtract(a.release(), b.release()));
}
inline IslSet coalesce(IslSet a) {
  return IslSet(isl_set_coalesce(a.release()));
}

Isl<isl_multi_aff> parseMultiAff(const IslContext &context,
                                 const std::string &text);
IslSet parseSet(const IslContext &context, const std::string &text);
Isl<isl_union_map> parseUnionMap(const IslContext &context,
                                 const std::string &text);
/// isl's own text; empty for null.
std::string text(const IslSet &set);

/// The value of an integer that fits; nothing otherwise.
std::optional<int64_t> toInteger(const IslVal &value);

} // namespace effattn

#endif // EFFATTN_LIB_ANALYSIS_ISL_H
