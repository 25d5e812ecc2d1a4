//===- ProbeLaunch.h - a launch whose attends are only planned --*- C++ -*-===//
//
// The part of PlanProbe that touches the runtime's internals: slots, host
// functions, and what a plan looks like there.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_DRIVER_PROBELAUNCH_H
#define EFFATTN_LIB_DRIVER_PROBELAUNCH_H

#include "lib/Driver/PlanProbe.h"
#include "lib/Schedule/Kernels.h"
#include "runtime/include/effattn/kernel.h"

#include "llvm/ADT/StringRef.h"

typedef struct effattn_context effattn_context;

namespace effattn {

struct ProbeKernel {
  struct Attend {
    AttendSpec spec;
    std::string source;
  };
  std::vector<Attend> attends;
  /// As loaded, but for the CPU: a plan is the same, and no device is touched.
  effattn_kernel descriptor = {};
  uint32_t target = 0; ///< code to plan for

  void take(const effattn_kernel &loaded) {
    descriptor = loaded;
    descriptor.target_kind = 0;
  }
};

/// The runtime's context, made when first asked for. Plans are not kept from
/// launch to launch.
class ProbeContext {
public:
  ProbeContext() = default;
  ProbeContext(const ProbeContext &) = delete;
  ~ProbeContext();
  /// Null where the runtime has none; effattn_message() says why.
  effattn_context *get();
  /// Drops cached plans of a kernel.
  void forget(const effattn_kernel &kernel);

private:
  effattn_context *context = nullptr;
};

/// Address of what the host object calls; null for other names.
void *probeHostFunction(llvm::StringRef symbol);

class ProbeLaunch {
public:
  ProbeLaunch(const ProgramKernel &program, const ProbeKernel &kernel,
              const reference::Inputs &inputs, int64_t batch, int64_t head);
  ~ProbeLaunch();
  llvm::Expected<std::vector<ProbedAttend>> run(ProbeContext &context);

  struct Frame; ///< the runtime's launch, and this
  /// Writes down one attend; gives a status.
  int32_t record(const void *operands, const void *run);

private:
  llvm::Error checkTables(const Pattern &pattern) const;
  llvm::Error bindArguments();
  llvm::Error checkSequences(size_t number);
  llvm::Error bindTensor(size_t slot, const std::string &name,
                         const TensorType &type);

  const ProgramKernel &program;
  const ProbeKernel &kernel;
  const reference::Inputs &inputs;
  int64_t batch, head;
  std::unique_ptr<Frame> frame;
  std::vector<ProbedAttend> attends;
};

} // namespace effattn

#endif // EFFATTN_LIB_DRIVER_PROBELAUNCH_H
