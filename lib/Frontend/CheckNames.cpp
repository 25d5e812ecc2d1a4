//===- CheckNames.cpp - scopes and messages -------------------------------===//

#include "lib/Frontend/Checker.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace effattn::checking {

namespace {

/// Uses of definitions that a message shows: the innermost ones and, past
/// them, the outermost.
constexpr size_t kShownFrames = 5;

} // namespace

Diagnostic &Checker::error(ast::SourceRange range, std::string text) {
  Diagnostic &diagnostic = diagnostics.error(range, std::move(text));
  for (size_t k = 0; k < frames.size(); ++k) {
    const Frame &frame = frames[frames.size() - 1 - k];
    bool isShown = k < kShownFrames || k + 1 == frames.size();
    if (isShown && frame.use.begin >= 0)
      diagnostic.note(frame.use, fmt::format("in this use of '{}'",
                                             frame.definition->name.text));
  }
  return diagnostic;
}

std::string Checker::describe(const Value &value) const {
  switch (value.kind) {
  case Value::Poison:
    return "nothing";
  case Value::Scalar:
    switch (value.scalar->type) {
    case ScalarType::Bool:
      return "a condition";
    case ScalarType::Int:
      return "an integer";
    case ScalarType::Float:
      return "a float";
    }
    return {};
  case Value::Tensor:
    // A value that a constant 'if' did not choose is gone.
    return value.number < static_cast<int>(kernel.values.size())
               ? "a tensor " + toString(typeOf(value))
               : "a tensor";
  case Value::Set:
    return "an index set";
  case Value::Pattern:
    return "a pattern";
  case Value::Order:
    return "an order";
  }
  return {};
}

const Binding *Checker::lookUp(std::string_view name) const {
  for (const Scope *scope = context.scope; scope; scope = scope->parent) {
    auto found = scope->names.find(name);
    if (found != scope->names.end())
      return &found->second;
  }
  return nullptr;
}

std::vector<std::string> Checker::visibleNames() const {
  std::vector<std::string> names;
  for (const Scope *scope = context.scope; scope; scope = scope->parent)
    for (const auto &entry : scope->names)
      names.push_back(entry.first);
  for (const auto &entry : definitions)
    names.emplace_back(entry.first);
  for (const auto &entry : dimensionRanges)
    names.emplace_back(entry.first);
  if (context.hasSizes)
    names.insert(names.end(), {"N", "M"});
  return names;
}

bool Checker::checkNewName(const ast::Identifier &name, std::string_view what) {
  if (name.empty())
    return false;
  const std::string &text = name.text;
  if (text == "b" || text == "h" || text == "i" || text == "j") {
    const char *meaning = text == "b"   ? "batch"
                          : text == "h" ? "query head"
                          : text == "i" ? "query's index"
                                        : "key's index";
    error(name.range, fmt::format("'{}' is reserved for the {} and cannot name "
                                  "{}",
                                  text, meaning, what));
    return false;
  }
  if (text == "all" || text == "none" || text == "causal") {
    error(name.range,
          fmt::format("'{}' is a built-in pattern and cannot name {}", text,
                      what));
    return false;
  }
  if ((text == "N" || text == "M") && what != "a param") {
    error(name.range,
          fmt::format("'{}' is the number of {} in patterns and cannot name {}",
                      text, text == "N" ? "queries" : "keys", what));
    return false;
  }
  return true;
}

void Checker::declare(Scope &scope, const ast::Identifier &name, Value value,
                      std::string_view what) {
  if (!checkNewName(name, what)) {
    if (!name.empty())
      scope.names[name.text] = {Value(), name.range};
    return;
  }
  const ast::SourceRange *first = nullptr;
  if (auto found = scope.names.find(name.text); found != scope.names.end())
    first = &found->second.range;
  // Within a kernel a name means one thing; binders of inner blocks hide.
  bool isOuter = &scope == &fileScope || scope.parent == &fileScope;
  if (isOuter && frames.empty()) {
    auto param = fileScope.names.find(name.text);
    auto definition = definitions.find(name.text);
    if (param != fileScope.names.end())
      first = &param->second.range;
    else if (definition != definitions.end())
      first = &definition->second->name.range;
    else if (auto found = dimensionRanges.find(name.text);
             found != dimensionRanges.end())
      first = &found->second;
  }
  if (first) {
    error(name.range, fmt::format("'{}' is already declared", name.text))
        .note(*first, "declared here first");
    return;
  }
  scope.names[name.text] = {std::move(value), name.range};
}

void Checker::noteDimensions(Diagnostic &diagnostic, const ScalarRef &a,
                             const ScalarRef &b) const {
  for (const ScalarRef &side : {a, b}) {
    if (side->kind != ScalarKind::Dimension)
      continue;
    auto found = dimensionRanges.find(side->name);
    if (found != dimensionRanges.end())
      diagnostic.note(found->second,
                      fmt::format("dimension '{}' is bound here", side->name));
  }
}

} // namespace effattn::checking
