#include "source/listen.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void listeners_deinit(struct listeners *listeners)
{
	free(listeners->items);
	*listeners = (struct listeners){ 0 };
}

static int compare(const struct endpoint *a, const struct endpoint *b)
{
	if (a->port != b->port)
		return a->port < b->port ? -1 : 1;
	return memcmp(a->address.byte, b->address.byte, sizeof(a->address.byte));
}

/* The first listener that is not before `local`. */
static size_t lower_bound(const struct listeners *listeners, const struct endpoint *local)
{
	size_t low = 0, high = listeners->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(&listeners->items[middle].local, local) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void listeners_add(struct listeners *listeners, const struct endpoint *local, double now)
{
	size_t at = lower_bound(listeners, local);
	struct listener *items;

	if (at == listeners->count || !endpoint_equal(&listeners->items[at].local, local)) {
		items = memory_grow(listeners->items, &listeners->capacity,
				    listeners->count + 1, sizeof(*items));
		memmove(items + at + 1, items + at, (listeners->count - at) * sizeof(*items));
		items[at].local = *local;
		listeners->items = items;
		listeners->count++;
	}
	listeners->items[at].last_seen = now;
}

void listeners_expire(struct listeners *listeners, double oldest)
{
	size_t kept = 0;

	for (size_t i = 0; i < listeners->count; i++) {
		if (listeners->items[i].last_seen >= oldest)
			listeners->items[kept++] = listeners->items[i];
	}
	listeners->count = kept;
}

bool listeners_have(const struct listeners *listeners, const struct endpoint *local)
{
	struct endpoint first = { .port = local->port };

	for (size_t i = lower_bound(listeners, &first); i < listeners->count; i++) {
		const struct endpoint *candidate = &listeners->items[i].local;

		if (candidate->port != local->port)
			return false;
		if (address_is_any(&candidate->address) || endpoint_equal(candidate, local))
			return true;
	}
	return false;
}
