//===- Facts.h - the parts of an analysis -----------------------*- C++ -*-===//
//
// What analyse() puts together; each function is in the file of its name.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_ANALYSIS_FACTS_H
#define EFFATTN_LIB_ANALYSIS_FACTS_H

#include "lib/Analysis/Isl.h"
#include "lib/Analysis/Parameters.h"

#include <vector>

namespace effattn {

/// A pattern under one assignment of its atoms, as pairs [i, j] that satisfy
/// (or not) the predicate; i and j are not bounded.
struct CasePairs {
  uint32_t keys = 0, queries = 0;
  IslSet inside, outside;
};

/// Cases.cpp: the sets of one tile and of one row as text, with their runs.
/// False where it fails.
bool makeCase(const IslContext &context, const Parameters &parameters,
              const CasePairs &pairs, const std::vector<int64_t> &moduli,
              int64_t tileRows, AnalysisCase &result, AnalysisFailure *failure);

/// "0 <= i < N and 0 <= j < M" with N >= 1, M >= 0, over [parameters].
IslSet pairDomain(const IslContext &context, const Parameters &parameters);

/// Causality.cpp. `ahead` is { [i, j] : j > i + q0 }.
Causality findCausality(const IslContext &context, const Parameters &parameters,
                        const std::vector<CasePairs> &cases,
                        const IslSet &ahead);

/// Hull.cpp: least and greatest column of a tile, from the text of what it
/// touches. Empty text where there is none, or none that is worth the work.
struct Hull {
  std::string lower, upper;
};
Hull findHull(const std::string &touch, int64_t tileRows);

/// Count.cpp: the number of pairs for M = N as a formula. The predicate holds
/// no atom and no q0; `rows` are the runs of one row of the same predicate.
PairCount countPairs(const ScalarRef &predicate, const RunNestRef &rows);

} // namespace effattn

#endif // EFFATTN_LIB_ANALYSIS_FACTS_H
