//===- ImportValue.cpp - the values of a kernel ---------------------------===//

#include "lib/Import/Importer.h"

using namespace mlir;

namespace effattn::importing {

//===----------------------------------------------------------------------===//
// Operands and types
//===----------------------------------------------------------------------===//

Value KernelImporter::operand(const ProgramValue &value, unsigned k) const {
  unsigned result =
      k < value.operandResults.size() ? value.operandResults[k] : 0;
  const auto &all = values[value.operands[k]];
  return result < all.size() ? all[result] : Value();
}

Value KernelImporter::lseOf(const ProgramValue &value, unsigned k) const {
  const auto &all = values[value.operands[k]];
  return all.size() > 1 ? all[1] : Value();
}

SmallVector<Value> KernelImporter::operands(const ProgramValue &value) const {
  SmallVector<Value> all;
  for (unsigned k = 0; k < value.operands.size(); ++k)
    all.push_back(operand(value, k));
  return all;
}

ir::TensorType KernelImporter::type(const effattn::TensorType &type,
                                    Location location) {
  ir::TensorType result = ir::toDialect(builder.getContext(), type);
  if (!result)
    emitError(location) << "a size overflows 64 bits or has too many terms";
  return result;
}

bool KernelImporter::optional(const ScalarRef &node, Value &value,
                              Location location) {
  if (!node)
    return true;
  value = scalars.scalar(node, location);
  return static_cast<bool>(value);
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

bool KernelImporter::value(const ProgramValue &value) {
  Location location = locate(value.offset);
  values.emplace_back();
  switch (value.op) {
  case TensorOp::Argument:
    values.back() = {op.getEntry().getArgument(value.argument)};
    return true;
  case TensorOp::Attend:
    return attend(value, location);
  case TensorOp::ColumnSums:
    return columnSums(value, location);
  case TensorOp::Merge:
    return merge(value, location);
  case TensorOp::Rows:
    return rows(value, location);
  case TensorOp::Average:
  case TensorOp::LinearAttend:
  case TensorOp::Step:
  case TensorOp::Constant:
  case TensorOp::Scalar:
    return simple(value, location);
  }
  return false;
}

bool KernelImporter::attend(const ProgramValue &value, Location location) {
  constexpr const char *scoreNames[] = {"s", "b", "h", "i", "j"};
  ir::TensorType output = type(value.types[0], location);
  if (!output)
    return false;
  auto lse = value.types.size() > 1
                 ? type(value.types[1], location)
                 : ir::TensorType::get(builder.getContext(),
                                       output.getShape().drop_back(),
                                       builder.getF32Type());
  Value pattern = patterns.pattern(value.pattern, location);
  Value scale, q0;
  if (!lse || !pattern || !optional(value.scale, scale, location) ||
      !optional(value.q0, q0, location))
    return false;
  bool hasKeys = value.operands.size() == 3;
  IntegerAttr top = value.selectTop ? builder.getI64IntegerAttr(value.selectTop)
                                    : IntegerAttr();
  auto attend = ir::AttendOp::create(builder, location, TypeRange{output, lse},
                                     hasKeys ? operand(value, 0) : Value(),
                                     hasKeys ? operand(value, 1) : Value(),
                                     operand(value, hasKeys ? 2 : 0), pattern,
                                     scale, q0, top, DenseI64ArrayAttr(),
                                     ir::FactsAttr(), ir::TilingAttr());
  values.back() = {attend.getOutput(), attend.getLse()};
  if (value.score &&
      !scalars.region(attend.getScore(), scoreNames, value.score, location))
    return false;
  return !value.logits ||
         scalars.region(attend.getLogits(), ArrayRef(scoreNames).drop_front(),
                        value.logits, location);
}

bool KernelImporter::columnSums(const ProgramValue &value, Location location) {
  constexpr const char *scoreNames[] = {"s", "b", "h", "i", "j"};
  ir::TensorType output = type(value.types[0], location);
  Value pattern = patterns.pattern(value.pattern, location);
  Value scale, q0;
  if (!output || !pattern || !optional(value.scale, scale, location) ||
      !optional(value.q0, q0, location))
    return false;
  auto sums = ir::ColumnSumsOp::create(
      builder, location, output, operand(value, 0), operand(value, 1), pattern,
      scale, q0, ir::FactsAttr(), ir::TilingAttr());
  values.back() = {sums.getOutput()};
  return !value.score ||
         scalars.region(sums.getScore(), scoreNames, value.score, location);
}

bool KernelImporter::merge(const ProgramValue &value, Location location) {
  SmallVector<Value> lses;
  for (unsigned k = 0; k < value.operands.size(); ++k) {
    lses.push_back(lseOf(value, k));
    if (!lses.back()) {
      emitError(location) << "expected parts with an LSE in a merge";
      return false;
    }
  }
  ir::TensorType output = type(value.types[0], location);
  ir::TensorType lse = value.types.size() > 1
                           ? type(value.types[1], location)
                           : cast<ir::TensorType>(lses[0].getType());
  if (!output || !lse)
    return false;
  auto merge = ir::MergeOp::create(
      builder, location, TypeRange{output, lse}, operands(value), lses,
      value.duplicatesOnce ? builder.getUnitAttr() : UnitAttr());
  values.back() = {merge.getOutput(), merge.getLse()};
  return true;
}

bool KernelImporter::rows(const ProgramValue &value, Location location) {
  Value set = values[value.set][0];
  if (!isa<ir::IndexSetType>(set.getType())) {
    emitError(location) << "expected an index set for 'rows', but got "
                        << set.getType();
    return false;
  }
  ir::TensorType output = type(value.types[0], location);
  if (!output)
    return false;
  Value thenLse = lseOf(value, 0);
  Value elseLse = value.hasElse ? lseOf(value, 1) : Value();
  SmallVector<Type> types{output};
  if (thenLse && (!value.hasElse || elseLse)) {
    types.push_back(value.types.size() > 1
                        ? Type(type(value.types[1], location))
                        : thenLse.getType());
    if (!types.back())
      return false;
  }
  auto rows = ir::RowsOp::create(
      builder, location, types, set, operand(value, 0), thenLse,
      value.hasElse ? operand(value, 1) : Value(), elseLse);
  values.back().assign(rows->result_begin(), rows->result_end());
  return true;
}

bool KernelImporter::simple(const ProgramValue &value, Location location) {
  SmallVector<Type> types;
  for (const effattn::TensorType &result : value.types) {
    types.push_back(type(result, location));
    if (!types.back())
      return false;
  }
  Operation *made = nullptr;
  switch (value.op) {
  case TensorOp::Average:
    made = ir::AverageOp::create(builder, location, types, operands(value));
    break;
  case TensorOp::LinearAttend: {
    Value pattern = patterns.pattern(value.pattern, location);
    if (!pattern)
      return false;
    double eps = value.reals.empty() ? 1e-6 : value.reals[0];
    bool normalize = value.integers.empty() || value.integers[0] != 0;
    made = ir::LinearAttendOp::create(
        builder, location, types[0], operand(value, 0), operand(value, 1),
        operand(value, 2), pattern, builder.getF64FloatAttr(eps),
        builder.getBoolAttr(normalize));
    break;
  }
  case TensorOp::Step:
    made = ir::StepOp::create(
        builder, location, types, builder.getStringAttr(value.step),
        operands(value),
        value.integers.empty() ? DenseI64ArrayAttr()
                               : builder.getDenseI64ArrayAttr(value.integers),
        value.reals.empty() ? DenseF64ArrayAttr()
                            : builder.getDenseF64ArrayAttr(value.reals));
    break;
  case TensorOp::Constant:
    made = ir::ConstantOp::create(builder, location, types[0],
                                  builder.getF64FloatAttr(value.real));
    break;
  default: {
    Value scalar = scalars.scalar(value.scalar, location);
    if (!scalar)
      return false;
    made = ir::SplatOp::create(builder, location, types[0], scalar);
    break;
  }
  }
  values.back().assign(made->result_begin(), made->result_end());
  return true;
}

} // namespace effattn::importing
