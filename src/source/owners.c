#include "source/owners.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"

#define MIN_SLOTS ((size_t)64)

void owners_deinit(struct owners *owners)
{
	free(owners->items);
	free(owners->slots);
	*owners = (struct owners){ 0 };
}

void owners_begin(struct owners *owners, size_t count)
{
	size_t wanted = MIN_SLOTS;

	while (wanted < 2 * count)
		wanted *= 2;
	if (wanted != owners->slot_count) {
		free(owners->slots);
		owners->slots = memory_new(wanted, sizeof(*owners->slots));
		owners->slot_count = wanted;
	} else {
		memset(owners->slots, 0, wanted * sizeof(*owners->slots));
	}
	owners->items = memory_grow(owners->items, &owners->capacity, count + 1,
				    sizeof(*owners->items));
	owners->count = 0;
}

/* Inodes of sockets are numbered one after another: a multiplication spreads them enough. */
static uint32_t *find_slot(const struct owners *owners, uint64_t inode)
{
	size_t mask = owners->slot_count - 1;
	size_t at = (size_t)((inode ^ hash_seed()) * UINT64_C(0x9e3779b97f4a7c15) >> 32) & mask;

	while (owners->slots[at] && owners->items[owners->slots[at] - 1].inode != inode)
		at = (at + 1) & mask;
	return &owners->slots[at];
}

void owners_add(struct owners *owners, uint64_t inode, uint32_t watched)
{
	uint32_t *slot = find_slot(owners, inode);

	assert(owners->count < owners->capacity && 2 * owners->count < owners->slot_count);
	owners->items[owners->count] = (struct owner){ inode, watched, *slot };
	*slot = (uint32_t)++owners->count;
}

const struct owner *owners_first(const struct owners *owners, uint64_t inode)
{
	uint32_t at = owners->slot_count ? *find_slot(owners, inode) : 0;

	return at ? &owners->items[at - 1] : NULL;
}

const struct owner *owners_next(const struct owners *owners, const struct owner *owner)
{
	return owner->next ? &owners->items[owner->next - 1] : NULL;
}
