//===- TablesCheck.cpp - plans from the cases of atoms --------------------===//
//
// What the planner of the runtime does, by its definition in Atoms.h and
// kernel.h, without any of its code.
//
//===----------------------------------------------------------------------===//
#include "lib/Analysis/TileRows.h"
#include "test/unit/Analysis/BruteForce.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace effattn::test {

namespace {

/// Small values that depend on the table and the place alone.
int64_t tableValue(uint64_t seed, const Scalar &node,
                   const std::vector<int64_t> &indices) {
  uint64_t hash = seed * 0x9E3779B97F4A7C15u +
                  static_cast<uint64_t>(node.table) * 0xD1B54A32D192ED03u;
  for (int64_t index : indices) {
    hash ^= static_cast<uint64_t>(index) + 0x632BE59BD9B4E019u;
    hash *= 0xFF51AFD7ED558CCDu;
    hash ^= hash >> 32;
  }
  return static_cast<int64_t>(hash % (node.type == ScalarType::Int ? 4 : 2));
}

class World {
public:
  World(const Example &example, const PatternFacts &facts, const Look &look,
        uint64_t seed)
      : example(example), facts(facts), look(look) {
    evaluator.table = [seed](const Scalar &node,
                             const std::vector<int64_t> &indices) {
      return tableValue(seed, node, indices);
    };
    setSizes(example, evaluator, look);
    // The values of extras, by their names.
    for (size_t k = 0; k < facts.parameters.size(); ++k)
      if (facts.parameterValues[k]->kind == ScalarKind::Lookup)
        this->look.parameters[facts.parameters[k]] =
            evaluator.evaluate(*facts.parameterValues[k]);
  }

  bool visible(int64_t i, int64_t j) {
    evaluator.setPair(i, j, look.extents);
    return evaluator.evaluate(*example.predicate);
  }

  std::string checkRow(int64_t row, const std::vector<int64_t> &coordinates);
  std::string checkTile(const std::vector<int64_t> &rows,
                        const std::vector<int64_t> &coordinates,
                        const TileFacts &tiles);

private:
  uint32_t bits(const std::vector<SideAtom> &atoms, int64_t index) {
    evaluator.setPair(index, index, look.extents);
    uint32_t result = 0;
    for (size_t k = 0; k < atoms.size(); ++k) {
      ScalarRef condition = atoms[k].condition;
      if (condition.get() == nullptr)
        condition = &atoms == &facts.atoms.keys ? keyInSet(atoms[k].set)
                                                : queryInSet(atoms[k].set);
      result |= (evaluator.evaluate(*condition) ? 1u : 0u) << k;
    }
    return result;
  }
  int64_t at(const ScalarRef &value, int64_t index) {
    evaluator.setPair(index, index, look.extents);
    return evaluator.evaluate(*value);
  }
  bool compares(const RelationAtom &relation, int64_t row, int64_t column) {
    int64_t bits = 0;
    for (size_t k = 0; k < relation.rowLabels.size(); ++k)
      if (at(relation.rowLabels[k], row) <=
          at(relation.columnLabels[k], column))
        bits |= int64_t(1) << k;
    evaluator.values["u"] = bits;
    return evaluator.evaluate(*relation.test) != 0;
  }
  uint32_t states(const std::vector<int64_t> &rows, int64_t column);

  const Example &example;
  const PatternFacts &facts;
  Look look;
  PairEvaluator evaluator;
};

uint32_t World::states(const std::vector<int64_t> &rows, int64_t column) {
  uint32_t result = 0, power = 1;
  for (const RelationAtom &relation : facts.atoms.relations) {
    bool none = true, all = true;
    for (int64_t row : rows) {
      if (relation.kind == RelationAtom::Kind::Unknown) {
        none = all = false;
        break;
      }
      if (relation.kind == RelationAtom::Kind::Compared) {
        bool holds = compares(relation, row, column);
        none &= !holds;
        all &= holds;
        continue;
      }
      int64_t own = at(relation.columnLabels[0], column);
      bool holds = false;
      for (const ScalarRef &label : relation.rowLabels) {
        int64_t value = at(label, row);
        if (relation.kind == RelationAtom::Kind::Labels) {
          holds |= value == own;
          continue;
        }
        evaluator.values["u"] = value;
        evaluator.values["w"] = own;
        holds |= evaluator.evaluate(*relation.test) != 0;
      }
      none &= !holds;
      all &= holds;
    }
    result += power * (none ? 0 : all ? 1 : 2);
    power *= 3;
  }
  return result;
}

std::string World::checkRow(int64_t row,
                            const std::vector<int64_t> &coordinates) {
  bool isExact =
      std::none_of(facts.atoms.relations.begin(), facts.atoms.relations.end(),
                   [](const RelationAtom &relation) {
                     return relation.kind == RelationAtom::Kind::Unknown;
                   });
  uint32_t queries = bits(facts.atoms.queries, row);
  std::vector<Columns> known(facts.cases.size());
  for (int64_t j = 0; j < look.m; ++j) {
    size_t index = indexOf(
        facts.atoms, {bits(facts.atoms.keys, j), queries, states({row}, j)});
    if (known[index].has.empty())
      known[index] = columnsOf(facts.cases[index].rowRuns, example, look,
                               facts.rowParameters, coordinates);
    if (!known[index].problem.empty())
      return known[index].problem;
    bool has = known[index].has[j], expected = visible(row, j);
    if (expected ? !has : has && isExact)
      return fmt::format("row {}: column {} is {}", row, j,
                         expected ? "missing" : "too much");
  }
  return "";
}

std::string World::checkTile(const std::vector<int64_t> &rows,
                             const std::vector<int64_t> &coordinates,
                             const TileFacts &tiles) {
  std::set<uint32_t> queries;
  for (int64_t row : rows)
    queries.insert(bits(facts.atoms.queries, row));
  std::vector<std::string> names = tileParameters(tiles.tiling);
  std::vector<Columns> full(tiles.cases.size()), partial(tiles.cases.size());
  for (int64_t j = 0; j < look.m; ++j) {
    uint32_t keys = bits(facts.atoms.keys, j), relations = states(rows, j);
    bool isFull = true, isTouched = false;
    for (uint32_t own : queries) {
      size_t index = indexOf(facts.atoms, {keys, own, relations});
      if (full[index].has.empty()) {
        full[index] = columnsOf(tiles.cases[index].fullRuns, example, look,
                                names, coordinates);
        partial[index] = columnsOf(tiles.cases[index].partialRuns, example,
                                   look, names, coordinates);
      }
      for (const Columns *columns : {&full[index], &partial[index]})
        if (!columns->problem.empty())
          return columns->problem;
      isFull &= full[index].has[j];
      isTouched |= full[index].has[j] || partial[index].has[j];
    }
    for (int64_t row : rows)
      if (visible(row, j) ? !isTouched : isFull)
        return fmt::format("pair ({}, {}) is {}", row, j,
                           isFull ? "no part of a full column" : "missing");
  }
  return "";
}

} // namespace

std::string checkWithTables(const Example &example, const PatternFacts &facts,
                            const TileFacts *tiles, uint64_t seed,
                            Sizes sizes) {
  for (const Look &look : looksAt(example, sizes)) {
    World world(example, facts, look, seed);
    Tiling single = contiguous(1);
    if (!facts.extents.empty())
      single = box(std::vector<int64_t>(facts.extents.size(), 1));
    std::string problem;
    TileRowLists rows(single, look.n, look.extents);
    for (int64_t i = 0; i < look.n && problem.empty(); ++i)
      problem = world.checkRow(i, rows.coordinates(i));
    if (tiles && !tiles->gathered) {
      TileRowLists lists(tiles->tiling, look.n, look.extents);
      for (int64_t t = 0; t < lists.count() && problem.empty(); ++t)
        if (std::vector<int64_t> own = lists.rows(t); !own.empty())
          problem = world.checkTile(own, lists.coordinates(t), *tiles);
    }
    if (!problem.empty())
      return fmt::format("{} at N = {}, M = {}, seed {}", problem, look.n,
                         look.m, seed);
  }
  return "";
}

} // namespace effattn::test
