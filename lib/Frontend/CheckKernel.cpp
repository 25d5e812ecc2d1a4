//===- CheckKernel.cpp - kernels: arguments, statements, results ----------===//

#include "lib/Frontend/Checker.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace effattn::checking {

/// The name becomes a C function and part of other symbols.
void Checker::checkKernelName(const ast::Kernel &text) {
  const ast::Identifier &name = text.name;
  if (name.empty())
    return;
  for (const ProgramKernel &other : program->kernels)
    if (other.name == name.text)
      error(name.range,
            fmt::format("kernel '{}' is already declared", name.text))
          .note({other.offset, other.offset + 1}, "declared here first");
  auto refuse = [&](const char *why) {
    error(name.range,
          fmt::format("a kernel cannot be named '{}': {}", name.text, why));
  };
  if (isKeyword(name.text))
    refuse("it is a word of C or C++");
  else if (isLibraryName(name.text))
    refuse("it is a name of the C library");
  else if (name.text[0] == '_' || name.text.find("__") != std::string::npos)
    refuse("names with a leading or a double underscore belong to C and C++");
  else if (name.text.starts_with("effattn") || name.text.starts_with("halide"))
    refuse("names that start with effattn or halide belong to the runtime");
}

void Checker::declareArguments(const ast::Kernel &text, Scope &scope) {
  for (const ast::Argument &argument : text.arguments) {
    ProgramArgument known;
    known.name = argument.name.text;
    bool ok = checkType(argument.type, known);
    known.offset = argument.range.begin;
    if (isKeyword(known.name)) {
      error(argument.name.range,
            fmt::format("an argument cannot be named '{}': it is a word of C "
                        "or C++",
                        known.name));
      ok = false;
    }
    Value value;
    int number = static_cast<int>(kernel.values.size());
    if (ok && known.kind == ArgumentKind::Scalar) {
      value = makeScalar(
          effattn::argument(known.name, known.type.element == ElementType::I64
                                            ? ScalarType::Int
                                            : ScalarType::Float));
    } else if (ok) {
      value.kind =
          known.kind == ArgumentKind::IndexSet ? Value::Set : Value::Tensor;
      value.number = number;
    }
    if (known.kind == ArgumentKind::IndexSet)
      setBounds[number] = known.bound;
    ProgramValue operand = newValue(TensorOp::Argument);
    operand.argument = static_cast<int>(kernel.arguments.size());
    operand.offset = known.offset;
    operand.name = known.name;
    operand.types = {known.type};
    kernel.values.push_back(std::move(operand));
    kernel.arguments.push_back(std::move(known));
    declare(scope, argument.name, std::move(value), "an argument");
  }
}

void Checker::checkLet(const ast::Let &let, Scope &scope) {
  Value value = evaluate(*let.value);
  if (value.isPoison()) {
    for (const ast::Identifier &name : let.names)
      declare(scope, name, {}, "a let");
    return;
  }
  size_t count = value.isPair ? 2 : 1;
  if (let.names.size() != count) {
    error(let.value->range,
          count == 2 ? fmt::format("expected two names for O and LSE (lse = "
                                   "true), but got {}",
                                   let.names.size())
                     : fmt::format("expected one value for each of {} names, "
                                   "but got one; an attend gives O and LSE "
                                   "with lse = true",
                                   let.names.size()));
    for (const ast::Identifier &name : let.names)
      declare(scope, name, {}, "a let");
    return;
  }
  if (value.isTensor() && kernel.values[value.number].name.empty())
    kernel.values[value.number].name = let.names[0].text;
  value.isPair = false;
  Value second = value;
  second.result = 1;
  declare(scope, let.names[0], std::move(value), "a let");
  if (count == 2)
    declare(scope, let.names[1], std::move(second), "a let");
}

void Checker::checkRequire(const ast::Require &text) {
  Value condition = expectScalar(evaluate(*text.condition), ScalarType::Bool,
                                 text.condition->range, "'require'");
  if (condition.isPoison())
    return;
  bool hasFloat = contains(condition.scalar, [](const Scalar &node) {
    return node.type == ScalarType::Float;
  });
  if (hasFloat) {
    error(text.condition->range,
          "expected a condition on integers for 'require', but got floats");
    return;
  }
  if (condition.scalar->isConstant() && !condition.scalar->integer) {
    error(text.condition->range, "this condition never holds");
    return;
  }
  if (!condition.scalar->isConstant())
    kernel.requires_.push_back(
        {condition.scalar, text.message, text.range.begin});
}

void Checker::checkExample(const ast::Example &example) {
  hasExample = true;
  exampleRange = example.range;
  for (const ast::Example::Size &size : example.sizes) {
    const std::string &name = size.name.text;
    if (name.empty())
      continue;
    std::vector<std::string> candidates = kernel.dimensions;
    for (const ProgramArgument &argument : kernel.arguments)
      if (argument.kind == ArgumentKind::Scalar &&
          argument.type.element == ElementType::I64)
        candidates.push_back(argument.name);
    if (std::find(candidates.begin(), candidates.end(), name) ==
        candidates.end()) {
      bool isParam = std::find(paramNames.begin(), paramNames.end(), name) !=
                     paramNames.end();
      error(
          size.name.range,
          fmt::format("expected a dimension or an i64 argument in 'example', "
                      "but '{}' is {}{}",
                      name, isParam ? "a param" : "neither",
                      isParam ? std::string() : didYouMean(name, candidates)));
      continue;
    }
    auto [place, isNew] = exampleRanges.try_emplace(name, size.name.range);
    if (!isNew) {
      error(size.name.range, fmt::format("'{}' has a size already", name))
          .note(place->second, "first here");
      continue;
    }
    if (size.value < 0) {
      error(size.range, fmt::format("expected a size of at least 0, but got {}",
                                    size.value));
      continue;
    }
    kernel.example[name] = size.value;
  }
}

/// An example covers every dimension and meets every condition, unless params
/// were given other values: it was written for those of the file.
void Checker::checkExampleComplete() {
  if (!hasExample)
    return;
  std::string missing;
  for (const std::string &name : kernel.dimensions)
    if (!exampleRanges.count(name))
      missing += fmt::format("{}'{}'", missing.empty() ? "" : ", ", name);
  if (!missing.empty()) {
    error(exampleRange,
          fmt::format("expected a size for every dimension, but {} {} missing",
                      missing,
                      missing.find(',') == std::string::npos ? "is" : "are"));
    return;
  }
  if (!sets.empty())
    return;
  for (const ProgramRequire &require : kernel.requires_) {
    ScalarRef value =
        rewrite(require.condition, [&](const ScalarRef &node) -> ScalarRef {
          if (node->kind != ScalarKind::Dimension &&
              node->kind != ScalarKind::Argument)
            return nullptr;
          auto known = kernel.example.find(node->name);
          return known == kernel.example.end() ? nullptr
                                               : constantInt(known->second);
        });
    if (value->isConstant() && !value->integer)
      error(exampleRange,
            fmt::format("the example does not meet {}: {}",
                        toString(require.condition), require.message))
          .note({require.offset, require.offset + 1}, "required here");
  }
}

void Checker::checkReturns(const ast::Kernel &text) {
  std::vector<Value> values;
  for (const ast::ExprPtr &expr : text.returns)
    values.push_back(evaluate(*expr));
  size_t wanted = text.results.size();
  if (values.size() != wanted) {
    error(text.returnRange,
          fmt::format("expected {} result{}, but got {}", wanted,
                      wanted == 1 ? "" : "s", values.size()))
        .note(wanted ? text.results[0].range : text.name.range,
              "declared here");
    return;
  }
  for (size_t k = 0; k < wanted; ++k) {
    ProgramArgument declared;
    const ast::Type &type = text.results[k];
    bool ok = checkType(type, declared);
    if (ok && declared.kind == ArgumentKind::Scalar) {
      error(type.range, "expected a tensor as a result, but got a scalar type");
      ok = false;
    }
    if (!type.ragged.empty()) {
      error(type.ragged.range, "expected 'ragged' on arguments only; a result "
                               "has the sequences of the queries");
      ok = false;
    }
    if (ok && !values[k].isPoison())
      checkReturn(*text.returns[k], values[k], declared, type.range);
  }
}

void Checker::checkReturn(const ast::Expr &expr, const Value &value,
                          const ProgramArgument &declared,
                          ast::SourceRange declaredRange) {
  bool isSet = declared.kind == ArgumentKind::IndexSet;
  if (value.kind != (isSet ? Value::Set : Value::Tensor)) {
    error(expr.range,
          fmt::format("expected {} as a result, but got {}",
                      isSet ? "an index set" : "a tensor", describe(value)));
    return;
  }
  if (value.isPair) {
    error(expr.range, "expected one tensor, but got O and LSE (lse = true); "
                      "name both by 'let o, l = ...'");
    return;
  }
  TensorType type = typeOf(value);
  type.offsets.clear(); // a result has the sequences of what it is of
  if (!sameType(type, declared.type)) {
    Diagnostic &diagnostic =
        error(expr.range,
              fmt::format("expected a result of type {}, but got {}",
                          toString(declared.type), toString(type)))
            .note(declaredRange, "declared here");
    for (int k = 0; k < std::min(type.rank(), declared.type.rank()); ++k) {
      const ScalarRef &have = type.shape[k], &want = declared.type.shape[k];
      if (type.rank() == declared.type.rank() && !equivalent(have, want))
        noteDimensions(diagnostic, want, have);
    }
    return;
  }
  kernel.results.push_back({value.number, value.result, declared.type});
}

void Checker::checkKernel(const ast::Kernel &text) {
  kernel = {};
  kernel.name = text.name.text;
  kernel.offset = text.name.range.begin;
  dimensionRanges.clear();
  exampleRanges.clear();
  setBounds.clear();
  lookupRanges.clear();
  stepNumbers.clear();
  hasExample = false;

  checkKernelName(text);
  bindDimensions(text);
  Scope scope{{}, &fileScope};
  Restore restore(context);
  context = {};
  context.scope = &scope;
  context.where = Where::Body;
  declareArguments(text, scope);
  checkRagged(text);
  for (const ast::Statement &statement : text.body) {
    if (auto *param = std::get_if<ast::Param>(&statement))
      checkParam(*param, scope);
    else if (auto *let = std::get_if<ast::Let>(&statement))
      checkLet(*let, scope);
    else if (auto *require = std::get_if<ast::Require>(&statement))
      checkRequire(*require);
    else if (auto *example = std::get_if<ast::Example>(&statement))
      checkExample(*example);
  }
  checkReturns(text);
  checkExampleComplete();
  program->kernels.push_back(std::move(kernel));
}

} // namespace effattn::checking
