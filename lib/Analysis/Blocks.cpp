//===- Blocks.cpp - blocks that a pattern touches -------------------------===//
//
// The image of the pairs of the pattern under
//   (i, j) -> ((i + q0) div s - q0 div s, j div s).
//
//===----------------------------------------------------------------------===//
#include "lib/Analysis/Blocks.h"

#include "lib/Analysis/Facts.h"
#include "lib/Analysis/Runs.h"
#include "lib/Analysis/ToIsl.h"

#include <fmt/format.h>

#include <algorithm>

namespace effattn {

namespace {

/// The pairs of the pattern that exist, as pairs of blocks [u, w].
IslSet blocksOf(const IslContext &context, const Prepared &prepared,
                ToIsl &toIsl, int64_t size) {
  IslSet pairs = toIsl.set(prepared.atomised.predicate);
  IslPwAff start = toIsl.function(prepared.q0);
  if (!pairs || !start)
    return {};
  pairs = intersect(std::move(pairs),
                    pairDomain(context, prepared, prepared.space));
  // [i, j] -> [(i + q0) div s - q0 div s], the same with j.
  IslPwAff row =
      toIsl.function(floorDiv(variable("i") + prepared.q0, constantInt(size)) -
                     floorDiv(prepared.q0, constantInt(size)));
  IslPwAff column = toIsl.function(floorDiv(variable("j"), constantInt(size)));
  IslMap rows(isl_map_from_pw_aff(row.release()));
  IslMap columns(isl_map_from_pw_aff(column.release()));
  IslMap both(isl_map_flat_range_product(rows.release(), columns.release()));
  return coalesce(IslSet(isl_set_apply(pairs.release(), both.release())));
}

} // namespace

std::optional<TouchedBlocks> touchedBlocks(const ScalarRef &predicate,
                                           int64_t size,
                                           const AnalysisOptions &given,
                                           AnalysisFailure *failure) {
  AnalysisOptions options = given;
  options.extents.clear();
  IslContext context(options.maxOperations);
  Prepared prepared(predicate, options);
  ToIsl toIsl(context, prepared.parameters, prepared.space);
  auto fail = [&](AnalysisFailure reason) {
    if (failure)
      *failure = std::move(reason);
    return std::nullopt;
  };
  const Atoms &atoms = prepared.atomised.atoms;
  if (!atoms.keys.empty() || !atoms.queries.empty() ||
      !atoms.relations.empty() || !atoms.extras.empty())
    return fail({"",
                 "which blocks it touches is known at launch only: supported "
                 "is a pattern without tables and index sets",
                 true});
  IslSet blocks = blocksOf(context, prepared, toIsl, size);
  if (!blocks)
    return fail(context.failed() ? context.failure() : toIsl.failure());
  // The query block becomes the parameter `i`.
  std::string names = prepared.parameters.isl({"i"});
  IslSet limits = parseSet(context, fmt::format("{} -> {{ : {} }}", names,
                                                rowContext(prepared.space)));
  IslSet order =
      parseSet(context, fmt::format("{} -> {{ [j] : j >= 0 }}", names));
  auto last = static_cast<unsigned>(prepared.parameters.list().size());
  blocks = IslSet(isl_set_move_dims(blocks.release(), isl_dim_param, last,
                                    isl_dim_set, 0, 1));
  blocks =
      IslSet(isl_set_set_dim_name(blocks.release(), isl_dim_param, last, "i"));
  TouchedBlocks result;
  result.set = columnText(blocks, limits, order, {"j"});
  if (context.failed() || result.set.empty())
    return fail(context.failed() ? context.failure() : tooCostly());
  for (const Parameter &parameter : prepared.parameters.list()) {
    result.parameters.push_back(parameter.name);
    result.parameterValues.push_back(parameter.value);
  }
  result.moduli = moduli(prepared.atomised.predicate);
  result.moduli.push_back(size);
  std::sort(result.moduli.begin(), result.moduli.end());
  result.moduli.erase(std::unique(result.moduli.begin(), result.moduli.end()),
                      result.moduli.end());
  return result;
}

} // namespace effattn
