/*
 * The index has 8 bytes a slot, so that looking up a connection that is not there, as most of a
 * big table are, touches one cache line. An entry is looked at only when 32 bits of the hash
 * agree.
 */
#include "source/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"

#define MIN_SLOTS ((size_t)64)
#define COMPACT_FROM ((size_t)4096) /* entries */

void ledger_init(struct ledger *ledger, size_t max)
{
	*ledger = (struct ledger){ .max = max };
}

void ledger_deinit(struct ledger *ledger)
{
	for (size_t i = 0; i < ledger->end; i++)
		free(ledger->entries[i].behavior);
	free(ledger->entries);
	free(ledger->spare);
	free(ledger->slots);
	*ledger = (struct ledger){ 0 };
}

/* Without padding: what is hashed is the key and nothing else. */
struct key {
	uint64_t netns;
	uint8_t local[16], remote[16];
	uint16_t local_port, remote_port;
	uint32_t none;
};

static uint32_t hash_key(uint64_t netns, const struct endpoint *local,
			 const struct endpoint *remote)
{
	struct key key = { .netns = netns,
			   .local_port = local->port,
			   .remote_port = remote->port };

	memcpy(key.local, local->address.byte, sizeof(key.local));
	memcpy(key.remote, remote->address.byte, sizeof(key.remote));
	return (uint32_t)hash_bytes(&key, sizeof(key), hash_seed());
}

static bool is_for(const struct ledger_entry *entry, uint64_t netns,
		   const struct endpoint *local, const struct endpoint *remote)
{
	return entry->netns == netns && endpoint_equal(&entry->local, local) &&
	       endpoint_equal(&entry->remote, remote);
}

struct ledger_entry *ledger_find(const struct ledger *ledger, uint64_t netns,
				 const struct endpoint *local, const struct endpoint *remote)
{
	uint32_t hash = hash_key(netns, local, remote);
	size_t mask = ledger->slot_count - 1;

	if (!ledger->count)
		return NULL;
	for (size_t at = hash & mask; ledger->slots[at].at; at = (at + 1) & mask) {
		struct ledger_entry *entry = &ledger->entries[ledger->slots[at].at - 1];

		if (ledger->slots[at].hash == hash && is_for(entry, netns, local, remote))
			return entry;
	}
	return NULL;
}

static void enter_slot(struct ledger *ledger, struct ledger_slot slot)
{
	size_t mask = ledger->slot_count - 1;
	size_t at = slot.hash & mask;

	while (ledger->slots[at].at)
		at = (at + 1) & mask;
	ledger->slots[at] = slot;
}

static void grow_slots(struct ledger *ledger)
{
	struct ledger_slot *old = ledger->slots;
	size_t count = ledger->slot_count;

	ledger->slot_count = count ? 2 * count : MIN_SLOTS;
	ledger->slots = memory_new(ledger->slot_count, sizeof(*ledger->slots));
	for (size_t i = 0; i < count; i++) {
		if (old[i].at)
			enter_slot(ledger, old[i]);
	}
	free(old);
}

static size_t take_entry(struct ledger *ledger)
{
	if (ledger->spare_count)
		return ledger->spare[--ledger->spare_count];
	ledger->entries = memory_grow(ledger->entries, &ledger->capacity, ledger->end + 1,
				      sizeof(*ledger->entries));
	return ledger->end++;
}

struct ledger_entry *ledger_add(struct ledger *ledger, uint64_t netns,
				const struct endpoint *local, const struct endpoint *remote,
				enum ledger_kind kind)
{
	struct ledger_slot slot = { .hash = hash_key(netns, local, remote) };
	size_t at;

	if (ledger->count >= ledger->max)
		return NULL;
	if (2 * (ledger->count + 1) > ledger->slot_count)
		grow_slots(ledger);
	at = take_entry(ledger);
	slot.at = (uint32_t)at + 1;
	enter_slot(ledger, slot);
	ledger->count++;
	ledger->entries[at] = (struct ledger_entry){
		.netns = netns,
		.local = *local,
		.remote = *remote,
		.kind = (uint8_t)kind,
	};
	return &ledger->entries[at];
}

/* What stands behind a freed slot moves up, unless it would come before its own place. */
static void free_slot(struct ledger *ledger, size_t at)
{
	size_t mask = ledger->slot_count - 1;
	size_t next = at;

	for (;;) {
		size_t home;

		next = (next + 1) & mask;
		if (!ledger->slots[next].at)
			break;
		home = ledger->slots[next].hash & mask;
		if (((next - home) & mask) < ((next - at) & mask))
			continue;
		ledger->slots[at] = ledger->slots[next];
		at = next;
	}
	ledger->slots[at] = (struct ledger_slot){ 0 };
}

void ledger_remove(struct ledger *ledger, struct ledger_entry *entry)
{
	uint32_t hash = hash_key(entry->netns, &entry->local, &entry->remote);
	uint32_t index = (uint32_t)(entry - ledger->entries);
	size_t mask = ledger->slot_count - 1;
	size_t at = hash & mask;

	while (ledger->slots[at].at != index + 1)
		at = (at + 1) & mask;
	free_slot(ledger, at);
	free(entry->behavior);
	*entry = (struct ledger_entry){ .kind = LEDGER_FREE };
	ledger->spare = memory_grow(ledger->spare, &ledger->spare_capacity,
				    ledger->spare_count + 1, sizeof(*ledger->spare));
	ledger->spare[ledger->spare_count++] = index;
	ledger->count--;
}

struct ledger_entry *ledger_next(const struct ledger *ledger, struct ledger_entry *entry)
{
	size_t at = entry ? (size_t)(entry - ledger->entries) + 1 : 0;

	while (at < ledger->end && ledger->entries[at].kind == LEDGER_FREE)
		at++;
	return at < ledger->end ? &ledger->entries[at] : NULL;
}

void ledger_compact(struct ledger *ledger)
{
	struct ledger compact = { .max = ledger->max };

	if (ledger->end < COMPACT_FROM || ledger->count > ledger->end / 4)
		return;
	for (size_t i = 0; i < ledger->end; i++) {
		struct ledger_entry *entry = &ledger->entries[i], *moved;

		if (entry->kind == LEDGER_FREE)
			continue;
		moved = ledger_add(&compact, entry->netns, &entry->local, &entry->remote,
				   entry->kind);
		*moved = *entry;
		entry->behavior = NULL;
	}
	ledger_deinit(ledger);
	*ledger = compact;
}
