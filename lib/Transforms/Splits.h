//===- Splits.h - ways to split a pattern into bands ------------*- C++ -*-===//
#ifndef EFFATTN_LIB_TRANSFORMS_SPLITS_H
#define EFFATTN_LIB_TRANSFORMS_SPLITS_H

#include "lib/Transforms/Bands.h"
#include "lib/Transforms/Sizes.h"

#include <map>
#include <optional>

namespace effattn {

/// A band with the best tiling that was found for it.
struct TiledBand {
  std::shared_ptr<const Band> band;
  TilingChoice best;
};

/// The cheapest split of one pattern of one attend.
class SplitSearch {
public:
  SplitSearch(mlir::OpBuilder &builder, mlir::Operation *op, mlir::Value q0,
              const Strategy &strategy, BandAnalyser &analyser)
      : builder(builder), op(op), q0(q0), strategy(strategy),
        analyser(analyser) {}

  /// `terms`: patterns whose union is `whole`; one: no split is tried. Empty
  /// after an error. Bands are disjoint; those without pairs are left out.
  std::vector<TiledBand> run(mlir::Value whole,
                             llvm::ArrayRef<mlir::Value> terms,
                             TilingReport &report);

private:
  using Groups = std::vector<std::vector<size_t>>;

  struct Tried {
    std::shared_ptr<const Band> band;
    BandReport report;
  };
  const Tried *tryBand(mlir::Value pattern);
  void compareTilings(Tried &tried);
  llvm::SmallVector<mlir::Value> cluster(llvm::ArrayRef<mlir::Value> terms);
  std::optional<std::vector<const Tried *>>
  trySplit(const Groups &groups, llvm::ArrayRef<mlir::Value> terms);
  bool overlap(mlir::Value a, mlir::Value b);
  mlir::Value patternOf(const std::vector<size_t> &group,
                        llvm::ArrayRef<mlir::Value> terms);
  double costOf(const std::vector<const Tried *> &bands) const;

  mlir::OpBuilder &builder;
  mlir::Operation *op;
  mlir::Value q0;
  const Strategy &strategy;
  BandAnalyser &analyser;
  std::vector<std::unique_ptr<Tried>> known;
  std::map<std::vector<size_t>, mlir::Value> unions;
  int64_t queries = 0;
};

} // namespace effattn

#endif // EFFATTN_LIB_TRANSFORMS_SPLITS_H
