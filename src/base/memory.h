/*
 * Heap allocation that cannot fail: when memory is out, the program ends with a line on stderr
 * and abort(). Every size in this program is bounded by a limit, so running out means that the
 * machine or the cgroup is out, and a monitor that limps on half-blind is worse than a restart.
 */
#pragma once

#include "base/compiler.h"

/* Zeroed array of `count` elements. Never NULL; free with free(). */
void *memory_new(size_t count, size_t size) __attribute__((malloc, returns_nonnull));

/* Copy of a string. Never NULL; free with free(). */
char *memory_copy_string(const char *string) __attribute__((malloc, returns_nonnull));

/*
 * Makes room for at least `needed` elements in a growing array and returns it, moved when it
 * had to be; *capacity is updated. New elements are not initialised. Growth is by half, so that
 * the waste is bounded too.
 */
void *memory_grow(void *array, size_t *capacity, size_t needed, size_t size) MUST_CHECK;

/* For CLEANUP: frees what the pointer variable holds. */
void memory_free_pointer(void *pointer_to_pointer);
