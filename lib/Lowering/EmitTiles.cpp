//===- EmitTiles.cpp - numbers of tiles and rows as coordinates -----------===//

#include "lib/Lowering/EmitTiles.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace effattn {

namespace {

/// Sums and products of int64 values.
class Arithmetic {
public:
  explicit Arithmetic(PlannerFunction &function)
      : builder(function.builder), location(function.location),
        scalars(function.scalars) {}

  Value number(int64_t value) { return scalars.integer(value); }
  Value add(Value a, Value b) {
    return arith::AddIOp::create(builder, location, a, b);
  }
  Value subtract(Value a, Value b) {
    return arith::SubIOp::create(builder, location, a, b);
  }
  Value multiply(Value a, Value b) {
    return arith::MulIOp::create(builder, location, a, b);
  }
  Value multiply(Value a, int64_t b) { return multiply(a, number(b)); }
  Value ceilDivide(Value a, int64_t b) {
    return arith::CeilDivSIOp::create(builder, location, a, number(b));
  }
  /// Not below 1: a divisor.
  Value positive(Value a) {
    return arith::MaxSIOp::create(builder, location, a, number(1));
  }
  Value least(Value a, Value b) {
    return arith::MinSIOp::create(builder, location, a, b);
  }
  /// a >= 0 and b >= 1.
  Value divide(Value a, Value b) {
    return arith::DivSIOp::create(builder, location, a, b);
  }
  Value rest(Value a, Value b) {
    return arith::RemSIOp::create(builder, location, a, b);
  }
  Value less(Value a, Value b) {
    return scalars.compare(arith::CmpIPredicate::slt, a, b);
  }
  Value both(Value a, Value b) {
    return arith::AndIOp::create(builder, location, a, b);
  }

private:
  OpBuilder &builder;
  Location location;
  ScalarEmitter &scalars;
};

/// Of the grid; of the axis of all rows where tiles are residues.
bool emitExtents(PlannerFunction &function, const SetFrame &frame,
                 SmallVectorImpl<Value> &extents) {
  if (frame.tiling && frame.tiling->order == RowOrder::Residues) {
    extents.push_back(function.find("N"));
    return extents.back() != nullptr;
  }
  for (const ScalarRef &extent : frame.extents) {
    extents.push_back(function.scalars.emit(extent));
    if (!extents.back())
      return false;
  }
  return true;
}

/// How many values each coordinate of a tile has: the moduli of axes with
/// residues, then ceil(ceil(extent / modulus) / rows) tiles on each axis.
bool emitSizes(PlannerFunction &function, const SetFrame &frame,
               SmallVectorImpl<Value> &sizes) {
  std::vector<TilingAxis> axes = tilingAxes(*frame.tiling);
  SmallVector<Value> extents;
  if (!emitExtents(function, frame, extents) || extents.size() != axes.size())
    return false;
  Arithmetic a(function);
  for (const TilingAxis &axis : axes)
    if (!axis.residue.empty())
      sizes.push_back(a.number(axis.modulus));
  for (auto [extent, axis] : llvm::zip(extents, axes))
    sizes.push_back(
        a.ceilDivide(a.ceilDivide(extent, axis.modulus), axis.rows));
  return true;
}

/// Row-major coordinates of `number`, slowest first.
SmallVector<Value> unravel(PlannerFunction &function, Value number,
                           ArrayRef<Value> sizes) {
  Arithmetic a(function);
  SmallVector<Value> coordinates(sizes.size());
  for (size_t axis = sizes.size(); axis-- > 1;) {
    Value size = a.positive(sizes[axis]);
    coordinates[axis] = a.rest(number, size);
    number = a.divide(number, size);
  }
  coordinates[0] = number;
  return coordinates;
}

bool bindAll(PlannerFunction &function, const SetFrame &frame,
             ArrayRef<Value> values) {
  if (values.size() != frame.coordinates.size())
    return false;
  for (auto [name, value] : llvm::zip(frame.coordinates, values))
    function.bind(name, value);
  return true;
}

/// Residue and tile of it for a number: groups of tilesOfResidueInTurn tiles of
/// residue 0, then as many of residue 1, and so on; the last group may be
/// smaller.
bool bindResidue(PlannerFunction &function, const SetFrame &frame,
                 Value number) {
  Arithmetic a(function);
  SmallVector<Value> sizes; // the modulus, the tiles of a residue
  if (!emitSizes(function, frame, sizes) || sizes.size() != 2)
    return false;
  Value whole = a.number(frame.tiling->modulus * tilesOfResidueInTurn);
  Value first = a.multiply(a.divide(number, whole), tilesOfResidueInTurn);
  Value size = a.positive(
      a.least(a.number(tilesOfResidueInTurn), a.subtract(sizes[1], first)));
  Value inside = a.rest(number, whole);
  return bindAll(function, frame,
                 {a.divide(inside, size), a.add(first, a.rest(inside, size))});
}

/// The row that is number k of the tile, and whether it exists.
struct TileRow {
  Value row, exists;
};

TileRow tileRow(PlannerFunction &function, const SetFrame &frame, Value k) {
  Arithmetic a(function);
  std::vector<TilingAxis> axes = tilingAxes(*frame.tiling);
  SmallVector<Value> shape, extents;
  for (const TilingAxis &axis : axes)
    shape.push_back(a.number(axis.rows));
  emitExtents(function, frame, extents);
  SmallVector<Value> inside = unravel(function, k, shape);
  Value row = a.number(0), exists;
  auto hold = [&](Value low, Value high) {
    Value held = a.less(low, high);
    exists = exists ? a.both(exists, held) : held;
  };
  for (auto [n, axis] : llvm::enumerate(axes)) {
    Value tile = function.find(axis.tile);
    Value coordinate = a.add(a.multiply(tile, axis.rows), inside[n]);
    if (!axis.residue.empty()) {
      Value residue = function.find(axis.residue);
      hold(residue, a.number(axis.modulus));
      coordinate = a.add(residue, a.multiply(coordinate, axis.modulus));
    }
    hold(coordinate, extents[n]);
    row = a.add(a.multiply(row, extents[n]), coordinate);
  }
  hold(row, function.find("N"));
  return {row, exists};
}

/// rows[number] = row, an int32_t.
void storeRow(PlannerFunction &function, Value number, Value row) {
  Type i32 = function.builder.getI32Type();
  Value narrow =
      arith::TruncIOp::create(function.builder, function.location, i32, row);
  LLVM::StoreOp::create(function.builder, function.location, narrow,
                        function.address(i32, function.argument(2), number));
}

/// Stores the rows of the tile that exist; gives their number.
Value listRows(PlannerFunction &function, const SetFrame &frame) {
  Arithmetic a(function);
  OpBuilder &builder = function.builder;
  Location location = function.location;
  Value zero = a.number(0), one = a.number(1),
        end = a.number(frame.tiling->rows);
  auto loop = scf::ForOp::create(builder, location, zero, end, one, zero);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  Value k = loop.getInductionVar(), count = loop.getRegionIterArg(0);
  storeRow(function, k, a.number(-1));
  TileRow row = tileRow(function, frame, k);
  // count <= k: what is stored here is never overwritten by -1.
  auto stored = scf::IfOp::create(builder, location, count.getType(),
                                  row.exists, /*withElseRegion=*/true);
  {
    OpBuilder::InsertionGuard inner(builder);
    builder.setInsertionPointToEnd(&stored.getThenRegion().front());
    storeRow(function, count, row.row);
    scf::YieldOp::create(builder, location, a.add(count, one));
    builder.setInsertionPointToEnd(&stored.getElseRegion().front());
    scf::YieldOp::create(builder, location, count);
  }
  scf::YieldOp::create(builder, location, stored.getResult(0));
  return loop.getResult(0);
}

} // namespace

bool bindCoordinates(PlannerFunction &function, const SetFrame &frame,
                     Value number) {
  if (frame.tiling && frame.tiling->order == RowOrder::Residues)
    return bindResidue(function, frame, number);
  if (frame.coordinates.size() == 1)
    return bindAll(function, frame, number);
  SmallVector<Value> sizes;
  bool known = frame.tiling ? emitSizes(function, frame, sizes)
                            : emitExtents(function, frame, sizes);
  return known && !sizes.empty() &&
         bindAll(function, frame, unravel(function, number, sizes));
}

func::FuncOp emitTileCount(OpBuilder &builder, Location location,
                           const std::string &symbol, const SetFrame &frame,
                           const std::vector<std::string> &parameters,
                           std::string *unknown) {
  PlannerFunction function(builder, location, symbol, parameters, {},
                           builder.getI64Type());
  Arithmetic a(function);
  Value count;
  SmallVector<Value> sizes;
  if (emitSizes(function, frame, sizes)) {
    count = a.number(1);
    for (Value size : sizes)
      count = a.multiply(count, size);
  }
  *unknown = function.unknown;
  return function.finish(count);
}

func::FuncOp emitTileRows(OpBuilder &builder, Location location,
                          const std::string &symbol, const SetFrame &frame,
                          const std::vector<std::string> &parameters,
                          std::string *unknown) {
  Type i32 = builder.getI32Type();
  PlannerFunction function(
      builder, location, symbol, parameters,
      {builder.getI64Type(), LLVM::LLVMPointerType::get(builder.getContext())},
      i32);
  Value count;
  if (function.find("N") &&
      bindCoordinates(function, frame, function.argument(1))) {
    count = listRows(function, frame);
    count = arith::TruncIOp::create(builder, location, i32, count);
  }
  *unknown = function.unknown;
  return function.finish(count);
}

} // namespace effattn
