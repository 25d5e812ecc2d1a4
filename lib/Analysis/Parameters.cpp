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
  static const std::set<std::string> ours = {
      "N",  "M",  "q0", "b",  "h",  "i",  "j",  "t",  "r",  "k",  "iz",
      "iy", "ix", "jz", "jy", "jx", "tz", "ty", "tx", "rz", "ry", "rx"};
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

} // namespace

Parameters::Parameters(const std::vector<ScalarRef> &expressions, bool withQ0,
                       const std::vector<ScalarRef> &extents,
                       const std::vector<ScalarRef> &extras) {
  add(variable("N"));
  add(variable("M"));
  if (withQ0)
    add(variable("q0"));
  const char *names[] = {"extent_x", "extent_y", "extent_z"};
  for (size_t axis = 0; axis < extents.size(); ++axis)
    if (!extents[axis]->isConstant())
      add(extents[axis], names[extents.size() - 1 - axis]);
  auto visit = [&](const Scalar &node) {
    bool isOuter = node.kind == ScalarKind::Variable &&
                   (node.name == "b" || node.name == "h");
    bool isSize =
        node.kind == ScalarKind::Dimension ||
        (node.kind == ScalarKind::Argument && node.type == ScalarType::Int);
    if (isOuter || isSize)
      add(std::make_shared<Scalar>(node));
  };
  for (const ScalarRef &expression : expressions)
    walk(expression, visit);
  for (size_t k = 0; k < extras.size(); ++k)
    add(extras[k], fmt::format("extra{}", k));
}

std::optional<int> Parameters::find(const Scalar &node) const {
  ScalarRef same(std::shared_ptr<void>(), &node);
  for (size_t k = 0; k < parameters.size(); ++k)
    if (equivalent(parameters[k].value, same))
      return static_cast<int>(k);
  return std::nullopt;
}

ScalarRef Parameters::named(const ScalarRef &extent) const {
  if (extent->isConstant())
    return extent;
  return variable(parameters[find(*extent).value()].name);
}

std::string Parameters::isl(const std::vector<std::string> &further) const {
  std::vector<std::string> names;
  for (const Parameter &parameter : parameters)
    names.push_back(parameter.name);
  names.insert(names.end(), further.begin(), further.end());
  return fmt::format("[{}]", fmt::join(names, ", "));
}

void Parameters::add(const ScalarRef &value, const std::string &fallback) {
  const Scalar &node = *value;
  if (find(node))
    return;
  std::string name = node.name.empty() ? fallback : node.name;
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
  parameters.push_back({name, value});
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
