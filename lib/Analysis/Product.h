//===- Product.h - patterns that are one condition for each axis *- C++ -*-===//
//
// On a grid many patterns are P(iy, jy) and Q(ix, jx): neighbourhoods, lines,
// blocks. The columns of a row are then the product of the columns on each
// axis, and so are those of a box of rows:
//   touch = touch_y x touch_x,  full = full_y x full_x,
//   partial = partial_y x touch_x | full_y x partial_x
// Sets, and loops for them, are made for each axis by itself. Their text is
// this formula: isl's sets of one coordinate, joined by " x " and " | ".
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_ANALYSIS_PRODUCT_H
#define EFFATTN_LIB_ANALYSIS_PRODUCT_H

#include "lib/Analysis/Runs.h"

#include <optional>
#include <string>
#include <vector>

namespace effattn {

/// A condition for each axis (true where there is none); nothing where the
/// predicate is no product, or the space no grid.
std::optional<std::vector<ScalarRef>> axisConditions(const ScalarRef &predicate,
                                                     const Space &space);

/// Constants by which a coordinate of each axis, of row or column, is divided
/// with remainder, ascending: rows of one residue may have columns in common.
std::vector<std::vector<int64_t>> axisModuli(const ScalarRef &predicate,
                                             const Space &space);

/// Texts of sets of one coordinate, one for each axis.
using Term = std::vector<std::string>;
std::string joinTerms(const std::vector<Term> &terms);
/// Nothing where the text is no product.
std::optional<std::vector<Term>> splitTerms(const std::string &text);

/// The loops of each term, one after the other.
RunNestRef buildProduct(const IslContext &context,
                        const std::vector<Term> &terms, const LoopFrame &frame,
                        AnalysisFailure *failure);

} // namespace effattn

#endif // EFFATTN_LIB_ANALYSIS_PRODUCT_H
