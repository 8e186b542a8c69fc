/*
 * What the kernel counts (net/ipv4/tcp_ipv4.c, get_tcp4_sock()): the receive queue is
 * rcv_nxt - copied_seq, in which the peer's FIN counts as one byte until it is read, which
 * after close(2) it never is; the send queue is write_seq - snd_una, in which our SYN and FIN
 * count as one each. Payload is what is reported.
 *
 * A row with an inode that no watched process has open belongs to somebody else. A row without
 * an inode belongs to nobody any more: TIME_WAIT, FIN_WAIT, LAST_ACK and CLOSING after
 * close(2); or not yet: a connection that waits for accept(2), which its listener marks as
 * inbound.
 */
#include "source/join.h"

#include <stdlib.h>

#include "base/memory.h"
#include "source/join_rows.h"

/* One open descriptor of one watched process that is a socket. */
struct owner {
	uint64_t inode;
	struct watched *watched;
};

struct joint {
	struct sources *sources;
	struct snapshot *now;
	struct owner *owners; /* sorted by inode, then by place of the process */
	size_t owner_count;
};

static int compare_owners(const void *a, const void *b)
{
	const struct owner *x = a, *y = b;

	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	return (x->watched > y->watched) - (x->watched < y->watched);
}

static void index_owners(struct joint *joint)
{
	struct sources *sources = joint->sources;
	size_t at = 0;

	joint->owners = memory_new(sources->inodes.count, sizeof(*joint->owners));
	for (size_t i = 0; i < sources->watched_count; i++) {
		struct watched *watched = &sources->watched[i];

		for (size_t j = 0; watched->readable && j < watched->inode_count; j++)
			joint->owners[at++] =
				(struct owner){ sources->inodes.items[watched->first_inode + j],
						watched };
	}
	joint->owner_count = at;
	qsort(joint->owners, at, sizeof(*joint->owners), compare_owners);
}

/* The owners of an inode: the first of *ret_count, NULL when there is none. */
static const struct owner *find_owners(const struct joint *joint, uint64_t inode,
				       size_t *ret_count)
{
	size_t low = 0, high = joint->owner_count, count = 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (joint->owners[middle].inode < inode)
			low = middle + 1;
		else
			high = middle;
	}
	while (low + count < joint->owner_count && joint->owners[low + count].inode == inode)
		count++;
	*ret_count = count;
	return count ? &joint->owners[low] : NULL;
}

/* A process that turns out to listen may belong to a rule that waited for that. */
static void match_listener(struct joint *joint, const struct socket_row *row)
{
	struct sources *sources = joint->sources;
	const struct owner *owners;
	size_t count;

	owners = find_owners(joint, row->inode, &count);
	for (size_t i = 0; i < count; i++) {
		if (!owners[i].watched->process->may_listen)
			continue;
		process_match_listening(owners[i].watched->process, &sources->procfs,
					&sources->processes, sources->config, &row->local.port,
					1, &sources->targets, joint->now->monotonic);
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

struct pair *join_choose_pair(struct sources *sources, struct pair_set *set,
			      const struct endpoint *remote, double now)
{
	return pair_find(set, find_destination(sources, remote), remote, now, &sources->budget);
}

/* Where the connection counts in `set`: where it did, or what the rules say now. */
static struct pair *choose_pair(struct joint *joint, struct pair_set *set,
				const struct socket_row *row, const struct ledger_entry *last)
{
	if (last && last->pair && last->pair->set == set)
		return last->pair;
	return join_choose_pair(joint->sources, set, &row->remote, joint->now->monotonic);
}

static uint32_t without(uint32_t queue, bool has_control_byte)
{
	return queue - (has_control_byte && queue);
}

static void count_row(struct pair *pair, const struct socket_row *row, double now)
{
	enum tcp_state state = row->state;
	bool fin_received = state == TCP_STATE_CLOSE_WAIT || state == TCP_STATE_LAST_ACK ||
			    state == TCP_STATE_CLOSING;
	bool control_sent = state == TCP_STATE_SYN_SENT || state == TCP_STATE_FIN_WAIT1 ||
			    state == TCP_STATE_LAST_ACK || state == TCP_STATE_CLOSING;

	pair_count(pair, state, without(row->receive_queue, fin_received),
		   without(row->send_queue, control_sent), now);
}

/* When discovering, a process with an outbound connection and no target is one of its own. */
static struct target *owner_target(struct joint *joint, const struct owner *owner)
{
	struct process *process = owner->watched->process;

	if (!process->target && config_discovers(joint->sources->config))
		process->target = join_discover(joint->sources, process, joint->now->monotonic);
	return process->target;
}

/*
 * Counts once for each target that has the socket open, in however many processes; the pair in
 * the first of them is the one to remember.
 */
static struct pair *count_owned(struct joint *joint, const struct socket_row *row,
				const struct ledger_entry *last)
{
	uint64_t serial = ++joint->sources->serial;
	const struct owner *owners;
	struct pair *first = NULL, *pair;
	size_t count;

	owners = find_owners(joint, row->inode, &count);
	for (size_t i = 0; i < count; i++) {
		struct target *target = owner_target(joint, &owners[i]);

		if (!target || target->counted == serial)
			continue;
		target->counted = serial;
		pair = choose_pair(joint, &target->pairs, row, last);
		count_row(pair, row, joint->now->monotonic);
		first = first ? first : pair;
	}
	return first;
}

static struct pair *count_unowned(struct joint *joint, struct netns *netns,
				  const struct socket_row *row, const struct ledger_entry *last)
{
	struct pair *pair = last && last->pair ? last->pair :
						 choose_pair(joint, &netns->unowned, row, NULL);

	count_row(pair, row, joint->now->monotonic);
	return pair;
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
				  const struct ledger_entry *last)
{
	if (last && (last->kind != LEDGER_OWN || !row->inode))
		return last->kind;
	if (waits_for_accept(row))
		return LEDGER_INBOUND;
	if (row->state != TCP_STATE_SYN_SENT && listeners_have(&netns->listeners, &row->local))
		return LEDGER_INBOUND;
	return LEDGER_OUTBOUND;
}

/*
 * Somebody else's socket; or that of a process whose descriptors could not be read this time,
 * for which what is known about it is kept.
 */
static void keep_known(struct joint *joint, const struct ledger_entry *last)
{
	bool full;

	if (!last)
		return;
	if (ledger_enter(&joint->sources->ledger, last, &full) && last->pair)
		last->pair->last_used = joint->now->monotonic;
}

static void join_row(struct joint *joint, struct netns *netns, const struct socket_row *row)
{
	struct ledger *ledger = &joint->sources->ledger;
	const struct ledger_entry *last =
		ledger_last(ledger, netns->inode, &row->local, &row->remote);
	struct ledger_entry *entry;
	size_t owners = 0;
	bool full;

	if (row->inode)
		find_owners(joint, row->inode, &owners);
	if (row->inode && !owners) {
		keep_known(joint, last);
		return;
	}
	entry = ledger_enter(ledger,
			     &(struct ledger_entry){ .netns = netns->inode,
						     .local = row->local,
						     .remote = row->remote,
						     .kind = direction(netns, row, last) },
			     &full);
	joint->sources->truncated_connections += full;
	if (!entry || entry->kind != LEDGER_OUTBOUND)
		return;
	entry->pair = row->inode ? count_owned(joint, row, last) :
				   count_unowned(joint, netns, row, last);
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
		if (namespaces->items[i]->read)
			join_netns(joint, namespaces->items[i], owned);
	}
}

/*
 * Entered before the rows without an inode, they are "seen before" when those come; and after
 * the rows that a watched process has open, whose addresses may have been a probe's before.
 */
static void enter_own(struct joint *joint)
{
	const struct snapshot *now = joint->now;
	bool full;

	for (size_t i = 0; joint->sources->namespaces.own && i < now->own_count; i++)
		ledger_enter(&joint->sources->ledger,
			     &(struct ledger_entry){ .netns = joint->sources->namespaces.own,
						     .local = now->own[i].local,
						     .remote = now->own[i].remote,
						     .kind = LEDGER_OWN },
			     &full);
}

void join(struct sources *sources, struct snapshot *now)
{
	struct joint joint = { .sources = sources, .now = now };

	index_owners(&joint);
	for (size_t i = 0; i < sources->namespaces.count; i++) {
		struct netns *netns = sources->namespaces.items[i];

		if (netns->read)
			enter_listeners(&joint, netns);
		else if (netns->present)
			ledger_keep_netns(&sources->ledger, netns->inode, now->monotonic);
	}
	join_namespaces(&joint, true);
	enter_own(&joint);
	join_namespaces(&joint, false);
	ledger_turn(&sources->ledger);
	join_write_rows(sources, now);
	free(joint.owners);
}
