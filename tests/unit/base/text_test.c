#include "base/text.h"

#include <float.h>
#include <stdlib.h>

#include "test.h"

TEST(empty_text_is_an_empty_string)
{
	struct text text = { 0 };
	char *released;

	CHECK_EQ_STR(text_string(&text), "");
	text_clear(&text);
	CHECK_EQ_STR(text_string(&text), "");
	released = text_release(&text);
	CHECK_EQ_STR(released, "");
	free(released);
	text_deinit(&text);
}

TEST(appends)
{
	CLEANUP(text_deinit) struct text text = { 0 };

	text_append(&text, "abcdef", 3);
	text_append(&text, NULL, 0);
	text_append_string(&text, "-string-");
	text_append_char(&text, 'c');
	text_printf(&text, " %s=%d", "key", -5);
	CHECK_EQ_STR(text_string(&text), "abc-string-c key=-5");
	CHECK_EQ_INT(text.length, strlen("abc-string-c key=-5"));
}

TEST(holds_nuls)
{
	CLEANUP(text_deinit) struct text text = { 0 };

	text_append(&text, "a\0b", 3);
	text_append_char(&text, '\0');
	CHECK_EQ_INT(text.length, 4);
	CHECK_EQ_MEM(text.data, "a\0b\0", 5);
}

TEST(clear_keeps_the_memory)
{
	CLEANUP(text_deinit) struct text text = { 0 };
	const char *before;

	text_append_string(&text, "something");
	before = text.data;
	text_clear(&text);
	CHECK_EQ_STR(text_string(&text), "");
	CHECK_EQ_INT(text.length, 0);
	text_append_string(&text, "else");
	CHECK(text.data == before);
	CHECK_EQ_STR(text_string(&text), "else");
}

TEST(release_hands_over)
{
	struct text text = { 0 };
	char *released;

	text_append_string(&text, "mine");
	released = text_release(&text);
	CHECK_EQ_STR(released, "mine");
	CHECK_EQ_STR(text_string(&text), "");
	CHECK_EQ_INT(text.capacity, 0);
	free(released);
}

TEST(grows)
{
	CLEANUP(text_deinit) struct text text = { 0 };
	unsigned wrong = 0;

	for (unsigned i = 0; i < 100000; i++)
		text_append_char(&text, (char)('a' + i % 26));
	for (unsigned i = 0; i < 100000; i++)
		wrong += text.data[i] != (char)('a' + i % 26);
	CHECK_EQ_INT(wrong, 0);
	CHECK_EQ_INT(text.data[100000], '\0');
	/* By half: the waste is bounded. */
	CHECK(text.capacity <= 150001);
}

TEST(reserves_room_that_the_caller_fills)
{
	CLEANUP(text_deinit) struct text text = { 0 };

	text_append_string(&text, "ab");
	memcpy(text_reserve(&text, 3), "cd", 3);
	text.length += 2;
	CHECK_EQ_STR(text_string(&text), "abcd");
}

TEST(numbers)
{
	CLEANUP(text_deinit) struct text text = { 0 };

	text_append_u64(&text, 0);
	text_append_char(&text, ' ');
	text_append_u64(&text, 10);
	text_append_char(&text, ' ');
	text_append_u64(&text, UINT64_MAX);
	CHECK_EQ_STR(text_string(&text), "0 10 18446744073709551615");
}

static void check_double(double value, const char *expected)
{
	CLEANUP(text_deinit) struct text text = { 0 };

	text_append_double(&text, value);
	CHECK_EQ_STR(text_string(&text), expected);
}

TEST(doubles_are_as_short_as_they_can_be)
{
	check_double(0, "0");
	check_double(1, "1");
	check_double(-1, "-1");
	check_double(0.1, "0.1");
	check_double(-2.5, "-2.5");
	check_double(0.1 + 0.2, "0.30000000000000004");
	check_double(1.0 / 3, "0.3333333333333333");
	check_double(1e-7, "1e-07");
	check_double(1700000000.5, "1700000000.5");
	check_double(123456789012345, "123456789012345");
	check_double(1e15, "1e+15");
	check_double(9007199254740992, "9007199254740992");
	check_double(DBL_MAX, "1.7976931348623157e+308");
	check_double(DBL_MIN, "2.2250738585072014e-308");
	check_double(5e-324, "5e-324");
}

TEST(doubles_that_are_no_numbers)
{
	check_double(NAN, "NaN");
	check_double(-NAN, "NaN");
	check_double(INFINITY, "+Inf");
	check_double(-INFINITY, "-Inf");
	check_double(-0.0, "-0");
}

TEST(doubles_read_back_the_same)
{
	uint64_t state = 88172645463325252;

	for (unsigned i = 0; i < 20000; i++) {
		CLEANUP(text_deinit) struct text text = { 0 };
		double value;

		/* Marsaglia's xorshift: any bits are some double. */
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		memcpy(&value, &state, sizeof(value));
		if (!isfinite(value))
			continue;
		text_append_double(&text, value);
		CHECK_EQ_DBL(strtod(text_string(&text), NULL), value);
	}
}

TEST_MAIN()
