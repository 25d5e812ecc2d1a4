//===- Unbounded.cpp - columns that nothing but Unknown decides [S10] -----===//
//
// Under truth values of the other atoms a pattern has pairs that may be in it
// and pairs that must be; the difference are its *open* pairs, which only the
// Unknown relation decides. The columns of a tile are bounded where the number
// of open columns of a row has a bound that does not depend on the number of
// tokens.
//
// Which truth values?
//   index sets of keys, labels   absent: a list of keys, or the keys of one
//                                label, are few; the others are not
//   conditions on keys, bitmaps, each value in turn: a table rules out columns
//   comparisons with tables      by either value, however it is written. It
//                                bounds them where one value leaves out those
//                                that are open for any, all but a bounded
//                                number: `t & open` has columns that t rules
//                                out, `t | open` has none
//   index sets, conditions of rows, comparisons without tables
//                                each value in turn: they choose rows, and one
//                                choice without a bound is enough; or hold on a
//                                good part of all columns either way
//
// Has the number of columns of a row a bound? Each piece of the open pairs is
// convex up to divisions by constants. For fixed values of the sizes that do
// not grow, its columns in one row are within a distance D of each other, and
// D has a bound exactly where the number has. Whether it has one does not
// depend on the fixed values, as long as the piece is not empty: directions in
// which a polyhedron is not bounded do not depend on constants.
//
//===----------------------------------------------------------------------===//
#include "lib/Analysis/Facts.h"

#include <algorithm>
#include <map>
#include <set>

namespace effattn {

namespace {

class OpenColumns {
public:
  OpenColumns(const IslContext &context, const Prepared &prepared,
              const DistinctCases &distinct,
              const std::vector<CasePairs> &pairs, const GrowingSizes &growing)
      : prepared(prepared), distinct(distinct), pairs(pairs),
        domain(pairDomain(context, prepared, prepared.space)) {
    for (const Parameter &parameter : prepared.parameters.list())
      fixed.push_back(!grows(*parameter.value, growing));
  }

  std::optional<size_t> find();

private:
  bool grows(const Scalar &size, const GrowingSizes &growing) const;
  const IslSet &openPairs(size_t number);
  bool areOpen(const std::vector<size_t> &numbers);
  bool hasManyColumns(const IslSet &set) const;
  bool isLong(IslSet piece) const;

  const Prepared &prepared;
  const DistinctCases &distinct;
  const std::vector<CasePairs> &pairs;
  IslSet domain;
  std::vector<bool> fixed;        ///< by parameter
  std::map<size_t, IslSet> known; ///< open pairs, by case
};

/// Extents of a grid grow with it. A dimension that is no number of tokens, an
/// argument, b, h and look-ups by these do not.
bool OpenColumns::grows(const Scalar &size, const GrowingSizes &growing) const {
  if (size.kind == ScalarKind::Variable && size.name == "N")
    return growing.queries;
  if (size.kind == ScalarKind::Variable && size.name == "M")
    return growing.keys;
  if (size.kind == ScalarKind::Variable && size.name == "q0")
    return growing.keys;
  auto is = [&](const ScalarRef &extent) {
    return extent->kind == size.kind && extent->name == size.name;
  };
  if (std::any_of(prepared.extents.begin(), prepared.extents.end(), is))
    return true;
  const auto &names = growing.dimensions;
  return size.kind == ScalarKind::Dimension &&
         std::find(names.begin(), names.end(), size.name) != names.end();
}

/// The greatest distance of two columns of one row of the piece, along each
/// axis, for any values of what grows.
bool OpenColumns::isLong(IslSet piece) const {
  Isl<isl_point> point(isl_set_sample_point(piece.copy()));
  if (isl_point_is_void(point.get()) == isl_bool_true)
    return false;
  for (size_t k = 0; k < fixed.size(); ++k)
    if (fixed[k])
      piece = IslSet(isl_set_fix_val(
          piece.release(), isl_dim_param, static_cast<unsigned>(k),
          isl_point_get_coordinate_val(point.get(), isl_dim_param,
                                       static_cast<int>(k))));
  auto rank = static_cast<unsigned>(prepared.space.rank());
  IslMap columns(isl_map_move_dims(isl_map_from_range(piece.release()),
                                   isl_dim_in, 0, isl_dim_out, 0, rank));
  IslMap both(
      isl_map_apply_range(isl_map_reverse(columns.copy()), columns.copy()));
  IslSet distance(isl_map_deltas(both.release()));
  distance = IslSet(isl_set_project_out(distance.release(), isl_dim_param, 0,
                                        static_cast<unsigned>(fixed.size())));
  for (unsigned axis = 0; axis < rank; ++axis) {
    IslVal greatest(
        isl_set_dim_max_val(distance.copy(), static_cast<int>(axis)));
    if (isl_val_is_infty(greatest.get()) != isl_bool_false)
      return true;
  }
  return false;
}

bool OpenColumns::hasManyColumns(const IslSet &set) const {
  Isl<isl_basic_set_list> list(isl_set_get_basic_set_list(set.get()));
  int pieces = isl_basic_set_list_n_basic_set(list.get());
  for (int k = 0; k < pieces; ++k)
    if (isLong(IslSet(isl_set_from_basic_set(
            isl_basic_set_list_get_basic_set(list.get(), k)))))
      return true;
  return pieces < 0;
}

const IslSet &OpenColumns::openPairs(size_t number) {
  auto [place, isNew] = known.try_emplace(number);
  if (!isNew)
    return place->second;
  const DistinctCase &one = distinct.list[number];
  const CasePairs &own = pairs[number];
  return place->second =
             equivalent(one.may, one.must)
                 ? IslSet(isl_set_empty(isl_set_get_space(domain.get())))
                 : intersect(domain, intersect(own.inside, own.outside));
}

/// Whether there are many open columns in some of the cases, and each case has
/// many of these columns, open or in the pattern.
bool OpenColumns::areOpen(const std::vector<size_t> &numbers) {
  IslSet open(isl_set_empty(isl_set_get_space(domain.get())));
  for (size_t number : numbers)
    open = unite(std::move(open), openPairs(number));
  return hasManyColumns(open) &&
         std::all_of(numbers.begin(), numbers.end(), [&](size_t number) {
           return hasManyColumns(intersect(open, pairs[number].inside));
         });
}

std::optional<size_t> OpenColumns::find() {
  const Atoms &atoms = prepared.atomised.atoms;
  uint32_t conditions = 0;
  for (size_t k = 0; k < atoms.keys.size(); ++k)
    if (atoms.keys[k].set < 0)
      conditions |= uint32_t(1) << k;
  // Relations are in state 0 or 1: labels in 0, what tables decide in either,
  // one of the two given where there is no table.
  std::vector<uint32_t> states = {0}, given = {0};
  uint32_t power = 1;
  for (const RelationAtom &relation : atoms.relations) {
    bool isCompared = relation.kind == RelationAtom::Kind::Compared;
    if (relation.kind == RelationAtom::Kind::Bitmap || isCompared) {
      auto &list = isCompared && !relation.readsTables() ? given : states;
      for (size_t k = 0, count = list.size(); k < count; ++k)
        list.push_back(list[k] + power);
    }
    power *= 3;
  }
  for (uint32_t rows = 0; rows < uint32_t(1) << atoms.queries.size(); ++rows)
    for (uint32_t fixed : given) {
      std::set<size_t> numbers;
      // All subsets of the conditions.
      uint32_t keys = 0;
      do {
        for (uint32_t state : states)
          numbers.insert(
              distinct.byIndex[indexOf(atoms, {keys, rows, fixed + state})]);
        keys = (keys - conditions) & conditions;
      } while (keys != 0);
      if (areOpen({numbers.begin(), numbers.end()}))
        return indexOf(atoms, {0, rows, fixed});
    }
  return std::nullopt;
}

} // namespace

std::optional<size_t> findUnbounded(const IslContext &context,
                                    const Prepared &prepared,
                                    const DistinctCases &distinct,
                                    const std::vector<CasePairs> &pairs,
                                    const GrowingSizes &growing) {
  const std::vector<RelationAtom> &relations =
      prepared.atomised.atoms.relations;
  if (relations.empty() || relations.back().kind != RelationAtom::Kind::Unknown)
    return std::nullopt;
  return OpenColumns(context, prepared, distinct, pairs, growing).find();
}

} // namespace effattn
