//===- EmitValue.cpp - numbers that tables decide -------------------------===//

#include "lib/Lowering/EmitValue.h"

#include "lib/Lowering/PlannerFunction.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include <algorithm>

using namespace mlir;

namespace effattn {

namespace {

/// effattn_plan_table: data, element, rank, shape, stride.
Type planTableType(MLIRContext *context) {
  Type i32 = IntegerType::get(context, 32);
  Type pointer = LLVM::LLVMPointerType::get(context);
  return LLVM::LLVMStructType::getLiteral(
      context, {pointer, i32, i32, pointer, pointer});
}
constexpr int32_t dataField = 0, shapeField = 3, strideField = 4;

class ValueEmitter {
public:
  ValueEmitter(PlannerFunction &function, const PlanScope &scope)
      : function(function), scope(scope), builder(function.builder),
        location(function.location), scalars(function.scalars) {
    if (!scope.a.empty())
      function.bind(scope.a, function.argument(2));
    if (!scope.b.empty())
      function.bind(scope.b, function.argument(3));
    scalars.useF32();
    scalars.setLookup([this](const Scalar &node, ValueRange indices) {
      return lookup(node, indices);
    });
  }

  /// An Int or Bool expression as an i64.
  Value whole(const ScalarRef &value) {
    Value emitted = scalars.emit(value);
    if (emitted && emitted.getType().isInteger(1))
      emitted = arith::ExtUIOp::create(builder, location, builder.getI64Type(),
                                       emitted);
    return emitted;
  }

  /// values[k] where b == k, from k on.
  Value choose(ArrayRef<ScalarRef> values, size_t k) {
    if (k == values.size())
      return scalars.integer(0);
    Value chosen =
        scalars.compare(arith::CmpIPredicate::eq, function.argument(3),
                        scalars.integer(static_cast<int64_t>(k)));
    auto branch = scf::IfOp::create(builder, location, builder.getI64Type(),
                                    chosen, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(&branch.getThenRegion().front());
    Value here = whole(values[k]);
    if (!here)
      return {};
    scf::YieldOp::create(builder, location, here);
    builder.setInsertionPointToEnd(&branch.getElseRegion().front());
    Value others = choose(values, k + 1);
    if (!others)
      return {};
    scf::YieldOp::create(builder, location, others);
    return branch.getResult(0);
  }

private:
  /// Field of tables[number].
  Value field(int number, int32_t which) {
    Type table = planTableType(builder.getContext());
    Value place = LLVM::GEPOp::create(
        builder, location, function.argument(1).getType(), table,
        function.argument(1),
        ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(number), which});
    return LLVM::LoadOp::create(builder, location, place.getType(), place);
  }
  Value load(Type type, Value array, Value index) {
    return LLVM::LoadOp::create(builder, location, type,
                                function.address(type, array, index));
  }
  Value both(Value a, Value b) {
    return arith::AndIOp::create(builder, location, a, b);
  }
  void setMissed() {
    Value one = arith::ConstantOp::create(builder, location,
                                          builder.getI32IntegerAttr(1));
    LLVM::StoreOp::create(builder, location, one, function.argument(4));
  }

  /// Offset of the element at the clamped indices; whether the table has
  /// elements; whether all indices are inside.
  struct Place {
    Value offset, some, inside;
  };
  Place place(int table, ValueRange indices) {
    using P = arith::CmpIPredicate;
    Value shape = field(table, shapeField), stride = field(table, strideField);
    Value zero = scalars.integer(0), one = scalars.integer(1);
    Value yes =
        arith::ConstantOp::create(builder, location, builder.getBoolAttr(true));
    Place place = {zero, yes, yes};
    for (auto [axis, index] : llvm::enumerate(indices)) {
      Value number = scalars.integer(static_cast<int64_t>(axis));
      Value size = load(builder.getI64Type(), shape, number),
            step = load(builder.getI64Type(), stride, number);
      Value last = arith::SubIOp::create(builder, location, size, one);
      Value clamped = arith::MinSIOp::create(builder, location, index, last);
      clamped = arith::MaxSIOp::create(builder, location, clamped, zero);
      place.inside = both(place.inside, scalars.compare(P::eq, clamped, index));
      place.some = both(place.some, scalars.compare(P::sgt, size, zero));
      Value part = arith::MulIOp::create(builder, location, clamped, step);
      place.offset =
          arith::AddIOp::create(builder, location, place.offset, part);
    }
    place.inside = both(place.inside, place.some);
    return place;
  }

  Value lookup(const Scalar &node, ValueRange indices) {
    if (node.table < 0 ||
        static_cast<size_t>(node.table) >= scope.tables.size())
      return {};
    const TableSpec &spec = scope.tables[node.table];
    if (static_cast<int>(indices.size()) != spec.rank)
      return {};
    Type type = typeOf(node.type);
    Place where = place(node.table, indices);
    Value absent = zeroOf(type);
    auto read = scf::IfOp::create(builder, location, type, where.some,
                                  /*withElseRegion=*/true);
    {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToEnd(&read.getThenRegion().front());
      Value value = element(spec.element, node.type,
                            field(node.table, dataField), where.offset);
      if (!value)
        return {};
      scf::YieldOp::create(builder, location, value);
      builder.setInsertionPointToEnd(&read.getElseRegion().front());
      scf::YieldOp::create(builder, location, absent);
    }
    Value yes =
        arith::ConstantOp::create(builder, location, builder.getBoolAttr(true));
    Value outside = arith::XOrIOp::create(builder, location, where.inside, yes);
    auto miss = scf::IfOp::create(builder, location, outside,
                                  /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&miss.getThenRegion().front());
    setMissed();
    return read.getResult(0);
  }

  Type typeOf(ScalarType type) {
    return type == ScalarType::Bool    ? Type(builder.getI1Type())
           : type == ScalarType::Float ? Type(builder.getF32Type())
                                       : Type(builder.getI64Type());
  }
  Value zeroOf(Type type) {
    return arith::ConstantOp::create(builder, location,
                                     builder.getZeroAttr(type));
  }

  /// An element as Int, as Bool (not 0), or as Float; null for a Float element
  /// as something else.
  Value element(ElementType element, ScalarType type, Value data,
                Value offset) {
    if (element == ElementType::F32 || element == ElementType::F16 ||
        element == ElementType::BF16)
      return type == ScalarType::Float ? real(element, data, offset) : Value();
    unsigned bits = element == ElementType::I32   ? 32
                    : element == ElementType::I64 ? 64
                                                  : 8;
    Value value = load(builder.getIntegerType(bits), data, offset);
    if (bits < 64)
      value = arith::ExtSIOp::create(builder, location, builder.getI64Type(),
                                     value);
    Value some =
        scalars.compare(arith::CmpIPredicate::ne, value, scalars.integer(0));
    if (type == ScalarType::Bool)
      return some;
    if (element == ElementType::Bool)
      value =
          arith::ExtUIOp::create(builder, location, builder.getI64Type(), some);
    if (type == ScalarType::Int)
      return value;
    return arith::SIToFPOp::create(builder, location, builder.getF32Type(),
                                   value);
  }

  Value word(int64_t value) {
    return arith::ConstantOp::create(
        builder, location, builder.getIntegerAttr(builder.getI32Type(), value));
  }

  /// Half floats by their bits: no library function, whatever the processor.
  Value real(ElementType element, Value data, Value offset) {
    Type f32 = builder.getF32Type(), i32 = builder.getI32Type();
    if (element == ElementType::F32)
      return load(f32, data, offset);
    Value bits = arith::ExtUIOp::create(
        builder, location, i32, load(builder.getI16Type(), data, offset));
    auto shift = [&](Value value, int64_t by) -> Value {
      return arith::ShLIOp::create(builder, location, value, word(by));
    };
    auto asFloat = [&](Value value) -> Value {
      return arith::BitcastOp::create(builder, location, f32, value);
    };
    if (element == ElementType::BF16)
      return asFloat(shift(bits, 16));
    // Exponent and mantissa, read as f32, are 2^112 times too small; that also
    // holds for subnormals. Infinity and NaN have the greatest exponent.
    Value sign =
        shift(arith::AndIOp::create(builder, location, bits, word(0x8000)), 16);
    Value magnitude =
        shift(arith::AndIOp::create(builder, location, bits, word(0x7fff)), 13);
    Value scale = arith::ConstantOp::create(builder, location,
                                            builder.getF32FloatAttr(0x1p112f));
    Value finite =
        arith::MulFOp::create(builder, location, asFloat(magnitude), scale);
    finite = arith::BitcastOp::create(builder, location, i32, finite);
    Value special =
        arith::OrIOp::create(builder, location, magnitude, word(0x7f800000));
    Value isFinite =
        arith::CmpIOp::create(builder, location, arith::CmpIPredicate::slt,
                              magnitude, word(0x7c00 << 13));
    Value chosen =
        arith::SelectOp::create(builder, location, isFinite, finite, special);
    return asFloat(arith::OrIOp::create(builder, location, chosen, sign));
  }

  PlannerFunction &function;
  const PlanScope &scope;
  OpBuilder &builder;
  Location location;
  ScalarEmitter &scalars;
};

/// f32 arguments come as two halves of their bits.
void bindFloats(PlannerFunction &function, const PlanScope &scope) {
  for (const std::string &name : scope.floats) {
    Value upper = function.find(name), lower = function.find(lowerBits(name));
    if (!upper || !lower)
      continue;
    OpBuilder &builder = function.builder;
    Location location = function.location;
    Value half = arith::ConstantOp::create(builder, location,
                                           builder.getI64IntegerAttr(16));
    Value bits = arith::OrIOp::create(
        builder, location,
        arith::ShLIOp::create(builder, location, upper, half), lower);
    bits =
        arith::TruncIOp::create(builder, location, builder.getI32Type(), bits);
    function.bind(name, arith::BitcastOp::create(builder, location,
                                                 builder.getF32Type(), bits));
  }
}

/// What a processor has no instruction for: a planner calls no library.
std::string withoutValue(const std::vector<ScalarRef> &values) {
  for (const ScalarRef &value : values) {
    std::string found;
    walk(value, [&](const Scalar &node) {
      bool isCall = node.kind == ScalarKind::Exp ||
                    node.kind == ScalarKind::Log ||
                    node.kind == ScalarKind::Tanh;
      if (isCall && found.empty())
        found = node.kind == ScalarKind::Exp   ? "exp"
                : node.kind == ScalarKind::Log ? "log"
                                               : "tanh";
    });
    if (!found.empty())
      return found;
  }
  return "";
}

} // namespace

std::string lowerBits(const std::string &name) { return name + ".low"; }

func::FuncOp emitPlanValue(OpBuilder &builder, Location location,
                           const std::string &symbol,
                           const std::vector<ScalarRef> &values,
                           const PlanScope &scope, std::string *unknown) {
  *unknown = withoutValue(values);
  if (!unknown->empty())
    return nullptr;
  Type i64 = builder.getI64Type();
  Type pointer = LLVM::LLVMPointerType::get(builder.getContext());
  PlannerFunction function(builder, location, symbol, scope.parameters,
                           {pointer, i64, i64, pointer}, i64);
  bindFloats(function, scope);
  ValueEmitter emitter(function, scope);
  Value result =
      values.size() == 1 ? emitter.whole(values[0]) : emitter.choose(values, 0);
  *unknown = function.unknown;
  if (!result && unknown->empty())
    *unknown = toString(values[0]);
  return function.finish(result);
}

} // namespace effattn
