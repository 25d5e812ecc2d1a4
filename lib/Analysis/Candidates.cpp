//===- Candidates.cpp - tilings that are worth comparing ------------------===//
#include "lib/Analysis/Facts.h"

#include <algorithm>
#include <numeric>

namespace effattn {

namespace {

/// A residue class of a larger modulus has too few rows for tiles.
constexpr int64_t maxResidues = 4096;
constexpr size_t maxModuli = 6;

/// On each axis of a grid of two dimensions, and of three: their combinations
/// are candidates.
constexpr size_t maxPlaneModuli = 3, maxSpaceModuli = 2;

/// The moduli themselves, then the least common multiples of two: `most`.
std::vector<int64_t> residueModuli(const std::vector<int64_t> &moduli,
                                   size_t most = maxModuli) {
  std::vector<int64_t> result;
  auto add = [&](int64_t modulus) {
    bool isNew =
        std::find(result.begin(), result.end(), modulus) == result.end();
    if (modulus > 1 && modulus <= maxResidues && isNew && result.size() < most)
      result.push_back(modulus);
  };
  for (int64_t modulus : moduli)
    add(modulus);
  for (size_t a = 0; a < moduli.size(); ++a)
    for (size_t b = a + 1; b < moduli.size(); ++b)
      if (moduli[a] <= maxResidues && moduli[b] <= maxResidues)
        add(std::lcm(moduli[a], moduli[b]));
  return result;
}

/// Every way to write `rows` as a product of `rank` factors.
void addShapes(int64_t rows, size_t rank, std::vector<int64_t> &shape,
               std::vector<std::vector<int64_t>> &shapes) {
  if (rank == 1) {
    shape.push_back(rows);
    shapes.push_back(shape);
    shape.pop_back();
    return;
  }
  for (int64_t factor = 1; factor <= rows; ++factor) {
    if (rows % factor != 0)
      continue;
    shape.push_back(factor);
    addShapes(rows / factor, rank - 1, shape, shapes);
    shape.pop_back();
  }
}

/// Every choice of residues, or of all rows, on each axis: all rows first.
std::vector<std::vector<int64_t>>
axisResidues(const std::vector<std::vector<int64_t>> &axisModuli) {
  std::vector<std::vector<int64_t>> result = {{}};
  size_t most = axisModuli.size() > 2 ? maxSpaceModuli : maxPlaneModuli;
  for (const std::vector<int64_t> &moduli : axisModuli) {
    std::vector<int64_t> choices = residueModuli(moduli, most);
    choices.insert(choices.begin(), 1);
    std::vector<std::vector<int64_t>> longer;
    for (const std::vector<int64_t> &before : result)
      for (int64_t modulus : choices) {
        longer.push_back(before);
        longer.back().push_back(modulus);
      }
    result = std::move(longer);
  }
  result[0].clear();
  return result;
}

/// Where the relation holds everywhere, a row in the middle sees a good part
/// of the columns: rows of one label have theirs in common.
bool isWide(const RunNestRef &nest) {
  constexpr int64_t size = 4096;
  auto parameter = [](const std::string &name) -> int64_t {
    if (name == "q0" || name == "b" || name == "h")
      return 0;
    return name[0] == 'i' && name.size() < 3 ? size / 2 : size;
  };
  int64_t columns = 0;
  for (const Run &run : evaluate(nest, parameter))
    columns += run.count;
  return columns >= size / 4;
}

} // namespace

int boundingRelation(const PatternFacts &facts) {
  uint32_t power = 1;
  for (size_t k = 0; k < facts.atoms.relations.size(); ++k, power *= 3) {
    const RelationAtom &relation = facts.atoms.relations[k];
    if (relation.kind != RelationAtom::Kind::Labels ||
        relation.rowLabels.size() != 1)
      continue;
    bool isBounded = true, hasWide = false;
    for (size_t index = 0; index < facts.cases.size(); ++index) {
      uint32_t state = assignmentOf(facts.atoms, index).relations / power % 3;
      const RunNestRef &nest = facts.cases[index].rowRuns;
      if (state == 0)
        isBounded &=
            nest->kind == RunNest::Kind::Block && nest->children.empty();
      else if (state == 1 && isBounded)
        hasWide |= isWide(nest);
    }
    if (isBounded && hasWide)
      return static_cast<int>(k);
  }
  return -1;
}

std::vector<Tiling> candidateTilings(const PatternFacts &facts, int64_t rows) {
  Tiling contiguous;
  contiguous.rows = std::max<int64_t>(rows, 1);
  std::vector<Tiling> result = {contiguous};
  if (int relation = boundingRelation(facts); relation >= 0) {
    Tiling byLabel = contiguous;
    byLabel.order = RowOrder::ByLabel;
    byLabel.relation = relation;
    result.push_back(byLabel);
  }
  if (facts.extents.empty()) {
    for (int64_t modulus : residueModuli(facts.moduli)) {
      Tiling residues = contiguous;
      residues.order = RowOrder::Residues;
      residues.modulus = modulus;
      result.push_back(residues);
    }
    return result;
  }
  std::vector<std::vector<int64_t>> shapes;
  std::vector<int64_t> shape;
  addShapes(contiguous.rows, facts.extents.size(), shape, shapes);
  for (const std::vector<int64_t> &moduli : axisResidues(facts.axisModuli))
    for (const std::vector<int64_t> &one : shapes) {
      Tiling box = contiguous;
      box.order = RowOrder::Grid;
      box.shape = one;
      box.moduli = moduli;
      result.push_back(box);
    }
  return result;
}

} // namespace effattn
