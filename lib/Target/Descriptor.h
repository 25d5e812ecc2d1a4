//===- Descriptor.h - effattn_kernel as an LLVM constant --------*- C++ -*-===//
#ifndef EFFATTN_LIB_TARGET_DESCRIPTOR_H
#define EFFATTN_LIB_TARGET_DESCRIPTOR_H

#include "lib/Target/Object.h"

#include "llvm/IR/DerivedTypes.h"

#include <cstdint>
#include <optional>

namespace effattn {

/// The structs of kernel.h as LLVM types, fields in the same order.
struct DescriptorTypes {
  explicit DescriptorTypes(llvm::LLVMContext &context);

  llvm::StructType *expression, *argument, *require, *planTable, *relation,
      *attendCase, *attendCode, *attend, *draw, *stepCode, *step, *kernel;
};

/// An expression over dimensions and scalar arguments as the postfix words of
/// effattn_expression; nothing where it has another node, or a Float one.
std::optional<std::vector<int64_t>>
encodeExpression(const ScalarRef &expression, const LoweredKernel &kernel);

/// Defines the descriptor of `kernel` in `module`, which defines its host and
/// planner functions. Null with a message.
llvm::GlobalVariable *addDescriptor(llvm::Module &module,
                                    const LoweredKernel &kernel,
                                    const ObjectOptions &options,
                                    std::string &error);

} // namespace effattn

#endif // EFFATTN_LIB_TARGET_DESCRIPTOR_H
