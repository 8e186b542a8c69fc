/* Lines of logfmt, key=value: how values are quoted, and times are written. */
#pragma once

#include "base/text.h"

/* Appends a blank unless the line is empty, then key=value, quoted where it has to be. */
void logfmt_append(struct text *line, const char *key, const char *value);

/* Appends the value in quotes, escaped as JSON has it. */
void logfmt_quote(struct text *text, const char *value);

/* Appends "2026-11-23T18:11:59.661Z" for seconds since 1970. */
void logfmt_append_time(struct text *text, double wall);
