//===- EffattnKernel.cpp - syntax and verifiers of kernels ----------------===//

#include "dialect/Effattn.h"

#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace effattn::ir {

llvm::StringRef KernelOp::getArgumentName(unsigned number) {
  return cast<StringAttr>(getArgumentNames()[number]).getValue();
}

void KernelOp::getAsmBlockArgumentNames(Region &region,
                                        OpAsmSetValueNameFn setName) {
  if (region.empty() || region.getNumArguments() != getArgumentNames().size())
    return;
  for (BlockArgument argument : region.getArguments())
    setName(argument, getArgumentName(argument.getArgNumber()));
}

//===----------------------------------------------------------------------===//
// Syntax
//===----------------------------------------------------------------------===//

namespace {

ParseResult parseArguments(OpAsmParser &parser,
                           SmallVectorImpl<OpAsmParser::Argument> &arguments,
                           SmallVectorImpl<Attribute> &names) {
  return parser.parseCommaSeparatedList(
      OpAsmParser::Delimiter::Paren, [&]() -> ParseResult {
        std::string name;
        OpAsmParser::Argument argument;
        if (parser.parseString(&name) ||
            parser.parseArgument(argument, /*allowType=*/true))
          return failure();
        names.push_back(parser.getBuilder().getStringAttr(name));
        arguments.push_back(argument);
        return success();
      });
}

ParseResult parseResultTypes(OpAsmParser &parser,
                             SmallVectorImpl<Attribute> &types) {
  if (failed(parser.parseOptionalArrow()))
    return success();
  return parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Paren,
                                        [&]() -> ParseResult {
                                          Type type;
                                          if (parser.parseType(type))
                                            return failure();
                                          types.push_back(TypeAttr::get(type));
                                          return success();
                                        });
}

template <typename AttributeType>
ParseResult parseClause(OpAsmParser &parser, StringRef keyword,
                        StringRef attribute, NamedAttrList &attributes) {
  if (failed(parser.parseOptionalKeyword(keyword)))
    return success();
  AttributeType value;
  return parser.parseAttribute(value, attribute, attributes);
}

} // namespace

ParseResult KernelOp::parse(OpAsmParser &parser, OperationState &result) {
  Builder &builder = parser.getBuilder();
  StringAttr symbol;
  SmallVector<OpAsmParser::Argument> arguments;
  SmallVector<Attribute> names, types;
  if (parser.parseSymbolName(symbol, getSymNameAttrName(result.name),
                             result.attributes) ||
      parseArguments(parser, arguments, names) ||
      parseResultTypes(parser, types))
    return failure();
  result.addAttribute(getArgumentNamesAttrName(result.name),
                      builder.getArrayAttr(names));
  result.addAttribute(getResultTypesAttrName(result.name),
                      builder.getArrayAttr(types));
  result.addAttribute(getDimensionsAttrName(result.name),
                      builder.getArrayAttr({}));
  NamedAttrList clauses;
  if (parseClause<ArrayAttr>(parser, "dimensions", "dimensions", clauses) ||
      parseClause<DictionaryAttr>(parser, "example", "example", clauses) ||
      parseClause<DictionaryAttr>(parser, "ragged", "ragged", clauses))
    return failure();
  for (NamedAttribute clause : clauses)
    result.attributes.set(clause.getName(), clause.getValue());
  if (parser.parseOptionalAttrDictWithKeyword(result.attributes))
    return failure();
  return parser.parseRegion(*result.addRegion(), arguments);
}

void KernelOp::print(OpAsmPrinter &printer) {
  printer << ' ';
  printer.printSymbolName(getSymName());
  printer << '(';
  llvm::interleaveComma(
      getEntry().getArguments(), printer, [&](BlockArgument argument) {
        printer << getArgumentNames()[argument.getArgNumber()] << ' ';
        printer.printRegionArgument(argument);
      });
  printer << ")";
  if (!getResultTypes().empty()) {
    printer << " -> (";
    llvm::interleaveComma(getResultTypes(), printer, [&](Attribute type) {
      printer.printType(cast<TypeAttr>(type).getValue());
    });
    printer << ")";
  }
  if (!getDimensions().empty())
    printer << " dimensions " << getDimensions();
  if (auto example = getExampleAttr())
    printer << " example " << example;
  if (auto ragged = getRaggedAttr())
    printer << " ragged " << ragged;
  printer.printOptionalAttrDictWithKeyword(
      (*this)->getAttrs(), {getSymNameAttrName(), getArgumentNamesAttrName(),
                            getResultTypesAttrName(), getDimensionsAttrName(),
                            getExampleAttrName(), getRaggedAttrName()});
  printer << ' ';
  printer.printRegion(getBody(), /*printEntryBlockArgs=*/false);
}

//===----------------------------------------------------------------------===//
// Verifiers
//===----------------------------------------------------------------------===//

namespace {

/// Reports a name of `dim` that is not among `known`.
LogicalResult verifyNames(Operation *op, DimAttr dim,
                          const llvm::StringSet<> &known) {
  if (dim.getKind() == DimKind::Symbol && !known.contains(dim.getSymbol()))
    return op->emitOpError() << "expected a dimension of the kernel, but got '"
                             << dim.getSymbol().getValue() << "'";
  for (DimAttr operand : dim.getOperands())
    if (failed(verifyNames(op, operand, known)))
      return failure();
  return success();
}

LogicalResult verifyShape(Operation *op, Type type,
                          const llvm::StringSet<> &known) {
  ArrayRef<DimAttr> shape;
  if (auto tensor = dyn_cast<TensorType>(type)) {
    shape = tensor.getShape();
  } else if (auto set = dyn_cast<IndexSetType>(type)) {
    shape = set.getShape();
    if (failed(verifyNames(op, set.getBound(), known)))
      return failure();
  }
  for (DimAttr dim : shape)
    if (failed(verifyNames(op, dim, known)))
      return failure();
  return success();
}

LogicalResult verifyArgument(KernelOp kernel, BlockArgument argument,
                             llvm::StringSet<> &names,
                             const llvm::StringSet<> &known) {
  Type type = argument.getType();
  if (!isa<TensorType, IndexSetType>(type) && !type.isInteger(64) &&
      !type.isF32())
    return kernel.emitOpError()
           << "expected arguments that are tensors, index sets, i64 or f32, "
              "but got "
           << type;
  llvm::StringRef name = kernel.getArgumentName(argument.getArgNumber());
  if (!names.insert(name).second)
    return kernel.emitOpError() << "has two arguments '" << name << "'";
  return verifyShape(kernel, type, known);
}

} // namespace

LogicalResult KernelOp::verify() {
  Block &entry = getEntry();
  if (getArgumentNames().size() != entry.getNumArguments())
    return emitOpError() << "expected " << entry.getNumArguments()
                         << " argument names, but got "
                         << getArgumentNames().size();
  llvm::StringSet<> dimensions, names;
  for (Attribute dimension : getDimensions())
    if (!dimensions.insert(cast<StringAttr>(dimension).getValue()).second)
      return emitOpError() << "has two dimensions " << dimension;
  for (BlockArgument argument : entry.getArguments())
    if (failed(verifyArgument(*this, argument, names, dimensions)))
      return failure();
  for (Attribute type : getResultTypes())
    if (failed(verifyShape(*this, cast<TypeAttr>(type).getValue(), dimensions)))
      return failure();
  for (NamedAttribute entry : getExampleAttr() ? getExampleAttr().getValue()
                                               : ArrayRef<NamedAttribute>()) {
    StringRef name = entry.getName();
    if (!dimensions.contains(name) && !names.contains(name))
      return emitOpError() << "gives an example of '" << name
                           << "', which is not a dimension or an argument";
    auto value = dyn_cast<IntegerAttr>(entry.getValue());
    if (!value || !value.getType().isInteger(64))
      return emitOpError() << "expected an example of type i64 for '" << name
                           << "', but got " << entry.getValue();
  }
  for (NamedAttribute entry : getRaggedAttr() ? getRaggedAttr().getValue()
                                              : ArrayRef<NamedAttribute>()) {
    auto offsets = dyn_cast<StringAttr>(entry.getValue());
    if (!names.contains(entry.getName()) || !offsets ||
        !names.contains(offsets.getValue()))
      return emitOpError() << "expected 'ragged' to map an argument to an "
                              "argument, but got "
                           << entry.getName() << " = " << entry.getValue()
                           << " [S6]";
  }
  return success();
}

LogicalResult KernelOp::verifyRegions() {
  if (!isa<ReturnOp>(getEntry().getTerminator()))
    return emitOpError() << "expected the body to end with effattn.return";
  return success();
}

LogicalResult ReturnOp::verify() {
  auto kernel = cast<KernelOp>((*this)->getParentOp());
  ArrayAttr declared = kernel.getResultTypes();
  auto mismatch = [&]() {
    auto diagnostic = emitOpError();
    diagnostic.attachNote(kernel.getLoc()) << "declared here";
    return diagnostic;
  };
  if (declared.size() != getNumOperands())
    return mismatch() << "expected " << declared.size() << " results, but got "
                      << getNumOperands();
  for (auto [number, operand] : llvm::enumerate(getOperands())) {
    Type expected = cast<TypeAttr>(declared[number]).getValue();
    auto tensor = dyn_cast<TensorType>(operand.getType());
    auto declaredTensor = dyn_cast<TensorType>(expected);
    bool fits = tensor && declaredTensor ? tensor.mayEqual(declaredTensor)
                                         : operand.getType() == expected;
    if (!fits)
      return mismatch() << "expected result " << number << " of type "
                        << expected << ", but got " << operand.getType();
  }
  return success();
}

} // namespace effattn::ir
