//===- BruteForce.cpp - the analysis against every pair -------------------===//
#include "test/unit/Analysis/BruteForce.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace effattn::test {

namespace {

int64_t floorDivide(int64_t a, int64_t b) {
  int64_t quotient = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

int64_t q0Of(const Example &example, PairEvaluator &evaluator,
             const Values &parameters, int64_t n, int64_t m) {
  if (example.q0)
    return evaluator.evaluate(*example.q0);
  return example.bottomRight ? m - n : parameters.at("q0");
}

/// Which columns of [0, M) each row sees, rows from 0 to `rows`.
using Picture = std::vector<std::vector<bool>>;

Picture draw(const Example &example, PairEvaluator &evaluator,
             const Values &parameters, int64_t n, int64_t m, int64_t rows) {
  evaluator.values = parameters;
  evaluator.values["N"] = n;
  evaluator.values["M"] = m;
  evaluator.values["q0"] = q0Of(example, evaluator, parameters, n, m);
  Picture picture(rows, std::vector<bool>(m));
  int64_t &i = evaluator.values["i"], &j = evaluator.values["j"];
  for (i = 0; i < rows; ++i)
    for (j = 0; j < m; ++j)
      picture[i][j] = evaluator.evaluate(*example.predicate);
  return picture;
}

/// Columns of a nest, or what is wrong with them.
struct Columns {
  std::vector<bool> has;
  std::string problem;
};

Columns columnsOf(const RunNestRef &nest, const Values &parameters, int64_t n,
                  int64_t m, const std::string &own, int64_t ownValue) {
  Columns result;
  result.has.resize(m);
  auto value = [&](const std::string &name) -> int64_t {
    if (name == "N")
      return n;
    if (name == "M")
      return m;
    if (name == own)
      return ownValue;
    auto found = parameters.find(name);
    if (found == parameters.end()) {
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
      if (column < 0 || column >= m)
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

std::string checkTile(const AnalysisCase &one, const Picture &picture,
                      const Values &parameters, int64_t n, int64_t m,
                      int64_t tileRows, int64_t t) {
  // Rows past N count as rows of the last tile.
  std::vector<bool> full(m), partial(m);
  for (int64_t j = 0; j < m; ++j) {
    bool any = false, all = true;
    for (int64_t i = t * tileRows; i < (t + 1) * tileRows; ++i) {
      any = any || picture[i][j];
      all = all && picture[i][j];
    }
    full[j] = all;
    partial[j] = any && !all;
  }
  std::string problem = compare(
      "full", columnsOf(one.tile.fullRuns, parameters, n, m, "t", t), full);
  if (problem.empty())
    problem = compare("partial",
                      columnsOf(one.tile.partialRuns, parameters, n, m, "t", t),
                      partial);
  return problem;
}

} // namespace

int64_t PairEvaluator::evaluate(const Scalar &node) {
  auto operand = [&](int k) { return evaluate(*node.operands[k]); };
  auto bit = [&](const std::vector<int> &tables, uint32_t bits) {
    auto at = std::find(tables.begin(), tables.end(), node.table);
    return bits >> (at - tables.begin()) & 1;
  };
  switch (node.kind) {
  case ScalarKind::Constant:
    return node.integer;
  case ScalarKind::Variable:
  case ScalarKind::Dimension:
  case ScalarKind::Argument:
    return values.at(node.name);
  case ScalarKind::KeyInSet:
    return bit(facts.keySetTables, oneCase.keys);
  case ScalarKind::QueryInSet:
    return bit(facts.querySetTables, oneCase.queries);
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

std::string checkRuns(const Example &example, const PatternFacts &facts,
                      int64_t tileRows, Sizes sizes) {
  for (const AnalysisCase &one : facts.cases)
    for (const Values &parameters : example.parameters)
      for (int64_t n = 1; n <= sizes.limit; n += sizes.step)
        for (int64_t m = 0; m <= sizes.limit; m += sizes.step) {
          PairEvaluator evaluator(facts, one);
          int64_t tiles = (n + tileRows - 1) / tileRows;
          Picture picture =
              draw(example, evaluator, parameters, n, m, tiles * tileRows);
          std::string problem;
          int64_t at = 0;
          const char *what = "t";
          for (; at < tiles && problem.empty(); ++at)
            problem = checkTile(one, picture, parameters, n, m, tileRows, at);
          if (problem.empty())
            for (at = 0, what = "i"; at < n && problem.empty(); ++at)
              problem = compare(
                  "row", columnsOf(one.rowRuns, parameters, n, m, "i", at),
                  picture[at]);
          if (!problem.empty())
            return fmt::format("{} at N = {}, M = {}, {} = {}, keys = {}, "
                               "queries = {}, tileRows = {}",
                               problem, n, m, what, at - 1, one.keys,
                               one.queries, tileRows);
        }
  return "";
}

std::string checkFacts(const Example &example, const PatternFacts &facts,
                       int64_t tileRows, Sizes sizes) {
  bool empty = true, dense = true, causal = true;
  for (const AnalysisCase &one : facts.cases)
    for (const Values &parameters : example.parameters)
      for (int64_t n = 1; n <= sizes.limit; n += sizes.step)
        for (int64_t m = 0; m <= sizes.limit; m += sizes.step) {
          PairEvaluator evaluator(facts, one);
          Picture picture = draw(example, evaluator, parameters, n, m, n);
          int64_t q0 = evaluator.values["q0"], count = 0;
          for (int64_t i = 0; i < n; ++i)
            for (int64_t j = 0; j < m; ++j) {
              count += picture[i][j];
              empty &= !picture[i][j];
              dense &= picture[i][j];
              causal &= !picture[i][j] || j <= i + q0;
            }
          if (n == m && facts.count.exact && facts.count.at(n) != count)
            return fmt::format("count for N = {}: expected {}, but got {} ({})",
                               n, count, facts.count.at(n).value_or(-1),
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

AnalysisOptions optionsOf(const Example &example, int64_t tileRows) {
  AnalysisOptions options;
  options.strategy.tileRows = tileRows;
  options.bottomRight = example.bottomRight;
  options.q0 = example.q0;
  return options;
}

void expectExact(const Example &example, int64_t tileRows, Sizes sizes) {
  AnalysisFailure failure;
  auto facts =
      analyse(example.predicate, optionsOf(example, tileRows), &failure);
  ASSERT_TRUE(facts) << example.name << ": " << failure.construct << ": "
                     << failure.reason;
  EXPECT_EQ(checkRuns(example, *facts, tileRows, sizes), "") << example.name;
  EXPECT_EQ(checkFacts(example, *facts, tileRows, sizes), "") << example.name;
}

} // namespace effattn::test
