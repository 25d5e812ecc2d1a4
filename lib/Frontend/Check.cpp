//===- Check.cpp - the file: params, definitions, kernels -----------------===//

#include "lib/Frontend/Check.h"

#include "lib/Frontend/Checker.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace effattn {

namespace checking {

/// Definitions may be used before the line that makes them.
void Checker::collectDefinitions() {
  for (const ast::Declaration &declaration : file.declarations) {
    auto *definition = std::get_if<ast::Definition>(&declaration);
    if (!definition)
      continue;
    const ast::Identifier &name = definition->name;
    const char *what = definition->isPattern ? "a pattern" : "a def";
    if (!checkNewName(name, what))
      continue;
    if (isBuiltinName(name.text)) {
      error(name.range, fmt::format("'{}' is built in and cannot be defined "
                                    "again",
                                    name.text));
      continue;
    }
    auto [place, isNew] = definitions.try_emplace(name.text, definition);
    if (!isNew)
      error(name.range, fmt::format("'{}' is already declared", name.text))
          .note(place->second->name.range, "declared here first");
  }
}

namespace {

template <typename Number>
std::optional<Number> parseAll(const std::string &text) {
  Number value{};
  auto [end, status] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return value;
}

std::optional<ScalarType> paramType(const std::string &name) {
  if (name == "int")
    return ScalarType::Int;
  if (name == "float")
    return ScalarType::Float;
  if (name == "bool")
    return ScalarType::Bool;
  return std::nullopt;
}

ScalarRef parseValue(const std::string &text, ScalarType type) {
  switch (type) {
  case ScalarType::Bool:
    return text == "true"    ? constantBool(true)
           : text == "false" ? constantBool(false)
                             : nullptr;
  case ScalarType::Int: {
    auto value = parseAll<int64_t>(text);
    return value ? constantInt(*value) : nullptr;
  }
  case ScalarType::Float: {
    auto value = parseAll<double>(text);
    return value && *value - *value == 0 ? constantFloat(*value) : nullptr;
  }
  }
  return nullptr;
}

} // namespace

void Checker::checkParam(const ast::Param &param, Scope &scope) {
  const std::string &name = param.name.text;
  paramNames.push_back(name);
  auto type = paramType(param.type.text);
  if (!type) {
    if (!param.type.empty())
      error(
          param.type.range,
          fmt::format("expected int, float or bool for a param, but got '{}'{}",
                      param.type.text,
                      didYouMean(param.type.text, {"int", "float", "bool"})));
    declare(scope, param.name, {}, "a param");
    return;
  }
  Value value = evaluateIn(*param.value, Where::Constant, false);
  value =
      expectScalar(value, *type, param.value->range,
                   fmt::format("param '{}' of type {}", name, param.type.text));
  if (!value.isPoison() && !value.scalar->isConstant()) {
    error(param.value->range,
          fmt::format("expected a constant for param '{}', but got {}", name,
                      toString(value.scalar)));
    value = {};
  }
  if (auto set = sets.find(name); set != sets.end()) {
    ScalarRef given = parseValue(set->second, *type);
    value = {};
    if (given)
      value = makeScalar(std::move(given));
    else
      error(param.name.range,
            fmt::format("expected a value of type {} for param '{}', but got "
                        "--set {}={}",
                        param.type.text, name, name, set->second));
  }
  if (!value.isPoison())
    program->params.push_back(
        {name, param.type.text,
         *type == ScalarType::Float
             ? value.scalar->real
             : static_cast<double>(value.scalar->integer)});
  declare(scope, param.name, std::move(value), "a param");
}

void Checker::checkSets() {
  for (const auto &[name, value] : sets)
    if (std::find(paramNames.begin(), paramNames.end(), name) ==
        paramNames.end())
      error({-1, -1},
            fmt::format("--set {}={}: the file has no param '{}'{}", name,
                        value, name, didYouMean(name, paramNames)));
}

/// A definition that nothing uses is evaluated with unknown arguments, which
/// finds names that do not exist.
void Checker::checkUnusedDefinitions() {
  for (const auto &entry : definitions) {
    const ast::Definition *definition = entry.second;
    if (used[definition])
      continue;
    kernel = {};
    dimensionRanges.clear();
    setBounds.clear();
    lookupRanges.clear();
    stepNumbers.clear();
    frames.push_back({definition, {-1, -1}});
    Scope scope{{}, &fileScope};
    for (const ast::Identifier &parameter : definition->parameters)
      declare(scope, parameter, {}, "a parameter");
    Restore restore(context);
    context = {};
    context.scope = &scope;
    context.where = Where::Body;
    context.hasSizes = true;
    context.gridAxes = 3;
    Value value = evaluate(*definition->body);
    if (definition->isPattern)
      expectPattern(value, definition->body->range,
                    fmt::format("pattern '{}'", definition->name.text));
    frames.pop_back();
  }
}

std::unique_ptr<Program> Checker::run() {
  if (diagnostics.hasErrors())
    return nullptr; // the tree is not what was meant
  context.scope = &fileScope;
  collectDefinitions();
  for (const ast::Declaration &declaration : file.declarations)
    if (auto *param = std::get_if<ast::Param>(&declaration))
      checkParam(*param, fileScope);
  bool hasKernel = false;
  for (const ast::Declaration &declaration : file.declarations)
    if (auto *text = std::get_if<ast::Kernel>(&declaration)) {
      hasKernel = true;
      checkKernel(*text);
    }
  checkUnusedDefinitions();
  checkSets();
  if (!hasKernel && !diagnostics.hasErrors())
    error({-1, -1}, "expected a kernel in the file, but found none");
  if (diagnostics.hasErrors())
    return nullptr;
  return std::move(program);
}

} // namespace checking

std::unique_ptr<Program> check(const ast::File &file,
                               const std::map<std::string, std::string> &sets,
                               DiagnosticEngine &diagnostics) {
  return checking::Checker(file, sets, diagnostics).run();
}

} // namespace effattn
