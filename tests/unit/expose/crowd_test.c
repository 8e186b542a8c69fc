#include "expose/crowd.h"

#include "test.h"

enum { MAX = 3 };

/* Nobody's answer is too old. */
static const double ever = -1;

static struct crowd_guest *turn_out(struct crowd *crowd)
{
	return crowd_turn_out(crowd, MAX, ever);
}

static void leave_all(struct crowd *crowd)
{
	while (crowd->oldest)
		crowd_leave(crowd, crowd->oldest);
	CHECK(!crowd->newest);
	CHECK_EQ_U64(crowd->count, 0);
}

TEST(lets_everybody_stay_while_there_is_room)
{
	struct crowd crowd = { 0 };

	CHECK(!turn_out(&crowd));
	for (int i = 0; i < MAX; i++) {
		crowd_enter(&crowd, i, i);
		CHECK(!turn_out(&crowd));
	}
	leave_all(&crowd);
}

TEST(turns_the_longest_idle_out)
{
	struct crowd crowd = { 0 };
	struct crowd_guest *gone;

	for (int i = 0; i <= MAX; i++)
		crowd_enter(&crowd, i, i);
	gone = turn_out(&crowd);
	REQUIRE(gone);
	CHECK_EQ_INT(gone->socket, 0);
	CHECK(gone->leaving);
	CHECK(!turn_out(&crowd));
	CHECK_EQ_U64(crowd.count, MAX);
	crowd_leave(&crowd, gone);
	CHECK_EQ_U64(crowd.count, MAX);
	leave_all(&crowd);
}

TEST(prefers_the_idle_to_those_that_wait_for_an_answer)
{
	struct crowd crowd = { 0 };
	struct crowd_guest *gone, *busy = crowd_enter(&crowd, 0, 0);

	crowd_begin_answer(&crowd, busy, 0);
	for (int i = 1; i <= MAX; i++)
		crowd_enter(&crowd, i, i);
	gone = turn_out(&crowd);
	REQUIRE(gone);
	CHECK_EQ_INT(gone->socket, 1);
	leave_all(&crowd);
}

TEST(counts_an_answer_as_life)
{
	struct crowd crowd = { 0 };
	struct crowd_guest *gone, *scraper = crowd_enter(&crowd, 0, 0);

	crowd_enter(&crowd, 1, 1);
	crowd_begin_answer(&crowd, scraper, 2);
	crowd_end_answer(&crowd, scraper, 2);
	crowd_enter(&crowd, 2, 3);
	crowd_enter(&crowd, 3, 4);
	gone = turn_out(&crowd);
	REQUIRE(gone);
	CHECK_EQ_INT(gone->socket, 1);
	leave_all(&crowd);
}

/* All wait for answers they do not read: a newcomer gets in before it has said a word. */
TEST(turns_the_longest_answer_out_when_all_are_answers)
{
	struct crowd crowd = { 0 };
	struct crowd_guest *gone;

	for (int i = 0; i < MAX; i++)
		crowd_begin_answer(&crowd, crowd_enter(&crowd, i, i), i);
	crowd_enter(&crowd, MAX, MAX);
	gone = turn_out(&crowd);
	REQUIRE(gone);
	CHECK_EQ_INT(gone->socket, 0);
	CHECK(!turn_out(&crowd));
	leave_all(&crowd);
}

TEST(never_turns_the_newest_out)
{
	struct crowd crowd = { 0 };

	crowd_begin_answer(&crowd, crowd_enter(&crowd, 0, 0), 0);
	CHECK(!crowd_turn_out(&crowd, 0, ever));
	CHECK(!crowd_turn_out(&crowd, 0, 100));
	leave_all(&crowd);
}

TEST(ends_answers_at_the_deadline)
{
	struct crowd crowd = { 0 };
	struct crowd_guest *gone, *slow = crowd_enter(&crowd, 0, 0);

	crowd_begin_answer(&crowd, slow, 10);
	crowd_enter(&crowd, 1, 11);
	CHECK(!crowd_turn_out(&crowd, MAX, 10));
	gone = crowd_turn_out(&crowd, MAX, 10.5);
	CHECK(gone == slow);
	CHECK(!crowd_turn_out(&crowd, MAX, 10.5));
	leave_all(&crowd);
}

/* An answer that takes the server long is not the guest's fault. */
TEST(lets_those_that_wait_for_an_answer_stay)
{
	struct crowd crowd = { 0 };
	struct crowd_guest *waiting = crowd_enter(&crowd, 0, 0);

	crowd_begin_answer(&crowd, waiting, 1);
	crowd_begin_wait(&crowd, waiting, 1);
	CHECK_EQ_U64(crowd.count, 0);
	for (int i = 1; i <= MAX; i++)
		crowd_enter(&crowd, i, i + 1);
	CHECK(!crowd_turn_out(&crowd, MAX, 100));
	crowd_begin_answer(&crowd, waiting, 10);
	CHECK_EQ_U64(crowd.count, MAX + 1);
	CHECK(!crowd_turn_out(&crowd, MAX + 1, 10));
	crowd_enter(&crowd, 4, 11);
	CHECK(crowd_turn_out(&crowd, MAX + 2, 10.5) == waiting);
	leave_all(&crowd);
}

TEST(forgets_those_that_leave_while_they_wait)
{
	struct crowd crowd = { 0 };
	struct crowd_guest *told, *waiting = crowd_enter(&crowd, 0, 0);

	crowd_begin_wait(&crowd, waiting, 1);
	crowd_leave(&crowd, waiting);
	CHECK_EQ_U64(crowd.count, 0);
	for (int i = 0; i <= MAX; i++)
		crowd_enter(&crowd, i, i);
	told = turn_out(&crowd);
	REQUIRE(told);
	crowd_begin_wait(&crowd, told, 10);
	crowd_begin_answer(&crowd, told, 11);
	CHECK_EQ_U64(crowd.count, MAX);
	leave_all(&crowd);
}

/* Makes room as a server does; the scraper must not be who goes. */
static void make_room(struct crowd *crowd, const struct crowd_guest *scraper)
{
	struct crowd_guest *gone;

	while ((gone = turn_out(crowd))) {
		CHECK(gone != scraper);
		crowd_leave(crowd, gone);
	}
}

/* However fast idle connections come, who asks at once is answered. */
TEST(serves_a_scraper_in_a_flood)
{
	struct crowd crowd = { 0 };

	for (int round = 0; round < 1000; round++) {
		struct crowd_guest *scraper = crowd_enter(&crowd, -1, round);

		make_room(&crowd, scraper);
		crowd_begin_answer(&crowd, scraper, round);
		for (int i = 0; i < 10; i++) {
			crowd_enter(&crowd, i, round);
			make_room(&crowd, scraper);
		}
		crowd_end_answer(&crowd, scraper, round);
		crowd_leave(&crowd, scraper);
	}
	CHECK_EQ_U64(crowd.count, MAX - 1);
	leave_all(&crowd);
}

TEST_MAIN()
