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

	return regex && regex_match(regex, bytes_from_string(subject), NULL) == REGEX_MATCH;
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
	struct regex_groups groups = { 0 };
	struct bytes group;
	bool matched;

	REQUIRE(regex != NULL);
	matched = regex_find(regex, bytes_from_string(subject), NULL, &groups) == REGEX_MATCH;
	CHECK_EQ_INT(matched, groups.count > 0);
	group = regex_group(regex, &groups, name);
	CHECK_EQ_INT(group.data != NULL, expected != NULL);
	CHECK(!group.data || !expected || bytes_equal(group, expected));
	CHECK_EQ_INT(regex_has_group(regex, name), strcmp(name, "Name") == 0);
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
	CHECK_EQ_INT(regex_match(regex, (struct bytes){ "a\0b", 3 }, NULL), REGEX_MATCH);
	CHECK_EQ_INT(regex_match(regex, (struct bytes){ "\xff\xfe\x80 b", 5 }, NULL),
		     REGEX_MATCH);
	CHECK_EQ_INT(regex_match(regex, (struct bytes){ "\xc3", 1 }, NULL), REGEX_MISMATCH);
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
	static const char *const wrong[] = { "+a",   "(*a)", "a|+",    "^++?+a",
					     "\\Z+", "(",    "a|\\X+", "(*sr:a)" };

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

static void check_effort(const char *pattern, struct bytes subject, enum regex_result expected)
{
	CLEANUP(release) struct regex *regex = compile(pattern);
	enum regex_result found = REGEX_MATCH;

	REQUIRE(regex != NULL);
	found = regex_match(regex, subject, NULL);
	CHECK_EQ_INT(found, expected);
	if (found != expected)
		printf("# %s\n", pattern);
}

/* Some of these would take years; the test ends because they are cut off. */
TEST(an_expression_that_explodes_is_too_expensive)
{
	static const char *const exploding[] = {
		"^(a+)+$",
		"^(a|aa)+$",
		"([a-z]+)*[0-9]",
		"^(?:a?a?)*[0-9]$",
		"(?:(?:a+)?(?:b|a+)?)+[0-9]",
		"(a*)*(?=[0-9])",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(exploding); i++)
		check_effort(exploding[i],
			     bytes_from_string("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab "),
			     REGEX_TOO_EXPENSIVE);
}

/* `count` times the same. */
static struct bytes repeat(struct text *text, const char *piece, size_t count)
{
	text_clear(text);
	for (size_t i = 0; i < count; i++)
		text_append_string(text, piece);
	return (struct bytes){ text_string(text), text->length };
}

/* Each place where a match may begin is harmless, all of them together are not. */
TEST(a_long_subject_is_too_expensive)
{
	static const char *const slow[] = {
		"[a-z]+[0-9]",
		"[a-z]*?[0-9]",
		"(?i)[A-Z]+[0-9]",
		"\\w+\\b[0-9]",
		"[^0-9]+(?<!a)[0-9]",
		"(?>[a-z]+)[0-9]",
		"(?=[a-z]+[0-9])|[0-9]",
		"(?:x?[a-z]++[0-9]|a)+",
		"[a-z]+[a-z]+[0-9]",
		"(?s).*.*[0-9]",
		"\\p{L}+[0-9]",
		"[a-z]{30000}[0-9]",
		"(*NO_START_OPT)(*NO_AUTO_POSSESS)[a-z]+[0-9]",
		"(?|a|b)+[0-9]",
	};
	CLEANUP(text_deinit) struct text text = { 0 };
	struct bytes subject = repeat(&text, "a", 1 << 20);

	for (size_t i = 0; i < ARRAY_LENGTH(slow); i++)
		check_effort(slow[i], subject, REGEX_TOO_EXPENSIVE);
	check_effort("[a-z]+[0-9]", repeat(&text, "a", 1 << 16), REGEX_TOO_EXPENSIVE);
	check_effort("^[a-z]+[0-9]", repeat(&text, "a", 1 << 20), REGEX_MISMATCH);
	check_effort("[a-z]+[0-9]", repeat(&text, "word ", 1 << 17), REGEX_MISMATCH);
}

/* What looks at much text between one callout and the next. */
TEST(hidden_work_counts)
{
	CLEANUP(text_deinit) struct text text = { 0 };
	struct bytes subject;

	check_effort("(?:[a-z]{60000}|[0-9])", repeat(&text, "a", 59999), REGEX_TOO_EXPENSIVE);
	check_effort("(?<=[a-z5]{60000})5", repeat(&text, "5", 59999), REGEX_TOO_EXPENSIVE);
	repeat(&text, "a", 40000);
	text_append_string(&text, "b");
	for (unsigned i = 0; i < 39999; i++)
		text_append_char(&text, 'a');
	subject = (struct bytes){ text_string(&text), text.length };
	check_effort("^(a+)b(?:\\1|a)+[0-9]|[0-9]c", subject, REGEX_TOO_EXPENSIVE);
	check_effort("\\x{2028}|\\d{4}", repeat(&text, "199 ", 200000), REGEX_MISMATCH);
}

static uint64_t left(const char *pattern, struct bytes subject, uint64_t steps)
{
	CLEANUP(release) struct regex *regex = compile(pattern);
	enum regex_result found = regex_match(regex, subject, &steps);

	CHECK_EQ_INT(found == REGEX_TOO_EXPENSIVE, !steps);
	return steps;
}

TEST(steps_are_counted)
{
	static const char pattern[] = "\\w+ is \\d";
	CLEANUP(text_deinit) struct text text = { 0 };
	struct bytes subject = repeat(&text, "word is ", 1000);
	uint64_t spent = 1000000 - left(pattern, subject, 1000000);

	CHECK(spent > 50000 && spent < 300000);
	CHECK_EQ_U64(left(pattern, subject, 2 * spent), spent);
	CHECK_EQ_U64(left(pattern, subject, spent + 1), 1);
	CHECK_EQ_U64(left(pattern, subject, spent), 0);
	CHECK_EQ_U64(left("[0-9]", subject, 1000), 1000);
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
