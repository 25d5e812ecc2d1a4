//===- ConvertScalar.cpp - operations to scalar expressions ---------------===//
//
// The inverse of lib/Import on scalars, up to what canonicalisation does to
// arith: comparisons turned round, negations pushed into them, selections of
// truth values made into and, or.
//
//===----------------------------------------------------------------------===//

#include "dialect/Convert.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace effattn::ir {

namespace {

/// Deepest chain of operations that is read; programs nest far less.
constexpr int maxDepth = 4000;

int numberOf(Value value, SmallVectorImpl<Value> &list) {
  auto place = llvm::find(list, value);
  if (place == list.end()) {
    list.push_back(value);
    return list.size() - 1;
  }
  return place - list.begin();
}

ScalarType typeOf(Type type) {
  if (type.isInteger(1))
    return ScalarType::Bool;
  return isa<FloatType>(type) ? ScalarType::Float : ScalarType::Int;
}

ScalarRef constant(arith::ConstantOp op) {
  if (auto real = dyn_cast<FloatAttr>(op.getValue()))
    return constantFloat(real.getValue().convertToDouble());
  auto integer = dyn_cast<IntegerAttr>(op.getValue());
  if (!integer)
    return nullptr;
  if (op.getType().isInteger(1))
    return constantBool(!integer.getValue().isZero());
  return integer.getValue().getSignificantBits() <= 64
             ? constantInt(integer.getValue().getSExtValue())
             : nullptr;
}

ScalarRef compare(arith::CmpIPredicate predicate, ScalarRef a, ScalarRef b) {
  switch (predicate) {
  case arith::CmpIPredicate::eq:
    return equal(a, b);
  case arith::CmpIPredicate::ne:
    return binary(ScalarKind::NotEqual, a, b);
  case arith::CmpIPredicate::slt:
    return a < b;
  case arith::CmpIPredicate::sle:
    return a <= b;
  case arith::CmpIPredicate::sgt:
    return b < a;
  case arith::CmpIPredicate::sge:
    return b <= a;
  default:
    return nullptr;
  }
}

/// a < b or b < a: false where one is NaN.
ScalarRef orderedAndDifferent(ScalarRef a, ScalarRef b) {
  return logicalOr(a < b, b < a);
}

/// Comparisons of a Scalar are ordered: false where an operand is NaN.
ScalarRef compare(arith::CmpFPredicate predicate, ScalarRef a, ScalarRef b) {
  using P = arith::CmpFPredicate;
  switch (predicate) {
  case P::OEQ:
    return equal(a, b);
  case P::OLT:
    return a < b;
  case P::OLE:
    return a <= b;
  case P::OGT:
    return b < a;
  case P::OGE:
    return b <= a;
  case P::ONE:
    return orderedAndDifferent(a, b);
  case P::ORD:
    return logicalAnd(equal(a, a), equal(b, b));
  case P::UEQ:
    return logicalNot(orderedAndDifferent(a, b));
  case P::ULT:
    return logicalNot(b <= a);
  case P::ULE:
    return logicalNot(b < a);
  case P::UGT:
    return logicalNot(a <= b);
  case P::UGE:
    return logicalNot(a < b);
  case P::UNE:
    return binary(ScalarKind::NotEqual, a, b);
  case P::UNO:
    return logicalNot(logicalAnd(equal(a, a), equal(b, b)));
  case P::AlwaysFalse:
    return constantBool(false);
  case P::AlwaysTrue:
    return constantBool(true);
  }
  return nullptr;
}

/// Operations with one Scalar node of the same number of operands.
std::optional<ScalarKind> plainKind(Operation *op) {
  return TypeSwitch<Operation *, std::optional<ScalarKind>>(op)
      .Case<arith::AddIOp, arith::AddFOp>([](auto) { return ScalarKind::Add; })
      .Case<arith::MulIOp, arith::MulFOp>([](auto) { return ScalarKind::Mul; })
      .Case<arith::SubFOp>([](auto) { return ScalarKind::Sub; })
      .Case<arith::DivFOp>([](auto) { return ScalarKind::Div; })
      .Case<arith::NegFOp>([](auto) { return ScalarKind::Neg; })
      .Case<arith::FloorDivSIOp>([](auto) { return ScalarKind::FloorDiv; })
      .Case<arith::CeilDivSIOp>([](auto) { return ScalarKind::CeilDiv; })
      .Case<ModOp>([](auto) { return ScalarKind::Mod; })
      .Case<arith::MinSIOp, arith::MinimumFOp>(
          [](auto) { return ScalarKind::Min; })
      .Case<arith::MaxSIOp, arith::MaximumFOp>(
          [](auto) { return ScalarKind::Max; })
      .Case<math::AbsIOp, math::AbsFOp>([](auto) { return ScalarKind::Abs; })
      .Case<math::ExpOp>([](auto) { return ScalarKind::Exp; })
      .Case<math::LogOp>([](auto) { return ScalarKind::Log; })
      .Case<math::TanhOp>([](auto) { return ScalarKind::Tanh; })
      .Case<math::SqrtOp>([](auto) { return ScalarKind::Sqrt; })
      .Case<arith::SIToFPOp>([](auto) { return ScalarKind::ToFloat; })
      .Default([](Operation *) { return std::nullopt; });
}

/// Of `i64`, `i1` or `f64`, so that a node stands for it.
bool isScalarType(Type type) {
  return type.isInteger(64) || type.isInteger(1) || type.isF64();
}

ScalarRef exclusiveOr(ScalarRef a, ScalarRef b) {
  if (b->isConstant(1))
    return logicalNot(a);
  if (a->isConstant(1))
    return logicalNot(b);
  return logicalOr(logicalAnd(a, logicalNot(b)), logicalAnd(logicalNot(a), b));
}

} // namespace

ScalarRef Converter::scalar(Value value) {
  auto known = scalars.find(value);
  if (known != scalars.end())
    return known->second;
  if (depth >= maxDepth) {
    emitError(value.getLoc())
        << "expression nests more than " << maxDepth << " operations";
    return nullptr;
  }
  ++depth;
  ScalarRef result = convert(value);
  --depth;
  if (result)
    scalars[value] = result;
  return result;
}

ScalarRef Converter::convert(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return convertArgument(argument);
  Operation *op = value.getDefiningOp();
  // The f32 argument of a kernel, widened.
  if (auto widened = dyn_cast<arith::ExtFOp>(op))
    return scalar(widened.getIn());
  bool plainTypes =
      isScalarType(value.getType()) &&
      llvm::all_of(op->getOperandTypes(), [](Type type) {
        return isScalarType(type) || isa<TensorType, IndexSetType>(type);
      });
  ScalarRef result = plainTypes ? convertOperation(op) : nullptr;
  // An operand that has no node has been reported.
  bool reported =
      plainTypes && llvm::any_of(op->getOperands(), [&](Value operand) {
        return isScalarType(operand.getType()) && !scalars.contains(operand);
      });
  if (!result && !reported && !isa<ExistsOp>(op))
    emitError(op->getLoc()) << "operation '" << op->getName()
                            << "' has no meaning in a pattern or a score";
  return result;
}

ScalarRef Converter::convertArgument(BlockArgument argument) {
  static const char *names[] = {"s", "b", "h", "i", "j"};
  Operation *owner = argument.getOwner()->getParentOp();
  unsigned number = argument.getArgNumber();
  if (auto kernel = dyn_cast<KernelOp>(owner)) {
    if (argument.getType().isInteger(64) || argument.getType().isF32())
      return effattn::argument(kernel.getArgumentName(number).str(),
                               typeOf(argument.getType()));
  } else if (auto existsOp = dyn_cast<ExistsOp>(owner)) {
    return variable(existsOp.getName().str());
  } else if (isa<ComprehensionOp, OnGridOp, AttendOp, ColumnSumsOp>(owner)) {
    unsigned skipped = 5 - argument.getOwner()->getNumArguments();
    return variable(names[number + skipped], typeOf(argument.getType()));
  }
  emitError(argument.getLoc())
      << "block argument of type " << argument.getType()
      << " has no meaning in a pattern or a score";
  return nullptr;
}

ScalarRef Converter::yielded(Region &region) {
  auto yield = cast<YieldOp>(region.front().getTerminator());
  return scalar(yield.getValue());
}

/// Null where the operation, or one of its operands, is none of ours.
ScalarRef Converter::convertOperation(Operation *op) {
  if (auto exists = dyn_cast<ExistsOp>(op)) {
    ScalarRef lower = scalar(exists.getLower()),
              upper = scalar(exists.getUpper());
    ScalarRef body = yielded(exists.getBody());
    return lower && upper && body
               ? effattn::exists(exists.getName().str(), lower, upper, body)
               : nullptr;
  }
  std::vector<ScalarRef> in;
  for (Value operand : op->getOperands()) {
    if (isa<TensorType, IndexSetType>(operand.getType()))
      continue;
    in.push_back(scalar(operand));
    if (!in.back())
      return nullptr;
  }
  if (auto kind = plainKind(op))
    return in.size() == 1 ? unary(*kind, in[0]) : binary(*kind, in[0], in[1]);
  return TypeSwitch<Operation *, ScalarRef>(op)
      .Case([&](arith::ConstantOp c) { return constant(c); })
      .Case([&](arith::SubIOp) {
        return in[0]->isConstant(0) ? unary(ScalarKind::Neg, in[1])
                                    : in[0] - in[1];
      })
      .Case([&](arith::CmpIOp c) {
        // As a signed number, true is -1.
        bool isBool = c.getLhs().getType().isInteger(1);
        bool isEquality = c.getPredicate() == arith::CmpIPredicate::eq ||
                          c.getPredicate() == arith::CmpIPredicate::ne;
        return isBool && !isEquality ? ScalarRef()
                                     : compare(c.getPredicate(), in[0], in[1]);
      })
      .Case([&](arith::CmpFOp c) {
        return compare(c.getPredicate(), in[0], in[1]);
      })
      .Case([&](arith::AndIOp) {
        return op->getResult(0).getType().isInteger(1)
                   ? logicalAnd(in[0], in[1])
                   : ScalarRef();
      })
      .Case([&](arith::OrIOp) {
        return op->getResult(0).getType().isInteger(1) ? logicalOr(in[0], in[1])
                                                       : ScalarRef();
      })
      .Case([&](arith::XOrIOp) {
        return op->getResult(0).getType().isInteger(1)
                   ? exclusiveOr(in[0], in[1])
                   : ScalarRef();
      })
      .Case([&](arith::SelectOp) { return select(in[0], in[1], in[2]); })
      .Case([&](arith::ExtUIOp) {
        return select(in[0], constantInt(1), constantInt(0));
      })
      .Case([&](arith::UIToFPOp) {
        return in[0]->type == ScalarType::Bool
                   ? unary(ScalarKind::ToFloat, in[0])
                   : ScalarRef();
      })
      .Case(
          [&](DimensionOp d) { return effattn::dimension(d.getName().str()); })
      .Case([&](VariableOp v) {
        return variable(v.getName().str(), typeOf(v.getType()));
      })
      .Case([&](LookupOp l) {
        return lookup(numberOf(l.getTable(), operands.tables),
                      typeOf(l.getType()), in);
      })
      .Case([&](KeyInSetOp k) {
        return keyInSet(numberOf(k.getSet(), operands.keySets));
      })
      .Case([&](QueryInSetOp q) {
        return queryInSet(numberOf(q.getSet(), operands.querySets));
      })
      .Default([](Operation *) { return ScalarRef(); });
}

ScalarRef scalarOf(Value value, ConvertedOperands &operands) {
  Converter converter;
  converter.operands = operands;
  ScalarRef result = converter.scalar(value);
  operands = converter.operands;
  return result;
}

} // namespace effattn::ir
