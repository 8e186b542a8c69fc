#include "source/behavior.h"

#include "base/compiler.h"
#include "look.h"

TEST(queues_are_payload)
{
	static const struct {
		enum tcp_state state;
		uint32_t receive, send, payload_received, payload_sent;
	} cases[] = {
		{ TCP_STATE_ESTABLISHED, 1, 1, 1, 1 },	{ TCP_STATE_SYN_SENT, 0, 1, 0, 0 },
		{ TCP_STATE_CLOSE_WAIT, 1, 1, 0, 1 },	{ TCP_STATE_CLOSE_WAIT, 0, 0, 0, 0 },
		{ TCP_STATE_CLOSE_WAIT, 14, 0, 13, 0 }, { TCP_STATE_FIN_WAIT1, 1, 1, 1, 0 },
		{ TCP_STATE_FIN_WAIT1, 0, 20, 0, 19 },	{ TCP_STATE_FIN_WAIT2, 1, 0, 1, 0 },
		{ TCP_STATE_LAST_ACK, 1, 1, 0, 0 },	{ TCP_STATE_LAST_ACK, 5, 8, 4, 7 },
		{ TCP_STATE_CLOSING, 1, 1, 0, 0 },	{ TCP_STATE_TIME_WAIT, 0, 0, 0, 0 },
	};
	struct script script;

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		look_first(&script, false,
			   procfs(cases[i].state, cases[i].receive, cases[i].send));
		CHECK_EQ_INT(script.behavior.receive_queue, cases[i].payload_received);
		CHECK_EQ_INT(script.behavior.send_queue, cases[i].payload_sent);
	}
}

TEST(unread_when_no_byte_is_taken)
{
	struct script script;
	struct socket_row row =
		OPEN(.sent = 9, .received = 500, .since_sent = 1, .since_received = 1);

	look_first(&script, true, with_queues(row, 400, 0));
	CHECK(!is_unread(&script, 1));
	look_after(&script, 10, with_queues(row, 400, 0));
	CHECK(is_unread(&script, 10));
	CHECK(!is_unread(&script, 10.1));
	row.info.received = 900;
	look_after(&script, 5, with_queues(row, 800, 0));
	CHECK(is_unread(&script, 15));
}

/* The queue is as long as before, and all of it is other data. */
TEST(a_full_queue_that_moves_is_not_unread)
{
	struct script script;
	struct socket_row row =
		OPEN(.sent = 9, .received = 500, .since_sent = 1, .since_received = 0);

	look_first(&script, true, with_queues(row, 400, 0));
	row.info.received = 900;
	look_after(&script, 10, with_queues(row, 400, 0));
	CHECK(!is_unread(&script, 1));
	look_after(&script, 10, with_queues(row, 400, 0));
	CHECK(is_unread(&script, 10));
}

TEST(an_emptied_queue_starts_anew)
{
	struct script script;

	look_first(&script, true, procfs(TCP_STATE_ESTABLISHED, 400, 0));
	look_after(&script, 10, procfs(TCP_STATE_ESTABLISHED, 0, 0));
	CHECK(!is_unread(&script, 0));
	look_after(&script, 10, procfs(TCP_STATE_ESTABLISHED, 400, 0));
	CHECK(!is_unread(&script, 1));
}

TEST(only_a_fin_is_not_unread)
{
	struct script script;

	look_first(&script, true, procfs(TCP_STATE_CLOSE_WAIT, 1, 0));
	look_after(&script, 60, procfs(TCP_STATE_CLOSE_WAIT, 1, 0));
	CHECK(!is_unread(&script, 0));
	look_first(&script, true, procfs(TCP_STATE_CLOSE_WAIT, 2, 0));
	look_after(&script, 60, procfs(TCP_STATE_CLOSE_WAIT, 2, 0));
	CHECK(is_unread(&script, 60));
}

/* The byte that the FIN adds is not one that was taken. */
TEST(a_fin_behind_unread_data_moves_nothing)
{
	struct script script;

	look_first(&script, true, with_queues(OPEN(.received = 13), 13, 0));
	look_after(&script, 10, with_queues(INFO(TCP_STATE_CLOSE_WAIT, .received = 14), 14, 0));
	CHECK(is_unread(&script, 10));
	look_first(&script, true, procfs(TCP_STATE_ESTABLISHED, 13, 0));
	look_after(&script, 10, procfs(TCP_STATE_CLOSE_WAIT, 14, 0));
	CHECK(is_unread(&script, 10));
}

TEST(procfs_takes_a_shrinking_queue_for_read)
{
	struct script script;

	look_first(&script, true, procfs(TCP_STATE_ESTABLISHED, 400, 0));
	look_after(&script, 10, procfs(TCP_STATE_ESTABLISHED, 500, 0));
	CHECK(is_unread(&script, 10));
	look_after(&script, 10, procfs(TCP_STATE_ESTABLISHED, 499, 0));
	CHECK(!is_unread(&script, 1));
}

TEST(send_stalls_when_nothing_is_acknowledged)
{
	struct script script;
	struct socket_row row = OPEN(.sent = 500, .acknowledged = 401);

	look_first(&script, true, with_queues(row, 0, 100));
	CHECK(!is_stalled(&script, 1));
	row.info.sent = 900;
	look_after(&script, 10, with_queues(row, 0, 500));
	CHECK(is_stalled(&script, 10));
	CHECK(!is_stalled(&script, 10.1));
	row.info.acknowledged = 402;
	look_after(&script, 10, with_queues(row, 0, 500));
	CHECK(!is_stalled(&script, 1));
}

/* An HTTP/2 connection to a dead peer: each request makes the queue longer. */
TEST(procfs_takes_a_growing_queue_for_stalled)
{
	struct script script;

	look_first(&script, true, procfs(TCP_STATE_ESTABLISHED, 0, 72));
	look_after(&script, 5, procfs(TCP_STATE_ESTABLISHED, 0, 576));
	look_after(&script, 5, procfs(TCP_STATE_ESTABLISHED, 0, 1152));
	CHECK(is_stalled(&script, 10));
	look_after(&script, 5, procfs(TCP_STATE_ESTABLISHED, 0, 1100));
	CHECK(!is_stalled(&script, 1));
}

/* An orphan whose peer is dead; and one that has only its FIN to deliver. */
TEST(send_stalls_after_close_too)
{
	struct script script;

	look_first(&script, true, procfs(TCP_STATE_ESTABLISHED, 0, 72));
	look_after(&script, 10, procfs(TCP_STATE_FIN_WAIT1, 0, 73));
	CHECK(is_stalled(&script, 10));
	look_first(&script, true, procfs(TCP_STATE_FIN_WAIT1, 0, 1));
	look_after(&script, 10, procfs(TCP_STATE_FIN_WAIT1, 0, 1));
	CHECK(!is_stalled(&script, 0));
}

TEST(sources_that_alternate_compare_queues)
{
	struct script script;
	struct socket_row row = with_queues(OPEN(.received = 500), 400, 0);

	look_first(&script, true, row);
	look_after(&script, 5, procfs(TCP_STATE_ESTABLISHED, 400, 0));
	look_after(&script, 5, row);
	CHECK(is_unread(&script, 10));
	look_after(&script, 5, procfs(TCP_STATE_ESTABLISHED, 300, 0));
	CHECK(!is_unread(&script, 1));
}

/* What it had read before is not known, only that this is all still there. */
TEST(the_first_info_moves_nothing)
{
	struct script script;

	look_first(&script, true, procfs(TCP_STATE_ESTABLISHED, 400, 70));
	look_after(&script, 10,
		   with_queues(OPEN(.sent = 90, .acknowledged = 21, .received = 500), 400, 70));
	CHECK(is_unread(&script, 10));
	CHECK(is_stalled(&script, 10));
}

TEST_MAIN()
