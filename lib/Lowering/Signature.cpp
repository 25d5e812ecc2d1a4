//===- Signature.cpp - what callers see of a kernel -----------------------===//

#include "lib/Lowering/Signature.h"

#include "dialect/Convert.h"
#include "dialect/Ragged.h"

#include <fmt/format.h>

using namespace mlir;

namespace effattn {

bool describeKernel(ir::KernelOp op, LoweredKernel &kernel) {
  kernel.name = op.getSymName().str();
  kernel.host = kernel.name + "_host";
  for (Attribute name : op.getDimensions())
    kernel.dimensions.push_back(cast<StringAttr>(name).str());
  for (BlockArgument argument : op.getEntry().getArguments()) {
    LoweredArgument lowered;
    lowered.name = op.getArgumentName(argument.getArgNumber()).str();
    if (auto tensor = dyn_cast<ir::TensorType>(argument.getType())) {
      lowered.type = ir::toProgram(tensor);
      if (auto offsets =
              dyn_cast_or_null<BlockArgument>(ir::offsetsOf(argument))) {
        lowered.offsets = static_cast<int>(offsets.getArgNumber());
        lowered.tokenAxis =
            static_cast<int>(ir::tokenAxisOf(argument, offsets));
      }
    } else if (auto set = dyn_cast<ir::IndexSetType>(argument.getType())) {
      lowered.kind = ArgumentKind::IndexSet;
      lowered.type = ir::toProgram(set);
      lowered.bound = set.getBound().toScalar();
    } else {
      lowered.kind = ArgumentKind::Scalar;
      lowered.type.element =
          argument.getType().isF32() ? ElementType::F32 : ElementType::I64;
    }
    kernel.arguments.push_back(lowered);
  }
  auto types = op.getResultTypes();
  for (auto [number, type] : llvm::enumerate(types)) {
    std::string name = types.size() == 1 ? std::string("result")
                                         : fmt::format("result{}", number);
    auto tensor = dyn_cast<ir::TensorType>(cast<TypeAttr>(type).getValue());
    if (!tensor) {
      emitError(op.getLoc()) << "not supported yet: an index set as a result";
      return false;
    }
    kernel.results.push_back(
        {name, ArgumentKind::Tensor, ir::toProgram(tensor), nullptr});
  }
  bool done = true;
  for (auto require : op.getEntry().getOps<ir::RequireOp>()) {
    ir::ConvertedOperands operands;
    ScalarRef condition = scalarOf(require.getCondition(), operands);
    done &= static_cast<bool>(condition);
    kernel.requires_.push_back({condition, require.getMessage().str()});
    // The runtime evaluates conditions without tensors and in integers.
    bool isReal = condition && contains(condition, [](const Scalar &node) {
                    return node.type == ScalarType::Float ||
                           node.kind == ScalarKind::Lookup ||
                           node.kind == ScalarKind::Variable ||
                           node.kind == ScalarKind::Exists;
                  });
    if (isReal) {
      emitError(require.getLoc())
          << "not supported yet: `require` over '" << toString(condition)
          << "'; conditions on dimensions and i64 arguments are";
      done = false;
    }
  }
  kernel.slots =
      static_cast<int>(kernel.arguments.size() + kernel.results.size());
  return done;
}

} // namespace effattn
