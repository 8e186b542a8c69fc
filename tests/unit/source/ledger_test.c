#include "source/ledger.h"

#include "base/memory.h"
#include "test.h"

static struct endpoint endpoint(const char *host, unsigned port)
{
	struct endpoint endpoint = { .port = (uint16_t)port };

	CHECK_EQ_INT(address_parse(host, &endpoint.address), 0);
	return endpoint;
}

/* One of many different connections. */
static void choose(unsigned number, struct endpoint *ret_local, struct endpoint *ret_remote)
{
	*ret_local = endpoint("10.0.0.1", 1024 + number % 50000);
	*ret_remote = endpoint("10.0.0.2", 1 + number / 50000);
}

static struct ledger_entry *add(struct ledger *ledger, uint64_t netns, unsigned number)
{
	struct endpoint local, remote;

	choose(number, &local, &remote);
	return ledger_add(ledger, netns, &local, &remote, LEDGER_OUTBOUND);
}

static struct ledger_entry *find(const struct ledger *ledger, uint64_t netns, unsigned number)
{
	struct endpoint local, remote;

	choose(number, &local, &remote);
	return ledger_find(ledger, netns, &local, &remote);
}

static size_t count_walked(const struct ledger *ledger)
{
	struct ledger_entry *entry = NULL;
	size_t count = 0;

	while ((entry = ledger_next(ledger, entry)))
		count++;
	return count;
}

TEST(knows_nothing_at_first)
{
	CLEANUP(ledger_deinit) struct ledger ledger;

	ledger_init(&ledger, 10);
	CHECK(!find(&ledger, 1, 1));
	CHECK(!ledger_next(&ledger, NULL));
	ledger_compact(&ledger);
	CHECK(!find(&ledger, 1, 1));
}

TEST(remembers_until_it_is_removed)
{
	CLEANUP(ledger_deinit) struct ledger ledger;
	struct ledger_entry *entry;

	ledger_init(&ledger, 10);
	entry = add(&ledger, 1, 5);
	REQUIRE(entry != NULL);
	entry->behavior = memory_new(1, sizeof(*entry->behavior));
	entry->cookie = 17;
	REQUIRE(find(&ledger, 1, 5) == entry);
	CHECK_EQ_INT(entry->kind, LEDGER_OUTBOUND);
	CHECK(!find(&ledger, 1, 6));
	ledger_remove(&ledger, entry);
	CHECK(!find(&ledger, 1, 5));
	/* A new one begins with nothing. */
	entry = add(&ledger, 1, 5);
	REQUIRE(entry != NULL);
	CHECK(!entry->behavior && !entry->pair && !entry->cookie);
}

TEST(every_part_of_the_key_counts)
{
	CLEANUP(ledger_deinit) struct ledger ledger;
	struct endpoint a = endpoint("10.0.0.1", 1029), b = endpoint("10.0.0.2", 1),
			c = endpoint("10.0.0.2", 2), d = endpoint("2001:db8::1", 1);

	ledger_init(&ledger, 10);
	CHECK(add(&ledger, 1, 5) != NULL);
	CHECK(ledger_find(&ledger, 1, &a, &b) != NULL);
	CHECK(!ledger_find(&ledger, 2, &a, &b));
	CHECK(!ledger_find(&ledger, 1, &b, &a));
	CHECK(!ledger_find(&ledger, 1, &a, &c));
	CHECK(!ledger_find(&ledger, 1, &a, &d));
	CHECK(!ledger_find(&ledger, 1, &c, &b));
}

TEST(one_connection_in_many_namespaces)
{
	CLEANUP(ledger_deinit) struct ledger ledger;

	ledger_init(&ledger, 100);
	for (uint64_t netns = 1; netns <= 32; netns++)
		CHECK(add(&ledger, netns, 5) != NULL);
	for (uint64_t netns = 1; netns <= 32; netns++)
		CHECK(find(&ledger, netns, 5) && find(&ledger, netns, 5)->netns == netns);
	CHECK(!find(&ledger, 33, 5));
}

TEST(grows_and_forgets_nothing)
{
	CLEANUP(ledger_deinit) struct ledger ledger;
	unsigned missing = 0;

	ledger_init(&ledger, 100000);
	for (unsigned i = 0; i < 60000; i++)
		missing += !add(&ledger, 1, i);
	for (unsigned i = 0; i < 60000; i++)
		missing += !find(&ledger, 1, i);
	CHECK_EQ_INT(missing, 0);
	CHECK_EQ_INT(ledger.count, 60000);
	/* Never fuller than half: probing stays short. */
	CHECK(ledger.slot_count >= 2 * 60000 && ledger.slot_count <= 4 * 60000 + 64);
}

/* Every chain of the index stays whole whatever is taken out of its middle. */
TEST(removing_loses_nothing_else)
{
	CLEANUP(ledger_deinit) struct ledger ledger;
	unsigned wrong = 0;

	ledger_init(&ledger, 10000);
	for (unsigned i = 0; i < 3000; i++)
		add(&ledger, 1, i);
	for (unsigned i = 0; i < 3000; i += 3)
		ledger_remove(&ledger, find(&ledger, 1, i));
	for (unsigned i = 0; i < 3000; i++)
		wrong += (find(&ledger, 1, i) != NULL) != (i % 3 != 0);
	CHECK_EQ_INT(wrong, 0);
	CHECK_EQ_INT(ledger.count, 2000);
	CHECK_EQ_INT(count_walked(&ledger), 2000);
	/* The places are used again. */
	for (unsigned i = 5000; i < 6000; i++)
		add(&ledger, 1, i);
	CHECK_EQ_INT(ledger.end, 3000);
	CHECK_EQ_INT(count_walked(&ledger), 3000);
}

TEST(all_can_be_removed_on_the_way)
{
	CLEANUP(ledger_deinit) struct ledger ledger;
	struct ledger_entry *entry = NULL;

	ledger_init(&ledger, 1000);
	for (unsigned i = 0; i < 200; i++)
		add(&ledger, 1, i);
	while ((entry = ledger_next(&ledger, entry)))
		ledger_remove(&ledger, entry);
	CHECK_EQ_INT(ledger.count, 0);
	CHECK(!ledger_next(&ledger, NULL));
	CHECK(add(&ledger, 1, 5) == find(&ledger, 1, 5));
}

TEST(full_is_said)
{
	CLEANUP(ledger_deinit) struct ledger ledger;

	ledger_init(&ledger, 2);
	CHECK(add(&ledger, 1, 1) != NULL);
	CHECK(add(&ledger, 1, 2) != NULL);
	CHECK(!add(&ledger, 1, 3));
	ledger_remove(&ledger, find(&ledger, 1, 1));
	CHECK(add(&ledger, 1, 3) != NULL);
}

TEST(gives_memory_back_after_many)
{
	CLEANUP(ledger_deinit) struct ledger ledger;
	struct ledger_entry *entry = NULL;

	ledger_init(&ledger, 100000);
	for (unsigned i = 0; i < 20000; i++)
		add(&ledger, 1, i)->cookie = i;
	for (unsigned i = 0; i < 20000; i++) {
		if (i % 100)
			ledger_remove(&ledger, find(&ledger, 1, i));
	}
	entry = find(&ledger, 1, 300);
	REQUIRE(entry != NULL);
	entry->behavior = memory_new(1, sizeof(*entry->behavior));
	entry->behavior->sent = 77;
	ledger_compact(&ledger);
	CHECK_EQ_INT(ledger.count, 200);
	CHECK_EQ_INT(ledger.end, 200);
	CHECK(ledger.slot_count <= 1024);
	CHECK(ledger.max == 100000);
	for (unsigned i = 0; i < 20000; i += 100)
		CHECK(find(&ledger, 1, i) && find(&ledger, 1, i)->cookie == i);
	CHECK_EQ_U64(find(&ledger, 1, 300)->behavior->sent, 77);
}

TEST_MAIN()
