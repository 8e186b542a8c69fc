#include "base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define BLOCK_BYTES ((size_t)16 * 1024)

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	alignas(max_align_t) unsigned char data[];
};

void arena_init(struct arena *arena)
{
	*arena = (struct arena){ 0 };
}

void arena_deinit(struct arena *arena)
{
	struct arena_block *next;

	for (struct arena_block *block = arena->blocks; block; block = next) {
		next = block->next;
		free(block);
	}
	arena_init(arena);
}

static struct arena_block *block_with_room(struct arena *arena, size_t bytes)
{
	struct arena_block *block = arena->blocks;
	size_t size = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;

	if (block && block->size - block->used >= bytes)
		return block;
	block = memory_new(1, sizeof(*block) + size);
	block->size = size;
	block->next = arena->blocks;
	arena->blocks = block;
	return block;
}

void *arena_alloc(struct arena *arena, size_t count, size_t size)
{
	size_t align = alignof(max_align_t), bytes;
	struct arena_block *block;
	void *memory;

	assert(!size || count <= (SIZE_MAX - align) / size);
	bytes = (count * size + align - 1) / align * align;
	block = block_with_room(arena, bytes);
	memory = block->data + block->used;
	block->used += bytes;
	arena->used += bytes;
	return memory;
}

char *arena_copy(struct arena *arena, const char *data, size_t length)
{
	char *copy = arena_alloc(arena, length + 1, 1);

	if (length)
		memcpy(copy, data, length);
	return copy;
}

char *arena_copy_string(struct arena *arena, const char *string)
{
	return arena_copy(arena, string, strlen(string));
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list arguments;
	char *string;
	int length;

	va_start(arguments, format);
	length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	assert(length >= 0);
	string = arena_alloc(arena, (size_t)length + 1, 1);
	va_start(arguments, format);
	vsnprintf(string, (size_t)length + 1, format, arguments);
	va_end(arguments);
	return string;
}

void *arena_copy_array(struct arena *arena, const void *array, size_t count, size_t size)
{
	void *copy = arena_alloc(arena, count, size);

	if (count)
		memcpy(copy, array, count * size);
	return copy;
}
