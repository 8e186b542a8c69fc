/*
 * What the web server answers to which request: every path, method, status and header, without
 * a socket. http.c carries it.
 */
#pragma once

#include "expose/page.h"

struct site {
	struct board *board;
	const char *telemetry_path, *version;
	bool enable_lifecycle;
	bool has_probe; /* GET /probe is answered by the daemon */
};

/* Methods and headers as the client sent them; a header that is absent is NULL. */
struct site_request {
	const char *method, *path, *accept, *accept_encoding;
	double now, stale_after; /* seconds: CLOCK_MONOTONIC; the age a page may have */
};

struct site_answer {
	unsigned status;
	const char *content_type;
	const char *allow; /* the Allow header; NULL: none */
	bool gzip; /* Content-Encoding: gzip */
	bool html;
	struct page *page; /* whose reference keeps `body`; NULL: `text` does */
	struct bytes body;
	struct text text;
};

/* The daemon has the answer, when it has loaded the configuration again, or probed. */
enum { SITE_RELOAD = 1, SITE_PROBE };

/* 0 with an answer for site_answer_deinit(), or one of the above without. */
int site_answer(const struct site *site, const struct site_request *request,
		struct site_answer *ret_answer) MUST_CHECK;

/* A plain text answer; a newline is added. */
struct site_answer site_answer_text(unsigned status, const char *text);

/*
 * What the daemon answered; the text is taken over, and compressed when `accept_encoding` (as
 * in a request) says so and it is long enough. `content_type` is constant, NULL for plain text.
 */
struct site_answer site_answer_later(unsigned status, const char *content_type,
				     struct text *text, const char *accept_encoding);

/* Calls `add` with each header of the answer. */
void site_write_headers(const struct site_answer *answer,
			void (*add)(void *context, const char *name, const char *value),
			void *context);
void site_answer_deinit(struct site_answer *answer);
