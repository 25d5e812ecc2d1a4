//===- FactCheck.cpp - facts of the analysis against every pair -----------===//

#include "FactCheck.h"

#include "lib/Analysis/Analysis.h"

#include <fmt/format.h>

#include <regex>

namespace effattn::test {

namespace {

bool readsTables(const ScalarRef &predicate) {
  return contains(predicate, [](const Scalar &node) {
    return node.kind == ScalarKind::Lookup ||
           node.kind == ScalarKind::KeyInSet ||
           node.kind == ScalarKind::QueryInSet;
  });
}

class Facts {
public:
  Facts(const PatternForm &form, const PatternFacts &facts,
        const ProgramValue &attend, const reference::Inputs &inputs)
      : facts(facts), grid(!form.extents.empty()),
        predicate(withoutCoordinates(form.predicate, form.extents)),
        firstPosition(attend.q0) {
    environment.dimensions = inputs.dimensions;
    environment.arguments = inputs.scalars;
    environment.variables = {{"b", 0}, {"h", 0}};
    size = inputs.dimensions.at("N");
  }

  std::string check() {
    if (grid)
      return at(size, size);
    std::string problem;
    for (int64_t n = 0; n <= 17 && problem.empty(); ++n)
      for (int64_t m = 0; m <= 17 && problem.empty(); ++m)
        problem = at(n, m);
    return problem.empty() ? counterexample() : problem;
  }

private:
  bool holds(int64_t i, int64_t j) {
    environment.variables["i"] = static_cast<double>(i);
    environment.variables["j"] = static_cast<double>(j);
    return reference::evaluate(predicate, environment) != 0;
  }

  int64_t position(int64_t n, int64_t m) {
    environment.variables["N"] = static_cast<double>(n);
    environment.variables["M"] = static_cast<double>(m);
    double q0 = static_cast<double>(m - n);
    if (firstPosition)
      q0 = reference::evaluate(firstPosition, environment);
    environment.variables["q0"] = q0;
    return static_cast<int64_t>(q0);
  }

  /// How often the loops of the analysis list each column of a row; empty for
  /// patterns on grids, whose parameters are those of a plan.
  std::vector<int> rowColumns(int64_t row, int64_t m) {
    if (grid || facts.cases.empty())
      return {};
    std::vector<int> columns(m, 0);
    if (!facts.cases[0].rowRuns)
      return columns;
    std::map<std::string, int64_t> values;
    for (size_t k = 0; k < facts.parameters.size(); ++k)
      values[facts.parameters[k]] = static_cast<int64_t>(
          reference::evaluate(facts.parameterValues[k], environment));
    values[facts.rowParameters[0]] = row;
    for (const Run &run :
         evaluate(facts.cases[0].rowRuns,
                  [&](const std::string &name) { return values.at(name); }))
      for (int64_t c = 0; c < run.count; ++c)
        if (int64_t j = run.first + c * run.step; 0 <= j && j < m)
          ++columns[j];
    return columns;
  }

  std::string at(int64_t n, int64_t m) {
    int64_t q0 = position(n, m), pairs = 0;
    reference::Evaluator evaluator(predicate, environment);
    for (int64_t i = 0; i < n; ++i) {
      std::vector<int> listed = rowColumns(i, m);
      for (int64_t j = 0; j < m; ++j) {
        environment.variables["i"] = static_cast<double>(i);
        environment.variables["j"] = static_cast<double>(j);
        bool inside = evaluator.value() != 0;
        if (!listed.empty() && listed[j] != int(inside))
          return fmt::format("i={} j={} at N={} M={}: {} in the pattern, but "
                             "listed {} time(s) in the row",
                             i, j, n, m, inside ? "is" : "is not", listed[j]);
        if (!inside)
          continue;
        ++pairs;
        if (facts.causality.pairCausal && j > i + q0)
          return fmt::format("said to be causal, but i={} sees j={} at N={} "
                             "M={}",
                             i, j, n, m);
      }
    }
    if (n == m && facts.count.at(n) && *facts.count.at(n) != pairs)
      return fmt::format("{} pairs at N={}, but the count is {}", pairs, n,
                         *facts.count.at(n));
    if (facts.empty && pairs > 0)
      return fmt::format("said to be empty, but has {} pairs at N={} M={}",
                         pairs, n, m);
    if (facts.dense && pairs < n * m)
      return fmt::format("said to be dense, but has {} pairs at N={} M={}",
                         pairs, n, m);
    return "";
  }

  /// "i = 0, j = 1, N = 2, M = 2": a pair of the pattern that looks ahead.
  std::string counterexample() {
    const std::string &text = facts.causality.counterexample;
    if (facts.causality.pairCausal || text.empty())
      return "";
    std::map<std::string, int64_t> values;
    static const std::regex assignment("([A-Za-z_0-9.]+) = (-?[0-9]+)");
    for (std::sregex_iterator each(text.begin(), text.end(), assignment), end;
         each != end; ++each)
      values[(*each)[1]] = std::stoll((*each)[2]);
    for (const char *name : {"i", "j", "N", "M"})
      if (!values.count(name))
        return "";
    for (const auto &[name, value] : values) {
      if (environment.arguments.count(name))
        environment.arguments[name] = static_cast<double>(value);
      if (name == "h" || name == "b")
        environment.variables[name] = static_cast<double>(value);
    }
    int64_t q0 = position(values["N"], values["M"]);
    if (values.count("q0") && firstPosition) {
      q0 = values["q0"];
      environment.variables["q0"] = static_cast<double>(q0);
    }
    if (values["j"] > values["i"] + q0 && holds(values["i"], values["j"]))
      return "";
    return "said not to be causal for what is no such pair: " + text;
  }

  const PatternFacts &facts;
  bool grid;
  ScalarRef predicate, firstPosition;
  reference::Environment environment;
  int64_t size = 0;
};

} // namespace

std::string checkFacts(const ProgramKernel &kernel,
                       const reference::Inputs &inputs) {
  for (const ProgramValue &value : kernel.values) {
    if (value.op != TensorOp::Attend)
      continue;
    const Pattern *unsupported = nullptr;
    PatternForm form = formOf(value.pattern, &unsupported);
    if (!form.predicate || readsTables(form.predicate))
      continue;
    AnalysisOptions options;
    options.bottomRight = value.q0 == nullptr;
    options.q0 = value.q0;
    options.extents = form.extents;
    AnalysisFailure failure;
    auto facts = analyse(form.predicate, options, &failure);
    if (!facts)
      continue;
    std::string problem = Facts(form, *facts, value, inputs).check();
    if (!problem.empty())
      return "facts: " + problem;
  }
  return "";
}

} // namespace effattn::test
