//===- Emit.h - Halide pipelines to object files ----------------*- C++ -*-===//
//
// Halide makes three symbols of a pipeline f: f, f_argv and f_metadata. What
// the runtime calls is the one that takes `void **`; here it gets the plain
// name, and the others become local.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_SCHEDULE_EMIT_H
#define EFFATTN_LIB_SCHEDULE_EMIT_H

#include "lib/Schedule/Kernels.h"

#include "Halide.h"

#include <functional>
#include <string>
#include <vector>

namespace effattn {

struct KernelFunction {
  std::string symbol; ///< `int symbol(void **arguments)`
  Halide::Pipeline pipeline;
  /// Inputs in order; the user context comes before them, results after.
  std::vector<Halide::Argument> arguments;
};

/// What every kernel is compiled with: no runtime of its own, a user context,
/// no checks (the runtime makes them), indices of 64 bits.
Halide::Target kernelTarget(const std::string &halideTarget);

/// Compiles the functions into one object. Throws Halide::Error or
/// ScheduleError.
KernelObject emitObject(const std::string &name,
                        const std::vector<KernelFunction> &functions,
                        const Halide::Target &target);

/// Runs `body`; what it throws becomes the message of `failure`. False then.
bool guarded(const std::string &what, ScheduleFailure *failure,
             const std::function<void()> &body);

} // namespace effattn

#endif // EFFATTN_LIB_SCHEDULE_EMIT_H
