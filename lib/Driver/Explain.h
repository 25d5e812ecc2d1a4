//===- Explain.h - what the compiler understood, for people -----*- C++ -*-===//
#ifndef EFFATTN_LIB_DRIVER_EXPLAIN_H
#define EFFATTN_LIB_DRIVER_EXPLAIN_H

#include "lib/Driver/Driver.h"

#include <string>

namespace effattn {

/// For each kernel: a picture of its mask at the example sizes, and for each
/// attend its pattern, visible pairs as a formula, causality, hull, tiles, and
/// computed against visible pairs.
std::string explainText(const Compilation &compilation);

} // namespace effattn

#endif // EFFATTN_LIB_DRIVER_EXPLAIN_H
