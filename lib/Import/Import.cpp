//===- Import.cpp - programs and kernels ----------------------------------===//

#include "lib/Import/Import.h"

#include "lib/Import/Importer.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;

namespace effattn {

namespace importing {

Type KernelImporter::argumentType(const ProgramArgument &argument) {
  MLIRContext *context = builder.getContext();
  Location location = locate(argument.offset);
  if (argument.kind == ArgumentKind::Scalar)
    return argument.type.element == ElementType::F32
               ? Type(builder.getF32Type())
               : Type(builder.getI64Type());
  ir::TensorType tensor = type(argument.type, location);
  if (!tensor || argument.kind == ArgumentKind::Tensor)
    return tensor;
  ir::DimAttr bound = ir::DimAttr::from(context, argument.bound);
  if (!bound) {
    emitError(location)
        << "the bound of an index set overflows 64 bits or has too many terms";
    return {};
  }
  return ir::IndexSetType::get(context, tensor.getShape(), bound);
}

bool KernelImporter::makeKernel() {
  Location location = locate(kernel.offset);
  SmallVector<Type> argumentTypes;
  SmallVector<Location> locations;
  SmallVector<StringRef> names, dimensions;
  SmallVector<NamedAttribute> ragged, example;
  for (const ProgramArgument &argument : kernel.arguments) {
    argumentTypes.push_back(argumentType(argument));
    if (!argumentTypes.back())
      return false;
    locations.push_back(locate(argument.offset));
    names.push_back(argument.name);
    if (argument.type.isRagged())
      ragged.push_back(builder.getNamedAttr(
          argument.name, builder.getStringAttr(argument.type.offsets)));
  }
  SmallVector<Attribute> resultTypes;
  for (const ProgramResult &result : kernel.results) {
    Type declared = type(result.type, location);
    if (!declared)
      return false;
    resultTypes.push_back(TypeAttr::get(declared));
  }
  dimensions.assign(kernel.dimensions.begin(), kernel.dimensions.end());
  for (const auto &[name, size] : kernel.example)
    example.push_back(
        builder.getNamedAttr(name, builder.getI64IntegerAttr(size)));
  op = ir::KernelOp::create(
      builder, location, builder.getStringAttr(kernel.name),
      builder.getStrArrayAttr(names), builder.getArrayAttr(resultTypes),
      builder.getStrArrayAttr(dimensions),
      example.empty() ? DictionaryAttr() : builder.getDictionaryAttr(example),
      ragged.empty() ? DictionaryAttr() : builder.getDictionaryAttr(ragged));
  builder.createBlock(&op.getBody(), {}, argumentTypes, locations);
  for (auto [argument, value] :
       llvm::zip(kernel.arguments, op.getEntry().getArguments()))
    if (argument.kind == ArgumentKind::Scalar)
      arguments[argument.name] = value;
  return true;
}

bool KernelImporter::results() {
  for (const ProgramRequire &require : kernel.requires_) {
    Location location = locate(require.offset);
    Value condition = scalars.scalar(require.condition, location);
    if (!condition)
      return false;
    ir::RequireOp::create(builder, location, condition, require.message);
  }
  SmallVector<Value> returned;
  for (const ProgramResult &result : kernel.results) {
    const auto &all = values[result.value];
    if (result.result >= static_cast<int>(all.size())) {
      emitError(op.getLoc()) << "a result of the kernel has no LSE";
      return false;
    }
    returned.push_back(all[result.result]);
  }
  ir::ReturnOp::create(builder, op.getLoc(), returned);
  return true;
}

bool KernelImporter::run() {
  OpBuilder::InsertionGuard guard(builder);
  if (!makeKernel())
    return false;
  for (const ProgramValue &next : kernel.values)
    if (!value(next))
      return false;
  return results();
}

} // namespace importing

OwningOpRef<ModuleOp> importProgram(const Program &program,
                                    const llvm::SourceMgr &sources,
                                    MLIRContext &context) {
  context.loadDialect<ir::EffattnDialect, arith::ArithDialect,
                      math::MathDialect>();
  unsigned main = sources.getMainFileID();
  const llvm::MemoryBuffer *buffer = sources.getMemoryBuffer(main);
  auto file = StringAttr::get(&context, buffer->getBufferIdentifier());
  importing::Locator locate = [&](int64_t offset) -> Location {
    if (offset < 0 || offset > static_cast<int64_t>(buffer->getBufferSize()))
      return FileLineColLoc::get(file, 0, 0);
    auto place = llvm::SMLoc::getFromPointer(buffer->getBufferStart() + offset);
    auto [line, column] = sources.getLineAndColumn(place, main);
    return FileLineColLoc::get(file, line, column);
  };
  OpBuilder builder(&context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(locate(0));
  for (const ProgramKernel &kernel : program.kernels) {
    builder.setInsertionPointToEnd(module->getBody());
    if (!importing::KernelImporter(builder, kernel, locate).run())
      return {};
  }
  if (failed(verify(*module)))
    return {};
  return module;
}

} // namespace effattn
