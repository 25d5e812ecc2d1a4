//===- Facts.h - the parts of an analysis -----------------------*- C++ -*-===//
//
// What analyse() and analyseTiles() put together; each function is in the file
// of its name.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_ANALYSIS_FACTS_H
#define EFFATTN_LIB_ANALYSIS_FACTS_H

#include "lib/Analysis/Isl.h"
#include "lib/Analysis/Prepared.h"

#include <vector>

namespace effattn {

/// A pattern under one assignment of its atoms: pairs that may satisfy it, and
/// pairs that may not; coordinates are not bounded.
struct CasePairs {
  Assignment assignment;
  IslSet inside, outside;
};

/// Rows.cpp: the columns of one row as text, of the pairs `may`. `inside` is
/// the same as a set.
std::string rowColumns(const IslContext &context, const Prepared &prepared,
                       const IslSet &inside, const ScalarRef &may);

/// Text of columns with the parameters in the order of `names`, without what
/// the context implies. `rank` coordinates.
std::string columnText(const IslSet &columns, const IslSet &context,
                       const IslSet &parameterOrder,
                       const std::vector<std::string> &names);

/// The pairs of an attend: "0 <= i < N and 0 <= j < M" with N >= 1, M >= 0.
IslSet pairDomain(const IslContext &context, const Prepared &prepared,
                  const Space &space);

/// Causality.cpp. `ahead` holds the pairs that look ahead, `square`: M is N.
Causality findCausality(const IslContext &context, const Prepared &prepared,
                        const std::vector<CasePairs> &cases,
                        const IslSet &ahead, bool square);

/// Unbounded.cpp: a case in which Unknown alone decides over columns of a row
/// whose number grows with the number of tokens; nothing where there is none.
std::optional<size_t> findUnbounded(const IslContext &context,
                                    const Prepared &prepared,
                                    const DistinctCases &distinct,
                                    const std::vector<CasePairs> &pairs,
                                    const GrowingSizes &growing);

/// Hull.cpp: least and greatest column of a row, from the text of what it
/// sees. Empty text where there is none, or none that is worth the work.
struct Hull {
  std::string lower, upper;
};
Hull findHull(const std::string &row);

/// Candidates.cpp: a Labels relation without which a row sees nothing, and with
/// which much: rows that are sorted by label share their columns. -1: none.
int boundingRelation(const PatternFacts &facts);

/// Count.cpp: the number of pairs for M = N as a formula. The predicate holds
/// no atom and no q0; `rows` are the runs of one row of the same predicate.
PairCount countPairs(const ScalarRef &predicate, const RunNestRef &rows);

} // namespace effattn

#endif // EFFATTN_LIB_ANALYSIS_FACTS_H
