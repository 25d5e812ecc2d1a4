/*===- overlap.h - whether strided tensors share memory
 * --------------------===*/
#ifndef EFFATTN_SRC_OVERLAP_H
#define EFFATTN_SRC_OVERLAP_H

#include "internal.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Whether some byte belongs to both. Exact, but for layouts so entangled that
   a bounded search does not end: those count as overlapping. Extents have been
   checked against overflow. */
bool effattn_views_overlap(const effattn_view *a, const effattn_view *b);

/* Whether two elements of the view may share memory: its axes, sorted by
   stride, do not nest. */
bool effattn_view_overlaps_itself(const effattn_view *view);

/* First byte and one past the last one; equal where the view is empty. */
void effattn_view_bytes(const effattn_view *view, uintptr_t *begin,
                        uintptr_t *end);

#ifdef __cplusplus
}
#endif

#endif /* EFFATTN_SRC_OVERLAP_H */
