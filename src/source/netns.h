/*
 * The network namespaces that watched processes live in. Each is read once a tick, whoever
 * lives in it; what must be remembered about it (listeners, connections without an owner)
 * stays here.
 */
#pragma once

#include "source/listen.h"
#include "source/netns_files.h"
#include "source/pair.h"
#include "source/port_use.h"

enum netns_source { NETNS_UNREAD, NETNS_SOCK_DIAG, NETNS_PROCFS };

struct netns {
	uint64_t inode;
	char *label; /* the `netns` label: "host", "self", or the inode number */
	struct listeners listeners;
	struct pair_set destinations; /* of connections without an owner, and the next */
	struct port_use port_use;
	struct netns_files files; /* open while a watched process lives in it */
	int failure; /* -errno of why they could not be opened or read */
	double retry_at; /* monotonic seconds: when to try again */
	uint16_t first_port, last_port; /* the range of local ports; 0: unknown */
	double local_ports; /* how many of them there are to choose from; NAN: unknown */
	double last_seen; /* monotonic seconds: a watched process lived in it */
	/* Of this tick: */
	bool present;
	bool hides; /* a process lives in it whose connections cannot be told from others' */
	bool truncated; /* not all of its rows were kept */
	enum netns_source source; /* of its rows */
	size_t first_row, row_count; /* its part of the socket rows */
};

struct netns_table {
	struct netns **items; /* sorted by inode; a namespace stays where it is in memory */
	size_t count, capacity;
	/* Inodes with a name: the first process' namespace, and ours when that is unknown or
	 * another one. 0: unknown. */
	uint64_t host, own;
	/* The inodes of their net/tcp, which tell them without the right to see the first. */
	uint64_t host_table, own_table;
};

void netns_table_deinit(struct netns_table *table, struct pair_budget *budget);

/* The namespace with this inode; NULL: nobody watched lived in it within the last hour. */
struct netns *netns_table_find(const struct netns_table *table, uint64_t inode);

/* The namespace with this inode, made when it is new; marks it present. */
struct netns *netns_table_get(struct netns_table *table, uint64_t inode, double now);

/* The same by the inode of its net/tcp: procfs numbers all of these from one range, so those
 * of tables and of namespaces never collide (fs/proc/generic.c, proc_alloc_inum()). */
struct netns *netns_table_get_by_table(struct netns_table *table, uint64_t inode, double now);

/* Closes the files of namespaces that are not present: they would keep them alive. */
void netns_table_close_left(struct netns_table *table);

/*
 * Before a tick: nothing is present or read; pairs not used since `oldest` are forgotten, and
 * listeners not seen since `oldest_listener`, and namespaces that have neither and were not
 * seen since `oldest`.
 */
void netns_table_begin(struct netns_table *table, double oldest, double oldest_listener,
		       struct pair_budget *budget);
