//===- Loader.cpp - compiled kernels inside this process ------------------===//

#include "tools/effattn-run/Loader.h"

#include "llvm/ExecutionEngine/Orc/ExecutionUtils.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/TargetSelect.h"

namespace effattn {

LoadedProgram::~LoadedProgram() = default;

llvm::Expected<std::unique_ptr<LoadedProgram>>
LoadedProgram::load(const CompiledTarget &target) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  auto jit = llvm::orc::LLJITBuilder().create();
  if (!jit)
    return jit.takeError();
  std::unique_ptr<LoadedProgram> program(new LoadedProgram);
  program->jit = std::move(*jit);
  program->descriptors = target.descriptors;
  auto process = llvm::orc::DynamicLibrarySearchGenerator::GetForCurrentProcess(
      program->jit->getDataLayout().getGlobalPrefix());
  if (!process)
    return process.takeError();
  program->jit->getMainJITDylib().addGenerator(std::move(*process));
  for (const KernelObject &object : target.objects) {
    auto buffer = llvm::MemoryBuffer::getMemBufferCopy(
        {object.bytes.data(), object.bytes.size()},
        object.symbols.empty() ? "object" : object.symbols.front());
    if (auto error = program->jit->addObjectFile(std::move(buffer)))
      return error;
  }
  return program;
}

llvm::Expected<const effattn_kernel *>
LoadedProgram::kernel(size_t number) const {
  auto address = jit->lookup(descriptors.at(number));
  if (!address)
    return address.takeError();
  return address->toPtr<const effattn_kernel *>();
}

} // namespace effattn
