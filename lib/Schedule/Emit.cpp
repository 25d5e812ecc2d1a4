//===- Emit.cpp - Halide pipelines to object files ------------------------===//

#include "lib/Schedule/Emit.h"
#include "lib/Schedule/ScalarToHalide.h"

#include "llvm/ObjCopy/ConfigManager.h"
#include "llvm/ObjCopy/ObjCopy.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <cerrno>
#include <cstring>
#include <fmt/format.h>

#include <deque>
#include <sys/mman.h>
#include <unistd.h>

namespace effattn {

namespace {

std::string text(llvm::Error error) { return llvm::toString(std::move(error)); }

/// Gives f_argv the name f; f and f_metadata become local.
std::vector<char> renameEntries(llvm::MemoryBufferRef object,
                                const std::vector<KernelFunction> &functions) {
  llvm::objcopy::ConfigManager config;
  auto addLocal = [&](const std::string &symbol) {
    auto pattern = llvm::objcopy::NameOrPattern::create(
        symbol, llvm::objcopy::MatchStyle::Literal,
        [](llvm::Error error) { return error; });
    if (!pattern)
      throw ScheduleError{text(pattern.takeError())};
    if (llvm::Error error =
            config.Common.SymbolsToLocalize.addMatcher(std::move(pattern)))
      throw ScheduleError{text(std::move(error))};
  };
  std::deque<std::string> names; // the configuration refers to them
  for (const KernelFunction &function : functions) {
    const std::string &symbol = function.symbol;
    config.Common.SymbolsToRename[symbol] =
        names.emplace_back(symbol + "_body");
    config.Common.SymbolsToRename[names.emplace_back(symbol + "_argv")] =
        symbol;
    addLocal(symbol);
    addLocal(names.emplace_back(symbol + "_metadata"));
  }
  auto parsed = llvm::object::ObjectFile::createObjectFile(object);
  if (!parsed)
    throw ScheduleError{text(parsed.takeError())};
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream out(bytes);
  if (llvm::Error error =
          llvm::objcopy::executeObjcopyOnBinary(config, **parsed, out))
    throw ScheduleError{text(std::move(error))};
  return std::vector<char>(bytes.begin(), bytes.end());
}

} // namespace

Halide::Target kernelTarget(const std::string &halideTarget) {
  return Halide::Target(halideTarget)
      .with_feature(Halide::Target::NoRuntime)
      .with_feature(Halide::Target::UserContext)
      .with_feature(Halide::Target::NoAsserts)
      .with_feature(Halide::Target::NoBoundsQuery)
      .with_feature(Halide::Target::LargeBuffers);
}

namespace {

/// A file in memory. Halide writes objects to paths only, and LLVM ends the
/// process where that fails: no disk, no full disk.
class MemoryFile {
public:
  MemoryFile() : descriptor(memfd_create("effattn", MFD_CLOEXEC)) {
    if (descriptor < 0)
      throw ScheduleError{fmt::format("cannot make a file in memory: {}",
                                      std::strerror(errno))};
  }
  ~MemoryFile() { close(descriptor); }
  MemoryFile(const MemoryFile &) = delete;
  MemoryFile &operator=(const MemoryFile &) = delete;
  std::string path() const {
    return fmt::format("/proc/self/fd/{}", descriptor);
  }

private:
  int descriptor;
};

} // namespace

KernelObject emitObject(const std::string &name,
                        const std::vector<KernelFunction> &functions,
                        const Halide::Target &target) {
  std::vector<Halide::Module> modules;
  for (const KernelFunction &function : functions) {
    Halide::Pipeline pipeline = function.pipeline;
    modules.push_back(pipeline.compile_to_module(function.arguments,
                                                 function.symbol, target));
  }
  Halide::Module module = Halide::link_modules(name, modules);
  // Without it LLVM may reorder the strict operations too.
  module.set_any_strict_float(true);

  MemoryFile file;
  module.compile({{Halide::OutputFileType::object, file.path()}});
  auto buffer = llvm::MemoryBuffer::getFile(file.path());
  if (!buffer)
    throw ScheduleError{fmt::format("cannot read an object back: {}",
                                    buffer.getError().message())};
  KernelObject object;
  object.bytes = renameEntries((*buffer)->getMemBufferRef(), functions);
  for (const KernelFunction &function : functions)
    object.symbols.push_back(function.symbol);
  return object;
}

bool guarded(const std::string &what, ScheduleFailure *failure,
             const std::function<void()> &body) {
  failure->message.clear();
  try {
    body();
    return true;
  } catch (const ScheduleError &error) {
    failure->message = error.message;
  } catch (const Halide::Error &error) {
    failure->message = fmt::format("{}: {}", what, error.what());
  } catch (const std::exception &error) {
    failure->message = fmt::format("{}: {}", what, error.what());
  }
  return false;
}

} // namespace effattn
