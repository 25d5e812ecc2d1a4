//===- Pattern.cpp - building patterns ------------------------------------===//

#include "lib/Pattern/Pattern.h"

#include <utility>

namespace effattn {

PatternRef makePattern(PatternKind kind, std::vector<ScalarRef> scalars,
                       std::vector<PatternRef> children) {
  auto result = std::make_shared<Pattern>(kind);
  result->scalars = std::move(scalars);
  result->children = std::move(children);
  return result;
}

} // namespace effattn
