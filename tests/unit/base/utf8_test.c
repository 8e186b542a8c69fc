/* The expected pieces are those of the Unicode standard, section 3.9, and of its table 3-7. */
#include "base/utf8.h"
#include "test.h"

#define R UTF8_REPLACEMENT

struct vector {
	const char *input, *repaired;
};

static void check_repair(const struct vector *vector, const char *what)
{
	CLEANUP(text_deinit) struct text text = { 0 };
	size_t length = strlen(vector->input);

	utf8_repair(&text, vector->input, length);
	if (strcmp(text_string(&text), vector->repaired) != 0)
		printf("# %s\n", what);
	CHECK_EQ_STR(text_string(&text), vector->repaired);
	CHECK(utf8_is_valid(text_string(&text), text.length));
	CHECK(utf8_is_valid(vector->input, length) ==
	      (strcmp(vector->input, vector->repaired) == 0));
}

TEST(leaves_what_is_well_formed)
{
	static const struct vector vectors[] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "\x01\t\x1b\x7f", "\x01\t\x1b\x7f" },
		{ "\xc2\x80 \xdf\xbf", "\xc2\x80 \xdf\xbf" },
		{ "\xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80",
		  "\xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80" },
		{ "\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf", "\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf" },
		{ "\xef\xbf\xbd\xef\xbf\xbf", "\xef\xbf\xbd\xef\xbf\xbf" },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(vectors); i++)
		check_repair(&vectors[i], vectors[i].input);
}

TEST(replaces_what_is_not)
{
	static const struct vector vectors[] = {
		{ "\xff", R },
		{ "a\xfe\xff"
		  "b",
		  "a" R R "b" },
		{ "\x80\xbf", R R },
		{ "\xc0\xaf", R R }, /* overlong slash */
		{ "\xe0\x9f\x80", R R R }, /* overlong */
		{ "\xf0\x8f\xbf\xbf", R R R R }, /* overlong */
		{ "\xed\xa0\x80", R R R }, /* a surrogate */
		{ "\xf4\x90\x80\x80", R R R R }, /* above U+10FFFF */
		{ "\xf5\x80", R R },
		{ "\xc3", R }, /* cut off */
		{ "\xe2\x82", R }, /* cut off: one piece */
		{ "\xf0\x9f\x98", R }, /* cut off: one piece */
		{ "\xe2\x82x", R "x" }, /* cut off by what follows */
		{ "\xf1\x80\x80\xc3\xa4", R "\xc3\xa4" },
		/* The standard's own example, table 3-8. */
		{ "\xf1\x80\x80\xe1\x80\xc2\x62\x80\x63\x80\xbf\x64", R R R "b" R "c" R R "d" },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(vectors); i++)
		check_repair(&vectors[i], vectors[i].input);
}

TEST(reads_no_byte_past_the_end)
{
	bool valid;

	CHECK_EQ_U64(utf8_measure("\xe2\x82\xac", 2, &valid), 2);
	CHECK(!valid);
	CHECK_EQ_U64(utf8_measure("\xe2\x82\xac", 3, &valid), 3);
	CHECK(valid);
}

TEST(keeps_nul_bytes)
{
	CLEANUP(text_deinit) struct text text = { 0 };

	utf8_repair(&text, "a\0\xff\0", 4);
	CHECK_EQ_U64(text.length, 6);
	CHECK_EQ_MEM(text.data, "a\0" R "\0", 6);
}

TEST(cuts_between_characters)
{
	static const char text[] = "a\xe2\x82\xac\xf0\x9f\x98\x80";
	static const size_t cuts[] = { 0, 1, 1, 1, 4, 4, 4, 4, 8, 8 };

	for (size_t max = 0; max < ARRAY_LENGTH(cuts); max++)
		CHECK_EQ_U64(utf8_cut(text, 8, max), cuts[max]);
	CHECK_EQ_U64(utf8_cut("\x80\x80\x80\x80\x80\x80", 6, 5), 2);
	CHECK_EQ_U64(utf8_cut("", 0, 0), 0);
}

/* Every sequence of two bytes: the result is valid, and valid input is unchanged. */
TEST(repairs_everything)
{
	for (unsigned i = 0; i < 0x10000; i++) {
		CLEANUP(text_deinit) struct text text = { 0 };
		char input[2] = { (char)(i >> 8), (char)(i & 0xff) };

		utf8_repair(&text, input, sizeof(input));
		CHECK(utf8_is_valid(text.data, text.length));
		if (utf8_is_valid(input, sizeof(input)))
			CHECK_EQ_MEM(text.data, input, sizeof(input));
		else
			CHECK(text.length > 2);
	}
}

TEST_MAIN()
