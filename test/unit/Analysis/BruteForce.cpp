//===- BruteForce.cpp - the analysis against every pair -------------------===//
#include "test/unit/Analysis/BruteForce.h"

#include "lib/Analysis/TileRows.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

namespace effattn::test {

namespace {

int64_t floorDivide(int64_t a, int64_t b) {
  int64_t quotient = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

int64_t q0Of(const Example &example, PairEvaluator &evaluator,
             const Look &look) {
  if (example.q0)
    return evaluator.evaluate(*example.q0);
  return example.bottomRight ? look.m - look.n : look.parameters.at("q0");
}

} // namespace

void setSizes(const Example &example, PairEvaluator &evaluator,
              const Look &look) {
  for (const auto &[name, value] : look.parameters)
    evaluator.values[name] = value;
  evaluator.values["N"] = look.n;
  evaluator.values["M"] = look.m;
  for (size_t k = 0; k < look.extents.size(); ++k)
    if (!example.extents[k]->isConstant())
      evaluator.values[example.extents[k]->name] = look.extents[k];
  evaluator.values["q0"] = q0Of(example, evaluator, look);
}

namespace {

/// Which columns of [0, M) each row sees, rows from 0 to N.
using Picture = std::vector<std::vector<bool>>;

Picture draw(const Example &example, const ScalarRef &predicate,
             const Look &look) {
  PairEvaluator evaluator;
  setSizes(example, evaluator, look);
  Picture picture(look.n, std::vector<bool>(look.m));
  for (int64_t i = 0; i < look.n; ++i)
    for (int64_t j = 0; j < look.m; ++j) {
      evaluator.setPair(i, j, look.extents);
      picture[i][j] = evaluator.evaluate(*predicate);
    }
  return picture;
}

} // namespace

Columns columnsOf(const RunNestRef &nest, const Example &example,
                  const Look &look, const std::vector<std::string> &names,
                  const std::vector<int64_t> &coordinates) {
  Columns result;
  result.has.resize(look.m);
  auto value = [&](const std::string &name) -> int64_t {
    if (name == "N")
      return look.n;
    if (name == "M")
      return look.m;
    for (size_t k = 0; k < names.size(); ++k)
      if (name == names[k])
        return coordinates[k];
    for (size_t k = 0; k < look.extents.size(); ++k)
      if (name == example.extents[k]->name)
        return look.extents[k];
    auto found = look.parameters.find(name);
    if (found == look.parameters.end()) {
      result.problem = "unknown parameter " + name;
      return 0;
    }
    return found->second;
  };
  for (const Run &run : evaluate(nest, value)) {
    if (run.step < 1 || run.count < 1)
      result.problem =
          fmt::format("run ({}, {}, {})", run.first, run.step, run.count);
    for (int64_t k = 0; k < run.count && result.problem.empty(); ++k) {
      int64_t column = run.first + k * run.step;
      if (column < 0 || column >= look.m)
        result.problem = fmt::format("column {} is outside", column);
      else if (result.has[column])
        result.problem = fmt::format("column {} is listed twice", column);
      else
        result.has[column] = true;
    }
    if (!result.problem.empty())
      break;
  }
  return result;
}

namespace {

std::string compare(const char *what, const Columns &actual,
                    const std::vector<bool> &expected) {
  if (!actual.problem.empty())
    return fmt::format("{}: {}", what, actual.problem);
  for (size_t j = 0; j < expected.size(); ++j)
    if (actual.has[j] != expected[j])
      return fmt::format("{}: column {} is {}", what, j,
                         expected[j] ? "missing" : "too much");
  return "";
}

std::string checkTile(const Columns &full, const Columns &partial,
                      const Picture &may, const Picture &must,
                      const std::vector<int64_t> &rows, bool isWhole) {
  size_t m = full.has.size();
  std::vector<bool> expectedFull(m), expectedPartial(m);
  for (size_t j = 0; j < m; ++j) {
    bool any = false, all = true;
    for (int64_t i : rows) {
      any = any || may[i][j];
      all = all && must[i][j];
    }
    expectedFull[j] = all;
    expectedPartial[j] = any && !all;
  }
  if (isWhole || !full.problem.empty() || !partial.problem.empty()) {
    std::string problem = compare("full", full, expectedFull);
    return problem.empty() ? compare("partial", partial, expectedPartial)
                           : problem;
  }
  for (size_t j = 0; j < m; ++j) {
    if (full.has[j] && partial.has[j])
      return fmt::format("column {} is full and partial", j);
    if (full.has[j] && !expectedFull[j])
      return fmt::format("column {} is no full one", j);
    if ((expectedFull[j] || expectedPartial[j]) && !full.has[j] &&
        !partial.has[j])
      return fmt::format("column {} is missing", j);
  }
  return "";
}

std::string where(const Look &look, const Atoms &atoms, size_t index) {
  Assignment assignment = assignmentOf(atoms, index);
  std::string text = fmt::format("N = {}, M = {}", look.n, look.m);
  if (!look.extents.empty())
    text += fmt::format(", grid {}", fmt::join(look.extents, " x "));
  for (const auto &[name, value] : look.parameters)
    text += fmt::format(", {} = {}", name, value);
  if (atoms.cases() > 1)
    text +=
        fmt::format(", keys = {}, queries = {}, relations = {}",
                    assignment.keys, assignment.queries, assignment.relations);
  return text;
}

} // namespace

void PairEvaluator::setPair(int64_t i, int64_t j,
                            const std::vector<int64_t> &extents) {
  if (!row)
    row = &values["i"], column = &values["j"];
  *row = i;
  *column = j;
  const char axes[] = {'x', 'y', 'z'};
  for (size_t k = 0; k < extents.size(); ++k) {
    int64_t extent = extents[extents.size() - 1 - k];
    values[std::string("i.") + axes[k]] = i % extent;
    values[std::string("j.") + axes[k]] = j % extent;
    i /= extent;
    j /= extent;
  }
}

int64_t PairEvaluator::evaluate(const Scalar &node) {
  auto operand = [&](int k) { return evaluate(*node.operands[k]); };
  switch (node.kind) {
  case ScalarKind::Constant:
    return node.integer;
  case ScalarKind::Variable:
  case ScalarKind::Dimension:
  case ScalarKind::Argument: {
    const int64_t *&place = places[&node];
    if (!place)
      place = &values.at(node.name);
    return *place;
  }
  case ScalarKind::KeyInSet:
    return table(node, {values.at("j")});
  case ScalarKind::QueryInSet:
    return table(node, {values.at("i")});
  case ScalarKind::Lookup: {
    // By its text where it is a parameter.
    auto extra = values.find(toString(ScalarRef(ScalarRef(), &node)));
    if (extra != values.end())
      return extra->second;
    std::vector<int64_t> indices;
    for (const ScalarRef &index : node.operands)
      indices.push_back(evaluate(*index));
    return table(node, indices);
  }
  case ScalarKind::Add:
    return operand(0) + operand(1);
  case ScalarKind::Sub:
    return operand(0) - operand(1);
  case ScalarKind::Mul:
    return operand(0) * operand(1);
  case ScalarKind::Neg:
    return -operand(0);
  case ScalarKind::FloorDiv:
    return floorDivide(operand(0), operand(1));
  case ScalarKind::CeilDiv:
    return -floorDivide(-operand(0), operand(1));
  case ScalarKind::Mod: {
    int64_t a = operand(0), b = operand(1);
    return a - b * floorDivide(a, b);
  }
  case ScalarKind::Min:
    return std::min(operand(0), operand(1));
  case ScalarKind::Max:
    return std::max(operand(0), operand(1));
  case ScalarKind::Abs:
    return std::abs(operand(0));
  case ScalarKind::Less:
    return operand(0) < operand(1);
  case ScalarKind::LessEqual:
    return operand(0) <= operand(1);
  case ScalarKind::Equal:
    return operand(0) == operand(1);
  case ScalarKind::NotEqual:
    return operand(0) != operand(1);
  case ScalarKind::And:
    return operand(0) && operand(1);
  case ScalarKind::Or:
    return operand(0) || operand(1);
  case ScalarKind::Not:
    return !operand(0);
  case ScalarKind::Select:
    return operand(0) ? operand(1) : operand(2);
  case ScalarKind::Exists: {
    int64_t upper = operand(1);
    for (int64_t s = operand(0); s < upper; ++s) {
      values[node.name] = s;
      if (operand(2))
        return 1;
    }
    return 0;
  }
  default:
    ADD_FAILURE() << "the test cannot evaluate kind "
                  << static_cast<int>(node.kind);
    return 0;
  }
}

std::vector<Look> looksAt(const Example &example, Sizes sizes) {
  std::vector<Look> looks;
  for (const Values &parameters : example.parameters) {
    for (const std::vector<int64_t> &extents : example.grids) {
      int64_t size = 1;
      for (int64_t extent : extents)
        size *= extent;
      looks.push_back({size, size, extents, parameters});
    }
    for (int64_t n = 1; example.grids.empty() && n <= sizes.limit;
         n += sizes.step)
      for (int64_t m = 0; m <= sizes.limit; m += sizes.step)
        looks.push_back({n, m, {}, parameters});
  }
  return looks;
}

std::string checkRows(const Example &example, const PatternFacts &facts,
                      Sizes sizes) {
  AtomisedPredicate atomised = atomise(example.predicate, optionsOf(example));
  for (size_t index = 0; index < facts.cases.size(); ++index)
    for (const Look &look : looksAt(example, sizes)) {
      ScalarRef may = atomised.may(assignmentOf(facts.atoms, index));
      Picture picture = draw(example, may, look);
      Tiling rows = contiguous(1);
      if (!facts.extents.empty())
        rows = box(std::vector<int64_t>(facts.extents.size(), 1));
      TileRowLists lists(rows, look.n, look.extents);
      for (int64_t i = 0; i < look.n; ++i) {
        Columns columns = columnsOf(facts.cases[index].rowRuns, example, look,
                                    facts.rowParameters, lists.coordinates(i));
        std::string problem = compare("row", columns, picture[i]);
        if (!problem.empty())
          return fmt::format("{} at i = {}, {}", problem, i,
                             where(look, facts.atoms, index));
      }
    }
  return "";
}

std::string checkTiles(const Example &example, const PatternFacts &facts,
                       const TileFacts &tiles, Sizes sizes) {
  const Tiling &tiling = tiles.tiling;
  AtomisedPredicate atomised = atomise(example.predicate, optionsOf(example));
  std::vector<std::string> names = tileParameters(tiling);
  for (size_t index = 0; index < tiles.cases.size(); ++index)
    for (const Look &look : looksAt(example, sizes)) {
      Assignment assignment = assignmentOf(facts.atoms, index);
      Picture may = draw(example, atomised.may(assignment), look);
      Picture must = draw(example, atomised.must(assignment), look);
      TileRowLists lists(tiling, look.n, look.extents);
      for (int64_t tile = 0; tile < lists.count(); ++tile) {
        std::vector<int64_t> rows = lists.rows(tile);
        if (rows.empty())
          continue;
        std::vector<int64_t> at = lists.coordinates(tile);
        const TileCase &one = tiles.cases[index];
        std::string problem = checkTile(
            columnsOf(one.fullRuns, example, look, names, at),
            columnsOf(one.partialRuns, example, look, names, at), may, must,
            rows, static_cast<int64_t>(rows.size()) == tiling.rows);
        if (!problem.empty())
          return fmt::format("{} in tile {} ({}), {}", problem, tile,
                             toString(tiling), where(look, facts.atoms, index));
      }
    }
  return "";
}

std::string checkFacts(const Example &example, const PatternFacts &facts,
                       Sizes sizes) {
  bool empty = true, dense = true, causal = true;
  AtomisedPredicate atomised = atomise(example.predicate, optionsOf(example));
  for (size_t index = 0; index < facts.cases.size(); ++index)
    for (const Look &look : looksAt(example, sizes)) {
      Assignment assignment = assignmentOf(facts.atoms, index);
      Picture may = draw(example, atomised.may(assignment), look);
      Picture must = draw(example, atomised.must(assignment), look);
      PairEvaluator evaluator;
      setSizes(example, evaluator, look);
      int64_t q0 = evaluator.values["q0"], count = 0;
      for (int64_t i = 0; i < look.n; ++i)
        for (int64_t j = 0; j < look.m; ++j) {
          count += may[i][j];
          empty &= !may[i][j];
          dense &= must[i][j];
          causal &= !may[i][j] || j <= i + q0;
        }
      if (look.n == look.m && facts.count.exact &&
          facts.count.at(look.n) != count)
        return fmt::format("count for N = {}: expected {}, but got {} ({})",
                           look.n, count, facts.count.at(look.n).value_or(-1),
                           facts.count.formula);
    }
  // A small size shows what is not so; that something is so for every size
  // cannot be seen here.
  if (facts.empty && !empty)
    return "empty, but there is a pair";
  if (facts.dense && !dense)
    return "dense, but a pair is missing";
  if (facts.causality.pairCausal && !causal)
    return "causal, but a pair looks ahead";
  if (!facts.causality.pairCausal && facts.causality.counterexample.empty())
    return "not causal, but there is no counterexample";
  return "";
}

AnalysisOptions optionsOf(const Example &example) {
  AnalysisOptions options;
  options.bottomRight = example.bottomRight;
  options.q0 = example.q0;
  options.extents = example.extents;
  return options;
}

Tiling contiguous(int64_t rows) {
  Tiling tiling;
  tiling.rows = rows;
  return tiling;
}

Tiling residues(int64_t modulus, int64_t rows) {
  Tiling tiling;
  tiling.order = RowOrder::Residues;
  tiling.modulus = modulus;
  tiling.rows = rows;
  return tiling;
}

Tiling box(std::vector<int64_t> shape, std::vector<int64_t> moduli) {
  Tiling tiling;
  tiling.order = RowOrder::Grid;
  tiling.rows = 1;
  for (int64_t extent : shape)
    tiling.rows *= extent;
  tiling.shape = std::move(shape);
  tiling.moduli = std::move(moduli);
  return tiling;
}

void expectExact(const Example &example, const std::vector<Tiling> &tilings,
                 Sizes sizes) {
  AnalysisFailure failure;
  AnalysisOptions options = optionsOf(example);
  auto facts = analyse(example.predicate, options, &failure);
  ASSERT_TRUE(facts) << example.name << ": " << failure.construct << ": "
                     << failure.reason;
  EXPECT_EQ(checkRows(example, *facts, sizes), "") << example.name;
  EXPECT_EQ(checkFacts(example, *facts, sizes), "") << example.name;
  for (const Tiling &tiling : tilings) {
    auto tiles =
        analyseTiles(example.predicate, options, *facts, tiling, &failure);
    ASSERT_TRUE(tiles) << example.name << ": " << failure.reason;
    // Residues of a pattern of several moduli may be costly.
    bool mayBeCostly =
        tiling.order == RowOrder::Residues && facts->moduli.size() > 1;
    EXPECT_TRUE(!tiles->gathered || mayBeCostly)
        << example.name << ", " << toString(tiling) << ": " << failure.reason;
    EXPECT_EQ(checkTiles(example, *facts, *tiles, sizes), "") << example.name;
  }
}

} // namespace effattn::test
