#include "source/ledger.h"

#include "test.h"

static void release(struct ledger *ledger)
{
	ledger_deinit(ledger);
}

static struct endpoint endpoint(const char *host, unsigned port)
{
	struct endpoint endpoint = { .port = (uint16_t)port };

	CHECK_EQ_INT(address_parse(host, &endpoint.address), 0);
	return endpoint;
}

/* One of many different connections. */
static struct ledger_entry connection(uint64_t netns, unsigned number)
{
	return (struct ledger_entry){
		.netns = netns,
		.local = endpoint("10.0.0.1", 1024 + number % 50000),
		.remote = endpoint("10.0.0.2", 1 + number / 50000),
		.kind = LEDGER_OUTBOUND,
	};
}

static bool enter(struct ledger *ledger, uint64_t netns, unsigned number)
{
	struct ledger_entry entry = connection(netns, number);
	bool full = true;
	bool entered = ledger_enter(ledger, &entry, &full) != NULL;

	CHECK(!full);
	return entered;
}

static const struct ledger_entry *last(const struct ledger *ledger, uint64_t netns,
				       unsigned number)
{
	struct ledger_entry entry = connection(netns, number);

	return ledger_last(ledger, netns, &entry.local, &entry.remote);
}

TEST(knows_nothing_at_first)
{
	struct ledger ledger;

	ledger_init(&ledger, 10);
	CHECK(!last(&ledger, 1, 1));
	ledger_turn(&ledger);
	CHECK(!last(&ledger, 1, 1));
	ledger_deinit(&ledger);
}

TEST(remembers_until_the_next_tick_and_no_longer)
{
	CLEANUP(release) struct ledger ledger;
	struct pair pair = { 0 };
	struct ledger_entry entry = connection(1, 5), *entered;
	bool full;

	ledger_init(&ledger, 10);
	entered = ledger_enter(&ledger, &entry, &full);
	REQUIRE(entered != NULL);
	entered->pair = &pair;
	CHECK(!last(&ledger, 1, 5));
	ledger_turn(&ledger);
	REQUIRE(last(&ledger, 1, 5) != NULL);
	CHECK(last(&ledger, 1, 5)->pair == &pair);
	CHECK_EQ_INT(last(&ledger, 1, 5)->kind, LEDGER_OUTBOUND);
	ledger_turn(&ledger);
	CHECK(!last(&ledger, 1, 5));
}

TEST(every_part_of_the_key_counts)
{
	CLEANUP(release) struct ledger ledger;
	struct endpoint a = endpoint("10.0.0.1", 1029), b = endpoint("10.0.0.2", 1),
			c = endpoint("10.0.0.2", 2), d = endpoint("2001:db8::1", 1);

	ledger_init(&ledger, 10);
	CHECK(enter(&ledger, 1, 5));
	ledger_turn(&ledger);
	CHECK(ledger_last(&ledger, 1, &a, &b) != NULL);
	CHECK(!ledger_last(&ledger, 2, &a, &b));
	CHECK(!ledger_last(&ledger, 1, &b, &a));
	CHECK(!ledger_last(&ledger, 1, &a, &c));
	CHECK(!ledger_last(&ledger, 1, &a, &d));
	CHECK(!ledger_last(&ledger, 1, &c, &b));
}

/* In a table as full as it gets some of them meet in one place. */
TEST(one_connection_in_many_namespaces)
{
	CLEANUP(release) struct ledger ledger;

	ledger_init(&ledger, 100);
	for (uint64_t netns = 1; netns <= 32; netns++)
		CHECK(enter(&ledger, netns, 5));
	ledger_turn(&ledger);
	for (uint64_t netns = 1; netns <= 32; netns++)
		CHECK(last(&ledger, netns, 5) && last(&ledger, netns, 5)->netns == netns);
	CHECK(!last(&ledger, 33, 5));
}

TEST(a_row_that_comes_twice_is_entered_once)
{
	CLEANUP(release) struct ledger ledger;

	ledger_init(&ledger, 10);
	CHECK(enter(&ledger, 1, 5));
	CHECK(!enter(&ledger, 1, 5));
	CHECK(enter(&ledger, 2, 5));
	CHECK_EQ_INT(ledger.now.count, 2);
}

TEST(grows_and_forgets_nothing)
{
	CLEANUP(release) struct ledger ledger;
	unsigned missing = 0, doubled = 0;

	ledger_init(&ledger, 100000);
	for (unsigned i = 0; i < 60000; i++)
		missing += !enter(&ledger, 1, i);
	for (unsigned i = 0; i < 60000; i++)
		doubled += enter(&ledger, 1, i);
	ledger_turn(&ledger);
	for (unsigned i = 0; i < 60000; i++)
		missing += !last(&ledger, 1, i);
	CHECK_EQ_INT(missing, 0);
	CHECK_EQ_INT(doubled, 0);
	/* Never fuller than half: probing stays short. */
	CHECK(ledger.last.capacity >= 2 * 60000);
	CHECK(ledger.last.capacity <= 4 * 60000 + 64 * 1024);
}

TEST(the_tables_are_clean_after_turns)
{
	CLEANUP(release) struct ledger ledger;

	ledger_init(&ledger, 1000);
	for (unsigned tick = 0; tick < 6; tick++) {
		for (unsigned i = 0; i < 200; i++)
			CHECK(enter(&ledger, 1, 1000 * tick + i));
		ledger_turn(&ledger);
		CHECK_EQ_INT(ledger.last.count, 200);
		CHECK_EQ_INT(ledger.now.count, 0);
		CHECK(last(&ledger, 1, 1000 * tick) != NULL);
		CHECK(!tick || !last(&ledger, 1, 1000 * (tick - 1)));
	}
}

TEST(full_is_said_and_is_not_doubled)
{
	CLEANUP(release) struct ledger ledger;
	struct ledger_entry third = connection(1, 3);
	bool full = false;

	ledger_init(&ledger, 2);
	CHECK(enter(&ledger, 1, 1));
	CHECK(enter(&ledger, 1, 2));
	CHECK(!ledger_enter(&ledger, &third, &full));
	CHECK(full);
	/* What is in it already is a double, not an overflow. */
	CHECK(!enter(&ledger, 1, 2));
	ledger_turn(&ledger);
	CHECK(enter(&ledger, 1, 3));
}

TEST(keeps_a_namespace_that_could_not_be_read)
{
	CLEANUP(release) struct ledger ledger;
	struct pair pair = { .last_used = 1 };
	struct ledger_entry entry = connection(1, 5);
	bool full;

	ledger_init(&ledger, 10);
	ledger_enter(&ledger, &entry, &full)->pair = &pair;
	CHECK(enter(&ledger, 1, 6));
	CHECK(enter(&ledger, 2, 5));
	ledger_turn(&ledger);
	ledger_keep_netns(&ledger, 1, 17);
	CHECK_EQ_DBL(pair.last_used, 17);
	ledger_turn(&ledger);
	CHECK(last(&ledger, 1, 5) && last(&ledger, 1, 5)->pair == &pair);
	CHECK(last(&ledger, 1, 6) != NULL);
	CHECK(!last(&ledger, 2, 5));
}

TEST(shrinks_after_many)
{
	CLEANUP(release) struct ledger ledger;

	ledger_init(&ledger, 10000);
	for (unsigned i = 0; i < 10000; i++)
		CHECK(enter(&ledger, 1, i));
	ledger_turn(&ledger);
	CHECK(ledger.now.capacity >= 20000);
	for (unsigned tick = 0; tick < 3; tick++) {
		CHECK(enter(&ledger, 1, 5));
		ledger_turn(&ledger);
		CHECK(last(&ledger, 1, 5) != NULL);
	}
	CHECK(ledger.now.capacity <= 64);
	CHECK(ledger.last.capacity <= 64);
}

TEST_MAIN()
