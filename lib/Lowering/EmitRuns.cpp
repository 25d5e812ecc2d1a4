//===- EmitRuns.cpp - planner functions from loops of runs ----------------===//

#include "lib/Lowering/EmitRuns.h"

#include "lib/Lowering/EmitScalar.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include <map>

using namespace mlir;

namespace effattn {

namespace {

class Emitter {
public:
  Emitter(OpBuilder &builder, Location location, Block &entry)
      : builder(builder), location(location), parameters(entry.getArgument(0)),
        runs(entry.getArgument(2)), capacity(entry.getArgument(3)),
        scalars(builder, location,
                [this](const Scalar &scalar) { return find(scalar.name); }) {}

  void bind(const std::string &name, Value value) { names[name] = value; }
  void bindParameter(const std::string &name, int64_t number) {
    Value address = LLVM::GEPOp::create(
        builder, location, parameters.getType(), builder.getI64Type(),
        parameters, ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(number)});
    bind(name, LLVM::LoadOp::create(builder, location, builder.getI64Type(),
                                    address));
  }
  Value zero() { return scalars.integer(0); }

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

  std::string unknown;

private:
  Value find(const std::string &name) {
    auto found = names.find(name);
    if (found != names.end())
      return found->second;
    unknown = name;
    return {};
  }

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
    auto loop = scf::ForOp::create(builder, location, first, end, step, count);
    auto shadowed = names.find(nest.iterator);
    Value outer = shadowed == names.end() ? Value() : shadowed->second;
    names[nest.iterator] = loop.getInductionVar();
    bool filled =
        fill(*loop.getBody(), nest.children[0].get(), loop.getRegionIterArg(0));
    if (outer)
      names[nest.iterator] = outer;
    else
      names.erase(nest.iterator);
    return filled ? loop.getResult(0) : Value();
  }

  /// Where columns > 0: stores the run if there is room, and counts it.
  Value run(const RunNest &nest, Value count) {
    Value first = scalars.emit(nest.first), step = scalars.emit(nest.step),
          columns = scalars.emit(nest.count);
    if (!first || !step || !columns)
      return {};
    using P = arith::CmpIPredicate;
    Value some = scalars.compare(P::sgt, columns, zero());
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

  OpBuilder &builder;
  Location location;
  Value parameters, runs, capacity;
  std::map<std::string, Value> names;
  ScalarEmitter scalars;
};

} // namespace

func::FuncOp emitRuns(OpBuilder &builder, Location location,
                      const std::string &symbol, const RunNestRef &nest,
                      const std::vector<std::string> &parameters,
                      const std::string &index, std::string *unknown) {
  Type i64 = builder.getI64Type();
  Type pointer = LLVM::LLVMPointerType::get(builder.getContext());
  auto function = func::FuncOp::create(
      builder, location, symbol,
      builder.getFunctionType({pointer, i64, pointer, i64}, {i64}));
  function.setPrivate();
  Block *entry = function.addEntryBlock();
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(entry);
  Emitter emitter(builder, location, *entry);
  for (size_t k = 0; k < parameters.size(); ++k)
    emitter.bindParameter(parameters[k], static_cast<int64_t>(k));
  emitter.bind(index, entry->getArgument(1));
  Value count = emitter.zero();
  if (nest)
    count = emitter.emit(*nest, count);
  if (!count) {
    *unknown = emitter.unknown;
    function.erase();
    return nullptr;
  }
  func::ReturnOp::create(builder, location, count);
  return function;
}

} // namespace effattn
