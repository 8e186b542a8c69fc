#include "probe/answer.h"

#include "test.h"

static bool take(struct answer *answer, const char *const *lines)
{
	for (; *lines; lines++) {
		if (!answer_take_line(answer, bytes_from_string(*lines)))
			return false;
	}
	return true;
}

#define TAKE(answer, ...) take(answer, (const char *const[]){ __VA_ARGS__, NULL })

/* All values of a header, with a bar after each. */
static const char *values(const struct answer *answer, const char *name)
{
	static struct text text;
	struct bytes rest = { 0 }, value;

	text_clear(&text);
	while (answer_next_value(answer, name, &rest, &value)) {
		text_append(&text, value.data, value.length);
		text_append_char(&text, '|');
	}
	return text_string(&text);
}

TEST(values_are_found_by_name_in_any_case)
{
	CLEANUP(answer_deinit) struct answer answer = { .keeps_head = true };

	CHECK(TAKE(&answer, "HTTP/1.1 200 OK\r\n", "X-A:  one \r\n", "x-b: 2\r\n",
		   "x-a:two\r\n", "X-Ab: no\r\n", "X-Empty:\r\n", "\r\n"));
	CHECK_EQ_STR(values(&answer, "X-A"), "one|two|");
	CHECK_EQ_STR(values(&answer, "X-B"), "2|");
	CHECK_EQ_STR(values(&answer, "X-Empty"), "|");
	CHECK_EQ_STR(values(&answer, "X-None"), "");
	CHECK_EQ_STR(values(&answer, "HTTP/1.1 200 OK"), "");
}

TEST(the_last_head_counts_and_trailers_do_not)
{
	CLEANUP(answer_deinit) struct answer answer = { .keeps_head = true, .body_max = 9 };

	CHECK(TAKE(&answer, "HTTP/1.1 100 Continue\r\n", "X-A: old\r\n", "\r\n",
		   "HTTP/1.1 200 OK\r\n", "X-A: new\r\n", "\r\n"));
	CHECK(answer_take_body(&answer, bytes_from_string("body")));
	CHECK(TAKE(&answer, "X-A: late\r\n", "\r\n"));
	CHECK_EQ_STR(values(&answer, "X-A"), "new|");
}

TEST(a_line_may_go_on_in_the_next)
{
	CLEANUP(answer_deinit) struct answer answer = { .keeps_head = true };

	CHECK(TAKE(&answer, "HTTP/1.1 200 OK\r\n", " lost\r\n", "X-A: one\r\n", "\t two\r\n",
		   "\r\n"));
	CHECK_EQ_STR(values(&answer, "X-A"), "one two|");
}

TEST(heads_are_kept_only_when_they_are_wanted)
{
	CLEANUP(answer_deinit) struct answer answer = { 0 };

	CHECK(TAKE(&answer, "HTTP/1.1 200 OK\r\n", "X-A: one\r\n", "\r\n"));
	CHECK_EQ_STR(values(&answer, "X-A"), "");
}

TEST(a_head_ends_with_an_empty_line_kept_or_not)
{
	for (int keeps = 0; keeps < 2; keeps++) {
		CLEANUP(answer_deinit) struct answer answer = { .keeps_head = keeps };

		CHECK(TAKE(&answer, "HTTP/1.1 100 Continue\r\n", "\r\n"));
		CHECK(answer.head_ended);
		CHECK(TAKE(&answer, "HTTP/1.1 200 OK\r\n", "X-A: one\r\n"));
		CHECK(!answer.head_ended);
		CHECK(TAKE(&answer, "\r\n"));
		CHECK(answer.head_ended);
	}
}

TEST(too_much_is_refused)
{
	CLEANUP(answer_deinit) struct answer answer = { .keeps_body = true, .body_max = 4 };
	static char line[100 * 1024];

	CHECK(answer_take_body(&answer, bytes_from_string("1234")));
	CHECK(!answer.capped);
	CHECK(!answer_take_body(&answer, bytes_from_string("5")));
	CHECK(answer.capped);
	CHECK_EQ_STR(text_string(&answer.body), "1234");
	answer_clear(&answer);
	CHECK(!answer.capped);
	CHECK_EQ_U64(answer.body_bytes, 0);
	CHECK_EQ_U64(answer.body_max, 4);
	memset(line, 'x', sizeof(line));
	CHECK(answer_take_line(&answer, (struct bytes){ line, sizeof(line) }));
	CHECK(answer_take_line(&answer, (struct bytes){ line, sizeof(line) }));
	CHECK(!answer_take_line(&answer, (struct bytes){ line, sizeof(line) }));
	CHECK(answer.capped);
}

TEST(a_long_body_is_counted_and_its_beginning_kept)
{
	CLEANUP(answer_deinit)
	struct answer answer = { .keeps_body = true, .body_max = 1U << 30 };
	static char piece[700 * 1024];

	memset(piece, 'x', sizeof(piece));
	CHECK(answer_take_body(&answer, (struct bytes){ piece, sizeof(piece) }));
	CHECK(answer_take_body(&answer, (struct bytes){ piece, sizeof(piece) }));
	CHECK_EQ_U64(answer.body_bytes, 2 * sizeof(piece));
	CHECK_EQ_U64(answer.body.length, 1024 * 1024);
}

TEST_MAIN()
