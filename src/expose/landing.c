#include "expose/landing.h"

#include <string.h>

static const char head[] =
	"<!DOCTYPE html>\n"
	"<html lang=\"en\">\n"
	"<head>\n"
	"<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	"<title>outbound_exporter</title>\n"
	"<style>\n"
	"body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 44rem;"
	" padding: 1rem; color: #222; background: #fff; }\n"
	"h1 { font-size: 1.4rem; border-bottom: 3px solid #e6522c; padding-bottom: .4rem; }\n"
	"dt { font-family: monospace; margin-top: .8rem; }\n"
	"dd { margin: 0 0 0 1.5rem; }\n"
	"@media (prefers-color-scheme: dark) {"
	" body { color: #ddd; background: #181818; } a { color: #8ab4f8; } }\n"
	"</style>\n"
	"</head>\n"
	"<body>\n"
	"<h1>outbound_exporter</h1>\n"
	"<p>Watches the outbound TCP connections of processes from outside,"
	" and probes where they go.</p>\n";

static void append_escaped(struct text *text, const char *string)
{
	for (; *string; string++) {
		if (strchr("<>&\"", *string))
			text_printf(text, "&#%d;", *string);
		else
			text_append_char(text, *string);
	}
}

static void append_link(struct text *text, const char *path, const char *about)
{
	text_append_string(text, "<dt><a href=\"");
	append_escaped(text, path);
	text_append_string(text, "\">");
	append_escaped(text, path);
	text_append_string(text, "</a></dt>\n<dd>");
	append_escaped(text, about);
	text_append_string(text, "</dd>\n");
}

void landing_write(struct text *text, const struct site *site)
{
	text_append_string(text, head);
	text_append_string(text, "<p>Version: ");
	append_escaped(text, site->version);
	text_append_string(text, "</p>\n<dl>\n");
	append_link(text, site->telemetry_path,
		    "Metrics for Prometheus: targets, connections by destination, probes.");
	/* No link: to follow it would send something somewhere. */
	if (site->has_probe)
		text_append_string(
			text, "<dt>GET /probe?target=…&amp;module=…</dt>\n"
			      "<dd>Probes a target now, by a module of the configuration, and "
			      "answers as blackbox_exporter does; with &amp;debug=true, what "
			      "happened.</dd>\n");
	append_link(text, "/-/healthy", "Whether the web server answers.");
	append_link(text, "/-/ready", "Whether there are metrics, and fresh ones.");
	if (site->enable_lifecycle)
		text_append_string(text, "<dt>POST /-/reload</dt>\n"
					 "<dd>Loads the configuration file again.</dd>\n");
	text_append_string(text, "</dl>\n</body>\n</html>\n");
}
