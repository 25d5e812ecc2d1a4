//===- PlannerFunction.cpp - the frame of a planner function --------------===//

#include "lib/Lowering/PlannerFunction.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

#include <algorithm>

using namespace mlir;

namespace effattn {

PlannerFunction::PlannerFunction(OpBuilder &builder, Location location,
                                 const std::string &symbol,
                                 const std::vector<std::string> &parameters,
                                 ArrayRef<Type> arguments, Type result)
    : builder(builder), location(location),
      scalars(builder, location,
              [this](const Scalar &scalar) { return find(scalar.name); }),
      guard(builder), parameters(parameters) {
  SmallVector<Type> types = {LLVM::LLVMPointerType::get(builder.getContext())};
  llvm::append_range(types, arguments);
  function = func::FuncOp::create(builder, location, symbol,
                                  builder.getFunctionType(types, {result}));
  function.setPrivate();
  entry = function.addEntryBlock();
  builder.setInsertionPointToStart(entry);
}

Value PlannerFunction::find(const std::string &name) {
  if (Value known = bound(name))
    return known;
  auto found = std::find(parameters.begin(), parameters.end(), name);
  if (found == parameters.end()) {
    unknown = name;
    return {};
  }
  OpBuilder::InsertionGuard inner(builder);
  builder.setInsertionPointToStart(entry);
  int32_t number = static_cast<int32_t>(found - parameters.begin());
  Value parameter = entry->getArgument(0);
  Value place = LLVM::GEPOp::create(builder, location, parameter.getType(),
                                    builder.getI64Type(), parameter,
                                    ArrayRef<LLVM::GEPArg>{number});
  return names[name] = LLVM::LoadOp::create(builder, location,
                                            builder.getI64Type(), place);
}

Value PlannerFunction::address(Type element, Value array, Value index) {
  return LLVM::GEPOp::create(builder, location, array.getType(), element, array,
                             ArrayRef<LLVM::GEPArg>{LLVM::GEPArg(index)});
}

func::FuncOp PlannerFunction::finish(Value result) {
  if (!result) {
    function.erase();
    return nullptr;
  }
  func::ReturnOp::create(builder, location, result);
  return function;
}

} // namespace effattn
