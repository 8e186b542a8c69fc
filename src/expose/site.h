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

/* The answer is to be had from the daemon: the configuration is to be loaded again. */
enum { SITE_RELOAD = 1 };

/* 0 with an answer for site_answer_deinit(), or SITE_RELOAD without one. */
int site_answer(const struct site *site, const struct site_request *request,
		struct site_answer *ret_answer) MUST_CHECK;

/* A plain text answer; a newline is added. */
struct site_answer site_answer_text(unsigned status, const char *text);
void site_answer_deinit(struct site_answer *answer);
