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

bool emitExtents(PlannerFunction &function, const SetFrame &frame,
                 SmallVectorImpl<Value> &extents) {
  for (const ScalarRef &extent : frame.extents) {
    extents.push_back(function.scalars.emit(extent));
    if (!extents.back())
      return false;
  }
  return true;
}

/// Tiles of each residue: ceil(ceil(N / m) / B).
Value tilesOfResidue(PlannerFunction &function, const Tiling &tiling) {
  Arithmetic a(function);
  Value rows = function.find("N");
  return rows ? a.ceilDivide(a.ceilDivide(rows, tiling.modulus), tiling.rows)
              : Value();
}

/// Tiles of each axis of the grid: ceil(extent / shape).
bool emitBoxes(PlannerFunction &function, const SetFrame &frame,
               SmallVectorImpl<Value> &boxes) {
  if (!emitExtents(function, frame, boxes) ||
      boxes.size() != frame.tiling->shape.size())
    return false;
  Arithmetic a(function);
  for (auto [box, shape] : llvm::zip(boxes, frame.tiling->shape))
    box = a.ceilDivide(box, shape);
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

/// The row that is number k of the tile, and whether it exists.
struct TileRow {
  Value row, exists;
};

TileRow residueRow(PlannerFunction &function, const SetFrame &frame, Value k) {
  Arithmetic a(function);
  const Tiling &tiling = *frame.tiling;
  Value residue = function.find(frame.coordinates[0]),
        tile = function.find(frame.coordinates[1]);
  Value place = a.add(a.multiply(tile, tiling.rows), k);
  Value row = a.add(residue, a.multiply(place, tiling.modulus));
  Value known = a.less(residue, a.number(tiling.modulus));
  return {row, a.both(known, a.less(row, function.find("N")))};
}

TileRow gridRow(PlannerFunction &function, const SetFrame &frame, Value k) {
  Arithmetic a(function);
  SmallVector<Value> shape, extents;
  for (int64_t size : frame.tiling->shape)
    shape.push_back(a.number(size));
  emitExtents(function, frame, extents);
  SmallVector<Value> inside = unravel(function, k, shape);
  Value row = a.number(0), exists;
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    Value begin =
        a.multiply(function.find(frame.coordinates[axis]), shape[axis]);
    Value coordinate = a.add(begin, inside[axis]);
    Value held = a.less(coordinate, extents[axis]);
    exists = exists ? a.both(exists, held) : held;
    row = a.add(a.multiply(row, extents[axis]), coordinate);
  }
  return {row, a.both(exists, a.less(row, function.find("N")))};
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
  TileRow row = frame.tiling->order == RowOrder::Residues
                    ? residueRow(function, frame, k)
                    : gridRow(function, frame, k);
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
  Arithmetic a(function);
  RowOrder order = frame.tiling ? frame.tiling->order : RowOrder::Contiguous;
  if (frame.tiling && order == RowOrder::Residues) {
    Value tiles = tilesOfResidue(function, *frame.tiling);
    if (!tiles)
      return false;
    Value divisor = a.positive(tiles);
    return bindAll(function, frame,
                   {a.divide(number, divisor), a.rest(number, divisor)});
  }
  if (frame.coordinates.size() == 1)
    return bindAll(function, frame, number);
  SmallVector<Value> sizes;
  bool known = frame.tiling ? emitBoxes(function, frame, sizes)
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
  if (frame.tiling->order == RowOrder::Residues) {
    if (Value tiles = tilesOfResidue(function, *frame.tiling))
      count = a.multiply(tiles, frame.tiling->modulus);
  } else {
    SmallVector<Value> boxes;
    if (emitBoxes(function, frame, boxes)) {
      count = a.number(1);
      for (Value box : boxes)
        count = a.multiply(count, box);
    }
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
