/*
 * Of connections: per target and destination, and per network namespace.
 *
 * What takes tcp_info is left out where there is none, since 0 would be a lie.
 * unowned_connections has a row per destination of the host. A socket loses its owner when it
 * is closed, so it can be in the five states after a close() (net/ipv4/tcp.c, tcp_close);
 * others are written if they ever show.
 */
#include "expose/samples.h"

#include <math.h>

static double if_known(const struct pair_row *pair, double value)
{
	return pair->gauges.lacks_info ? NAN : value;
}

double samples_connections_idle(const struct pair_row *pair)
{
	return if_known(pair, pair->gauges.idle);
}

double samples_connections_awaiting(const struct pair_row *pair)
{
	return if_known(pair, pair->gauges.awaiting);
}

double samples_connections_unread(const struct pair_row *pair)
{
	return pair->gauges.unread;
}

double samples_connections_send_stalled(const struct pair_row *pair)
{
	return pair->gauges.send_stalled;
}

double samples_connection_oldest_age(const struct pair_row *pair)
{
	return pair->gauges.oldest_age;
}

double samples_receive_queue(const struct pair_row *pair)
{
	return (double)pair->gauges.receive_queue;
}

double samples_send_queue(const struct pair_row *pair)
{
	return (double)pair->gauges.send_queue;
}

double samples_round_trip_time(const struct pair_row *pair)
{
	return pair->gauges.round_trip_sum / pair->gauges.round_trip_count;
}

double samples_connections_opened(const struct pair_row *pair)
{
	return (double)pair->counters.opened;
}

double samples_connections_closed(const struct pair_row *pair)
{
	return (double)pair->counters.closed;
}

double samples_sent(const struct pair_row *pair)
{
	return if_known(pair, (double)pair->counters.sent);
}

double samples_received(const struct pair_row *pair)
{
	return if_known(pair, (double)pair->counters.received);
}

double samples_retransmits(const struct pair_row *pair)
{
	return if_known(pair, (double)pair->counters.retransmits);
}

/* The labels of a pair, and room for one more. */
#define PAIR_LABELS(snapshot, pair)                                                 \
	{                                                                           \
		(snapshot)->targets[(pair)->target].name, (pair)->destination, NULL \
	}

void samples_write_connections(struct exposition *exposition, const struct samples *samples)
{
	const struct snapshot *snapshot = samples->snapshot;

	for (size_t i = 0; i < snapshot->pair_count; i++) {
		const struct pair_row *pair = &snapshot->pairs[i];
		const char *labels[] = PAIR_LABELS(snapshot, pair);

		for (unsigned state = 0; state < TCP_STATE_COUNT; state++) {
			if (!tcp_state_is_outbound(state))
				continue;
			labels[2] = tcp_state_name(state);
			exposition_count(exposition, labels, pair->gauges.connections[state]);
		}
	}
}

void samples_write_failed(struct exposition *exposition, const struct samples *samples)
{
	const struct snapshot *snapshot = samples->snapshot;

	for (size_t i = 0; i < snapshot->pair_count; i++) {
		const struct pair_row *pair = &snapshot->pairs[i];
		const char *labels[] = PAIR_LABELS(snapshot, pair);

		for (unsigned reason = 0; reason < CONNECT_FAILURE_COUNT; reason++) {
			labels[2] = connect_failure_name(reason);
			exposition_count(exposition, labels, pair->counters.failed[reason]);
		}
	}
}

static uint64_t histogram_count(const struct connection_histogram *histogram)
{
	uint64_t count = 0;

	for (size_t i = 0; i <= CONNECTION_BUCKET_COUNT; i++)
		count += histogram->counts[i];
	return count;
}

static void write_histogram(struct exposition *exposition, const struct snapshot *snapshot,
			    const struct pair_row *pair, const double *bounds,
			    const struct connection_histogram *histogram)
{
	const char *labels[] = PAIR_LABELS(snapshot, pair);

	exposition_histogram(exposition, labels, bounds, histogram->counts,
			     CONNECTION_BUCKET_COUNT, histogram->sum);
}

/* Only events tell how long it took: without them it is not 0 but unknown. */
void samples_write_connect_durations(struct exposition *exposition,
				     const struct samples *samples)
{
	const struct snapshot *snapshot = samples->snapshot;

	for (size_t i = 0; i < snapshot->pair_count; i++) {
		const struct pair_row *pair = &snapshot->pairs[i];

		if (pair->configured &&
		    (snapshot->has_events || histogram_count(&pair->counters.connect)))
			write_histogram(exposition, snapshot, pair, connect_buckets,
					&pair->counters.connect);
	}
}

void samples_write_lifetimes(struct exposition *exposition, const struct samples *samples)
{
	const struct snapshot *snapshot = samples->snapshot;

	for (size_t i = 0; i < snapshot->pair_count; i++) {
		const struct pair_row *pair = &snapshot->pairs[i];

		if (pair->configured)
			write_histogram(exposition, snapshot, pair, lifetime_buckets,
					&pair->counters.lifetime);
	}
}

static bool state_is_after_close(enum tcp_state state)
{
	return state == TCP_STATE_FIN_WAIT1 || state == TCP_STATE_FIN_WAIT2 ||
	       state == TCP_STATE_TIME_WAIT || state == TCP_STATE_LAST_ACK ||
	       state == TCP_STATE_CLOSING;
}

void samples_write_unowned(struct exposition *exposition, const struct samples *samples)
{
	const struct snapshot *snapshot = samples->snapshot;

	for (size_t i = 0; i < snapshot->netns_pair_count; i++) {
		const struct netns_pair_row *row = &snapshot->netns_pairs[i];
		const char *labels[] = { row->netns, row->destination, NULL };

		for (unsigned state = 0; state < TCP_STATE_COUNT; state++) {
			if (!row->has_unowned ||
			    (!row->unowned[state] && !state_is_after_close(state)))
				continue;
			labels[2] = tcp_state_name(state);
			exposition_count(exposition, labels, row->unowned[state]);
		}
	}
}

void samples_write_netns_connections(struct exposition *exposition,
				     const struct samples *samples)
{
	const struct snapshot *snapshot = samples->snapshot;

	for (size_t i = 0; i < snapshot->netns_pair_count; i++) {
		const struct netns_pair_row *row = &snapshot->netns_pairs[i];
		const char *labels[] = { row->netns, row->destination, NULL };

		for (unsigned state = 0; row->has_all && state < TCP_STATE_COUNT; state++) {
			if (!tcp_state_is_outbound(state))
				continue;
			labels[2] = tcp_state_name(state);
			exposition_count(exposition, labels, row->all[state]);
		}
	}
}

void samples_write_netns_info(struct exposition *exposition, const struct samples *samples)
{
	const struct snapshot *snapshot = samples->snapshot;

	for (size_t i = 0; i < snapshot->netns_count; i++) {
		const struct netns_row *row = &snapshot->namespaces[i];
		const char *labels[] = { row->name, row->source ? row->source : "none" };

		exposition_count(exposition, labels, 1);
	}
}

void samples_write_local_ports_used(struct exposition *exposition,
				    const struct samples *samples)
{
	const struct snapshot *snapshot = samples->snapshot;

	for (size_t i = 0; i < snapshot->netns_pair_count; i++) {
		const struct netns_pair_row *row = &snapshot->netns_pairs[i];
		const char *labels[] = { row->netns, row->destination };

		if (row->has_ports)
			exposition_count(exposition, labels, row->local_ports);
	}
}

void samples_write_local_ports_available(struct exposition *exposition,
					 const struct samples *samples)
{
	const struct snapshot *snapshot = samples->snapshot;

	for (size_t i = 0; i < snapshot->netns_count; i++)
		exposition_sample(exposition, &snapshot->namespaces[i].name,
				  snapshot->namespaces[i].local_ports);
}
