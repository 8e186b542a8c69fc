#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/logfmt.h"
#include "base/text.h"

static const char *const level_names[] = { "debug", "info", "warn", "error" };
static const char *const format_names[] = { "logfmt", "json" };

static enum log_level min_level = LOG_INFO;
static enum log_format line_format = LOG_LOGFMT;

void log_init(enum log_level level, enum log_format format)
{
	min_level = level;
	line_format = format;
}

static int find_name(const char *const *names, size_t count, const char *string)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(names[i], string))
			return (int)i;
	}
	return -EINVAL;
}

int log_level_parse(const char *string, enum log_level *ret_level)
{
	int found = find_name(level_names, ARRAY_LENGTH(level_names), string);

	if (found < 0)
		return found;
	*ret_level = (enum log_level)found;
	return 0;
}

int log_format_parse(const char *string, enum log_format *ret_format)
{
	int found = find_name(format_names, ARRAY_LENGTH(format_names), string);

	if (found < 0)
		return found;
	*ret_format = (enum log_format)found;
	return 0;
}

static void append_pair(struct text *line, const char *key, const char *value)
{
	if (line_format == LOG_JSON) {
		text_append_string(line, line->length > 1 ? "," : "");
		logfmt_quote(line, key);
		text_append_char(line, ':');
		logfmt_quote(line, value);
		return;
	}
	logfmt_append(line, key, value);
}

static void append_timestamp(struct text *line)
{
	CLEANUP(text_deinit) struct text value = { 0 };

	logfmt_append_time(&value, clock_wall());
	append_pair(line, "ts", text_string(&value));
}

void log_line(enum log_level level, const char *message, ...)
{
	CLEANUP(text_deinit) struct text line = { 0 };
	const char *key, *value;
	va_list pairs;

	if (level < min_level)
		return;
	if (line_format == LOG_JSON)
		text_append_char(&line, '{');
	append_timestamp(&line);
	append_pair(&line, "level", level_names[level]);
	append_pair(&line, "msg", message);
	va_start(pairs, message);
	while ((key = va_arg(pairs, const char *))) {
		value = va_arg(pairs, const char *);
		append_pair(&line, key, value);
	}
	va_end(pairs);
	text_append_string(&line, line_format == LOG_JSON ? "}\n" : "\n");
	/* A log that cannot be written must not stop the monitor. */
	if (write(STDERR_FILENO, line.data, line.length) < 0)
		return;
}
