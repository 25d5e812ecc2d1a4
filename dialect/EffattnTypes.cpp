//===- EffattnTypes.cpp - syntax and verifiers of types -------------------===//

#include "dialect/Effattn.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

#define GET_TYPEDEF_CLASSES
#include "dialect/EffattnTypes.cpp.inc"

namespace effattn::ir {

void EffattnDialect::registerTypes() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialect/EffattnTypes.cpp.inc"
      >();
}

namespace {

ParseResult parseShape(AsmParser &parser, SmallVectorImpl<DimAttr> &shape) {
  return parser.parseCommaSeparatedList(
      AsmParser::Delimiter::Square, [&]() -> ParseResult {
        DimAttr dim = DimAttr::parseExpression(parser);
        shape.push_back(dim);
        return success(static_cast<bool>(dim));
      });
}

void printShape(AsmPrinter &printer, ArrayRef<DimAttr> shape) {
  printer << "[";
  llvm::interleaveComma(shape, printer.getStream(), [&](DimAttr dim) {
    dim.printExpression(printer.getStream());
  });
  printer << "]";
}

LogicalResult verifyShape(function_ref<InFlightDiagnostic()> emitError,
                          ArrayRef<DimAttr> shape) {
  for (DimAttr dim : shape)
    if (dim.isConstant() && dim.getValue() < 0)
      return emitError() << "expected sizes of at least 0, but got "
                         << dim.getValue();
  return success();
}

} // namespace

Type TensorType::parse(AsmParser &parser) {
  SmallVector<DimAttr> shape;
  Type element;
  if (parser.parseLess() || parseShape(parser, shape) ||
      parser.parseKeyword("x") || parser.parseType(element) ||
      parser.parseGreater())
    return {};
  return parser.getChecked<TensorType>(parser.getContext(), shape, element);
}

void TensorType::print(AsmPrinter &printer) const {
  printer << "<";
  printShape(printer, getShape());
  printer << " x " << getElementType() << ">";
}

LogicalResult TensorType::verify(function_ref<InFlightDiagnostic()> emitError,
                                 ArrayRef<DimAttr> shape, Type element) {
  if (!element.isF32() && !element.isF16() && !element.isBF16() &&
      !element.isInteger(1) && !element.isInteger(8) &&
      !element.isInteger(32) && !element.isInteger(64))
    return emitError() << "expected elements of type f32, f16, bf16, i8, i32, "
                          "i64 or i1, but got "
                       << element;
  return verifyShape(emitError, shape);
}

bool TensorType::mayEqual(TensorType other) const {
  if (getElementType() != other.getElementType() ||
      getRank() != other.getRank())
    return false;
  for (auto [mine, its] : llvm::zip(getShape(), other.getShape()))
    if (!mine.mayEqual(its))
      return false;
  return true;
}

Type IndexSetType::parse(AsmParser &parser) {
  SmallVector<DimAttr> shape;
  if (parser.parseLess() || parseShape(parser, shape) ||
      parser.parseKeyword("in"))
    return {};
  DimAttr bound = DimAttr::parseExpression(parser);
  if (!bound || parser.parseGreater())
    return {};
  return parser.getChecked<IndexSetType>(parser.getContext(), shape, bound);
}

void IndexSetType::print(AsmPrinter &printer) const {
  printer << "<";
  printShape(printer, getShape());
  printer << " in ";
  getBound().printExpression(printer.getStream());
  printer << ">";
}

LogicalResult IndexSetType::verify(function_ref<InFlightDiagnostic()> emitError,
                                   ArrayRef<DimAttr> shape, DimAttr bound) {
  if (shape.empty())
    return emitError() << "expected an index set of at least one axis";
  return verifyShape(emitError, shape);
}

} // namespace effattn::ir
