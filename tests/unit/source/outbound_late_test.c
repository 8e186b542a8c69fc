/* The end of a connection that events follow waits for its event, but not for ever. */
#include "source/outbound.h"

#include <stdlib.h>

#include "test.h"

static void look(struct ledger_entry *entry, struct pair *pair, enum tcp_state state)
{
	struct socket_row row = { .state = state, .inode = 7, .cookie = 9 };

	*entry = (struct ledger_entry){ .kind = LEDGER_OUTBOUND, .pair = pair };
	outbound_look(entry, &row, 100, false);
	entry->followed = true;
}

/* The reason of a failure comes a fifth of a second after it, which may be many looks. */
TEST(a_failure_is_counted_once_however_often_we_look)
{
	struct news news = { .kind = NEWS_FAILED, .reason = CONNECT_CANCELED, .time = 100 };
	struct pair pair = { 0 };
	struct ledger_entry entry;

	look(&entry, &pair, TCP_STATE_SYN_SENT);
	for (int i = 0; i < 5; i++)
		CHECK(!outbound_vanished(&entry, 100.01 + i * 0.05));
	outbound_failed(&entry, &news);
	CHECK(outbound_vanished(&entry, 100.3));
	CHECK_EQ_U64(pair.counters.failed[CONNECT_CANCELED], 1);
	CHECK_EQ_U64(pair.counters.failed[CONNECT_UNKNOWN], 0);
	free(entry.behavior);
}

TEST(without_an_event_the_look_decides_in_the_end)
{
	struct pair pair = { 0 };
	struct ledger_entry entry;

	look(&entry, &pair, TCP_STATE_SYN_SENT);
	CHECK(!outbound_vanished(&entry, 105));
	CHECK(!outbound_vanished(&entry, 110));
	CHECK(outbound_vanished(&entry, 115));
	CHECK_EQ_U64(pair.counters.failed[CONNECT_UNKNOWN], 1);
	free(entry.behavior);
	look(&entry, &pair, TCP_STATE_ESTABLISHED);
	CHECK(!outbound_vanished(&entry, 105));
	CHECK(!outbound_vanished(&entry, 105.9));
	CHECK(!outbound_vanished(&entry, 105.95));
	CHECK(outbound_vanished(&entry, 106.1));
	CHECK_EQ_U64(pair.counters.closed, 1);
	free(entry.behavior);
}

TEST_MAIN()
