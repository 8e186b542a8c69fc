#include "config/problem.h"

#include "test.h"

static void free_problems(struct problems *problems)
{
	problems_deinit(problems);
}

TEST(are_written_in_the_order_of_the_file)
{
	CLEANUP(free_problems) struct problems problems = { .file = "x.yml" };
	CLEANUP(error_deinit) struct error err = { 0 };

	problems_add(&problems, 2, 1, "third");
	problems_add(&problems, 1, 9, "second");
	problems_add(&problems, 1, 2, "%s", "first");
	problems_add(&problems, 0, 0, "the file as a whole");
	problems_write(&problems, &err);
	CHECK_EQ_STR(error_string(&err), "x.yml: the file as a whole\nx.yml:1:2: first\n"
					 "x.yml:1:9: second\nx.yml:2:1: third");
}

TEST(the_same_one_is_written_once)
{
	CLEANUP(free_problems) struct problems problems = { .file = "f" };
	CLEANUP(error_deinit) struct error err = { 0 };

	problems_add(&problems, 1, 1, "b");
	problems_add(&problems, 1, 1, "a");
	problems_add(&problems, 1, 1, "b");
	problems_write(&problems, &err);
	CHECK_EQ_STR(error_string(&err), "f:1:1: a\nf:1:1: b");
}

TEST(beyond_twenty_only_how_many)
{
	CLEANUP(free_problems) struct problems problems = { .file = "f" };
	CLEANUP(error_deinit) struct error err = { 0 }, more = { 0 };

	for (unsigned i = 1; i <= 20; i++)
		problems_add(&problems, i, 1, "wrong");
	problems_write(&problems, &err);
	CHECK(!strstr(error_string(&err), "more"));
	for (unsigned i = 21; i <= 23; i++)
		problems_add(&problems, i, 1, "wrong");
	problems_write(&problems, &more);
	CHECK(strstr(error_string(&more), "f:20:1: wrong\nand 3 more"));
	CHECK(!strstr(error_string(&more), "f:21"));
}

TEST(each_is_one_line_of_bounded_length)
{
	CLEANUP(free_problems) struct problems problems = { .file = "f" };
	CLEANUP(error_deinit) struct error err = { 0 };
	CLEANUP(text_deinit) struct text word = { 0 };

	problems_add(&problems, 1, 1, "a\nb\tc\x7f ä");
	for (int i = 0; i < 300; i++)
		text_append_string(&word, "ä");
	problems_add(&problems, 2, 1, "%s", text_string(&word));
	problems_write(&problems, &err);
	text_clear(&word);
	text_append_string(&word, "f:1:1: a?b?c? ä\nf:2:1: ");
	for (int i = 0; i < 200; i++)
		text_append_string(&word, "ä");
	text_append_string(&word, "…");
	CHECK_EQ_STR(error_string(&err), text_string(&word));
}

TEST(quotes_are_short_and_without_secrets)
{
	struct arena arena = { 0 };

	CHECK_EQ_STR(problem_quote(&arena, ""), "\"\"");
	CHECK_EQ_STR(problem_quote(&arena, "word"), "\"word\"");
	CHECK_EQ_STR(problem_quote(&arena, "https://user:pass@host/"), "\"https://…\"");
	CHECK_EQ_STR(problem_quote(&arena, "user:pass@host"), "\"…\"");
	CHECK_EQ_STR(problem_quote(&arena, "123456789 123456789 123456789 123456789 "
					   "123456789 123456789 x"),
		     "\"123456789 123456789 123456789 123456789 123456789 123456789 …\"");
	CHECK_EQ_STR(problem_quote(&arena, "ä"), "\"ä\"");
	arena_deinit(&arena);
}

TEST(nothing_is_written_when_there_is_none)
{
	CLEANUP(free_problems) struct problems problems = { .file = "f" };
	CLEANUP(error_deinit) struct error err = { 0 };

	problems_write(&problems, &err);
	CHECK_EQ_STR(error_string(&err), "");
}

TEST_MAIN()
