//===- Supported.cpp - what the analysis does not do yet ------------------===//
//
// Said here, at the operation that asks for it, rather than by the analysis,
// which has no locations.
//
//===----------------------------------------------------------------------===//

#include "lib/Transforms/Transforms.h"

using namespace mlir;

namespace effattn {

namespace {

constexpr const char *supported =
    "supported are all, none, causal, window, stride, same_block, prefix, "
    "queries, keys, comprehensions without look-ups, and |, &, -, ! of these";

/// The construct by its name in the language.
const char *construct(PatternKind kind) {
  switch (kind) {
  case PatternKind::Segments:
    return "'segments'";
  case PatternKind::Blocks:
    return "'blocks'";
  case PatternKind::RandomBlocks:
    return "'random_blocks'";
  case PatternKind::OnGrid:
    return "a pattern 'on grid'";
  case PatternKind::InOrder:
    return "'in_order'";
  case PatternKind::Heads:
    return "'heads'";
  default:
    return "this pattern";
  }
}

const Pattern *findUnsupported(const PatternRef &pattern) {
  switch (pattern->kind) {
  case PatternKind::Segments:
  case PatternKind::Blocks:
  case PatternKind::RandomBlocks:
  case PatternKind::OnGrid:
  case PatternKind::InOrder:
  case PatternKind::Heads:
    return pattern.get();
  default:
    break;
  }
  for (const PatternRef &child : pattern->children)
    if (const Pattern *found = findUnsupported(child))
      return found;
  return nullptr;
}

/// A comprehension that looks a table up.
const Pattern *findLookup(const PatternRef &pattern) {
  auto isLookup = [](const Scalar &node) {
    return node.kind == ScalarKind::Lookup;
  };
  if (pattern->predicate && contains(pattern->predicate, isLookup))
    return pattern.get();
  for (const ScalarRef &scalar : pattern->scalars)
    if (contains(scalar, isLookup))
      return pattern.get();
  for (const PatternRef &child : pattern->children)
    if (const Pattern *found = findLookup(child))
      return found;
  return nullptr;
}

/// `index[H, G] in N`, the type as the language spells it.
std::string spelling(ir::IndexSetType type) {
  std::string text = "index[";
  llvm::raw_string_ostream os(text);
  llvm::interleaveComma(type.getShape(), os,
                        [&](ir::DimAttr dim) { dim.printExpression(os); });
  os << "] in ";
  type.getBound().printExpression(os);
  return text;
}

/// Sets with leading axes are one set for each batch or head.
LogicalResult checkSets(Operation *op, ArrayRef<Value> sets) {
  for (Value set : sets) {
    auto type = cast<ir::IndexSetType>(set.getType());
    if (type.getShape().size() == 1)
      continue;
    auto diagnostic = emitError(op->getLoc())
                      << "an index set for each batch or head in a pattern is "
                         "not supported yet; supported are index sets of one "
                         "axis, but got "
                      << spelling(type);
    diagnostic.attachNote(set.getLoc()) << "the index set is here";
    return diagnostic;
  }
  return success();
}

LogicalResult checkKernel(Operation *op) {
  auto kernel = op->getParentOfType<ir::KernelOp>();
  if (!kernel || !kernel.getRaggedAttr() || kernel.getRaggedAttr().empty())
    return success();
  NamedAttribute first = *kernel.getRaggedAttr().begin();
  return emitError(op->getLoc())
         << "attention over ragged tokens is not supported "
            "yet: argument '"
         << first.getName().getValue()
         << "' is ragged; supported are arguments without "
            "'ragged'";
}

} // namespace

ScalarRef supportedPredicate(Operation *op, const ir::AttendParts &parts) {
  if (failed(checkKernel(op)))
    return nullptr;
  if (const Pattern *found = findUnsupported(parts.pattern)) {
    emitError(parts.converter.locationOf(found, op->getLoc()))
        << construct(found->kind) << " is not supported yet; " << supported;
    return nullptr;
  }
  if (const Pattern *found = findLookup(parts.pattern)) {
    emitError(parts.converter.locationOf(found, op->getLoc()))
        << "a table look-up in a pattern is not supported yet; " << supported;
    return nullptr;
  }
  if (failed(checkSets(op, parts.operands().keySets)) ||
      failed(checkSets(op, parts.operands().querySets)))
    return nullptr;
  const Pattern *unsupported = nullptr;
  ScalarRef result = predicate(parts.pattern, &unsupported);
  if (!result)
    emitError(op->getLoc()) << "the pattern has no predicate; " << supported;
  return result;
}

} // namespace effattn
