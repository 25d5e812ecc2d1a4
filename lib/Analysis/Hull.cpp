//===- Hull.cpp - least and greatest visible column of a row --------------===//
#include "lib/Analysis/Facts.h"
#include "lib/Analysis/Runs.h"

namespace effattn {

namespace {

/// The hull is for people: it has a small bound of its own on the work, so that
/// it never costs the analysis itself.
constexpr uint64_t maxOperations = 100'000;

std::string expression(const IslSet &limits, isl_pw_aff *bound) {
  IslPwAff function(isl_pw_aff_coalesce(
      isl_pw_aff_gist_params(isl_pw_aff_coalesce(bound), limits.copy())));
  Isl<isl_ast_build> builder(isl_ast_build_from_context(limits.copy()));
  Isl<isl_ast_expr> tree(
      isl_ast_build_expr_from_pw_aff(builder.get(), function.release()));
  ScalarRef scalar = toScalar(tree.get());
  return scalar ? toString(scalar) : "";
}

} // namespace

Hull findHull(const std::string &row) {
  IslContext context(maxOperations);
  IslSet columns = parseSet(context, row);
  IslSet limits =
      parseSet(context, "[N, M, i] -> { : " + rowContext(Space()) + " }");
  if (isl_set_is_empty(columns.get()) != isl_bool_false)
    return {};
  limits = intersect(std::move(limits), IslSet(isl_set_params(columns.copy())));
  limits =
      IslSet(isl_set_from_basic_set(isl_set_simple_hull(limits.release())));
  return {expression(limits, isl_set_dim_min(columns.copy(), 0)),
          expression(limits, isl_set_dim_max(columns.copy(), 0))};
}

} // namespace effattn
