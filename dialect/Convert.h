//===- Convert.h - from the dialect back to scalars and patterns -*- C++
//-*-===//
//
// Analysis and code generation work on the trees of lib/Pattern, not on
// operations. A Converter reads these trees off the values of one attend. What
// the trees name by number - tables, sets of keys, sets of queries - are SSA
// values beside them, numbered from 0 in the order of first use, each kind by
// itself: exactly the numbering that AttendSpec and PatternFacts have.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_DIALECT_CONVERT_H
#define EFFATTN_DIALECT_CONVERT_H

#include "dialect/Effattn.h"
#include "lib/Frontend/Program.h"
#include "lib/Pattern/Pattern.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"

#include <optional>

namespace effattn::ir {

/// The values behind the numbers of a tree.
struct ConvertedOperands {
  /// Lookup(table = k), Segments, Blocks, RandomBlocks (drawn blocks) and
  /// orders (values or permutation, tokens, ranks).
  llvm::SmallVector<mlir::Value> tables;
  /// KeyInSet(k) and Keys.
  llvm::SmallVector<mlir::Value> keySets;
  /// QueryInSet(k) and Queries.
  llvm::SmallVector<mlir::Value> querySets;
};

/// Whether the leading axis of an order or an index set of rank 2 is the batch
/// (or the sequences) of tensors [.., heads, tokens, channels]: it is the heads
/// wherever it can be.
bool leadsByBatch(llvm::ArrayRef<DimAttr> shape, TensorType tokens);

/// Reads trees off values. A null result comes after a located error.
class Converter {
public:
  ScalarRef scalar(mlir::Value value);
  PatternRef pattern(mlir::Value value);
  /// What a region with one block yields.
  ScalarRef yielded(mlir::Region &region);

  /// Where a node of a pattern comes from.
  mlir::Location locationOf(const Pattern *pattern,
                            mlir::Location otherwise) const;

  ConvertedOperands operands;

private:
  ScalarRef convert(mlir::Value value);
  ScalarRef convertOperation(mlir::Operation *op);
  ScalarRef convertArgument(mlir::BlockArgument argument);
  PatternRef convertPattern(mlir::Value value);
  bool readScalars(mlir::ValueRange values, std::vector<ScalarRef> &scalars);
  bool readOrder(mlir::Value value, std::vector<Order> &orders);

  llvm::DenseMap<mlir::Value, ScalarRef> scalars;
  llvm::DenseMap<mlir::Value, PatternRef> patterns;
  llvm::DenseMap<const Pattern *, mlir::Operation *> origins;
  int depth = 0;
};

/// Everything scalar about an attend (or column sums, or the pattern outside of
/// a draw), with one numbering.
struct AttendParts {
  PatternRef pattern;
  ScalarRef score;  ///< null: none
  ScalarRef logits; ///< null: q and k are given
  ScalarRef scale;  ///< null: 1 / sqrt(D)
  ScalarRef q0;     ///< null: M - N
  /// The facts are those of a pattern of which nothing is known.
  bool opaque = false;
  /// The columns of tokens are asked for, not those of ranks in an order.
  bool inTokens = false;
  Converter converter;
  const ConvertedOperands &operands() const { return converter.operands; }
};
std::optional<AttendParts> partsOf(AttendOp op);
std::optional<AttendParts> partsOf(ColumnSumsOp op);
std::optional<AttendParts> partsOf(DrawBlocksOp op); ///< it has `outside`

/// The trees of one value by itself.
ScalarRef scalarOf(mlir::Value value, ConvertedOperands &operands);
PatternRef patternOf(mlir::Value value, ConvertedOperands &operands);

/// Types of a checked program and of the dialect. Index sets become i32
/// tensors. Null where a size has no normal form (DimAttr::from).
TensorType toDialect(mlir::MLIRContext *context,
                     const effattn::TensorType &type);
effattn::TensorType toProgram(TensorType type);
effattn::TensorType toProgram(IndexSetType type);

mlir::Type toDialect(mlir::MLIRContext *context, ElementType element);
ElementType toProgram(mlir::Type element);

} // namespace effattn::ir

#endif // EFFATTN_DIALECT_CONVERT_H
