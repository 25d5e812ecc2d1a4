//===- EmitRuns.cpp - planner functions from loops of runs ----------------===//

#include "lib/Lowering/EmitRuns.h"

#include "lib/Lowering/EmitTiles.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace effattn {

namespace {

class Emitter {
public:
  explicit Emitter(PlannerFunction &function)
      : function(function), builder(function.builder),
        location(function.location), scalars(function.scalars),
        runs(function.argument(2)), capacity(function.argument(3)) {}

  /// Emits the nest after `count` runs; gives the count after it, or null.
  Value emit(const RunNest &nest, Value count) {
    switch (nest.kind) {
    case RunNest::Kind::Block:
      for (const RunNestRef &child : nest.children)
        if (!(count = emit(*child, count)))
          return {};
      return count;
    case RunNest::Kind::If:
      return branch(nest, count);
    case RunNest::Kind::For:
      return loop(nest, count);
    case RunNest::Kind::Run:
      return run(nest, count);
    }
    return {};
  }

private:
  /// The nest as the body of `block`, which yields the count.
  bool fill(Block &block, const RunNest *nest, Value count) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(&block);
    if (nest)
      count = emit(*nest, count);
    if (count)
      scf::YieldOp::create(builder, location, count);
    return static_cast<bool>(count);
  }

  Value branch(const RunNest &nest, Value count) {
    Value condition = scalars.emit(nest.condition);
    if (!condition)
      return {};
    auto branch = scf::IfOp::create(builder, location, count.getType(),
                                    condition, /*withElseRegion=*/true);
    const RunNest *otherwise =
        nest.children.size() > 1 ? nest.children[1].get() : nullptr;
    if (!fill(branch.getThenRegion().front(), nest.children[0].get(), count) ||
        !fill(branch.getElseRegion().front(), otherwise, count))
      return {};
    return branch.getResult(0);
  }

  Value loop(const RunNest &nest, Value count) {
    Value first = scalars.emit(nest.first), end = scalars.emit(nest.end),
          step = scalars.emit(nest.step);
    if (!first || !end || !step)
      return {};
    // A step that is a parameter.
    if (!nest.step->isConstant() || nest.step->integer < 1)
      step =
          arith::MaxSIOp::create(builder, location, step, scalars.integer(1));
    auto loop = scf::ForOp::create(builder, location, first, end, step, count);
    Value outer = function.bound(nest.iterator);
    function.bind(nest.iterator, loop.getInductionVar());
    bool filled =
        fill(*loop.getBody(), nest.children[0].get(), loop.getRegionIterArg(0));
    if (outer)
      function.bind(nest.iterator, outer);
    else
      function.unbind(nest.iterator);
    return filled ? loop.getResult(0) : Value();
  }

  /// Where columns > 0: stores the run if there is room, and counts it.
  Value run(const RunNest &nest, Value count) {
    Value first = scalars.emit(nest.first), step = scalars.emit(nest.step),
          columns = scalars.emit(nest.count);
    if (!first || !step || !columns)
      return {};
    using P = arith::CmpIPredicate;
    Value some = scalars.compare(P::sgt, columns, scalars.integer(0));
    auto counted = scf::IfOp::create(builder, location, count.getType(), some,
                                     /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(&counted.getThenRegion().front());
    Value room = scalars.compare(P::slt, count, capacity);
    auto stored = scf::IfOp::create(builder, location, room,
                                    /*withElseRegion=*/false);
    {
      OpBuilder::InsertionGuard inner(builder);
      builder.setInsertionPointToStart(&stored.getThenRegion().front());
      store(count, {first, step, columns});
    }
    Value next =
        arith::AddIOp::create(builder, location, count, scalars.integer(1));
    scf::YieldOp::create(builder, location, next);
    builder.setInsertionPointToEnd(&counted.getElseRegion().front());
    scf::YieldOp::create(builder, location, count);
    return counted.getResult(0);
  }

  /// runs[number] = fields, an effattn_run of three int32_t.
  void store(Value number, ArrayRef<Value> fields) {
    Type i32 = builder.getI32Type();
    Type run = LLVM::LLVMArrayType::get(i32, 3);
    for (int32_t k = 0; k < 3; ++k) {
      Value address = LLVM::GEPOp::create(
          builder, location, runs.getType(), run, runs,
          ArrayRef<LLVM::GEPArg>{LLVM::GEPArg(number), LLVM::GEPArg(k)});
      Value narrow = arith::TruncIOp::create(builder, location, i32, fields[k]);
      LLVM::StoreOp::create(builder, location, narrow, address);
    }
  }

  PlannerFunction &function;
  OpBuilder &builder;
  Location location;
  ScalarEmitter &scalars;
  Value runs, capacity;
};

} // namespace

func::FuncOp emitRuns(OpBuilder &builder, Location location,
                      const std::string &symbol, const RunNestRef &nest,
                      const SetFrame &frame,
                      const std::vector<std::string> &parameters,
                      std::string *unknown) {
  Type i64 = builder.getI64Type();
  Type pointer = LLVM::LLVMPointerType::get(builder.getContext());
  PlannerFunction function(builder, location, symbol, parameters,
                           {i64, pointer, i64}, i64);
  Value count;
  if (bindCoordinates(function, frame, function.argument(1))) {
    count = function.scalars.integer(0);
    if (nest)
      count = Emitter(function).emit(*nest, count);
  }
  *unknown = function.unknown;
  return function.finish(count);
}

} // namespace effattn
