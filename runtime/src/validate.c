/*===- validate.c - checking one tensor that a caller gave
 * -----------------===*/
#include "validate.h"

#include <string.h>

effattn_status effattn_check_kernel(const effattn_kernel *kernel) {
  if (!kernel)
    return effattn_fail(EFFATTN_NULL, "expected a kernel, but got NULL");
  const uint32_t major = kernel->abi_version >> 16;
  const uint32_t minor = kernel->abi_version & 0xffffu;
  if (major != EFFATTN_ABI_MAJOR || minor > EFFATTN_ABI_MINOR)
    return effattn_fail(EFFATTN_VERSION_MISMATCH,
                        "the kernel was compiled for ABI %u.%u, but this "
                        "runtime (%s) has ABI %u.%u",
                        major, minor, EFFATTN_VERSION, EFFATTN_ABI_MAJOR,
                        EFFATTN_ABI_MINOR);
  if (kernel->size < sizeof(effattn_kernel))
    return effattn_fail(EFFATTN_VERSION_MISMATCH,
                        "the kernel's descriptor has %u bytes, but ABI %u.%u "
                        "has %zu",
                        kernel->size, major, minor, sizeof(effattn_kernel));
  if (kernel->slots < kernel->arguments + kernel->results)
    return effattn_fail(EFFATTN_INTERNAL, "%s: %u slots for %u tensors",
                        kernel->name, kernel->slots,
                        kernel->arguments + kernel->results);
  for (uint32_t i = 0; i < kernel->arguments + kernel->results; ++i) {
    const effattn_argument *argument = &kernel->argument[i];
    if (argument->rank > EFFATTN_MAX_RANK ||
        effattn_element_bytes(argument->element) == 0 ||
        argument->kind > EFFATTN_INDEX_SET ||
        argument->ragged > kernel->arguments ||
        (argument->ragged &&
         (argument->token_axis >= argument->rank ||
          kernel->argument[argument->ragged - 1].rank != 1 ||
          kernel->argument[argument->ragged - 1].element != EFFATTN_I32)))
      return effattn_fail(EFFATTN_INTERNAL,
                          "%s: the descriptor of '%s' is malformed",
                          kernel->name, argument->name);
  }
  return EFFATTN_OK;
}

effattn_status effattn_check_header(const DLTensor *tensor, uint32_t rank,
                                    const char *who) {
  if (!tensor)
    return effattn_fail(EFFATTN_NULL, "%s: expected a tensor, but got NULL",
                        who);
  if (tensor->ndim < 0 || (uint32_t)tensor->ndim != rank)
    return effattn_fail(EFFATTN_RANK, "%s: expected %u axes, but got %d", who,
                        rank, tensor->ndim);
  if (rank > 0 && !tensor->shape)
    return effattn_fail(EFFATTN_NULL, "%s: expected a shape, but got NULL",
                        who);
  for (uint32_t axis = 0; axis < rank; ++axis)
    if (tensor->shape[axis] < 0)
      return effattn_fail(EFFATTN_SIZE, "%s, axis %u: negative size %lld", who,
                          axis, (long long)tensor->shape[axis]);
  return EFFATTN_OK;
}

/*===- type
 * ----------------------------------------------------------------===*/

/* Codes that this version of dlpack.h may not name. */
#define DL_BOOL 6

static bool type_matches(DLDataType type, uint32_t element) {
  if (type.lanes != 1)
    return false;
  switch (element) {
  case EFFATTN_F32:
    return type.code == kDLFloat && type.bits == 32;
  case EFFATTN_F16:
    return type.code == kDLFloat && type.bits == 16;
  case EFFATTN_BF16:
    return type.code == kDLBfloat && type.bits == 16;
  case EFFATTN_I8:
    return type.code == kDLInt && type.bits == 8;
  case EFFATTN_I32:
    return type.code == kDLInt && type.bits == 32;
  case EFFATTN_I64:
    return type.code == kDLInt && type.bits == 64;
  case EFFATTN_BOOL: /* older producers give bytes */
    return (type.code == DL_BOOL || type.code == kDLUInt) && type.bits == 8;
  }
  return false;
}

static effattn_status check_type(const DLTensor *tensor, uint32_t element,
                                 const char *who) {
  static const char *const codes[] = {"int",    "uint",    "float", "handle",
                                      "bfloat", "complex", "bool"};
  const DLDataType type = tensor->dtype;
  if (type_matches(type, element))
    return EFFATTN_OK;
  return effattn_fail(
      EFFATTN_TYPE, "%s: expected %s, but got %s%u%s", who,
      effattn_element_name(element),
      type.code < sizeof codes / sizeof *codes ? codes[type.code] : "type ",
      type.bits, type.lanes == 1 ? "" : " in vectors");
}

/*===- device
 * --------------------------------------------------------------===*/

static const char *device_name(int type) {
  switch (type) {
  case kDLCPU:
    return "the CPU";
  case kDLCUDA:
    return "CUDA";
  case kDLCUDAHost:
    return "CUDA pinned host memory";
  case kDLOpenCL:
    return "OpenCL";
  case kDLVulkan:
    return "Vulkan";
  case kDLMetal:
    return "Metal";
  case kDLROCM:
    return "ROCm";
  case kDLCUDAManaged:
    return "CUDA managed memory";
  default:
    return "a device of unknown type";
  }
}

static bool on_host(int type) {
  return type == kDLCPU || type == kDLCUDAHost || type == kDLROCMHost ||
         type == kDLCUDAManaged;
}

static effattn_status check_device(const DLTensor *tensor,
                                   const effattn_tensor_rules *rules,
                                   const char *who) {
  const int type = tensor->device.device_type;
  if (on_host(type))
    return EFFATTN_OK;
  const bool cuda = rules->target_kind == EFFATTN_TARGET_CUDA;
  if (!cuda || type != kDLCUDA || rules->on_host)
    return effattn_fail(
        EFFATTN_DEVICE, "%s: expected memory of the CPU%s, but got %s", who,
        cuda && !rules->on_host ? " or CUDA" : "", device_name(type));
  if (tensor->device.device_id != rules->device)
    return effattn_fail(EFFATTN_DEVICE,
                        "%s: expected CUDA device %d, which the context uses, "
                        "but got %d",
                        who, rules->device, tensor->device.device_id);
  return EFFATTN_OK;
}

/*===- strides
 * -------------------------------------------------------------===*/

/* Strides as kernels want them: 1 for the last axis whatever its size, 0 where
   an axis of size 1 makes them free. */
static effattn_status check_strides(const DLTensor *tensor, bool written,
                                    const char *who, effattn_slot *slot) {
  effattn_view *view = &slot->view;
  for (uint32_t axis = 0; axis < view->rank; ++axis) {
    const bool last = axis + 1 == view->rank;
    const int64_t stride = tensor->strides[axis];
    view->stride[axis] = stride;
    if (view->shape[axis] <= 1 || slot->elements == 0) {
      view->stride[axis] = last;
      continue;
    }
    if (last && stride != 1)
      return effattn_fail(EFFATTN_STRIDE,
                          "%s, axis %u: expected a last axis with stride 1, "
                          "but got %lld",
                          who, axis, (long long)stride);
    if (stride < 0)
      return effattn_fail(EFFATTN_STRIDE, "%s, axis %u: negative stride %lld",
                          who, axis, (long long)stride);
    if (stride == 0 && written)
      return effattn_fail(EFFATTN_OVERLAP,
                          "%s, axis %u: a result cannot be broadcast (stride "
                          "0)",
                          who, axis);
  }
  return EFFATTN_OK;
}

/* The tensor with its offset lies within the address space. */
static effattn_status check_extent(const DLTensor *tensor, const char *who,
                                   effattn_slot *slot) {
  effattn_view *view = &slot->view;
  const int64_t bytes = effattn_element_bytes(view->element);
  int64_t extent = 0, step;
  bool overflow = false;
  for (uint32_t axis = 0; axis < view->rank && slot->elements > 0; ++axis) {
    overflow = __builtin_mul_overflow(view->shape[axis] - 1, view->stride[axis],
                                      &step) ||
               overflow;
    overflow = __builtin_add_overflow(extent, step, &extent) || overflow;
  }
  overflow = __builtin_mul_overflow(extent, bytes, &extent) || overflow;
  overflow = __builtin_add_overflow(extent, bytes, &extent) || overflow;
  uintptr_t begin = (uintptr_t)tensor->data, end;
  overflow =
      __builtin_add_overflow(begin, tensor->byte_offset, &begin) || overflow;
  overflow = __builtin_add_overflow(begin, (uintptr_t)extent, &end) || overflow;
  if (overflow)
    return effattn_fail(EFFATTN_OVERFLOW,
                        "%s: the tensor does not fit the address space", who);
  view->data = (void *)begin;
  return EFFATTN_OK;
}

effattn_status effattn_check_tensor(const DLTensor *tensor,
                                    const effattn_tensor_rules *rules,
                                    const char *who, effattn_slot *slot) {
  memset(slot, 0, sizeof *slot);
  effattn_status status = check_type(tensor, rules->element, who);
  if (!status)
    status = check_device(tensor, rules, who);
  if (status)
    return status;
  slot->device_type = tensor->device.device_type;
  slot->device_id = tensor->device.device_id;
  if (effattn_view_dense(&slot->view, NULL, rules->element,
                         (uint32_t)tensor->ndim, tensor->shape,
                         &slot->elements))
    return effattn_fail(EFFATTN_OVERFLOW,
                        "%s: the number of bytes does not fit 64 bits", who);
  if (slot->elements > 0 && !tensor->data)
    return effattn_fail(EFFATTN_NULL, "%s: expected data, but got NULL", who);
  if (tensor->strides)
    status = check_strides(tensor, rules->written, who, slot);
  if (!status)
    status = check_extent(tensor, who, slot);
  if (status)
    return status;
  const uintptr_t bytes = (uintptr_t)effattn_element_bytes(rules->element);
  if (slot->elements > 0 && (uintptr_t)slot->view.data % bytes != 0)
    return effattn_fail(EFFATTN_ALIGNMENT,
                        "%s: expected data aligned to %d bytes, but got "
                        "address %p",
                        who, (int)bytes, slot->view.data);
  return EFFATTN_OK;
}

/*===- index sets
 * ----------------------------------------------------------===*/

static effattn_status check_row(const int32_t *values, int64_t count,
                                int64_t bound, int64_t row, const char *who) {
  int64_t previous = -1;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t value = values[i];
    if (value < 0 || value >= bound)
      return effattn_fail(EFFATTN_BAD_INDEX_SET,
                          "%s: expected indices in 0..%lld, but got %lld at "
                          "position %lld of set %lld",
                          who, (long long)bound - 1, (long long)value,
                          (long long)i, (long long)row);
    if (value <= previous)
      return effattn_fail(EFFATTN_BAD_INDEX_SET,
                          "%s: expected strictly increasing indices, but got "
                          "%lld after %lld at position %lld of set %lld",
                          who, (long long)value, (long long)previous,
                          (long long)i, (long long)row);
    previous = value;
  }
  return EFFATTN_OK;
}

effattn_status effattn_check_index_set(const effattn_view *view, int64_t bound,
                                       const char *who) {
  if (view->rank == 0)
    return check_row(view->data, 1, bound, 0, who);
  const uint32_t last = view->rank - 1;
  int64_t rows = 1;
  for (uint32_t axis = 0; axis < last; ++axis)
    rows *= view->shape[axis];
  if (view->shape[last] == 0)
    return EFFATTN_OK;
  for (int64_t row = 0; row < rows; ++row) {
    int64_t rest = row, offset = 0;
    for (uint32_t axis = last; axis-- > 0;) {
      offset += rest % view->shape[axis] * view->stride[axis];
      rest /= view->shape[axis];
    }
    const effattn_status status =
        check_row((const int32_t *)view->data + offset, view->shape[last],
                  bound, row, who);
    if (status)
      return status;
  }
  return EFFATTN_OK;
}

/*===- ragged tokens
 * -------------------------------------------------------===*/

effattn_status effattn_check_offsets(const effattn_view *view, int64_t tokens,
                                     const char *who) {
  const int64_t count = view->shape[0];
  const int32_t *offsets = view->data;
  if (count < 1)
    return effattn_fail(EFFATTN_SIZE,
                        "%s: expected offsets of at least one entry, 0, but "
                        "got none",
                        who);
  if (offsets[0] != 0)
    return effattn_fail(EFFATTN_BAD_INDEX_SET,
                        "%s: expected offsets that begin at 0, but got %d", who,
                        offsets[0]);
  for (int64_t i = 1; i < count; ++i)
    if (offsets[i] < offsets[i - 1])
      return effattn_fail(EFFATTN_BAD_INDEX_SET,
                          "%s: expected offsets that do not decrease, but got "
                          "%d after %d at position %lld",
                          who, offsets[i], offsets[i - 1], (long long)i);
  if (offsets[count - 1] != tokens)
    return effattn_fail(EFFATTN_BAD_INDEX_SET,
                        "%s: expected offsets that end at %lld, the number of "
                        "tokens, but got %d",
                        who, (long long)tokens, offsets[count - 1]);
  return EFFATTN_OK;
}
