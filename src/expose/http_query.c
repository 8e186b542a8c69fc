/*
 * What blackbox_exporter 0.23 does, by trial:
 *
 * - A target or module that is given twice is the first one; an empty one is none.
 * - A time-out that is no number is 500 there. It is 400 here, since it is the client's fault,
 *   and a 500 is what alerts about ourselves look for. Prometheus always sends a good one, and
 *   takes either for a failed scrape. "inf" and "nan" parse there, and the latter lets every
 *   probe fail; here they are no numbers.
 * - A time-out of 0 or less leaves the module's.
 * - %00 is passed on there, to fail as a name. A string that ends early could be a good name
 *   here, hence 400.
 * - A hostname may be anything there, and an odd one lets the probe fail. It goes into a header
 *   and is what a certificate must have, so here it is 400.
 */
#include "expose/http_query.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "config/url.h"

void http_query_init(struct http_query *query)
{
	*query = (struct http_query){ .scrape_timeout = NAN };
}

static const char **find(struct http_query *query, const char *name)
{
	if (strcmp(name, "target") == 0)
		return &query->target;
	if (strcmp(name, "module") == 0)
		return &query->module;
	if (strcmp(name, "hostname") == 0)
		return &query->hostname;
	return NULL;
}

void http_query_take(struct http_query *query, const char *name, struct bytes value)
{
	const char **field = find(query, name);

	if (strcmp(name, "debug") == 0 && bytes_equal(value, "true"))
		query->debug = true;
	if (!field || *field || !value.length)
		return;
	*field = value.data;
	if (memchr(value.data, '\0', value.length))
		query->refusal = "A parameter holds a NUL byte";
	else if (field == &query->hostname && !url_is_authority(value))
		query->refusal = "The hostname is no name or address of a host";
}

void http_query_take_timeout(struct http_query *query, const char *header)
{
	double seconds;
	char *end;

	if (!header || !*header)
		return;
	seconds = strtod(header, &end);
	if (*end || header[strspn(header, "0123456789.eE+-")] || !isfinite(seconds))
		query->refusal = "Failed to parse timeout from Prometheus header: "
				 "it is no number of seconds";
	else if (seconds > 0)
		query->scrape_timeout = seconds;
}
