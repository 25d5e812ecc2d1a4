//===- Mask.cpp - plans of a kernel as pictures ---------------------------===//

#include "lib/Driver/Mask.h"

#include <algorithm>
#include <fmt/format.h>

namespace effattn {

namespace {

/// Cells of up to this many pairs are exact; larger ones are looked at in this
/// many rows, and in each run of these in this many columns.
constexpr int64_t kExactPairs = 64, kSamples = 8;

/// First index of cell `cell` of `cells` over `length` indices.
int64_t startOf(int64_t cell, int64_t cells, int64_t length) {
  return cell * length / cells;
}

int64_t cellOf(int64_t index, int64_t cells, int64_t length) {
  int64_t cell = index * cells / length;
  while (startOf(cell + 1, cells, length) <= index)
    ++cell;
  return cell;
}

/// How many of k in [0, run.count) give a column below `bound`.
int64_t countBelow(const Run &run, int64_t bound) {
  if (bound <= run.first)
    return 0;
  return std::min(run.count, (bound - run.first + run.step - 1) / run.step);
}

/// A place in [0, length), the same for the same words: even steps would fall
/// in with the strides of patterns.
int64_t scatter(int64_t a, int64_t b, int64_t length) {
  uint64_t x = static_cast<uint64_t>(a) * 0x9E3779B97F4A7C15u +
               static_cast<uint64_t>(b) * 0xD1B54A32D192ED03u;
  x = (x ^ (x >> 32)) * 0xBF58476D1CE4E5B9u;
  return static_cast<int64_t>((x >> 20) % static_cast<uint64_t>(length));
}

/// One attend on one mask.
class Painter {
public:
  Painter(const ProbedAttend &attend, Mask &mask)
      : attend(attend), mask(mask), test(attend),
        tileOf(static_cast<size_t>(attend.queries), -1),
        setsOf(attend.rowSets.empty() ? 0 : attend.queries) {
    for (size_t t = 0; t < attend.tileCount(); ++t) {
      ProbedTile tile = attend.tile(t);
      for (size_t k = 0; k < tile.rows.size(); ++k) {
        int32_t row = tile.rows[k];
        if (row < 0)
          continue;
        tileOf[row] = static_cast<int32_t>(t);
        if (!setsOf.empty())
          setsOf[row] = tile.rowSets[k];
      }
    }
  }

  void paint() {
    for (int cell = 0; cell < mask.rows; ++cell) {
      int64_t begin = startOf(cell, mask.rows, mask.queries);
      int64_t length = startOf(cell + 1, mask.rows, mask.queries) - begin;
      int64_t width = mask.keys / mask.columns + 1;
      exact = length * width <= kExactPairs;
      int64_t looked = exact ? length : std::min(length, kSamples);
      weight = 1.0 / static_cast<double>(looked);
      for (int64_t k = 0; k < looked; ++k) {
        int64_t low = begin + k * length / looked;
        int64_t room = begin + (k + 1) * length / looked - low;
        paintRow(cell, exact ? low : low + scatter(cell, k, room));
      }
    }
  }

private:
  void paintRow(int cell, int64_t row) {
    if (tileOf[row] < 0)
      return;
    ProbedTile tile = attend.tile(tileOf[row]);
    for (const ProbedRun &run : tile.full)
      paintRun(cell, row, run, /*isFull=*/true);
    for (const ProbedRun &run : tile.partial)
      paintRun(cell, row, run, /*isFull=*/false);
  }

  void paintRun(int cellRow, int64_t row, const ProbedRun &run, bool isFull) {
    if (run.count <= 0)
      return;
    int64_t last = run.first + (run.count - 1) * run.step;
    int64_t end = cellOf(last, mask.columns, mask.keys);
    for (int64_t cell = cellOf(run.first, mask.columns, mask.keys); cell <= end;
         ++cell) {
      int64_t from = startOf(cell, mask.columns, mask.keys);
      int64_t to = startOf(cell + 1, mask.columns, mask.keys);
      int64_t begin = countBelow(run, from);
      int64_t inside = countBelow(run, to) - begin;
      if (inside == 0)
        continue;
      double share =
          weight * static_cast<double>(inside) / static_cast<double>(to - from);
      Cell &at = mask.cells[static_cast<size_t>(cellRow) * mask.columns + cell];
      (isFull ? at.full : at.partial) += share;
      at.visible += isFull ? share : share * seen(row, run, begin, inside);
    }
  }

  /// Share of the columns number begin, begin + 1, ... that the row sees.
  double seen(int64_t row, const ProbedRun &run, int64_t begin,
              int64_t inside) {
    int64_t looked = exact ? inside : std::min(inside, kSamples);
    int64_t found = 0;
    for (int64_t k = 0; k < looked; ++k) {
      int64_t low = k * inside / looked;
      int64_t room = (k + 1) * inside / looked - low;
      int64_t number = begin + low + (exact ? 0 : scatter(row, k, room));
      found += test(row, run.first + number * run.step,
                    setsOf.empty() ? 0 : setsOf[row], run.sets);
    }
    return static_cast<double>(found) / static_cast<double>(looked);
  }

  const ProbedAttend &attend;
  Mask &mask;
  PairTest test;
  std::vector<int32_t> tileOf;
  std::vector<uint32_t> setsOf;
  double weight = 1;
  bool exact = true;
};

int64_t axisOf(const ProgramKernel &kernel,
               const std::map<std::string, int64_t> &dimensions, size_t back) {
  int64_t most = 1;
  for (const ProgramValue &value : kernel.values) {
    if (value.op != TensorOp::Attend && value.op != TensorOp::ColumnSums)
      continue;
    std::vector<int64_t> shape = reference::shapeOf(value.types[0], dimensions);
    if (shape.size() >= back)
      most = std::max(most, shape[shape.size() - back]);
  }
  return most;
}

/// Does what the kernel evaluates on partial columns depend on the head?
bool dependsOnHead(const ProbedAttend &attend) {
  if (!attend.predicate)
    return false;
  return contains(attend.predicate, [&](const Scalar &node) {
    if (node.kind == ScalarKind::Variable)
      return node.name == "h";
    return node.kind == ScalarKind::Lookup &&
           attend.tables.at(node.table)->shape.size() > node.operands.size();
  });
}

bool sameRun(const ProbedRun &a, const ProbedRun &b) {
  return a.first == b.first && a.step == b.step && a.count == b.count &&
         a.sets == b.sets;
}

bool samePlan(const ProbedAttend &a, const ProbedAttend &b) {
  auto sameTile = [](const ProbedAttend::TileRange &x,
                     const ProbedAttend::TileRange &y) {
    return x.firstRow == y.firstRow && x.rows == y.rows &&
           x.firstRun == y.firstRun && x.fullRuns == y.fullRuns &&
           x.partialRuns == y.partialRuns;
  };
  return a.number == b.number && a.rows == b.rows && a.rowSets == b.rowSets &&
         std::equal(a.tiles.begin(), a.tiles.end(), b.tiles.begin(),
                    b.tiles.end(), sameTile) &&
         std::equal(a.runs.begin(), a.runs.end(), b.runs.begin(), b.runs.end(),
                    sameRun) &&
         !dependsOnHead(a);
}

/// "heads 0-3, 6"
std::string headsText(const std::vector<int64_t> &heads) {
  std::string text = heads.size() == 1 ? "head " : "heads ";
  for (size_t k = 0; k < heads.size(); ++k) {
    size_t end = k;
    while (end + 1 < heads.size() && heads[end + 1] == heads[end] + 1)
      ++end;
    text += k ? ", " : "";
    text += end > k ? fmt::format("{}-{}", heads[k], heads[end])
                    : fmt::format("{}", heads[k]);
    k = end;
  }
  return text;
}

} // namespace

int64_t headsOf(const ProgramKernel &kernel,
                const std::map<std::string, int64_t> &dimensions) {
  return axisOf(kernel, dimensions, 3);
}

int64_t batchesOf(const ProgramKernel &kernel,
                  const std::map<std::string, int64_t> &dimensions) {
  return axisOf(kernel, dimensions, 4);
}

std::optional<LongestSequence>
longestSequence(const ProgramKernel &kernel, const reference::Inputs &inputs) {
  for (const ProgramArgument &argument : kernel.arguments) {
    auto offsets = inputs.tensors.find(argument.type.offsets);
    if (!argument.type.isRagged() || offsets == inputs.tensors.end())
      continue;
    const std::vector<double> &cuts = offsets->second.data;
    LongestSequence longest;
    longest.count = static_cast<int64_t>(cuts.size()) - 1;
    for (int64_t s = 1; s < longest.count; ++s)
      if (cuts[s + 1] - cuts[s] >
          cuts[longest.number + 1] - cuts[longest.number])
        longest.number = s;
    return longest.count > 0 ? std::optional(longest) : std::nullopt;
  }
  return std::nullopt;
}

llvm::Expected<std::vector<PlannedHeads>>
planHeads(PlanProbe &probe, size_t kernel, const reference::Inputs &inputs,
          int64_t batch, std::optional<int64_t> head) {
  const ProgramKernel &program = probe.program().kernels.at(kernel);
  int64_t begin = head.value_or(0);
  int64_t end = head ? begin + 1 : headsOf(program, inputs.dimensions);
  std::vector<PlannedHeads> groups;
  for (int64_t each = begin; each < end; ++each) {
    auto attends = probe.plan(kernel, inputs, batch, each);
    if (!attends)
      return attends.takeError();
    auto same = std::find_if(
        groups.begin(), groups.end(), [&](const PlannedHeads &group) {
          return std::equal(group.attends.begin(), group.attends.end(),
                            attends->begin(), attends->end(), samePlan);
        });
    if (same != groups.end())
      same->heads.push_back(each);
    else
      groups.push_back({{each}, std::move(*attends)});
  }
  return groups;
}

std::vector<Mask> makeMasks(const std::vector<PlannedHeads> &groups, int rows,
                            int columns) {
  std::vector<Mask> masks;
  for (const PlannedHeads &group : groups) {
    size_t first = masks.size();
    for (const ProbedAttend &attend : group.attends) {
      if (attend.queries <= 0 || attend.keys <= 0)
        continue;
      auto place =
          std::find_if(masks.begin() + first, masks.end(), [&](const Mask &m) {
            return m.queries == attend.queries && m.keys == attend.keys;
          });
      if (place == masks.end()) {
        Mask &mask = masks.emplace_back();
        mask.queries = attend.queries;
        mask.keys = attend.keys;
        mask.rows = static_cast<int>(std::min<int64_t>(rows, attend.queries));
        mask.columns =
            static_cast<int>(std::min<int64_t>(columns, attend.keys));
        mask.cells.resize(static_cast<size_t>(mask.rows) * mask.columns);
        if (groups.size() > 1)
          mask.heads = headsText(group.heads);
        place = masks.end() - 1;
      }
      Painter(attend, *place).paint();
    }
    // Bands of one pattern are disjoint; parts of a merge may not be.
    for (size_t k = first; k < masks.size(); ++k) {
      Mask &mask = masks[k];
      if (masks.size() - first > 1)
        mask.what = fmt::format("{} x {}", mask.queries, mask.keys);
      for (Cell &cell : mask.cells) {
        cell.visible = std::min(cell.visible, 1.0);
        cell.full = std::min(cell.full, 1.0);
        cell.partial = std::min(cell.partial, 1.0 - cell.full);
      }
    }
  }
  return masks;
}

const char *const kShadeLegend =
    "· nothing  ░ ▒ ▓ part  █ all visible; queries down, keys to the right";

std::string textOf(const Mask &mask, const std::string &indent) {
  std::string text;
  for (int row = 0; row < mask.rows; ++row) {
    text += indent;
    for (int column = 0; column < mask.columns; ++column) {
      double share = mask.at(row, column).visible;
      text += share <= 0     ? "·"
              : share < 0.34 ? "░"
              : share < 0.67 ? "▒"
              : share < 0.99 ? "▓"
                             : "█";
    }
    text += "\n";
  }
  return text;
}

} // namespace effattn
