#include "source/source.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "source/join.h"
#include "source/sockets.h"

#define LISTENER_SECONDS 3600.0
#define NAMES_WAIT_SECONDS 2.0
/* What happened is not kept until the tick when it is more than this. */
#define NEWS_MAX ((size_t)8192)

struct source {
	const char *name;
	/* 0, SOURCE_UNUSED or -errno */
	int (*collect)(struct sources *sources, double now);
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

/*
 * Of a process that hides its descriptors, the table of its namespace can be read all the same;
 * which of the connections are its own cannot be told.
 */
static void find_hidden(struct sources *sources, int directory, struct watched *watched,
			double now)
{
	uint64_t table;

	if (!sources->procfs.is_live || pid_read_netns_table(directory, &table))
		return;
	watched->netns = netns_table_get_by_table(&sources->namespaces, table, now);
	watched->netns->hides = true;
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
	if (r == -EACCES)
		find_hidden(sources, directory, watched, now);
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

/*
 * One that could not be read this time lives where it did: what its connections do there is not
 * known, and they are not gone.
 */
static void remember_netns(struct sources *sources, const struct watched *watched, double now)
{
	struct process *process = watched->process;

	if (watched->netns)
		process->netns = watched->netns->inode;
	else if (!watched->readable && netns_table_find(&sources->namespaces, process->netns))
		netns_table_get(&sources->namespaces, process->netns, now);
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
		remember_netns(sources, &watched, now);
		if (r)
			watched.process->watched_since = 0;
		else if (watched.process->watched_since == 0)
			watched.process->watched_since = now;
		if (r && watched.unreadable == UNREADABLE_DESCRIPTORS)
			failed = -EMFILE;
		sources->watched = memory_grow(sources->watched, &sources->watched_capacity,
					       sources->watched_count + 1,
					       sizeof(*sources->watched));
		sources->watched[sources->watched_count++] = watched;
	}
	return failed;
}

static int collect_events(struct sources *sources, double now)
{
	(void)now;
	/* Process numbers of events are ours: those of procfs must be the same. */
	if (sources->config->collect.events == EVENTS_OFF || !sources->procfs.is_live ||
	    sources->procfs.self != getpid())
		return SOURCE_UNUSED;
	return events_collect(sources->events, sources->config, &sources->processes,
			      sources->procfs.self);
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
		.name = "tracepoint",
		.collect = collect_events,
		.help = "The tracepoints `sock:inet_sock_set_state` and "
			"`sock:inet_sk_error_report`, for exact counts of opened, failed and "
			"closed connections. Needs CAP_PERFMON and CAP_DAC_READ_SEARCH, and "
			"CAP_SYS_ADMIN where tracefs is not mounted.",
	},
	{
		.name = "sock_diag",
		.collect = sockets_collect_sock_diag,
		.help = "Netlink, sock_diag(7), with `tcp_info`: once for each network "
			"namespace that watched processes live in. Needs nothing for the "
			"exporter's own namespace, CAP_SYS_ADMIN to enter others.",
	},
	{
		.name = "net_tcp",
		.collect = sockets_collect_net_tcp,
		.help = "`/proc/<pid>/net/tcp` and `tcp6` of the namespaces that `sock_diag` "
			"could not read. Needs nothing.",
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

static uint64_t read_table_of(const struct procfs *procfs, pid_t pid)
{
	CLEANUP(file_close) int directory = -1;
	uint64_t inode;

	if (!procfs->is_live || !pid || procfs_open(procfs, pid, &directory) ||
	    pid_read_netns_table(directory, &inode))
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
	sources->namespaces.host_table = read_table_of(&sources->procfs, 1);
	sources->namespaces.own_table = read_table_of(&sources->procfs, sources->procfs.self);
	ledger_init(&sources->ledger, config->limits.max_connections);
	sources->events = events_new();
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
	events_free(sources->events);
	owners_deinit(&sources->owners);
	fd_inodes_deinit(&sources->inodes);
	socket_rows_deinit(&sources->rows);
	free(sources->watched);
	procfs_deinit(&sources->procfs);
	*sources = (struct sources){ .procfs.directory = -1 };
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
	sources->last_read = sources->read;
	sources->tick++;
}

int sources_descriptor(const struct sources *sources)
{
	return events_descriptor(sources->events);
}

void sources_drain(struct sources *sources)
{
	/* How it went is the next tick's to say. */
	if (collect_events(sources, clock_monotonic()))
		return;
	if (events_news(sources->events)->count > NEWS_MAX)
		join_news(sources, clock_monotonic());
}

void sources_collect(struct sources *sources, struct snapshot *now)
{
	double begin_time = clock_monotonic();

	begin(sources, now->monotonic);
	now->sources = arena_alloc(&now->arena, ARRAY_LENGTH(list), sizeof(*now->sources));
	for (size_t i = 0; i < ARRAY_LENGTH(list); i++) {
		double start = clock_monotonic();
		int r = list[i].collect(sources, now->monotonic);

		if (r == SOURCE_UNUSED)
			continue;
		now->sources[now->source_count++] = (struct source_row){
			.name = list[i].name,
			.up = !r,
			.duration = clock_monotonic() - start,
		};
	}
	sources->read = now->monotonic + clock_monotonic() - begin_time;
}

void sources_describe(struct text *text)
{
	text_append_string(text,
			   "| source | what it reads, and what that needs |\n|---|---|\n");
	for (size_t i = 0; i < ARRAY_LENGTH(list); i++)
		text_printf(text, "| `%s` | %s |\n", list[i].name, list[i].help);
}
