#include "source/listen.h"

#include "test.h"

static void release(struct listeners *listeners)
{
	listeners_deinit(listeners);
}

static struct endpoint endpoint(const char *host, uint16_t port)
{
	struct endpoint endpoint = { .port = port };

	CHECK_EQ_INT(address_parse(host, &endpoint.address), 0);
	return endpoint;
}

static void add(struct listeners *listeners, const char *host, uint16_t port, double now)
{
	struct endpoint local = endpoint(host, port);

	listeners_add(listeners, &local, now);
}

static bool have(const struct listeners *listeners, const char *host, uint16_t port)
{
	struct endpoint local = endpoint(host, port);

	return listeners_have(listeners, &local);
}

TEST(nobody_listens)
{
	struct listeners none = { 0 };

	CHECK(!have(&none, "127.0.0.1", 80));
	listeners_expire(&none, 1e9);
	listeners_deinit(&none);
}

TEST(only_this_address_and_port)
{
	CLEANUP(release) struct listeners listeners = { 0 };

	add(&listeners, "10.0.0.1", 80, 1);
	CHECK(have(&listeners, "10.0.0.1", 80));
	CHECK(have(&listeners, "::ffff:10.0.0.1", 80));
	CHECK(!have(&listeners, "10.0.0.2", 80));
	CHECK(!have(&listeners, "10.0.0.1", 81));
	CHECK(!have(&listeners, "10.0.0.1", 79));
	CHECK(!have(&listeners, "::1", 80));
}

TEST(wildcards_of_both_families_take_both)
{
	CLEANUP(release) struct listeners listeners = { 0 };

	add(&listeners, "0.0.0.0", 80, 1);
	add(&listeners, "::", 81, 1);
	CHECK(have(&listeners, "10.0.0.2", 80));
	CHECK(have(&listeners, "2001:db8::1", 80));
	CHECK(have(&listeners, "10.0.0.2", 81));
	CHECK(have(&listeners, "2001:db8::1", 81));
	CHECK(!have(&listeners, "10.0.0.2", 82));
}

/* Whatever the order in which they are seen. */
TEST(many_addresses_of_one_port)
{
	CLEANUP(release) struct listeners listeners = { 0 };

	add(&listeners, "10.0.0.9", 80, 1);
	add(&listeners, "2001:db8::9", 80, 1);
	add(&listeners, "10.0.0.1", 80, 1);
	add(&listeners, "10.0.0.9", 79, 1);
	add(&listeners, "10.0.0.9", 65535, 1);
	add(&listeners, "10.0.0.9", 80, 2);
	CHECK_EQ_INT(listeners.count, 5);
	CHECK(have(&listeners, "10.0.0.1", 80));
	CHECK(have(&listeners, "10.0.0.9", 80));
	CHECK(have(&listeners, "2001:db8::9", 80));
	CHECK(have(&listeners, "10.0.0.9", 79));
	CHECK(have(&listeners, "10.0.0.9", 65535));
	CHECK(!have(&listeners, "10.0.0.5", 80));
}

TEST(expires_what_was_not_seen_since)
{
	CLEANUP(release) struct listeners listeners = { 0 };

	add(&listeners, "0.0.0.0", 80, 100);
	add(&listeners, "0.0.0.0", 81, 200);
	add(&listeners, "0.0.0.0", 82, 100);
	add(&listeners, "0.0.0.0", 82, 300);
	listeners_expire(&listeners, 100);
	CHECK_EQ_INT(listeners.count, 3);
	listeners_expire(&listeners, 200);
	CHECK_EQ_INT(listeners.count, 2);
	CHECK(!have(&listeners, "10.0.0.1", 80));
	CHECK(have(&listeners, "10.0.0.1", 81));
	CHECK(have(&listeners, "10.0.0.1", 82));
	listeners_expire(&listeners, 301);
	CHECK_EQ_INT(listeners.count, 0);
}

TEST(all_ports_at_once)
{
	CLEANUP(release) struct listeners listeners = { 0 };
	unsigned wrong = 0;

	for (unsigned i = 0; i < 2000; i++)
		add(&listeners, "10.0.0.1", (uint16_t)(1 + i * 7919 % 65521), 1);
	CHECK_EQ_INT(listeners.count, 2000);
	for (unsigned i = 0; i < 2000; i++)
		wrong += !have(&listeners, "10.0.0.1", (uint16_t)(1 + i * 7919 % 65521));
	CHECK_EQ_INT(wrong, 0);
}

TEST_MAIN()
