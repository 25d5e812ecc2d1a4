//===- AttendReport.h - what is known of each attend ------------*- C++ -*-===//
//
// For people: `--explain` and `effattn-draw`. Each attend of a kernel with its
// pattern, the rows it computes, and the facts of the exact analysis.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_DRIVER_ATTENDREPORT_H
#define EFFATTN_LIB_DRIVER_ATTENDREPORT_H

#include "lib/Analysis/Analysis.h"
#include "lib/Frontend/Program.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace effattn {

/// Rows in (keep) or not in the index set argument with this value number.
struct RowFilter {
  int set;
  bool keep;
};

struct AttendReport {
  int value = -1; ///< number in the kernel
  std::string pattern;
  std::vector<RowFilter> filters;
  /// Value numbers of the sets that KeyInSet(k), QueryInSet(k) of the facts
  /// mean.
  std::vector<int> keySets, querySets;
  ScalarRef queryCount, keyCount, firstPosition; ///< N, M and q0 of the attend
  Strategy strategy;
  std::shared_ptr<const PatternFacts> facts; ///< null: see `failure`
  AnalysisFailure failure;
};

std::vector<AttendReport> reportAttends(const ProgramKernel &kernel,
                                        const Strategy &strategy);

/// Sizes and sets for which a report is looked at.
struct Instance {
  std::map<std::string, int64_t> dimensions;
  std::map<std::string, int64_t> scalars;
  /// Sorted members of each index set argument, by value number.
  std::map<int, std::vector<int64_t>> sets;
};

/// The kernel's `example` sizes, overridden by `sizes`; set members evenly
/// spread. A size without a value gives an error text.
bool makeInstance(const ProgramKernel &kernel,
                  const std::map<std::string, int64_t> &sizes,
                  Instance &instance, std::string &problem);

/// The columns of one attend at one instance.
class Columns {
public:
  Columns(const AttendReport &report, const Instance &instance);

  int64_t queryCount() const { return n; }
  int64_t keyCount() const { return m; }
  /// True where the row filters keep the row.
  bool hasRow(int64_t row) const;
  /// Runs of visible columns of a row, disjoint.
  std::vector<Run> row(int64_t row) const;
  /// Full and partial runs of the contiguous tile number `tile`.
  void tile(int64_t tile, std::vector<Run> &full,
            std::vector<Run> &partial) const;

private:
  uint32_t querySetsOf(int64_t row) const;
  void collect(uint32_t queries, const char *parameter, int64_t index,
               const std::function<RunNestRef(const AnalysisCase &)> &nest,
               std::vector<Run> &runs) const;
  int64_t parameterValue(const std::string &name) const;

  const AttendReport &report;
  const Instance &instance;
  int64_t n = 0, m = 0, q0 = 0;
  /// Each column in some key set, with the bits of its sets; sorted.
  std::vector<std::pair<int64_t, uint32_t>> setColumns;
};

} // namespace effattn

#endif // EFFATTN_LIB_DRIVER_ATTENDREPORT_H
