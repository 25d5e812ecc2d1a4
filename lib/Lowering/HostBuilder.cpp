//===- HostBuilder.cpp - the host function of one kernel ------------------===//

#include "lib/Lowering/HostBuilder.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include <algorithm>
#include <limits>

using namespace mlir;

namespace effattn {

Type attendOperandsType(MLIRContext *context) {
  Type i32 = IntegerType::get(context, 32);
  Type pointer = LLVM::LLVMPointerType::get(context);
  return LLVM::LLVMStructType::getLiteral(
      context, {i32, i32, i32, i32, i32, i32, pointer, pointer, pointer,
                pointer, pointer, pointer, i32, i32, i32, pointer, i32, i32});
}

Type raggedType(MLIRContext *context) {
  Type i32 = IntegerType::get(context, 32);
  Type pointer = LLVM::LLVMPointerType::get(context);
  return LLVM::LLVMStructType::getLiteral(context,
                                          {i32, i32, pointer, pointer});
}

HostBuilder::HostBuilder(ModuleOp module, Location location,
                         const std::string &symbol, const LoweredKernel &kernel)
    : module(module), location(location), kernel(kernel),
      builder(OpBuilder::atBlockEnd(module.getBody())) {
  MLIRContext *context = module.getContext();
  i32 = builder.getI32Type();
  i64 = builder.getI64Type();
  f64 = builder.getF64Type();
  pointer = LLVM::LLVMPointerType::get(context);
  function = func::FuncOp::create(
      builder, location, symbol,
      builder.getFunctionType({pointer, pointer, pointer, pointer}, {i32}));
  Block *entry = function.addEntryBlock();
  launch = entry->getArgument(0);
  dimensions = entry->getArgument(1);
  integers = entry->getArgument(2);
  floats = entry->getArgument(3);
  builder.setInsertionPointToStart(entry);
  status = number(0, 32);
}

Value HostBuilder::number(int64_t value, unsigned bits) {
  return arith::ConstantOp::create(
      builder, location,
      builder.getIntegerAttr(builder.getIntegerType(bits), value));
}

Value HostBuilder::real(double value) {
  return arith::ConstantOp::create(builder, location,
                                   builder.getF64FloatAttr(value));
}

Value HostBuilder::load(Value array, int64_t index, Type element) {
  Value address =
      LLVM::GEPOp::create(builder, location, pointer, element, array,
                          ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(index)});
  return LLVM::LoadOp::create(builder, location, element, address);
}

Value HostBuilder::name(const Scalar &scalar) {
  if (scalar.kind == ScalarKind::Dimension) {
    auto found = std::find(kernel.dimensions.begin(), kernel.dimensions.end(),
                           scalar.name);
    if (found == kernel.dimensions.end())
      return {};
    return load(dimensions, found - kernel.dimensions.begin(), i64);
  }
  if (scalar.kind != ScalarKind::Argument)
    return {};
  bool real = scalar.type == ScalarType::Float;
  int64_t index = 0;
  for (const LoweredArgument &argument : kernel.arguments) {
    if (argument.kind != ArgumentKind::Scalar ||
        (argument.type.element == ElementType::F32) != real)
      continue;
    if (argument.name == scalar.name)
      return load(real ? floats : integers, index, real ? f64 : i64);
    ++index;
  }
  return {};
}

Value HostBuilder::emit(const ScalarRef &value) {
  ScalarEmitter emitter(builder, location,
                        [this](const Scalar &scalar) { return name(scalar); });
  Value result = emitter.emit(value);
  if (!result)
    emitError(location) << "not supported yet: '" << toString(value)
                        << "' at launch; expressions of sizes and scalar "
                           "arguments are";
  return result;
}

Value HostBuilder::emitReal(const ScalarRef &value) {
  return emit(value->type == ScalarType::Float
                  ? value
                  : unary(ScalarKind::ToFloat, value));
}

Value HostBuilder::frame(Type element, int64_t count) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&function.getBody().front());
  return LLVM::AllocaOp::create(builder, location, pointer, element,
                                number(count, 64));
}

Value HostBuilder::array(Type element, ArrayRef<Value> values) {
  if (values.empty())
    return LLVM::ZeroOp::create(builder, location, pointer);
  Value memory = frame(element, static_cast<int64_t>(values.size()));
  for (auto [index, value] : llvm::enumerate(values)) {
    Value address = LLVM::GEPOp::create(
        builder, location, pointer, element, memory,
        ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(index)});
    LLVM::StoreOp::create(builder, location, value, address);
  }
  return memory;
}

Value HostBuilder::slots(const std::vector<int> &slots) {
  SmallVector<Value> values;
  for (int one : slots)
    values.push_back(slot(one));
  return array(i32, values);
}

/// An array of effattn_row_filter: two int32_t each.
Value HostBuilder::filters(const std::vector<AttendCall::Filter> &filters) {
  SmallVector<Value> words;
  for (const AttendCall::Filter &filter : filters) {
    words.push_back(slot(filter.set));
    words.push_back(number(filter.keep, 32));
  }
  return array(i32, words);
}

void HostBuilder::call(const char *symbol, ArrayRef<Value> arguments) {
  auto callee = module.lookupSymbol<func::FuncOp>(symbol);
  if (!callee) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(module.getBody());
    SmallVector<Type> types;
    for (Value argument : arguments)
      types.push_back(argument.getType());
    callee = func::FuncOp::create(builder, module.getLoc(), symbol,
                                  builder.getFunctionType(types, {i32}));
    callee.setPrivate();
  }
  Value held = arith::CmpIOp::create(
      builder, location, arith::CmpIPredicate::eq, status, number(0, 32));
  auto guarded = scf::IfOp::create(builder, location, i32, held,
                                   /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(&guarded.getThenRegion().front());
  auto result = func::CallOp::create(builder, location, callee, arguments);
  scf::YieldOp::create(builder, location, result.getResult(0));
  builder.setInsertionPointToEnd(&guarded.getElseRegion().front());
  scf::YieldOp::create(builder, location, status);
  status = guarded.getResult(0);
}

bool HostBuilder::allocate(int number_, const TensorType &type) {
  SmallVector<Value> shape;
  for (const ScalarRef &size : type.shape) {
    shape.push_back(emit(size));
    if (!shape.back())
      return false;
  }
  call("effattn_host_allocate",
       {launch, slot(number_), number(static_cast<int64_t>(type.element), 32),
        number(type.rank(), 32), array(i64, shape)});
  return true;
}

void HostBuilder::release(int number_) {
  call("effattn_host_release", {launch, slot(number_)});
}

void HostBuilder::fill(int number_, double value) {
  call("effattn_host_fill", {launch, slot(number_), real(value)});
}

bool HostBuilder::fill(int number_, const ScalarRef &value) {
  Value emitted = emitReal(value);
  if (!emitted)
    return false;
  call("effattn_host_fill", {launch, slot(number_), emitted});
  return true;
}

void HostBuilder::copy(int from, int to) {
  call("effattn_host_copy", {launch, slot(from), slot(to)});
}

void HostBuilder::step(int number_, const std::vector<int> &operands,
                       int result) {
  call("effattn_host_step",
       {launch, number(number_, 32), slots(operands), slot(result)});
}

/// The upper half of the bits of an f32 as a signed number, or the lower half.
Value HostBuilder::halfOf(Value real, bool upper) {
  Value single =
      arith::TruncFOp::create(builder, location, builder.getF32Type(), real);
  Value bits = arith::ExtSIOp::create(
      builder, location, i64,
      arith::BitcastOp::create(builder, location, i32, single));
  return upper ? Value(arith::ShRSIOp::create(builder, location, bits,
                                              number(16, 64)))
               : Value(arith::AndIOp::create(builder, location, bits,
                                             number(0xffff, 64)));
}

std::optional<Value> HostBuilder::words(const std::vector<ScalarRef> &values) {
  SmallVector<Value> words;
  bool upper = false; // of a Float, which stands there twice
  for (const ScalarRef &one : values) {
    Value value = emit(one);
    if (!value)
      return std::nullopt;
    bool isReal = one->type == ScalarType::Float;
    upper = isReal && !upper;
    words.push_back(isReal ? halfOf(value, upper) : value);
  }
  return array(i64, words);
}

std::optional<Value> HostBuilder::reals(const std::vector<ScalarRef> &values) {
  SmallVector<Value> all;
  for (const ScalarRef &one : values) {
    all.push_back(emitReal(one));
    if (!all.back())
      return std::nullopt;
  }
  return array(f64, all);
}

bool HostBuilder::order(int kind, int table,
                        const std::vector<ScalarRef> &sizes, int order,
                        int rank) {
  std::optional<Value> values = words(sizes);
  if (!values)
    return false;
  call("effattn_host_order", {launch, number(kind, 32), slot(table), *values,
                              slot(order), slot(rank)});
  return true;
}

void HostBuilder::setTokens(int set, int order, int byBatch, int result) {
  call("effattn_host_set_tokens",
       {launch, slot(set), slot(order), number(byBatch, 32), slot(result)});
}

bool HostBuilder::draw(int number_, const AttendCall &outside, int table) {
  Value all = operands(outside);
  if (all)
    call("effattn_host_draw", {launch, number(number_, 32), all, slot(table)});
  return static_cast<bool>(all);
}

bool HostBuilder::attend(const AttendCall &attend) {
  Value all = operands(attend);
  if (all)
    call("effattn_host_attend", {launch, number(attend.attend, 32), all});
  return static_cast<bool>(all);
}

Value HostBuilder::operands(const AttendCall &attend) {
  std::optional<Value> integers = words(attend.integers),
                       floats = reals(attend.floats);
  if (!integers || !floats)
    return {};
  SmallVector<Value> fields = {
      slot(attend.query),
      slot(attend.key),
      slot(attend.value),
      slot(attend.output),
      slot(attend.lse),
      number(static_cast<int64_t>(attend.filters.size()), 32),
      filters(attend.filters),
      slots(attend.keySets),
      slots(attend.querySets),
      slots(attend.tables),
      *integers,
      *floats,
      number(attend.continues, 32),
      slot(attend.queryOrder),
      slot(attend.keyOrder),
      ragged(attend),
      number(static_cast<int32_t>(attend.batchSets), 32),
      number(static_cast<int32_t>(attend.batchOrders), 32)};
  return structure(attendOperandsType(module.getContext()), fields);
}

Value HostBuilder::structure(Type type, ArrayRef<Value> fields) {
  Value memory = frame(type, 1);
  for (auto [index, field] : llvm::enumerate(fields)) {
    Value address = LLVM::GEPOp::create(
        builder, location, pointer, type, memory,
        ArrayRef<LLVM::GEPArg>{0, static_cast<int32_t>(index)});
    LLVM::StoreOp::create(builder, location, field, address);
  }
  return memory;
}

Value HostBuilder::ragged(const AttendCall &attend) {
  if (attend.queryOffsets < 0)
    return LLVM::ZeroOp::create(builder, location, pointer);
  return structure(raggedType(module.getContext()),
                   {slot(attend.queryOffsets), slot(attend.keyOffsets),
                    slots(attend.tableOffsets), slots(attend.tableAxes)});
}

void HostBuilder::merge(const std::vector<int> &outputs,
                        const std::vector<int> &lses, int output, int lse) {
  call("effattn_host_merge",
       {launch, number(static_cast<int64_t>(outputs.size()), 32),
        slots(outputs), slots(lses), slot(output), slot(lse)});
}

void HostBuilder::finish() {
  func::ReturnOp::create(builder, location, status);
}

} // namespace effattn
