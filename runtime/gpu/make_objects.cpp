//===- make_objects.cpp - objects of the GPU runtime ----------------------===//
//
// A tool of the build: writes Halide's device runtime and our own device
// kernels into a folder, every symbol of Halide's renamed to effattn_*, so that
// an application may link a Halide of its own.
//
//   make_objects FOLDER
//
//===----------------------------------------------------------------------===//

#include "lib/Schedule/GpuRuntime.h"
#include "lib/Target/Gpu.h"

#include "llvm/Support/raw_ostream.h"

#include <string>

using namespace effattn;

namespace {

bool write(const std::string &path, KernelObject object,
           ScheduleFailure failure) {
  if (failure.message.empty())
    makeHalidePrivate(object, &failure);
  std::string message = failure.message;
  if (message.empty()) {
    std::error_code code;
    llvm::raw_fd_ostream out(path, code);
    if (!code)
      out.write(object.bytes.data(), object.bytes.size());
    else
      message = code.message();
  }
  if (!message.empty())
    llvm::errs() << path << ": " << message << "\n";
  return message.empty();
}

} // namespace

int main(int count, char **arguments) {
  if (count != 2) {
    llvm::errs() << "usage: make_objects FOLDER\n";
    return 2;
  }
  const std::string folder = arguments[1];
  ScheduleFailure failure;
  KernelObject runtime = compileDeviceRuntime(&failure);
  bool good = write(folder + "/halide_device.o", std::move(runtime), failure);
  for (const GpuDevice &device : gpuDevices()) {
    std::vector<KernelObject> kernels =
        compileDeviceKernels(device.name, device.halideTarget, &failure);
    if (!failure.message.empty()) {
      llvm::errs() << device.name << ": " << failure.message << "\n";
      return 1;
    }
    for (KernelObject &kernel : kernels)
      good &=
          write(folder + "/" + kernel.symbols.front() + ".o", kernel, failure);
  }
  return good ? 0 : 1;
}
