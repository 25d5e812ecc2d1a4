//===- Signature.h - what callers see of a kernel ---------------*- C++ -*-===//
#ifndef EFFATTN_LIB_LOWERING_SIGNATURE_H
#define EFFATTN_LIB_LOWERING_SIGNATURE_H

#include "dialect/Effattn.h"
#include "lib/Lowering/Lowered.h"

namespace effattn {

/// Fills in name, dimensions, arguments, results and requirements. False after
/// a located error: something that the runtime cannot check or bind.
bool describeKernel(ir::KernelOp op, LoweredKernel &kernel);

} // namespace effattn

#endif // EFFATTN_LIB_LOWERING_SIGNATURE_H
