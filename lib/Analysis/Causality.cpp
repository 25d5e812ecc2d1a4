//===- Causality.cpp - does any pair look ahead? --------------------------===//
#include "lib/Analysis/Facts.h"

#include <fmt/format.h>

namespace effattn {

namespace {

/// The point of a set over [parameters, i, j] (no parameters) that is least in
/// N, M, i, j, in this order, where they have a least value.
Isl<isl_point> leastPoint(IslSet set, int pairPosition) {
  for (int position : {0, 1, pairPosition, pairPosition + 1}) {
    IslVal least(isl_set_dim_min_val(set.copy(), position));
    if (!least || isl_val_is_int(least.get()) != isl_bool_true)
      continue;
    IslSet fixed(
        isl_set_fix_val(set.copy(), isl_dim_set, position, least.release()));
    // The bound is that of the real relaxation.
    if (isl_set_is_empty(fixed.get()) == isl_bool_false)
      set = std::move(fixed);
  }
  Isl<isl_point> point(isl_set_sample_point(set.release()));
  bool isVoid = isl_point_is_void(point.get()) != isl_bool_false;
  return isVoid ? Isl<isl_point>() : point;
}

std::string describe(const Isl<isl_point> &point, const Parameters &parameters,
                     const CasePairs &pairs) {
  auto at = [&](int position) {
    std::optional<int64_t> value = toInteger(IslVal(
        isl_point_get_coordinate_val(point.get(), isl_dim_set, position)));
    return value ? std::to_string(*value) : "?";
  };
  int count = static_cast<int>(parameters.list().size());
  std::string text = fmt::format("i = {}, j = {}", at(count), at(count + 1));
  for (int k = 0; k < count; ++k)
    text += fmt::format(", {} = {}", parameters.list()[k].name, at(k));
  if (pairs.queries)
    text += ", i in an index set";
  if (pairs.keys)
    text += ", j in an index set";
  return text;
}

} // namespace

Causality findCausality(const IslContext &context, const Parameters &parameters,
                        const std::vector<CasePairs> &cases,
                        const IslSet &ahead) {
  IslSet domain = intersect(pairDomain(context, parameters), ahead);
  for (const CasePairs &pairs : cases) {
    IslSet found = intersect(pairs.inside, domain);
    if (isl_set_is_empty(found.get()) != isl_bool_false)
      continue;
    IslSet square = intersect(
        found, parseSet(context, parameters.isl() + " -> { [i, j] : M = N }"));
    if (isl_set_is_empty(square.get()) == isl_bool_false)
      found = square;
    int count = static_cast<int>(parameters.list().size());
    found = IslSet(isl_set_move_dims(found.release(), isl_dim_set, 0,
                                     isl_dim_param, 0, count));
    Isl<isl_point> point = leastPoint(std::move(found), count);
    return {false, point ? describe(point, parameters, pairs) : ""};
  }
  return {true, ""};
}

} // namespace effattn
