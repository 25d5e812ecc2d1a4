//===- Rows.cpp - the columns of one row ----------------------------------===//
//
// The row's coordinates are parameters: { j in C : P(i, j) }. On a grid, axis
// by axis where the pattern is a product.
//
//===----------------------------------------------------------------------===//
#include "lib/Analysis/Facts.h"
#include "lib/Analysis/Product.h"
#include "lib/Analysis/ToIsl.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace effattn {

std::string columnText(const IslSet &columns, const IslSet &context,
                       const IslSet &parameterOrder,
                       const std::vector<std::string> &names) {
  IslSet set(
      isl_set_align_params(isl_set_gist_params(columns.copy(), context.copy()),
                           isl_set_get_space(parameterOrder.get())));
  set = coalesce(IslSet(isl_set_remove_redundancies(set.release())));
  for (size_t k = 0; k < names.size(); ++k)
    set = IslSet(isl_set_set_dim_name(set.release(), isl_dim_set,
                                      static_cast<unsigned>(k),
                                      names[k].c_str()));
  return text(set);
}

IslSet pairDomain(const IslContext &context, const Prepared &prepared,
                  const Space &space) {
  return parseSet(context,
                  fmt::format("{} -> {{ [{}] : {} and {} and {} }}",
                              prepared.parameters.isl(), space.pairNames(),
                              space.sizes(), space.rowBounds(),
                              space.columnBounds()));
}

static std::string columnsIn(const IslContext &context,
                             const Prepared &prepared, const Space &space,
                             const IslSet &inside) {
  std::string names = prepared.parameters.isl(space.rows);
  IslSet columns = parseSet(context, fmt::format("{} -> {{ [{}] : {} }}", names,
                                                 fmt::join(space.columns, ", "),
                                                 space.columnBounds()));
  IslSet limits = parseSet(
      context, fmt::format("{} -> {{ : {} }}", names, rowContext(space)));
  // The row's coordinates become parameters, which need their names.
  auto last = static_cast<unsigned>(prepared.parameters.list().size());
  auto rank = static_cast<unsigned>(space.rank());
  IslSet row(isl_set_move_dims(inside.copy(), isl_dim_param, last, isl_dim_set,
                               0, rank));
  for (unsigned k = 0; k < rank; ++k)
    row = IslSet(isl_set_set_dim_name(row.release(), isl_dim_param, last + k,
                                      space.rows[k].c_str()));
  row = coalesce(intersect(std::move(row), columns));
  return columnText(row, limits, columns, space.columns);
}

std::string rowColumns(const IslContext &context, const Prepared &prepared,
                       const IslSet &inside, const ScalarRef &may) {
  const Space &space = prepared.space;
  auto axes = axisConditions(may, space);
  if (!axes)
    return columnsIn(context, prepared, space, inside);
  Term term;
  for (size_t axis = 0; axis < space.rank(); ++axis) {
    Space part = space.axis(axis);
    ToIsl toIsl(context, prepared.parameters, part);
    term.push_back(
        columnsIn(context, prepared, part, toIsl.set((*axes)[axis])));
  }
  return joinTerms({term});
}

} // namespace effattn
