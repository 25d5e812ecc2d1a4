//===- ImportScalar.cpp - scalar expressions as arith operations ----------===//

#include "lib/Import/Importer.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace effattn::importing {

Type ScalarImporter::typeOf(ScalarType type) {
  switch (type) {
  case ScalarType::Bool:
    return builder.getI1Type();
  case ScalarType::Int:
    return builder.getI64Type();
  case ScalarType::Float:
    return builder.getF64Type();
  }
  return {};
}

Value ScalarImporter::scalar(const ScalarRef &node, Location location) {
  // Values of an enclosing region are visible; those of the innermost come
  // last.
  for (Scope &scope : scopes)
    if (auto known = scope.nodes.find(node.get()); known != scope.nodes.end())
      return known->second;
  Value value = make(node, location);
  if (value)
    scopes.back().nodes[node.get()] = value;
  return value;
}

bool ScalarImporter::region(Region &region, ArrayRef<const char *> names,
                            const ScalarRef &node, Location location) {
  OpBuilder::InsertionGuard guard(builder);
  SmallVector<Type> types;
  for (llvm::StringRef name : names)
    types.push_back(name == "s" ? Type(builder.getF64Type())
                                : Type(builder.getI64Type()));
  Block *block =
      builder.createBlock(&region, region.end(), types,
                          SmallVector<Location>(names.size(), location));
  scopes.emplace_back();
  for (auto [name, argument] : llvm::zip(names, block->getArguments()))
    scopes.back().variables[name] = argument;
  Value value = scalar(node, location);
  if (value)
    ir::YieldOp::create(builder, location, value);
  scopes.pop_back();
  return static_cast<bool>(value);
}

Value ScalarImporter::make(const ScalarRef &node, Location location) {
  if (node->kind == ScalarKind::Exists)
    return exists(*node, location);
  SmallVector<Value> in;
  for (const ScalarRef &operand : node->operands) {
    in.push_back(scalar(operand, location));
    if (!in.back())
      return {};
  }
  switch (node->kind) {
  case ScalarKind::Lookup:
    return lookUp(*node, in, location);
  case ScalarKind::And:
    return arith::AndIOp::create(builder, location, in[0], in[1]);
  case ScalarKind::Or:
    return arith::OrIOp::create(builder, location, in[0], in[1]);
  case ScalarKind::Not:
    return arith::XOrIOp::create(
        builder, location, in[0],
        arith::ConstantOp::create(builder, location,
                                  builder.getBoolAttr(true)));
  case ScalarKind::Select:
    return arith::SelectOp::create(builder, location, in[0], in[1], in[2]);
  case ScalarKind::ToFloat:
    if (in[0].getType().isInteger(1))
      return arith::UIToFPOp::create(builder, location, builder.getF64Type(),
                                     in[0]);
    return arith::SIToFPOp::create(builder, location, builder.getF64Type(),
                                   in[0]);
  case ScalarKind::Less:
  case ScalarKind::LessEqual:
  case ScalarKind::Equal:
  case ScalarKind::NotEqual:
    return compare(*node, in[0], in[1], location);
  default:
    break;
  }
  if (in.empty())
    return leaf(*node, location);
  Value second = in.size() > 1 ? in[1] : Value();
  Value value = node->type == ScalarType::Float
                    ? real(*node, in[0], second, location)
                    : integer(*node, in[0], second, location);
  if (!value)
    emitError(location) << "expression cannot be imported";
  return value;
}

Value ScalarImporter::leaf(const Scalar &node, Location location) {
  switch (node.kind) {
  case ScalarKind::Constant:
    return constant(node, location);
  case ScalarKind::Dimension:
    return ir::DimensionOp::create(builder, location, builder.getI64Type(),
                                   node.name);
  case ScalarKind::Variable:
  case ScalarKind::Argument:
    return named(node, location);
  case ScalarKind::KeyInSet:
  case ScalarKind::QueryInSet:
    return member(node, location);
  default:
    emitError(location) << "expression cannot be imported";
    return {};
  }
}

Value ScalarImporter::constant(const Scalar &node, Location location) {
  TypedAttr attribute;
  switch (node.type) {
  case ScalarType::Bool:
    attribute = builder.getBoolAttr(node.integer != 0);
    break;
  case ScalarType::Int:
    attribute = builder.getI64IntegerAttr(node.integer);
    break;
  case ScalarType::Float:
    attribute = builder.getF64FloatAttr(node.real);
    break;
  }
  return arith::ConstantOp::create(builder, location, attribute);
}

Value ScalarImporter::named(const Scalar &node, Location location) {
  if (node.kind == ScalarKind::Argument) {
    Value argument = arguments.lookup(node.name);
    if (!argument) {
      emitError(location) << "'" << node.name
                          << "' is not a scalar argument of the kernel";
      return {};
    }
    if (argument.getType().isF32())
      return arith::ExtFOp::create(builder, location, builder.getF64Type(),
                                   argument);
    return argument;
  }
  for (auto scope = scopes.rbegin(); scope != scopes.rend(); ++scope)
    if (Value variable = scope->variables.lookup(node.name))
      return variable;
  return ir::VariableOp::create(builder, location, typeOf(node.type),
                                node.name);
}

Value ScalarImporter::integer(const Scalar &node, Value a, Value b,
                              Location location) {
  switch (node.kind) {
  case ScalarKind::Add:
    return arith::AddIOp::create(builder, location, a, b);
  case ScalarKind::Sub:
    return arith::SubIOp::create(builder, location, a, b);
  case ScalarKind::Mul:
    return arith::MulIOp::create(builder, location, a, b);
  case ScalarKind::Neg:
    return arith::SubIOp::create(
        builder, location,
        arith::ConstantOp::create(builder, location,
                                  builder.getI64IntegerAttr(0)),
        a);
  case ScalarKind::FloorDiv:
    return arith::FloorDivSIOp::create(builder, location, a, b);
  case ScalarKind::CeilDiv:
    return arith::CeilDivSIOp::create(builder, location, a, b);
  case ScalarKind::Mod:
    return ir::ModOp::create(builder, location, a, b);
  case ScalarKind::Min:
    return arith::MinSIOp::create(builder, location, a, b);
  case ScalarKind::Max:
    return arith::MaxSIOp::create(builder, location, a, b);
  case ScalarKind::Abs:
    return math::AbsIOp::create(builder, location, a);
  default:
    return {};
  }
}

Value ScalarImporter::real(const Scalar &node, Value a, Value b,
                           Location location) {
  switch (node.kind) {
  case ScalarKind::Add:
    return arith::AddFOp::create(builder, location, a, b);
  case ScalarKind::Sub:
    return arith::SubFOp::create(builder, location, a, b);
  case ScalarKind::Mul:
    return arith::MulFOp::create(builder, location, a, b);
  case ScalarKind::Div:
    return arith::DivFOp::create(builder, location, a, b);
  case ScalarKind::Neg:
    return arith::NegFOp::create(builder, location, a);
  case ScalarKind::Min:
    return arith::MinimumFOp::create(builder, location, a, b);
  case ScalarKind::Max:
    return arith::MaximumFOp::create(builder, location, a, b);
  case ScalarKind::Abs:
    return math::AbsFOp::create(builder, location, a);
  case ScalarKind::Exp:
    return math::ExpOp::create(builder, location, a);
  case ScalarKind::Log:
    return math::LogOp::create(builder, location, a);
  case ScalarKind::Tanh:
    return math::TanhOp::create(builder, location, a);
  case ScalarKind::Sqrt:
    return math::SqrtOp::create(builder, location, a);
  default:
    return {};
  }
}

Value ScalarImporter::compare(const Scalar &node, Value a, Value b,
                              Location location) {
  using I = arith::CmpIPredicate;
  using F = arith::CmpFPredicate;
  if (node.operands[0]->type == ScalarType::Float) {
    F predicate = node.kind == ScalarKind::Less        ? F::OLT
                  : node.kind == ScalarKind::LessEqual ? F::OLE
                  : node.kind == ScalarKind::Equal     ? F::OEQ
                                                       : F::UNE;
    return arith::CmpFOp::create(builder, location, predicate, a, b);
  }
  I predicate = node.kind == ScalarKind::Less        ? I::slt
                : node.kind == ScalarKind::LessEqual ? I::sle
                : node.kind == ScalarKind::Equal     ? I::eq
                                                     : I::ne;
  return arith::CmpIOp::create(builder, location, predicate, a, b);
}

Value ScalarImporter::lookUp(const Scalar &node, ArrayRef<Value> indices,
                             Location location) {
  return ir::LookupOp::create(builder, location, typeOf(node.type),
                              values[node.table][0], indices);
}

Value ScalarImporter::member(const Scalar &node, Location location) {
  Value set = values[node.table][0];
  if (!isa<ir::IndexSetType>(set.getType())) {
    emitError(location) << "expected an index set, but got " << set.getType();
    return {};
  }
  if (node.kind == ScalarKind::KeyInSet)
    return ir::KeyInSetOp::create(builder, location, builder.getI1Type(), set);
  return ir::QueryInSetOp::create(builder, location, builder.getI1Type(), set);
}

Value ScalarImporter::exists(const Scalar &node, Location location) {
  Value lower = scalar(node.operands[0], location);
  Value upper = scalar(node.operands[1], location);
  if (!lower || !upper)
    return {};
  auto op = ir::ExistsOp::create(builder, location, builder.getI1Type(),
                                 node.name, lower, upper);
  if (!region(op.getBody(), {node.name.c_str()}, node.operands[2], location))
    return {};
  return op;
}

} // namespace effattn::importing
