//===- ImportPattern.cpp - patterns as operations -------------------------===//

#include "lib/Import/Importer.h"

using namespace mlir;

namespace effattn::importing {

namespace {

constexpr const char *predicateNames[] = {"b", "h", "i", "j"};

} // namespace

Value PatternImporter::pattern(const PatternRef &node, Location location) {
  if (node->offset >= 0)
    location = locate(node->offset);
  return make(*node, location);
}

Value PatternImporter::make(const Pattern &node, Location location) {
  SmallVector<Value> children, in;
  for (const PatternRef &child : node.children) {
    children.push_back(pattern(child, location));
    if (!children.back())
      return {};
  }
  if (node.kind == PatternKind::Heads)
    return heads(node, children, location);
  for (const ScalarRef &scalar : node.scalars) {
    in.push_back(scalars.scalar(scalar, location));
    if (!in.back())
      return {};
  }
  switch (node.kind) {
  case PatternKind::All:
    return ir::AllOp::create(builder, location);
  case PatternKind::None:
    return ir::NoneOp::create(builder, location);
  case PatternKind::Causal:
    return ir::CausalOp::create(builder, location);
  case PatternKind::Window:
    return ir::WindowOp::create(builder, location, in[0], in[1], in[2]);
  case PatternKind::Stride:
    return ir::StrideOp::create(builder, location, in[0]);
  case PatternKind::SameBlock:
    return ir::SameBlockOp::create(builder, location, in[0], in[1], in[2]);
  case PatternKind::Prefix:
    return ir::PrefixOp::create(builder, location, in[0]);
  case PatternKind::RandomBlocks:
    return ir::RandomBlocksOp::create(builder, location, in[0], in[1], in[2],
                                      children.empty() ? Value() : children[0],
                                      Value());
  case PatternKind::Segments:
  case PatternKind::Blocks:
  case PatternKind::Queries:
  case PatternKind::Keys:
    return byTable(node, in, location);
  case PatternKind::Comprehension: {
    auto op = ir::ComprehensionOp::create(builder, location);
    bool ok =
        scalars.region(op.getBody(), predicateNames, node.predicate, location);
    return ok ? op.getResult() : Value();
  }
  case PatternKind::OnGrid: {
    auto op = ir::OnGridOp::create(builder, location, in);
    bool ok =
        scalars.region(op.getBody(), predicateNames, node.predicate, location);
    return ok ? op.getResult() : Value();
  }
  case PatternKind::InOrder:
    return inOrder(node, children[0], location);
  case PatternKind::Heads:
    break;
  case PatternKind::Union:
  case PatternKind::Intersection:
  case PatternKind::Difference:
  case PatternKind::Complement:
    return algebra(node, children, location);
  }
  return {};
}

Value PatternImporter::algebra(const Pattern &node, ArrayRef<Value> children,
                               Location location) {
  switch (node.kind) {
  case PatternKind::Union:
    return ir::UnionOp::create(builder, location, children[0], children[1]);
  case PatternKind::Intersection:
    return ir::IntersectOp::create(builder, location, children[0], children[1]);
  case PatternKind::Difference:
    return ir::DifferenceOp::create(builder, location, children[0],
                                    children[1]);
  default:
    return ir::ComplementOp::create(builder, location, children[0]);
  }
}

Value PatternImporter::byTable(const Pattern &node, ArrayRef<Value> in,
                               Location location) {
  Value table = values[node.table][0];
  bool wantsSet =
      node.kind == PatternKind::Queries || node.kind == PatternKind::Keys;
  if (wantsSet != isa<ir::IndexSetType>(table.getType())) {
    emitError(location) << "expected "
                        << (wantsSet ? "an index set" : "a table")
                        << ", but got " << table.getType();
    return {};
  }
  switch (node.kind) {
  case PatternKind::Segments:
    return ir::SegmentsOp::create(builder, location, table);
  case PatternKind::Blocks:
    return ir::BlocksOp::create(builder, location, table, in[0]);
  case PatternKind::Queries:
    return ir::QueriesOp::create(builder, location, table);
  default:
    return ir::KeysOp::create(builder, location, table);
  }
}

Value PatternImporter::order(const Order &order, Location location) {
  SmallVector<Value> sizes;
  for (const ScalarRef &scalar : order.scalars) {
    sizes.push_back(scalars.scalar(scalar, location));
    if (!sizes.back())
      return {};
  }
  ir::OrderKind kind =
      order.kind == OrderKind::Sort          ? ir::OrderKind::Sort
      : order.kind == OrderKind::BlockRaster ? ir::OrderKind::BlockRaster
      : order.kind == OrderKind::ColumnMajor ? ir::OrderKind::ColumnMajor
                                             : ir::OrderKind::Given;
  Value table = order.table >= 0 ? values[order.table][0] : Value();
  return ir::OrderOp::create(builder, location, kind, table, sizes, Value(),
                             Value(), order.byBatch);
}

Value PatternImporter::inOrder(const Pattern &node, Value child,
                               Location location) {
  Value queries = order(node.orders.front(), location);
  Value keys =
      node.orders.size() > 1 ? order(node.orders[1], location) : queries;
  if (!queries || !keys)
    return {};
  return ir::InOrderOp::create(builder, location, queries, keys, child);
}

Value PatternImporter::heads(const Pattern &node, ArrayRef<Value> children,
                             Location location) {
  SmallVector<int64_t> bounds;
  for (const ScalarRef &bound : node.scalars) {
    if (!bound->isConstant()) {
      emitError(location) << "expected constant ranges of heads, but got "
                          << toString(bound);
      return {};
    }
    bounds.push_back(bound->integer);
  }
  return ir::HeadsOp::create(builder, location,
                             builder.getDenseI64ArrayAttr(bounds), children);
}

} // namespace effattn::importing
