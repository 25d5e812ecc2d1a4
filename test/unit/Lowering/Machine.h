//===- Machine.h - a runtime that traces host programs ----------*- C++ -*-===//
//
// Stands in for runtime/ in tests of lowering. A tensor is, for each row of
// each head, the list of attends whose keys its softmax is over, named by their
// scale: what layers, merges, row filters and head ranges have to get right,
// exactly. Rows that were never written hold garbage, which may not be read,
// and what was attended is not attended again from nothing.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_TEST_UNIT_LOWERING_MACHINE_H
#define EFFATTN_TEST_UNIT_LOWERING_MACHINE_H

#include "lib/Lowering/Lowered.h"
#include "runtime/include/effattn/host.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace effattn::test {

struct Machine {
  static constexpr int garbage = -1;
  using Row = std::multiset<int>;

  int rows = 0, heads = 1;
  std::map<int, std::set<int>> sets; ///< index sets by slot
  /// By slot, of row * heads + head; {garbage}: unwritten.
  std::map<int, std::vector<Row>> tensors;
  const LoweredKernel *kernel = nullptr;
  std::vector<std::string> trace; ///< one line a call
  std::vector<std::string> faults;
  /// The call with this number fails with status 13.
  int failing = -1;

  int cells() const { return rows * heads; }
  int called(const std::string &line);
  /// Lines of the trace that begin with `name`.
  size_t calls(const std::string &name) const;
  std::vector<Row> *find(int slot);
  int allocate(int slot, int element, int rank, const int64_t *shape);
  int release(int slot);
  int fill(int slot, double value);
  int copy(int from, int to);
  int step(int number, const int32_t *operands, int result);
  int attend(int number, const effattn_attend_operands &operands);
  void attendCell(const effattn_attend_operands &operands, int cell);
  int order(int kind, int table, const int64_t *sizes, int order, int rank);
  int setTokens(int set, int order, int byBatch, int result);
  int draw(int number, const effattn_attend_operands &operands, int table);
  int merge(int count, const int32_t *outputs, const int32_t *lses, int output,
            int lse);
};

/// Lowers the only kernel of a pattern file and runs its host program on the
/// machine; gives the status. Sizes of dimensions by name; scalars in order.
/// `prepare` fills in sets and result tensors once the kernel is known.
struct HostRun {
  std::map<std::string, int64_t> dimensions;
  std::vector<int64_t> integers;
  std::vector<double> floats;
};
int32_t runHost(const std::string &text, const HostRun &run, Machine &machine,
                std::string *errors);

/// The only kernel of a file whose patterns cost too much to analyse: nothing
/// is known of them.
std::optional<LoweredKernel> lowerUnanalysed(const std::string &text,
                                             std::string *errors);

/// Diagnostics of a file that cannot be lowered.
std::string lowerErrors(const std::string &text);

} // namespace effattn::test

#endif // EFFATTN_TEST_UNIT_LOWERING_MACHINE_H
