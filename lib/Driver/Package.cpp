//===- Package.cpp - archive and manifest ---------------------------------===//

#include "lib/Driver/Package.h"

#include "lib/Driver/Output.h"
#include "runtime/include/effattn/kernel.h"

#include "llvm/Config/llvm-config.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"

#include <HalideRuntime.h>
#include <fmt/format.h>
#include <isl/version.h>

namespace effattn {

namespace {

/// Members are numbered in the order of compilation: two runs give equal bytes.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
archive(const Compilation &compilation, const std::string &stem) {
  std::vector<std::string> names;
  for (const CompiledTarget &target : compilation.targets)
    for (size_t k = 0; k < target.objects.size(); ++k)
      names.push_back(fmt::format("{}.{}.{}.o", stem, target.target, k));
  std::vector<llvm::NewArchiveMember> members;
  for (const CompiledTarget &target : compilation.targets)
    for (const KernelObject &object : target.objects)
      members.emplace_back(llvm::MemoryBufferRef(
          {object.bytes.data(), object.bytes.size()}, names[members.size()]));
  return llvm::writeArchiveToBuffer(
      members, llvm::SymtabWritingMode::NormalSymtab,
      llvm::object::Archive::K_GNU, /*Deterministic=*/true, /*Thin=*/false);
}

llvm::json::Array shapeOf(const TensorType &type) {
  llvm::json::Array shape;
  for (const ScalarRef &length : type.shape)
    shape.push_back(toString(length));
  return shape;
}

llvm::json::Object describe(const ProgramKernel &kernel) {
  static const char *const kinds[] = {"tensor", "scalar", "index set"};
  llvm::json::Array arguments, results;
  for (const ProgramArgument &argument : kernel.arguments) {
    llvm::json::Object one{{"name", argument.name},
                           {"kind", kinds[static_cast<int>(argument.kind)]},
                           {"element", spelling(argument.type.element)},
                           {"shape", shapeOf(argument.type)}};
    if (argument.type.isRagged())
      one["ragged"] = argument.type.offsets;
    arguments.push_back(std::move(one));
  }
  for (const ProgramResult &result : kernel.results)
    results.push_back(
        llvm::json::Object{{"element", spelling(result.type.element)},
                           {"shape", shapeOf(result.type)}});
  return llvm::json::Object{
      {"name", kernel.name},
      {"dimensions", llvm::json::Array(kernel.dimensions)},
      {"arguments", std::move(arguments)},
      {"results", std::move(results)}};
}

} // namespace

std::string versionText() {
  std::string isl = isl_version();
  if (size_t start = isl.find("isl-"); start != std::string::npos)
    isl = isl.substr(start + 4);
  return fmt::format(
      "effattn {} (LLVM {}, isl {}, Halide {}.{}.{})", EFFATTN_PROJECT_VERSION,
      LLVM_VERSION_STRING, isl.substr(0, isl.find_first_of("-\n")),
      HALIDE_VERSION_MAJOR, HALIDE_VERSION_MINOR, HALIDE_VERSION_PATCH);
}

std::string manifestText(const Compilation &compilation,
                         const std::string &stem) {
  llvm::json::Array kernels, targets;
  for (const ProgramKernel &kernel : compilation.program->kernels)
    kernels.push_back(describe(kernel));
  for (const CompiledTarget &target : compilation.targets)
    targets.push_back(llvm::json::Object{
        {"target", target.target},
        {"descriptors", llvm::json::Array(target.descriptors)}});
  llvm::json::Object params;
  for (const ProgramParam &param : compilation.program->params)
    params[param.name] = param.value;
  llvm::json::Object manifest{
      {"source", llvm::sys::path::filename(compilation.program->file)},
      {"compiler", versionText()},
      {"abi", fmt::format("{}.{}", EFFATTN_ABI_MAJOR, EFFATTN_ABI_MINOR)},
      {"archive", stem + ".a"},
      {"header", stem + ".h"},
      {"params", std::move(params)},
      {"kernels", std::move(kernels)},
      {"targets", std::move(targets)}};
  return fmt::format(
      "{}\n",
      llvm::formatv("{0:2}", llvm::json::Value(std::move(manifest))).str());
}

llvm::Expected<std::vector<std::string>> package(const Compilation &compilation,
                                                 const std::string &stem,
                                                 const std::string &folder) {
  auto members = archive(compilation, stem);
  if (!members)
    return members.takeError();
  if (std::error_code failure = llvm::sys::fs::create_directories(folder))
    return llvm::createFileError(folder, failure);
  std::vector<std::string> paths;
  auto write = [&](const char *extension, llvm::StringRef bytes) {
    llvm::SmallString<128> path(folder);
    llvm::sys::path::append(path, stem + extension);
    paths.push_back(path.str().str());
    return writeFile(path, bytes);
  };
  if (auto error = write(".a", (*members)->getBuffer()))
    return error;
  if (auto error = write(".h", headerText(compilation, stem)))
    return error;
  if (auto error = write(".json", manifestText(compilation, stem)))
    return error;
  return paths;
}

} // namespace effattn
