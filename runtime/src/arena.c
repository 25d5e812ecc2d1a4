/*===- arena.c - scratch of one worker
-------------------------------------===*\
|*
|* Memory that malloc gives back to the system between calls is faulted in
|* again by the next one, which costs a third of the speed of a tile kernel.
|* An arena keeps its chunks, and frees in the order of a stack.
|*
\*===----------------------------------------------------------------------===*/
#include "context.h"

#define LEAST_CHUNK ((size_t)256 << 10)

/* In front of each chunk's memory. */
typedef struct chunk {
  struct chunk *next;
  size_t bytes; /* after the header */
  size_t used;
  char padding[EFFATTN_ALIGNMENT_BYTES - 3 * sizeof(void *)];
} chunk;

/* In front of each allocation. */
typedef struct header {
  struct header *below; /* allocated before this one */
  chunk *chunk;
  size_t used; /* of the chunk, before this one */
  bool free;
  char padding[EFFATTN_ALIGNMENT_BYTES - 3 * sizeof(void *) - sizeof(bool)];
} header;

_Static_assert(sizeof(chunk) == EFFATTN_ALIGNMENT_BYTES, "keeps alignment");
_Static_assert(sizeof(header) == EFFATTN_ALIGNMENT_BYTES, "keeps alignment");

struct effattn_arena {
  effattn_arena *next; /* in the context's list */
  effattn_context *context;
  chunk *first, *current; /* chunks after `current` are empty */
  header *top;            /* the last allocation that is not free */
};

effattn_arena *effattn_arena_next(const effattn_arena *arena) {
  return arena->next;
}

effattn_arena *effattn_arena_take(effattn_context *context) {
  pthread_mutex_lock(&context->mutex);
  effattn_arena *arena = context->arenas;
  if (arena)
    context->arenas = arena->next;
  pthread_mutex_unlock(&context->mutex);
  if (!arena) {
    arena = effattn_allocate(context, sizeof *arena, _Alignof(effattn_arena));
    if (arena)
      *arena = (effattn_arena){.context = context};
  }
  return arena;
}

void effattn_arena_give(effattn_context *context, effattn_arena *arena) {
  effattn_arena_clear(arena);
  pthread_mutex_lock(&context->mutex);
  arena->next = context->arenas;
  context->arenas = arena;
  pthread_mutex_unlock(&context->mutex);
}

void effattn_arena_destroy(effattn_context *context, effattn_arena *arena) {
  while (arena->first) {
    chunk *gone = arena->first;
    arena->first = gone->next;
    effattn_deallocate(context, gone, sizeof(chunk) + gone->bytes,
                       EFFATTN_ALIGNMENT_BYTES);
  }
  effattn_deallocate(context, arena, sizeof *arena, _Alignof(effattn_arena));
}

/* Makes a chunk for `bytes` after the current one. Chunks double, so that
   their number stays small. */
static chunk *add_chunk(effattn_arena *arena, size_t bytes) {
  chunk *current = arena->current;
  size_t size = current ? 2 * current->bytes : LEAST_CHUNK;
  if (size < bytes)
    size = bytes;
  chunk *made = effattn_allocate(arena->context, sizeof(chunk) + size,
                                 EFFATTN_ALIGNMENT_BYTES);
  if (!made && size > bytes) {
    size = bytes;
    made = effattn_allocate(arena->context, sizeof(chunk) + size,
                            EFFATTN_ALIGNMENT_BYTES);
  }
  if (!made)
    return NULL;
  made->bytes = size;
  made->used = 0;
  made->next = current ? current->next : NULL;
  if (current)
    current->next = made;
  else
    arena->first = made;
  return made;
}

void *effattn_arena_allocate(effattn_arena *arena, size_t bytes) {
  if (bytes > PTRDIFF_MAX / 2)
    return NULL;
  size_t needed = bytes ? bytes : 1;
  needed = (needed + EFFATTN_ALIGNMENT_BYTES - 1) / EFFATTN_ALIGNMENT_BYTES *
           EFFATTN_ALIGNMENT_BYTES;
  needed += sizeof(header);
  chunk *at = arena->current;
  if (!at || at->bytes - at->used < needed) {
    at = at ? at->next : arena->first;
    if (!at || at->bytes < needed)
      at = add_chunk(arena, needed);
    if (!at)
      return NULL;
    arena->current = at;
  }
  header *made = (header *)((char *)(at + 1) + at->used);
  made->below = arena->top;
  made->chunk = at;
  made->used = at->used;
  made->free = false;
  at->used += needed;
  arena->top = made;
  return made + 1;
}

void effattn_arena_free(effattn_arena *arena, void *memory) {
  ((header *)memory - 1)->free = true;
  while (arena->top && arena->top->free) {
    header *gone = arena->top;
    arena->top = gone->below;
    /* Chunks passed on the way here hold nothing any more. */
    arena->current = gone->chunk;
    gone->chunk->used = gone->used;
  }
}

void effattn_arena_clear(effattn_arena *arena) {
  for (chunk *each = arena->first; each; each = each->next)
    each->used = 0;
  arena->current = arena->first;
  arena->top = NULL;
}
