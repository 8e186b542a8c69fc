/*
 * What was decided about each connection when it was first seen, kept while it exists: its
 * direction and the pair it counts in. So a connection keeps its destination whatever the
 * resolver says later, an inbound one stays inbound when the listener goes, and what the kernel
 * no longer gives an owner (TIME_WAIT, orphans: inode 0) still counts for the target it was
 * seen with.
 *
 * Two tables: the one of the last tick is read, the one of this tick is filled with what is
 * there now; swapping them forgets exactly the connections that are gone.
 */
#pragma once

#include "source/pair.h"

enum ledger_kind {
	LEDGER_FREE, /* no entry */
	LEDGER_OUTBOUND,
	LEDGER_INBOUND,
	LEDGER_OWN, /* a probe's, or another one of this program */
};

struct ledger_entry {
	uint64_t netns; /* inode */
	struct endpoint local, remote;
	enum ledger_kind kind;
	struct pair *pair; /* where it counts; NULL: nowhere */
};

struct ledger_table {
	struct ledger_entry
		*slots; /* open addressing, a power of two of them, half full at most */
	size_t capacity, count;
};

struct ledger {
	struct ledger_table last, now;
	size_t max; /* connections to remember */
};

void ledger_init(struct ledger *ledger, size_t max);
void ledger_deinit(struct ledger *ledger);

/* What the last tick knew about a connection; NULL: nothing. */
const struct ledger_entry *ledger_last(const struct ledger *ledger, uint64_t netns,
				       const struct endpoint *local,
				       const struct endpoint *remote);

/*
 * Enters a connection for this tick. NULL when it was entered before in this tick (rows that
 * /proc/net/tcp repeats) or when there is no room; *ret_full tells the two apart. The entry is
 * valid until the next call.
 */
struct ledger_entry *ledger_enter(struct ledger *ledger, const struct ledger_entry *entry,
				  bool *ret_full);

/* Keeps everything of a namespace that could not be read this time, and the pairs alive. */
void ledger_keep_netns(struct ledger *ledger, uint64_t netns, double now);

/* Ends the tick: this tick's table becomes the last one. */
void ledger_turn(struct ledger *ledger);
