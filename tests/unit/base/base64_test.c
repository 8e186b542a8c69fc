#include "base/base64.h"

#include <string.h>

#include "test.h"

static void check_both(const char *plain, size_t length, const char *encoded)
{
	CLEANUP(text_deinit) struct text there = { 0 }, back = { 0 };

	base64_encode((struct bytes){ plain, length }, &there);
	CHECK_EQ_STR(text_string(&there), encoded);
	CHECK(base64_decode(bytes_from_string(encoded), &back));
	CHECK_EQ_U64(back.length, length);
	CHECK(back.length == length && !memcmp(text_string(&back), plain, length));
}

/* RFC 4648, 10, and every value of a byte. */
TEST(there_and_back)
{
	char all[256];

	check_both("", 0, "");
	check_both("f", 1, "Zg==");
	check_both("fo", 2, "Zm8=");
	check_both("foo", 3, "Zm9v");
	check_both("foob", 4, "Zm9vYg==");
	check_both("fooba", 5, "Zm9vYmE=");
	check_both("foobar", 6, "Zm9vYmFy");
	check_both("\0\0\0\x08\x04\xd2\x16\x2f", 8, "AAAACATSFi8=");
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (char)(unsigned char)i;
	for (size_t length = 0; length <= sizeof(all); length++) {
		CLEANUP(text_deinit) struct text there = { 0 }, back = { 0 };

		base64_encode((struct bytes){ all, length }, &there);
		CHECK_EQ_U64(there.length, (length + 2) / 3 * 4);
		CHECK(base64_decode((struct bytes){ there.data, there.length }, &back));
		CHECK(back.length == length && !memcmp(text_string(&back), all, length));
	}
}

TEST(lines_and_blanks_do_not_count)
{
	CLEANUP(text_deinit) struct text text = { 0 };

	CHECK(base64_decode(bytes_from_string(" Zm9v\r\n\tYm Fy\n"), &text));
	CHECK_EQ_STR(text_string(&text), "foobar");
}

TEST(what_is_no_base64)
{
	static const char *const wrong[] = { "Z",     "Zg",	     "Zg=",	 "Zm8",
					     "Zg===", "=",	     "Zg==Zg==", "Zm9v!",
					     "Z-9v",  "Zm9vYg=\xff", "====" };
	CLEANUP(text_deinit) struct text text = { 0 };

	text_append_string(&text, "before");
	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
		CHECK(!base64_decode(bytes_from_string(wrong[i]), &text));
		CHECK_EQ_U64(text.length, 6);
	}
}

TEST_MAIN()
