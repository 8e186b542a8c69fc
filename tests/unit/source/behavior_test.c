#include "source/behavior.h"

#include "base/compiler.h"
#include "look.h"

/* As seen: last_data_sent and _recv of 3,125,228 ms, and the SYN in the queue. */
TEST(times_of_syn_sent_are_garbage)
{
	struct script script;
	struct socket_row row = with_queues(INFO(TCP_STATE_SYN_SENT, .since_sent = 3125.228,
						 .since_received = 3125.228),
					    0, 1);

	look_first(&script, true, row);
	look_after(&script, 60, row);
	CHECK_EQ_DBL(script.behavior.established, NAN);
	CHECK_EQ_DBL(script.behavior.last_sent, NAN);
	CHECK_EQ_DBL(script.behavior.last_received, NAN);
	CHECK_EQ_INT(script.behavior.send_queue, 0);
	CHECK_EQ_DBL(age(&script), 0);
	CHECK(!is_idle(&script, 1));
	CHECK(!is_awaiting(&script));
	CHECK(!is_stalled(&script, 1));
	CHECK(!behavior_is_used_once(&script.behavior));
}

TEST(the_timer_is_that_of_the_newest_look)
{
	struct socket_row row = procfs(TCP_STATE_SYN_SENT, 0, 1);
	struct script script;

	row.timer = SOCKET_TIMER_RETRANSMIT;
	row.backoff = 2;
	look_first(&script, true, row);
	CHECK_EQ_INT(script.behavior.timer, SOCKET_TIMER_RETRANSMIT);
	CHECK_EQ_INT(script.behavior.backoff, 2);
	look_after(&script, 5, OPEN(.since_sent = 2, .since_received = 2));
	CHECK_EQ_INT(script.behavior.timer, SOCKET_TIMER_NONE);
	CHECK_EQ_INT(script.behavior.backoff, 0);
}

TEST(a_handshake_that_ends_between_looks)
{
	struct script script;

	look_first(&script, true, procfs(TCP_STATE_SYN_SENT, 0, 1));
	look_after(&script, 5, OPEN(.since_sent = 2, .since_received = 2));
	behavior_set_established(&script.behavior, script.now);
	CHECK(is_near(age(&script), 2));
	look_after(&script, 5, OPEN(.since_sent = 7, .since_received = 7));
	CHECK(is_near(age(&script), 7));
}

/* A SYN with data (TCP Fast Open) has bytes, and yet no times, and nothing that stalls. */
TEST(data_of_a_syn_gets_its_time_later)
{
	struct script script;
	struct socket_row row = with_queues(INFO(TCP_STATE_SYN_SENT, .sent = 5,
						 .since_sent = 9999, .since_received = 9999),
					    0, 6);

	look_first(&script, true, row);
	CHECK_EQ_U64(script.change.sent, 5);
	look_after(&script, 60, row);
	CHECK_EQ_DBL(script.behavior.last_sent, NAN);
	CHECK(!is_stalled(&script, 1));
	look_after(&script, 5,
		   OPEN(.sent = 5, .acknowledged = 6, .since_sent = 2, .since_received = 2));
	CHECK(is_near(script.behavior.last_sent, START + 63));
	CHECK(is_awaiting(&script));
	CHECK(!script.behavior.reused);
}

TEST(age_is_bounded_by_the_longer_silence)
{
	struct script script;

	look_first(&script, false,
		   OPEN(.sent = 9, .received = 9, .since_sent = 40, .since_received = 3));
	CHECK(is_near(age(&script), 40));
	look_after(&script, 10,
		   OPEN(.sent = 18, .received = 18, .since_sent = 1, .since_received = 1));
	CHECK(is_near(age(&script), 50));
}

TEST(age_without_times_starts_at_the_first_look)
{
	struct script script;

	look_first(&script, false, procfs(TCP_STATE_CLOSE_WAIT, 1, 0));
	look_after(&script, 5, procfs(TCP_STATE_CLOSE_WAIT, 1, 0));
	CHECK(is_near(age(&script), 5));
}

TEST(the_earliest_word_on_the_age_counts)
{
	struct script script;

	look_first(&script, true, procfs(TCP_STATE_ESTABLISHED, 0, 0));
	behavior_set_established(&script.behavior, START - 3);
	CHECK(is_near(age(&script), 3));
	behavior_set_established(&script.behavior, START - 1);
	CHECK(is_near(age(&script), 3));
	behavior_set_established(&script.behavior, START + 99);
	CHECK(is_near(age(&script), 3));
}

/* The clock of the look is read before the table: what the table tells may be newer. */
TEST(nothing_is_negative)
{
	struct script script;

	look_first(&script, true, OPEN(.sent = 5));
	CHECK_EQ_DBL(behavior_age(&script.behavior, START - 1), 0);
	CHECK_EQ_DBL(behavior_waited(&script.behavior, START - 1), 0);
}

/* Both times are those of the handshake, though nothing was ever received. */
TEST(a_first_request_without_answer_is_awaiting)
{
	struct script script;

	look_first(&script, false,
		   OPEN(.sent = 80, .acknowledged = 81, .since_sent = 3.004,
			.since_received = 3.004));
	CHECK(is_awaiting(&script));
	CHECK_EQ_DBL(script.behavior.last_received, NAN);
	CHECK(is_near(behavior_waited(&script.behavior, script.now), 3.004));
	CHECK(!is_idle(&script, 1));
}

TEST(a_connection_without_bytes_is_not_awaiting)
{
	struct script script;

	look_first(&script, false, OPEN(.since_sent = 3, .since_received = 3));
	CHECK(!is_awaiting(&script));
	CHECK_EQ_DBL(script.behavior.last_sent, NAN);
	CHECK_EQ_DBL(script.behavior.last_received, NAN);
}

/* A server that greets first. */
TEST(what_only_received_is_not_awaiting)
{
	struct script script;

	look_first(&script, false, OPEN(.received = 30, .since_sent = 3, .since_received = 2));
	CHECK(!is_awaiting(&script));
	CHECK(!behavior_is_used_once(&script.behavior));
}

TEST(who_spoke_last_at_the_first_look)
{
	struct script script;

	look_first(&script, false,
		   OPEN(.sent = 9, .received = 9, .since_sent = 3, .since_received = 3.004));
	CHECK(is_awaiting(&script));
	look_first(&script, false,
		   OPEN(.sent = 9, .received = 9, .since_sent = 3, .since_received = 2.996));
	CHECK(!is_awaiting(&script));
	look_first(&script, false,
		   OPEN(.sent = 9, .received = 9, .since_sent = 3, .since_received = 3));
	CHECK(!is_awaiting(&script));
}

TEST(a_tie_keeps_the_state_from_before)
{
	struct script script;

	look_first(&script, false, OPEN(.sent = 9, .since_sent = 1, .since_received = 2));
	look_after(&script, 5,
		   OPEN(.sent = 18, .received = 5, .since_sent = 1, .since_received = 1));
	CHECK(is_awaiting(&script));
	look_after(&script, 5,
		   OPEN(.sent = 27, .received = 10, .since_sent = 1, .since_received = 0.996));
	CHECK(!is_awaiting(&script));
	look_after(&script, 5,
		   OPEN(.sent = 36, .received = 15, .since_sent = 1, .since_received = 1));
	CHECK(!is_awaiting(&script));
}

/* Which of the two happened is known when only one of them did. */
TEST(a_tie_of_one_direction_is_none)
{
	struct script script;
	struct socket_row answered =
		OPEN(.sent = 9, .received = 5, .since_sent = 1, .since_received = 1);
	struct socket_row asked =
		OPEN(.sent = 18, .received = 5, .since_sent = 6, .since_received = 6);

	look_first(&script, false, answered);
	CHECK(!is_awaiting(&script));
	look_after(&script, 5, asked);
	CHECK(is_awaiting(&script));
	asked.info.received = 10;
	look_after(&script, 5, asked);
	CHECK(!is_awaiting(&script));
}

/* As seen: last_data_sent starts anew each time the same five bytes are sent again. */
TEST(sending_the_same_again_is_nothing_new)
{
	struct script script;

	look_first(&script, true,
		   OPEN(.sent = 5, .received = 3, .since_sent = 0.8, .since_received = 0.3));
	look_after(&script, 5,
		   with_queues(OPEN(.sent = 10, .received = 3, .since_sent = 4.5,
				    .since_received = 5.3),
			       0, 5));
	CHECK(is_near(behavior_waited(&script.behavior, script.now), 4.5));
	look_after(&script, 5,
		   with_queues(OPEN(.sent = 10, .received = 3, .since_sent = 0.144,
				    .since_received = 10.3, .retransmits = 5),
			       0, 5));
	CHECK(is_near(behavior_waited(&script.behavior, script.now), 9.5));
	CHECK(is_awaiting(&script));
	CHECK(!script.behavior.reused);
	CHECK_EQ_U64(script.change.sent, 0);
	CHECK_EQ_U64(script.change.retransmits, 5);
}

/* Nobody owes an answer because the first bytes were repeated after it. */
TEST(sending_again_what_was_answered_is_not_awaiting)
{
	struct script script;

	look_first(&script, true,
		   OPEN(.sent = 5, .received = 3, .since_sent = 0.8, .since_received = 0.3));
	look_after(&script, 5,
		   OPEN(.sent = 5, .received = 3, .since_sent = 1, .since_received = 5.3,
			.retransmits = 1));
	CHECK(!is_awaiting(&script));
	CHECK(is_idle(&script, 5));
}

/* The peer closes instead of answering: its FIN is one byte more. */
TEST(a_fin_is_no_answer)
{
	struct script script;
	struct socket_row row =
		OPEN(.sent = 9, .acknowledged = 10, .since_sent = 3, .since_received = 3);

	look_first(&script, true, row);
	row = INFO(TCP_STATE_CLOSE_WAIT, .sent = 9, .acknowledged = 10, .received = 1,
		   .since_sent = 8, .since_received = 8);
	look_after(&script, 5, with_queues(row, 1, 0));
	CHECK_EQ_U64(script.behavior.received, 0);
	CHECK_EQ_U64(script.change.received, 0);
	CHECK_EQ_DBL(script.behavior.last_received, NAN);
	row.info.received = 2;
	look_after(&script, 5, with_queues(row, 2, 0));
	CHECK_EQ_U64(script.behavior.received, 1);
	CHECK_EQ_U64(script.change.received, 1);
	CHECK(!isnan(script.behavior.last_received));
}

TEST(only_established_ones_await_or_idle)
{
	static const enum tcp_state others[] = { TCP_STATE_CLOSE_WAIT, TCP_STATE_FIN_WAIT1,
						 TCP_STATE_FIN_WAIT2, TCP_STATE_LAST_ACK,
						 TCP_STATE_CLOSING };
	struct script script;

	look_first(&script, false, OPEN(.sent = 9, .since_sent = 60, .since_received = 60));
	CHECK(is_awaiting(&script));
	for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
		look_first(&script, false,
			   INFO(others[i], .sent = 9, .since_sent = 60, .since_received = 60));
		CHECK(!is_awaiting(&script));
		look_first(&script, false,
			   INFO(others[i], .since_sent = 60, .since_received = 60));
		CHECK(!is_idle(&script, 30));
	}
}

TEST(idle_after_silence)
{
	struct script script;

	look_first(&script, false,
		   OPEN(.sent = 9, .received = 9, .since_sent = 40, .since_received = 30));
	CHECK(is_idle(&script, 30));
	CHECK(!is_idle(&script, 30.1));
	look_after(&script, 5,
		   OPEN(.sent = 9, .received = 10, .since_sent = 45, .since_received = 1));
	CHECK(!is_idle(&script, 30));
}

TEST(idle_though_never_used)
{
	struct script script;

	look_first(&script, false, OPEN(.since_sent = 30, .since_received = 30));
	CHECK(is_idle(&script, 30));
	CHECK(!is_idle(&script, 31));
	CHECK(!behavior_is_used_once(&script.behavior));
}

TEST(not_idle_with_something_in_a_queue)
{
	struct script script;
	struct socket_row row = OPEN(.sent = 9, .acknowledged = 10, .received = 9,
				     .since_sent = 60, .since_received = 50);

	look_first(&script, false, with_queues(row, 1, 0));
	CHECK(!is_idle(&script, 30));
	look_first(&script, false, with_queues(row, 0, 1));
	CHECK(!is_idle(&script, 30));
	look_first(&script, false, with_queues(row, 0, 0));
	CHECK(is_idle(&script, 30));
}

/* One look without tcp_info: what it did meanwhile is not known. */
TEST(queues_alone_do_not_tell_idle_or_awaiting)
{
	struct script script;

	look_first(&script, false, OPEN(.sent = 9, .since_sent = 60, .since_received = 60));
	look_after(&script, 5, procfs(TCP_STATE_ESTABLISHED, 0, 0));
	CHECK(!script.behavior.known);
	CHECK(!is_awaiting(&script));
	CHECK(!is_idle(&script, 1));
	CHECK(!behavior_is_used_once(&script.behavior));
	look_after(&script, 5, OPEN(.sent = 9, .since_sent = 70, .since_received = 70));
	CHECK(is_awaiting(&script));
	CHECK(behavior_is_used_once(&script.behavior));
}

TEST(all_bytes_of_a_new_connection_are_news)
{
	struct script script;
	struct socket_row row =
		OPEN(.sent = 500, .acknowledged = 501, .received = 700, .retransmits = 2);

	look_first(&script, true, row);
	CHECK_EQ_U64(script.change.sent, 500);
	CHECK_EQ_U64(script.change.received, 700);
	CHECK_EQ_U64(script.change.retransmits, 2);
	look_after(&script, 5, row);
	CHECK_EQ_U64(script.change.sent + script.change.received + script.change.retransmits,
		     0);
}

TEST(bytes_of_an_old_connection_are_not)
{
	struct script script;

	look_first(&script, false, OPEN(.sent = 500, .received = 700, .retransmits = 2));
	CHECK_EQ_U64(script.change.sent + script.change.received + script.change.retransmits,
		     0);
	look_after(&script, 5, OPEN(.sent = 510, .received = 720, .retransmits = 5));
	CHECK_EQ_U64(script.change.sent, 10);
	CHECK_EQ_U64(script.change.received, 20);
	CHECK_EQ_U64(script.change.retransmits, 3);
}

TEST(changes_are_never_negative)
{
	struct script script;

	look_first(&script, true, OPEN(.sent = 500, .received = 700, .retransmits = 2));
	look_after(&script, 5, OPEN(.sent = 499, .received = 0, .retransmits = 1));
	CHECK_EQ_U64(script.change.sent + script.change.received + script.change.retransmits,
		     0);
	look_after(&script, 5, OPEN(.sent = 501, .received = 701, .retransmits = 3));
	CHECK_EQ_U64(script.change.sent, 1);
	CHECK_EQ_U64(script.change.received, 1);
	CHECK_EQ_U64(script.change.retransmits, 2);
}

/* An event told of it, or /proc did: its bytes are news when they are first seen. */
TEST(bytes_of_a_new_connection_that_come_later)
{
	struct script script;

	look_first(&script, true, procfs(TCP_STATE_ESTABLISHED, 0, 0));
	CHECK_EQ_U64(script.change.sent + script.change.received, 0);
	look_after(&script, 5, OPEN(.sent = 500, .received = 700, .data_segments_out = 9));
	CHECK_EQ_U64(script.change.sent, 500);
	CHECK_EQ_U64(script.change.received, 700);
	CHECK(behavior_is_used_once(&script.behavior));
}

TEST(bytes_of_an_old_connection_that_come_later)
{
	struct script script;

	look_first(&script, false, procfs(TCP_STATE_ESTABLISHED, 0, 0));
	look_after(&script, 5, OPEN(.sent = 500, .received = 700, .data_segments_out = 9));
	CHECK_EQ_U64(script.change.sent + script.change.received, 0);
	CHECK(!behavior_is_used_once(&script.behavior));
	look_after(&script, 5, OPEN(.sent = 501, .received = 702, .data_segments_out = 9));
	CHECK_EQ_U64(script.change.sent, 1);
	CHECK_EQ_U64(script.change.received, 2);
}

/* TIME_WAIT has no tcp_info: its zeros are not counters that went back. */
TEST(an_end_without_info_keeps_the_bytes)
{
	struct script script;

	look_first(&script, true, OPEN(.sent = 500, .received = 700));
	look_after(&script, 5, procfs(TCP_STATE_TIME_WAIT, 0, 0));
	CHECK_EQ_U64(script.change.sent + script.change.received, 0);
	CHECK_EQ_U64(script.behavior.sent, 500);
	look_after(&script, 5, OPEN(.sent = 510, .received = 700));
	CHECK_EQ_U64(script.change.sent, 10);
}

TEST(round_trip_is_that_of_the_newest_look)
{
	struct script script;

	look_first(&script, true, OPEN(.round_trip = 0.25));
	CHECK_EQ_DBL((double)script.behavior.round_trip, 0.25);
	look_after(&script, 5, OPEN(.round_trip = 0.5));
	CHECK_EQ_DBL((double)script.behavior.round_trip, 0.5);
}

TEST_MAIN()
