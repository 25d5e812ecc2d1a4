//===- Mask.cpp - a kernel's mask as cells --------------------------------===//

#include "lib/Driver/Mask.h"

#include <algorithm>

namespace effattn {

namespace {

/// Rows of a cell that are looked at.
constexpr int64_t kRowsPerCell = 64;

/// First index of cell `cell` of `cells` over `length` indices.
int64_t startOf(int64_t cell, int64_t cells, int64_t length) {
  return cell * length / cells;
}

/// How many of k in [0, run.count) give a column below `bound`.
int64_t countBelow(const Run &run, int64_t bound) {
  if (bound <= run.first)
    return 0;
  return std::min(run.count, (bound - run.first + run.step - 1) / run.step);
}

class Painter {
public:
  Painter(Mask &mask) : mask(mask) {}

  /// Adds `weight` for each column of the runs to one row of cells.
  void add(int cellRow, const std::vector<Run> &runs, double Cell::*share,
           double weight) {
    for (const Run &run : runs) {
      if (run.count <= 0)
        continue;
      int64_t last = run.first + (run.count - 1) * run.step;
      for (int64_t cell = cellOf(run.first); cell <= cellOf(last); ++cell) {
        int64_t begin = startOf(cell, mask.columns, mask.keys);
        int64_t end = startOf(cell + 1, mask.columns, mask.keys);
        int64_t inside = countBelow(run, end) - countBelow(run, begin);
        double area = static_cast<double>(end - begin);
        mask.cells[static_cast<size_t>(cellRow) * mask.columns + cell].*share +=
            weight * inside / area;
      }
    }
  }

private:
  int64_t cellOf(int64_t column) const {
    int64_t cell = column * mask.columns / mask.keys;
    while (startOf(cell + 1, mask.columns, mask.keys) <= column)
      ++cell;
    return cell;
  }
  Mask &mask;
};

void paintAttend(const AttendReport &report, const Columns &columns,
                 Mask &mask) {
  Painter painter(mask);
  for (int cellRow = 0; cellRow < mask.rows; ++cellRow) {
    int64_t begin = startOf(cellRow, mask.rows, mask.queries);
    int64_t end = startOf(cellRow + 1, mask.rows, mask.queries);
    int64_t looked = std::min(end - begin, kRowsPerCell);
    for (int64_t k = 0; k < looked; ++k) {
      int64_t row = begin + k * (end - begin) / looked;
      if (!columns.hasRow(row))
        continue;
      painter.add(cellRow, columns.row(row), &Cell::visible, 1.0 / looked);
      bool gathered = std::any_of(report.filters.begin(), report.filters.end(),
                                  [](const RowFilter &f) { return f.keep; });
      std::vector<Run> full, partial;
      if (gathered)
        full = columns.row(row);
      else
        columns.tile(row / report.strategy.tileRows, full, partial);
      painter.add(cellRow, full, &Cell::full, 1.0 / looked);
      painter.add(cellRow, partial, &Cell::partial, 1.0 / looked);
    }
  }
}

} // namespace

Mask makeMask(const std::vector<AttendReport> &reports,
              const Instance &instance, int rows, int columns) {
  Mask mask;
  for (const AttendReport &report : reports) {
    if (!report.facts)
      continue;
    Columns one(report, instance);
    if (one.queryCount() == 0 || one.keyCount() == 0)
      continue;
    if (mask.cells.empty()) {
      mask.queries = one.queryCount();
      mask.keys = one.keyCount();
      mask.rows = static_cast<int>(std::min<int64_t>(rows, mask.queries));
      mask.columns = static_cast<int>(std::min<int64_t>(columns, mask.keys));
      mask.cells.resize(static_cast<size_t>(mask.rows) * mask.columns);
    }
    if (one.queryCount() == mask.queries && one.keyCount() == mask.keys)
      paintAttend(report, one, mask);
  }
  return mask;
}

} // namespace effattn
