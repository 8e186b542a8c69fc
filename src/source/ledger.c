#include "source/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"

#define MIN_CAPACITY ((size_t)64)

void ledger_init(struct ledger *ledger, size_t max)
{
	*ledger = (struct ledger){ .max = max };
}

void ledger_deinit(struct ledger *ledger)
{
	free(ledger->last.slots);
	free(ledger->now.slots);
	*ledger = (struct ledger){ 0 };
}

/* Field by field: the padding between them is not part of the key. */
static uint64_t hash_key(uint64_t netns, const struct endpoint *local,
			 const struct endpoint *remote)
{
	uint64_t hash = hash_seed() ^ netns ^ ((uint64_t)local->port << 16 | remote->port);

	hash = hash_bytes(local->address.byte, sizeof(local->address.byte), hash);
	return hash_bytes(remote->address.byte, sizeof(remote->address.byte), hash);
}

static struct ledger_entry *find_slot(const struct ledger_table *table, uint64_t netns,
				      const struct endpoint *local,
				      const struct endpoint *remote)
{
	size_t mask = table->capacity - 1;
	size_t at = hash_key(netns, local, remote) & mask;

	for (;; at = (at + 1) & mask) {
		struct ledger_entry *slot = &table->slots[at];

		if (slot->kind == LEDGER_FREE ||
		    (slot->netns == netns && endpoint_equal(&slot->local, local) &&
		     endpoint_equal(&slot->remote, remote)))
			return slot;
	}
}

const struct ledger_entry *ledger_last(const struct ledger *ledger, uint64_t netns,
				       const struct endpoint *local,
				       const struct endpoint *remote)
{
	const struct ledger_entry *slot;

	if (!ledger->last.count)
		return NULL;
	slot = find_slot(&ledger->last, netns, local, remote);
	return slot->kind == LEDGER_FREE ? NULL : slot;
}

static void grow(struct ledger_table *table)
{
	struct ledger_table grown = { .capacity = table->capacity ? table->capacity * 2 :
								    MIN_CAPACITY };

	grown.slots = memory_new(grown.capacity, sizeof(*grown.slots));
	grown.count = table->count;
	for (size_t i = 0; i < table->capacity; i++) {
		const struct ledger_entry *entry = &table->slots[i];

		if (entry->kind != LEDGER_FREE)
			*find_slot(&grown, entry->netns, &entry->local, &entry->remote) =
				*entry;
	}
	free(table->slots);
	*table = grown;
}

struct ledger_entry *ledger_enter(struct ledger *ledger, const struct ledger_entry *entry,
				  bool *ret_full)
{
	struct ledger_table *now = &ledger->now;
	struct ledger_entry *slot;

	*ret_full = false;
	if (2 * (now->count + 1) > now->capacity)
		grow(now);
	slot = find_slot(now, entry->netns, &entry->local, &entry->remote);
	if (slot->kind != LEDGER_FREE)
		return NULL;
	if (now->count >= ledger->max) {
		*ret_full = true;
		return NULL;
	}
	*slot = *entry;
	now->count++;
	return slot;
}

void ledger_keep_netns(struct ledger *ledger, uint64_t netns, double now)
{
	bool full;

	for (size_t i = 0; i < ledger->last.capacity; i++) {
		const struct ledger_entry *entry = &ledger->last.slots[i];

		if (entry->kind == LEDGER_FREE || entry->netns != netns)
			continue;
		if (ledger_enter(ledger, entry, &full) && entry->pair)
			entry->pair->last_used = now;
	}
}

/* A quarter full, so that it need not grow to hold as many again. */
static size_t capacity_for(size_t count)
{
	size_t capacity = MIN_CAPACITY;

	while (capacity < 4 * count)
		capacity *= 2;
	return capacity;
}

/* The table to fill next starts with the size that the one just filled turned out to need. */
void ledger_turn(struct ledger *ledger)
{
	struct ledger_table spare = ledger->last;
	size_t capacity = capacity_for(ledger->now.count);

	ledger->last = ledger->now;
	if (spare.capacity == capacity) {
		memset(spare.slots, 0, capacity * sizeof(*spare.slots));
	} else {
		free(spare.slots);
		spare.slots = memory_new(capacity, sizeof(*spare.slots));
		spare.capacity = capacity;
	}
	spare.count = 0;
	ledger->now = spare;
}
