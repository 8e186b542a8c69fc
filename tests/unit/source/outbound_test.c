/* One connection with all that sock_diag tells: bytes, cookies, gauges. */
#include "source/outbound.h"

#include <stdlib.h>

#include "base/memory.h"
#include "test.h"

struct one {
	struct ledger_entry entry;
	struct pair pair;
	struct config config;
};

static void one_init(struct one *one)
{
	*one = (struct one){ .entry = { .kind = LEDGER_OUTBOUND } };
	one->entry.pair = &one->pair;
	one->config.detect.idle_after = 60;
	one->config.detect.stalled_after = 30;
}

static void one_deinit(struct one *one)
{
	free(one->entry.behavior);
}

static struct socket_row row(enum tcp_state state, uint64_t inode, uint64_t cookie)
{
	return (struct socket_row){
		.state = state, .inode = inode, .cookie = cookie, .has_info = inode != 0
	};
}

static void look(struct one *one, const struct socket_row *row, double now, bool old)
{
	outbound_look(&one->entry, row, now, old);
}

static struct news news(enum news_kind kind, double started, double time)
{
	return (struct news){ .kind = kind,
			      .reason = CONNECT_TIMED_OUT,
			      .started = started,
			      .established = started,
			      .time = time };
}

TEST(bytes_of_a_new_connection_are_news)
{
	CLEANUP(one_deinit) struct one one;
	struct socket_row open = row(TCP_STATE_ESTABLISHED, 1, 7), gone;

	one_init(&one);
	open.info = (struct socket_info){ .sent = 100, .received = 50, .retransmits = 2 };
	look(&one, &open, 10, false);
	CHECK_EQ_U64(one.pair.counters.sent, 100);
	CHECK_EQ_U64(one.pair.counters.received, 50);
	CHECK_EQ_U64(one.pair.counters.retransmits, 2);
	open.info.sent = 130;
	look(&one, &open, 15, false);
	CHECK_EQ_U64(one.pair.counters.sent, 130);
	/* They stay when the row no longer tells. */
	gone = row(TCP_STATE_TIME_WAIT, 0, 7);
	look(&one, &gone, 20, false);
	CHECK(outbound_vanished(&one.entry, 25));
	CHECK_EQ_U64(one.pair.counters.sent, 130);
	CHECK_EQ_U64(one.pair.counters.opened, 1);
	CHECK_EQ_U64(one.pair.counters.closed, 1);
}

TEST(bytes_of_an_old_connection_are_not)
{
	CLEANUP(one_deinit) struct one one;
	struct socket_row open = row(TCP_STATE_ESTABLISHED, 1, 7);

	one_init(&one);
	open.info.sent = 100;
	look(&one, &open, 10, true);
	CHECK_EQ_U64(one.pair.counters.sent, 0);
	open.info.sent = 101;
	look(&one, &open, 15, true);
	CHECK_EQ_U64(one.pair.counters.sent, 1);
	CHECK_EQ_U64(one.pair.counters.opened, 0);
}

/* An event told of it before any look did. */
TEST(bytes_of_a_connection_known_by_an_event)
{
	CLEANUP(one_deinit) struct one one;
	struct socket_row open = row(TCP_STATE_ESTABLISHED, 1, 7);
	struct news opened = news(NEWS_OPENED, 11, 12), closed = news(NEWS_CLOSED, 11, 40);

	one_init(&one);
	outbound_opened(&one.entry, &opened);
	open.info.sent = 100;
	open.info.since_sent = open.info.since_received = 1;
	look(&one, &open, 15, false);
	CHECK_EQ_U64(one.pair.counters.sent, 100);
	CHECK_EQ_U64(one.pair.counters.opened, 1);
	CHECK_EQ_DBL(behavior_age(one.entry.behavior, 15), 3);
	outbound_closed(&one.entry, &closed);
	outbound_closed(&one.entry, &closed);
	CHECK_EQ_U64(one.pair.counters.closed, 1);
	CHECK(outbound_vanished(&one.entry, 45));
	CHECK_EQ_U64(one.pair.counters.closed, 1);
}

/* The cookie tells, where the inode is not known or the state would say anything else. */
TEST(who_is_who)
{
	CLEANUP(one_deinit) struct one one;
	struct socket_row open = row(TCP_STATE_ESTABLISHED, 1, 7), other;

	one_init(&one);
	look(&one, &open, 10, false);
	CHECK(outbound_is_same(&one.entry, &open));
	other = row(TCP_STATE_TIME_WAIT, 0, 7);
	CHECK(outbound_is_same(&one.entry, &other));
	other = row(TCP_STATE_TIME_WAIT, 0, 8);
	CHECK(!outbound_is_same(&one.entry, &other));
	other = row(TCP_STATE_ESTABLISHED, 2, 0);
	CHECK(!outbound_is_same(&one.entry, &other));
	other = row(TCP_STATE_ESTABLISHED, 1, 0);
	CHECK(outbound_is_same(&one.entry, &other));
	/* The same socket connects again. */
	other = row(TCP_STATE_SYN_SENT, 1, 7);
	CHECK(!outbound_is_same(&one.entry, &other));
	other = row(TCP_STATE_LAST_ACK, 1, 7);
	look(&one, &other, 15, false);
	CHECK(outbound_is_same(&one.entry, &other));
	CHECK(!outbound_is_same(&one.entry, &open));
	other = row(TCP_STATE_SYN_SENT, 0, 0);
	CHECK(!outbound_is_same(&one.entry, &other));
}

TEST(a_failure_counts_once)
{
	CLEANUP(one_deinit) struct one one;
	struct socket_row connecting = row(TCP_STATE_SYN_SENT, 1, 7);
	struct news failed = news(NEWS_FAILED, 9, 12);

	one_init(&one);
	look(&one, &connecting, 10, false);
	one.entry.followed = true;
	CHECK(!outbound_vanished(&one.entry, 15));
	outbound_failed(&one.entry, &failed);
	outbound_failed(&one.entry, &failed);
	CHECK(outbound_vanished(&one.entry, 20));
	outbound_replaced(&one.entry, 20);
	CHECK_EQ_U64(one.pair.counters.failed[CONNECT_TIMED_OUT], 1);
	CHECK_EQ_U64(one.pair.counters.failed[CONNECT_UNKNOWN], 0);
}

/* The wait is the same whether it vanishes or lingers in another state, or does both. */
TEST(two_looks_are_waited_for)
{
	struct socket_row open = row(TCP_STATE_ESTABLISHED, 1, 7);
	struct socket_row gone = row(TCP_STATE_TIME_WAIT, 0, 7);

	for (int lingers = 0; lingers <= 2; lingers++) {
		CLEANUP(one_deinit) struct one one;

		one_init(&one);
		look(&one, &open, 10, false);
		one.entry.followed = true;
		for (int i = 0; i < lingers; i++)
			look(&one, &gone, 15, false);
		for (int i = lingers; i < 2; i++)
			CHECK(!outbound_vanished(&one.entry, 20));
		CHECK_EQ_U64(one.pair.counters.closed, 0);
		CHECK(outbound_vanished(&one.entry, 25));
		CHECK_EQ_U64(one.pair.counters.closed, 1);
	}
}

/* Seen again, it begins to wait anew when it ends. */
TEST(one_that_is_there_again_is_waited_for_again)
{
	CLEANUP(one_deinit) struct one one;
	struct socket_row open = row(TCP_STATE_ESTABLISHED, 1, 7);

	one_init(&one);
	look(&one, &open, 10, false);
	one.entry.followed = true;
	CHECK(!outbound_vanished(&one.entry, 15));
	CHECK(!outbound_vanished(&one.entry, 20));
	look(&one, &open, 25, false);
	CHECK(!outbound_vanished(&one.entry, 30));
	CHECK_EQ_U64(one.pair.counters.closed, 0);
}

TEST(what_counts_nowhere_ends_without_a_word)
{
	struct ledger_entry inbound = { .kind = LEDGER_INBOUND };

	CHECK(outbound_vanished(&inbound, 10));
	outbound_replaced(&inbound, 10);
	CHECK_EQ_INT(inbound.phase, LEDGER_CONNECTING);
}

TEST(gauges_of_an_open_connection)
{
	CLEANUP(one_deinit) struct one one;
	struct socket_row open = row(TCP_STATE_ESTABLISHED, 1, 7);
	struct connection_gauges *gauges = &one.pair.gauges;

	one_init(&one);
	open.info = (struct socket_info){
		.sent = 100, .since_sent = 40, .since_received = 50, .round_trip = 0.25
	};
	open.send_queue = 5;
	open.receive_queue = 7;
	look(&one, &open, 100, true);
	look(&one, &open, 140, true);
	outbound_measure(&one.entry, &open, &one.pair, &one.config, 140);
	CHECK_EQ_INT(gauges->connections[TCP_STATE_ESTABLISHED], 1);
	CHECK_EQ_U64(gauges->send_queue, 5);
	CHECK_EQ_U64(gauges->receive_queue, 7);
	CHECK_EQ_INT(gauges->unread, 1);
	CHECK_EQ_INT(gauges->send_stalled, 1);
	CHECK_EQ_INT(gauges->awaiting, 1);
	CHECK_EQ_DBL(gauges->oldest_awaiting, 80);
	CHECK_EQ_DBL(gauges->oldest_age, 90);
	CHECK_EQ_DBL(gauges->round_trip_sum, 0.25);
	CHECK_EQ_INT(gauges->round_trip_count, 1);
	CHECK_EQ_INT(gauges->idle, 0);
	CHECK_EQ_INT(gauges->used_once, 1);
	CHECK(!gauges->lacks_info);
	CHECK_EQ_DBL(one.pair.last_used, 140);
	open.has_info = false;
	look(&one, &open, 145, true);
	outbound_measure(&one.entry, &open, &one.pair, &one.config, 145);
	CHECK(gauges->lacks_info);
}

TEST(gauges_of_one_that_is_closing)
{
	CLEANUP(one_deinit) struct one one;
	struct socket_row gone = row(TCP_STATE_TIME_WAIT, 0, 7);

	one_init(&one);
	look(&one, &gone, 100, true);
	outbound_measure(&one.entry, &gone, &one.pair, &one.config, 100);
	CHECK_EQ_INT(one.pair.gauges.connections[TCP_STATE_TIME_WAIT], 1);
	CHECK_EQ_DBL(one.pair.gauges.oldest_age, 0);
	CHECK(!one.pair.gauges.lacks_info);
}

TEST_MAIN()
