//===- Passes.cpp - the stages on the dialect -----------------------------===//

#include "lib/Driver/Compiler.h"
#include "lib/Driver/TargetPlan.h"
#include "lib/Import/Import.h"

#include "mlir/IR/Diagnostics.h"
