//===- Prepared.cpp - a predicate made ready for its sets -----------------===//
#include "lib/Analysis/Prepared.h"

#include <map>

namespace effattn {

namespace {

/// A grid has N = M = the product of its extents.
ScalarRef startOf(const AnalysisOptions &options) {
  bool isGrid = !options.extents.empty();
  if (!options.q0) {
    if (options.bottomRight)
      return isGrid ? constantInt(0) : variable("M") - variable("N");
    return variable("q0");
  }
  if (!isGrid)
    return options.q0;
  return rewrite(substitute(options.q0, "M", variable("N")),
                 [](const ScalarRef &node) -> ScalarRef {
                   bool isZero =
                       node->kind == ScalarKind::Sub &&
                       equivalent(node->operands[0], node->operands[1]);
                   return isZero ? constantInt(0) : nullptr;
                 });
}

/// Coordinates of one dimension are raw indices.
std::vector<ScalarRef> gridOf(const AnalysisOptions &options) {
  return options.extents.size() > 1 ? options.extents
                                    : std::vector<ScalarRef>();
}

ScalarRef plain(const ScalarRef &predicate, const AnalysisOptions &options,
                const ScalarRef &q0) {
  ScalarRef result = substitute(predicate, "q0", q0);
  if (options.extents.size() == 1)
    result = withoutCoordinates(result, options.extents);
  if (!options.extents.empty())
    result = substitute(result, "M", variable("N"));
  return result;
}

std::vector<ScalarRef> named(const Parameters &parameters,
                             const std::vector<ScalarRef> &extents) {
  std::vector<ScalarRef> result;
  for (const ScalarRef &extent : extents)
    result.push_back(parameters.named(extent));
  return result;
}

} // namespace

Prepared::Prepared(const ScalarRef &predicate, const AnalysisOptions &options)
    : extents(gridOf(options)), q0(startOf(options)),
      atomised(atomise(plain(predicate, options, q0), extents)),
      parameters({atomised.predicate, q0}, usesVariable(q0, "q0"), extents,
                 atomised.atoms.extras),
      space(named(parameters, extents)) {}

AtomisedPredicate atomise(const ScalarRef &predicate,
                          const AnalysisOptions &options) {
  return Prepared(predicate, options).atomised;
}

DistinctCases distinctCases(const AtomisedPredicate &atomised) {
  DistinctCases result;
  std::map<std::pair<std::string, std::string>, size_t> known;
  for (size_t index = 0; index < atomised.atoms.cases(); ++index) {
    Assignment assignment = assignmentOf(atomised.atoms, index);
    DistinctCase one{assignment, atomised.may(assignment),
                     atomised.must(assignment)};
    auto [place, isNew] = known.try_emplace(
        {toString(one.may), toString(one.must)}, result.list.size());
    if (isNew)
      result.list.push_back(std::move(one));
    result.byIndex.push_back(place->second);
  }
  return result;
}

} // namespace effattn
