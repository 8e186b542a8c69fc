/*
 * What a server says in a conversation over TCP: anything. The first byte says in what pieces
 * it comes, and whether the server closes after it.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "probe/script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct label_config labels[] = { { "code", "$1" }, { "all", "<$0$name>" } };
static struct query_config queries[] = {
	{ .expect_bytes = "+OK", .expect_bytes_length = 3 },
	{ .send = "NICK $1", .send_length = 7 },
	{ .labels = labels, .label_count = 2, .send = "PONG ${1}$$", .send_length = 11 },
	{ .starttls = true },
	{ 0 },
};
static const struct tcp_module module = { .queries = queries, .query_count = 5 };

static void compile(void)
{
	if (queries[2].expect)
		return;
	if (regex_new("^PING :([^ ]+)(?P<name>x)?", &queries[2].expect, NULL) ||
	    regex_new("^220 ", &queries[3].expect, NULL) ||
	    regex_new("^(a+)+$", &queries[4].expect, NULL))
		abort();
}

static size_t give(struct script *script, const uint8_t *data, size_t size, size_t piece)
{
	size_t room;
	char *to = script_room(script, &room);

	assert(room > 0);
	room = room < piece ? room : piece;
	room = room < size ? room : size;
	memcpy(to, data, room);
	script_received(script, room);
	return room;
}

static void check_end(const struct script *script, enum script_wish wish)
{
	assert(wish != SCRIPT_FAILED || script->reason < PROBE_REASON_COUNT);
	assert(script->unread.length <= SCRIPT_LINE_MAX);
	assert(script_late_reason(script) < PROBE_REASON_COUNT);
}

static void hold(struct script *script, const uint8_t *data, size_t size, uint8_t how)
{
	enum script_wish wish;

	while ((wish = script_advance(script)) < SCRIPT_DONE) {
		size_t given = 0;

		if (wish == SCRIPT_PAUSE)
			continue;
		if (wish == SCRIPT_SEND)
			script_sent(script, 1);
		else if (wish == SCRIPT_TLS)
			script_secured(script);
		else if (size)
			given = give(script, data, size, 1 + how / 2);
		else if (how % 2 && !script->closed)
			script_closed(script);
		else
			break;
		data += given;
		size -= given;
	}
	check_end(script, wish);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct probe_report report;
	struct script script;

	if (!size)
		return 0;
	compile();
	probe_report_init(&report);
	script_init(&script, &module, &report);
	hold(&script, data + 1, size - 1, data[0]);
	script_deinit(&script);
	probe_report_deinit(&report);
	return 0;
}
