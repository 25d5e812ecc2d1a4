//===- Sizes.h - the sizes at which costs are compared ----------*- C++ -*-===//
//
// Those of the kernel's `example`. What it does not say: 8192 tokens, a grid of
// 64 x 128 (16 x 16 x 32) of them, 256 for arguments and look-ups.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_TRANSFORMS_SIZES_H
#define EFFATTN_LIB_TRANSFORMS_SIZES_H

#include "dialect/Effattn.h"
#include "lib/Analysis/Analysis.h"

#include <map>

namespace effattn {

/// How many queries and keys the pattern of an attend, of column sums or the
/// pattern outside of a draw is about.
struct TokenAxes {
  ir::DimAttr queries, keys;
};
TokenAxes tokenAxesOf(mlir::Operation *op);

class RepresentativeSizes {
public:
  /// Of an operation whose pattern is on a grid of these extents (or on none).
  RepresentativeSizes(mlir::Operation *op,
                      const std::vector<ScalarRef> &extents);

  int64_t queries = 0, keys = 0;

  /// Ragged tokens: sequences of sizes around this one, since a last tile is
  /// filled as far as chance has it. Else this alone.
  std::vector<RepresentativeSizes> sequencesAround() const;

  /// The value of an expression over sizes, arguments, N, M, q0, b and h;
  /// look-ups and what cannot be computed are `unknown`.
  int64_t valueOf(const ScalarRef &expression) const;
  /// By the names of the facts' parameters.
  ParameterValues parameters(const PatternFacts &facts,
                             const ScalarRef &q0) const;

private:
  void choose(mlir::Operation *op, const std::vector<ScalarRef> &extents);
  int64_t sequencesOf(mlir::Operation *op) const;
  void setSizes(int64_t queries, int64_t keys);

  bool isRagged = false;
  std::map<std::string, int64_t> known;
  static constexpr int64_t unknown = 256, tokens = 8192;
};

/// For people: "B = 1, H = 4, N = 8192" where the kernel has an example.
std::string exampleOf(mlir::Operation *op);

} // namespace effattn

#endif // EFFATTN_LIB_TRANSFORMS_SIZES_H
