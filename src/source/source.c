#include "source/source.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "source/join.h"

#define LISTENER_SECONDS 3600.0
#define NAMES_WAIT_SECONDS 2.0

struct source {
	const char *name;
	int (*collect)(struct sources *sources, double now); /* 0 or -errno */
	const char *help;
};

/* When they cannot be listed, those of the last tick are looked at, and keep their targets. */
static int collect_processes(struct sources *sources, double now)
{
	int r = process_table_read(&sources->processes, &sources->procfs, now);

	process_table_match(&sources->processes, &sources->procfs, sources->config,
			    &sources->targets, now);
	return r;
}

static enum unreadable unreadable_reason(int r)
{
	if (r == -EACCES || r == -EPERM)
		return UNREADABLE_PERMISSION;
	if (r == -EMFILE || r == -ENFILE)
		return UNREADABLE_DESCRIPTORS;
	return UNREADABLE_ERROR;
}

static int read_below(struct sources *sources, int directory, struct watched *watched,
		      double now)
{
	uint64_t netns;
	long fds = -1;
	int r = fd_read(directory, &sources->inodes, &fds);

	watched->inode_count = sources->inodes.count - watched->first_inode;
	watched->open_fds = fds < 0 ? NAN : (double)fds;
	if (!watched->process->target && !watched->inode_count)
		return r;
	/* Needs no privilege: worth having also when the descriptors were refused. */
	if (r != PID_GONE && pid_read_max_fds(directory, &watched->max_fds) == PID_GONE)
		return PID_GONE;
	if (r)
		return r;
	r = pid_read_netns(directory, &netns);
	if (!r)
		watched->netns = netns_table_get(&sources->namespaces, netns, now);
	return r;
}

/*
 * 0, PID_GONE, or -errno: what could be read is there in any case. For a process that was
 * reaped meanwhile, links are refused as if by permission (fs/proc/base.c,
 * proc_fd_access_allowed()).
 */
static int read_watched(struct sources *sources, struct watched *watched, double now)
{
	CLEANUP(file_close) int directory = -1;
	struct pid_stat stat;
	int r = process_open(watched->process, &sources->procfs, &directory);

	if (r)
		return r;
	/* fd and ns are the main thread's, and empty as if the process were gone. */
	if (watched->process->stat.zombie && watched->process->stat.threads > 1)
		return -EIO;
	watched->first_inode = sources->inodes.count;
	r = read_below(sources, directory, watched, now);
	if (r == -EACCES && pid_read_stat(directory, &stat) == PID_GONE)
		return PID_GONE;
	return r;
}

static bool is_watched(const struct sources *sources, const struct process *process)
{
	if (process->stat.kernel_thread || process->pid == sources->procfs.self)
		return false;
	return process->target || process->may_listen || config_discovers(sources->config);
}

/* 0, or -EMFILE when any was left out for want of descriptors of our own. */
static int collect_descriptors(struct sources *sources, double now)
{
	int failed = 0;

	for (size_t i = 0; i < sources->processes.count; i++) {
		struct watched watched = { .process = &sources->processes.items[i],
					   .open_fds = NAN,
					   .max_fds = NAN };
		int r;

		if (!is_watched(sources, watched.process))
			continue;
		r = read_watched(sources, &watched, now);
		if (r == PID_GONE)
			continue;
		watched.readable = !r;
		watched.unreadable = unreadable_reason(r);
		if (r && watched.unreadable == UNREADABLE_DESCRIPTORS)
			failed = -EMFILE;
		sources->watched = memory_grow(sources->watched, &sources->watched_capacity,
					       sources->watched_count + 1,
					       sizeof(*sources->watched));
		sources->watched[sources->watched_count++] = watched;
	}
	return failed;
}

/* The rows of one namespace as they are read. */
struct reading {
	struct sources *sources;
	size_t max; /* of all rows */
	bool truncated;
};

static void take_row(void *context, const struct socket_row *row)
{
	struct reading *reading = context;

	if (reading->sources->rows.count < reading->max)
		socket_rows_append(&reading->sources->rows, row);
	else
		reading->truncated = true;
}

static int read_rows(struct sources *sources, int directory, struct netns *netns)
{
	size_t before = sources->rows.count;
	struct reading reading = { sources, before + sources->config->limits.max_connections,
				   false };
	int r = net_tcp_read(directory, &(struct socket_visitor){ take_row, &reading });

	if (r) {
		sources->rows.count = before;
		return r;
	}
	netns->first_row = before;
	netns->row_count = sources->rows.count - before;
	netns->read = true;
	sources->truncated_connections += reading.truncated;
	return 0;
}

/* Any process of the namespace will do; when one is gone or fails, the next one is asked. */
static void read_netns(struct sources *sources, struct watched *watched)
{
	CLEANUP(file_close) int directory = -1;
	int r = process_open(watched->process, &sources->procfs, &directory);

	if (!r)
		r = read_rows(sources, directory, watched->netns);
	watched->gone = r == PID_GONE;
}

/* Our own can be read when nobody is watched in it any more: TIME_WAIT outlives its process. */
static void read_left_behind(struct sources *sources)
{
	CLEANUP(file_close) int directory = -1;
	struct netns *netns = netns_table_find(&sources->namespaces, sources->namespaces.own);

	if (!netns || netns->read ||
	    procfs_open(&sources->procfs, sources->procfs.self, &directory))
		return;
	netns->present = true;
	/* When even that fails, it is kept as it was, as after any failure. */
	if (read_rows(sources, directory, netns))
		return;
}

/*
 * Without its namespace's table a process' connections are as unknown as without its fds. One
 * that took the namespace with it when it ended is left out.
 */
static int mark_unread(struct sources *sources)
{
	size_t kept = 0;
	int r = 0;

	for (size_t i = 0; i < sources->watched_count; i++) {
		struct watched watched = sources->watched[i];

		if (watched.readable && watched.netns && !watched.netns->read) {
			if (watched.gone)
				continue;
			watched.readable = false;
			watched.unreadable = UNREADABLE_ERROR;
			r = -EIO;
		}
		sources->watched[kept++] = watched;
	}
	sources->watched_count = kept;
	return r;
}

static int collect_net_tcp(struct sources *sources, double now)
{
	(void)now;
	for (size_t i = 0; i < sources->watched_count; i++) {
		struct watched *watched = &sources->watched[i];

		if (watched->readable && watched->netns && !watched->netns->read)
			read_netns(sources, watched);
	}
	read_left_behind(sources);
	return mark_unread(sources);
}

/* THE LIST, in the order in which they build on each other. */
static const struct source list[] = {
	{
		.name = "processes",
		.collect = collect_processes,
		.help = "`/proc/<pid>/stat` of every process, and what the rules ask for "
			"(exe, cmdline, status, cgroup) of new ones. Needs nothing; `exe` of "
			"other users' processes needs CAP_SYS_PTRACE.",
	},
	{
		.name = "descriptors",
		.collect = collect_descriptors,
		.help = "`/proc/<pid>/fd`, `limits` and `ns/net` of watched processes. Other "
			"users' need CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH, both.",
	},
	{
		.name = "net_tcp",
		.collect = collect_net_tcp,
		.help = "`/proc/<pid>/net/tcp` and `tcp6`, once for each network namespace "
			"that watched processes live in. Needs nothing.",
	},
};

/* The inode of a process' namespace; 0 without the process or the right to see it. */
static uint64_t read_netns_of(const struct procfs *procfs, pid_t pid)
{
	CLEANUP(file_close) int directory = -1;
	uint64_t inode;

	if (!pid || procfs_open(procfs, pid, &directory) || pid_read_netns(directory, &inode))
		return 0;
	return inode;
}

int sources_init(struct sources *sources, const struct config *config, const char *procfs_path,
		 const struct sources *previous, struct error *err)
{
	int r;

	*sources = (struct sources){ .config = config };
	r = procfs_init(&sources->procfs, procfs_path, err);
	if (r < 0)
		return r;
	sources->budget = (struct pair_budget){
		.max = config->limits.max_pairs,
		.max_destinations = config->limits.max_destinations,
	};
	sources->namespaces.host = read_netns_of(&sources->procfs, 1);
	sources->namespaces.own = read_netns_of(&sources->procfs, sources->procfs.self);
	ledger_init(&sources->ledger, config->limits.max_connections);
	sources->containers = container_table_new();
	process_table_init(&sources->processes, config);
	sources->processes.containers = sources->containers;
	target_table_init(&sources->targets, config, &sources->budget);
	sources->names = names_new(config, previous ? previous->names : NULL);
	names_wait(sources->names, NAMES_WAIT_SECONDS);
	return 0;
}

void sources_deinit(struct sources *sources)
{
	names_free(sources->names);
	target_table_deinit(&sources->targets, &sources->budget);
	netns_table_deinit(&sources->namespaces, &sources->budget);
	process_table_deinit(&sources->processes);
	container_table_free(sources->containers);
	ledger_deinit(&sources->ledger);
	fd_inodes_deinit(&sources->inodes);
	socket_rows_deinit(&sources->rows);
	free(sources->watched);
	procfs_deinit(&sources->procfs);
	*sources = (struct sources){ .procfs.directory = -1 };
}

/* Inbound connections, and those of a target of the same name, stay what they were. */
static void inherit_entry(struct sources *sources, const struct sources *from,
			  const struct ledger_entry *old)
{
	struct ledger_entry entry = *old;
	struct target *target = NULL;
	bool full;

	if (old->pair && old->pair->set->owner)
		target = target_table_find_configured(&sources->targets,
						      old->pair->set->owner->name);
	if (old->kind == LEDGER_OUTBOUND && !target)
		return;
	entry.pair = NULL;
	if (target)
		entry.pair = join_choose_pair(sources, &target->pairs, &old->remote,
					      from->last_tick);
	if (entry.pair)
		entry.pair->last_used = from->last_tick;
	ledger_enter(&sources->ledger, &entry, &full);
}

void sources_inherit(struct sources *sources, struct sources *from)
{
	for (size_t i = 0; i < from->namespaces.count; i++) {
		struct netns *old = from->namespaces.items[i];
		struct netns *netns =
			netns_table_get(&sources->namespaces, old->inode, old->last_seen);

		netns->listeners = old->listeners;
		old->listeners = (struct listeners){ 0 };
	}
	for (size_t i = 0; i < from->ledger.last.capacity; i++) {
		if (from->ledger.last.slots[i].kind != LEDGER_FREE)
			inherit_entry(sources, from, &from->ledger.last.slots[i]);
	}
	ledger_turn(&sources->ledger);
	sources->last_tick = from->last_tick;
	sources->targets.truncated = from->targets.truncated;
	sources->budget.truncated_pairs = from->budget.truncated_pairs;
	sources->budget.truncated_destinations = from->budget.truncated_destinations;
	sources->truncated_connections = from->truncated_connections;
}

/* A pair of the last tick stays at least one tick longer: the ledger may refer to it. */
static void begin(struct sources *sources, double now)
{
	double oldest = now - sources->config->limits.forget_after;

	if (oldest > sources->last_tick)
		oldest = sources->last_tick;
	target_table_begin(&sources->targets, oldest, &sources->budget);
	netns_table_begin(&sources->namespaces, oldest, now - LISTENER_SECONDS,
			  &sources->budget);
	sources->watched_count = 0;
	sources->inodes.count = 0;
	sources->rows.count = 0;
	sources->last_tick = now;
}

void sources_collect(struct sources *sources, struct snapshot *now)
{
	begin(sources, now->monotonic);
	now->sources = arena_alloc(&now->arena, ARRAY_LENGTH(list), sizeof(*now->sources));
	now->source_count = ARRAY_LENGTH(list);
	for (size_t i = 0; i < ARRAY_LENGTH(list); i++) {
		double start = clock_monotonic();
		int r = list[i].collect(sources, now->monotonic);

		now->sources[i] = (struct source_row){
			.name = list[i].name,
			.up = !r,
			.duration = clock_monotonic() - start,
		};
	}
}

void sources_describe(struct text *text)
{
	text_append_string(text,
			   "| source | what it reads, and what that needs |\n|---|---|\n");
	for (size_t i = 0; i < ARRAY_LENGTH(list); i++)
		text_printf(text, "| `%s` | %s |\n", list[i].name, list[i].help);
}
