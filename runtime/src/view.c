/*===- view.c - tensors as kernels see them
 * --------------------------------===*/
#include "internal.h"

#include <string.h>

int64_t effattn_element_bytes(uint32_t element) {
  switch (element) {
  case EFFATTN_F32:
  case EFFATTN_I32:
    return 4;
  case EFFATTN_F16:
  case EFFATTN_BF16:
    return 2;
  case EFFATTN_I64:
    return 8;
  case EFFATTN_I8:
  case EFFATTN_BOOL:
    return 1;
  }
  return 0;
}

const char *effattn_element_name(uint32_t element) {
  static const char *const names[] = {"f32", "f16", "bf16", "i8",
                                      "i32", "i64", "bool"};
  return element < sizeof names / sizeof *names ? names[element]
                                                : "unknown type";
}

static struct halide_type_t halide_type_of(uint32_t element) {
  struct halide_type_t type = {halide_type_float, 32, 1};
  switch (element) {
  case EFFATTN_F16:
    type.bits = 16;
    break;
  case EFFATTN_BF16:
    type.code = halide_type_bfloat;
    type.bits = 16;
    break;
  case EFFATTN_I8:
    type.code = halide_type_int;
    type.bits = 8;
    break;
  case EFFATTN_I32:
    type.code = halide_type_int;
    break;
  case EFFATTN_I64:
    type.code = halide_type_int;
    type.bits = 64;
    break;
  case EFFATTN_BOOL:
    type.code = halide_type_uint;
    type.bits = 1;
    break;
  }
  return type;
}

effattn_status effattn_view_dense(effattn_view *view, void *data,
                                  uint32_t element, uint32_t rank,
                                  const int64_t *shape, int64_t *elements) {
  memset(view, 0, sizeof *view);
  view->data = data;
  view->element = element;
  view->rank = rank;
  bool empty = false, overflow = false;
  for (uint32_t axis = 0; axis < rank; ++axis) {
    view->shape[axis] = shape[axis];
    empty = empty || shape[axis] == 0;
  }
  int64_t stride = 1;
  for (uint32_t axis = rank; axis-- > 0;) {
    view->stride[axis] = stride;
    overflow =
        __builtin_mul_overflow(stride, empty ? 1 : shape[axis], &stride) ||
        overflow;
  }
  int64_t bytes;
  overflow =
      __builtin_mul_overflow(stride, effattn_element_bytes(element), &bytes) ||
      overflow;
  if (overflow)
    return effattn_fail(EFFATTN_OVERFLOW,
                        "a tensor of %u axes is too large for 64 bits", rank);
  *elements = empty ? 0 : stride;
  return EFFATTN_OK;
}

effattn_status effattn_view_buffer(const effattn_view *view, const char *what,
                                   struct halide_buffer_t *buffer,
                                   struct halide_dimension_t *dimensions) {
  memset(buffer, 0, sizeof *buffer);
  memset(dimensions, 0, EFFATTN_MAX_RANK * sizeof *dimensions);
  buffer->host = view->data;
  buffer->type = halide_type_of(view->element);
  buffer->dimensions = (int32_t)view->rank;
  buffer->dim = dimensions;
  for (uint32_t axis = 0; axis < view->rank; ++axis) {
    struct halide_dimension_t *dimension = &dimensions[view->rank - 1 - axis];
    if (view->shape[axis] > INT32_MAX)
      return effattn_fail(EFFATTN_OVERFLOW,
                          "%s, axis %u: size %lld does not fit 32 bits", what,
                          axis, (long long)view->shape[axis]);
    const bool walked = view->shape[axis] > 1;
    if (walked && view->stride[axis] > INT32_MAX)
      return effattn_fail(EFFATTN_OVERFLOW,
                          "%s, axis %u: stride %lld does not fit 32 bits", what,
                          axis, (long long)view->stride[axis]);
    dimension->extent = (int32_t)view->shape[axis];
    dimension->stride =
        walked || view->stride[axis] <= 1 ? (int32_t)view->stride[axis] : 0;
  }
  return EFFATTN_OK;
}
