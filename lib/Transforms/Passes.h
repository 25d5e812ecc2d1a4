//===- Passes.h - passes of simplify, analyse and tile ----------*- C++ -*-===//
#ifndef EFFATTN_LIB_TRANSFORMS_PASSES_H
#define EFFATTN_LIB_TRANSFORMS_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

#include <memory>

namespace effattn {

#define GEN_PASS_DECL
#include "lib/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "lib/Transforms/Passes.h.inc"

} // namespace effattn

#endif // EFFATTN_LIB_TRANSFORMS_PASSES_H
