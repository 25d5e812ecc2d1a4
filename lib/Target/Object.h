//===- Object.h - host programs, planners and descriptors as ELF *- C++ -*-===//
//
// In: a lowered program and the code objects that exist beside it. Out: the
// bytes of one relocatable ELF object for x86-64 that defines one
// `effattn_kernel` a kernel and nothing else that can be seen from outside.
//
// Symbols of Halide kernels that a descriptor refers to, for a code with suffix
// S: `<attend>_S_pack`, `_S_tile`, `_S_select`, `_S_finish` (CPU),
// `<attend>_S_tile` (device), `<step>_S`.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_TARGET_OBJECT_H
#define EFFATTN_LIB_TARGET_OBJECT_H

#include "lib/Lowering/Lowered.h"
#include "runtime/include/effattn/kernel.h"

#include "llvm/IR/Module.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace effattn {

/// Code of one instruction set or device.
struct TargetCode {
  effattn_target target = EFFATTN_TARGET_X86_64_V3;
  std::string suffix; ///< part of symbols: v3, v4, vulkan, cuda
  uint32_t columnUnroll = 1, columnChunk = 1;
  bool device = false; ///< one launch function instead of pack, tile, ...
};

struct ObjectOptions {
  std::vector<TargetCode> codes;
  /// effattn_kernel.target_kind: 0 for the CPU, else an effattn_target.
  uint32_t targetKind = 0;
  /// Symbol of the descriptor of a kernel.
  std::function<std::string(const std::string &kernel)> descriptor;
  std::string compiler; ///< version text
};

/// The program in LLVM IR, descriptors included, before optimisation. Null
/// with a message.
std::unique_ptr<llvm::Module> makeLlvmModule(LoweredProgram &program,
                                             const ObjectOptions &options,
                                             llvm::LLVMContext &context,
                                             std::string &error);

/// Lowers func, scf and arith operations of a module to the LLVM dialect.
bool lowerToLlvmDialect(mlir::ModuleOp module, std::string &error);

/// Optimises a module (O2) and emits it as position-independent ELF for
/// x86-64-v2, the level that a processor must have to find out that it has no
/// code.
bool emitElf(llvm::Module &module, std::vector<char> &bytes,
             std::string &error);

/// All of it.
bool emitObject(LoweredProgram &program, const ObjectOptions &options,
                std::vector<char> &bytes, std::string &error);

} // namespace effattn

#endif // EFFATTN_LIB_TARGET_OBJECT_H
