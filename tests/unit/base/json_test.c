#include "base/json.h"

#include "test.h"

/* NULL: nothing is to be found. */
static void check(const char *json, const char *expected)
{
	CLEANUP(text_deinit) struct text value = { 0 };
	bool found = json_find_string(bytes_from_string(json), "Name", &value);

	CHECK_EQ_INT(found, expected != NULL);
	if (found && expected)
		CHECK_EQ_STR(text_string(&value), expected);
	else if (found != !!expected)
		printf("# in %s\n", json);
}

TEST(a_key_of_the_object)
{
	check("{\"Name\":\"/checkout\"}", "/checkout");
	check(" {\t\"Name\"\r\n:\n\"a b\" , \"x\": 1 } ", "a b");
	check("{\"Name\":\"\"}", "");
	check("{\"A\":1,\"Name\":\"x\",\"Name\":\"y\"}", "x");
	check("{\"\\u004eame\":\"x\"}", "x");
}

TEST(not_one_further_inside)
{
	check("{\"Config\":{\"Name\":\"a\"},\"Name\":\"b\"}", "b");
	check("{\"Config\":{\"Name\":\"a\"}}", NULL);
	check("[{\"Name\":\"a\"}]", NULL);
	check("{\"A\":[{\"Name\":\"a\"},[[]],{}],\"Name\":\"b\"}", "b");
	check("{\"A\":\"\\\",\\\"Name\\\":\\\"a\\\"\",\"Name\":\"b\"}", "b");
	check("{\"A\":[\"}\",\"]\"],\"B\":{\"C\":\"{\"},\"Name\":\"b\"}", "b");
	check("{\"Name\\\\\":\"a\",\"Name\":\"b\"}", "b");
}

TEST(values_of_every_kind_are_stepped_over)
{
	check("{\"a\":-1.5e+3,\"b\":true,\"c\":null,\"d\":\"\",\"e\":{},\"f\":[],"
	      "\"g\":[1,2,3],\"Name\":\"x\"}",
	      "x");
}

TEST(escapes)
{
	check("{\"Name\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", "\"\\/\b\f\n\r\t");
	check("{\"Name\":\"\\u0041\\u00e4\\u20AC\"}", "A\xc3\xa4\xe2\x82\xac");
	check("{\"Name\":\"\\ud83d\\ude00!\"}", "\xf0\x9f\x98\x80!");
	check("{\"Name\":\"\\ud83d!\\ude00\"}", "\xef\xbf\xbd!\xef\xbf\xbd");
	check("{\"Name\":\"\\ud83d\\u0041\"}", "\xef\xbf\xbd"
					       "A");
	check("{\"Name\":\"\\u0000\"}", NULL);
	check("{\"Name\":\"\\x41\"}", NULL);
	check("{\"Name\":\"\\u00g0\"}", NULL);
	check("{\"Name\":\"\\ud83d\\u00\"}", NULL);
	check("{\"Name\":\"\n\"}", NULL);
}

TEST(no_json)
{
	check("", NULL);
	check("{", NULL);
	check("{}", NULL);
	check("{\"A\":1}", NULL);
	check("Name", NULL);
	check("{\"Name\"}", NULL);
	check("{\"Name\":}", NULL);
	check("{\"Name\":1}", NULL);
	check("{\"Name\":null}", NULL);
	check("{\"Name\":[\"a\"]}", NULL);
	check("{\"Name\":\"a", NULL);
	check("{\"Name\":\"a\\", NULL);
	check("{\"Name\":\"a\\u", NULL);
	check("{,\"Name\":\"a\"}", NULL);
	check("{\"A\" 1,\"Name\":\"a\"}", NULL);
	check("{\"A\":1 \"Name\":\"a\"}", NULL);
	check("{\"A\":,\"Name\":\"a\"}", NULL);
	check("{\"A\":},\"Name\":\"a\"}", NULL);
	check("{\"A\":[},\"Name\":\"a\"}", NULL);
	check("{\"A\":{]},\"Name\":\"a\"}", NULL);
	check("{\"A\":%,\"Name\":\"a\"}", NULL);
	check("{'Name':'a'}", NULL);
}

static void check_depth(unsigned depth, const char *expected)
{
	CLEANUP(text_deinit) struct text json = { 0 };

	text_append_string(&json, "{\"A\":");
	for (unsigned i = 0; i < depth; i++)
		text_append_string(&json, i % 3 ? "[" : "{\"x\":");
	text_append_char(&json, '1');
	for (unsigned i = depth; i-- > 0;)
		text_append_char(&json, i % 3 ? ']' : '}');
	text_append_string(&json, ",\"Name\":\"deep\"}");
	check(text_string(&json), expected);
}

TEST(depth_is_bounded)
{
	check_depth(10, "deep");
	check_depth(64, "deep");
	check_depth(65, NULL);
	check_depth(10000, NULL);
}

TEST_MAIN()
