/*===- host_internal.h - parts of the host functions
 * -----------------------===*/
#ifndef EFFATTN_SRC_HOST_INTERNAL_H
#define EFFATTN_SRC_HOST_INTERNAL_H

#include "context.h"

#ifdef __cplusplus
extern "C" {
#endif

/* NULL with a message (EFFATTN_INTERNAL) where there is no such slot. */
effattn_slot *effattn_host_slot(effattn_launch *launch, int32_t number);

/* The view of slot `number`, expanded as below. */
effattn_status effattn_host_view(effattn_launch *launch, int32_t number,
                                 uint32_t rank, effattn_view *expanded);

/* The view of slot `number` with its elements in memory of the host: on devices
   they are brought there, or (`write`) taken from there when they are used next.
   `data` may be NULL where there are none. */
effattn_status effattn_host_data(effattn_launch *launch, int32_t number,
                                 bool write, effattn_view *view);

/* The view with leading axes of size 1 and stride 0 up to `rank` axes. */
effattn_status effattn_view_expand(const effattn_view *view, uint32_t rank,
                                   effattn_view *expanded);

/* Sets and orders: [x], [h, x], with `by_batch` [b, x], or [b, h, x] as
   [b, h, x]. */
effattn_status effattn_expand_leading(const effattn_view *view, bool by_batch,
                                      effattn_view *expanded);

/* Seconds of a monotonic clock. */
double effattn_seconds(void);

#ifdef __cplusplus
}
#endif

#endif /* EFFATTN_SRC_HOST_INTERNAL_H */
