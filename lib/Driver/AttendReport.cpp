//===- AttendReport.cpp - what is known of each attend --------------------===//

#include "lib/Driver/AttendReport.h"

#include "lib/Reference/Reference.h"

#include <algorithm>
#include <fmt/format.h>

namespace effattn {

namespace {

/// Filters that `rows` puts on each value, pushed down to the attends.
void pushFilters(const ProgramKernel &kernel, int number,
                 std::vector<RowFilter> filters,
                 std::map<int, std::vector<RowFilter>> &found) {
  const ProgramValue &value = kernel.values[number];
  if (value.op == TensorOp::Attend)
    found[number] = filters;
  if (value.op == TensorOp::Merge || value.op == TensorOp::Average)
    for (int part : value.operands)
      pushFilters(kernel, part, filters, found);
  if (value.op != TensorOp::Rows)
    return;
  filters.push_back({value.set, true});
  pushFilters(kernel, value.operands[0], filters, found);
  filters.back().keep = false;
  if (value.hasElse)
    pushFilters(kernel, value.operands[1], filters, found);
}

/// Numbers the sets of an atom kind in order of first use.
ScalarRef numberSets(const ScalarRef &predicate, ScalarKind kind,
                     std::vector<int> &sets) {
  return rewrite(predicate, [&](const ScalarRef &node) -> ScalarRef {
    if (node->kind != kind)
      return nullptr;
    auto place = std::find(sets.begin(), sets.end(), node->table);
    int number = static_cast<int>(place - sets.begin());
    if (place == sets.end())
      sets.push_back(node->table);
    return kind == ScalarKind::KeyInSet ? keyInSet(number) : queryInSet(number);
  });
}

std::string nameOf(const ProgramKernel &kernel, int number) {
  const ProgramValue &value = kernel.values[number];
  if (value.op == TensorOp::Argument)
    return kernel.arguments[value.argument].name;
  return value.name.empty() ? fmt::format("#{}", number) : value.name;
}

AttendReport report(const ProgramKernel &kernel, int number,
                    std::vector<RowFilter> filters, const Strategy &strategy) {
  const ProgramValue &value = kernel.values[number];
  AttendReport result;
  result.value = number;
  result.filters = std::move(filters);
  result.strategy = strategy;
  auto tableName = [&](int table) { return nameOf(kernel, table); };
  result.pattern = toString(value.pattern, tableName);
  const ProgramValue &keys =
      kernel.values[value.operands[value.logits ? 0 : 1]];
  auto tokens = [](const TensorType &type) {
    return type.shape[type.shape.size() - 2];
  };
  result.queryCount = tokens(value.types[0]);
  result.keyCount = tokens(keys.types[0]);
  result.firstPosition =
      value.q0 ? value.q0 : result.keyCount - result.queryCount;
  const Pattern *unsupported = nullptr;
  ScalarRef inside = predicate(value.pattern, &unsupported);
  if (!inside) {
    result.failure.reason = "this pattern is not analysed yet";
    return result;
  }
  inside = numberSets(inside, ScalarKind::KeyInSet, result.keySets);
  inside = numberSets(inside, ScalarKind::QueryInSet, result.querySets);
  AnalysisOptions options;
  options.strategy = strategy;
  options.bottomRight = value.q0 == nullptr;
  result.facts = analyse(inside, options, &result.failure);
  return result;
}

} // namespace

std::vector<AttendReport> reportAttends(const ProgramKernel &kernel,
                                        const Strategy &strategy) {
  std::map<int, std::vector<RowFilter>> filters;
  for (size_t k = 0; k < kernel.values.size(); ++k)
    if (kernel.values[k].op == TensorOp::Attend)
      filters[static_cast<int>(k)] = {};
  for (const ProgramResult &result : kernel.results)
    pushFilters(kernel, result.value, {}, filters);
  std::vector<AttendReport> reports;
  for (auto &[number, rows] : filters)
    reports.push_back(report(kernel, number, rows, strategy));
  return reports;
}

bool makeInstance(const ProgramKernel &kernel,
                  const std::map<std::string, int64_t> &sizes,
                  Instance &instance, std::string &problem) {
  auto valueOf = [&](const std::string &name, int64_t &value) {
    auto given = sizes.find(name), example = kernel.example.find(name);
    if (given != sizes.end())
      value = given->second;
    else if (example != kernel.example.end())
      value = example->second;
    else
      problem = fmt::format("{0} has no value: give {0}=... or an `example` in "
                            "the file",
                            name);
    return problem.empty();
  };
  for (const std::string &name : kernel.dimensions)
    if (!valueOf(name, instance.dimensions[name]))
      return false;
  for (const ProgramArgument &argument : kernel.arguments)
    if (argument.kind == ArgumentKind::Scalar &&
        argument.type.element != ElementType::F32 &&
        !valueOf(argument.name, instance.scalars[argument.name]))
      return false;
  for (size_t k = 0; k < kernel.arguments.size(); ++k) {
    const ProgramArgument &argument = kernel.arguments[k];
    if (argument.kind != ArgumentKind::IndexSet)
      continue;
    reference::Environment environment;
    environment.dimensions = instance.dimensions;
    int64_t bound = reference::evaluate(argument.bound, environment);
    int64_t count =
        reference::shapeOf(argument.type, instance.dimensions).back();
    if (count > bound) {
      problem = fmt::format("index set {} has {} values, but only {} exist",
                            argument.name, count, bound);
      return false;
    }
    for (int64_t member = 0; member < count; ++member)
      instance.sets[static_cast<int>(k)].push_back(member * bound / count);
  }
  return true;
}

Columns::Columns(const AttendReport &report, const Instance &instance)
    : report(report), instance(instance) {
  reference::Environment environment;
  environment.dimensions = instance.dimensions;
  for (const auto &[name, value] : instance.scalars)
    environment.arguments[name] = static_cast<double>(value);
  n = reference::evaluate(report.queryCount, environment);
  m = reference::evaluate(report.keyCount, environment);
  q0 = reference::evaluate(report.firstPosition, environment);
  std::map<int64_t, uint32_t> bits;
  for (size_t k = 0; k < report.keySets.size(); ++k)
    for (int64_t member : instance.sets.at(report.keySets[k]))
      bits[member] |= uint32_t(1) << k;
  setColumns.assign(bits.begin(), bits.end());
}

bool Columns::hasRow(int64_t row) const {
  for (const RowFilter &filter : report.filters) {
    const std::vector<int64_t> &set = instance.sets.at(filter.set);
    if (std::binary_search(set.begin(), set.end(), row) != filter.keep)
      return false;
  }
  return true;
}

int64_t Columns::parameterValue(const std::string &name) const {
  if (name == "N")
    return n;
  if (name == "M")
    return m;
  if (name == "q0")
    return q0;
  auto dimension = instance.dimensions.find(name);
  return dimension != instance.dimensions.end() ? dimension->second
                                                : instance.scalars.at(name);
}

uint32_t Columns::querySetsOf(int64_t row) const {
  uint32_t bits = 0;
  for (size_t k = 0; k < report.querySets.size(); ++k) {
    const std::vector<int64_t> &set = instance.sets.at(report.querySets[k]);
    if (std::binary_search(set.begin(), set.end(), row))
      bits |= uint32_t(1) << k;
  }
  return bits;
}

namespace {

bool holds(const Run &run, int64_t column) {
  int64_t distance = column - run.first;
  return distance >= 0 && distance % run.step == 0 &&
         distance / run.step < run.count;
}

/// The run without one of its columns.
void appendWithout(const Run &run,
                   const std::vector<std::pair<int64_t, uint32_t>> &removed,
                   std::vector<Run> &runs) {
  int64_t start = 0;
  for (const auto &[column, bits] : removed) {
    if (!holds(run, column))
      continue;
    int64_t place = (column - run.first) / run.step;
    if (place > start)
      runs.push_back({run.first + start * run.step, run.step, place - start});
    start = place + 1;
  }
  if (run.count > start)
    runs.push_back({run.first + start * run.step, run.step, run.count - start});
}

} // namespace

/// Case 0 without the columns of the key sets, and those columns where their
/// own case has them.
void Columns::collect(
    uint32_t queries, const char *parameter, int64_t index,
    const std::function<RunNestRef(const AnalysisCase &)> &nest,
    std::vector<Run> &runs) const {
  auto value = [&](const std::string &name) {
    return name == parameter ? index : parameterValue(name);
  };
  uint32_t cases = uint32_t(1) << report.keySets.size();
  for (uint32_t keys = 0; keys < cases; ++keys)
    for (const Run &run :
         evaluate(nest(report.facts->cases[queries * cases + keys]), value)) {
      if (keys == 0) {
        appendWithout(run, setColumns, runs);
        continue;
      }
      for (const auto &[column, bits] : setColumns)
        if (bits == keys && holds(run, column))
          runs.push_back({column, 1, 1});
    }
}

std::vector<Run> Columns::row(int64_t row) const {
  std::vector<Run> runs;
  collect(
      querySetsOf(row), "i", row,
      [](const AnalysisCase &one) { return one.rowRuns; }, runs);
  return runs;
}

void Columns::tile(int64_t tile, std::vector<Run> &full,
                   std::vector<Run> &partial) const {
  collect(
      0, "t", tile, [](const AnalysisCase &one) { return one.tile.fullRuns; },
      full);
  collect(
      0, "t", tile,
      [](const AnalysisCase &one) { return one.tile.partialRuns; }, partial);
}

} // namespace effattn
