#include "base/logfmt.h"

#include <math.h>
#include <stdbool.h>
#include <time.h>

/* JSON's escapes (RFC 8259, section 7) serve logfmt's quoted values as well. */
void logfmt_quote(struct text *text, const char *value)
{
	text_append_char(text, '"');
	for (; *value; value++) {
		unsigned char c = (unsigned char)*value;

		if (c == '"' || c == '\\')
			text_printf(text, "\\%c", c);
		else if (c == '\n')
			text_append_string(text, "\\n");
		else if (c < 0x20)
			text_printf(text, "\\u%04x", c);
		else
			text_append_char(text, (char)c);
	}
	text_append_char(text, '"');
}

static bool needs_quotes(const char *value)
{
	if (!*value)
		return true;
	for (; *value; value++) {
		if (*value <= ' ' || *value == '"' || *value == '=' || *value == '\\')
			return true;
	}
	return false;
}

void logfmt_append(struct text *line, const char *key, const char *value)
{
	text_printf(line, "%s%s=", line->length ? " " : "", key);
	if (needs_quotes(value))
		logfmt_quote(line, value);
	else
		text_append_string(line, value);
}

void logfmt_append_time(struct text *text, double wall)
{
	time_t seconds = (time_t)wall;
	char date[sizeof("2026-11-23T18:11:59")];
	struct tm utc;

	gmtime_r(&seconds, &utc);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc);
	text_printf(text, "%s.%03dZ", date, (int)((wall - floor(wall)) * 1000));
}
