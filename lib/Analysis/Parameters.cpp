//===- Parameters.cpp - the parameters of a pattern's sets ----------------===//
#include "lib/Analysis/Parameters.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <set>

namespace effattn {

namespace {

/// Names that our sets use themselves, and words of isl's text, which it reads
/// without regard to case.
bool isTaken(std::string name) {
  static const std::set<std::string> ours = {"N", "M", "q0", "b",
                                             "h", "i", "j",  "t"};
  static const std::set<std::string> words = {
      "exists",   "and",   "or",   "not",    "implies", "mod",   "min",
      "max",      "floor", "ceil", "abs",    "true",    "false", "infty",
      "infinity", "nan",   "rat",  "sizeof", "domain",  "range", "ceild",
      "floord",   "fmax",  "fmin", "int"};
  if (ours.contains(name))
    return true;
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return words.contains(name);
}

bool isPlain(const std::string &name) {
  return !name.empty() && std::isalpha(static_cast<unsigned char>(name[0])) &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return c < 128 && (std::isalnum(c) || c == '_');
         });
}

bool same(const Scalar &a, const Scalar &b) {
  return a.kind == b.kind && a.name == b.name;
}

} // namespace

Parameters::Parameters(const std::vector<ScalarRef> &expressions, bool withQ0) {
  add(*variable("N"));
  add(*variable("M"));
  if (withQ0)
    add(*variable("q0"));
  auto visit = [&](const Scalar &node) {
    bool isOuter = node.kind == ScalarKind::Variable &&
                   (node.name == "b" || node.name == "h");
    bool isSize =
        node.kind == ScalarKind::Dimension ||
        (node.kind == ScalarKind::Argument && node.type == ScalarType::Int);
    if (isOuter || isSize)
      add(node);
  };
  for (const ScalarRef &expression : expressions)
    walk(expression, visit);
}

std::optional<int> Parameters::find(const Scalar &node) const {
  for (size_t k = 0; k < parameters.size(); ++k)
    if (same(*parameters[k].value, node))
      return static_cast<int>(k);
  return std::nullopt;
}

std::string Parameters::isl(const std::vector<std::string> &further) const {
  std::vector<std::string> names;
  for (const Parameter &parameter : parameters)
    names.push_back(parameter.name);
  names.insert(names.end(), further.begin(), further.end());
  return fmt::format("[{}]", fmt::join(names, ", "));
}

void Parameters::add(const Scalar &node) {
  if (find(node))
    return;
  std::string name = node.name;
  if (node.kind != ScalarKind::Variable && (isTaken(name) || !isPlain(name))) {
    for (char &c : name)
      if (static_cast<unsigned char>(c) >= 128 ||
          !std::isalnum(static_cast<unsigned char>(c)))
        c = '_';
    name = (node.kind == ScalarKind::Dimension ? "dim_" : "arg_") + name;
  }
  auto isUsed = [&](const std::string &candidate) {
    return std::any_of(
        parameters.begin(), parameters.end(),
        [&](const Parameter &other) { return other.name == candidate; });
  };
  while (isUsed(name))
    name += "_";
  parameters.push_back({name, std::make_shared<Scalar>(node)});
}

std::vector<int64_t> moduli(const ScalarRef &predicate) {
  std::set<int64_t> found;
  walk(predicate, [&](const Scalar &node) {
    bool divides = node.kind == ScalarKind::FloorDiv ||
                   node.kind == ScalarKind::CeilDiv ||
                   node.kind == ScalarKind::Mod;
    if (divides && node.operands[1]->isConstant() &&
        node.operands[1]->integer > 1)
      found.insert(node.operands[1]->integer);
  });
  return {found.begin(), found.end()};
}

} // namespace effattn
