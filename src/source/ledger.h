/*
 * What is remembered of each connection for as long as it exists: its direction, decided when
 * it was first seen, the pair it counts in, and what it did. So a connection keeps its
 * destination whatever the resolver says later, an inbound one stays inbound when the listener
 * goes, and what the kernel no longer gives an owner (TIME_WAIT, orphans: inode 0) still counts
 * for the target it was seen with.
 *
 * Entries are found by namespace and 4-tuple, since that is all a TIME_WAIT has; the socket's
 * cookie and inode tell whether it is still the same connection.
 */
#pragma once

#include "source/behavior.h"
#include "source/pair.h"

enum ledger_kind {
	LEDGER_FREE, /* no entry */
	LEDGER_OUTBOUND,
	LEDGER_INBOUND,
	LEDGER_OWN, /* a probe's, or another one of this program */
};

enum ledger_phase {
	LEDGER_CONNECTING, /* SYN_SENT */
	LEDGER_OPEN, /* ESTABLISHED or CLOSE_WAIT */
	LEDGER_ENDED, /* later states; its end is counted */
};

struct ledger_entry {
	uint64_t netns; /* inode */
	struct endpoint local, remote;
	uint64_t inode, cookie; /* of the socket; 0: not known */
	struct pair *pair; /* where it counts; NULL: nowhere */
	struct behavior *behavior; /* of an outbound connection, its own; else NULL */
	double begun; /* monotonic seconds: when a look saw it first, at the latest */
	double late_since; /* monotonic seconds: when it was first `late` */
	uint32_t seen; /* number of the tick that saw it last */
	uint8_t kind; /* enum ledger_kind */
	uint8_t phase; /* enum ledger_phase, of an outbound connection */
	uint8_t late; /* ticks since an event was due that says how it ended */
	bool counted; /* as opened */
	bool followed; /* events tell what becomes of it */
	bool told; /* an event told that it was opened */
};

struct ledger_slot {
	uint32_t hash;
	uint32_t at; /* index of the entry + 1; 0: free */
};

struct ledger {
	struct ledger_entry *entries; /* free ones among them */
	size_t capacity, end; /* `end`: none is in use from here on */
	size_t count, max; /* in use; how many may be */
	uint32_t *spare; /* indexes of free entries before `end` */
	size_t spare_count, spare_capacity;
	struct ledger_slot *slots; /* open addressing, half full at most */
	size_t slot_count; /* a power of two */
};

void ledger_init(struct ledger *ledger, size_t max);
void ledger_deinit(struct ledger *ledger);

/* The entry of a connection; NULL: there is none. Valid until the next one is added. */
struct ledger_entry *ledger_find(const struct ledger *ledger, uint64_t netns,
				 const struct endpoint *local, const struct endpoint *remote);

/* A new entry for a connection that has none; NULL when there is no room. */
struct ledger_entry *ledger_add(struct ledger *ledger, uint64_t netns,
				const struct endpoint *local, const struct endpoint *remote,
				enum ledger_kind kind);

/* Other entries stay where they are. */
void ledger_remove(struct ledger *ledger, struct ledger_entry *entry);

/* Gives memory back when most of it is free: entries move. */
void ledger_compact(struct ledger *ledger);

/* Walks over all entries: NULL gives the first, the last gives NULL. Removing is allowed. */
struct ledger_entry *ledger_next(const struct ledger *ledger, struct ledger_entry *entry);
