#include "base/bytes.h"

#include <stdlib.h>

#include "test.h"

/* In a heap block of its very length, so that ASan sees any read beyond the end. */
static struct bytes tight(const char *string)
{
	size_t length = strlen(string);
	char *data = malloc(length ? length : 1);

	memcpy(data, string, length);
	return (struct bytes){ data, length };
}

static void release(struct bytes *bytes)
{
	free((void *)(uintptr_t)bytes->data);
}

TEST(compares)
{
	CLEANUP(release) struct bytes bytes = tight("abc");

	CHECK(bytes_equal(bytes, "abc"));
	CHECK(!bytes_equal(bytes, "ab"));
	CHECK(!bytes_equal(bytes, "abcd"));
	CHECK(!bytes_equal(bytes, "abd"));
	CHECK(bytes_starts_with(bytes, ""));
	CHECK(bytes_starts_with(bytes, "ab"));
	CHECK(bytes_starts_with(bytes, "abc"));
	CHECK(!bytes_starts_with(bytes, "abcd"));
	CHECK(!bytes_starts_with(bytes, "b"));
}

TEST(takes_lines)
{
	CLEANUP(release) struct bytes all = tight("one\n\nthree");
	struct bytes rest = all, line;

	REQUIRE(bytes_take_line(&rest, &line));
	CHECK(bytes_equal(line, "one"));
	REQUIRE(bytes_take_line(&rest, &line));
	CHECK(bytes_equal(line, ""));
	REQUIRE(bytes_take_line(&rest, &line));
	CHECK(bytes_equal(line, "three"));
	CHECK(!bytes_take_line(&rest, &line));
}

TEST(a_newline_at_the_end_starts_no_line)
{
	struct bytes rest = bytes_from_string("one\n"), line;

	CHECK(bytes_take_line(&rest, &line));
	CHECK(!bytes_take_line(&rest, &line));
	rest = bytes_from_string("");
	CHECK(!bytes_take_line(&rest, &line));
}

TEST(takes_words)
{
	CLEANUP(release) struct bytes all = tight("  one\t two ");
	struct bytes rest = all, word;

	REQUIRE(bytes_take_word(&rest, &word));
	CHECK(bytes_equal(word, "one"));
	REQUIRE(bytes_take_word(&rest, &word));
	CHECK(bytes_equal(word, "two"));
	CHECK(!bytes_take_word(&rest, &word));
	CHECK(!bytes_take_word(&rest, &word));
}

TEST(takes_up_to_a_separator)
{
	CLEANUP(release) struct bytes all = tight("a:b:");
	struct bytes rest = all, head = { "unchanged", 9 };

	REQUIRE(bytes_take_until(&rest, ':', &head));
	CHECK(bytes_equal(head, "a"));
	REQUIRE(bytes_take_until(&rest, ':', &head));
	CHECK(bytes_equal(head, "b"));
	CHECK(!bytes_take_until(&rest, ':', &head));
	CHECK(bytes_equal(head, "b"));
	CHECK_EQ_INT(rest.length, 0);
}

TEST(without_its_separator_nothing_is_taken)
{
	struct bytes rest = bytes_from_string("abc"), head;

	CHECK(!bytes_take_until(&rest, ':', &head));
	CHECK(bytes_equal(rest, "abc"));
}

static bool number(const char *string, unsigned base, uint64_t *ret_value)
{
	CLEANUP(release) struct bytes bytes = tight(string);

	return bytes_parse_u64(bytes, base, ret_value);
}

TEST(parses_numbers)
{
	uint64_t value;

	REQUIRE(number("0", 10, &value));
	CHECK_EQ_U64(value, 0);
	REQUIRE(number("0042", 10, &value));
	CHECK_EQ_U64(value, 42);
	REQUIRE(number("18446744073709551615", 10, &value));
	CHECK_EQ_U64(value, UINT64_MAX);
	REQUIRE(number("FFFFffffFFFFffff", 16, &value));
	CHECK_EQ_U64(value, UINT64_MAX);
	REQUIRE(number("1F90", 16, &value));
	CHECK_EQ_U64(value, 8080);
}

TEST(refuses_what_is_no_number)
{
	static const char *const decimal[] = { "",
					       " 1",
					       "1 ",
					       "+1",
					       "-1",
					       "0x1",
					       "1a",
					       "1.0",
					       "18446744073709551616",
					       "99999999999999999999999999",
					       "\x80" };
	uint64_t value = 7;

	for (size_t i = 0; i < ARRAY_LENGTH(decimal); i++)
		CHECK(!number(decimal[i], 10, &value));
	CHECK(!number("g", 16, &value));
	CHECK(!number("0x1", 16, &value));
	CHECK(!number("10000000000000000", 16, &value));
	CHECK_EQ_U64(value, 7);
}

TEST_MAIN()
