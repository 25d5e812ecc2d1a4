/*===- overlap.c - whether strided tensors share memory
--------------------===*\
|*
|* Two tensors may interleave without sharing a byte: slices of one buffer. With
|* element size e, strides s_k of a and t_k of b in bytes, a byte belongs to
|* both where
|*
|*   a + sum x_k s_k + u = b + sum y_k t_k + v,
|*   0 <= x_k < n_k, 0 <= y_k < m_k, 0 <= u, v < e.
|*
|* With y_k and v mirrored (y' = m_k - 1 - y) this is one sum of bounded
|* non-negative terms that has to hit a target, and terms of equal stride merge.
|* Strides of real layouts nest, so trying the terms from the largest stride
|* down leaves one or two choices a term.
|*
\*===----------------------------------------------------------------------===*/
#include "overlap.h"

#define MOST_TERMS (2 * EFFATTN_MAX_RANK + 1)
#define MOST_STEPS 100000

static bool is_empty(const effattn_view *view) {
  for (uint32_t axis = 0; axis < view->rank; ++axis)
    if (view->shape[axis] == 0)
      return true;
  return false;
}

void effattn_view_bytes(const effattn_view *view, uintptr_t *begin,
                        uintptr_t *end) {
  *begin = *end = (uintptr_t)view->data;
  if (is_empty(view))
    return;
  const uintptr_t bytes = (uintptr_t)effattn_element_bytes(view->element);
  *end += bytes;
  for (uint32_t axis = 0; axis < view->rank; ++axis)
    *end += (uintptr_t)(view->shape[axis] - 1) * (uintptr_t)view->stride[axis] *
            bytes;
}

bool effattn_view_overlaps_itself(const effattn_view *view) {
  if (is_empty(view))
    return false;
  /* Elements that the axes visited so far span; the next stride must pass it.
   */
  int64_t span = 1;
  bool visited[EFFATTN_MAX_RANK] = {false};
  for (uint32_t n = 0; n < view->rank; ++n) {
    uint32_t least = view->rank;
    for (uint32_t axis = 0; axis < view->rank; ++axis)
      if (!visited[axis] && view->shape[axis] > 1 &&
          (least == view->rank || view->stride[axis] < view->stride[least]))
        least = axis;
    if (least == view->rank)
      break;
    visited[least] = true;
    if (view->stride[least] < span)
      return true;
    span += (view->shape[least] - 1) * view->stride[least];
  }
  return false;
}

/* step * k for k in [0, count) */
typedef struct term {
  uint64_t step, count;
} term;

typedef struct search {
  term terms[MOST_TERMS];         /* largest step first */
  uint64_t reach[MOST_TERMS + 1]; /* greatest sum of the terms from here on */
  int count, steps;
} search;

static void add_term(search *all, uint64_t step, uint64_t count) {
  if (step == 0 || count < 2)
    return;
  int at = 0;
  while (at < all->count && all->terms[at].step > step)
    ++at;
  if (at < all->count && all->terms[at].step == step) {
    all->terms[at].count += count - 1;
    return;
  }
  for (int i = all->count; i > at; --i)
    all->terms[i] = all->terms[i - 1];
  all->terms[at] = (term){step, count};
  ++all->count;
}

static void add_view(search *all, const effattn_view *view) {
  const uint64_t bytes = (uint64_t)effattn_element_bytes(view->element);
  for (uint32_t axis = 0; axis < view->rank; ++axis)
    add_term(all, (uint64_t)view->stride[axis] * bytes,
             (uint64_t)view->shape[axis]);
  add_term(all, 1, bytes);
}

/* Whether terms [at, count) can sum to `target`. */
static bool hits(search *all, int at, uint64_t target) {
  if (target == 0)
    return true;
  if (target > all->reach[at])
    return false;
  if (++all->steps > MOST_STEPS)
    return true;
  const term *here = &all->terms[at];
  const uint64_t rest = all->reach[at + 1];
  uint64_t most = target / here->step;
  if (most > here->count - 1)
    most = here->count - 1;
  /* Smallest multiple that leaves no more than the rest can reach. */
  uint64_t least =
      target > rest ? (target - rest + here->step - 1) / here->step : 0;
  for (; least <= most; ++least)
    if (hits(all, at + 1, target - least * here->step))
      return true;
  return false;
}

bool effattn_views_overlap(const effattn_view *a, const effattn_view *b) {
  uintptr_t a_begin, a_end, b_begin, b_end;
  effattn_view_bytes(a, &a_begin, &a_end);
  effattn_view_bytes(b, &b_begin, &b_end);
  const bool empty = a_begin == a_end || b_begin == b_end;
  if (empty || a_begin >= b_end || b_begin >= a_end)
    return false;
  search all = {.count = 0};
  add_view(&all, a);
  add_view(&all, b);
  all.reach[all.count] = 0;
  for (int i = all.count; i-- > 0;)
    all.reach[i] =
        all.reach[i + 1] + all.terms[i].step * (all.terms[i].count - 1);
  /* sum + a = (b_end - 1), where b's terms count back from its last byte. */
  return hits(&all, 0, (uint64_t)(b_end - 1 - a_begin));
}
