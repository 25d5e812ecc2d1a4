//===- Mask.h - plans of a kernel as pictures -------------------*- C++ -*-===//
//
// The rectangle of queries by keys, cut into at most `rows` x `columns` cells;
// each cell says which share of its pairs is visible and how they are computed.
// The plans are real ones (PlanProbe.h). A run is clipped to each cell that it
// meets, and where a cell holds many rows a few of them speak for it: nothing
// has a size of queries times keys.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_DRIVER_MASK_H
#define EFFATTN_LIB_DRIVER_MASK_H

#include "lib/Driver/PlanProbe.h"

#include <optional>
#include <string>
#include <vector>

namespace effattn {

/// Shares of the pairs of a cell.
struct Cell {
  double visible = 0; ///< some attend sees them
  double full = 0;    ///< computed without a mask
  double partial = 0; ///< computed with the predicate; `visible - full` seen
};

/// Attends over as many queries and keys, for heads that have the same.
struct Mask {
  std::string heads; ///< "heads 0-3, 6"; empty: all heads are alike
  std::string what;  ///< "64 x 16", where there are several sizes
  int64_t queries = 0, keys = 0;
  int rows = 0, columns = 0; ///< cells
  std::vector<Cell> cells;   ///< row-major
  const Cell &at(int row, int column) const {
    return cells[static_cast<size_t>(row) * columns + column];
  }
};

/// Heads whose plans and predicates are the same.
struct PlannedHeads {
  std::vector<int64_t> heads;
  std::vector<ProbedAttend> attends;
};

/// Query heads of the kernel at these sizes; 1 where there is no such axis.
/// Batch entries are not sequences.
int64_t headsOf(const ProgramKernel &kernel,
                const std::map<std::string, int64_t> &dimensions);
int64_t batchesOf(const ProgramKernel &kernel,
                  const std::map<std::string, int64_t> &dimensions);

/// Of a kernel over ragged tokens: sequences are planned one by one, in the
/// place of batch entries.
struct LongestSequence {
  int64_t number = 0, count = 0;
};
/// The sequence with most tokens; nothing where no argument is ragged.
std::optional<LongestSequence> longestSequence(const ProgramKernel &kernel,
                                               const reference::Inputs &inputs);

/// The plans of one head, or of all.
llvm::Expected<std::vector<PlannedHeads>>
planHeads(PlanProbe &probe, size_t kernel, const reference::Inputs &inputs,
          int64_t batch, std::optional<int64_t> head);

/// A mask for each number of keys and each group of heads.
std::vector<Mask> makeMasks(const std::vector<PlannedHeads> &groups, int rows,
                            int columns);

/// For a terminal: shades for visible shares, one line a row of cells.
std::string textOf(const Mask &mask, const std::string &indent);
/// What the shades mean.
extern const char *const kShadeLegend;

} // namespace effattn

#endif // EFFATTN_LIB_DRIVER_MASK_H
