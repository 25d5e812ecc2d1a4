//===- MakeTables.cpp - tables of orders and of drawn blocks --------------===//
//
// Orders and random blocks are tables to all later stages: ranks and tokens,
// the blocks that were drawn. Both are made once for a launch. Index sets
// inside of orders become sets of tokens.
//
//===----------------------------------------------------------------------===//

#include "lib/Analysis/Blocks.h"
#include "lib/Transforms/Bands.h"
#include "lib/Transforms/Passes.h"
#include "lib/Transforms/RankSets.h"
#include "lib/Transforms/Terms.h"
#include "lib/Transforms/Transforms.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace effattn {

namespace {

//===----------------------------------------------------------------------===//
// Orders
//===----------------------------------------------------------------------===//

/// The tokens of an attend that uses an order, by its pattern; null where none
/// does.
ir::DimAttr tokensOfUser(Operation *op) {
  for (Operation *user : op->getUsers()) {
    if (auto attend = dyn_cast<ir::AttendOp>(user)) {
      ir::TensorType output = attend.getOutput().getType();
      return output.getShape()[output.getRank() - 2];
    }
    if (auto sums = dyn_cast<ir::ColumnSumsOp>(user)) {
      ir::TensorType q = sums.getQ().getType();
      return q.getShape()[q.getRank() - 2];
    }
    if (user->getNumResults() == 1 &&
        isa<ir::PatternType>(user->getResult(0).getType()))
      if (ir::DimAttr tokens = tokensOfUser(user))
        return tokens;
  }
  return {};
}

/// i32 of as many tokens as the order has; null after an error. A grid has as
/// many as the attend, which the runtime checks.
ir::TensorType tableType(ir::OrderOp op) {
  Type i32 = IntegerType::get(op.getContext(), 32);
  if (op.getTable())
    return ir::TensorType::get(op.getContext(),
                               op.getTable().getType().getShape(), i32);
  ir::ConvertedOperands operands;
  ScalarRef rows = ir::scalarOf(op.getSizes()[0], operands),
            columns = ir::scalarOf(op.getSizes()[1], operands);
  if (!rows || !columns)
    return {};
  ir::DimAttr tokens = ir::DimAttr::from(op.getContext(), rows * columns);
  if (!tokens)
    tokens = tokensOfUser(op);
  if (tokens)
    return ir::TensorType::get(op.getContext(), tokens, i32);
  emitError(op.getLoc())
      << "expected sizes of an order that are constants or dimensions, but "
         "got "
      << toString(rows) << " and " << toString(columns);
  return {};
}

LogicalResult makeOrderTables(ir::OrderOp op) {
  if (op.getTokens())
    return success();
  ir::TensorType type = tableType(op);
  if (!type)
    return failure();
  OpBuilder builder(op);
  auto tables =
      ir::OrderTablesOp::create(builder, op.getLoc(), type, type, op.getKind(),
                                op.getTable(), op.getSizes());
  op.getTokensMutable().assign(tables.getTokens());
  op.getRanksMutable().assign(tables.getRanks());
  return success();
}

//===----------------------------------------------------------------------===//
// Random blocks
//===----------------------------------------------------------------------===//

/// What the draw depends on besides the pattern.
struct Host {
  ir::TensorType rows; ///< a tensor of the queries
  ir::DimAttr batch, heads, queries, keys;
  Value q0;
};

ir::DimAttr axis(ir::TensorType type, int64_t fromRight) {
  int64_t rank = type.getRank();
  return fromRight < rank ? type.getShape()[rank - 1 - fromRight]
                          : ir::DimAttr::constant(type.getContext(), 1);
}

Host hostOf(ir::TensorType rows, ir::TensorType keys, Value q0) {
  return {rows, axis(rows, 3), axis(rows, 2), axis(rows, 1), axis(keys, 1), q0};
}

Host hostOf(ir::AttendOp op) {
  return hostOf(op.getOutput().getType(), op.getV().getType(), op.getQ0());
}

Host hostOf(ir::ColumnSumsOp op) {
  return hostOf(op.getQ().getType(), op.getK().getType(), op.getQ0());
}

class Drawer {
public:
  Drawer(OpBuilder &builder, const Host &host, uint64_t maxOperations)
      : builder(builder), host(host), maxOperations(maxOperations) {}

  /// Null after an error.
  Value draw(ir::RandomBlocksOp op) {
    int64_t size = 0, count = 0, seed = 0;
    if (!constant(op, op.getSize(), "block size", size) ||
        !constant(op, op.getCount(), "count", count) ||
        !constant(op, op.getSeed(), "seed", seed))
      return {};
    // Orders inside of `outside` hold ranks of the tokens that it is about.
    Value outside = op.getOutside();
    ir::TouchedAttr touched;
    bool byBatch = false;
    if (outside) {
      outside = withTokenSets(builder, outside, host.rows);
      if (!findTouched(op, outside, size, touched, byBatch))
        return {};
    }
    ir::TensorType type = drawnType(op, size, count, byBatch);
    if (!type)
      return {};
    auto drawn = ir::DrawBlocksOp::create(
        builder, op.getLoc(), type, size, count, seed, host.queries, host.keys,
        host.q0, outside, touched, /*facts=*/ir::FactsAttr());
    return ir::RandomBlocksOp::create(builder, op.getLoc(), op.getSize(),
                                      op.getCount(), op.getSeed(),
                                      op.getOutside(), drawn.getResult());
  }

private:
  bool constant(ir::RandomBlocksOp op, Value value, StringRef what,
                int64_t &result) {
    APInt constant;
    if (!matchPattern(value, m_ConstantInt(&constant))) {
      emitError(op.getLoc()) << "expected a " << what
                             << " of random_blocks that is known when "
                                "compiling; make it a `param` [S7]";
      return false;
    }
    result = constant.getSExtValue();
    return true;
  }

  /// Blocks of queries: (N + q0 - 1) div s - q0 div s + 1, and where q0 is no
  /// size, what N rows touch at most.
  ir::TensorType drawnType(ir::RandomBlocksOp op, int64_t size, int64_t count,
                           bool byBatch) {
    MLIRContext *context = builder.getContext();
    ScalarRef n = host.queries.toScalar(), s = constantInt(size);
    ScalarRef start = host.keys.toScalar() - n;
    if (host.q0) {
      ir::ConvertedOperands operands;
      if (!(start = ir::scalarOf(host.q0, operands)))
        return {};
    }
    ScalarRef exact = floorDiv(n + start - constantInt(1), s) -
                      floorDiv(start, s) + constantInt(1);
    ir::DimAttr blocks = ir::DimAttr::from(context, exact);
    if (!blocks)
      blocks = ir::DimAttr::from(context, binary(ScalarKind::CeilDiv, n, s) +
                                              constantInt(1));
    if (!blocks) {
      emitError(op.getLoc())
          << "the number of query blocks overflows 64 bits [S7]";
      return {};
    }
    SmallVector<ir::DimAttr> shape = {host.heads, blocks,
                                      ir::DimAttr::constant(context, count)};
    if (byBatch)
      shape.insert(shape.begin(), host.batch);
    return ir::TensorType::get(context, shape, IntegerType::get(context, 32));
  }

  /// Batch entries see different sets or entries of tables.
  bool variesByBatch(const ScalarRef &outside,
                     const ir::ConvertedOperands &operands) const {
    auto hasBatch = [&](Value set) {
      ArrayRef<ir::DimAttr> shape =
          cast<ir::IndexSetType>(set.getType()).getShape();
      return shape.size() > 2 || ir::leadsByBatch(shape, host.rows);
    };
    return usesVariable(outside, "b") ||
           contains(outside, [&](const Scalar &node) {
             return (node.kind == ScalarKind::KeyInSet &&
                     hasBatch(operands.keySets[node.table])) ||
                    (node.kind == ScalarKind::QueryInSet &&
                     hasBatch(operands.querySets[node.table]));
           });
  }

  /// Leaves `touched` null where tables decide it: analysis comes later.
  bool findTouched(ir::RandomBlocksOp op, Value outside, int64_t size,
                   ir::TouchedAttr &touched, bool &byBatch) {
    ir::Converter converter;
    PatternRef pattern = converter.pattern(outside);
    AnalysisOptions options;
    options.q0 = host.q0 ? converter.scalar(host.q0) : nullptr;
    options.bottomRight = !host.q0;
    options.maxOperations = maxOperations;
    if (!pattern || (host.q0 && !options.q0))
      return false;
    const Pattern *unsupported = nullptr;
    ScalarRef pairs = predicate(pattern, &unsupported);
    if (!pairs) {
      emitError(converter.locationOf(unsupported, op.getLoc()))
          << "the tables of 'outside' of random_blocks cannot be made [S7]";
      return false;
    }
    byBatch = variesByBatch(pairs, converter.operands);
    auto blocks = touchedBlocks(pairs, size, options, nullptr);
    if (!blocks)
      return true;
    SmallVector<ir::ParameterAttr> parameters;
    for (size_t k = 0; k < blocks->parameters.size(); ++k) {
      parameters.push_back(toAttribute(builder.getContext(),
                                       blocks->parameters[k],
                                       blocks->parameterValues[k], {}, {}));
      if (!parameters.back())
        return true;
    }
    touched = ir::TouchedAttr::get(builder.getContext(), parameters,
                                   builder.getDenseI64ArrayAttr(blocks->moduli),
                                   blocks->set);
    return true;
  }

  OpBuilder &builder;
  const Host &host;
  uint64_t maxOperations;
};

template <typename Op> void mapSets(Op op, ir::TensorType rows) {
  OpBuilder builder(op);
  op.getPatternMutable().assign(withTokenSets(builder, op.getPattern(), rows));
}

template <typename Op> LogicalResult drawBlocks(Op op, uint64_t maxOperations) {
  OpBuilder builder(op);
  Host host = hostOf(op);
  Drawer drawer(builder, host, maxOperations);
  bool ok = true;
  Value pattern =
      rebuildPattern(builder, op.getPattern(), [&](Operation *node) -> Value {
        auto random = dyn_cast<ir::RandomBlocksOp>(node);
        if (!random || random.getDrawn())
          return {};
        Value drawn = drawer.draw(random);
        ok &= static_cast<bool>(drawn);
        return drawn;
      });
  if (ok)
    op.getPatternMutable().assign(pattern);
  return success(ok);
}

} // namespace

LogicalResult makeTables(ModuleOp module, uint64_t maxOperations) {
  bool ok = true;
  SmallVector<Operation *> operations;
  module.walk([&](Operation *op) { operations.push_back(op); });
  for (Operation *op : operations) {
    if (auto order = dyn_cast<ir::OrderOp>(op))
      ok &= succeeded(makeOrderTables(order));
    else if (auto attend = dyn_cast<ir::AttendOp>(op))
      ok &= succeeded(drawBlocks(attend, maxOperations));
    else if (auto sums = dyn_cast<ir::ColumnSumsOp>(op))
      ok &= succeeded(drawBlocks(sums, maxOperations));
  }
  if (ok)
    for (Operation *op : operations) {
      if (auto attend = dyn_cast<ir::AttendOp>(op))
        mapSets(attend, attend.getOutput().getType());
      else if (auto sums = dyn_cast<ir::ColumnSumsOp>(op))
        mapSets(sums, sums.getQ().getType());
    }
  cleanUp(module);
  return success(ok);
}

#define GEN_PASS_DEF_EFFATTNMAKETABLES
#include "lib/Transforms/Passes.h.inc"

namespace {

struct MakeTablesPass : impl::EffattnMakeTablesBase<MakeTablesPass> {
  using EffattnMakeTablesBase::EffattnMakeTablesBase;
  void runOnOperation() override {
    if (failed(effattn::makeTables(getOperation(), maxOperations)))
      signalPassFailure();
  }
};

} // namespace

} // namespace effattn
