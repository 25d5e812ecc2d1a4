//===- Children.h - work in processes of its own ----------------*- C++ -*-===//
#ifndef EFFATTN_LIB_DRIVER_CHILDREN_H
#define EFFATTN_LIB_DRIVER_CHILDREN_H

#include <functional>
#include <string>
#include <vector>

namespace effattn {

/// What a child wrote, or why there is nothing.
struct ChildResult {
  std::string bytes;
  std::string failure; ///< empty: success
};

/// Calls work(0), ..., work(count - 1), each in a child of this process that
/// starts from the state at hand, `atOnce` of them at a time, and gives what
/// they return, in order. So no call sees what another one left behind, nor
/// depends on how many run at once; one that ends its process is a failure of
/// that call. `started` is called here before each.
std::vector<ChildResult>
inChildren(size_t count, size_t atOnce,
           const std::function<std::string(size_t)> &work,
           const std::function<void(size_t)> &started);

} // namespace effattn

#endif // EFFATTN_LIB_DRIVER_CHILDREN_H
