/*
 * Log lines on stderr, logfmt or JSON, with a timestamp and key=value pairs:
 * ts=2026-11-23T18:11:59.661Z level=info msg="Listening on" address=127.0.0.1:10063
 * Only daemon/ and main.c call this.
 */
#pragma once

#include <stdbool.h>

#include "base/compiler.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_LOGFMT, LOG_JSON };

/* Before any thread is started; the default is info, logfmt. */
void log_init(enum log_level level, enum log_format format);

/* "debug", "info", "warn", "error"; "logfmt", "json". 0 or -EINVAL. */
int log_level_parse(const char *string, enum log_level *ret_level) MUST_CHECK;
int log_format_parse(const char *string, enum log_format *ret_format) MUST_CHECK;

/*
 * One line, written with one write(2), so that lines of several threads never mix. `message`
 * is constant text; after it come pairs of strings, key and value, ended by NULL:
 * log_line(LOG_INFO, "Loaded config file", "file", path, NULL).
 */
void log_line(enum log_level level, const char *message, ...) __attribute__((sentinel));
