/*
 * Where facts come from: THE LIST of sources, and all that must be remembered between two
 * looks. A source that fails is a row that says so; the others go on.
 */
#pragma once

#include "model/snapshot.h"
#include "source/container.h"
#include "source/events.h"
#include "source/fd.h"
#include "source/ledger.h"
#include "source/names.h"
#include "source/netns.h"
#include "source/owners.h"
#include "source/process.h"
#include "source/socket.h"

/* A process whose descriptors were looked at in this tick. */
struct watched {
	struct process *process;
	double open_fds, max_fds; /* NAN: unknown */
	size_t first_inode, inode_count; /* of its sockets, in sources.inodes */
	struct netns *netns; /* NULL: unknown */
	bool readable;
	bool gone; /* ended since its descriptors were read */
	enum unreadable unreadable;
};

/* Not an error: there was nothing for the source to do. */
#define SOURCE_UNUSED 1

struct sources {
	const struct config *config; /* borrowed */
	struct procfs procfs;
	double last_tick; /* monotonic seconds; 0: this is the first one */
	double last_boot_time; /* of the same moment, by CLOCK_BOOTTIME, as start times are */
	double read; /* monotonic seconds: the tables of this tick were read until then */
	double last_read; /* likewise of the tick before */
	uint32_t tick; /* number of the newest one */
	struct names *names;
	struct container_table *containers; /* knows no names before container_table_open() */
	struct process_table processes;
	struct target_table targets;
	struct netns_table namespaces;
	struct pair_budget budget;
	struct ledger ledger;
	struct events *events;
	uint64_t truncated_connections;
	uint64_t last_truncated; /* the same before this tick */
	bool was_full; /* not every connection had room in the last tick */
	uint64_t serial; /* of rows that were counted, see target.h */
	/* Rows of this tick; the memory is used again by the next one. */
	struct watched *watched;
	size_t watched_count, watched_capacity;
	struct fd_inodes inodes;
	struct owners owners;
	struct socket_rows rows;
};

/*
 * Sources for a configuration (borrowed), reading below `procfs_path`. Host names keep the
 * addresses they have in `previous` (NULL: there is none), which stays as it is. Waits up to
 * two seconds for the first answers of the resolver, so that the first connections get the
 * names they should. 0, or -errno with the reason in `err`.
 */
int sources_init(struct sources *sources, const struct config *config, const char *procfs_path,
		 const struct sources *previous, struct error *err) MUST_CHECK;
void sources_deinit(struct sources *sources);

/*
 * Hands over what outlives a change of configuration: which ports listened in which namespace
 * (`from` loses it), what is known about connections, and the counters.
 */
void sources_inherit(struct sources *sources, struct sources *from);

/*
 * A descriptor that is readable when events should be drained before the next tick; -1: none.
 * Draining takes them in and no more.
 */
int sources_descriptor(const struct sources *sources);
void sources_drain(struct sources *sources);

/* Kernel → rows, by every source of the list; how each went is in snapshot->sources. */
void sources_collect(struct sources *sources, struct snapshot *now);

/* The names and descriptions of the list, as a Markdown table. */
void sources_describe(struct text *text);
