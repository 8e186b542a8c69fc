#include "probe/resolver.h"

#include <poll.h>

#include "test.h"

/* Waits, up to a minute, until a lookup is over. */
static struct lookup_view wait_over(struct resolver *resolver, const struct lookup *lookup)
{
	struct lookup_view view = lookup_view(resolver, lookup);

	while (view.state == LOOKUP_WAITING || view.state == LOOKUP_RUNNING) {
		struct pollfd event = { .fd = resolver_event(resolver), .events = POLLIN };

		if (poll(&event, 1, 60000) <= 0)
			break;
		resolver_read_event(resolver);
		view = lookup_view(resolver, lookup);
	}
	return view;
}

TEST(a_name_has_addresses)
{
	struct resolver *resolver = resolver_new();
	struct lookup *lookup = resolver_ask(resolver, "localhost", false);
	struct lookup_view view = wait_over(resolver, lookup);

	CHECK_EQ_INT(view.state, LOOKUP_FOUND);
	REQUIRE(view.addresses);
	CHECK(strstr(view.addresses, "127.0.0.1") || strstr(view.addresses, "::1"));
	CHECK(view.ended >= view.began);
	lookup_release(resolver, lookup);
	resolver_release(resolver);
}

TEST(an_impossible_name_is_not_found)
{
	struct resolver *resolver = resolver_new();
	struct lookup *lookup = resolver_ask(resolver, "no such name..", false);

	CHECK_EQ_INT(wait_over(resolver, lookup).state, LOOKUP_NOT_FOUND);
	lookup_release(resolver, lookup);
	resolver_release(resolver);
}

TEST(many_names_at_once)
{
	struct resolver *resolver = resolver_new();
	struct lookup *lookups[1000];

	for (unsigned i = 0; i < 1000; i++) {
		char name[32];

		snprintf(name, sizeof(name), "127.0.%u.%u", i / 250, i % 250);
		lookups[i] = resolver_ask(resolver, name, i % 2);
	}
	for (unsigned i = 0; i < 1000; i++) {
		CHECK_EQ_INT(wait_over(resolver, lookups[i]).state, LOOKUP_FOUND);
		lookup_release(resolver, lookups[i]);
	}
	resolver_release(resolver);
}

TEST(giving_up_at_once_leaves_nothing_behind)
{
	for (unsigned i = 0; i < 200; i++) {
		struct resolver *resolver = resolver_new();
		struct resolver *same = resolver_acquire(resolver);

		for (unsigned j = 0; j < 3; j++)
			lookup_release(resolver, resolver_ask(resolver, "localhost", j == 1));
		resolver_release(resolver);
		resolver_release(same);
	}
	resolver_release(NULL);
}

TEST_MAIN()
