//===- Cases.cpp - the columns of a tile and of a row ---------------------===//
//
// With rows T = { i : B*t <= i < B*t + B } and columns C = { j : 0 <= j < M },
// for a predicate P:
//   touch   = { j in C : exists i in T : P(i, j) }
//   miss    = { j in C : exists i in T : not P(i, j) }
//   full    = C - miss          (T is not empty: these columns are touched)
//   partial = touch and miss = touch - full
// Rows of the last tile are not cut at N: one program then serves every tile,
// touch may hold more columns there and full fewer, and the kernel masks
// partial columns and clips rows.
//
//===----------------------------------------------------------------------===//
#include "lib/Analysis/Facts.h"
#include "lib/Analysis/Runs.h"

#include <fmt/format.h>

namespace effattn {

namespace {

/// Removes the axis of rows: the columns that some row has.
IslSet columnsOf(IslSet pairs) {
  IslSet columns(isl_set_project_out(pairs.release(), isl_dim_set, 0, 1));
  return coalesce(IslSet(isl_set_detect_equalities(columns.release())));
}

/// The row that was removed is an unknown of the pieces. It can be replaced by
/// divisions of the column, which there always are.
IslSet withDivisions(const IslSet &columns) {
  return coalesce(IslSet(isl_set_compute_divs(columns.copy())));
}

/// Two forms of one set, the second one without unknowns: that of fewer pieces.
/// Unknowns in many pieces multiply the work that follows.
IslSet simpler(IslSet a, IslSet b) {
  constexpr int fewPieces = 4;
  int ofA = isl_set_n_basic_set(a.get()), ofB = isl_set_n_basic_set(b.get());
  return ofB < ofA || (ofB == ofA && ofA > fewPieces) ? b : a;
}

/// Text with the parameters in our order, without what the context implies.
std::string textIn(const IslSet &columns, const IslSet &context,
                   const IslSet &parameterOrder) {
  IslSet set(
      isl_set_align_params(isl_set_gist_params(columns.copy(), context.copy()),
                           isl_set_get_space(parameterOrder.get())));
  set = coalesce(IslSet(isl_set_remove_redundancies(set.release())));
  return text(IslSet(isl_set_set_dim_name(set.release(), isl_dim_set, 0, "j")));
}

} // namespace

IslSet pairDomain(const IslContext &context, const Parameters &parameters) {
  return parseSet(context, parameters.isl() +
                               " -> { [i, j] : N >= 1 and M >= 0 and 0 "
                               "<= i < N and 0 <= j < M }");
}

bool makeCase(const IslContext &context, const Parameters &parameters,
              const CasePairs &pairs, const std::vector<int64_t> &moduli,
              int64_t tileRows, AnalysisCase &result,
              AnalysisFailure *failure) {
  std::string names = parameters.isl({"t"}),
              limits = tileContext("t", tileRows);
  IslSet tile = parseSet(
      context, fmt::format("{} -> {{ [i, j] : {}*t <= i < {}*t + {} and 0 <= j "
                           "< M and {} }}",
                           names, tileRows, tileRows, tileRows, limits));
  IslSet columns =
      parseSet(context, fmt::format("{} -> {{ [j] : 0 <= j < M and {} }}",
                                    names, limits));
  IslSet tileLimits =
      parseSet(context, fmt::format("{} -> {{ : {} }}", names, limits));
  IslSet touch = columnsOf(intersect(pairs.inside, tile));
  IslSet miss = columnsOf(intersect(pairs.outside, tile));
  IslSet full = coalesce(subtract(columns, withDivisions(miss)));
  // Both forms are needed: the first one suits regular patterns, the second
  // one has few pieces where many conditions meet.
  IslSet partial = simpler(coalesce(intersect(touch, miss)),
                           coalesce(subtract(withDivisions(touch), full)));

  std::string rowNames = parameters.isl({"i"}), rowBounds = tileContext("i", 1);
  IslSet rowColumns =
      parseSet(context, fmt::format("{} -> {{ [j] : 0 <= j < M }}", rowNames));
  IslSet rowLimits =
      parseSet(context, fmt::format("{} -> {{ : {} }}", rowNames, rowBounds));
  // The row's index becomes a parameter, which needs its name.
  int last = static_cast<int>(parameters.list().size());
  IslSet row(isl_set_move_dims(pairs.inside.copy(), isl_dim_param, last,
                               isl_dim_set, 0, 1));
  row = IslSet(isl_set_set_dim_name(row.release(), isl_dim_param, last, "i"));
  row = coalesce(intersect(std::move(row), rowColumns));

  result.tile.touch = textIn(touch, tileLimits, columns);
  result.tile.full = textIn(full, tileLimits, columns);
  result.tile.partial = textIn(partial, tileLimits, columns);
  result.row = textIn(row, rowLimits, rowColumns);
  if (context.failed()) {
    if (failure)
      *failure = context.failure();
    return false;
  }
  result.tile.fullRuns =
      buildRuns(context, result.tile.full, "t", moduli, failure, tileRows);
  if (!result.tile.fullRuns)
    return false;
  result.tile.partialRuns =
      buildRuns(context, result.tile.partial, "t", moduli, failure, tileRows);
  if (!result.tile.partialRuns)
    return false;
  result.rowRuns = buildRuns(context, result.row, "i", moduli, failure, 1);
  return result.rowRuns != nullptr;
}

} // namespace effattn
