#include "base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static NORETURN void die_without_memory(void)
{
	static const char line[] = "outbound_exporter: out of memory\n";

	/* Nothing here may allocate; a failed write changes nothing, abort() follows. */
	if (write(STDERR_FILENO, line, sizeof(line) - 1) < 0)
		abort();
	abort();
}

void *memory_new(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size);

	if (!memory)
		die_without_memory();
	return memory;
}

char *memory_copy_string(const char *string)
{
	char *copy = strdup(string);

	if (!copy)
		die_without_memory();
	return copy;
}

void *memory_grow(void *array, size_t *capacity, size_t needed, size_t size)
{
	size_t wanted = *capacity + *capacity / 2;
	void *grown;

	if (needed <= *capacity)
		return array;
	if (wanted < needed)
		wanted = needed;
	if (wanted < 16)
		wanted = 16;
	grown = reallocarray(array, wanted, size);
	if (!grown)
		die_without_memory();
	*capacity = wanted;
	return grown;
}

void memory_free_pointer(void *pointer_to_pointer)
{
	void *pointer;

	memcpy(&pointer, pointer_to_pointer, sizeof(pointer));
	free(pointer);
}
