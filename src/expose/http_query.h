/*
 * What GET /probe asks for: parameters and a header, of the words of blackbox_exporter. Of a
 * parameter that is given several times the first counts, as there.
 */
#pragma once

#include <stdbool.h>

#include "base/bytes.h"

/* Strings of the request. NULL: not given, or empty. */
struct http_query {
	const char *target, *module, *hostname;
	bool debug; /* "true" */
	double scrape_timeout; /* seconds, that the scraper will wait; NAN: it did not say */
	const char *refusal; /* why it cannot be answered, constant; NULL: it can be */
};

void http_query_init(struct http_query *query);

/*
 * One parameter, decoded, in the order of the request; its value stays the caller's and ends
 * with NUL. Others than those above are ignored.
 */
void http_query_take(struct http_query *query, const char *name, struct bytes value);

/* X-Prometheus-Scrape-Timeout-Seconds; NULL: absent. */
void http_query_take_timeout(struct http_query *query, const char *header);
