#include "base/logfmt.h"

#include "test.h"

static void check_value(const char *value, const char *written)
{
	CLEANUP(text_deinit) struct text line = { 0 }, expected = { 0 };

	logfmt_append(&line, "k", value);
	text_printf(&expected, "k=%s", written);
	CHECK_EQ_STR(text_string(&line), text_string(&expected));
}

TEST(quotes_what_would_confuse)
{
	check_value("plain", "plain");
	check_value("", "\"\"");
	check_value("two words", "\"two words\"");
	check_value("a=b", "\"a=b\"");
	check_value("say \"hi\"", "\"say \\\"hi\\\"\"");
	check_value("a\\b", "\"a\\\\b\"");
	check_value("one\ntwo\t\x1b[0m", "\"one\\ntwo\\u0009\\u001b[0m\"");
}

TEST(separates_pairs)
{
	CLEANUP(text_deinit) struct text line = { 0 };

	logfmt_append(&line, "a", "1");
	logfmt_append(&line, "b", "2 3");
	CHECK_EQ_STR(text_string(&line), "a=1 b=\"2 3\"");
}

TEST(writes_times_in_utc)
{
	CLEANUP(text_deinit) struct text text = { 0 };

	logfmt_append_time(&text, 1795457519.75);
	CHECK_EQ_STR(text_string(&text), "2026-11-23T18:11:59.750Z");
}

TEST_MAIN()
