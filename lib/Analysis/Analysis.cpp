//===- Analysis.cpp - exact facts about one pattern -----------------------===//
#include "lib/Analysis/Analysis.h"

#include "lib/Analysis/Facts.h"
#include "lib/Analysis/ToIsl.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace effattn {

namespace {

/// Atoms of one pattern at most: there is a case for each assignment.
constexpr size_t maxAtoms = 6;

std::vector<int> tablesOf(const ScalarRef &predicate, ScalarKind kind) {
  std::set<int> tables;
  walk(predicate, [&](const Scalar &node) {
    if (node.kind == kind)
      tables.insert(node.table);
  });
  return {tables.begin(), tables.end()};
}

ScalarRef assignAtoms(const ScalarRef &predicate, const PatternFacts &facts,
                      uint32_t keys, uint32_t queries) {
  auto bit = [](const std::vector<int> &tables, uint32_t bits, int table) {
    auto at = std::find(tables.begin(), tables.end(), table) - tables.begin();
    return constantBool(bits >> at & 1);
  };
  return rewrite(predicate, [&](const ScalarRef &node) -> ScalarRef {
    if (node->kind == ScalarKind::KeyInSet)
      return bit(facts.keySetTables, keys, node->table);
    if (node->kind == ScalarKind::QueryInSet)
      return bit(facts.querySetTables, queries, node->table);
    return nullptr;
  });
}

class Analyser {
public:
  Analyser(const ScalarRef &pattern, const AnalysisOptions &options)
      : options(options), context(options.maxOperations),
        q0(options.q0            ? options.q0
           : options.bottomRight ? variable("M") - variable("N")
                                 : variable("q0")),
        pattern(pattern), predicate(substitute(pattern, "q0", q0)),
        parameters({predicate, q0}, usesVariable(q0, "q0")),
        toIsl(context, parameters) {}

  std::shared_ptr<const PatternFacts> run(AnalysisFailure *failure);

private:
  bool listParameters();
  bool makeCases();
  bool findGlobalFacts();
  void count();
  bool fail(AnalysisFailure reason) {
    problem = std::move(reason);
    return false;
  }

  const AnalysisOptions &options;
  IslContext context;
  ScalarRef q0, pattern, predicate;
  Parameters parameters;
  ToIsl toIsl;
  std::shared_ptr<PatternFacts> facts = std::make_shared<PatternFacts>();
  std::vector<CasePairs> pairs;
  AnalysisFailure problem;
};

bool Analyser::listParameters() {
  for (const Parameter &parameter : parameters.list()) {
    facts->parameters.push_back(parameter.name);
    facts->parameterValues.push_back(parameter.value);
  }
  facts->keySetTables = tablesOf(predicate, ScalarKind::KeyInSet);
  facts->querySetTables = tablesOf(predicate, ScalarKind::QueryInSet);
  facts->keySets = static_cast<int>(facts->keySetTables.size());
  facts->querySets = static_cast<int>(facts->querySetTables.size());
  facts->moduli = moduli(predicate);
  if (facts->keySetTables.size() + facts->querySetTables.size() > maxAtoms)
    return fail({"",
                 fmt::format("expected at most {} index sets in one pattern, "
                             "but got {}; split it with `merge`",
                             maxAtoms, facts->keySets + facts->querySets),
                 true});
  return true;
}

bool Analyser::makeCases() {
  std::vector<ScalarRef> predicates;
  for (uint32_t queries = 0; queries < 1u << facts->querySets; ++queries)
    for (uint32_t keys = 0; keys < 1u << facts->keySets; ++keys) {
      ScalarRef assigned = assignAtoms(predicate, *facts, keys, queries);
      auto same = std::find_if(
          predicates.begin(), predicates.end(),
          [&](const ScalarRef &other) { return equivalent(other, assigned); });
      AnalysisCase result;
      if (same != predicates.end()) {
        size_t known = same - predicates.begin();
        result = facts->cases[known];
        pairs.push_back(pairs[known]);
      } else {
        pairs.push_back({keys, queries, toIsl.set(assigned, false),
                         toIsl.set(assigned, true)});
        if (!pairs.back().inside || !pairs.back().outside)
          return fail(toIsl.failure());
        if (!makeCase(context, parameters, pairs.back(), facts->moduli,
                      options.strategy.tileRows, result, &problem))
          return false;
      }
      pairs.back().keys = result.keys = keys;
      pairs.back().queries = result.queries = queries;
      facts->cases.push_back(std::move(result));
      predicates.push_back(std::move(assigned));
    }
  return true;
}

bool Analyser::findGlobalFacts() {
  IslSet domain = pairDomain(context, parameters);
  facts->empty = facts->dense = true;
  for (const CasePairs &one : pairs) {
    facts->empty &=
        isl_set_is_disjoint(one.inside.get(), domain.get()) == isl_bool_true;
    facts->dense &=
        isl_set_is_disjoint(one.outside.get(), domain.get()) == isl_bool_true;
  }
  IslSet ahead = toIsl.set(variable("i") + q0 < variable("j"));
  if (!ahead)
    return fail(toIsl.failure());
  facts->causality = findCausality(context, parameters, pairs, ahead);
  Hull hull = findHull(facts->cases[0].tile.touch, options.strategy.tileRows);
  facts->hullLower = hull.lower;
  facts->hullUpper = hull.upper;
  return context.failed() ? fail(context.failure()) : true;
}

/// The formula is in N alone, for M = N: there are no other parameters.
void Analyser::count() {
  if (facts->keySets || facts->querySets || facts->parameters.size() != 2)
    return;
  ScalarRef start = options.q0 ? q0 : constantInt(0);
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
  if (options.strategy.tileRows < 1)
    return refuse("expected tiles of at least one row");
  try {
    return Analyser(predicate, options).run(failure);
  } catch (const std::exception &error) {
    return refuse(error.what());
  }
}

} // namespace effattn
