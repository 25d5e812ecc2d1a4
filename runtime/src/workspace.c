/*===- workspace.c - large memory of a launch
------------------------------===*\
|*
|* Blocks for temporaries and for scratch that is made once a launch. A block
|* that comes back is kept for the next one that fits, in the same launch or a
|* later one. The context keeps at most as many bytes as one launch ever held.
|*
\*===----------------------------------------------------------------------===*/
#include "context.h"

#define HEADER EFFATTN_ALIGNMENT_BYTES

_Static_assert(sizeof(effattn_block) <= HEADER, "the header precedes the data");

static void destroy(effattn_context *context, effattn_block *block) {
  effattn_deallocate(context, block, HEADER + block->bytes,
                     EFFATTN_ALIGNMENT_BYTES);
}

/* The smallest kept block that holds `bytes` without wasting most of it. */
static effattn_block *find(effattn_context *context, size_t bytes) {
  effattn_block **best = NULL;
  for (effattn_block **link = &context->blocks; *link; link = &(*link)->next) {
    const size_t size = (*link)->bytes;
    if (size >= bytes && size / 4 <= bytes && (!best || size < (*best)->bytes))
      best = link;
  }
  if (!best)
    return NULL;
  effattn_block *block = *best;
  *best = block->next;
  context->block_bytes -= block->bytes;
  return block;
}

effattn_block *effattn_block_take(effattn_launch *launch, size_t bytes) {
  effattn_context *context = launch->context;
  if (bytes > PTRDIFF_MAX / 2)
    return NULL;
  bytes = (bytes + EFFATTN_ALIGNMENT_BYTES) / EFFATTN_ALIGNMENT_BYTES *
          EFFATTN_ALIGNMENT_BYTES;
  pthread_mutex_lock(&context->mutex);
  effattn_block *block = find(context, bytes);
  pthread_mutex_unlock(&context->mutex);
  if (!block) {
    block = effattn_allocate(context, HEADER + bytes, EFFATTN_ALIGNMENT_BYTES);
    if (!block)
      return NULL;
    block->bytes = bytes;
    block->data = (char *)block + HEADER;
  }
  block->next = NULL;
  launch->workspace += (int64_t)block->bytes;
  if (launch->workspace > launch->workspace_peak)
    launch->workspace_peak = launch->workspace;
  return block;
}

/* Takes the block that was unused longest off the list. */
static effattn_block *drop_last(effattn_context *context) {
  effattn_block **link = &context->blocks;
  while ((*link)->next)
    link = &(*link)->next;
  effattn_block *block = *link;
  *link = NULL;
  context->block_bytes -= block->bytes;
  return block;
}

void effattn_block_give(effattn_launch *launch, effattn_block *block) {
  effattn_context *context = launch->context;
  launch->workspace -= (int64_t)block->bytes;
  effattn_block *gone = NULL;
  pthread_mutex_lock(&context->mutex);
  if (context->block_limit < (size_t)launch->workspace_peak)
    context->block_limit = (size_t)launch->workspace_peak;
  block->next = context->blocks;
  context->blocks = block;
  context->block_bytes += block->bytes;
  while (context->block_bytes > context->block_limit) {
    effattn_block *last = drop_last(context);
    last->next = gone;
    gone = last;
  }
  pthread_mutex_unlock(&context->mutex);
  while (gone) {
    effattn_block *next = gone->next;
    destroy(context, gone);
    gone = next;
  }
}

void effattn_blocks_destroy(effattn_context *context) {
  while (context->blocks) {
    effattn_block *block = context->blocks;
    context->blocks = block->next;
    destroy(context, block);
  }
  context->block_bytes = 0;
}
