//===- PlanCheck.cpp - the plans of a launch against every pair -----------===//

#include "PlanCheck.h"

#include "llvm/Support/MemoryBuffer.h"

#include <fmt/format.h>

namespace effattn::test {

namespace {

class Checker {
public:
  Checker(int64_t head) : head(head) {}
  std::string problem;

  void add(const ProbedAttend &attend) {
    if (attend.queries > rows || attend.keys > columns)
      grow(std::max(rows, attend.queries), std::max(columns, attend.keys));
    PairTest holds(attend);
    std::vector<int> tiles(attend.queries, 0);
    for (size_t t = 0; t < attend.tileCount() && problem.empty(); ++t)
      addTile(attend, attend.tile(t), holds, tiles);
  }

  void compare(const Expected &expected) {
    for (int64_t i = 0; i < rows && problem.empty(); ++i)
      for (int64_t j = 0; j < columns && problem.empty(); ++j)
        if (int wanted = expected(head, i, j);
            counts[i * columns + j] != wanted)
          problem =
              fmt::format("h={} i={} j={}: expected {} time(s), planned {}",
                          head, i, j, wanted, counts[i * columns + j]);
  }

  void grow(int64_t newRows, int64_t newColumns) {
    std::vector<int> grown(newRows * newColumns, 0);
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < columns; ++j)
        grown[i * newColumns + j] = counts[i * columns + j];
    counts = std::move(grown);
    rows = newRows;
    columns = newColumns;
  }

private:
  void fail(const ProbedAttend &attend, const std::string &what) {
    if (problem.empty())
      problem =
          fmt::format("h={} attend {} ({} rows a tile, row order {}): {}", head,
                      attend.number, attend.tileRows, attend.rowOrder, what);
  }

  void addTile(const ProbedAttend &attend, const ProbedTile &tile,
               PairTest &holds, std::vector<int> &tiles) {
    if (int64_t(tile.rows.size()) > attend.tileRows || tile.rows.empty())
      fail(attend, fmt::format("a tile of {} rows", tile.rows.size()));
    for (int32_t row : tile.rows)
      if (row < 0 || row >= attend.queries || tiles[row]++)
        return fail(attend, fmt::format("row {} outside or twice", row));
    std::vector<bool> seen(attend.keys, false);
    for (bool full : {true, false})
      for (const ProbedRun &run : full ? tile.full : tile.partial)
        addRun(attend, tile, run, full, holds, seen);
  }

  void addRun(const ProbedAttend &attend, const ProbedTile &tile,
              const ProbedRun &run, bool full, PairTest &holds,
              std::vector<bool> &seen) {
    for (int64_t c = 0; c < run.count; ++c) {
      int64_t j = run.first + c * run.step;
      if (j < 0 || j >= attend.keys || seen[j])
        return fail(attend, fmt::format("column {} outside or twice", j));
      seen[j] = true;
      for (size_t k = 0; k < tile.rows.size(); ++k) {
        int64_t i = tile.rows[k];
        uint32_t rowSets = tile.rowSets.empty() ? 0 : tile.rowSets[k];
        // Bits are not given with full columns.
        if (full || holds(i, j, rowSets, run.sets))
          ++counts[i * columns + j];
        if (full && attend.predicate && !usesKeySets(attend)) {
          // Look-ups of full columns decide nothing [S8].
          if (!holds(i, j, rowSets, 0))
            return fail(attend,
                        fmt::format("i={} j={} is in a full column, but "
                                    "not in the predicate",
                                    i, j));
        }
      }
    }
  }

  static bool usesKeySets(const ProbedAttend &attend) {
    return contains(attend.predicate, [](const Scalar &node) {
      return node.kind == ScalarKind::KeyInSet;
    });
  }

  int64_t head, rows = 0, columns = 0;
  std::vector<int> counts;
};

} // namespace

std::string checkPlans(PlanProbe &probe, size_t kernel,
                       const reference::Inputs &inputs, int64_t heads,
                       const Expected &expected) {
  for (int64_t head = 0; head < heads; ++head) {
    auto attends = probe.plan(kernel, inputs, 0, head);
    if (!attends)
      return "launch: " + llvm::toString(attends.takeError());
    Checker checker(head);
    checker.grow(inputs.dimensions.count("N") ? inputs.dimensions.at("N") : 0,
                 inputs.dimensions.count("M") ? inputs.dimensions.at("M") : 0);
    for (const ProbedAttend &attend : *attends)
      checker.add(attend);
    checker.compare(expected);
    if (!checker.problem.empty())
      return checker.problem;
  }
  return "";
}

std::unique_ptr<PlanProbe> probeText(const std::string &text,
                                     CompileOptions options,
                                     std::string &problem) {
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(
      llvm::MemoryBuffer::getMemBufferCopy(text, options.file), llvm::SMLoc());
  llvm::raw_string_ostream errors(problem);
  return PlanProbe::make(sources, std::move(options), errors, false);
}

} // namespace effattn::test
