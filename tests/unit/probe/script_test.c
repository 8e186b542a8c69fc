#include "probe/script.h"

#include <stdlib.h>

#include "test.h"

#define STEPS_MAX 8

/* A conversation written down in C, and what became of it. */
struct talk {
	struct query_config queries[STEPS_MAX];
	struct tcp_module module;
	struct probe_report report;
	struct script script;
	struct text said; /* by us; "<TLS>" where that begins */
	bool silent; /* the peer says nothing more, and does not close either */
};

static struct regex *regex(const char *pattern)
{
	struct regex *regex = NULL;

	CHECK(!regex_new(pattern, &regex, NULL));
	return regex;
}

static struct query_config *add(struct talk *talk)
{
	return &talk->queries[talk->module.query_count++];
}

static void set_send(struct query_config *query, struct bytes send)
{
	query->send = send.data;
	query->send_length = send.length;
}

static void set_expect_bytes(struct query_config *query, struct bytes bytes)
{
	query->expect_bytes = bytes.data;
	query->expect_bytes_length = bytes.length;
}

static void add_expect(struct talk *talk, const char *pattern, const char *send)
{
	struct query_config *query = add(talk);

	query->expect = regex(pattern);
	if (send)
		set_send(query, bytes_from_string(send));
}

static void begin(struct talk *talk)
{
	talk->module.queries = talk->queries;
	probe_report_init(&talk->report);
	script_init(&talk->script, &talk->module, &talk->report);
}

static void end(struct talk *talk)
{
	script_deinit(&talk->script);
	probe_report_deinit(&talk->report);
	text_deinit(&talk->said);
}

static void end_all(struct talk *talk)
{
	end(talk);
	for (size_t i = 0; i < talk->module.query_count; i++)
		regex_free(talk->queries[i].expect);
}

/* Gives up to `most` bytes of what is left. */
static void give(struct talk *talk, struct bytes *rest, size_t most)
{
	size_t room;
	char *to = script_room(&talk->script, &room);

	most = most < room ? most : room;
	most = most < rest->length ? most : rest->length;
	memcpy(to, rest->data, most);
	script_received(&talk->script, most);
	*rest = (struct bytes){ rest->data + most, rest->length - most };
}

/* Says one byte at a time, for a step may be short of room. */
static void hear(struct talk *talk)
{
	struct bytes unsent = script_unsent(&talk->script);

	CHECK(unsent.length > 0);
	text_append(&talk->said, unsent.data, 1);
	script_sent(&talk->script, 1);
}

/* False: there is nothing to be done about it. */
static bool grant(struct talk *talk, enum script_wish wish, struct bytes *rest, size_t piece)
{
	if (wish == SCRIPT_SEND) {
		hear(talk);
	} else if (wish == SCRIPT_TLS) {
		text_append_string(&talk->said, "<TLS>");
		script_secured(&talk->script);
	} else if (wish == SCRIPT_RECEIVE && rest->length) {
		give(talk, rest, piece);
	} else if (wish == SCRIPT_RECEIVE && !talk->silent) {
		script_closed(&talk->script);
	} else {
		return wish == SCRIPT_PAUSE;
	}
	return true;
}

static enum script_wish go_on(struct talk *talk, struct bytes *rest, size_t piece)
{
	enum script_wish wish;

	do
		wish = script_advance(&talk->script);
	while (grant(talk, wish, rest, piece));
	return wish;
}

/* What it comes to when all that comes is `input`, in pieces of that size. */
static enum script_wish hold(struct talk *talk, struct bytes input, size_t piece)
{
	begin(talk);
	return go_on(talk, &input, piece);
}

static enum script_wish hold_string(struct talk *talk, const char *input)
{
	return hold(talk, bytes_from_string(input), SIZE_MAX);
}

TEST(a_module_that_says_and_hears_nothing_needs_no_script)
{
	struct tcp_module module = { 0 };

	CHECK(!script_is_needed(&module));
	module.tls_from_start = true;
	CHECK(script_is_needed(&module));
	module = (struct tcp_module){ .query_count = 1 };
	CHECK(script_is_needed(&module));
}

TEST(nothing_to_say_is_done)
{
	struct talk talk = { 0 };

	CHECK_EQ_INT(hold_string(&talk, "whatever"), SCRIPT_DONE);
	CHECK(!talk.report.failed_by_regex && !talk.report.expects_bytes);
	end_all(&talk);
}

/* The same, wherever what comes is cut. */
TEST(lines_are_skipped_until_one_matches)
{
	static const char input[] = "NOTICE\r\n\nPING :ab\r\n:x 001 you\n";

	for (size_t piece = 1; piece <= sizeof(input); piece++) {
		struct talk talk = { 0 };

		set_send(add(&talk), bytes_from_string("NICK $1"));
		add_expect(&talk, "^PING :([^ ]+)$", "PONG ${1}!");
		add_expect(&talk, "^:[^ ]+ 001", NULL);
		CHECK_EQ_INT(hold(&talk, bytes_from_string(input), piece), SCRIPT_DONE);
		CHECK_EQ_STR(text_string(&talk.said), "NICK $1\nPONG ab!\n");
		CHECK(!talk.report.failed_by_regex);
		end_all(&talk);
	}
}

TEST(others_have_their_turn_between_lines)
{
	struct bytes lines = { "\n\nx\n", 4 };
	struct talk talk = { 0 };

	add_expect(&talk, "^x", NULL);
	begin(&talk);
	give(&talk, &lines, SIZE_MAX);
	CHECK_EQ_INT(script_advance(&talk.script), SCRIPT_PAUSE);
	CHECK_EQ_INT(script_advance(&talk.script), SCRIPT_PAUSE);
	CHECK_EQ_INT(script_advance(&talk.script), SCRIPT_DONE);
	end_all(&talk);
}

/* Whether it matches is not known, which is not the peer's fault. */
TEST(a_line_may_take_an_expression_too_long)
{
	static char line[SCRIPT_LINE_MAX];
	struct talk talk = { 0 };

	memset(line, 'a', sizeof(line) - 1);
	line[sizeof(line) - 2] = '\n';
	add_expect(&talk, "[a-z]+[0-9]", NULL);
	CHECK_EQ_INT(hold_string(&talk, line), SCRIPT_FAILED);
	CHECK_EQ_INT(talk.script.reason, PROBE_CONFIG);
	CHECK(!talk.report.failed_by_regex);
	end_all(&talk);
}

TEST(a_long_line_of_words_does_not)
{
	CLEANUP(text_deinit) struct text line = { 0 };
	struct talk talk = { 0 };

	while (line.length < SCRIPT_LINE_MAX - 100)
		text_append_string(&line, "up or down ");
	text_append_string(&line, "and it is 1\n");
	add_expect(&talk, "\\w+ is \\d$", NULL);
	CHECK_EQ_INT(hold_string(&talk, text_string(&line)), SCRIPT_DONE);
	end_all(&talk);
}

TEST(an_empty_line_is_one_and_so_is_what_is_left_at_the_end)
{
	struct talk talk = { 0 };

	add_expect(&talk, "^$", NULL);
	add_expect(&talk, "^\r$", NULL);
	add_expect(&talk, "^end$", NULL);
	CHECK_EQ_INT(hold_string(&talk, "\n\r\r\nend"), SCRIPT_DONE);
	end_all(&talk);
}

TEST(one_who_closes_without_having_said_it_fails_by_regex)
{
	struct talk talk = { 0 };

	add_expect(&talk, "^SSH-", NULL);
	CHECK_EQ_INT(hold_string(&talk, "HTTP/1.0 400\n\n"), SCRIPT_FAILED);
	CHECK_EQ_INT(talk.script.reason, PROBE_BODY);
	CHECK(talk.report.failed_by_regex);
	end(&talk);
	CHECK_EQ_INT(hold_string(&talk, ""), SCRIPT_FAILED);
	CHECK_EQ_INT(talk.script.reason, PROBE_CLOSED_EARLY);
	CHECK(talk.report.failed_by_regex);
	end_all(&talk);
}

TEST(what_is_heard_counts_for_its_step)
{
	struct talk talk = { 0 };

	add_expect(&talk, "^220", "QUIT");
	add_expect(&talk, "^221", NULL);
	CHECK_EQ_INT(hold_string(&talk, "220 hello\n"), SCRIPT_FAILED);
	CHECK_EQ_INT(talk.script.reason, PROBE_CLOSED_EARLY);
	end(&talk);
	CHECK_EQ_INT(hold_string(&talk, "220 hello\n500 no\n"), SCRIPT_FAILED);
	CHECK_EQ_INT(talk.script.reason, PROBE_BODY);
	end_all(&talk);
}

static enum probe_reason late(const char *input)
{
	struct talk talk = { .silent = true };
	enum probe_reason reason;

	add_expect(&talk, "^220", "HELO");
	add_expect(&talk, "^250", NULL);
	CHECK_EQ_INT(hold_string(&talk, input), SCRIPT_RECEIVE);
	CHECK(!talk.report.failed_by_regex);
	reason = script_late_reason(&talk.script);
	end_all(&talk);
	return reason;
}

TEST(time_runs_out_for_one_who_is_silent_slow_or_says_something_else)
{
	CHECK_EQ_INT(late(""), PROBE_NO_ANSWER);
	CHECK_EQ_INT(late("2"), PROBE_SLOW);
	CHECK_EQ_INT(late("554 no\n"), PROBE_BODY);
	CHECK_EQ_INT(late("554 no\n554 "), PROBE_SLOW);
	CHECK_EQ_INT(late("220 \n"), PROBE_NO_ANSWER);
	CHECK_EQ_INT(late("220 \n2"), PROBE_SLOW);
	CHECK_EQ_INT(late("220 \n220 \n"), PROBE_BODY);
}

/* As long as Go's scanner takes, and one byte longer. */
TEST(a_line_may_be_so_long_and_no_longer)
{
	static char input[SCRIPT_LINE_MAX + 8];

	for (size_t longer = 0; longer < 2; longer++) {
		size_t length = SCRIPT_LINE_MAX - 1 + longer;
		struct talk talk = { 0 };

		memset(input, 'a', length);
		memcpy(input + length, "\nb\n", 3);
		add_expect(&talk, "^a*$", NULL);
		add_expect(&talk, "^b", NULL);
		CHECK_EQ_INT(hold(&talk, (struct bytes){ input, length + 3 }, 1000),
			     longer ? SCRIPT_FAILED : SCRIPT_DONE);
		CHECK_EQ_INT(talk.script.reason, longer ? PROBE_TOO_LARGE : PROBE_REASON_COUNT);
		end_all(&talk);
	}
}

TEST(a_flood_of_lines_ends_and_is_not_kept)
{
	struct talk talk = { .silent = true };
	static char lines[1 << 20];
	enum script_wish wish = SCRIPT_RECEIVE;
	unsigned times = 0;

	for (size_t i = 0; i < sizeof(lines); i++)
		lines[i] = i % 64 ? 'x' : '\n';
	add_expect(&talk, "^never", NULL);
	begin(&talk);
	while (wish == SCRIPT_RECEIVE && times++ < 100) {
		struct bytes more = { lines, sizeof(lines) };

		wish = go_on(&talk, &more, SIZE_MAX);
	}
	CHECK_EQ_INT(wish, SCRIPT_FAILED);
	CHECK_EQ_INT(talk.script.reason, PROBE_TOO_LARGE);
	CHECK(talk.script.total <= SCRIPT_TOTAL_MAX + SCRIPT_LINE_MAX);
	CHECK(talk.script.unread.capacity <= 2 * SCRIPT_LINE_MAX);
	end_all(&talk);
}

TEST(bytes_are_waited_for_and_need_no_line)
{
	static const char input[] = "220 x\r\nBYTESmore\n";

	for (size_t piece = 1; piece <= sizeof(input); piece++) {
		struct talk talk = { 0 };

		add_expect(&talk, "^220", "a");
		set_expect_bytes(&talk.queries[0], bytes_from_string("BYTES"));
		set_send(add(&talk), bytes_from_string("b"));
		add_expect(&talk, "^more$", NULL);
		CHECK_EQ_INT(hold(&talk, bytes_from_string(input), piece), SCRIPT_DONE);
		CHECK_EQ_STR(text_string(&talk.said), "a\nb\n");
		CHECK(talk.report.expects_bytes && !talk.report.failed_by_bytes);
		end_all(&talk);
	}
}

TEST(bytes_that_differ_are_known_at_once)
{
	struct talk talk = { .silent = true };

	set_expect_bytes(add(&talk), bytes_from_string("SSH-2.0"));
	CHECK_EQ_INT(hold_string(&talk, "SSX"), SCRIPT_FAILED);
	CHECK_EQ_INT(talk.script.reason, PROBE_BODY);
	CHECK(talk.report.failed_by_bytes);
	end(&talk);
	CHECK_EQ_INT(hold_string(&talk, "SSH"), SCRIPT_RECEIVE);
	CHECK_EQ_INT(script_late_reason(&talk.script), PROBE_SLOW);
	end(&talk);
	talk.silent = false;
	CHECK_EQ_INT(hold_string(&talk, "SSH"), SCRIPT_FAILED);
	CHECK_EQ_INT(talk.script.reason, PROBE_CLOSED_EARLY);
	CHECK(!talk.report.failed_by_bytes);
	end_all(&talk);
}

TEST(bytes_may_be_zero)
{
	const struct bytes zeros = { "\0\x01X", 3 }, other = { "\0\x01Y", 3 };
	struct talk talk = { 0 };

	set_expect_bytes(add(&talk), zeros);
	set_send(&talk.queries[0], zeros);
	add_expect(&talk, "^(.)", NULL);
	set_send(&talk.queries[1], (struct bytes){ "<$1\0${1}>", 9 });
	CHECK_EQ_INT(hold(&talk, (struct bytes){ "\0\x01Xa\n", 5 }, 1), SCRIPT_DONE);
	CHECK_EQ_U64(talk.said.length, 4 + 6);
	CHECK_EQ_MEM(talk.said.data, "\0\x01X\n<a\0a>\n", 10);
	end(&talk);
	CHECK_EQ_INT(hold_string(&talk, "XYZ"), SCRIPT_FAILED);
	CHECK(talk.report.failed_by_bytes);
	end(&talk);
	CHECK_EQ_INT(hold(&talk, other, SIZE_MAX), SCRIPT_FAILED);
	CHECK(talk.report.failed_by_bytes);
	end_all(&talk);
}

TEST(nothing_is_sent_when_nothing_is_left_of_it)
{
	struct talk talk = { 0 };

	add_expect(&talk, "a(x)?", "$1");
	CHECK_EQ_INT(hold_string(&talk, "a\n"), SCRIPT_DONE);
	CHECK_EQ_STR(text_string(&talk.said), "");
	end_all(&talk);
}

TEST(what_was_said_before_tls_goes_for_nothing)
{
	struct talk talk = { 0 };

	add_expect(&talk, "^220", "STARTTLS");
	add_expect(&talk, "^220 go", NULL);
	talk.queries[1].starttls = true;
	add_expect(&talk, "^250", "QUIT");
	CHECK_EQ_INT(hold_string(&talk, "220\n220 go\n250 injected\n"), SCRIPT_FAILED);
	CHECK_EQ_STR(text_string(&talk.said), "STARTTLS\n<TLS>");
	CHECK_EQ_INT(talk.script.reason, PROBE_CLOSED_EARLY);
	end_all(&talk);
}

TEST(labels_are_of_the_line_that_matched)
{
	static struct label_config labels[] = { { "user", "<$2>" }, { "all", "${0}" } };
	struct talk talk = { 0 };

	add_expect(&talk, "(\\w+)=(\\w+)", NULL);
	talk.queries[0].labels = labels;
	talk.queries[0].label_count = 2;
	CHECK_EQ_INT(hold_string(&talk, "x\nuser=me;\n"), SCRIPT_DONE);
	CHECK_EQ_U64(talk.report.expect_label_count, 2);
	CHECK_EQ_STR(talk.report.expect_labels[0].name, "user");
	CHECK_EQ_STR(talk.report.expect_labels[0].value, "<me>");
	CHECK_EQ_STR(talk.report.expect_labels[1].value, "user=me");
	end_all(&talk);
}

TEST(it_is_told_what_happened_and_never_what_was_sent)
{
	struct talk talk = { 0 };
	const char *log;

	add_expect(&talk, "^b", "PASS secret");
	set_expect_bytes(&talk.queries[0], bytes_from_string("+OK"));
	begin(&talk);
	talk.report.wants_log = true;
	CHECK_EQ_INT(go_on(&talk, &(struct bytes){ "a \xff\nbc\n+NO", 10 }, SIZE_MAX),
		     SCRIPT_FAILED);
	log = text_string(&talk.report.log);
	CHECK(strstr(log, "msg=\"a line does not match\" line=\"a \xef\xbf\xbd\"\n"));
	CHECK(strstr(log, "msg=\"a line matches\" line=bc\n"));
	CHECK(strstr(log, "level=error msg=\"the bytes are other ones\" step=1\n"));
	end(&talk);
	begin(&talk);
	talk.report.wants_log = true;
	CHECK_EQ_INT(go_on(&talk, &(struct bytes){ "b\n+OK", 5 }, 2), SCRIPT_DONE);
	CHECK(strstr(text_string(&talk.report.log), "msg=\"sent a line\" step=1\n"));
	CHECK(!strstr(text_string(&talk.report.log), "secret"));
	end_all(&talk);
}

TEST(what_groups_make_of_it_is_bounded)
{
	static char input[60001];
	struct talk talk = { 0 };

	memset(input, 'a', sizeof(input) - 1);
	add_expect(&talk, "a+", "$0$0");
	CHECK_EQ_INT(hold_string(&talk, input), SCRIPT_FAILED);
	CHECK_EQ_INT(talk.script.reason, PROBE_TOO_LARGE);
	end_all(&talk);
}

TEST_MAIN()
