#include "base/regex.h"

#include <errno.h>

#include "test.h"

static void release(struct regex **regex)
{
	regex_free(*regex);
}

static struct regex *compile(const char *pattern)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	struct regex *regex = NULL;

	CHECK_EQ_INT(regex_new(pattern, &regex, &err), 0);
	CHECK_EQ_STR(error_string(&err), "");
	return regex;
}

static bool matches(const char *pattern, const char *subject)
{
	CLEANUP(release) struct regex *regex = compile(pattern);

	return regex && regex_match(regex, bytes_from_string(subject));
}

TEST(matches_anywhere)
{
	CHECK(matches("b+", "abba"));
	CHECK(!matches("^b", "abba"));
	CHECK(!matches("c", "abba"));
	CHECK(matches("", ""));
	CHECK(matches("^$", ""));
	CHECK(matches("(?i)ABBA", "abba"));
}

TEST(says_what_is_wrong_and_where)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	struct regex *regex = NULL;

	CHECK_EQ_INT(regex_new("ab(c", &regex, &err), -EINVAL);
	CHECK_EQ_STR(error_string(&err), "regular expression \"ab(c\": "
					 "missing closing parenthesis at offset 4");
	CHECK(regex == NULL);
	regex_free(NULL);
}

static void check_group(const char *pattern, const char *subject, const char *name,
			const char *expected)
{
	CLEANUP(release) struct regex *regex = compile(pattern);
	struct bytes group = { "", 0 };
	bool found;

	REQUIRE(regex != NULL);
	found = regex_match_group(regex, bytes_from_string(subject), name, &group);
	CHECK_EQ_INT(found, expected != NULL);
	CHECK(!found || !expected || bytes_equal(group, expected));
}

/* (?P<name>) is how Go spells it, (?<name>) how Perl does. */
TEST(named_groups)
{
	check_group("--name=(?P<Name>\\S+)", "java --name=checkout -x", "Name", "checkout");
	check_group("--name=(?<Name>\\S+)", "java --name=checkout -x", "Name", "checkout");
	check_group("--name=(?P<Name>\\S*)", "java --name=", "Name", "");
	check_group("--name=(?P<Name>\\S+)", "java", "Name", NULL);
	check_group("--name=(?P<Name>\\S+)", "java --name=a", "Other", NULL);
	check_group("a(?P<Name>b)?c", "ac", "Name", NULL);
}

TEST(subjects_may_hold_anything)
{
	CLEANUP(release) struct regex *regex = compile("b$");

	REQUIRE(regex != NULL);
	CHECK(regex_match(regex, (struct bytes){ "a\0b", 3 }));
	CHECK(regex_match(regex, (struct bytes){ "\xff\xfe\x80 b", 5 }));
	CHECK(!regex_match(regex, (struct bytes){ "\xc3", 1 }));
}

TEST(letters_are_more_than_ascii)
{
	CHECK(matches("^.$", "\xc3\xa4"));
	CHECK(matches("(?i)\xc3\x84", "\xc3\xa4"));
}

/* In Go's words: a beginning may be repeated, and an end is one. */
TEST(what_re2_can_and_pcre2_cannot)
{
	CHECK(matches("^+OK", "OK"));
	CHECK(!matches("^+OK", "+OK"));
	CHECK(matches("(?:^*a$+|\\b?b\\b{2}|\\A+c\\z*)", "b"));
	CHECK(matches("(?:^*a$+|\\b?b\\b{2}|\\A+c\\z*)", "c"));
	CHECK(!matches("(?:^*a$+|\\b?b\\b{2}|\\A+c\\z*)", "d"));
	CHECK(matches("\\^+a", "^^a"));
	CHECK(!matches("^a$", "a\n"));
	CHECK(matches("(?m)^a$", "a\n"));
}

TEST(what_neither_can)
{
	static const char *const wrong[] = { "+a", "(*a)", "a|+", "^++?+a", "\\Z+", "(" };

	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
		CLEANUP(error_deinit) struct error err = { 0 };
		struct regex *regex = NULL;

		CHECK_EQ_INT(regex_new(wrong[i], &regex, &err), -EINVAL);
		CHECK(!regex);
		CHECK(strstr(error_string(&err), "regular expression"));
	}
}

TEST(the_pattern_is_as_it_was)
{
	CLEANUP(error_deinit) struct error err = { 0 };
	struct regex *regex = NULL;

	REQUIRE(!regex_new("^+OK", &regex, &err));
	CHECK_EQ_STR(regex_pattern(regex), "^+OK");
	regex_free(regex);
}

/* Without limits this takes 2^40 steps; it must end, and as "no match". */
TEST(an_exploding_expression_is_no_match)
{
	CHECK(!matches("^(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"));
	CHECK(!matches("^(a|aa)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"));
}

TEST(a_long_command_line_is_fine)
{
	CLEANUP(text_deinit) struct text subject = { 0 };

	for (unsigned i = 0; i < 100000; i++)
		text_append_string(&subject, "-Dkey=value ");
	text_append_string(&subject, "Main");
	CHECK(matches("-D.* Main$", text_string(&subject)));
}

TEST_MAIN()
