/*
 * A log is shown to who asks /probe for it, and tells what servers said: it is bounded, and
 * what is no UTF-8 is repaired.
 */
#include "model/probe_report.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "base/clock.h"
#include "base/logfmt.h"
#include "base/utf8.h"

enum {
	VALUE_MAX = 1024, /* bytes of a value; what is longer is cut */
	LOG_MAX = 64 * 1024, /* bytes after which lines are left out */
};

static const char full[] = "level=info msg=\"The log is full; what follows is left out\"\n";

void probe_report_init(struct probe_report *report)
{
	*report = (struct probe_report){
		.reason = PROBE_OTHER,
		.last_modified = NAN,
		.tls = { .earliest_expiry = NAN, .chain_expiry = NAN },
	};
}

void probe_report_deinit(struct probe_report *report)
{
	arena_deinit(&report->arena);
	text_deinit(&report->log);
}

static void append_pair(struct text *line, const char *key, const char *value)
{
	CLEANUP(text_deinit) struct text valid = { 0 };
	size_t length = strnlen(value, VALUE_MAX + 1);

	utf8_repair(&valid, value, utf8_cut(value, length, VALUE_MAX));
	if (length > VALUE_MAX)
		text_append_string(&valid, "...");
	logfmt_append(line, key, text_string(&valid));
}

static bool is_full(const struct text *log)
{
	size_t length = sizeof(full) - 1;

	return log->length >= length &&
	       memcmp(log->data + log->length - length, full, length) == 0;
}

void probe_report_log(struct probe_report *report, const char *level, const char *message, ...)
{
	CLEANUP(text_deinit) struct text line = { 0 }, now = { 0 };
	const char *key;
	va_list pairs;

	if (!report->wants_log || is_full(&report->log))
		return;
	logfmt_append_time(&now, clock_wall());
	logfmt_append(&line, "ts", text_string(&now));
	logfmt_append(&line, "level", level);
	logfmt_append(&line, "msg", message);
	va_start(pairs, message);
	while ((key = va_arg(pairs, const char *)))
		append_pair(&line, key, va_arg(pairs, const char *));
	va_end(pairs);
	text_append_char(&line, '\n');
	if (report->log.length + line.length > LOG_MAX)
		text_append(&report->log, full, sizeof(full) - 1);
	else
		text_append(&report->log, line.data, line.length);
}
