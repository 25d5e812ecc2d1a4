//===- DimSyntax.cpp - printing and parsing of sizes ----------------------===//
//
//   size    := term (('+' | '-') term)*
//   term    := factor (('*' | 'floordiv' | 'ceildiv' | 'mod') factor)*
//   factor  := integer | '-' factor | name | '(' size ')'
//            | ('min' | 'max') '(' size ',' size ')'
//
//===----------------------------------------------------------------------===//

#include "dialect/Effattn.h"

#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace effattn::ir {

//===----------------------------------------------------------------------===//
// Printing
//===----------------------------------------------------------------------===//

namespace {

bool isNegative(DimAttr dim) {
  if (dim.getKind() == DimKind::Mul)
    return isNegative(dim.getOperands()[0]);
  return dim.getKind() == DimKind::Constant && dim.getValue() < 0;
}

bool isPrimary(DimAttr dim) {
  switch (dim.getKind()) {
  case DimKind::Constant:
    return dim.getValue() >= 0;
  case DimKind::Symbol:
  case DimKind::Min:
  case DimKind::Max:
    return true;
  default:
    return false;
  }
}

void printFactor(DimAttr dim, llvm::raw_ostream &os) {
  if (isPrimary(dim))
    return dim.printExpression(os);
  os << "(";
  dim.printExpression(os);
  os << ")";
}

/// Factors after the first one, or all of them, with the sign taken off.
void printProduct(DimAttr dim, bool negate, llvm::raw_ostream &os) {
  ArrayRef<DimAttr> factors = dim.getOperands();
  if (negate) {
    // The first factor is a negative constant.
    uint64_t magnitude = -static_cast<uint64_t>(factors[0].getValue());
    factors = factors.drop_front();
    if (magnitude != 1)
      os << magnitude << " * ";
  }
  llvm::interleave(
      factors, [&](DimAttr factor) { printFactor(factor, os); },
      [&] { os << " * "; });
}

/// A term of a sum whose sign has been printed.
void printMagnitude(DimAttr dim, llvm::raw_ostream &os) {
  if (dim.getKind() == DimKind::Mul)
    return printProduct(dim, true, os);
  os << -static_cast<uint64_t>(dim.getValue());
}

const char *infix(DimKind kind) {
  switch (kind) {
  case DimKind::FloorDiv:
    return " floordiv ";
  case DimKind::CeilDiv:
    return " ceildiv ";
  default:
    return " mod ";
  }
}

} // namespace

void DimAttr::printExpression(llvm::raw_ostream &os) const {
  switch (getKind()) {
  case DimKind::Constant:
    os << getValue();
    return;
  case DimKind::Symbol:
    os << getSymbol().getValue();
    return;
  case DimKind::Mul:
    if (isNegative(*this))
      os << "-";
    printProduct(*this, isNegative(*this), os);
    return;
  case DimKind::Add:
    getOperands()[0].printExpression(os);
    for (DimAttr term : getOperands().drop_front()) {
      bool negative = isNegative(term);
      os << (negative ? " - " : " + ");
      negative ? printMagnitude(term, os) : term.printExpression(os);
    }
    return;
  case DimKind::FloorDiv:
  case DimKind::CeilDiv:
  case DimKind::Mod:
    printFactor(getOperands()[0], os);
    os << infix(getKind());
    printFactor(getOperands()[1], os);
    return;
  case DimKind::Min:
  case DimKind::Max:
    os << (getKind() == DimKind::Min ? "min(" : "max(");
    getOperands()[0].printExpression(os);
    os << ", ";
    getOperands()[1].printExpression(os);
    os << ")";
    return;
  }
}

//===----------------------------------------------------------------------===//
// Parsing
//===----------------------------------------------------------------------===//

namespace {

/// Null where the text is not a size; the parser has said why.
class SizeParser {
public:
  explicit SizeParser(AsmParser &parser) : parser(parser) {}

  ScalarRef sum() {
    ScalarRef left = product();
    while (left) {
      ScalarKind kind;
      if (succeeded(parser.parseOptionalPlus()))
        kind = ScalarKind::Add;
      else if (succeeded(parser.parseOptionalMinus()))
        kind = ScalarKind::Sub;
      else
        return left;
      ScalarRef right = product();
      left = right ? binary(kind, left, right) : nullptr;
    }
    return nullptr;
  }

private:
  ScalarRef product() {
    ScalarRef left = factor();
    while (left) {
      ScalarKind kind;
      if (succeeded(parser.parseOptionalStar()))
        kind = ScalarKind::Mul;
      else if (succeeded(parser.parseOptionalKeyword("floordiv")))
        kind = ScalarKind::FloorDiv;
      else if (succeeded(parser.parseOptionalKeyword("ceildiv")))
        kind = ScalarKind::CeilDiv;
      else if (succeeded(parser.parseOptionalKeyword("mod")))
        kind = ScalarKind::Mod;
      else
        return left;
      ScalarRef right = factor();
      left = right ? binary(kind, left, right) : nullptr;
    }
    return nullptr;
  }

  ScalarRef factor() {
    if (++depth > maxDepth) {
      parser.emitError(parser.getCurrentLocation(), "size nests too deeply");
      return nullptr;
    }
    ScalarRef result = primary();
    --depth;
    return result;
  }

  ScalarRef primary() {
    if (succeeded(parser.parseOptionalMinus())) {
      ScalarRef operand = factor();
      return operand ? unary(ScalarKind::Neg, operand) : nullptr;
    }
    int64_t value = 0;
    OptionalParseResult integer = parser.parseOptionalInteger(value);
    if (integer.has_value())
      return succeeded(*integer) ? constantInt(value) : nullptr;
    if (succeeded(parser.parseOptionalLParen())) {
      ScalarRef inner = sum();
      return inner && succeeded(parser.parseRParen()) ? inner : nullptr;
    }
    StringRef name;
    if (parser.parseKeyword(&name))
      return nullptr;
    if ((name == "min" || name == "max") &&
        succeeded(parser.parseOptionalLParen()))
      return extremum(name == "min" ? ScalarKind::Min : ScalarKind::Max);
    return dimension(name.str());
  }

  ScalarRef extremum(ScalarKind kind) {
    ScalarRef left = sum();
    if (!left || parser.parseComma())
      return nullptr;
    ScalarRef right = sum();
    if (!right || parser.parseRParen())
      return nullptr;
    return binary(kind, left, right);
  }

  static constexpr int maxDepth = 64;
  AsmParser &parser;
  int depth = 0;
};

} // namespace

DimAttr DimAttr::parseExpression(AsmParser &parser) {
  llvm::SMLoc start = parser.getCurrentLocation();
  ScalarRef scalar = SizeParser(parser).sum();
  if (!scalar)
    return {};
  DimAttr dim = from(parser.getContext(), scalar);
  if (!dim)
    parser.emitError(start, "size divides by a number that is not positive, "
                            "overflows 64 bits or has too many terms");
  return dim;
}

Attribute DimAttr::parse(AsmParser &parser, Type) {
  if (parser.parseLess())
    return {};
  DimAttr dim = parseExpression(parser);
  if (!dim || parser.parseGreater())
    return {};
  return dim;
}

void DimAttr::print(AsmPrinter &printer) const {
  printer << "<";
  printExpression(printer.getStream());
  printer << ">";
}

} // namespace effattn::ir
