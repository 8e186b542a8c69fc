#include "source/port_use.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"

#define MIN_CAPACITY ((size_t)64)

void port_use_deinit(struct port_use *use)
{
	free(use->slots);
	*use = (struct port_use){ 0 };
}

void port_use_begin(struct port_use *use, size_t max)
{
	if (use->capacity > MIN_CAPACITY && 8 * use->count < use->capacity)
		port_use_deinit(use);
	else if (use->capacity)
		memset(use->slots, 0, use->capacity * sizeof(*use->slots));
	use->count = 0;
	use->max = max;
}

static struct port_use_entry *find(const struct port_use *use, const struct address *local,
				   const struct endpoint *remote)
{
	size_t mask = use->capacity - 1;
	uint64_t hash =
		hash_bytes(local->byte, sizeof(local->byte), hash_seed() ^ remote->port);
	size_t at = hash_bytes(remote->address.byte, sizeof(remote->address.byte), hash) & mask;

	for (;; at = (at + 1) & mask) {
		struct port_use_entry *entry = &use->slots[at];

		if (!entry->count || (endpoint_equal(&entry->remote, remote) &&
				      address_equal(&entry->local, local)))
			return entry;
	}
}

static void grow(struct port_use *use)
{
	struct port_use grown = *use;

	grown.capacity = use->capacity ? 2 * use->capacity : MIN_CAPACITY;
	grown.slots = memory_new(grown.capacity, sizeof(*grown.slots));
	for (size_t i = 0; i < use->capacity; i++) {
		const struct port_use_entry *entry = &use->slots[i];

		if (entry->count)
			*find(&grown, &entry->local, &entry->remote) = *entry;
	}
	free(use->slots);
	*use = grown;
}

void port_use_add(struct port_use *use, const struct address *local,
		  const struct endpoint *remote)
{
	struct port_use_entry *entry;

	if (2 * (use->count + 1) > use->capacity)
		grow(use);
	entry = find(use, local, remote);
	if (!entry->count) {
		if (use->count >= use->max)
			return;
		use->count++;
		entry->local = *local;
		entry->remote = *remote;
	}
	entry->count++;
}

void port_use_want(struct port_use *use, const struct address *local,
		   const struct endpoint *remote)
{
	struct port_use_entry *entry = use->count ? find(use, local, remote) : NULL;

	if (entry && entry->count)
		entry->wanted = true;
}
