//===- Loader.h - compiled kernels inside this process ----------*- C++ -*-===//
#ifndef EFFATTN_TOOLS_RUN_LOADER_H
#define EFFATTN_TOOLS_RUN_LOADER_H

#include "lib/Driver/Driver.h"
#include "runtime/include/effattn/kernel.h"

#include "llvm/Support/Error.h"

#include <memory>

namespace llvm::orc {
class LLJIT;
}

namespace effattn {

/// Links the objects of one target with the runtime that this program holds,
/// as a linker would do for an application.
class LoadedProgram {
public:
  static llvm::Expected<std::unique_ptr<LoadedProgram>>
  load(const CompiledTarget &target);
  ~LoadedProgram();

  /// Descriptor of the kernel with this number in the file.
  llvm::Expected<const effattn_kernel *> kernel(size_t number) const;

private:
  LoadedProgram() = default;
  std::unique_ptr<llvm::orc::LLJIT> jit;
  std::vector<std::string> descriptors;
};

} // namespace effattn

#endif // EFFATTN_TOOLS_RUN_LOADER_H
