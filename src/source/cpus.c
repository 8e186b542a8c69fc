/* /sys/devices/system/cpu/online is a list as of bitmap_parselist() in lib/bitmap-str.c. */
#include "source/cpus.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

#define LIST_BYTES_MAX ((size_t)64 * 1024)
#define CPU_MAX 65535 /* far beyond any CONFIG_NR_CPUS */

void cpus_deinit(struct cpus *cpus)
{
	free(cpus->items);
	*cpus = (struct cpus){ 0 };
}

bool cpus_equal(const struct cpus *a, const struct cpus *b)
{
	return a->count == b->count &&
	       (!a->count || !memcmp(a->items, b->items, a->count * sizeof(*a->items)));
}

static bool append_range(struct bytes range, struct cpus *cpus)
{
	struct bytes first_text = range;
	uint64_t first, last;

	if (!bytes_take_until(&range, '-', &first_text))
		range = first_text;
	if (!bytes_parse_u64(first_text, 10, &first) || !bytes_parse_u64(range, 10, &last) ||
	    last > CPU_MAX || first > last ||
	    (cpus->count && first <= cpus->items[cpus->count - 1]))
		return false;
	for (; first <= last; first++) {
		cpus->items = memory_grow(cpus->items, &cpus->capacity, cpus->count + 1,
					  sizeof(*cpus->items));
		cpus->items[cpus->count++] = (unsigned)first;
	}
	return true;
}

bool cpus_parse(struct bytes list, struct cpus *ret_cpus)
{
	struct bytes range, rest = list;

	ret_cpus->count = 0;
	while (bytes_take_until(&rest, ',', &range)) {
		if (!append_range(range, ret_cpus))
			return false;
	}
	return append_range(rest, ret_cpus);
}

int cpus_read(struct cpus *ret_cpus)
{
	CLEANUP(text_deinit) struct text text = { 0 };
	struct bytes rest, line;
	int r = file_read(AT_FDCWD, "/sys/devices/system/cpu/online", LIST_BYTES_MAX, &text);

	if (r < 0)
		return r;
	rest = (struct bytes){ text_string(&text), text.length };
	if (!bytes_take_line(&rest, &line) || !cpus_parse(line, ret_cpus))
		return -EPROTO;
	return 0;
}
