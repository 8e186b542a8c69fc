#include "source/names.h"

#include "test.h"

/* A hanging resolver must not hang the test: generous, and waited for only on failure. */
#define PATIENCE 30.0

static struct config configuration(struct destination_config *destinations, size_t count)
{
	return (struct config){ .destinations = destinations, .destination_count = count };
}

static bool have(struct names *names, const char *host, const char *string)
{
	struct address address;

	CHECK_EQ_INT(address_parse(string, &address), 0);
	return names_have(names, host, &address);
}

TEST(nothing_to_resolve)
{
	struct destination_config destinations[] = { { .name = "a", .port = 443 } };
	const struct config config = configuration(destinations, 1);
	struct names *names = names_new(&config);

	CHECK(names == NULL);
	CHECK(!have(names, "localhost", "127.0.0.1"));
	CHECK_EQ_INT(names_unresolved(names), 0);
	names_wait(names, PATIENCE);
	names_free(names);
}

TEST(localhost_and_addresses)
{
	struct destination_config destinations[] = { { .name = "a", .host = "localhost" },
						     { .name = "b", .host = "127.0.0.9" },
						     { .name = "c", .host = "localhost" },
						     { .name = "d" } };
	const struct config config = configuration(destinations, 4);
	struct names *names = names_new(&config);

	names_wait(names, PATIENCE);
	CHECK(have(names, "localhost", "127.0.0.1"));
	CHECK(have(names, "localhost", "::ffff:127.0.0.1"));
	CHECK(!have(names, "localhost", "127.0.0.9"));
	CHECK(have(names, "127.0.0.9", "127.0.0.9"));
	CHECK(!have(names, "unheard.of", "127.0.0.1"));
	CHECK_EQ_INT(names_unresolved(names), 0);
	names_free(names);
}

/* RFC 6761, 6.4: "invalid" never exists. A resolver that is not there is as good. */
TEST(a_name_that_does_not_exist)
{
	struct destination_config destinations[] = { { .name = "a", .host = "x.invalid" },
						     { .name = "b", .host = "localhost" } };
	const struct config config = configuration(destinations, 2);
	struct names *names = names_new(&config);

	names_wait(names, PATIENCE);
	CHECK(!have(names, "x.invalid", "127.0.0.1"));
	CHECK_EQ_INT(names_unresolved(names), 1);
	names_free(names);
}

TEST(before_the_first_answer_nothing_is_known)
{
	struct destination_config destinations[] = { { .name = "a", .host = "x.invalid" } };
	const struct config config = configuration(destinations, 1);
	struct names *names = names_new(&config);

	CHECK_EQ_INT(names_unresolved(names), 1);
	/* At once, whatever the thread is doing. */
	names_free(names);
}

TEST_MAIN()
