/*===- validate.h - checking what a caller gave
 * ----------------------------===*/
#ifndef EFFATTN_SRC_VALIDATE_H
#define EFFATTN_SRC_VALIDATE_H

#include "bind.h"
#include "internal.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Refuses kernels of another ABI version, and ones that break its limits. */
effattn_status effattn_check_kernel(const effattn_kernel *kernel);

/* What is checked of a tensor before dimensions are bound: that it is there,
   rank, signs of sizes. `who` starts the message ("longformer: argument 'q'").
 */
effattn_status effattn_check_header(const DLTensor *tensor, uint32_t rank,
                                    const char *who);

/* The rest that one tensor shows by itself: type, device, strides, alignment,
   extent. `written`: a result. `target_kind`: effattn_kernel.target_kind;
   `device`: the context's. `on_host`: index sets and offsets are read by the
   planner. */
typedef struct effattn_tensor_rules {
  uint32_t element;
  bool written, on_host;
  uint32_t target_kind;
  int32_t device;
} effattn_tensor_rules;
effattn_status effattn_check_tensor(const DLTensor *tensor,
                                    const effattn_tensor_rules *rules,
                                    const char *who, effattn_slot *slot);

/* Index set: strictly increasing along the last axis, values in [0, bound). */
effattn_status effattn_check_index_set(const effattn_view *view, int64_t bound,
                                       const char *who);

/* Offsets of ragged tokens (i32, one axis): they ascend from 0 to `tokens`. */
effattn_status effattn_check_offsets(const effattn_view *view, int64_t tokens,
                                     const char *who);

/*===- arguments.c
 * ---------------------------------------------------------===*/

/* Checks headers of all arguments, binds dimensions and checks shapes. */
effattn_status effattn_bind_arguments(effattn_binding *binding);
effattn_status effattn_check_requires(const effattn_binding *binding);
/* Everything that can be refused before the host program runs; fills in the
   slots of arguments and results. */
effattn_status effattn_check_arguments(effattn_binding *binding,
                                       DLTensor *const *results, int32_t device,
                                       effattn_slot *slots);

#ifdef __cplusplus
}
#endif

#endif /* EFFATTN_SRC_VALIDATE_H */
