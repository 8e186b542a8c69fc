#include "source/join_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "source/cgroup.h"

#define CGROUP_MAX ((size_t)64 * 1024)

/* A container by its name where that is known. */
static bool write_service(const struct sources *sources, struct bytes cgroups, double now,
			  struct text *name)
{
	struct cgroup cgroup;

	cgroup_parse(cgroups, &cgroup);
	if (cgroup.container.length &&
	    container_table_write_name(sources->containers, cgroup.container, now, name))
		return true;
	return cgroup_parse_name(cgroups, name);
}

/* The unit or container when the control group tells, else what it executes. */
static void write_name(const struct sources *sources, struct process *process, double now,
		       struct text *name)
{
	CLEANUP(file_close) int directory = -1;
	CLEANUP(text_deinit) struct text text = { 0 };

	if (!process_open(process, &sources->procfs, &directory)) {
		if (!file_read(directory, "cgroup", CGROUP_MAX, &text) &&
		    write_service(sources, (struct bytes){ text_string(&text), text.length },
				  now, name))
			return;
		if (!pid_read_exe(directory, &text)) {
			text_append_string(name, match_base_name(text_string(&text)));
			return;
		}
	}
	text_append_string(name, process->stat.comm);
}

struct target *join_discover(struct sources *sources, struct process *process, double now)
{
	CLEANUP(text_deinit) struct text name = { 0 };

	write_name(sources, process, now, &name);
	/* Two different things must not share a name: the rule said no to this process. */
	if (target_table_find_configured(&sources->targets, text_string(&name)))
		text_append_string(&name, "-discovered");
	return target_table_get(&sources->targets, text_string(&name), now);
}

static int compare_watched(const void *a, const void *b)
{
	const struct watched *const *x = a, *const *y = b;
	uint32_t i = (*x)->process->target->index, j = (*y)->process->target->index;

	if (i != j)
		return i < j ? -1 : 1;
	return ((*x)->process->pid > (*y)->process->pid) -
	       ((*x)->process->pid < (*y)->process->pid);
}

static int compare_inodes(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Sorts, and counts the different ones. */
static size_t count_distinct(uint64_t *inodes, size_t count)
{
	size_t distinct = 0;

	if (count)
		qsort(inodes, count, sizeof(*inodes), compare_inodes);
	for (size_t i = 0; i < count; i++)
		distinct += !i || inodes[i] != inodes[i - 1];
	return distinct;
}

static void write_process(struct sources *sources, struct snapshot *now,
			  const struct watched *watched)
{
	const struct process *process = watched->process;
	const struct procfs *procfs = &sources->procfs;
	uint64_t *inodes = sources->inodes.items + watched->first_inode;

	now->processes[now->process_count++] = (struct process_row){
		.pid = process->pid,
		.parent = process->stat.parent,
		.start_ticks = process->stat.start_ticks,
		.comm = arena_copy_string(&now->arena, process->stat.comm),
		.target = process->target->index,
		.threads = process->stat.threads,
		.resident_bytes =
			(double)process->stat.resident_pages * (double)sysconf(_SC_PAGESIZE),
		.start_time =
			procfs->boot_time + (double)process->stat.start_ticks / procfs->ticks,
		.open_fds = watched->open_fds,
		.max_fds = watched->max_fds,
		.open_sockets = watched->readable ?
					(double)count_distinct(inodes, watched->inode_count) :
					NAN,
		.netns = watched->netns ? watched->netns->inode : 0,
		.readable = watched->readable,
		.unreadable = watched->unreadable,
	};
}

/* Unknown plus something is something: the unreadable processes are counted beside it. */
static void add_known(double *sum, double value)
{
	if (isnan(value))
		return;
	*sum = isnan(*sum) ? value : *sum + value;
}

static void add_process(struct target_row *row, const struct process_row *process)
{
	double ratio = process->open_fds / process->max_fds;

	row->processes++;
	row->threads += process->threads;
	row->resident_bytes += process->resident_bytes;
	row->unreadable[process->unreadable] += !process->readable;
	add_known(&row->open_fds, process->open_fds);
	add_known(&row->max_fds, process->max_fds);
	if (!isnan(ratio) && !(row->worst_fd_ratio > ratio))
		row->worst_fd_ratio = ratio;
	if (!(row->oldest_start_time < process->start_time))
		row->oldest_start_time = process->start_time;
}

/* Sockets of all readable processes of a target, those shared by several of them once. */
static double count_sockets(const struct sources *sources, struct watched *const *members,
			    size_t count)
{
	struct fd_inodes all = { 0 };
	double sockets = NAN;

	for (size_t i = 0; i < count; i++) {
		const struct watched *watched = members[i];

		if (!watched->readable)
			continue;
		all.items = memory_grow(all.items, &all.capacity,
					all.count + watched->inode_count + 1,
					sizeof(*all.items));
		if (watched->inode_count)
			memcpy(all.items + all.count,
			       sources->inodes.items + watched->first_inode,
			       watched->inode_count * sizeof(*all.items));
		all.count += watched->inode_count;
		sockets = 0;
	}
	if (!isnan(sockets))
		sockets = (double)count_distinct(all.items, all.count);
	fd_inodes_deinit(&all);
	return sockets;
}

/* Sums start as 0 without processes, as unknown with them. */
static void write_target(struct sources *sources, struct snapshot *now,
			 const struct target *target, struct watched **members, size_t count)
{
	double unknown = count ? NAN : 0;
	struct target_row *row = &now->targets[now->target_count++];

	*row = (struct target_row){
		.name = arena_copy_string(&now->arena, target->name),
		.open_fds = unknown,
		.max_fds = unknown,
		.worst_fd_ratio = unknown,
		.open_sockets = count ? count_sockets(sources, members, count) : 0,
		.oldest_start_time = NAN,
	};
	for (size_t i = 0; i < count; i++) {
		write_process(sources, now, members[i]);
		add_process(row, &now->processes[now->process_count - 1]);
	}
}

static uint64_t count_failed(const struct connection_counters *counters)
{
	uint64_t failed = 0;

	for (unsigned reason = 0; reason < CONNECT_FAILURE_COUNT; reason++)
		failed += counters->failed[reason];
	return failed;
}

static void remember(struct pair *pair, bool lacks_info, double now)
{
	const struct connection_gauges *gauges = &pair->gauges;
	const struct connection_counters *counters = &pair->counters;
	uint64_t failed = count_failed(counters);
	double known = lacks_info ? NAN : 1;
	double values[HISTORY_VALUES] = {
		[HISTORY_ESTABLISHED] = gauges->connections[TCP_STATE_ESTABLISHED],
		[HISTORY_CLOSE_WAIT] = gauges->connections[TCP_STATE_CLOSE_WAIT],
		[HISTORY_SYN_SENT] = gauges->connections[TCP_STATE_SYN_SENT],
		[HISTORY_TIME_WAIT] = gauges->connections[TCP_STATE_TIME_WAIT],
		[HISTORY_IDLE] = known * gauges->idle,
		[HISTORY_USED_ONCE] = known * gauges->used_once,
		[HISTORY_AWAITING] = known * gauges->awaiting,
		[HISTORY_UNREAD] = gauges->unread,
		[HISTORY_SEND_STALLED] = gauges->send_stalled,
		[HISTORY_OPENED] = (double)(counters->opened - pair->past.opened),
		[HISTORY_CLOSED] = (double)(counters->closed - pair->past.closed),
		[HISTORY_FAILED] = (double)(failed - pair->past.failed),
	};

	pair->past = (struct pair_past){ counters->opened, counters->closed, failed };
	if (!pair->history)
		pair->history = memory_new(1, sizeof(*pair->history));
	history_add(pair->history, now, values, HISTORY_OPENED);
}

/* Whether only /proc/net/tcp is read, at all or where a process of the target lives. */
static bool lacks_info(const struct sources *sources, struct watched *const *members,
		       size_t count)
{
	if (!sources->procfs.is_live || sources->config->collect.sockets == SOCKETS_PROCFS)
		return true;
	for (size_t i = 0; i < count; i++) {
		if (members[i]->netns && members[i]->netns->source == NETNS_PROCFS)
			return true;
	}
	return false;
}

/* When all processes of a target were unreadable, nothing is known: no row, not zeroes. */
static void write_pairs(struct snapshot *now, struct target *target, bool without_info)
{
	const struct target_row *row = &now->targets[target->index];

	if (row->processes && isnan(row->open_sockets))
		return;
	pair_set_sort(&target->pairs);
	for (size_t i = 0; i < target->pairs.count; i++) {
		struct pair *pair = target->pairs.items[i];
		struct pair_row *written = &now->pairs[now->pair_count++];

		pair->gauges.lacks_info |= without_info;
		remember(pair, pair->gauges.lacks_info, now->monotonic);
		*written = (struct pair_row){
			.target = target->index,
			.destination = arena_copy_string(&now->arena, pair->destination),
			.configured = pair->configured,
			.gauges = pair->gauges,
			.counters = pair->counters,
			.history = pair->history,
		};
	}
}

static const char *const netns_sources[] = {
	[NETNS_UNREAD] = NULL,
	[NETNS_SOCK_DIAG] = "sock_diag",
	[NETNS_PROCFS] = "procfs",
};

static void write_netns_pair(struct snapshot *now, const char *netns, const struct pair *pair)
{
	struct netns_pair_row *row = &now->netns_pairs[now->netns_pair_count++];

	*row = (struct netns_pair_row){
		.netns = netns,
		.destination = arena_copy_string(&now->arena, pair->destination),
		.has_unowned = pair->view.has_unowned,
		.has_all = pair->view.has_all,
		.has_ports = pair->view.has_ports,
		.local_ports = pair->view.local_ports,
	};
	memcpy(row->unowned, pair->gauges.connections, sizeof(row->unowned));
	memcpy(row->all, pair->view.all, sizeof(row->all));
}

/* Of a namespace whose table was not read nothing is known: no rows, not zeroes. */
static void write_netns(struct snapshot *now, struct netns *netns)
{
	struct netns_row *row;

	if (!netns->present)
		return;
	row = &now->namespaces[now->netns_count++];
	*row = (struct netns_row){
		.name = arena_copy_string(&now->arena, netns->label),
		.source = netns_sources[netns->source],
		.local_ports = netns->local_ports,
	};
	if (!netns->source)
		return;
	pair_set_sort(&netns->destinations);
	for (size_t i = 0; i < netns->destinations.count; i++)
		write_netns_pair(now, row->name, netns->destinations.items[i]);
}

/* The watched processes that have a target, sorted by it; the rest was only looked at. */
static struct watched **list_members(struct sources *sources, struct snapshot *now,
				     size_t *ret_count)
{
	struct watched **members = memory_new(sources->watched_count, sizeof(*members));
	size_t count = 0;

	now->self.unreadable[UNREADABLE_PERMISSION] += sources->processes.refused;
	for (size_t i = 0; i < sources->watched_count; i++) {
		struct watched *watched = &sources->watched[i];

		now->self.unreadable[watched->unreadable] += !watched->readable;
		if (watched->process->target)
			members[count++] = watched;
	}
	qsort(members, count, sizeof(*members), compare_watched);
	*ret_count = count;
	return members;
}

static void write_self(const struct sources *sources, struct self_row *self)
{
	self->truncated[TRUNCATED_TARGETS] = sources->targets.truncated;
	self->truncated[TRUNCATED_DESTINATIONS] = sources->budget.truncated_destinations;
	self->truncated[TRUNCATED_PAIRS] = sources->budget.truncated_pairs;
	self->truncated[TRUNCATED_CONNECTIONS] =
		sources->truncated_connections + sources->events->dropped;
	self->truncated[TRUNCATED_CMDLINES] = sources->processes.given_up;
	self->lost_events = events_lost(sources->events);
	self->unattributed_connects = sources->events->unattributed;
	self->event_suspensions = sources->events->suspensions;
	self->unresolved_names = names_unresolved(sources->names);
}

static void write_targets(struct sources *sources, struct snapshot *now)
{
	CLEANUP(memory_free_pointer) struct watched **members = NULL;
	size_t count, at = 0, end;

	for (size_t i = 0; i < sources->targets.count; i++)
		sources->targets.items[i]->index = (uint32_t)i;
	members = list_members(sources, now, &count);
	now->targets = arena_alloc(&now->arena, sources->targets.count, sizeof(*now->targets));
	now->processes = arena_alloc(&now->arena, count, sizeof(*now->processes));
	for (size_t i = 0; i < sources->targets.count; i++, at = end) {
		for (end = at; end < count && members[end]->process->target->index == i;)
			end++;
		write_target(sources, now, sources->targets.items[i], members + at, end - at);
		write_pairs(now, sources->targets.items[i],
			    lacks_info(sources, members + at, end - at));
	}
}

void join_write_rows(struct sources *sources, struct snapshot *now)
{
	size_t pairs = sources->budget.count;

	now->has_events = sources->events->tracepoint != NULL;
	now->pairs = arena_alloc(&now->arena, pairs, sizeof(*now->pairs));
	write_targets(sources, now);
	now->namespaces =
		arena_alloc(&now->arena, sources->namespaces.count, sizeof(*now->namespaces));
	now->netns_pairs = arena_alloc(&now->arena, pairs, sizeof(*now->netns_pairs));
	for (size_t i = 0; i < sources->namespaces.count; i++)
		write_netns(now, sources->namespaces.items[i]);
	write_self(sources, &now->self);
}
