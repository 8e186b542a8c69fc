#include "source/behavior.h"

#include "look.h"

/* A handshake of TLS, then the request and its answer, all in the first second. */
TEST(used_once)
{
	struct script script;

	look_first(&script, true,
		   OPEN(.sent = 239, .received = 4000, .since_sent = 0.1,
			.since_received = 0.05, .data_segments_out = 1));
	look_after(&script, 5,
		   OPEN(.sent = 700, .received = 9000, .since_sent = 4.9, .since_received = 4.8,
			.data_segments_out = 4));
	CHECK(behavior_is_used_once(&script.behavior));
	look_after(&script, 60,
		   OPEN(.sent = 700, .received = 9000, .since_sent = 64.9,
			.since_received = 64.8, .data_segments_out = 4));
	CHECK(behavior_is_used_once(&script.behavior));
}

TEST(used_again_after_a_second)
{
	struct script script;
	struct socket_row first =
		OPEN(.sent = 99, .received = 9, .since_sent = 0.6, .since_received = 0.5);

	look_first(&script, true, first);
	look_after(&script, 5,
		   OPEN(.sent = 198, .received = 18, .since_sent = 4.6, .since_received = 4.3));
	CHECK(!script.behavior.reused);
	look_first(&script, true, first);
	look_after(&script, 5,
		   OPEN(.sent = 198, .received = 18, .since_sent = 4.4, .since_received = 4.3));
	CHECK(script.behavior.reused);
	CHECK(!behavior_is_used_once(&script.behavior));
	look_after(&script, 60,
		   OPEN(.sent = 198, .received = 18, .since_sent = 64.4,
			.since_received = 64.3));
	CHECK(!behavior_is_used_once(&script.behavior));
}

/* The silence was the server's, which took three seconds for its part of the handshake. */
TEST(a_slow_handshake_is_not_reuse)
{
	struct script script;

	look_first(&script, true, OPEN(.sent = 239, .since_sent = 0.1, .since_received = 0.1));
	look_after(&script, 5,
		   OPEN(.sent = 700, .received = 4000, .since_sent = 2, .since_received = 2.1));
	CHECK(!script.behavior.reused);
}

/* It was awaiting at the look before, but asked again a second after the answer. */
TEST(a_pause_after_a_slow_answer_is_reuse)
{
	struct script script;

	look_first(&script, true, OPEN(.sent = 239, .since_sent = 0.1, .since_received = 0.1));
	look_after(&script, 5,
		   OPEN(.sent = 700, .received = 4000, .since_sent = 2, .since_received = 3.1));
	CHECK(script.behavior.reused);
}

/* Its first use comes late, and is the first all the same. */
TEST(a_connection_opened_in_advance_is_not_reused)
{
	struct script script;

	look_first(&script, true, OPEN(.since_sent = 1, .since_received = 1));
	look_after(&script, 60,
		   OPEN(.sent = 99, .received = 9, .since_sent = 1, .since_received = 0.5));
	CHECK(behavior_is_used_once(&script.behavior));
	look_first(&script, true, OPEN(.received = 30, .since_sent = 1, .since_received = 0.9));
	look_after(&script, 60,
		   OPEN(.sent = 99, .received = 39, .since_sent = 1, .since_received = 0.5));
	CHECK(behavior_is_used_once(&script.behavior));
}

/* A client that asks again at once is awaiting at each look. */
TEST(one_that_always_waits_is_reused_in_the_end)
{
	struct script script;
	uint64_t bytes = 100;

	look_first(&script, true, OPEN(.sent = bytes, .since_sent = 0.1, .since_received = 1));
	for (int i = 0; i < 2; i++) {
		bytes += 100;
		look_after(&script, 4.9,
			   OPEN(.sent = bytes, .received = bytes - 100, .since_sent = 0.1,
				.since_received = 0.104));
		CHECK(is_awaiting(&script));
	}
	CHECK(!script.behavior.reused);
	look_after(&script, 5,
		   OPEN(.sent = 400, .received = 300, .since_sent = 0.1,
			.since_received = 0.104));
	CHECK(script.behavior.reused);
}

/* Segments sent again say nothing about requests. */
TEST(the_past_of_an_old_connection_is_guessed)
{
	struct script script;
	struct socket_row row = OPEN(.sent = 999, .received = 999, .since_sent = 60,
				     .since_received = 60, .data_segments_out = 6);

	look_first(&script, false, row);
	CHECK(behavior_is_used_once(&script.behavior));
	row.info.data_segments_out = 7;
	look_first(&script, false, row);
	CHECK(!behavior_is_used_once(&script.behavior));
	row.info.retransmits = 1;
	look_first(&script, false, row);
	CHECK(behavior_is_used_once(&script.behavior));
	row.info.retransmits = 8;
	look_first(&script, false, row);
	CHECK(behavior_is_used_once(&script.behavior));
}

/* A large first request of one that was seen to be opened. */
TEST(segments_of_a_new_connection_are_no_guess)
{
	struct script script;

	look_first(&script, true,
		   OPEN(.sent = 99999, .since_sent = 1, .since_received = 2,
			.data_segments_out = 70));
	CHECK(behavior_is_used_once(&script.behavior));
}

TEST_MAIN()
