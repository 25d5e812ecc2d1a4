//===- EmitScalar.cpp - scalar expressions as arith operations ------------===//

#include "lib/Lowering/EmitScalar.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

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
                                     builder.getFloatAttr(real, scalar.real));
  }
  return {};
}

Value ScalarEmitter::unary(const Scalar &scalar, Value operand) {
  bool isReal = scalar.type == ScalarType::Float;
  switch (scalar.kind) {
  case ScalarKind::Neg:
    if (isReal)
      return arith::NegFOp::create(builder, location, operand);
    return arith::SubIOp::create(builder, location, integer(0), operand);
  case ScalarKind::Abs:
    if (isReal)
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
      return arith::UIToFPOp::create(builder, location, real, operand);
    return arith::SIToFPOp::create(builder, location, real, operand);
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

/// The first of [lower, upper) for which the body holds ends the loop.
Value ScalarEmitter::exists(const Scalar &scalar) {
  Value lower = visit(scalar.operands[0]), upper = visit(scalar.operands[1]);
  if (!lower || !upper)
    return {};
  Value no =
      arith::ConstantOp::create(builder, location, builder.getBoolAttr(false));
  auto loop = scf::WhileOp::create(builder, location,
                                   TypeRange{lower.getType(), no.getType()},
                                   ValueRange{lower, no});
  OpBuilder::InsertionGuard guard(builder);
  Known outer = known;
  Block *before = builder.createBlock(&loop.getBefore(), {},
                                      {lower.getType(), no.getType()},
                                      {location, location});
  Value inside =
      compare(arith::CmpIPredicate::slt, before->getArgument(0), upper);
  Value open = compare(arith::CmpIPredicate::eq, before->getArgument(1), no);
  Value more = arith::AndIOp::create(builder, location, inside, open);
  scf::ConditionOp::create(builder, location, more, before->getArguments());
  Block *after =
      builder.createBlock(&loop.getAfter(), {}, {lower.getType(), no.getType()},
                          {location, location});
  bound[scalar.name] = after->getArgument(0);
  Value held = visit(scalar.operands[2]);
  if (held) {
    Value next = arith::AddIOp::create(builder, location, after->getArgument(0),
                                       integer(1));
    scf::YieldOp::create(builder, location, ValueRange{next, held});
  }
  bound.erase(scalar.name);
  known = std::move(outer);
  return held ? loop.getResult(1) : Value();
}

Value ScalarEmitter::emit(const ScalarRef &scalar) {
  known.clear();
  return visit(scalar);
}

Value ScalarEmitter::visit(const ScalarRef &scalar) {
  auto found = known.find(scalar.get());
  if (found != known.end())
    return found->second;
  Value value = visitNew(*scalar);
  known[scalar.get()] = value;
  return value;
}

Value ScalarEmitter::visitNew(const Scalar &scalar) {
  switch (scalar.kind) {
  case ScalarKind::Constant:
    return constant(scalar);
  case ScalarKind::Variable:
  case ScalarKind::Dimension:
  case ScalarKind::Argument: {
    auto found = bound.find(scalar.name);
    return found != bound.end() ? found->second : name(scalar);
  }
  case ScalarKind::KeyInSet:
  case ScalarKind::QueryInSet:
    return {};
  case ScalarKind::Exists:
    return exists(scalar);
  default:
    break;
  }
  SmallVector<Value> operands;
  for (const ScalarRef &operand : scalar.operands) {
    operands.push_back(visit(operand));
    if (!operands.back())
      return {};
  }
  if (scalar.kind == ScalarKind::Lookup)
    return lookup ? lookup(scalar, operands) : Value();
  if (operands.size() == 1)
    return unary(scalar, operands[0]);
  if (operands.size() == 2)
    return binary(scalar, operands[0], operands[1]);
  return arith::SelectOp::create(builder, location, operands[0], operands[1],
                                 operands[2]);
}

} // namespace effattn
