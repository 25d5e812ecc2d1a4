//===- Parts.h - trees of attend, merge, rows, by_heads ---------*- C++ -*-===//
//
// A value made by attends, merges, rows and by_heads is one softmax a row over
// several attends, each restricted to some rows and heads. Rows do not need the
// restriction of a merge: with A|S for A computed in the rows S and without
// keys elsewhere,
//
//   rows(S): merge(A, B) else: C  =  merge(A|S, B|S, C|not S)
//
// because a part without keys (LSE = -inf) does not count. So a tree is a list
// of layers. A layer is attends over disjoint rows and heads. The first layer
// is written straight to where the value goes; each attend of a later one goes
// on from what is there. Only parts that something else needs too are computed
// by themselves and merged.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_LOWERING_PARTS_H
#define EFFATTN_LIB_LOWERING_PARTS_H

#include "dialect/Effattn.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

#include <vector>

namespace effattn {

struct RowFilter {
  mlir::Value set;
  bool keep;
};

/// An attend restricted to rows for which all filters hold.
struct Leaf {
  ir::AttendOp attend;
  std::vector<RowFilter> filters;
};

struct Layer {
  std::vector<Leaf> leaves; ///< of disjoint rows or heads
  bool covers = true;       ///< the leaves have all rows of all heads
  /// In place of leaves: a part that is computed by itself, since something
  /// else needs it too.
  mlir::Value output, lse;
};

/// What the values of one kernel are used for.
class Demand {
public:
  explicit Demand(ir::KernelOp kernel);

  /// The value's operation is computed into tensors of its own.
  bool isComputed(mlir::Operation *op) const { return computed.contains(op); }
  /// Someone reads this tensor itself (and not only as a part of a tree).
  bool isRead(mlir::Value value) const { return read.contains(value); }

  /// Layers of the tree at `op`, a combination that is computed.
  std::vector<Layer> layers(mlir::Operation *op) const;

  /// Operations whose tensors the computation of `op` reads, and tensor
  /// arguments, each once.
  llvm::SmallVector<mlir::Value, 0> reads(mlir::Operation *op) const;

private:
  struct Uses {
    int parts = 0;         ///< trees that take it as a part in all rows
    bool inTree = false;   ///< computed inside a tree, in all rows or some
    bool plain = false;    ///< ... in all rows
    bool filtered = false; ///< ... in some
  };
  void visit(mlir::Operation *op);
  void use(mlir::Value value);
  void usePart(mlir::Value output, mlir::Value lse, bool plain, bool filtered);
  /// Where a tree stands inside another one.
  struct Place {
    std::vector<RowFilter> filters;
    bool byHeads = false; ///< only the heads of its attends are taken
    bool isWhole() const { return filters.empty() && !byHeads; }
  };
  std::vector<Layer> layersOf(mlir::Value output, mlir::Value lse,
                              const Place &place) const;
  std::vector<Layer> expand(mlir::Operation *op, const Place &place) const;
  std::vector<Layer> expandRows(ir::RowsOp op, const Place &place) const;

  llvm::DenseSet<mlir::Operation *> computed;
  llvm::DenseSet<mlir::Value> read;
  llvm::DenseMap<mlir::Operation *, Uses> uses;
};

/// attend, merge, rows or by_heads.
bool isCombination(mlir::Operation *op);

} // namespace effattn

#endif // EFFATTN_LIB_LOWERING_PARTS_H
