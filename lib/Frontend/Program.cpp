//===- Program.cpp - the checked program as text --------------------------===//
//
// One value a line, in the manner of an assembly listing: `--emit=check`.
//
//===----------------------------------------------------------------------===//

#include "lib/Frontend/Program.h"

#include "lib/Frontend/Steps.h"

#include <fmt/format.h>

namespace effattn {

int64_t sizeOf(ElementType type) {
  switch (type) {
  case ElementType::F32:
  case ElementType::I32:
    return 4;
  case ElementType::F16:
  case ElementType::BF16:
    return 2;
  case ElementType::I64:
    return 8;
  case ElementType::I8:
  case ElementType::Bool:
    return 1;
  }
  return 0;
}

const char *spelling(ElementType type) {
  switch (type) {
  case ElementType::F32:
    return "f32";
  case ElementType::F16:
    return "f16";
  case ElementType::BF16:
    return "bf16";
  case ElementType::I8:
    return "i8";
  case ElementType::I32:
    return "i32";
  case ElementType::I64:
    return "i64";
  case ElementType::Bool:
    return "bool";
  }
  return "";
}

namespace {

class KernelPrinter {
public:
  explicit KernelPrinter(const ProgramKernel &kernel) : kernel(kernel) {}

  std::string print() {
    text = fmt::format("kernel {}\n", kernel.name);
    std::string dimensions;
    for (const std::string &name : kernel.dimensions)
      dimensions += (dimensions.empty() ? "" : ", ") + name;
    if (!dimensions.empty())
      text += fmt::format("  dimensions {}\n", dimensions);
    for (size_t k = 0; k < kernel.values.size(); ++k)
      printValue(k);
    for (const ProgramRequire &require : kernel.requires_)
      text += fmt::format("  require {}, \"{}\"\n", spell(require.condition),
                          require.message);
    printExample();
    for (const ProgramResult &result : kernel.results)
      text += fmt::format("  return {} : {}\n",
                          reference(result.value, result.result),
                          toString(result.type));
    return text;
  }

private:
  std::string nameOf(int value) const {
    if (value < 0 || value >= static_cast<int>(kernel.values.size()))
      return "%?";
    const ProgramValue &known = kernel.values[value];
    return known.op == TensorOp::Argument
               ? kernel.arguments[known.argument].name
               : fmt::format("%{}", value);
  }

  std::string reference(int value, int result) const {
    return nameOf(value) + (result ? fmt::format("#{}", result) : "");
  }

  std::string spell(const ScalarRef &scalar) const {
    return toString(scalar, [this](int table) { return nameOf(table); });
  }

  std::string operands(const ProgramValue &value) const {
    std::string list;
    for (size_t k = 0; k < value.operands.size(); ++k)
      list += (k ? ", " : " ") +
              reference(value.operands[k], value.operandResults[k]);
    return list;
  }

  std::string argument(const ProgramArgument &argument) const {
    if (argument.kind == ArgumentKind::IndexSet) {
      TensorType shape = argument.type;
      std::string spelt = toString(shape);
      size_t bracket = spelt.find('[');
      return "index" +
             (bracket == std::string::npos ? "" : spelt.substr(bracket)) +
             " in " + toString(argument.bound);
    }
    return toString(argument.type);
  }

  static std::string types(const ProgramValue &value) {
    std::string list;
    for (const TensorType &type : value.types)
      list += (list.empty() ? "" : ", ") + toString(type);
    return list;
  }

  /// What the value carries besides its operands.
  std::string attributes(const ProgramValue &value) const {
    std::string list;
    auto add = [&](std::string_view name, const std::string &what) {
      list += fmt::format("{}{} = {}", list.empty() ? "" : ", ", name, what);
    };
    if (value.pattern)
      add("pattern",
          toString(value.pattern, [this](int table) { return nameOf(table); }));
    if (value.scale)
      add("scale", spell(value.scale));
    if (value.q0)
      add("q0", spell(value.q0));
    if (value.score)
      add("score", spell(value.score));
    if (value.logits)
      add("logits", spell(value.logits));
    if (value.selectTop)
      add("select", fmt::format("top({})", value.selectTop));
    if (value.wantsLse)
      add("lse", "true");
    if (value.set >= 0)
      add("set", nameOf(value.set));
    if (value.duplicatesOnce)
      add("duplicates", "once");
    for (int64_t integer : value.integers)
      add("integer", fmt::format("{}", integer));
    for (double real : value.reals)
      add("real", fmt::format("{}", real));
    return list.empty() ? list : " {" + list + "}";
  }

  static std::string_view spell(TensorOp op) {
    switch (op) {
    case TensorOp::Argument:
      return "argument";
    case TensorOp::Attend:
      return "attend";
    case TensorOp::ColumnSums:
      return "column_sums";
    case TensorOp::Merge:
      return "merge";
    case TensorOp::Rows:
      return "rows";
    case TensorOp::Average:
      return "average";
    case TensorOp::LinearAttend:
      return "linear_attend";
    case TensorOp::Step:
      return "step";
    case TensorOp::Constant:
      return "constant";
    case TensorOp::Scalar:
      return "scalar";
    }
    return "";
  }

  void printValue(size_t number) {
    const ProgramValue &value = kernel.values[number];
    if (value.op == TensorOp::Argument) {
      const ProgramArgument &known = kernel.arguments[value.argument];
      text +=
          fmt::format("  {} = argument : {}\n", known.name, argument(known));
      return;
    }
    std::string what(spell(value.op));
    if (value.op == TensorOp::Step)
      what = value.step;
    if (value.op == TensorOp::Constant)
      what += fmt::format(" {}", value.real);
    if (value.op == TensorOp::Scalar)
      what += " " + spell(value.scalar);
    text += fmt::format("  %{} = {}{}{} : {}{}\n", number, what,
                        operands(value), attributes(value), types(value),
                        value.name.empty() ? "" : "  // " + value.name);
  }

  void printExample() {
    std::string list;
    for (const auto &[name, size] : kernel.example)
      list += fmt::format("{}{} = {}", list.empty() ? "" : ", ", name, size);
    if (!list.empty())
      text += fmt::format("  example {}\n", list);
  }

  const ProgramKernel &kernel;
  std::string text;
};

} // namespace

std::string toString(const Program &program) {
  std::string text;
  for (const ProgramParam &param : program.params) {
    std::string value = param.type == "bool" ? (param.value ? "true" : "false")
                                             : fmt::format("{}", param.value);
    text += fmt::format("param {}: {} = {}\n", param.name, param.type, value);
  }
  for (const ProgramKernel &kernel : program.kernels) {
    text += text.empty() ? "" : "\n";
    text += KernelPrinter(kernel).print();
  }
  return text;
}

} // namespace effattn
