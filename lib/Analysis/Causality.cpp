//===- Causality.cpp - does any pair look ahead? --------------------------===//
#include "lib/Analysis/Facts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

namespace effattn {

namespace {

/// The point of a set over [parameters, i, j] (no parameters) that is least in
/// N, M and the coordinates of the pair, in this order, where they have a least
/// value.
Isl<isl_point> leastPoint(IslSet set, int pairPosition) {
  std::vector<int> order = {0, 1};
  int dimensions = isl_set_dim(set.get(), isl_dim_set);
  for (int position = pairPosition; position < dimensions; ++position)
    order.push_back(position);
  for (int position : order) {
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

std::string describe(const Isl<isl_point> &point, const Prepared &prepared,
                     const Assignment &assignment) {
  const std::vector<Parameter> &parameters = prepared.parameters.list();
  const Space &space = prepared.space;
  std::vector<std::string> parts;
  auto add = [&](const std::string &name, size_t position) {
    std::optional<int64_t> value =
        toInteger(IslVal(isl_point_get_coordinate_val(
            point.get(), isl_dim_set, static_cast<int>(position))));
    parts.push_back(
        fmt::format("{} = {}", name, value ? std::to_string(*value) : "?"));
  };
  size_t position = parameters.size();
  for (const auto *names : {&space.rows, &space.columns})
    for (const std::string &name : *names)
      add(space.isGrid() ? std::string{name[0], '.', name[1]} : name,
          position++);
  // The size of a grid follows from its extents.
  for (size_t k = space.isGrid() ? 2 : 0; k < parameters.size(); ++k)
    add(parameters[k].value->kind == ScalarKind::Lookup
            ? toString(parameters[k].value)
            : parameters[k].name,
        k);
  const Atoms &atoms = prepared.atomised.atoms;
  auto addSides = [&](const char *side, const std::vector<SideAtom> &list,
                      uint32_t bits) {
    std::set<std::string> texts;
    for (size_t k = 0; k < list.size(); ++k)
      if (bits >> k & 1)
        texts.insert(list[k].condition
                         ? toString(list[k].condition)
                         : fmt::format("{} in an index set", side));
    parts.insert(parts.end(), texts.begin(), texts.end());
  };
  addSides("i", atoms.queries, assignment.queries);
  addSides("j", atoms.keys, assignment.keys);
  uint32_t states = assignment.relations;
  for (const RelationAtom &relation : atoms.relations) {
    if (states % 3 || relation.kind == RelationAtom::Kind::Unknown)
      parts.push_back(toString(relation.source));
    states /= 3;
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

} // namespace

Causality findCausality(const IslContext &context, const Prepared &prepared,
                        const std::vector<CasePairs> &cases,
                        const IslSet &ahead, bool square) {
  const Parameters &parameters = prepared.parameters;
  IslSet domain =
      intersect(pairDomain(context, prepared, prepared.space), ahead);
  for (const CasePairs &pairs : cases) {
    IslSet found = intersect(pairs.inside, domain);
    if (isl_set_is_empty(found.get()) != isl_bool_false)
      continue;
    IslSet ofSquare = intersect(
        found, parseSet(context, fmt::format("{} -> {{ [{}] : M = N }}",
                                             parameters.isl(),
                                             prepared.space.pairNames())));
    isl_bool none = isl_set_is_empty(ofSquare.get());
    if (square && none == isl_bool_true)
      continue;
    if (none == isl_bool_false)
      found = ofSquare;
    int count = static_cast<int>(parameters.list().size());
    found = IslSet(isl_set_move_dims(found.release(), isl_dim_set, 0,
                                     isl_dim_param, 0, count));
    Isl<isl_point> point = leastPoint(std::move(found), count);
    return {false, point ? describe(point, prepared, pairs.assignment) : ""};
  }
  return {true, ""};
}

} // namespace effattn
