/*
 * A row with an inode that no watched process has open belongs to somebody else. A row without
 * an inode belongs to nobody any more: TIME_WAIT, FIN_WAIT, LAST_ACK and CLOSING after
 * close(2); or not yet: a connection that waits for accept(2), which its listener marks as
 * inbound.
 *
 * The order matters: listeners first, since they tell directions; then events, which tell what
 * happened before the tables were read; then what processes own, then this program's own
 * connections, and last what nobody owns, for which all others must be known.
 */
#include "source/join.h"

#include "base/clock.h"
#include "source/join_rows.h"
#include "source/outbound.h"

struct joint {
	struct sources *sources;
	struct snapshot *now;
};

/* A process that turns out to listen may belong to a rule that waited for that. */
static void match_listener(struct joint *joint, const struct socket_row *row)
{
	struct sources *sources = joint->sources;
	const struct owner *owner = owners_first(&sources->owners, row->inode);

	for (; owner; owner = owners_next(&sources->owners, owner)) {
		struct process *process = sources->watched[owner->watched].process;

		if (!process->may_listen)
			continue;
		process_match_listening(process, &sources->procfs, &sources->processes,
					sources->config, &row->local.port, 1, &sources->targets,
					joint->now->monotonic);
	}
}

static bool is_asked_for(const struct config *config, uint16_t port)
{
	for (size_t i = 0; i < config->target_count; i++) {
		for (size_t j = 0; j < config->targets[i].match_count; j++) {
			if (config->targets[i].matches[j].listen == port)
				return true;
		}
	}
	return false;
}

static void enter_listeners(struct joint *joint, struct netns *netns)
{
	const struct socket_row *rows = joint->sources->rows.items + netns->first_row;

	for (size_t i = 0; i < netns->row_count; i++) {
		if (rows[i].state != TCP_STATE_LISTEN)
			continue;
		listeners_add(&netns->listeners, &rows[i].local, joint->now->monotonic);
		if (is_asked_for(joint->sources->config, rows[i].local.port))
			match_listener(joint, &rows[i]);
	}
}

static bool destination_is(const struct sources *sources, size_t at,
			   const struct endpoint *remote)
{
	const struct destination_config *destination = &sources->config->destinations[at];

	if (destination->port && destination->port != remote->port)
		return false;
	if (destination->has_prefix && !prefix_contains(&destination->prefix, &remote->address))
		return false;
	return !destination->host || names_have(sources->names, at, &remote->address);
}

static const struct destination_config *find_destination(const struct sources *sources,
							 const struct endpoint *remote)
{
	for (size_t i = 0; i < sources->config->destination_count; i++) {
		if (destination_is(sources, i, remote))
			return &sources->config->destinations[i];
	}
	return NULL;
}

struct pair *join_find_pair(struct sources *sources, struct pair_set *set,
			    const struct endpoint *remote, double now)
{
	return pair_find(set, find_destination(sources, remote), remote, now, &sources->budget);
}

struct pair *join_choose_pair(struct sources *sources, struct pair_set *set,
			      const struct endpoint *remote, double now)
{
	struct pair *pair = join_find_pair(sources, set, remote, now);

	pair_budget_charge(&sources->budget, pair);
	return pair;
}

struct target *join_target_of(struct sources *sources, struct process *process, double now)
{
	if (process->target || process->stat.kernel_thread ||
	    !config_discovers(sources->config))
		return process->target;
	process->discovered = true;
	process->target = join_discover(sources, process, now);
	return process->target;
}

/* Where the connection counts in `set`: where it did, or what the rules say now. */
static struct pair *choose_pair(struct joint *joint, struct pair_set *set,
				const struct socket_row *row, const struct ledger_entry *entry)
{
	if (entry->pair && entry->pair->set == set)
		return entry->pair;
	return join_find_pair(joint->sources, set, &row->remote, joint->now->monotonic);
}

/*
 * Whether a connection that is seen for the first time may have been there before: when there
 * was no room for it, or its process was not looked at the last time, unless it did not exist
 * then.
 */
static bool may_be_old(const struct sources *sources, const struct watched *watched, double now)
{
	const struct process *process = watched->process;
	double start = ((double)process->stat.start_ticks + 1) / sources->procfs.ticks;

	if (sources->last_tick == 0)
		return true;
	return sources->was_full ||
	       (process->watched_since == now && start <= sources->last_boot_time);
}

/*
 * tcp_close() leaves a socket without an owner in neither of these: it waits for accept(2), of
 * a listener that was not seen.
 */
static bool waits_for_accept(const struct socket_row *row)
{
	return !row->inode &&
	       (row->state == TCP_STATE_ESTABLISHED || row->state == TCP_STATE_CLOSE_WAIT);
}

/*
 * SYN_SENT can only be outbound; the rest is told by who listens where, and remembered. What a
 * watched process has open is no longer a probe's.
 */
static enum ledger_kind direction(const struct netns *netns, const struct socket_row *row,
				  const struct ledger_entry *entry)
{
	if (entry && (entry->kind != LEDGER_OWN || !row->inode))
		return entry->kind;
	if (waits_for_accept(row))
		return LEDGER_INBOUND;
	if (row->state != TCP_STATE_SYN_SENT && listeners_have(&netns->listeners, &row->local))
		return LEDGER_INBOUND;
	return LEDGER_OUTBOUND;
}

/*
 * The entry of the row, made when it is new; NULL when there is no room. Whatever had the same
 * addresses and is not this connection is over.
 */
static struct ledger_entry *enter(struct joint *joint, const struct netns *netns,
				  const struct socket_row *row, struct ledger_entry *entry)
{
	struct sources *sources = joint->sources;
	enum ledger_kind kind = direction(netns, row, entry);

	if (entry && entry->kind == kind &&
	    (kind != LEDGER_OUTBOUND || outbound_is_same(entry, row)))
		return entry;
	if (entry) {
		outbound_replaced(entry, joint->now->monotonic);
		ledger_remove(&sources->ledger, entry);
	}
	entry = ledger_add(&sources->ledger, netns->inode, &row->local, &row->remote, kind);
	sources->truncated_connections += !entry;
	return entry;
}

static void look(struct joint *joint, const struct socket_row *row, struct ledger_entry *entry,
		 const struct watched *watched)
{
	struct sources *sources = joint->sources;
	double now = joint->now->monotonic;
	bool first = !entry->behavior, old = may_be_old(sources, watched, now);

	outbound_look(entry, row, now, old);
	if (first)
		entry->begun = sources->read;
	if (first && !old)
		entry->followed = events_cover(sources->events, sources->last_read);
}

/* Whether the target that a connection counts for still has it open. */
static bool is_kept(const struct joint *joint, const struct socket_row *row,
		    const struct ledger_entry *entry)
{
	const struct sources *sources = joint->sources;
	const struct owner *owner = owners_first(&sources->owners, row->inode);

	for (; entry->pair && owner; owner = owners_next(&sources->owners, owner)) {
		const struct target *target = sources->watched[owner->watched].process->target;

		if (target && target == entry->pair->set->owner)
			return true;
	}
	return false;
}

/*
 * Counts once for each target that has the socket open, in however many processes; the pair in
 * the first of them is the one to remember, for as long as that target has it.
 */
static void join_owned(struct joint *joint, struct netns *netns, const struct socket_row *row,
		       struct ledger_entry *entry)
{
	struct sources *sources = joint->sources;
	double now = joint->now->monotonic;
	uint64_t serial = ++sources->serial;
	const struct owner *owner = owners_first(&sources->owners, row->inode);
	bool looked = false, first = !entry->behavior, kept = is_kept(joint, row, entry);

	for (; owner; owner = owners_next(&sources->owners, owner)) {
		const struct watched *watched = &sources->watched[owner->watched];
		struct target *target = join_target_of(sources, watched->process, now);
		struct pair *pair;

		if (!target || target->counted == serial)
			continue;
		target->counted = serial;
		pair = choose_pair(joint, &target->pairs, row, entry);
		if (first)
			pair_budget_charge(&sources->budget, pair);
		if (!looked) {
			entry->pair = kept ? entry->pair : pair;
			look(joint, row, entry, watched);
		}
		looked = true;
		outbound_measure(entry, row, pair, sources->config, now);
	}
	port_use_want(&netns->port_use, &row->local.address, &row->remote);
}

static bool has_target(struct joint *joint, const struct socket_row *row)
{
	struct sources *sources = joint->sources;
	const struct owner *owner = owners_first(&sources->owners, row->inode);

	for (; owner; owner = owners_next(&sources->owners, owner)) {
		if (sources->watched[owner->watched].process->target ||
		    config_discovers(sources->config))
			return true;
	}
	return false;
}

/*
 * Somebody else's socket; or that of a process whose descriptors could not be read this time,
 * for which what is known about it is kept.
 */
static void keep_known(struct joint *joint, struct ledger_entry *entry)
{
	entry->seen = joint->sources->tick;
	if (entry->pair)
		entry->pair->last_used = joint->now->monotonic;
}

static void join_unowned(struct joint *joint, struct netns *netns, const struct socket_row *row,
			 struct ledger_entry *entry)
{
	double now = joint->now->monotonic;

	if (!entry->pair)
		entry->pair = join_choose_pair(joint->sources, &netns->destinations,
					       &row->remote, now);
	if (entry->pair->set->owner) {
		outbound_look(entry, row, now, false);
		outbound_measure(entry, row, entry->pair, joint->sources->config, now);
		port_use_want(&netns->port_use, &row->local.address, &row->remote);
		return;
	}
	entry->pair->last_used = now;
	entry->pair->view.has_unowned = true;
	entry->pair->gauges.connections[row->state]++;
}

/* Of a namespace in which a process hides which connections are its own. */
static void count_all(struct joint *joint, struct netns *netns, const struct socket_row *row)
{
	struct pair *pair;

	if (waits_for_accept(row) || listeners_have(&netns->listeners, &row->local))
		return;
	pair = join_find_pair(joint->sources, &netns->destinations, &row->remote,
			      joint->now->monotonic);
	pair->last_used = joint->now->monotonic;
	pair->view.has_all = true;
	pair->view.all[row->state]++;
}

/* Rows that /proc/net/tcp repeats are counted once. */
static void join_row(struct joint *joint, struct netns *netns, const struct socket_row *row)
{
	struct sources *sources = joint->sources;
	struct ledger_entry *entry =
		ledger_find(&sources->ledger, netns->inode, &row->local, &row->remote);

	if (entry && entry->seen == sources->tick)
		return;
	if (netns->hides)
		count_all(joint, netns, row);
	if (row->inode && !has_target(joint, row)) {
		if (entry && (entry->kind != LEDGER_OUTBOUND || outbound_is_same(entry, row)))
			keep_known(joint, entry);
		return;
	}
	entry = enter(joint, netns, row, entry);
	if (!entry)
		return;
	entry->seen = sources->tick;
	if (entry->kind != LEDGER_OUTBOUND)
		return;
	if (row->inode)
		join_owned(joint, netns, row, entry);
	else
		join_unowned(joint, netns, row, entry);
}

/* The rows that have an inode, or those that have none. */
static void join_netns(struct joint *joint, struct netns *netns, bool owned)
{
	const struct socket_row *rows = joint->sources->rows.items + netns->first_row;

	for (size_t i = 0; i < netns->row_count; i++) {
		if (tcp_state_is_outbound(rows[i].state) && rows[i].remote.port &&
		    owned == (rows[i].inode != 0))
			join_row(joint, netns, &rows[i]);
	}
}

static void join_namespaces(struct joint *joint, bool owned)
{
	const struct netns_table *namespaces = &joint->sources->namespaces;

	for (size_t i = 0; i < namespaces->count; i++) {
		if (namespaces->items[i]->source)
			join_netns(joint, namespaces->items[i], owned);
	}
}

/* Before the rows without an inode; what a watched process has open was seen in this tick. */
static void enter_own(struct joint *joint, const struct own_connection *own)
{
	struct sources *sources = joint->sources;
	uint64_t netns = own->netns ? own->netns : sources->namespaces.own;
	struct ledger_entry *entry;

	if (!netns)
		return;
	entry = ledger_find(&sources->ledger, netns, &own->local, &own->remote);

	if (entry && entry->kind != LEDGER_OWN && entry->seen != sources->tick) {
		outbound_replaced(entry, joint->now->monotonic);
		ledger_remove(&sources->ledger, entry);
		entry = NULL;
	}
	if (!entry)
		entry = ledger_add(&sources->ledger, netns, &own->local, &own->remote,
				   LEDGER_OWN);
	if (entry && entry->kind == LEDGER_OWN)
		entry->seen = sources->tick;
}

/* Local ports in use towards what the targets talk to. */
static void measure_ports(struct joint *joint, struct netns *netns)
{
	for (size_t i = 0; i < netns->port_use.capacity; i++) {
		const struct port_use_entry *use = &netns->port_use.slots[i];
		struct pair *pair;

		if (!use->count || !use->wanted)
			continue;
		pair = join_find_pair(joint->sources, &netns->destinations, &use->remote,
				      joint->now->monotonic);
		pair->last_used = joint->now->monotonic;
		pair->view.has_ports = true;
		if (use->count > pair->view.local_ports)
			pair->view.local_ports = use->count;
	}
}

/* A table that was not read does not tell that something is gone. */
static bool may_be_there(const struct sources *sources, const struct ledger_entry *entry)
{
	const struct netns *netns = netns_table_find(&sources->namespaces, entry->netns);

	return netns && netns->present && !netns->source;
}

/*
 * After a change of configuration: a process that was discovered before is still what it was,
 * also when it has no connection at the moment.
 */
static void discover_again(struct joint *joint)
{
	struct process_table *table = &joint->sources->processes;

	for (size_t i = 0; i < table->count; i++) {
		if (table->items[i].discovered && !table->items[i].target)
			join_target_of(joint->sources, &table->items[i], joint->now->monotonic);
	}
}

/* Its target was that of another configuration, and is about to be forgotten. */
static bool is_left_over(const struct ledger_entry *entry)
{
	return entry->pair && entry->pair->set->owner && entry->pair->set->owner->inherited;
}

static void end_vanished(struct joint *joint)
{
	struct sources *sources = joint->sources;
	struct ledger *ledger = &sources->ledger;
	struct ledger_entry *entry = NULL;

	while ((entry = ledger_next(ledger, entry))) {
		if (!is_left_over(entry) &&
		    (entry->seen == sources->tick || may_be_there(sources, entry) ||
		     !outbound_vanished(entry, joint->now->monotonic)))
			keep_known(joint, entry);
		else
			ledger_remove(ledger, entry);
	}
	ledger_compact(ledger);
}

void join(struct sources *sources, struct snapshot *now)
{
	struct joint joint = { .sources = sources, .now = now };
	const struct netns_table *namespaces = &sources->namespaces;

	for (size_t i = 0; i < namespaces->count; i++) {
		if (namespaces->items[i]->source)
			enter_listeners(&joint, namespaces->items[i]);
	}
	discover_again(&joint);
	join_news(sources, now->monotonic);
	join_namespaces(&joint, true);
	for (size_t i = 0; i < now->own_count; i++)
		enter_own(&joint, &now->own[i]);
	join_namespaces(&joint, false);
	for (size_t i = 0; i < namespaces->count; i++)
		measure_ports(&joint, namespaces->items[i]);
	end_vanished(&joint);
	target_table_forget_inherited(&sources->targets, &sources->budget);
	sources->was_full = sources->truncated_connections != sources->last_truncated;
	sources->last_truncated = sources->truncated_connections;
	sources->last_tick = now->monotonic;
	sources->last_boot_time = clock_boot() - (clock_monotonic() - now->monotonic);
	join_write_rows(sources, now);
}
