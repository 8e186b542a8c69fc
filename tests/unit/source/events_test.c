/* What can be told without a tracepoint; with one, see tracepoint_test.c. */
#include "source/events.h"

#include <errno.h>

#include "base/clock.h"
#include "test.h"

TEST(without_a_tracepoint_nothing_is_known)
{
	struct events *events = events_new();

	CHECK(!events_cover(events, 0));
	CHECK(!events_cover(events, 1e9));
	CHECK_EQ_INT(events_descriptor(events), -1);
	events_stop(events);
	CHECK(!events_cover(events, 1e9));
	events_free(events);
	events_free(NULL);
}

/* It is not tried in each tick, and each tick is told why. */
TEST(a_failure_is_remembered_until_it_is_time_to_try_again)
{
	const struct config config = { .limits = { .max_connections = 10,
						   .max_event_rate = 10 } };
	const struct process_table processes = { 0 };
	struct events *events = events_new();

	events->failure = -EBUSY;
	events->retry_at = clock_monotonic() + 3600;
	CHECK_EQ_INT(events_collect(events, &config, &processes, 1), -EBUSY);
	CHECK(!events->attempts);
	CHECK(!events_cover(events, 1e9));
	events_free(events);
}

/* All since then, and not what was before; a tracepoint that is never asked. */
TEST(covers_what_came_after_the_start)
{
	struct events *events = events_new();
	char tracepoint = 0;

	events->tracepoint = (struct tracepoint *)(void *)&tracepoint;
	events->since = 100;
	CHECK(!events_cover(events, 99.9));
	CHECK(events_cover(events, 100));
	CHECK(events_cover(events, 200));
	events->tracepoint = NULL;
	CHECK(!events_cover(events, 200));
	events_free(events);
}

TEST_MAIN()
