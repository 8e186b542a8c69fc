/*
 * Content negotiation (RFC 9110, 12.5): what a client's Accept and Accept-Encoding headers ask
 * for, of what there is. Pure; the headers may be NULL (absent) or garbage, never an error.
 */
#pragma once

#include <stdbool.h>

#include "expose/page.h"

/* How names that are not plain ASCII are to be escaped; we have none, so any will do. */
enum accept_escaping {
	ACCEPT_ESCAPING_ABSENT,
	ACCEPT_ESCAPING_ALLOW_UTF8,
	ACCEPT_ESCAPING_UNDERSCORES,
	ACCEPT_ESCAPING_DOTS,
	ACCEPT_ESCAPING_VALUES,
	ACCEPT_ESCAPING_COUNT,
};

struct accept {
	enum page_format format;
	enum accept_escaping escaping; /* as the client asked with that format */
};

/* The format a client likes best; the text format 0.0.4 when it likes nothing we have. */
struct accept accept_parse(const char *header);

/* The Content-Type to answer with: a constant. */
const char *accept_content_type(struct accept accept);

/* Whether the answer is to be compressed with gzip. */
bool accept_gzip(const char *header);
