//===- Classify.h - what an expression reads --------------------*- C++ -*-===//
#ifndef EFFATTN_LIB_ANALYSIS_CLASSIFY_H
#define EFFATTN_LIB_ANALYSIS_CLASSIFY_H

#include "lib/Pattern/Scalar.h"

#include <unordered_map>
#include <vector>

namespace effattn {

struct Reads {
  bool row = false, column = false; ///< i, j or their coordinates
  bool set = false;                 ///< an index set
  bool bound = false;               ///< a variable of an enclosing `exists`
  bool real = false;                ///< numbers that are not integers
  bool table = false;               ///< a look-up that is no extra
  bool affine = true;               ///< Presburger arithmetic, extras included

  /// Needs no atom (but for index sets).
  bool stays() const { return affine && !table; }
};

class Classifier {
public:
  explicit Classifier(const std::vector<ScalarRef> &extents);
  const Reads &operator()(const ScalarRef &node);

private:
  Reads make(const ScalarRef &node);

  bool isLinear; ///< raw indices are affine
  std::vector<ScalarRef> kept;
  std::unordered_map<const Scalar *, Reads> known;
};

} // namespace effattn

#endif // EFFATTN_LIB_ANALYSIS_CLASSIFY_H
