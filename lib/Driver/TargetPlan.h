//===- TargetPlan.h - what one --target means -------------------*- C++ -*-===//
#ifndef EFFATTN_LIB_DRIVER_TARGETPLAN_H
#define EFFATTN_LIB_DRIVER_TARGETPLAN_H

#include "lib/Analysis/Strategy.h"
#include "lib/Driver/Driver.h"
#include "lib/Target/Object.h"

namespace effattn {

/// One code of a target: an instruction set of the CPU, or a device.
struct CodePlan {
  TargetCode code;
  std::string halideTarget;
  AttendNumbers numbers; ///< of the CPU; devices choose by the head dims
};

struct TargetPlan {
  std::string name;  ///< cpu, vulkan, cuda
  uint32_t kind = 0; ///< effattn_kernel.target_kind
  bool device = false;
  Strategy strategy;
  std::vector<CodePlan> codes;
};

TargetPlan planTarget(const std::string &name, const CompileOptions &options);

} // namespace effattn

#endif // EFFATTN_LIB_DRIVER_TARGETPLAN_H
