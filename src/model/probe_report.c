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
