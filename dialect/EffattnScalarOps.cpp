//===- EffattnScalarOps.cpp - verifiers and folds of scalar operations ----===//

#include "dialect/Effattn.h"

#include "mlir/IR/Matchers.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace effattn::ir {

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

LogicalResult DimensionOp::verify() {
  auto kernel = (*this)->getParentOfType<KernelOp>();
  if (!kernel)
    return success();
  for (Attribute name : kernel.getDimensions())
    if (cast<StringAttr>(name).getValue() == getName())
      return success();
  auto diagnostic = emitOpError()
                    << "names '" << getName()
                    << "', which is not a dimension of the kernel";
  diagnostic.attachNote(kernel.getLoc()) << "kernel is here";
  return diagnostic;
}

namespace {

/// Enclosing operation that gives variables their meaning, or null.
Operation *scopeOf(Operation *op) {
  for (Operation *parent = op->getParentOp(); parent;
       parent = parent->getParentOp())
    if (isa<ComprehensionOp, OnGridOp, AttendOp, ColumnSumsOp>(parent))
      return parent;
  return nullptr;
}

bool isGridCoordinate(StringRef name) {
  return name.size() == 3 && (name[0] == 'i' || name[0] == 'j') &&
         name[1] == '.' && name[2] >= 'x' && name[2] <= 'z';
}

} // namespace

LogicalResult VariableOp::verify() {
  StringRef name = getName();
  Operation *scope = scopeOf(*this);
  if (name == "N" || name == "M" || name == "q0") {
    if (!getType().isInteger(64))
      return emitOpError() << "expected type i64 for '" << name << "', but got "
                           << getType();
    return success();
  }
  if (isGridCoordinate(name)) {
    auto grid = dyn_cast_or_null<OnGridOp>(scope);
    if (!grid)
      return emitOpError() << "expected '" << name
                           << "' inside effattn.on_grid only";
    if (name[2] == 'z' && grid.getExtents().size() < 3)
      return emitOpError() << "names a third axis, but the grid has 2";
    if (!getType().isInteger(64))
      return emitOpError() << "expected type i64 for '" << name << "', but got "
                           << getType();
    return success();
  }
  if (name != "scale")
    return emitOpError() << "expected N, M, q0, scale or a grid coordinate, "
                            "but got '"
                         << name << "'";
  if (!isa_and_nonnull<AttendOp, ColumnSumsOp>(scope))
    return emitOpError() << "expected 'scale' inside a score only [S4]";
  if (!getType().isF64())
    return emitOpError() << "expected type f64 for 'scale', but got "
                         << getType();
  return success();
}

//===----------------------------------------------------------------------===//
// mod
//===----------------------------------------------------------------------===//

LogicalResult ModOp::verify() {
  llvm::APInt divisor;
  if (matchPattern(getDivisor(), m_ConstantInt(&divisor)) &&
      !divisor.isStrictlyPositive())
    return emitOpError() << "expected a positive divisor, but got "
                         << divisor.getSExtValue();
  return success();
}

OpFoldResult ModOp::fold(FoldAdaptor adaptor) {
  auto divisor = dyn_cast_or_null<IntegerAttr>(adaptor.getDivisor());
  if (!divisor || divisor.getInt() <= 0)
    return {};
  if (divisor.getInt() == 1)
    return IntegerAttr::get(getType(), 0);
  auto value = dyn_cast_or_null<IntegerAttr>(adaptor.getValue());
  if (!value)
    return {};
  int64_t remainder = value.getInt() % divisor.getInt();
  if (remainder < 0)
    remainder += divisor.getInt();
  return IntegerAttr::get(getType(), remainder);
}

//===----------------------------------------------------------------------===//
// lookup, exists
//===----------------------------------------------------------------------===//

LogicalResult LookupOp::verify() {
  int64_t rank;
  Type expected;
  Builder builder(getContext());
  if (auto tensor = dyn_cast<TensorType>(getTable().getType())) {
    Type element = tensor.getElementType();
    rank = tensor.getRank();
    expected = isa<FloatType>(element) ? Type(builder.getF64Type())
               : element.isInteger(1)  ? Type(builder.getI1Type())
                                       : Type(builder.getI64Type());
  } else {
    rank = cast<IndexSetType>(getTable().getType()).getShape().size();
    expected = builder.getI64Type();
  }
  int64_t indices = getIndices().size();
  // Batch and head may be left out.
  if (indices > rank || indices + 2 < rank)
    return emitOpError() << "expected " << rank << " indices for a table of "
                         << rank << " axes, but got " << indices << " [S8]";
  if (getType() != expected)
    return emitOpError() << "expected a result of type " << expected
                         << ", but got " << getType();
  return success();
}

LogicalResult ExistsOp::verify() {
  Block &block = getBody().front();
  if (block.getNumArguments() != 1 ||
      !block.getArgument(0).getType().isInteger(64))
    return emitOpError() << "expected a region with one argument of type i64";
  auto yield = dyn_cast<YieldOp>(block.getTerminator());
  if (!yield || !yield.getValue().getType().isInteger(1))
    return emitOpError() << "expected the region to yield i1";
  for (auto outer = (*this)->getParentOfType<ExistsOp>(); outer;
       outer = outer->getParentOfType<ExistsOp>())
    if (outer.getName() == getName()) {
      auto diagnostic = emitOpError()
                        << "binds the name '" << getName() << "' again";
      diagnostic.attachNote(outer.getLoc()) << "bound here before";
      return diagnostic;
    }
  return success();
}

void ExistsOp::getAsmBlockArgumentNames(Region &region,
                                        OpAsmSetValueNameFn setName) {
  if (!region.empty() && region.getNumArguments() == 1)
    setName(region.getArgument(0), getName().split('$').first);
}

} // namespace effattn::ir
