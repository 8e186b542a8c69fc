#include "probe/turn.h"

#include "test.h"

/* Until as much CPU time has gone by, with what the compiler cannot leave out. */
static unsigned work(struct turn *turn)
{
	unsigned steps = 0;

	while (!turn_is_over(turn, 0.01))
		steps++;
	return steps;
}

TEST(each_has_its_share_of_each_turn)
{
	struct turn one = { 0 }, other = { 0 };

	turn_begin();
	CHECK(!turn_is_over(&one, 0.01));
	CHECK(work(&one) > 0);
	CHECK(turn_is_over(&one, 0.01));
	CHECK(!turn_is_over(&one, 1000));
	CHECK(!turn_is_over(&other, 0.01));
	turn_begin();
	CHECK(!turn_is_over(&one, 0.01));
}

TEST_MAIN()
