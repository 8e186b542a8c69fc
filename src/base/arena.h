/*
 * Memory that lives and dies together: a list of blocks, filled from the front, freed at once.
 * A snapshot and a configuration each own one arena; nothing in it is freed singly.
 */
#pragma once

#include "base/compiler.h"

struct arena_block;

struct arena {
	struct arena_block *blocks; /* newest first */
	size_t used; /* bytes handed out, for self metrics */
};

/* An arena of all zeroes is valid and empty; init is for memory that is not zeroed. */
void arena_init(struct arena *arena);
void arena_deinit(struct arena *arena);

/* Zeroed, aligned for any object; never NULL. */
void *arena_alloc(struct arena *arena, size_t count, size_t size)
	__attribute__((malloc, returns_nonnull));

/* Copies into the arena, with a terminating NUL; `data` may hold NULs of its own. */
char *arena_copy(struct arena *arena, const char *data, size_t length);
char *arena_copy_string(struct arena *arena, const char *string);
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF(2, 3);

/* Copies an array of `count` elements; NULL and 0 give an empty, not-NULL one. */
void *arena_copy_array(struct arena *arena, const void *array, size_t count, size_t size);
