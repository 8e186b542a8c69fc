#include "probe/expand.h"

#include <errno.h>

#include "test.h"

static const char *expand(const char *template)
{
	static struct text text;
	struct regex_groups groups;
	struct regex *regex = NULL;

	text_clear(&text);
	CHECK(!regex_new("(?P<key>\\w+)=(\\w+)(x)?", &regex, NULL));
	CHECK(regex_find(regex, bytes_from_string("- user=me -"), NULL, &groups) ==
	      REGEX_MATCH);
	CHECK(!expand_template(bytes_from_string(template), regex, &groups, 100, &text));
	regex_free(regex);
	return text_string(&text);
}

TEST(groups_are_put_in_by_number_and_by_name)
{
	CHECK_EQ_STR(expand(""), "");
	CHECK_EQ_STR(expand("plain"), "plain");
	CHECK_EQ_STR(expand("$0"), "user=me");
	CHECK_EQ_STR(expand("PONG $2"), "PONG me");
	CHECK_EQ_STR(expand("${2}x${1}"), "mexuser");
	CHECK_EQ_STR(expand("$key: ${key}!"), "user: user!");
	CHECK_EQ_STR(expand("$1-$2"), "user-me");
}

TEST(a_name_is_as_long_as_it_can_be)
{
	CHECK_EQ_STR(expand("<$1x>"), "<>");
	CHECK_EQ_STR(expand("<$1_>"), "<>");
	CHECK_EQ_STR(expand("<$keys>"), "<>");
}

TEST(a_group_that_is_not_there_is_empty)
{
	CHECK_EQ_STR(expand("<$3>"), "<>");
	CHECK_EQ_STR(expand("<$4>"), "<>");
	CHECK_EQ_STR(expand("<$99999999999999999999999>"), "<>");
	CHECK_EQ_STR(expand("<$01>"), "<>");
	CHECK_EQ_STR(expand("<${nobody}>"), "<>");
}

TEST(a_dollar_sign_may_be_only_that)
{
	CHECK_EQ_STR(expand("$$1 $$"), "$1 $");
	CHECK_EQ_STR(expand("$"), "$");
	CHECK_EQ_STR(expand("$ $-"), "$ $-");
	CHECK_EQ_STR(expand("${1 ${} ${-}"), "${1 ${} ${-}");
	CHECK_EQ_STR(expand("$$$2"), "$me");
}

/* What follows is not the template's. */
TEST(a_template_ends_where_it_ends)
{
	static const char *const templates[] = { "$2x", "${2}", "$$2", "$2" };
	static const struct {
		size_t length;
		const char *expected;
	} cuts[] = { { 2, "me" }, { 3, "${2" }, { 1, "$" }, { 0, "" } };
	struct regex_groups groups;
	struct regex *regex = NULL;

	REQUIRE(!regex_new("(\\w+)=(\\w+)", &regex, NULL));
	REQUIRE(regex_find(regex, bytes_from_string("user=me"), NULL, &groups) == REGEX_MATCH);
	for (size_t i = 0; i < ARRAY_LENGTH(cuts); i++) {
		CLEANUP(text_deinit) struct text text = { 0 };

		CHECK(!expand_template((struct bytes){ templates[i], cuts[i].length }, regex,
				       &groups, 100, &text));
		CHECK_EQ_STR(text_string(&text), cuts[i].expected);
	}
	regex_free(regex);
}

TEST(there_is_a_limit)
{
	CLEANUP(text_deinit) struct text text = { 0 };
	struct regex_groups groups;
	struct regex *regex = NULL;

	REQUIRE(!regex_new("a+", &regex, NULL));
	REQUIRE(regex_find(regex, bytes_from_string("aaaa"), NULL, &groups) == REGEX_MATCH);
	CHECK_EQ_INT(expand_template(bytes_from_string("$0$0"), regex, &groups, 8, &text), 0);
	CHECK_EQ_INT(expand_template(bytes_from_string(""), regex, &groups, 7, &text), -E2BIG);
	text_clear(&text);
	CHECK_EQ_INT(expand_template(bytes_from_string("$0$0"), regex, &groups, 7, &text),
		     -E2BIG);
	text_clear(&text);
	CHECK_EQ_INT(expand_template(bytes_from_string("long"), regex, &groups, 3, &text),
		     -E2BIG);
	CHECK_EQ_INT(expand_template(bytes_from_string("$$$$"), regex, &groups, 1, &text),
		     -E2BIG);
	regex_free(regex);
}

TEST_MAIN()
