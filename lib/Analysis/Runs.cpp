//===- Runs.cpp - the search for loops whose leaves are runs --------------===//
//
// isl makes loops for a schedule: a map from columns to the order in which
// they are visited. For columns {k : lo <= k < hi} the schedule [k] gives one
// run. For {k : k mod 8 in 5..7} it gives a loop with a condition inside, and
// [k div 8, k mod 8] gives one run of 3 in each block of 8, and [k mod 8, k div
// 8] gives 3 runs of step 8. Which one is best depends on the set, so several
// are built and the one with the least work on sample sizes wins:
//   - the whole set by [k]; where that is not good,
//   - each disjoint piece by itself, in all of these ways,
//   - by [k div L, k mod L] and [k mod L, k div L] for each modulus L,
//   - where some loop still lists single columns and B is not a multiple of a
//     modulus: with t = p*u + v, where p*B is,
//   - and with each residue class of columns by itself.
// Each column of the set is visited once by construction, whatever is chosen.
//
//===----------------------------------------------------------------------===//
#include "lib/Analysis/Runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <set>

namespace effattn {

namespace {

/// Work on all samples at which a nest is good enough to stop the search.
constexpr int64_t runsOfGoodTile = 4;
constexpr int64_t maxSampleSteps = 20'000;
/// One candidate has this part of the bound on the work; when some have reached
/// it, the search ends with what it has.
constexpr uint64_t partOfBound = 8;
constexpr int maxExhausted = 3;
/// Residues that are unrolled at most.
constexpr int64_t maxUnrolled = 64;
/// Moduli and their common multiples beyond this are not tried.
constexpr int64_t maxModulus = int64_t(1) << 20;

struct Candidate {
  RunNestRef nest;
  int64_t cost = 0;
  bool good = false;         ///< few runs: the search stops
  bool listsColumns = false; ///< some loop lists single columns
};

RunNestRef substitute(const RunNestRef &nest, const std::string &name,
                      const ScalarRef &value) {
  auto result = std::make_shared<RunNest>(*nest);
  for (ScalarRef *field : {&result->condition, &result->first, &result->end,
                           &result->step, &result->count})
    if (*field)
      *field = substitute(*field, name, value);
  for (RunNestRef &child : result->children)
    child = substitute(child, name, value);
  return result;
}

int64_t nodes(const RunNestRef &nest) {
  int64_t count = 1;
  for (const RunNestRef &child : nest->children)
    count += nodes(child);
  return count;
}

/// True where some loop lists single columns.
bool listsColumns(const RunNestRef &nest, bool inLoop = false) {
  if (nest->kind == RunNest::Kind::Run)
    return inLoop && nest->count->isConstant(1);
  inLoop |= nest->kind == RunNest::Kind::For;
  return std::any_of(
      nest->children.begin(), nest->children.end(),
      [&](const RunNestRef &child) { return listsColumns(child, inLoop); });
}

class Search {
public:
  Search(const IslContext &context, const std::string &tileParameter,
         std::vector<int64_t> moduli, int64_t tileRows)
      : context(context), tileParameter(tileParameter),
        moduli(std::move(moduli)), tileRows(std::max<int64_t>(tileRows, 1)) {
    setSamples();
  }

  /// The best loops that are found; null where none can be built.
  Candidate solve(const IslSet &set, const IslSet &parameterContext);
  bool reachedBound() const { return exhausted > 0; }

private:
  void setSamples();
  /// Starts one candidate's share of the work, and checks it at its end.
  void begin() { context.allow(context.bound() / partOfBound); }
  bool stopped() { return context.failed() || exhausted >= maxExhausted; }
  Candidate solvePieces(const IslSet &set, const IslSet &parameterContext);
  Candidate trySchedules(const IslSet &set, const IslSet &parameterContext);
  Candidate trySplit(const IslSet &set, const IslSet &parameterContext);
  Candidate tryUnrolled(const IslSet &set, const IslSet &parameterContext);
  Candidate build(const IslSet &set, const IslSet &parameterContext,
                  const std::string &schedule, const char *options);
  Candidate score(RunNestRef nest) const;

  const IslContext &context;
  const std::string &tileParameter;
  std::vector<int64_t> moduli;
  int64_t tileRows;
  /// Turns u and v of a split into t again.
  std::function<RunNestRef(const RunNestRef &)> restore;
  int exhausted = 0;
  int64_t sampleSize = 0;
  std::vector<int64_t> sampleTiles;
};

/// Interior tiles at N = M, far enough from both ends for moduli and tiles.
void Search::setSamples() {
  int64_t unit = tileRows;
  for (int64_t modulus : moduli)
    unit = std::max(unit, modulus);
  sampleSize = std::clamp<int64_t>(12 * unit + 7, 1024, 1 << 15);
  int64_t tiles = sampleSize / tileRows;
  for (int64_t third : {tiles / 3, 2 * tiles / 3})
    for (int64_t k = 0; k < 3; ++k)
      sampleTiles.push_back(std::min(third + k, tiles - 1));
}

Candidate Search::score(RunNestRef nest) const {
  Candidate result;
  int64_t runs = 0, steps = 0;
  for (int64_t tile : sampleTiles) {
    auto parameter = [&](const std::string &name) -> int64_t {
      if (name == tileParameter)
        return tile;
      if (name == "N" || name == "M")
        return sampleSize;
      if (name == "q0" || name == "b" || name == "h")
        return 0;
      return sampleSize / 4;
    };
    NestWork work = measure(nest, parameter, maxSampleSteps);
    runs += work.runs;
    steps += work.steps;
  }
  result.listsColumns = listsColumns(nest);
  result.cost =
      16 * runs + 4 * steps + nodes(nest) + (result.listsColumns ? 256 : 0);
  result.good =
      !result.listsColumns &&
      runs <= runsOfGoodTile * static_cast<int64_t>(sampleTiles.size());
  result.nest = std::move(nest);
  return result;
}

Candidate Search::build(const IslSet &set, const IslSet &parameterContext,
                        const std::string &schedule, const char *options) {
  begin();
  IslSet columns(isl_set_set_tuple_name(set.copy(), "S"));
  Isl<isl_union_map> order(isl_union_map_intersect_domain(
      parseUnionMap(context, schedule).release(),
      isl_union_set_from_set(columns.release())));
  Isl<isl_ast_build> builder(
      isl_ast_build_from_context(parameterContext.copy()));
  builder = Isl<isl_ast_build>(isl_ast_build_set_options(
      builder.release(), parseUnionMap(context, options).release()));
  Isl<isl_ast_node> tree(
      isl_ast_build_node_from_schedule_map(builder.get(), order.release()));
  RunNestRef nest = toRunNest(tree.get());
  exhausted += context.recover();
  if (!nest)
    return {};
  return score(restore ? restore(nest) : nest);
}

Candidate better(Candidate a, Candidate b) {
  return !a.nest || (b.nest && b.cost < a.cost) ? b : a;
}

Candidate Search::solve(const IslSet &set, const IslSet &parameterContext) {
  Candidate chosen =
      build(set, parameterContext, "{ S[k] -> [k] }", "{ [a] -> separate[x] }");
  if (chosen.good || stopped())
    return chosen;
  if (isl_set_n_basic_set(set.get()) > 1) {
    chosen = better(chosen, solvePieces(set, parameterContext));
    if (chosen.nest && !chosen.listsColumns)
      return chosen;
  }
  chosen = better(chosen, trySchedules(set, parameterContext));
  if (!chosen.nest || chosen.listsColumns)
    chosen = better(chosen, trySplit(set, parameterContext));
  if (!chosen.nest || chosen.listsColumns)
    chosen = better(chosen, tryUnrolled(set, parameterContext));
  return chosen;
}

Candidate Search::solvePieces(const IslSet &set,
                              const IslSet &parameterContext) {
  begin();
  IslSet disjoint = coalesce(IslSet(isl_set_make_disjoint(set.copy())));
  exhausted += context.recover();
  // Coalescing joins pieces, and never makes two overlap.
  Isl<isl_basic_set_list> list(isl_set_get_basic_set_list(disjoint.get()));
  int count = isl_basic_set_list_n_basic_set(list.get());
  if (count < 1)
    return {};
  auto block = std::make_shared<RunNest>();
  for (int k = 0; k < count; ++k) {
    IslSet piece(isl_set_from_basic_set(
        isl_basic_set_list_get_basic_set(list.get(), k)));
    Candidate candidate = solve(piece, parameterContext);
    if (!candidate.nest || stopped())
      return {};
    block->children.push_back(std::move(candidate.nest));
  }
  return score(std::move(block));
}

Candidate Search::trySchedules(const IslSet &set,
                               const IslSet &parameterContext) {
  Candidate chosen;
  for (int64_t modulus : moduli)
    for (const char *form : {"{{ S[k] -> [floor(k/{0}), k mod {0}] }}",
                             "{{ S[k] -> [k mod {0}, floor(k/{0})] }}"}) {
      if (chosen.good || stopped())
        return chosen;
      chosen = better(chosen, build(set, parameterContext,
                                    fmt::format(fmt::runtime(form), modulus),
                                    "{ [a, b] -> separate[x] }"));
    }
  return chosen;
}

/// A name that no parameter of the set has.
std::string freshName(const IslSet &set, std::string name) {
  while (isl_set_find_dim_by_name(set.get(), isl_dim_param, name.c_str()) >= 0)
    name += "_";
  return name;
}

/// Intersects with a relation of parameters and removes one of them.
IslSet replaceParameter(const IslSet &set, const IslSet &relation,
                        const std::string &name) {
  IslSet result(isl_set_intersect_params(set.copy(), relation.copy()));
  int position =
      isl_set_find_dim_by_name(result.get(), isl_dim_param, name.c_str());
  if (position < 0)
    return result;
  return IslSet(
      isl_set_project_out(result.release(), isl_dim_param, position, 1));
}

Candidate Search::trySplit(const IslSet &set, const IslSet &parameterContext) {
  int64_t p = 1;
  for (int64_t modulus : moduli) {
    p = std::lcm(p, modulus / std::gcd(modulus, tileRows));
    if (p > maxModulus)
      return {};
  }
  if (p == 1)
    return {};
  std::string u = freshName(set, "u"), v = freshName(set, "v");
  IslSet relation = parseSet(
      context, fmt::format("[{0}, {1}, {2}] -> {{ : {0} = {3}*{1} + {2} and 0 "
                           "<= {2} < {3} and {1} >= 0 }}",
                           tileParameter, u, v, p));
  IslSet splitSet = replaceParameter(set, relation, tileParameter);
  IslSet splitContext =
      replaceParameter(parameterContext, relation, tileParameter);
  ScalarRef t = variable(tileParameter);
  restore = [&](const RunNestRef &nest) {
    return substitute(substitute(nest, u, floorDiv(t, constantInt(p))), v,
                      mod(t, constantInt(p)));
  };
  Candidate chosen = better(build(splitSet, splitContext, "{ S[k] -> [k] }",
                                  "{ [a] -> separate[x] }"),
                            trySchedules(splitSet, splitContext));
  restore = nullptr;
  return chosen;
}

/// In one residue class of columns every div and mod is linear, so that
/// intervals are left.
Candidate Search::tryUnrolled(const IslSet &set,
                              const IslSet &parameterContext) {
  int64_t common = 1;
  for (int64_t modulus : moduli) {
    common = std::lcm(common, modulus);
    if (common > maxUnrolled)
      return {};
  }
  return build(set, parameterContext,
               fmt::format("{{ S[k] -> [k mod {0}, floor(k/{0})] }}", common),
               "{ [a, b] -> unroll[0]; [a, b] -> separate[1] }");
}

} // namespace

std::string tileContext(const std::string &tileParameter, int64_t tileRows) {
  std::string context =
      fmt::format("N >= 1 and M >= 0 and {} >= 0", tileParameter);
  if (tileRows > 0)
    context += fmt::format(" and {}*{} < N", tileRows, tileParameter);
  return context;
}

RunNestRef searchRuns(const IslContext &context, const IslSet &set,
                      const IslSet &parameterContext,
                      const std::string &tileParameter,
                      const std::vector<int64_t> &moduli, int64_t tileRows,
                      AnalysisFailure *failure) {
  if (isl_set_is_empty(set.get()) == isl_bool_true)
    return std::make_shared<RunNest>();
  Search search(context, tileParameter, moduli, tileRows);
  RunNestRef nest = search.solve(set, parameterContext).nest;
  context.allow(context.bound());
  AnalysisFailure reason;
  if (context.failed())
    reason = context.failure();
  else if (!nest && search.reachedBound())
    reason = tooCostly();
  else if (!nest)
    reason.reason = "loops over the columns of the pattern need numbers that "
                    "do not fit 64 bits; use smaller constants";
  if (nest && !context.failed())
    return nest;
  if (failure)
    *failure = reason;
  return nullptr;
}

RunNestRef buildRuns(const std::string &set, const std::string &tileParameter,
                     const std::vector<int64_t> &moduli,
                     AnalysisFailure *failure, int64_t tileRows) {
  AnalysisOptions defaults;
  IslContext context(defaults.maxOperations);
  return buildRuns(context, set, tileParameter, moduli, failure, tileRows);
}

RunNestRef buildRuns(const IslContext &context, const std::string &set,
                     const std::string &tileParameter,
                     const std::vector<int64_t> &moduli,
                     AnalysisFailure *failure, int64_t tileRows) {
  IslSet columns = parseSet(context, set);
  IslSet parameterContext =
      parseSet(context, fmt::format("[N, M, {}] -> {{ : {} }}", tileParameter,
                                    tileContext(tileParameter, tileRows)));
  if (!columns || isl_set_dim(columns.get(), isl_dim_set) != 1) {
    if (failure)
      *failure = {set, "expected a set of columns in isl's notation", true};
    return nullptr;
  }
  // Parameters of both, in the order of the set's text.
  parameterContext = IslSet(isl_set_align_params(
      parameterContext.release(), isl_set_get_space(columns.get())));
  columns = IslSet(
      isl_set_intersect_params(columns.release(), parameterContext.copy()));
  return searchRuns(context, coalesce(std::move(columns)), parameterContext,
                    tileParameter, moduli, tileRows, failure);
}

} // namespace effattn
