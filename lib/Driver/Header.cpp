//===- Header.cpp - the C header of an artefact ---------------------------===//

#include "lib/Driver/Package.h"

#include "llvm/ADT/StringExtras.h"

#include <fmt/format.h>

namespace effattn {

namespace {

std::string shapeText(const TensorType &type) {
  std::string text;
  for (const ScalarRef &length : type.shape)
    text += (text.empty() ? "" : ", ") + toString(length);
  return fmt::format("{}[{}]", spelling(type.element), text);
}

std::string resultName(const ProgramKernel &kernel, size_t number) {
  return kernel.results.size() == 1 ? "result"
                                    : fmt::format("result{}", number);
}

/// The first argument that the offsets `name` cut.
const ProgramArgument *cutBy(const ProgramKernel &kernel,
                             const std::string &name) {
  for (const ProgramArgument &argument : kernel.arguments)
    if (argument.type.offsets == name)
      return &argument;
  return nullptr;
}

std::string documentation(const ProgramKernel &kernel) {
  std::string text = fmt::format("/* {}: ", kernel.name);
  for (size_t k = 0; k < kernel.results.size(); ++k)
    text += (k ? ", " : "") + shapeText(kernel.results[k].type);
  text += " from\n";
  for (const ProgramArgument &argument : kernel.arguments) {
    text += fmt::format("     {}: ", argument.name);
    if (argument.kind == ArgumentKind::Scalar)
      text += spelling(argument.type.element);
    else
      text += shapeText(argument.type);
    if (argument.type.isRagged())
      text += fmt::format(", sequences one after the other, cut by {}",
                          argument.type.offsets);
    if (const ProgramArgument *cut = cutBy(kernel, argument.name))
      text += fmt::format(", where each sequence begins: from 0 to {}, none "
                          "less than the one before",
                          toString(cut->type.shape[cut->type.tokenAxis]));
    if (argument.kind == ArgumentKind::IndexSet)
      text += fmt::format(", strictly increasing, in [0, {})",
                          toString(argument.bound));
    text += "\n";
  }
  return text + "   Tensors: any strides, channels contiguous. */\n";
}

std::string parameters(const ProgramKernel &kernel) {
  std::string text = "effattn_context *effattn_context_";
  for (const ProgramArgument &argument : kernel.arguments) {
    const char *type = "const DLTensor *";
    if (argument.kind == ArgumentKind::Scalar)
      type = argument.type.element == ElementType::F32 ? "float " : "int64_t ";
    text += fmt::format(",\n    {}{}", type, argument.name);
  }
  for (size_t k = 0; k < kernel.results.size(); ++k)
    text += fmt::format(",\n    DLTensor *{}", resultName(kernel, k));
  return text;
}

std::string function(const ProgramKernel &kernel, const std::string &target) {
  std::string body;
  size_t count = kernel.arguments.size();
  body += fmt::format("  effattn_value effattn_arguments_[{}];\n",
                      count ? count : 1);
  for (size_t k = 0; k < count; ++k) {
    const ProgramArgument &argument = kernel.arguments[k];
    const char *field = "tensor";
    if (argument.kind == ArgumentKind::Scalar)
      field = argument.type.element == ElementType::F32 ? "f32" : "i64";
    body += fmt::format("  effattn_arguments_[{}].{} = {};\n", k, field,
                        argument.name);
  }
  body +=
      fmt::format("  DLTensor *effattn_results_[{}];\n", kernel.results.size());
  for (size_t k = 0; k < kernel.results.size(); ++k)
    body +=
        fmt::format("  effattn_results_[{}] = {};\n", k, resultName(kernel, k));
  return fmt::format(
      "{0}extern const effattn_kernel {1};\n"
      "static inline effattn_status {2}{3}(\n    {4}) {{\n{5}"
      "  return effattn_launch_kernel(effattn_context_, &{1},\n"
      "                               effattn_arguments_, effattn_results_);\n"
      "}}\n\n",
      documentation(kernel), descriptorSymbol(kernel.name, target), kernel.name,
      targetSuffix(target), parameters(kernel), body);
}

} // namespace

std::string targetSuffix(const std::string &target) {
  return target == "cpu" ? "" : "_" + target;
}

std::string descriptorSymbol(const std::string &kernel,
                             const std::string &target) {
  return kernel + targetSuffix(target) + "_kernel";
}

std::string headerText(const Compilation &compilation,
                       const std::string &stem) {
  std::string guard = "EFFATTN_GENERATED_";
  for (char c : stem)
    guard += llvm::isAlnum(c) ? llvm::toUpper(c) : '_';
  std::string text = fmt::format(
      "/* Made by {} from {}. Link with the archive\n"
      "   {}.a and the effattn runtime. */\n"
      "#ifndef {}_H\n#define {}_H\n\n#include <effattn/effattn.h>\n\n"
      "#ifdef __cplusplus\nextern \"C\" {{\n#endif\n\n",
      versionText(), compilation.program->file, stem, guard, guard);
  for (const CompiledTarget &target : compilation.targets)
    for (const ProgramKernel &kernel : compilation.program->kernels)
      text += function(kernel, target.target);
  return text + "#ifdef __cplusplus\n}\n#endif\n\n#endif\n";
}

} // namespace effattn
