/*
 * Made to agree with blackbox_exporter, as its tcp prober behaves (tried with 0.23.0):
 * - A line ends with a newline, before which one carriage return does not count; what comes
 *   before the end of the connection is a line as well. Lines that do not match are skipped.
 * - probe_failed_due_to_regex tells of a peer that closed without having said what is expected,
 *   not of one that ran out of time.
 * - Nothing is sent when nothing is left of it once groups are put in.
 *
 * Where it reads once and takes what comes for all of `expect_bytes`, and reads those past what
 * it read ahead for `expect`, we wait for as many bytes as are expected, from where the line
 * ended: TCP has no messages. Bytes that differ are known by the first that does.
 */
#include "probe/script.h"

#include <assert.h>
#include <string.h>

#include "probe/expand.h"

/* Of one thing that is said, and of a label. */
#define EXPANDED_MAX 65536

/*
 * Of one line. That of 64 kB takes 1.3 million steps of an expression that begins with a word,
 * and each line may be the last that others wait for.
 */
#define LINE_STEPS 4000000

/* What is read at once. */
#define ROOM_MAX 8192

bool script_is_needed(const struct tcp_module *module)
{
	return module->tls_from_start || module->query_count;
}

void script_init(struct script *script, const struct tcp_module *module,
		 struct probe_report *report)
{
	*script = (struct script){ .module = module,
				   .report = report,
				   .reason = PROBE_REASON_COUNT };
	for (size_t i = 0; i < module->query_count; i++)
		report->expects_bytes |= module->queries[i].expect_bytes != NULL;
}

void script_deinit(struct script *script)
{
	text_deinit(&script->unread);
	text_deinit(&script->unsent);
}

static const struct query_config *query(const struct script *script)
{
	return &script->module->queries[script->step];
}

static enum script_wish fail(struct script *script, enum probe_reason reason)
{
	script->reason = reason;
	return SCRIPT_FAILED;
}

/* What we say may hold a password, and is not told. */
static void note(struct script *script, const char *level, const char *message)
{
	char *step;

	if (!script->report->wants_log)
		return;
	step = arena_printf(&script->report->arena, "%zu", script->step + 1);
	probe_report_log(script->report, level, message, "step", step, NULL);
}

static void note_line(struct script *script, const char *level, const char *message,
		      struct bytes line)
{
	CLEANUP(text_deinit) struct text copy = { 0 };

	if (!script->report->wants_log)
		return;
	text_append(&copy, line.data, line.length);
	probe_report_log(script->report, level, message, "line", text_string(&copy), NULL);
}

static size_t unread(const struct script *script)
{
	return script->unread.length - script->at;
}

static const char *unread_data(const struct script *script)
{
	return text_string(&script->unread) + script->at;
}

static void take(struct script *script, size_t length)
{
	script->at += length;
	script->searched = script->at;
}

/* The next line; false: none is complete. */
static bool take_line(struct script *script, struct bytes *ret_line)
{
	const char *from = text_string(&script->unread) + script->searched;
	const char *end = memchr(from, '\n', script->unread.length - script->searched);
	struct bytes line = { unread_data(script), unread(script) };

	if (!end && (!script->closed || !line.length)) {
		script->searched = script->unread.length;
		return false;
	}
	if (end)
		line.length = (size_t)(end - line.data);
	take(script, line.length + (end != NULL));
	if (line.length && line.data[line.length - 1] == '\r')
		line.length--;
	*ret_line = line;
	return true;
}

static bool expand_labels(struct script *script, const struct regex_groups *groups)
{
	const struct query_config *q = query(script);
	struct arena *arena = &script->report->arena;
	struct probe_label *labels = arena_alloc(arena, q->label_count, sizeof(*labels));

	for (size_t i = 0; i < q->label_count; i++) {
		CLEANUP(text_deinit) struct text value = { 0 };

		if (expand_template(bytes_from_string(q->labels[i].value), q->expect, groups,
				    EXPANDED_MAX, &value) < 0)
			return false;
		labels[i].name = arena_copy_string(arena, q->labels[i].name);
		labels[i].value = arena_copy(arena, text_string(&value), value.length);
	}
	script->report->expect_labels = labels;
	script->report->expect_label_count = q->label_count;
	return true;
}

static bool prepare_send(struct script *script, const struct regex_groups *groups)
{
	const struct query_config *q = query(script);

	return !q->send || expand_template((struct bytes){ q->send, q->send_length }, q->expect,
					   groups, EXPANDED_MAX, &script->unsent) == 0;
}

static enum script_wish matched(struct script *script, struct bytes line,
				const struct regex_groups *groups)
{
	note_line(script, "info", "a line matches", line);
	script->report->failed_by_regex = false;
	script->part = SCRIPT_EXPECT_BYTES;
	if (!prepare_send(script, groups) ||
	    (query(script)->label_count && !expand_labels(script, groups)))
		return fail(script, PROBE_TOO_LARGE);
	return SCRIPT_DONE;
}

static enum script_wish hear_line(struct script *script, struct bytes line)
{
	struct regex_groups groups;
	uint64_t steps = LINE_STEPS;

	switch (regex_find(query(script)->expect, line, &steps, &groups)) {
	case REGEX_MATCH:
		return matched(script, line, &groups);
	case REGEX_TOO_EXPENSIVE:
		note_line(script, "error", "expression takes too long on this line", line);
		return fail(script, PROBE_CONFIG);
	case REGEX_MISMATCH:
		break;
	}
	note_line(script, "info", "a line does not match", line);
	script->refuted = true;
	return SCRIPT_PAUSE;
}

static enum script_wish expect(struct script *script)
{
	struct bytes line;

	if (take_line(script, &line))
		return hear_line(script, line);
	if (script->closed) {
		note(script, "error", "closed before any line matched");
		script->report->failed_by_regex = true;
		return fail(script, script->refuted ? PROBE_BODY : PROBE_CLOSED_EARLY);
	}
	if (unread(script) >= SCRIPT_LINE_MAX || script->total >= SCRIPT_TOTAL_MAX) {
		note(script, "error", "a line is too long, or there are too many");
		return fail(script, PROBE_TOO_LARGE);
	}
	return SCRIPT_RECEIVE;
}

/* Without an `expect` nothing is put in, and dollar signs are themselves. */
static enum script_wish begin_saying(struct script *script)
{
	const struct query_config *q = query(script);

	if (!q->expect && q->send)
		text_append(&script->unsent, q->send, q->send_length);
	if (script->unsent.length)
		text_append_char(&script->unsent, '\n');
	script->part = SCRIPT_SAY;
	return SCRIPT_DONE;
}

static enum script_wish expect_bytes(struct script *script)
{
	const char *expected = query(script)->expect_bytes;
	size_t wanted = query(script)->expect_bytes_length, there = unread(script);

	if (memcmp(unread_data(script), expected, there < wanted ? there : wanted) != 0) {
		note(script, "error", "the bytes are other ones");
		script->report->failed_by_bytes = true;
		return fail(script, PROBE_BODY);
	}
	if (there < wanted)
		return script->closed ? fail(script, PROBE_CLOSED_EARLY) : SCRIPT_RECEIVE;
	note(script, "info", "the bytes match");
	take(script, wanted);
	return begin_saying(script);
}

static enum script_wish say(struct script *script)
{
	if (script_unsent(script).length)
		return SCRIPT_SEND;
	if (script->sent)
		note(script, "info", "sent a line");
	text_clear(&script->unsent);
	script->sent = 0;
	script->part = SCRIPT_STARTTLS;
	return SCRIPT_DONE;
}

static void next_step(struct script *script)
{
	script->step++;
	script->part = SCRIPT_EXPECT;
	script->heard = unread(script) > 0;
	script->refuted = false;
}

/* SCRIPT_DONE: it is to go on with the next part. */
static enum script_wish advance_part(struct script *script)
{
	const struct query_config *q = query(script);

	switch (script->part) {
	case SCRIPT_EXPECT:
		if (q->expect)
			return expect(script);
		script->part = SCRIPT_EXPECT_BYTES;
		return SCRIPT_DONE;
	case SCRIPT_EXPECT_BYTES:
		return q->expect_bytes ? expect_bytes(script) : begin_saying(script);
	case SCRIPT_SAY:
		return say(script);
	case SCRIPT_STARTTLS:
		break;
	}
	if (q->starttls)
		return SCRIPT_TLS;
	next_step(script);
	return SCRIPT_DONE;
}

enum script_wish script_advance(struct script *script)
{
	while (script->step < script->module->query_count) {
		enum script_wish wish = advance_part(script);

		if (wish != SCRIPT_DONE)
			return wish;
	}
	return SCRIPT_DONE;
}

/* Makes `at` the beginning. */
static void forget_read(struct script *script)
{
	struct text *text = &script->unread;

	if (!script->at)
		return;
	memmove(text->data, text->data + script->at, unread(script));
	text->length -= script->at;
	script->searched -= script->at;
	script->at = 0;
}

char *script_room(struct script *script, size_t *ret_size)
{
	size_t there = unread(script),
	       room = there < SCRIPT_LINE_MAX ? SCRIPT_LINE_MAX - there : ROOM_MAX;

	forget_read(script);
	*ret_size = room < ROOM_MAX ? room : ROOM_MAX;
	return text_reserve(&script->unread, *ret_size);
}

void script_received(struct script *script, size_t length)
{
	script->unread.length += length;
	script->total += length;
	script->heard |= length > 0;
}

void script_closed(struct script *script)
{
	script->closed = true;
}

struct bytes script_unsent(const struct script *script)
{
	return (struct bytes){ text_string(&script->unsent) + script->sent,
			       script->unsent.length - script->sent };
}

void script_sent(struct script *script, size_t length)
{
	assert(length <= script->unsent.length - script->sent);
	script->sent += length;
}

void script_secured(struct script *script)
{
	text_clear(&script->unread);
	script->at = script->searched = 0;
	next_step(script);
}

enum probe_reason script_late_reason(const struct script *script)
{
	if (!script->heard)
		return PROBE_NO_ANSWER;
	return script->refuted && !unread(script) ? PROBE_BODY : PROBE_SLOW;
}
