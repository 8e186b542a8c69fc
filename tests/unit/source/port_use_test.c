#include "source/port_use.h"

#include "base/memory.h"
#include "test.h"

static struct endpoint endpoint(const char *host, unsigned port)
{
	struct endpoint endpoint = { .port = (uint16_t)port };

	CHECK_EQ_INT(address_parse(host, &endpoint.address), 0);
	return endpoint;
}

static void add(struct port_use *use, const char *local, const char *remote, unsigned port)
{
	struct endpoint from = endpoint(local, 0), to = endpoint(remote, port);

	port_use_add(use, &from.address, &to);
}

static void want(struct port_use *use, const char *local, const char *remote, unsigned port)
{
	struct endpoint from = endpoint(local, 0), to = endpoint(remote, port);

	port_use_want(use, &from.address, &to);
}

static const struct port_use_entry *find(const struct port_use *use, const char *local,
					 const char *remote, unsigned port)
{
	struct endpoint from = endpoint(local, 0), to = endpoint(remote, port);

	for (size_t i = 0; i < use->capacity; i++) {
		const struct port_use_entry *entry = &use->slots[i];

		if (entry->count && address_equal(&entry->local, &from.address) &&
		    endpoint_equal(&entry->remote, &to))
			return entry;
	}
	return NULL;
}

TEST(each_pair_of_addresses_on_its_own)
{
	CLEANUP(port_use_deinit) struct port_use use = { 0 };

	port_use_begin(&use, 10);
	want(&use, "10.0.0.1", "10.0.0.5", 443);
	for (int i = 0; i < 3; i++)
		add(&use, "10.0.0.1", "10.0.0.5", 443);
	add(&use, "10.0.0.2", "10.0.0.5", 443);
	add(&use, "10.0.0.1", "10.0.0.6", 443);
	add(&use, "10.0.0.1", "10.0.0.5", 444);
	want(&use, "10.0.0.1", "10.0.0.5", 443);
	want(&use, "10.0.0.1", "10.0.0.7", 443);
	CHECK_EQ_INT(use.count, 4);
	REQUIRE(find(&use, "10.0.0.1", "10.0.0.5", 443) != NULL);
	CHECK_EQ_INT(find(&use, "10.0.0.1", "10.0.0.5", 443)->count, 3);
	CHECK(find(&use, "10.0.0.1", "10.0.0.5", 443)->wanted);
	REQUIRE(find(&use, "10.0.0.2", "10.0.0.5", 443) != NULL);
	CHECK_EQ_INT(find(&use, "10.0.0.2", "10.0.0.5", 443)->count, 1);
	CHECK(!find(&use, "10.0.0.2", "10.0.0.5", 443)->wanted);
	CHECK(find(&use, "10.0.0.1", "10.0.0.6", 443) != NULL);
	CHECK(find(&use, "10.0.0.1", "10.0.0.5", 444) != NULL);
}

/* What has a place is counted on, what has none is not. */
TEST(no_more_than_the_limit)
{
	CLEANUP(port_use_deinit) struct port_use use = { 0 };

	port_use_begin(&use, 2);
	for (unsigned port = 1; port <= 5; port++)
		add(&use, "10.0.0.1", "10.0.0.5", port);
	add(&use, "10.0.0.1", "10.0.0.5", 1);
	CHECK_EQ_INT(use.count, 2);
	REQUIRE(find(&use, "10.0.0.1", "10.0.0.5", 1) != NULL);
	CHECK_EQ_INT(find(&use, "10.0.0.1", "10.0.0.5", 1)->count, 2);
	CHECK(!find(&use, "10.0.0.1", "10.0.0.5", 3));
}

TEST(grows_and_gives_back)
{
	CLEANUP(port_use_deinit) struct port_use use = { 0 };
	bool found = true;

	port_use_begin(&use, 10000);
	for (unsigned port = 1; port <= 5000; port++)
		add(&use, "2001:db8::1", "2001:db8::5", port);
	for (unsigned port = 1; port <= 5000; port += 97)
		found &= find(&use, "2001:db8::1", "2001:db8::5", port) != NULL;
	CHECK(found);
	CHECK_EQ_INT(use.count, 5000);
	port_use_begin(&use, 10000);
	CHECK_EQ_INT(use.count, 0);
	want(&use, "2001:db8::1", "2001:db8::5", 1);
	add(&use, "2001:db8::1", "2001:db8::5", 2);
	CHECK(!find(&use, "2001:db8::1", "2001:db8::5", 1));
	port_use_begin(&use, 10000);
	CHECK(use.capacity <= 64);
	add(&use, "2001:db8::1", "2001:db8::5", 3);
	REQUIRE(find(&use, "2001:db8::1", "2001:db8::5", 3) != NULL);
	CHECK(!find(&use, "2001:db8::1", "2001:db8::5", 3)->wanted);
}

TEST_MAIN()
