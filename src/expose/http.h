/*
 * The web server: libmicrohttpd behind explicit limits, one daemon and one thread per listening
 * address. It serves what the board shows and never makes the kernel work. Whoever is at its
 * doors for longest without a request goes when there are too many, so that a scraper always
 * gets in. Its threads inherit the signal mask of the caller of http_start().
 */
#pragma once

#include "base/error.h"
#include "expose/http_query.h"
#include "expose/http_wait.h"
#include "expose/page.h"

struct http;

struct http_config {
	const char *const *addresses; /* "127.0.0.1:10063", ":10063", "[::1]:10063" */
	size_t address_count;
	const char *telemetry_path; /* "/metrics"; copied */
	bool enable_lifecycle; /* whether POST /-/reload is answered */
	const char *version; /* copied */
	/* How many seconds old a page may be; may change by reload. In a server thread. */
	double (*stale_after)(void *context);
	/*
	 * Called in a server thread by POST /-/reload, unless enable_lifecycle is false.
	 * Returns at once; the answer comes by http_wait_finish(), from any thread.
	 */
	void (*reload)(void *context, struct http_wait *wait);
	/*
	 * Likewise by GET /probe; the query is gone when it returns, and may lack a target.
	 * `client` is the socket of who asks, to see whether it hangs up: a copy of it must be
	 * closed before the wait is finished. NULL: there is no /probe.
	 */
	void (*probe)(void *context, struct http_wait *wait, const struct http_query *query,
		      int client);
	void *context;
};

/*
 * Listens and answers; the board has to outlive the server. 0, or -errno with the address that
 * failed in `err`.
 */
int http_start(const struct http_config *config, struct board *board, struct http **ret_http,
	       struct error *err) MUST_CHECK;

/*
 * Refuses new connections, lets answers under way finish for up to 5 s, and frees. Takes NULL.
 * Who waits is answered with 503; each wait is still to be finished.
 */
void http_stop(struct http *http);

/* "127.0.0.1:10063" as bound (with the real port when 0 was asked); valid until http_stop(). */
const char *http_address(const struct http *http, size_t index);
