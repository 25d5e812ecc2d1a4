/*===- plan_memory.c - growing arrays and sorting ------------------------===*/

#include "planner.h"

#include <string.h>

bool effattn_plan_reserve(const effattn_plan_allocator *allocator, void **data,
                          int64_t *capacity, int64_t count, size_t element) {
  if (count <= *capacity)
    return true;
  int64_t wanted = *capacity + *capacity / 2;
  if (wanted < count)
    wanted = count;
  if (wanted < 16)
    wanted = 16;
  if ((uint64_t)wanted > SIZE_MAX / element)
    return false;
  void *memory =
      allocator->allocate(allocator->user, (size_t)wanted * element, 64);
  if (!memory)
    return false;
  if (*data) {
    memcpy(memory, *data, (size_t)*capacity * element);
    allocator->deallocate(allocator->user, *data, (size_t)*capacity * element,
                          64);
  }
  *data = memory;
  *capacity = wanted;
  return true;
}

void effattn_plan_release_memory(const effattn_plan_allocator *allocator,
                                 void *data, int64_t capacity, size_t element) {
  if (data)
    allocator->deallocate(allocator->user, data, (size_t)capacity * element,
                          64);
}

bool effattn_plan_array_reserve(effattn_planner *planner,
                                effattn_plan_array *array, int64_t count,
                                size_t element) {
  return effattn_plan_reserve(&planner->request->allocator, &array->data,
                              &array->capacity, count, element);
}

static void release(effattn_planner *planner, effattn_plan_array *array,
                    size_t element) {
  effattn_plan_release_memory(&planner->request->allocator, array->data,
                              array->capacity, element);
  memset(array, 0, sizeof *array);
}

void effattn_plan_release_arrays(effattn_planner *p) {
  effattn_plan_array *intervals[] = {&p->marked,   &p->grouped, &p->states,
                                     &p->by_state, &p->found,   &p->merged};
  for (int k = 0; k < 6; ++k)
    release(p, intervals[k], sizeof(effattn_plan_interval));
  effattn_plan_array *items[] = {&p->items, &p->item_scratch, &p->pending,
                                 &p->ordered};
  for (int k = 0; k < 4; ++k)
    release(p, items[k], sizeof(effattn_plan_item));
  for (int k = 0; k < EFFATTN_PLAN_MOST_RELATIONS; ++k) {
    release(p, &p->labels[k].items, sizeof(effattn_plan_item));
    release(p, &p->labels[k].missed, sizeof(effattn_plan_interval));
    release(p, &p->compared[k].labels, sizeof(int64_t));
    release(p, &p->compared[k].ranges, sizeof(effattn_plan_range));
  }
  effattn_plan_array *words[] = {&p->classes, &p->tile_row, &p->tile_class,
                                 &p->chosen_row, &p->ranked_values};
  for (int k = 0; k < 5; ++k)
    release(p, words[k], sizeof(int32_t));
  effattn_plan_array *longs[] = {&p->row_labels, &p->last_labels, &p->cursors};
  for (int k = 0; k < 3; ++k)
    release(p, longs[k], sizeof(int64_t));
  release(p, &p->full, sizeof(effattn_plan_run));
  release(p, &p->partial, sizeof(effattn_plan_run));
  release(p, &p->listed, sizeof(effattn_run));
  release(p, &p->events, sizeof(effattn_plan_event));
  release(p, &p->sources, sizeof(effattn_plan_source));
  release(p, &p->tile_present, 1);
  release(p, &p->ranked_sets, sizeof(effattn_plan_set));
  release(p, &p->ranked_filters, sizeof(effattn_plan_filter));
  effattn_plan_release_memory(&p->request->allocator, p->class_start,
                              p->class_capacity, sizeof(int64_t));
  p->class_start = NULL;
}

/*===- sorting -----------------------------------------------------------===*/

enum { MOST_INSERTED = 32, DIGIT = 256, DIGITS = 8 };

static bool is_sorted(const effattn_plan_item *items, int64_t count) {
  for (int64_t n = 1; n < count; ++n)
    if (items[n].key < items[n - 1].key)
      return false;
  return true;
}

static void insertion_sort(effattn_plan_item *items, int64_t count) {
  for (int64_t n = 1; n < count; ++n) {
    effattn_plan_item moving = items[n];
    int64_t at = n;
    for (; at > 0 && moving.key < items[at - 1].key; --at)
      items[at] = items[at - 1];
    items[at] = moving;
  }
}

/* Counting sorts by one byte after another; bytes that all keys share are
   skipped. */
void effattn_plan_sort(effattn_plan_item *items, effattn_plan_item *scratch,
                       int64_t count) {
  if (count <= MOST_INSERTED) {
    insertion_sort(items, count);
    return;
  }
  if (is_sorted(items, count))
    return;
  effattn_plan_item *from = items, *to = scratch;
  for (int digit = 0; digit < DIGITS; ++digit) {
    int64_t start[DIGIT] = {0};
    const int shift = 8 * digit;
    for (int64_t n = 0; n < count; ++n)
      ++start[from[n].key >> shift & 255];
    if (start[from[0].key >> shift & 255] == count)
      continue;
    int64_t before = 0;
    for (int value = 0; value < DIGIT; ++value) {
      int64_t here = start[value];
      start[value] = before;
      before += here;
    }
    for (int64_t n = 0; n < count; ++n)
      to[start[from[n].key >> shift & 255]++] = from[n];
    effattn_plan_item *swapped = from;
    from = to;
    to = swapped;
  }
  if (from != items)
    memcpy(items, from, (size_t)count * sizeof *items);
}

bool effattn_plan_sort_items(effattn_planner *planner,
                             effattn_plan_array *items) {
  if (items->count > MOST_INSERTED &&
      !effattn_plan_array_reserve(planner, &planner->item_scratch, items->count,
                                  sizeof(effattn_plan_item)))
    return false;
  effattn_plan_sort(items->data, planner->item_scratch.data, items->count);
  return true;
}

bool effattn_plan_add_item(effattn_planner *planner, effattn_plan_array *items,
                           effattn_plan_item item) {
  if (!effattn_plan_array_reserve(planner, items, items->count + 1,
                                  sizeof item))
    return false;
  ((effattn_plan_item *)items->data)[items->count++] = item;
  return true;
}
