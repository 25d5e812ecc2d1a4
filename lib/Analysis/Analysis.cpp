//===- Analysis.cpp - exact facts about one pattern -----------------------===//
#include "lib/Analysis/Analysis.h"

#include "lib/Analysis/Facts.h"
#include "lib/Analysis/Product.h"
#include "lib/Analysis/Runs.h"
#include "lib/Analysis/ToIsl.h"

#include <fmt/format.h>

#include <algorithm>

namespace effattn {

namespace {

class Analyser {
public:
  Analyser(const ScalarRef &pattern, const AnalysisOptions &options)
      : options(options), context(options.maxOperations), pattern(pattern),
        prepared(pattern, options),
        toIsl(context, prepared.parameters, prepared.space) {}

  std::shared_ptr<const PatternFacts> run(AnalysisFailure *failure);

private:
  bool listParameters();
  bool makeCases();
  bool findGlobalFacts();
  IslSet aheadPairs();
  void nameUnbounded();
  void count();
  bool fail(AnalysisFailure reason) {
    problem = std::move(reason);
    return false;
  }

  const AnalysisOptions &options;
  IslContext context;
  ScalarRef pattern;
  Prepared prepared;
  ToIsl toIsl;
  std::shared_ptr<PatternFacts> facts = std::make_shared<PatternFacts>();
  DistinctCases distinct;
  std::vector<CasePairs> pairs; ///< of distinct cases
  AnalysisFailure problem;
};

bool Analyser::listParameters() {
  for (const Parameter &parameter : prepared.parameters.list()) {
    facts->parameters.push_back(parameter.name);
    facts->parameterValues.push_back(parameter.value);
  }
  facts->atoms = prepared.atomised.atoms;
  facts->extents = prepared.space.extents;
  facts->rowParameters = prepared.space.rows;
  facts->moduli = moduli(prepared.atomised.predicate);
  facts->axisModuli = axisModuli(prepared.atomised.predicate, prepared.space);
  size_t sets = facts->atoms.keys.size() + facts->atoms.queries.size();
  if (sets > maxSideAtoms)
    return fail({"",
                 fmt::format("expected at most {} index sets in one pattern, "
                             "but got {}; split it with `merge`",
                             maxSideAtoms, sets),
                 true});
  return true;
}

bool Analyser::makeCases() {
  distinct = distinctCases(prepared.atomised);
  LoopFrame frame = rowFrame(prepared.space, facts->moduli);
  std::vector<RowCase> rows;
  for (const DistinctCase &one : distinct.list) {
    pairs.push_back(
        {one.first, toIsl.set(one.may, false), toIsl.set(one.must, true)});
    if (!pairs.back().inside || !pairs.back().outside)
      return fail(toIsl.failure());
    RowCase row;
    row.row = rowColumns(context, prepared, pairs.back().inside, one.may);
    if (context.failed())
      return fail(context.failure());
    row.rowRuns = buildRuns(context, row.row, frame, &problem);
    if (!row.rowRuns)
      return false;
    rows.push_back(std::move(row));
  }
  for (size_t number : distinct.byIndex)
    facts->cases.push_back(rows[number]);
  return true;
}

/// The pairs (i, j) where key j reads a token behind i + q0.
IslSet Analyser::aheadPairs() {
  ScalarRef reach = options.keyReach ? options.keyReach : variable("j");
  return toIsl.set(variable("i") + prepared.q0 < reach);
}

/// Says what leaves the columns of a tile without a bound, if something does.
/// What cannot be found out within the bound on the work counts as such.
void Analyser::nameUnbounded() {
  if (context.failed())
    return;
  context.allow(context.bound());
  std::optional<size_t> found =
      findUnbounded(context, prepared, distinct, pairs, options.growing);
  if (context.recover() && !found)
    found = 0;
  context.allow(context.bound());
  if (!found)
    return;
  const RelationAtom &open = facts->atoms.relations.back();
  facts->unboundedCase = *found;
  bool isProduct = !contains(open.source, [](const Scalar &node) {
    return node.kind == ScalarKind::Lookup || node.type == ScalarType::Float;
  });
  facts->unbounded =
      fmt::format("nothing but `{}` decides over columns of a row whose number "
                  "grows with the number of keys",
                  toString(open.source)) +
      (isProduct ? "; make its factor or divisor a `param`" : "");
}

bool Analyser::findGlobalFacts() {
  IslSet domain = pairDomain(context, prepared, prepared.space);
  facts->empty = facts->dense = true;
  for (const CasePairs &one : pairs) {
    facts->empty &=
        isl_set_is_disjoint(one.inside.get(), domain.get()) == isl_bool_true;
    facts->dense &=
        isl_set_is_disjoint(one.outside.get(), domain.get()) == isl_bool_true;
  }
  nameUnbounded();
  if (context.failed())
    return fail(context.failure());
  if (IslSet ahead = aheadPairs())
    facts->causality =
        findCausality(context, prepared, pairs, ahead, options.growing.square);
  else if (context.failed())
    return fail(context.failure());
  if (!prepared.space.isGrid()) {
    Hull hull = findHull(facts->cases[0].row);
    facts->hullLower = hull.lower;
    facts->hullUpper = hull.upper;
  }
  return context.failed() ? fail(context.failure()) : true;
}

/// The formula is in N alone, for M = N: there are no other parameters.
void Analyser::count() {
  if (facts->cases.size() != 1 || facts->parameters.size() != 2 ||
      prepared.space.isGrid())
    return;
  ScalarRef start = options.q0 ? prepared.q0 : constantInt(0);
  facts->count = countPairs(
      substitute(substitute(pattern, "q0", start), "M", variable("N")),
      facts->cases[0].rowRuns);
}

std::shared_ptr<const PatternFacts> Analyser::run(AnalysisFailure *failure) {
  bool done = listParameters() && makeCases() && findGlobalFacts();
  if (!done) {
    if (failure)
      *failure = problem;
    return nullptr;
  }
  if (options.count)
    count();
  return facts;
}

} // namespace

std::shared_ptr<const PatternFacts> analyse(const ScalarRef &predicate,
                                            const AnalysisOptions &options,
                                            AnalysisFailure *failure) {
  auto refuse = [&](std::string reason) {
    if (failure)
      *failure = {"", std::move(reason), true};
    return nullptr;
  };
  if (!predicate || predicate->type != ScalarType::Bool)
    return refuse("expected a condition on pairs");
  if (options.extents.size() > 3)
    return refuse("expected a grid of at most three dimensions");
  try {
    return Analyser(predicate, options).run(failure);
  } catch (const std::exception &error) {
    return refuse(error.what());
  }
}

} // namespace effattn
