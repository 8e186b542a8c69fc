#include "source/names.h"

#include "test.h"

/* A hanging resolver must not hang the test: generous, and waited for only on failure. */
#define PATIENCE 30.0

static struct config configuration(struct destination_config *destinations, size_t count)
{
	return (struct config){ .destinations = destinations, .destination_count = count };
}

static bool have(struct names *names, size_t destination, const char *string)
{
	struct address address;

	CHECK_EQ_INT(address_parse(string, &address), 0);
	return names_have(names, destination, &address);
}

TEST(nothing_to_resolve)
{
	struct destination_config destinations[] = { { .name = "a", .port = 443 } };
	const struct config config = configuration(destinations, 1);
	struct names *names = names_new(&config, NULL);

	CHECK(names == NULL);
	CHECK(!have(names, 0, "127.0.0.1"));
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
	struct names *names = names_new(&config, NULL);

	names_wait(names, PATIENCE);
	CHECK(have(names, 0, "127.0.0.1"));
	CHECK(have(names, 2, "::ffff:127.0.0.1"));
	CHECK(!have(names, 0, "127.0.0.9"));
	CHECK(have(names, 1, "127.0.0.9"));
	CHECK(!have(names, 3, "127.0.0.1"));
	CHECK_EQ_INT(names_unresolved(names), 0);
	names_free(names);
}

/* RFC 6761, 6.4: "invalid" never exists. A resolver that is not there is as good. */
TEST(a_name_that_does_not_exist)
{
	struct destination_config destinations[] = { { .name = "a", .host = "x.invalid" },
						     { .name = "b", .host = "localhost" } };
	const struct config config = configuration(destinations, 2);
	struct names *names = names_new(&config, NULL);

	names_wait(names, PATIENCE);
	CHECK(!have(names, 0, "127.0.0.1"));
	CHECK_EQ_INT(names_unresolved(names), 1);
	names_free(names);
}

/* A resolver that fails after a reload takes no address away. */
TEST(addresses_outlive_a_reload)
{
	struct destination_config before[] = { { .name = "a", .host = "localhost" } },
				  after[] = { { .name = "x" },
					      { .name = "b", .host = "localhost" } };
	const struct config first = configuration(before, 1), second = configuration(after, 2);
	struct names *names = names_new(&first, NULL), *next;

	names_wait(names, PATIENCE);
	next = names_new(&second, names);
	names_free(names);
	CHECK(have(next, 1, "127.0.0.1"));
	CHECK(!have(next, 0, "127.0.0.1"));
	CHECK_EQ_INT(names_unresolved(next), 0);
	names_free(next);
}

TEST(which_have_no_address)
{
	CLEANUP(text_deinit) struct text text = { 0 };
	struct destination_config destinations[] = { { .name = "a", .host = "x.invalid" },
						     { .name = "b", .host = "localhost" },
						     { .name = "c", .host = "y.invalid" } };
	const struct config config = configuration(destinations, 3);
	struct names *names = names_new(&config, NULL);

	names_wait(names, PATIENCE);
	names_write_unresolved(names, &text);
	CHECK_EQ_STR(text_string(&text), "x.invalid, y.invalid");
	names_free(names);
}

TEST(before_the_first_answer_nothing_is_known)
{
	struct destination_config destinations[] = { { .name = "a", .host = "x.invalid" } };
	const struct config config = configuration(destinations, 1);
	struct names *names = names_new(&config, NULL);

	CHECK_EQ_INT(names_unresolved(names), 1);
	/* At once, whatever the thread is doing. */
	names_free(names);
}

TEST_MAIN()
