//===- Estimate.cpp - what a tiling computes ------------------------------===//
//
// The columns of a tile are those of its rows together. For sizes at hand the
// rows' runs are listed and marked in a set of bits, for all tiles or for a
// sample of them, in steps of the golden ratio, which no period of a pattern or
// of the lines of a grid meets. Of relations, Labels and Bitmap are
// taken to hold where the labels j div 64 and i div 64 are equal (where a row
// has n labels: in n blocks of 64 columns). Unknown is open everywhere, and so
// is Compared: what it may let through is counted.
//
//===----------------------------------------------------------------------===//
#include "lib/Analysis/Estimate.h"

#include "lib/Analysis/Facts.h"
#include "lib/Analysis/TileRows.h"

#include <algorithm>
#include <bit>
#include <map>
#include <utility>

namespace effattn {

namespace {

constexpr int64_t sampledRows = 1024, fewestTiles = 8;
constexpr int64_t labelBlock = 64;
/// Runs that are kept for other tilings at most: 24 MiB.
constexpr size_t mostKept = size_t(1) << 20;
/// What labels that are not sorted are taken to add.
constexpr double unsortedLabels = 1.05;

class Columns {
public:
  explicit Columns(int64_t size) : size(size), words((size + 63) / 64, 0) {}

  void add(const Run &run) {
    int64_t first = std::max<int64_t>(run.first, 0), count = run.count;
    if (run.step == 1) {
      fill(first, std::min(run.first + count, size));
      return;
    }
    int64_t column = run.first;
    for (int64_t k = 0; k < count && column < size; ++k, column += run.step)
      if (column >= 0)
        words[column / 64] |= uint64_t(1) << column % 64;
  }
  void fill(int64_t low, int64_t high) {
    for (int64_t at = low; at < high;) {
      int64_t end = std::min(high, (at / 64 + 1) * 64);
      uint64_t bits = ~uint64_t(0) >> (64 - (end - at));
      words[at / 64] |= bits << at % 64;
      at = end;
    }
  }
  /// Adds what `other` has where `where` has (or has not) the column.
  void addWhere(const Columns &other, const Columns &where, bool has) {
    for (size_t k = 0; k < words.size(); ++k)
      words[k] |= other.words[k] & (has ? where.words[k] : ~where.words[k]);
  }
  void add(const Columns &other) {
    for (size_t k = 0; k < words.size(); ++k)
      words[k] |= other.words[k];
  }
  void clear() { std::fill(words.begin(), words.end(), 0); }
  int64_t count() const {
    int64_t sum = 0;
    for (uint64_t word : words)
      sum += std::popcount(word);
    return sum;
  }
  /// Columns without a left neighbour.
  int64_t runs() const {
    int64_t sum = 0;
    uint64_t before = 0;
    for (uint64_t word : words) {
      sum += std::popcount(word & ~(word << 1 | before));
      before = word >> 63;
    }
    return sum;
  }

private:
  int64_t size;
  std::vector<uint64_t> words;
};

} // namespace

/// The columns of single rows for given sizes.
class RowColumns {
public:
  RowColumns(const PatternFacts &facts, const ParameterValues &values)
      : facts(facts), values(values), size(std::max<int64_t>(values("M"), 0)) {
    for (const ScalarRef &extent : facts.extents)
      extents.push_back(extent->isConstant() ? extent->integer
                                             : values(extent->name));
  }

  /// Adds the columns of a row, and gives the number of its runs.
  int64_t add(int64_t row, Columns &columns) {
    runs = 0;
    size_t placed = 0;
    uint32_t states = 0, power = 1;
    for (const RelationAtom &relation : facts.atoms.relations) {
      placed += isPlaced(relation);
      states += relation.kind == RelationAtom::Kind::Compared ? 2 * power : 0;
      power *= 3;
    }
    addRelations(row, placed, states, 1, columns);
    return runs;
  }

  /// The same where the atoms are as in case number `index`.
  int64_t add(int64_t row, size_t index, Columns &columns) {
    runs = 0;
    list(row, index, columns);
    return runs;
  }

private:
  /// Taken to hold in places of its own.
  static bool isPlaced(const RelationAtom &relation) {
    return relation.kind == RelationAtom::Kind::Labels ||
           relation.kind == RelationAtom::Kind::Bitmap;
  }

  /// Relations below `open` are not decided yet.
  void addRelations(int64_t row, size_t open, uint32_t states, uint32_t power,
                    Columns &columns) {
    size_t at = 0;
    const auto &relations = facts.atoms.relations;
    uint32_t own = 1;
    for (; at < relations.size(); ++at, own *= 3)
      if (own >= power && isPlaced(relations[at]))
        break;
    if (open == 0 || at == relations.size()) {
      list(row, indexOf(facts.atoms, {0, 0, states}), columns);
      return;
    }
    Columns without(size), with(size), where(size);
    addRelations(row, open - 1, states, own * 3, without);
    addRelations(row, open - 1, states + own, own * 3, with);
    mark(row, relations[at], where);
    columns.addWhere(without, where, false);
    columns.addWhere(with, where, true);
  }

  void mark(int64_t row, const RelationAtom &relation, Columns &where) const {
    int64_t blocks = (size + labelBlock - 1) / labelBlock;
    size_t labels = std::max<size_t>(relation.rowLabels.size(), 1);
    for (size_t k = 0; k < labels && blocks > 0; ++k) {
      uint64_t block = row / labelBlock;
      if (labels > 1) // spread evenly, the same for the rows of one block
        block = (block + 1) * 0x9E3779B97F4A7C15u * (2 * k + 1) >> 33;
      auto low = static_cast<int64_t>(block % blocks) * labelBlock;
      where.fill(low, std::min(low + labelBlock, size));
    }
  }

  void list(int64_t row, size_t index, Columns &columns) {
    auto known = kept.find({row, index});
    if (known == kept.end()) {
      std::vector<Run> found = runsOf(row, index);
      if (keptRuns + found.size() > mostKept) {
        kept.clear();
        keptRuns = 0;
      }
      keptRuns += found.size();
      known = kept.try_emplace({row, index}, std::move(found)).first;
    }
    for (const Run &run : known->second) {
      columns.add(run);
      ++runs;
    }
  }

  std::vector<Run> runsOf(int64_t row, size_t index) const {
    std::vector<int64_t> coordinates(facts.rowParameters.size());
    for (size_t axis = coordinates.size(); axis-- > 0;) {
      int64_t extent = axis > 0 ? std::max<int64_t>(extents[axis], 1) : 0;
      coordinates[axis] = extent ? row % extent : row;
      row = extent ? row / extent : row;
    }
    auto parameter = [&](const std::string &name) -> int64_t {
      for (size_t axis = 0; axis < coordinates.size(); ++axis)
        if (name == facts.rowParameters[axis])
          return coordinates[axis];
      return values(name);
    };
    return evaluate(facts.cases[index].rowRuns, parameter);
  }

  const PatternFacts &facts;
  const ParameterValues &values;
  /// By row and case.
  std::map<std::pair<int64_t, size_t>, std::vector<Run>> kept;
  size_t keptRuns = 0;
  int64_t size;
  std::vector<int64_t> extents;
  int64_t runs = 0;
};

namespace {

/// Tile number k of a sample: k * (golden ratio) of the way, cyclically; each
/// tile once where all are taken.
int64_t sampleTile(int64_t k, int64_t sample, int64_t tiles) {
  if (sample == tiles)
    return k;
  uint64_t fraction =
      (static_cast<uint64_t>(k) * 0x9E3779B97F4A7C15u + (uint64_t(1) << 63)) >>
      32;
  return static_cast<int64_t>(fraction * static_cast<uint64_t>(tiles) >> 32);
}

} // namespace

TilingEstimator::TilingEstimator(const PatternFacts &facts,
                                 const ParameterValues &values)
    : facts(facts), values(values),
      rows(std::make_unique<RowColumns>(facts, values)) {}

TilingEstimator::~TilingEstimator() = default;

TilingCost TilingEstimator::of(const Tiling &tiling) {
  TilingCost cost;
  int64_t size = std::max<int64_t>(values("M"), 0);
  std::vector<int64_t> extents;
  for (const ScalarRef &extent : facts.extents)
    extents.push_back(extent->isConstant() ? extent->integer
                                           : values(extent->name));
  TileRowLists order(tiling, values("N"), extents);
  int64_t tiles = order.count();
  if (tiles < 1 || facts.cases.empty())
    return cost;
  int64_t sample = std::clamp<int64_t>(
      sampledRows / std::max<int64_t>(tiling.rows, 1), fewestTiles, tiles);
  sample = std::min(sample, tiles);
  Columns columns(size), own(size);
  for (int64_t k = 0; k < sample; ++k) {
    columns.clear();
    int64_t runs = 0;
    for (int64_t row : order.rows(sampleTile(k, sample, tiles))) {
      own.clear();
      runs = std::max(runs, rows->add(row, own));
      cost.visible += static_cast<double>(own.count());
      columns.add(own);
    }
    cost.computed += static_cast<double>(columns.count() * tiling.rows);
    cost.runs += static_cast<double>(
        std::min(columns.runs(), std::max<int64_t>(4 * runs, 1)));
  }
  double scale = static_cast<double>(tiles) / static_cast<double>(sample);
  cost.visible *= scale;
  cost.computed *= scale;
  // Sorted labels are the best case of every other order.
  if (tiling.order != RowOrder::ByLabel && boundingRelation(facts) >= 0)
    cost.computed *= unsortedLabels;
  cost.runs *= scale;
  cost.tiles = static_cast<double>(tiles);
  return cost;
}

TilingCost estimate(const PatternFacts &facts, const Tiling &tiling,
                    const ParameterValues &values) {
  return TilingEstimator(facts, values).of(tiling);
}

double casePairs(const PatternFacts &facts, size_t index,
                 const ParameterValues &values) {
  int64_t queries = std::max<int64_t>(values("N"), 0);
  int64_t sample = std::min(queries, sampledRows);
  RowColumns rows(facts, values);
  Columns columns(std::max<int64_t>(values("M"), 0));
  double pairs = 0;
  for (int64_t k = 0; k < sample; ++k) {
    columns.clear();
    rows.add(sampleTile(k, sample, queries), index, columns);
    pairs += static_cast<double>(columns.count());
  }
  return sample > 0 ? pairs * static_cast<double>(queries) / sample : 0;
}

} // namespace effattn
