#include "model/probe_report.h"

#include <math.h>
#include <stdarg.h>

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

void probe_report_log(struct probe_report *report, const char *level, const char *message, ...)
{
	va_list arguments;
	const char *key;

	if (!report->wants_log)
		return;
	text_printf(&report->log, "level=%s msg=\"%s\"", level, message);
	va_start(arguments, message);
	while ((key = va_arg(arguments, const char *)))
		text_printf(&report->log, " %s=\"%s\"", key, va_arg(arguments, const char *));
	va_end(arguments);
	text_append_char(&report->log, '\n');
}
