/*
 * What GET /probe answers: a report in blackbox_exporter's words, so that jobs, alerts and
 * dashboards made for it go on working.
 */
#pragma once

#include "base/text.h"
#include "model/probe_report.h"

/* The Content-Type of the metrics; that of debug output is plain text's. */
const char *probe_page_content_type(void);

/* Appends the metrics, in the text format 0.0.4. */
void probe_page_write(const struct probe_report *report, struct text *into);

/*
 * Appends what debug=true shows: the report's log, the metrics, and the configuration of the
 * module as given (YAML without secrets).
 */
void probe_page_write_debug(const struct probe_report *report, const char *module_dump,
			    struct text *into);
