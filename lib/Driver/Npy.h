//===- Npy.h - tensors of .npy files ----------------------------*- C++ -*-===//
//
// NumPy's format, versions 1 to 3 (numpy.lib.format): what `numpy.save` writes.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_DRIVER_NPY_H
#define EFFATTN_LIB_DRIVER_NPY_H

#include "lib/Frontend/Program.h"

#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>
#include <vector>

namespace effattn {

/// A dense tensor with its bytes; strides in elements, because a file in
/// Fortran order is kept as it is.
struct HostTensor {
  ElementType element = ElementType::F32;
  std::vector<int64_t> shape, strides;
  std::vector<char> bytes;

  int64_t count() const;
  /// Strides for `shape` with the axes in memory in the given order, outermost
  /// first (empty: row-major), and bytes for all elements.
  void allocate(const std::vector<int> &order = {});
  /// Offset in memory of the element that is number `place` in row-major order.
  int64_t offsetOf(int64_t place) const;
  double at(int64_t offset) const;
  void set(int64_t offset, double value);
};

llvm::Expected<HostTensor> readNpy(const std::string &path);
llvm::Error writeNpy(const std::string &path, const HostTensor &tensor);

} // namespace effattn

#endif // EFFATTN_LIB_DRIVER_NPY_H
