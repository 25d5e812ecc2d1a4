//===- RunNest.cpp - print and evaluate loops of runs ---------------------===//
#include "lib/Analysis/Runs.h"

#include "lib/Pattern/FloorDivide.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace effattn {

namespace {

void print(const RunNestRef &nest, int depth, std::string &out) {
  std::string indent(2 * depth, ' ');
  switch (nest->kind) {
  case RunNest::Kind::Block:
    for (const RunNestRef &child : nest->children)
      print(child, depth, out);
    break;
  case RunNest::Kind::If:
    out += fmt::format("{}if ({}) {{\n", indent, toString(nest->condition));
    print(nest->children[0], depth + 1, out);
    if (nest->children.size() > 1) {
      out += indent + "} else {\n";
      print(nest->children[1], depth + 1, out);
    }
    out += indent + "}\n";
    break;
  case RunNest::Kind::For:
    out += fmt::format("{0}for ({1} = {2}; {1} < {3}; {1} += {4}) {{\n", indent,
                       nest->iterator, toString(nest->first),
                       toString(nest->end), toString(nest->step));
    print(nest->children[0], depth + 1, out);
    out += indent + "}\n";
    break;
  case RunNest::Kind::Run:
    out += fmt::format("{}run(first = {}, step = {}, count = {})\n", indent,
                       toString(nest->first), toString(nest->step),
                       toString(nest->count));
    break;
  }
}

class Evaluator {
public:
  explicit Evaluator(
      const std::function<int64_t(const std::string &)> &parameter,
      int64_t maxSteps = std::numeric_limits<int64_t>::max())
      : parameter(parameter), maxSteps(maxSteps) {}

  void run(const RunNest &nest) {
    if (++steps > maxSteps)
      return;
    switch (nest.kind) {
    case RunNest::Kind::Block:
      for (const RunNestRef &child : nest.children)
        run(*child);
      break;
    case RunNest::Kind::If:
      if (value(*nest.condition))
        run(*nest.children[0]);
      else if (nest.children.size() > 1)
        run(*nest.children[1]);
      break;
    case RunNest::Kind::For: {
      int64_t end = value(*nest.end), step = value(*nest.step);
      int64_t first = value(*nest.first);
      iterators.emplace_back(nest.iterator, first);
      for (int64_t k = first; k < end && steps <= maxSteps; k += step) {
        iterators.back().second = k;
        run(*nest.children[0]);
      }
      iterators.pop_back();
      break;
    }
    case RunNest::Kind::Run: {
      int64_t count = value(*nest.count);
      if (count > 0)
        runs.push_back({value(*nest.first), value(*nest.step), count});
      break;
    }
    }
  }

  std::vector<Run> runs;
  int64_t steps = 0;

private:
  int64_t name(const std::string &name) const {
    for (auto it = iterators.rbegin(); it != iterators.rend(); ++it)
      if (it->first == name)
        return it->second;
    return parameter(name);
  }

  int64_t value(const Scalar &node) const {
    auto operand = [&](int k) { return value(*node.operands[k]); };
    switch (node.kind) {
    case ScalarKind::Constant:
      return node.integer;
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
    case ScalarKind::Mod: {
      int64_t a = operand(0), b = operand(1);
      return a - b * floorDivide(a, b);
    }
    case ScalarKind::Min:
      return std::min(operand(0), operand(1));
    case ScalarKind::Max:
      return std::max(operand(0), operand(1));
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
    default:
      return name(node.name);
    }
  }

  const std::function<int64_t(const std::string &)> &parameter;
  int64_t maxSteps;
  std::vector<std::pair<std::string, int64_t>> iterators;
};

} // namespace

std::string toString(const RunNestRef &nest) {
  std::string out;
  print(nest, 0, out);
  return out;
}

std::vector<Run>
evaluate(const RunNestRef &nest,
         const std::function<int64_t(const std::string &)> &parameter) {
  Evaluator evaluator(parameter);
  evaluator.run(*nest);
  return std::move(evaluator.runs);
}

NestWork measure(const RunNestRef &nest,
                 const std::function<int64_t(const std::string &)> &parameter,
                 int64_t maxSteps) {
  Evaluator evaluator(parameter, maxSteps);
  evaluator.run(*nest);
  return {static_cast<int64_t>(evaluator.runs.size()), evaluator.steps};
}

} // namespace effattn
