//===- EmitScalar.cpp - scalar expressions as arith operations ------------===//

#include "lib/Lowering/EmitScalar.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace effattn {

Value ScalarEmitter::integer(int64_t value) {
  return arith::ConstantOp::create(builder, location,
                                   builder.getI64IntegerAttr(value));
}

Value ScalarEmitter::compare(arith::CmpIPredicate predicate, Value a, Value b) {
  return arith::CmpIOp::create(builder, location, predicate, a, b);
}

Value ScalarEmitter::constant(const Scalar &scalar) {
  switch (scalar.type) {
  case ScalarType::Int:
    return integer(scalar.integer);
  case ScalarType::Bool:
    return arith::ConstantOp::create(builder, location,
                                     builder.getBoolAttr(scalar.integer != 0));
  case ScalarType::Float:
    return arith::ConstantOp::create(builder, location,
                                     builder.getF64FloatAttr(scalar.real));
  }
  return {};
}

Value ScalarEmitter::unary(const Scalar &scalar, Value operand) {
  bool real = scalar.type == ScalarType::Float;
  switch (scalar.kind) {
  case ScalarKind::Neg:
    if (real)
      return arith::NegFOp::create(builder, location, operand);
    return arith::SubIOp::create(builder, location, integer(0), operand);
  case ScalarKind::Abs:
    if (real)
      return LLVM::FAbsOp::create(builder, location, operand);
    return arith::MaxSIOp::create(
        builder, location, operand,
        arith::SubIOp::create(builder, location, integer(0), operand));
  case ScalarKind::Not:
    return arith::XOrIOp::create(
        builder, location, operand,
        arith::ConstantOp::create(builder, location,
                                  builder.getBoolAttr(true)));
  case ScalarKind::ToFloat:
    if (operand.getType().isInteger(1))
      return arith::UIToFPOp::create(builder, location, builder.getF64Type(),
                                     operand);
    return arith::SIToFPOp::create(builder, location, builder.getF64Type(),
                                   operand);
  case ScalarKind::Exp:
    return LLVM::ExpOp::create(builder, location, operand);
  case ScalarKind::Log:
    return LLVM::LogOp::create(builder, location, operand);
  case ScalarKind::Tanh:
    return LLVM::TanhOp::create(builder, location, operand);
  case ScalarKind::Sqrt:
    return LLVM::SqrtOp::create(builder, location, operand);
  default:
    return {};
  }
}

Value ScalarEmitter::arithmetic(ScalarKind kind, bool real, Value a, Value b) {
  switch (kind) {
  case ScalarKind::Add:
    return real ? Value(arith::AddFOp::create(builder, location, a, b))
                : Value(arith::AddIOp::create(builder, location, a, b));
  case ScalarKind::Sub:
    return real ? Value(arith::SubFOp::create(builder, location, a, b))
                : Value(arith::SubIOp::create(builder, location, a, b));
  case ScalarKind::Mul:
    return real ? Value(arith::MulFOp::create(builder, location, a, b))
                : Value(arith::MulIOp::create(builder, location, a, b));
  case ScalarKind::Min:
    return real ? Value(arith::MinimumFOp::create(builder, location, a, b))
                : Value(arith::MinSIOp::create(builder, location, a, b));
  case ScalarKind::Max:
    return real ? Value(arith::MaximumFOp::create(builder, location, a, b))
                : Value(arith::MaxSIOp::create(builder, location, a, b));
  default:
    return {};
  }
}

Value ScalarEmitter::division(ScalarKind kind, Value a, Value b,
                              const Scalar &divisor) {
  if (!divisor.isConstant() || divisor.integer < 1)
    b = arith::MaxSIOp::create(builder, location, b, integer(1));
  if (kind == ScalarKind::FloorDiv)
    return arith::FloorDivSIOp::create(builder, location, a, b);
  if (kind == ScalarKind::CeilDiv)
    return arith::CeilDivSIOp::create(builder, location, a, b);
  Value rest = arith::RemSIOp::create(builder, location, a, b);
  Value negative = compare(arith::CmpIPredicate::slt, rest, integer(0));
  Value raised = arith::AddIOp::create(builder, location, rest, b);
  return arith::SelectOp::create(builder, location, negative, raised, rest);
}

Value ScalarEmitter::comparison(ScalarKind kind, bool real, Value a, Value b) {
  using I = arith::CmpIPredicate;
  using F = arith::CmpFPredicate;
  I integerPredicate = kind == ScalarKind::Less        ? I::slt
                       : kind == ScalarKind::LessEqual ? I::sle
                       : kind == ScalarKind::Equal     ? I::eq
                                                       : I::ne;
  F realPredicate = kind == ScalarKind::Less        ? F::OLT
                    : kind == ScalarKind::LessEqual ? F::OLE
                    : kind == ScalarKind::Equal     ? F::OEQ
                                                    : F::UNE;
  if (real)
    return arith::CmpFOp::create(builder, location, realPredicate, a, b);
  return compare(integerPredicate, a, b);
}

Value ScalarEmitter::binary(const Scalar &scalar, Value a, Value b) {
  bool real = scalar.operands[0]->type == ScalarType::Float;
  switch (scalar.kind) {
  case ScalarKind::FloorDiv:
  case ScalarKind::CeilDiv:
  case ScalarKind::Mod:
    return division(scalar.kind, a, b, *scalar.operands[1]);
  case ScalarKind::Div:
    return arith::DivFOp::create(builder, location, a, b);
  case ScalarKind::Less:
  case ScalarKind::LessEqual:
  case ScalarKind::Equal:
  case ScalarKind::NotEqual:
    return comparison(scalar.kind, real, a, b);
  case ScalarKind::And:
    return arith::AndIOp::create(builder, location, a, b);
  case ScalarKind::Or:
    return arith::OrIOp::create(builder, location, a, b);
  default:
    return arithmetic(scalar.kind, real, a, b);
  }
}

Value ScalarEmitter::emit(const ScalarRef &scalar) {
  switch (scalar->kind) {
  case ScalarKind::Constant:
    return constant(*scalar);
  case ScalarKind::Variable:
  case ScalarKind::Dimension:
  case ScalarKind::Argument:
    return name(*scalar);
  case ScalarKind::Lookup:
  case ScalarKind::KeyInSet:
  case ScalarKind::QueryInSet:
  case ScalarKind::Exists:
    return {};
  default:
    break;
  }
  SmallVector<Value> operands;
  for (const ScalarRef &operand : scalar->operands) {
    operands.push_back(emit(operand));
    if (!operands.back())
      return {};
  }
  if (operands.size() == 1)
    return unary(*scalar, operands[0]);
  if (operands.size() == 2)
    return binary(*scalar, operands[0], operands[1]);
  return arith::SelectOp::create(builder, location, operands[0], operands[1],
                                 operands[2]);
}

} // namespace effattn
