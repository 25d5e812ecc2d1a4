//===- StepTensor.h - operands and results of steps -------------*- C++ -*-===//
//
// For the tests of steps on the CPU and on devices.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_TEST_UNIT_SCHEDULE_STEPTENSOR_H
#define EFFATTN_TEST_UNIT_SCHEDULE_STEPTENSOR_H

#include "lib/Schedule/Kernels.h"

extern "C" {
#include "runtime/src/attend.h"
}

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace effattn::test {

using Shape = std::vector<int64_t>;

/// A tensor with gaps between its rows.
struct StepTensor {
  Shape shape;
  std::vector<float> data;
  effattn_view view = {};

  explicit StepTensor(Shape dimensions, int64_t gap = 0)
      : shape(std::move(dimensions)) {
    view.element = EFFATTN_F32;
    view.rank = static_cast<uint32_t>(shape.size());
    int64_t stride = 1;
    for (size_t axis = shape.size(); axis-- > 0;) {
      view.shape[axis] = shape[axis];
      view.stride[axis] = stride;
      stride *= shape[axis] + gap;
    }
    data.resize(std::max<int64_t>(stride, 1));
    view.data = data.data();
  }
  /// Axes of 1 take any index: they broadcast.
  float &at(const Shape &index) {
    int64_t offset = 0;
    for (size_t axis = 0; axis < shape.size(); ++axis)
      offset += (shape[axis] == 1 ? 0 : index[axis]) * view.stride[axis];
    return data[offset];
  }
  /// The element that an index of a result of more axes reads.
  float &atBroadcast(const Shape &index) {
    return at(Shape(index.end() - shape.size(), index.end()));
  }
  StepTensor &fill(int seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    for (float &value : data)
      value = normal(random);
    return *this;
  }
};

/// Sizes of 1 are constants (they broadcast), others are names.
inline TensorType typeOf(const Shape &shape, bool constants = false) {
  TensorType type;
  for (size_t axis = 0; axis < shape.size(); ++axis)
    type.shape.push_back(shape[axis] == 1 || constants
                             ? constantInt(shape[axis])
                             : dimension("n" + std::to_string(axis)));
  return type;
}

} // namespace effattn::test

#endif // EFFATTN_TEST_UNIT_SCHEDULE_STEPTENSOR_H
