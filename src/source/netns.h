/*
 * The network namespaces that watched processes live in. Each is read once a tick, whoever
 * lives in it; what must be remembered about it (listeners, connections without an owner)
 * stays here.
 */
#pragma once

#include "source/listen.h"
#include "source/net_tcp.h"
#include "source/pair.h"

struct netns {
	uint64_t inode;
	char *label; /* the `netns` label: "host", "self", or the inode number */
	struct listeners listeners;
	struct pair_set unowned;
	double last_seen; /* monotonic seconds: a watched process lived in it */
	/* Of this tick: */
	bool present, read; /* read: its rows are complete */
	size_t first_row, row_count; /* its part of the socket rows */
};

struct netns_table {
	struct netns **items; /* sorted by inode; a namespace stays where it is in memory */
	size_t count, capacity;
	/* Inodes with a name: the first process' namespace, and ours when that is unknown or
	 * another one. 0: unknown. */
	uint64_t host, own;
};

void netns_table_deinit(struct netns_table *table, struct pair_budget *budget);

/* The namespace with this inode; NULL: nobody watched lived in it within the last hour. */
struct netns *netns_table_find(const struct netns_table *table, uint64_t inode);

/* The namespace with this inode, made when it is new; marks it present. */
struct netns *netns_table_get(struct netns_table *table, uint64_t inode, double now);

/*
 * Before a tick: nothing is present or read; pairs not used since `oldest` are forgotten, and
 * listeners not seen since `oldest_listener`, and namespaces that have neither and were not
 * seen since `oldest`.
 */
void netns_table_begin(struct netns_table *table, double oldest, double oldest_listener,
		       struct pair_budget *budget);
