/*===- halide.h - Halide's runtime interface under our names
---------------===*\
|*
|* Every object that we emit or ship has Halide's symbols renamed to
|* effattn_halide_*, so that an application with a Halide of its own keeps its
|* handlers. This header gives the runtime's own sources the same view: include
|* it, never HalideRuntime.h itself. A source that calls a function not listed
|* here adds it to the list.
|*
\*===----------------------------------------------------------------------===*/
#ifndef EFFATTN_SRC_HALIDE_H
#define EFFATTN_SRC_HALIDE_H

#define halide_malloc effattn_halide_malloc
#define halide_free effattn_halide_free
#define halide_print effattn_halide_print
#define halide_error effattn_halide_error
#define halide_set_error_handler effattn_halide_set_error_handler
#define halide_device_malloc effattn_halide_device_malloc
#define halide_device_free effattn_halide_device_free
#define halide_device_sync effattn_halide_device_sync
#define halide_device_release effattn_halide_device_release
#define halide_copy_to_host effattn_halide_copy_to_host
#define halide_copy_to_device effattn_halide_copy_to_device
#define halide_buffer_copy effattn_halide_buffer_copy
#define halide_device_wrap_native effattn_halide_device_wrap_native
#define halide_device_detach_native effattn_halide_device_detach_native
#define halide_cuda_device_interface effattn_halide_cuda_device_interface
#define halide_cuda_wrap_device_ptr effattn_halide_cuda_wrap_device_ptr
#define halide_cuda_detach_device_ptr effattn_halide_cuda_detach_device_ptr
#define halide_set_cuda_acquire_context effattn_halide_set_cuda_acquire_context
#define halide_set_cuda_get_stream effattn_halide_set_cuda_get_stream
#define halide_vulkan_device_interface effattn_halide_vulkan_device_interface
#define halide_set_gpu_device effattn_halide_set_gpu_device
#define halide_get_gpu_device effattn_halide_get_gpu_device

#define halide_error_access_out_of_bounds                                      \
  effattn_halide_error_access_out_of_bounds
#define halide_error_bad_dimensions effattn_halide_error_bad_dimensions
#define halide_error_bad_extern_fold effattn_halide_error_bad_extern_fold
#define halide_error_bad_fold effattn_halide_error_bad_fold
#define halide_error_bad_type effattn_halide_error_bad_type
#define halide_error_bounds_inference_call_failed                              \
  effattn_halide_error_bounds_inference_call_failed
#define halide_error_buffer_allocation_too_large                               \
  effattn_halide_error_buffer_allocation_too_large
#define halide_error_buffer_argument_is_null                                   \
  effattn_halide_error_buffer_argument_is_null
#define halide_error_buffer_extents_negative                                   \
  effattn_halide_error_buffer_extents_negative
#define halide_error_buffer_extents_too_large                                  \
  effattn_halide_error_buffer_extents_too_large
#define halide_error_buffer_is_null effattn_halide_error_buffer_is_null
#define halide_error_constraint_violated                                       \
  effattn_halide_error_constraint_violated
#define halide_error_constraints_make_required_region_smaller                  \
  effattn_halide_error_constraints_make_required_region_smaller
#define halide_error_debug_to_file_failed                                      \
  effattn_halide_error_debug_to_file_failed
#define halide_error_device_crop_failed effattn_halide_error_device_crop_failed
#define halide_error_device_dirty_with_no_device_support                       \
  effattn_halide_error_device_dirty_with_no_device_support
#define halide_error_device_interface_no_device                                \
  effattn_halide_error_device_interface_no_device
#define halide_error_explicit_bounds_too_small                                 \
  effattn_halide_error_explicit_bounds_too_small
#define halide_error_extern_stage_failed                                       \
  effattn_halide_error_extern_stage_failed
#define halide_error_fold_factor_too_small                                     \
  effattn_halide_error_fold_factor_too_small
#define halide_error_host_and_device_dirty                                     \
  effattn_halide_error_host_and_device_dirty
#define halide_error_host_is_null effattn_halide_error_host_is_null
#define halide_error_no_device_interface                                       \
  effattn_halide_error_no_device_interface
#define halide_error_out_of_memory effattn_halide_error_out_of_memory
#define halide_error_param_too_large_f64                                       \
  effattn_halide_error_param_too_large_f64
#define halide_error_param_too_large_i64                                       \
  effattn_halide_error_param_too_large_i64
#define halide_error_param_too_large_u64                                       \
  effattn_halide_error_param_too_large_u64
#define halide_error_param_too_small_f64                                       \
  effattn_halide_error_param_too_small_f64
#define halide_error_param_too_small_i64                                       \
  effattn_halide_error_param_too_small_i64
#define halide_error_param_too_small_u64                                       \
  effattn_halide_error_param_too_small_u64
#define halide_error_requirement_failed effattn_halide_error_requirement_failed
#define halide_error_specialize_fail effattn_halide_error_specialize_fail
#define halide_error_split_factor_not_positive                                 \
  effattn_halide_error_split_factor_not_positive
#define halide_error_storage_bound_too_small                                   \
  effattn_halide_error_storage_bound_too_small
#define halide_error_unaligned_host_ptr effattn_halide_error_unaligned_host_ptr
#define halide_error_vscale_invalid effattn_halide_error_vscale_invalid

#include <HalideRuntime.h>

#endif /* EFFATTN_SRC_HALIDE_H */
