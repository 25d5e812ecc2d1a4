//===- ConvertTypes.cpp - types of programs and of the dialect ------------===//

#include "dialect/Convert.h"

using namespace mlir;

namespace effattn::ir {

Type toDialect(MLIRContext *context, ElementType element) {
  switch (element) {
  case ElementType::F32:
    return Float32Type::get(context);
  case ElementType::F16:
    return Float16Type::get(context);
  case ElementType::BF16:
    return BFloat16Type::get(context);
  case ElementType::I8:
    return IntegerType::get(context, 8);
  case ElementType::I32:
    return IntegerType::get(context, 32);
  case ElementType::I64:
    return IntegerType::get(context, 64);
  case ElementType::Bool:
    return IntegerType::get(context, 1);
  }
  return {};
}

ElementType toProgram(Type element) {
  if (element.isF16())
    return ElementType::F16;
  if (element.isBF16())
    return ElementType::BF16;
  if (element.isInteger(8))
    return ElementType::I8;
  if (element.isInteger(32))
    return ElementType::I32;
  if (element.isInteger(64))
    return ElementType::I64;
  if (element.isInteger(1))
    return ElementType::Bool;
  return ElementType::F32;
}

TensorType toDialect(MLIRContext *context, const effattn::TensorType &type) {
  SmallVector<DimAttr> shape;
  for (const ScalarRef &size : type.shape) {
    shape.push_back(DimAttr::from(context, size));
    if (!shape.back())
      return {};
  }
  return TensorType::get(context, shape, toDialect(context, type.element));
}

namespace {

std::vector<ScalarRef> sizesOf(ArrayRef<DimAttr> shape) {
  std::vector<ScalarRef> sizes;
  for (DimAttr dim : shape)
    sizes.push_back(dim.toScalar());
  return sizes;
}

} // namespace

effattn::TensorType toProgram(TensorType type) {
  return {toProgram(type.getElementType()), sizesOf(type.getShape())};
}

bool leadsByBatch(ArrayRef<DimAttr> shape, TensorType tokens) {
  ArrayRef<DimAttr> axes = tokens.getShape();
  return shape.size() == 2 &&
         (axes.size() < 3 || shape[0] != axes[axes.size() - 3]);
}

effattn::TensorType toProgram(IndexSetType type) {
  return {ElementType::I32, sizesOf(type.getShape())};
}

} // namespace effattn::ir
